//! The portal's people and settings of a generated org.

use serde_json::{Value, json};

/// The id of the generated org.
pub const ORGANIZATION: &str = "00DdM0000000001UAA";

/// The address of a user of one kind in a certain state, such as `active@partner.example`.
#[must_use]
pub fn address(kind: &str, state: &str) -> String {
    format!("{state}@{kind}.example")
}

/// Users of one kind in every state that the conditions for import distinguish.
fn users(kind: &str) -> Vec<Value> {
    let user = |state: &str, status: &str, organization: &str, groups: &[&str]| {
        json!({
            "id": format!("usr-{kind}-{state}"),
            "name": format!("{kind} {state}"),
            "email": address(kind, state),
            "type": kind,
            "organization": format!("org-{kind}{organization}"),
            "groups": groups.iter().map(|group| format!("grp-{kind}-{group}")).collect::<Vec<_>>(),
            "status": status,
        })
    };
    let twin = |number: u8| {
        let mut twin = user(&format!("twin{number}"), "active", "", &["deals"]);
        twin["email"] = address(kind, "twins").into();
        twin
    };
    vec![
        user("active", "active", "", &["other", "deals"]),
        user("second", "active", "", &["deals"]),
        user("pending", "pending", "", &["deals"]),
        user("disabled", "disabled", "", &["deals"]),
        user("inactive", "active", "-closed", &["deals"]),
        user("without", "active", "", &["other"]),
        user("pending-without", "pending", "", &[]),
        twin(1),
        twin(2),
    ]
}

fn organizations(kind: &str) -> [Value; 2] {
    let organization = |suffix: &str, status: &str| json!({ "id": format!("org-{kind}{suffix}"), "name": format!("{kind}{suffix}"), "type": kind, "status": status });
    [
        organization("", "active"),
        organization("-closed", "inactive"),
    ]
}

fn groups(kind: &str) -> [Value; 2] {
    let group = |name: &str, module: &str| json!({ "id": format!("grp-{kind}-{name}"), "name": name, "type": kind, "modules": [module] });
    [group("deals", "deal_registration"), group("other", "mdf")]
}

/// Settings under which every kind of finding is possible: Distributor module on, a required picklist, a number fed by
/// text.
#[must_use]
pub fn settings() -> Value {
    json!({
        "organization_id": ORGANIZATION,
        "my_domain": "acme",
        "fields": {
            "sync_flag": "Sync__c", "import_flag": "Export__c", "partner_email": "Partner__c",
            "distributor_email": "Distributor__c", "deal_owner_type": "Owner_Type__c"
        },
        "distributor_module": { "enabled": true },
        "deal_fields": [
            { "name": "name", "type": "text", "required": true },
            { "name": "stage", "type": "picklist", "required": true, "values": ["Prospecting", "Won"] },
            { "name": "amount", "type": "currency" },
            { "name": "close_date", "type": "date", "required": true },
            { "name": "product", "type": "picklist", "required": true, "values": ["Basic", "Pro"] },
            { "name": "seats", "type": "number" },
            { "name": "notes", "type": "text" }
        ],
        "mappings": [
            { "channeltivity": "name", "salesforce": "Name", "on_create": "both", "on_update": "both" },
            { "channeltivity": "stage", "salesforce": "Stage__c", "on_create": "both", "on_update": "to_channeltivity", "values": { "Closed Won": "Won" } },
            { "channeltivity": "amount", "salesforce": "Amount", "on_create": "both", "on_update": "both" },
            { "channeltivity": "close_date", "salesforce": "CloseDate", "on_create": "both", "on_update": "none" },
            { "channeltivity": "product", "salesforce": "Product__c", "on_create": "to_channeltivity", "on_update": "to_channeltivity" },
            { "channeltivity": "seats", "salesforce": "Seats__c", "on_create": "to_channeltivity", "on_update": "to_channeltivity" },
            { "channeltivity": "notes", "salesforce": "Notes__c", "on_create": "to_channeltivity", "on_update": "to_channeltivity" }
        ]
    })
}

/// A complete `channeltivity.json` with these settings.
#[must_use]
pub fn portal(settings: Value) -> Value {
    let kinds = ["partner", "distributor"];
    let mut all_users: Vec<Value> = kinds.iter().flat_map(|kind| users(kind)).collect();
    let internal = |state: &str, group: &str, status: &str| {
        json!({
            "id": format!("usr-{state}"), "name": format!("internal {state}"), "email": address("internal", state),
            "type": "internal", "organization": "org-internal", "groups": [group], "status": status
        })
    };
    all_users.extend([
        internal("admin", "grp-admins", "active"),
        internal("former-admin", "grp-admins", "disabled"),
        internal("internal", "grp-internals", "active"),
    ]);
    let mut all_organizations: Vec<Value> =
        kinds.iter().flat_map(|kind| organizations(kind)).collect();
    all_organizations.push(
        json!({ "id": "org-internal", "name": "Vendor", "type": "internal", "status": "active" }),
    );
    let mut all_groups: Vec<Value> = kinds.iter().flat_map(|kind| groups(kind)).collect();
    all_groups.push(json!({ "id": "grp-admins", "name": "Administrators", "type": "internal", "modules": ["system_administration"] }));
    all_groups.push(json!({ "id": "grp-internals", "name": "Channel Managers", "type": "internal", "modules": ["deal_registration"] }));
    json!({
        "settings": settings,
        "organizations": all_organizations,
        "groups": all_groups,
        "users": all_users,
        "contacts": [{ "name": "Cora Contact", "email": address("partner", "contact"), "organization": "org-partner" },
                     { "name": "Dora Contact", "email": address("distributor", "contact"), "organization": "org-distributor" }],
    })
}
