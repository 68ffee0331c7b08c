//! Unlinking a record, and the suppressions that unlinking leaves: their list, and allowing an import again.

mod environment;
mod suppressions;

use std::sync::Arc;

use dealbridge_core::{
    SalesforceId,
    claim::Claim,
    link::{Unlinks, unlink::Unlinked},
    ports::Clock,
};
use dealbridge_lambda::aws::{DynamoPortal, Store};
use dealbridge_lambda::{
    Api, Invocation,
    access::{Caller, Rights},
    http::{Answer, Idempotency, Method, ProblemCode, Refusal, Request, Route, Routes},
    link_api,
};
use serde_json::json;

pub use environment::Environment;

/// The function with its adapters. It has no Salesforce client, since unlinking changes nothing there.
pub struct UnlinkFunction {
    /// Settings.
    pub portal: DynamoPortal,
    /// Records, claims, receipts.
    pub store: Store,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The URL of the connected org, for the links in answers.
    pub instance_url: String,
    /// The rights of callers.
    pub rights: Rights,
}

/// The calls that the function answers.
#[derive(Clone, Copy, Debug)]
pub enum Call {
    /// Unlinks a record.
    Unlink,
    /// Lists suppressions.
    Suppressions,
    /// Allows the import of an unlinked Salesforce record.
    AllowImport,
}

impl Api for UnlinkFunction {
    type Call = Call;

    const ROUTES: Routes<Call> = Routes(&[
        Route::admin(Method::Delete, "/{kind}/{id}/link", Call::Unlink),
        Route::admin(Method::Get, "/suppressions", Call::Suppressions),
        Route::admin(
            Method::Delete,
            "/suppressions/{salesforceId}",
            Call::AllowImport,
        ),
    ]);

    fn rights(&self) -> &Rights {
        &self.rights
    }

    async fn answer(
        &self,
        call: Call,
        request: &Request,
        caller: &Caller,
        _: Invocation,
    ) -> Result<Answer, Refusal> {
        match call {
            Call::Unlink => self.unlink(request, caller).await,
            Call::Suppressions => self.suppressions(request).await,
            Call::AllowImport => self.allow_import(request, caller).await,
        }
    }
}

impl UnlinkFunction {
    fn unlinks(&self) -> Unlinks<'_, DynamoPortal, Store, dyn Clock> {
        Unlinks {
            portal: &self.portal,
            store: &self.store,
            clock: &*self.clock,
            instance_url: &self.instance_url,
        }
    }

    async fn unlink(&self, request: &Request, caller: &Caller) -> Result<Answer, Refusal> {
        let record = link_api::record_id(request)?;
        let idempotency = Idempotency::of(request, caller)?;
        if let Some(answer) = idempotency.earlier(&self.store).await? {
            return Ok(answer);
        }
        if request.query(&["confirm"])?.flag("confirm")? != Some(true) {
            return Err(Refusal::new(
                ProblemCode::NotConfirmed,
                "Unlinking takes a link apart: add ?confirm=true if that is meant.",
            ));
        }
        let version = request.header("if-match").map(version).transpose()?;
        let receipt = |unlinked: &Unlinked| idempotency.receipt(&answer(unlinked).ok()?);
        match self
            .unlinks()
            .unlink(&record, version, &caller.user, receipt)
            .await
        {
            Ok(unlinked) => answer(&unlinked),
            Err(error) => {
                idempotency
                    .or_earlier(&self.store, link_api::refusal(error))
                    .await
            }
        }
    }

    async fn allow_import(&self, request: &Request, caller: &Caller) -> Result<Answer, Refusal> {
        request.query(&[])?;
        let id = SalesforceId::parse(request.path_parameter("salesforceId")?)
            .map_err(|invalid| Refusal::malformed(format!("{invalid}.")))?;
        let idempotency = Idempotency::of(request, caller)?;
        if let Some(answer) = idempotency.earlier(&self.store).await? {
            return Ok(answer);
        }
        let receipt = |claim: &Claim| idempotency.receipt(&allowed(claim).ok()?);
        match self.unlinks().allow_import(id, &caller.user, receipt).await {
            Ok(claim) => allowed(&claim),
            Err(error) => {
                idempotency
                    .or_earlier(&self.store, link_api::refusal(error))
                    .await
            }
        }
    }
}

fn answer(unlinked: &Unlinked) -> Result<Answer, Refusal> {
    Answer::json(
        200,
        &json!({
            "record": { "kind": unlinked.record.id.kind(), "id": unlinked.record.id.id() },
            "salesforce": unlinked.salesforce,
            "suppressed": true,
            "message": unlinked.sentence(),
        }),
    )
}

fn allowed(claim: &Claim) -> Result<Answer, Refusal> {
    Answer::json(
        200,
        &json!({
            "salesforceId": claim.salesforce,
            "suppressed": false,
            "message": format!("{} may be imported again; the next run looks at it.", claim.salesforce),
        }),
    )
}

/// Parses the record's version in `If-Match`, as answers show it.
fn version(text: &str) -> Result<u64, Refusal> {
    text.trim_matches('"').parse().map_err(|_| {
        Refusal::malformed(format!(
            "If-Match names the record's version, such as \"3\", not {text}."
        ))
    })
}
