//! Acts of the users of Salesforce.

use rand::Rng;
use serde_json::{Value, json};

use super::{
    judge::{Side, Writer, is_live},
    org::{Into, Stored},
    set_up::{Edited, FIELDS},
    world::World,
};
use crate::{SalesforceId, SalesforceObject};

impl World {
    /// Returns a value that no edit has brought before, or one that the other side may enter as well.
    pub(super) fn value(&mut self, side: &str) -> Value {
        let number = self.next_id();
        let number = number.trim_start_matches(['I', '0']);
        match self.below(14) {
            0 => json!(format!("both {}", self.below(3))),
            1 if side == "here" => json!(format!("<here {number}>!")),
            2 => json!(format!("<{side} {number} {}>", "long ".repeat(20))),
            _ => json!(format!("<{side} {number}>")),
        }
    }

    /// Returns a Salesforce record for which the condition holds.
    pub(super) fn row(&mut self, is_one: impl Fn(&Stored) -> bool) -> Option<SalesforceId> {
        let ids = self.org.ids(is_one);
        self.one_of(&ids)
    }

    /// A user of Salesforce does something.
    pub(super) fn act_there(&mut self) {
        match self.below(100) {
            0..50 => self.edit_there(),
            50..58 => {
                let lead =
                    |stored: &Stored| stored.object == SalesforceObject::Lead && stored.is_open();
                let Some(lead) = self.row(lead) else { return };
                let open = |stored: &Stored| {
                    stored.object == SalesforceObject::Opportunity && stored.is_open()
                };
                let into = match (self.below(5), self.row(open)) {
                    (0, _) => Into::Nothing,
                    (1 | 2, Some(id)) => Into::Existing(id),
                    _ => Into::New,
                };
                self.tell(|| format!("a user converts {lead} to {into:?}"));
                self.judge.ended(Side::There(lead));
                self.org.convert(lead, into);
            }
            58..62 => {
                let lead =
                    |stored: &Stored| stored.object == SalesforceObject::Lead && stored.is_open();
                let (Some(winner), Some(loser)) = (self.row(lead), self.row(lead)) else {
                    return;
                };
                if winner != loser {
                    self.tell(|| format!("a user merges {loser} into {winner}"));
                    self.judge.ended(Side::There(loser));
                    self.set(
                        loser,
                        json!({ "IsDeleted": true, "MasterRecordId": winner }),
                    );
                    self.set(winner, json!({}));
                }
            }
            62..67 => {
                let Some(id) = self.row(|stored| !stored.is("IsDeleted")) else {
                    return;
                };
                self.judge.ended(Side::There(id));
                self.set(id, json!({ "IsDeleted": true }));
            }
            67..71 => {
                let Some(id) = self.row(|stored| stored.is("IsDeleted")) else {
                    return;
                };
                let stored = &self.org.rows[&id];
                // An External Id is unique: a record whose key another has meanwhile cannot come back.
                let is_taken = stored
                    .key()
                    .is_some_and(|key| self.org.holder(stored.object, key).is_some());
                if !is_taken
                    && stored
                        .fields
                        .get("MasterRecordId")
                        .is_none_or(Value::is_null)
                {
                    self.set(id, json!({ "IsDeleted": false }));
                }
            }
            71..80 => {
                if let Some(id) = self.row(Stored::is_open) {
                    let flag = !self.org.rows[&id].is("Sync__c");
                    self.set(id, json!({ "Sync__c": flag }));
                }
            }
            80..86 => {
                let opportunity = |stored: &Stored| {
                    stored.object == SalesforceObject::Opportunity && stored.is_open()
                };
                if let Some(id) = self.row(opportunity) {
                    let flag = !self.org.rows[&id].is("Import__c");
                    self.set(id, json!({ "Import__c": flag }));
                }
            }
            86..94 => {
                let value = self.value("there");
                let fields = json!({
                    "Name": value, "StageName": "new", "CloseDate": "soon", "Sync__c": true, "Import__c": true,
                });
                let id = self
                    .org
                    .create(SalesforceObject::Opportunity, fields.as_object().unwrap());
                self.tell(|| format!("a user creates {id} for import"));
            }
            _ => {
                self.org.contacts = self.below(3);
                let contacts = self.org.contacts;
                self.tell(|| format!("the end user has {contacts} Contacts"));
            }
        }
    }

    /// A user sets fields of a Salesforce record.
    pub(super) fn set(&mut self, id: SalesforceId, fields: Value) {
        self.set_there(id, fields.as_object().unwrap(), Writer::User);
    }

    fn edit_there(&mut self) {
        let linked: Vec<SalesforceId> = self
            .items
            .claims
            .values()
            .filter(|claim| is_live(claim))
            .map(|claim| claim.salesforce)
            .collect();
        let id = match self.one_of(&linked) {
            Some(id) if self.seed.random_bool(0.8) => Some(id),
            _ => self.row(Stored::is_open),
        };
        let Some(stored) = id
            .and_then(|id| self.org.rows.get(&id))
            .filter(|stored| stored.is_open())
        else {
            return;
        };
        let paths: Vec<&str> = FIELDS
            .iter()
            .filter_map(|field| field.path(stored.object))
            .collect();
        let object = stored.object;
        let (Some(id), Some(path)) = (id, self.one_of(&paths)) else {
            return;
        };
        let is_blank = Edited::at(object, path).is_some_and(|field| field.name == "amount")
            && self.seed.random_bool(0.1);
        let value = if is_blank {
            Value::Null
        } else {
            self.value("there")
        };
        self.set(id, json!({ path: value }));
    }

    /// Has the Sync Flag on wherever there is a link.
    pub(super) fn resume(&mut self) {
        let linked: Vec<SalesforceId> = self
            .items
            .claims
            .values()
            .filter(|claim| is_live(claim))
            .map(|claim| claim.salesforce)
            .collect();
        for id in linked {
            if self.org.rows[&id].is_open() && !self.org.rows[&id].is("Sync__c") {
                self.set(id, json!({ "Sync__c": true }));
            }
        }
    }
}
