//! A step of an administrator.

use dealbridge_aws::{item, keys, transaction};
use dealbridge_core::record::{Record, RecordId, RecordKind};
use dealbridge_tests::{TestApp, opportunity};
use rand::{Rng, rngs::StdRng};

use super::{pick, steps::Stage};

impl Stage {
    /// Links, unlinks or allows an import as an administrator, or delivers writes to Salesforce.
    pub(super) async fn by_hand(&mut self, random: &mut StdRng) {
        if random.random_bool(0.25) {
            let pushed = self.harness.push(&self.app).await;
            self.tell(format!("{pushed} pushed"));
            return;
        }
        let number = pick(random, &self.model);
        let id = opportunity(number);
        let ledger = self.app.ledger().await;
        let linked = ledger.linked(id).map(|record| record.id.clone());
        let was_suppressed = self.model.row(number).suppressed;
        let (what, status) = match linked {
            Some(record) => {
                let status = self.harness.unlink(&record).await;
                assert_eq!(status, 200, "unlink {record}");
                self.model.row(number).suppressed = true;
                ("unlink", status)
            }
            None if was_suppressed && random.random_bool(0.5) => {
                let status = self.harness.allow(id).await;
                assert_eq!(status, 200, "allow {id}");
                self.model.row(number).suppressed = false;
                ("allow", status)
            }
            None => {
                let records = ledger.records.values();
                let free: Vec<&Record> = records.filter(|deal| deal.link.is_none()).collect();
                let deal = if free.is_empty() || random.random_bool(0.5) {
                    make_deal(&self.app, ledger.records.len()).await
                } else {
                    free[random.random_range(0..free.len())].id.clone()
                };
                let status = self.harness.link(&deal, id).await;
                if status == 201 {
                    let row = self.model.row(number);
                    row.suppressed = false;
                    row.seen = Some(row.values());
                }
                ("link", status)
            }
        };
        self.tell(format!("{what} {number} by hand: {status}"));
    }
}

/// Stores a Deal that somebody made in the portal.
pub(super) async fn make_deal(app: &TestApp, number: usize) -> RecordId {
    let id = RecordId::new(RecordKind::Deal, &format!("by-hand-{number}")).unwrap();
    let record = Record::new(id.clone());
    let table = &app.store.tables().records;
    let item = item::encode(&record, keys::record(&id)).unwrap();
    let put = transaction::put_unconditional(table, item).unwrap();
    let token = format!("by hand|{number}");
    app.store.transact(&token, vec![put]).await.unwrap();
    id
}
