//! Generated records of the portal and folders of Salesforce records.

use dealbridge_aws::{item, keys, transaction};
use dealbridge_core::{
    SalesforceId, SalesforceObject,
    base::Base,
    change::Expected,
    claim::{Claim, ClaimState},
    counted::CountedRuns,
    digest::Digested,
    ports::Clock,
    record::{Link, LinkStatus, Record, RecordId, RecordKind},
    salesforce::Salesforce,
};
use dealbridge_tests::{OrgFolder, opportunity};
use serde_json::{Map, Value, json};

use crate::harness::LinkHarness;

/// The id of the Salesforce Lead of that number.
pub(crate) fn lead(number: usize) -> SalesforceId {
    SalesforceId::parse(&format!("00QdM{number:010}")).unwrap()
}

/// The id of a record.
pub(crate) fn record_id(kind: RecordKind, id: &str) -> RecordId {
    RecordId::new(kind, id).unwrap()
}

/// The id of a Deal.
pub(crate) fn deal(id: &str) -> RecordId {
    record_id(RecordKind::Deal, id)
}

/// A folder of that many importable Opportunities, and that many Leads, the first of which has the Sync Flag.
pub(crate) fn folder(opportunities: usize, leads: usize) -> OrgFolder {
    use std::fmt::Write as _;

    let mut folder = OrgFolder::importable(opportunities);
    let mut rows = "Id,IsDeleted,FirstName,LastName,Company,Status,Email,Phone,Title,Website,Description,Sync__c,SystemModstamp\n".to_owned();
    for number in 0..leads {
        let (id, flag) = (lead(number), number == 0);
        writeln!(rows, "{id},false,Leo,Kaur{number},Betasol {number},Open - Not Contacted,leo{number}@betasol.example,,Buyer,,met at the fair,{flag},2026-02-01T08:00:00.000+0000").unwrap();
    }
    if leads > 0 {
        folder.files.push(("Lead.csv", rows));
    }
    folder
}

/// The fields of a record that agree with the Opportunity of that number in everything.
pub(crate) fn agreeing(number: usize) -> Map<String, Value> {
    let fields = json!({
        "name": format!("Deal {number}"), "stage": "Prospecting", "amount": 1_000 + number, "close_date": "2026-09-30",
        "product": "Pro", "seats": 12, "notes": "met at the fair",
    });
    fields.as_object().unwrap().clone()
}

impl LinkHarness {
    /// Stores a record of the portal with these fields.
    pub(crate) async fn put(&self, id: &RecordId, fields: Value) {
        let Value::Object(fields) = fields else {
            unreachable!("fields are an object")
        };
        let record = record(id, fields);
        self.put_record(&record, Expected::Absent).await;
    }

    /// Stores Deals that are linked to the first so many Opportunities, as earlier links have left them.
    pub(crate) async fn put_links(&self, count: usize) {
        let store = &self.app.store;
        let tables = store.tables();
        let numbers: Vec<usize> = (1..=count).collect();
        for chunk in numbers.chunks(40) {
            let ids: Vec<SalesforceId> = chunk.iter().map(|number| opportunity(*number)).collect();
            let (_, settings) = self.app.portal.versioned_settings().await.unwrap();
            let digested = Digested::of(&settings, SalesforceObject::Opportunity);
            let rows = self
                .app
                .salesforce
                .retrieve(SalesforceObject::Opportunity, &ids, digested.fields())
                .await;
            let mut puts = Vec::new();
            for ((number, id), row) in chunk.iter().zip(&ids).zip(rows.unwrap()) {
                let (id, row) = (*id, row.unwrap());
                let stamp = row.stamp().unwrap();
                let mut record = record(&deal(&format!("d{number}")), agreeing(*number));
                record.link = Some(Link {
                    salesforce_id: id,
                    object: SalesforceObject::Opportunity,
                    status: LinkStatus::Synced,
                    reason: None,
                    name: None,
                    linked_at: self.app.clock.now(),
                    linked_by: "usr-admin".to_owned(),
                    stamp,
                });
                let claim = Claim {
                    salesforce: id,
                    state: ClaimState::Live,
                    record: record.id.clone(),
                    epoch: 0,
                    stamp,
                    digest: Some(digested.digest(&row)),
                    version: 1,
                    counted: CountedRuns::default(),
                    pending: None,
                    base: Base::default(),
                    disconnected: false,
                    import_flag_was_off: false,
                    suppression: None,
                };
                let record = item::encode(&record, keys::record(&record.id)).unwrap();
                puts.push(transaction::put_unconditional(&tables.records, record).unwrap());
                let claim = item::claim_item(&claim, self.app.organization()).unwrap();
                puts.push(transaction::put_unconditional(&tables.links, claim).unwrap());
            }
            store
                .transact(&format!("links|{}", chunk[0]), puts)
                .await
                .unwrap();
        }
    }

    /// Edits a record in the portal, as Channeltivity's own screens do.
    pub(crate) async fn edit(&self, id: &RecordId, fields: Value) {
        let mut record = self.record(id).await;
        let seen = Expected::Version(record.version);
        record.version += 1;
        for (name, value) in fields.as_object().unwrap() {
            record.fields.insert(name.clone(), value.clone());
        }
        self.put_record(&record, seen).await;
    }

    async fn put_record(&self, record: &Record, expected: Expected) {
        let store = &self.app.store;
        let put = transaction::put(
            &store.tables().records,
            item::encode(record, keys::record(&record.id)).unwrap(),
            expected,
        )
        .unwrap();
        let token = format!("{}|{}", record.id, record.version);
        let committed = store.transact(&token, vec![put]).await.unwrap();
        assert!(matches!(committed, transaction::Committed::Yes));
    }

    /// Deletes a record in the portal.
    pub(crate) async fn delete_record(&self, id: &RecordId) {
        let store = &self.app.store;
        let delete =
            transaction::delete_unconditional(&store.tables().records, keys::record(id)).unwrap();
        let token = format!("delete|{id}");
        store.transact(&token, vec![delete]).await.unwrap();
    }
}

/// A record of the portal without a link.
fn record(id: &RecordId, fields: Map<String, Value>) -> Record {
    Record {
        fields,
        owner: Some("usr-partner-active".to_owned()),
        organization: Some("org-partner".to_owned()),
        ..Record::new(id.clone())
    }
}
