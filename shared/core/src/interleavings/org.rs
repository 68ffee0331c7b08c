//! The Salesforce org: Leads and Opportunities, and what its users do with them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::set_up::{END_USER, PARTNER};
use crate::{SalesforceId, SalesforceObject, SystemModstamp, salesforce::Row};

/// The External Id of Leads and Opportunities.
pub(super) const KEY: &str = "Channeltivity_Id__c";

/// The Account of the end user.
pub(super) const ACCOUNT: &str = "001dM00003jU9GxQAK";

/// A record of the org.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) object: SalesforceObject,
    pub(super) fields: Map<String, Value>,
    pub(super) stamp: i64,
}

impl Stored {
    pub(super) fn is(&self, checkbox: &str) -> bool {
        self.fields[checkbox] == true
    }

    pub(super) fn key(&self) -> Option<&str> {
        self.fields[KEY].as_str()
    }

    /// Returns `true` if users can edit it.
    pub(super) fn is_open(&self) -> bool {
        !self.is("IsDeleted") && !self.is("IsConverted")
    }
}

/// The org.
#[derive(Debug)]
pub(super) struct Org {
    pub(super) rows: BTreeMap<SalesforceId, Stored>,
    /// The number of Contacts with the end user's address.
    pub(super) contacts: usize,
    pub(super) second: i64,
    made: usize,
}

impl Org {
    pub(super) fn new() -> Self {
        Self {
            rows: BTreeMap::new(),
            contacts: 0,
            second: 1_700_000_000,
            made: 0,
        }
    }

    /// Moves the clock.
    pub(super) fn tick(&mut self) -> i64 {
        self.second += 1;
        self.second
    }

    /// Creates a record with these fields.
    pub(super) fn create(
        &mut self,
        object: SalesforceObject,
        fields: &Map<String, Value>,
    ) -> SalesforceId {
        self.made += 1;
        let id = format!("{}4S0000{:06}", object.key_prefix(), self.made);
        let id = SalesforceId::parse(&id).unwrap();
        let mut all = blank(object);
        all.insert("Id".to_owned(), json!(id));
        all.extend(fields.clone());
        if object == SalesforceObject::Lead {
            all.insert("Name".to_owned(), all["LastName"].clone());
        }
        let stamp = self.tick();
        let stored = Stored {
            object,
            fields: all,
            stamp,
        };
        self.rows.insert(id, stored);
        id
    }

    /// Sets fields of a record.
    pub(super) fn set(&mut self, id: SalesforceId, fields: &Map<String, Value>) {
        let second = self.tick();
        if let Some(stored) = self.rows.get_mut(&id) {
            stored.fields.extend(fields.clone());
            stored.stamp = second;
        }
    }

    /// Returns a record as Salesforce returns it.
    pub(super) fn row(&self, id: SalesforceId) -> Option<Row> {
        let stored = self.rows.get(&id)?;
        let mut row = Row(stored.fields.clone());
        let stamp = SystemModstamp::from_second(stored.stamp).to_string();
        row.0.insert("SystemModstamp".to_owned(), json!(stamp));
        Some(row)
    }

    /// Returns the record that an upsert under this key meets.
    pub(super) fn holder(&self, object: SalesforceObject, key: &str) -> Option<SalesforceId> {
        let is_it = |stored: &&Stored| {
            stored.object == object && !stored.is("IsDeleted") && stored.key() == Some(key)
        };
        let mut rows = self.rows.iter();
        rows.find(|(_, stored)| is_it(stored)).map(|(id, _)| *id)
    }

    /// Returns the ids of the records for which the condition holds.
    pub(super) fn ids(&self, is_one: impl Fn(&Stored) -> bool) -> Vec<SalesforceId> {
        let rows = self.rows.iter();
        rows.filter(|(_, stored)| is_one(stored))
            .map(|(id, _)| *id)
            .collect()
    }

    /// Converts a Lead, into that Opportunity, a new one, or none.
    pub(super) fn convert(&mut self, lead: SalesforceId, into: Into) {
        let opportunity = match into {
            Into::Nothing => None,
            Into::Existing(id) => Some(id),
            Into::New => {
                let fields =
                    json!({ "Name": "converted", "StageName": "new", "CloseDate": "soon" });
                Some(self.create(SalesforceObject::Opportunity, fields.as_object().unwrap()))
            }
        };
        let fields = json!({ "IsConverted": true, "ConvertedOpportunityId": opportunity });
        self.set(lead, fields.as_object().unwrap());
    }
}

/// The fate of a Lead that is converted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Into {
    Nothing,
    New,
    Existing(SalesforceId),
}

fn blank(object: SalesforceObject) -> Map<String, Value> {
    let blank = match object {
        SalesforceObject::Lead => json!({
            "IsDeleted": false, "IsConverted": false, "ConvertedOpportunityId": null, "MasterRecordId": null,
            "LastName": null, "Company": null, "Status": "Open", "Title": null, "Rating": null,
            "Description": null, "Sync__c": false, KEY: null,
        }),
        SalesforceObject::Opportunity => json!({
            "IsDeleted": false, "IsConverted": false, "Name": null, "StageName": null, "Amount": null,
            "CloseDate": null, "Sync__c": false, "Import__c": false, "Partner__c": PARTNER,
            "Distributor__c": null, "Owner_Type__c": null, KEY: null,
            "AccountId": ACCOUNT, "Account": { "Id": ACCOUNT, "Name": "Acme" },
            "OpportunityContactRoles": { "totalSize": 1, "done": true, "records": [{
                "ContactId": contact(0), "IsPrimary": true,
                "Contact": { "Id": contact(0), "Name": "Leo Kaur", "Email": END_USER },
            }] },
        }),
    };
    blank.as_object().unwrap().clone()
}

/// Returns the id of a Contact.
pub(super) fn contact(number: usize) -> SalesforceId {
    SalesforceId::parse(&format!("003dM0000{number:06}")).unwrap()
}
