//! Settings, people and rows for unit tests.

use serde_json::json;

use crate::settings::Settings;

/// Small, consistent settings: name, stage, amount, close date; Distributor module on.
pub(crate) fn settings() -> Settings {
    serde_json::from_value(json!({
        "organization_id": "00DbY000000001FUAQ",
        "my_domain": "acme",
        "fields": {
            "sync_flag": "Sync__c", "import_flag": "Import__c", "partner_email": "Partner__c",
            "distributor_email": "Distributor__c", "deal_owner_type": "Owner_Type__c"
        },
        "distributor_module": { "enabled": true },
        "deal_fields": [
            { "name": "name", "type": "text", "required": true },
            { "name": "stage", "type": "picklist", "required": true, "values": ["Prospecting", "Won"] },
            { "name": "amount", "type": "currency" },
            { "name": "close_date", "type": "date", "required": true }
        ],
        "mappings": [
            { "channeltivity": "name", "salesforce": "Name", "on_create": "both", "on_update": "both" },
            { "channeltivity": "stage", "salesforce": "StageName", "on_create": "both", "on_update": "to_channeltivity", "values": { "Closed Won": "Won" } },
            { "channeltivity": "amount", "salesforce": "Amount", "on_create": "both", "on_update": "both" },
            { "channeltivity": "close_date", "salesforce": "CloseDate", "on_create": "both", "on_update": "none" }
        ]
    }))
    .expect("the settings above are well formed")
}
