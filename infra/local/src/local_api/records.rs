//! Changes of Deals, Leads and Referrals that the portal's screens make, by the use cases of the API.

use dealbridge_aws::{DynamoPortal, Store};
use dealbridge_core::{
    record::{RecordId, RecordKind},
    submit::{Author, Seen, Submission, Submissions, delete::Linked},
};
use dealbridge_lambda::{
    SystemClock,
    http::{Answer, ProblemCode, Refusal},
    record_api,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::product::LocalProduct;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordChange {
    fields: Map<String, Value>,
}

/// Who does what these screens do, for the audit.
fn author() -> Author {
    Author {
        by: "portal".to_owned(),
        party: None,
    }
}

fn submissions(
    product: &LocalProduct,
) -> Submissions<'_, DynamoPortal, Store, DynamoPortal, SystemClock> {
    Submissions {
        portal: &product.portal,
        store: &product.store,
        owners: &product.portal,
        clock: &SystemClock,
        instance_url: product.instance_url(),
    }
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

/// `POST /local/records/{kind}/{id}`: edits fields.
pub(super) async fn edit(
    product: &LocalProduct,
    id: RecordId,
    change: RecordChange,
) -> Result<Answer, Refusal> {
    let values = Submission {
        fields: change.fields,
        ..Submission::default()
    };
    let edited = submissions(product)
        .edit(&id, Seen::Any, &values, &author(), |_| None)
        .await
        .map_err(record_api::refusal)?;
    Answer::json(
        200,
        &json!({ "id": id.id(), "kind": id.kind(), "fields": edited.record.fields }),
    )
}

/// `DELETE /local/records/{kind}/{id}`: deletes a record, with its link if it has one, which suppresses its import.
pub(super) async fn delete(product: &LocalProduct, id: RecordId) -> Result<Answer, Refusal> {
    let deleted = submissions(product)
        .delete(&id, Seen::Any, Linked::Unlink, &author(), |_| None)
        .await
        .map_err(record_api::refusal)?;
    let suppressed = deleted.salesforce.map(|salesforce| salesforce.id);
    let body = json!({ "id": id.id(), "kind": id.kind(), "suppressed": suppressed });
    Answer::json(200, &body)
}
