//! Changes of Deals, Leads and Referrals that the portal's screens make.

use dealbridge_aws::{keys, transaction};
use dealbridge_core::{
    change::Expected,
    link::{LinkError, Refusal as LinkRefusal, Unlinks, store::LinkStore},
    ports::Portal,
    record::{Record, RecordId, RecordKind},
};
use dealbridge_lambda::{
    SystemClock,
    http::{Answer, ProblemCode, Refusal},
    link_api,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::problem::LocalProblem;
use crate::product::LocalProduct;

/// The most times that a change is tried because something changed under it.
const MAX_ATTEMPTS: usize = 6;

/// Who does what these screens do, for the audit.
const BY: &str = "portal";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordChange {
    fields: Map<String, Value>,
}

/// The record that a path names.
pub(super) fn id(kind: &str, id: &str) -> Result<RecordId, Refusal> {
    let kind = RecordKind::ALL
        .into_iter()
        .find(|known| known.collection() == kind || known.as_str() == kind)
        .ok_or_else(|| {
            let detail =
                format!("There is no kind {kind:?}; there are deals, leads and referrals.");
            Refusal::new(ProblemCode::RouteNotFound, detail)
        })?;
    RecordId::new(kind, id).map_err(|invalid| Refusal::malformed(format!("{invalid}.")))
}

async fn record(product: &LocalProduct, id: &RecordId) -> Result<Record, Refusal> {
    LinkStore::record(&product.store, id)
        .await?
        .ok_or_else(|| Refusal::new(ProblemCode::RecordNotFound, format!("There is no {id}.")))
}

fn busy(id: &RecordId) -> Refusal {
    Refusal::new(
        LocalProblem::Busy,
        format!("The {id} kept changing; try again."),
    )
}

/// `POST /local/records/{kind}/{id}`: edits fields.
pub(super) async fn edit(
    product: &LocalProduct,
    id: RecordId,
    change: RecordChange,
) -> Result<Answer, Refusal> {
    let settings = product.portal.settings().await?;
    settings.check_record(&change.fields).map_err(|wrong| {
        let lines: Vec<String> = wrong.iter().map(ToString::to_string).collect();
        Refusal::malformed(format!("{}.", lines.join("; ")))
    })?;
    for _ in 0..MAX_ATTEMPTS {
        let seen = record(product, &id).await?;
        let mut next = seen.clone();
        next.version += 1;
        for (name, value) in &change.fields {
            if value.is_null() {
                next.fields.shift_remove(name);
            } else {
                next.fields.insert(name.clone(), value.clone());
            }
        }
        let item = dealbridge_aws::item::encode(&next, keys::record(&id))?;
        let table = &product.store.tables().records;
        let put = transaction::put(table, item, Expected::Version(seen.version))?;
        let token = format!("edit|{id}|{}", next.version);
        if matches!(
            product.store.transact(&token, vec![put]).await?,
            transaction::Committed::Yes
        ) {
            return Answer::json(
                200,
                &json!({ "id": id.id(), "kind": id.kind(), "fields": next.fields }),
            );
        }
    }
    Err(busy(&id))
}

/// `DELETE /local/records/{kind}/{id}`: deletes a record. A linked one is unlinked first, which suppresses its import.
pub(super) async fn delete(product: &LocalProduct, id: RecordId) -> Result<Answer, Refusal> {
    let unlinks = Unlinks {
        portal: &product.portal,
        store: &product.store,
        clock: &SystemClock,
        instance_url: product.instance_url(),
    };
    let mut suppressed = None;
    for _ in 0..MAX_ATTEMPTS {
        let seen = record(product, &id).await?;
        if seen.link.is_some() {
            match unlinks.unlink(&id, None, BY, |_| None).await {
                Ok(unlinked) => suppressed = Some(unlinked.salesforce.id),
                // Somebody was faster: the next round sees how the record is then.
                Err(LinkError::Refused(
                    LinkRefusal::NotLinked(_) | LinkRefusal::PreviewStale(_),
                )) => {}
                Err(error) => return Err(link_api::refusal(error)),
            }
            continue;
        }
        let table = &product.store.tables().records;
        let delete =
            transaction::delete(table, keys::record(&id), Expected::Version(seen.version))?;
        let token = format!("delete|{id}|{}", seen.version);
        if matches!(
            product.store.transact(&token, vec![delete]).await?,
            transaction::Committed::Yes
        ) {
            let body = json!({ "id": id.id(), "kind": id.kind(), "suppressed": suppressed });
            return Answer::json(200, &body);
        }
    }
    Err(busy(&id))
}
