//! The list of suppressions: what imports leave alone, since when, and by whom.

use dealbridge_core::{
    claim::Suppressed,
    ports::{ImportStore, Portal},
    record::RecordId,
};
use dealbridge_lambda::{
    aws::claims::SuppressionPlace,
    http::{Answer, Page, Refusal, Request, body, cursor, query},
};
use serde_json::json;

use crate::UnlinkFunction;

/// Default page size.
const PAGE: usize = 50;
/// Maximum page size.
const MAX_PAGE: usize = 100;

impl UnlinkFunction {
    /// Lists suppressions, newest first, in one request to their index.
    pub(crate) async fn suppressions(&self, request: &Request) -> Result<Answer, Refusal> {
        let query = request.query(&["cursor", "limit"])?;
        let most = query::limit(&query, PAGE, MAX_PAGE)?;
        let list = cursor::List::of(request, &query);
        let after: Option<SuppressionPlace> = query
            .text("cursor")
            .map(|text| list.decode(text))
            .transpose()?;
        let settings = self.portal.settings().await?;
        let org = body::connected_org(&self.instance_url, &settings.my_domain)?;
        let found = self
            .store
            .suppressed_after(settings.organization_id, after.as_ref(), most)
            .await?;
        let ids: Vec<RecordId> = found.items.iter().map(|one| one.record.clone()).collect();
        let records = self.store.records(&ids).await?;
        // A hundred of them are far from the size of an answer.
        let mut page = Page::new(usize::MAX);
        for Suppressed {
            salesforce,
            record,
            suppression,
        } in &found.items
        {
            let former = records.get(record);
            let name = former.and_then(|former| former.opportunity_name(&settings));
            let _ = page.take(json!({
                "salesforce": body::salesforce(*salesforce, name, &org),
                "record": body::record_ref(record),
                "recordExists": former.is_some(),
                "since": suppression.at,
                "by": suppression.by,
            }));
        }
        let last = found.items.last().filter(|_| found.more);
        let cursor = last
            .map(|last| list.encode(&SuppressionPlace::of(last)))
            .transpose()?;
        Answer::json(200, &page.into_body(cursor))
    }
}
