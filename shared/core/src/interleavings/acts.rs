//! The acts of a history, and those of the portal's people as the real use cases.

use std::{future::Future, pin::Pin};

use rand::Rng;
use serde_json::{Map, Value, json};

use super::{
    set_up::{END_USER, FIELDS},
    world::{Handle, World},
};
use crate::{
    SalesforceId,
    claim::ClaimState,
    link::{Links, Master, Unlinks, confirm::Confirm, push::enqueue, token::PreviewTokens},
    record::{RecordId, RecordKind},
    send::AskSync,
    submit::{Author, Seen, Submission, Submissions, delete::Linked},
};

/// An act that is under way.
pub(super) type Act = Pin<Box<dyn Future<Output = ()>>>;

const USER: &str = "ada@vendor.example";
const INSTANCE: &str = "https://acme.my.salesforce.com";

/// Returns the records that the portal's people submit.
fn records() -> [RecordId; 3] {
    [
        (RecordKind::Deal, "d-1"),
        (RecordKind::Deal, "d-1"),
        (RecordKind::Referral, "r-1"),
    ]
    .map(|(kind, id)| RecordId::new(kind, id).unwrap())
}

fn author() -> Author {
    Author {
        by: USER.to_owned(),
        party: None,
    }
}

/// Returns the submission of a record with these fields and everything else that it needs.
pub(super) fn whole(fields: &Value) -> Submission {
    let mut fields = fields.as_object().unwrap().clone();
    fields.insert("stage".to_owned(), json!("new"));
    let end_user = json!({ "company": "Acme", "lastName": "Kaur", "email": END_USER });
    Submission {
        fields,
        end_user: Some(end_user),
        ..Submission::default()
    }
}

impl World {
    /// Returns a record of the portal, in most cases one that exists.
    fn record(&mut self) -> RecordId {
        let all: Vec<RecordId> = self.items.records.keys().cloned().collect();
        match self.one_of(&all) {
            Some(id) if self.seed.random_bool(0.9) => id,
            _ => self.one_of(&records()).unwrap(),
        }
    }

    /// Returns the values that a user of the portal enters.
    fn submission(&mut self, names: &[&str]) -> Submission {
        let mut fields = Map::new();
        for name in names {
            fields.insert((*name).to_owned(), self.value("here"));
        }
        Submission {
            fields,
            ..Submission::default()
        }
    }
}

impl Handle {
    /// Begins an act; none if it is done at once.
    pub(super) fn begin(&self) -> Option<Act> {
        let mut world = self.world();
        let handle = self.clone();
        let record = world.record();
        let act = world.below(100);
        let master = if world.seed.random_bool(0.5) {
            Master::Salesforce
        } else {
            Master::Channeltivity
        };
        Some(match act {
            0..28 => {
                world.act_there();
                return None;
            }
            28..36 => {
                let values = world.submission(&["name", "amount", "close_date"]);
                let values = whole(&Value::Object(values.fields));
                let id = world.one_of(&records()).unwrap();
                world.tell(|| format!("submit {id}: {values:?}"));
                drop(world);
                Box::pin(async move { handle.submit(&id, values).await })
            }
            36..52 => {
                let field = FIELDS[world.below(FIELDS.len())].name;
                let mut values = world.submission(&[field]);
                if world.seed.random_bool(0.25) {
                    let status = if world.seed.random_bool(0.7) {
                        "Approved"
                    } else {
                        "Submitted"
                    };
                    values.registration_status = Some(json!(status));
                }
                world.tell(|| format!("edit {record}: {values:?}"));
                drop(world);
                Box::pin(async move { handle.edit(&record, values).await })
            }
            52..55 => {
                world.tell(|| format!("delete {record}"));
                drop(world);
                Box::pin(async move { handle.delete(&record).await })
            }
            55..61 => {
                let id = world.row(|_| true)?;
                world.tell(|| format!("link {record} to {id}, master {master:?}"));
                drop(world);
                Box::pin(async move { handle.link(&record, id, master).await })
            }
            61..65 => {
                world.tell(|| format!("unlink {record}"));
                drop(world);
                Box::pin(async move { handle.unlink(&record).await })
            }
            65..67 => {
                let claims = world.items.claims.values();
                let suppressed = claims.filter(|claim| claim.state == ClaimState::Suppressed);
                let suppressed: Vec<SalesforceId> =
                    suppressed.map(|claim| claim.salesforce).collect();
                let id = world.one_of(&suppressed)?;
                world.tell(|| format!("allow {id}"));
                drop(world);
                Box::pin(async move { handle.allow(id).await })
            }
            67..72 => {
                world.tell(|| format!("Sync Now of {record}"));
                drop(world);
                Box::pin(async move { handle.sync_now(&record).await })
            }
            72..79 => {
                drop(world);
                Box::pin(async move { handle.run().await })
            }
            _ => {
                let messages = world.receive()?;
                drop(world);
                Box::pin(async move { handle.deliver(messages).await })
            }
        })
    }

    fn submissions(&self) -> Submissions<'_, Self, Self, Self, Self> {
        Submissions {
            portal: self,
            store: self,
            owners: self,
            clock: self,
            instance_url: INSTANCE,
        }
    }

    pub(super) async fn submit(&self, id: &RecordId, values: Submission) {
        let created = self
            .submissions()
            .create((id.kind(), id.id()), &values, &author(), |_| None)
            .await;
        if let Ok(created) = created {
            enqueue(self, created.request.as_slice()).await;
        }
    }

    pub(super) async fn edit(&self, id: &RecordId, values: Submission) {
        let edited = self
            .submissions()
            .edit(id, Seen::Any, &values, &author(), |_| None)
            .await;
        if let Ok(edited) = edited {
            enqueue(self, edited.request.as_slice()).await;
        }
    }

    pub(super) async fn delete(&self, id: &RecordId) {
        let _ = self
            .submissions()
            .delete(id, Seen::Any, Linked::Unlink, &author(), |_| None)
            .await;
    }

    fn unlinks(&self) -> Unlinks<'_, Self, Self, Self> {
        Unlinks {
            portal: self,
            store: self,
            clock: self,
            instance_url: INSTANCE,
        }
    }

    async fn unlink(&self, id: &RecordId) {
        let _ = self.unlinks().unlink(id, None, USER, |_| None).await;
    }

    async fn allow(&self, id: SalesforceId) {
        let _ = self.unlinks().allow_import(id, USER, |_| None).await;
    }

    pub(super) async fn link(&self, record: &RecordId, id: SalesforceId, master: Master) {
        let tokens = PreviewTokens::new(b"key").unwrap();
        let links = Links {
            salesforce: self,
            portal: self,
            store: self,
            writes: self,
            clock: self,
            tokens: &tokens,
            instance_url: INSTANCE,
        };
        let Ok(preview) = links.preview(record, id.as_str(), master, USER).await else {
            return;
        };
        let ask = Confirm {
            record,
            url: id.as_str(),
            master,
            token: &preview.preview_token,
            user: USER,
            by: USER,
        };
        let _ = links.confirm(&ask, |_| None).await;
    }

    async fn sync_now(&self, id: &RecordId) {
        let ask = AskSync {
            portal: self,
            store: self,
            writes: self,
            clock: self,
        };
        let _ = ask.ask(id, USER, |_| None).await;
    }
}
