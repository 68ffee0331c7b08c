//! Links: preview and confirm a record's link to an existing Salesforce record.

mod environment;

use std::sync::Arc;

use dealbridge_core::{
    budget::Purpose,
    link::{
        Links, Master,
        confirm::{Confirm, Linked},
        token::PreviewTokens,
    },
    ports::{Clock, Portal},
};
use dealbridge_lambda::aws::{DynamoPortal, SqsWrites, Store};
use dealbridge_lambda::salesforce::SalesforceClient;
use dealbridge_lambda::{
    Api, Invocation,
    access::{Caller, Rights},
    calls::{self, Flush},
    http::{Answer, Idempotency, Method, ProblemCode, Refusal, Request, Route, Routes},
    link_api,
};
use serde::Deserialize;
use serde_json::json;

pub use environment::Environment;

/// The function with its adapters.
pub struct LinkFunction {
    /// Salesforce.
    pub salesforce: SalesforceClient,
    /// Settings.
    pub portal: DynamoPortal,
    /// Records, claims, receipts.
    pub store: Store,
    /// The queue of writes to Salesforce.
    pub writes: SqsWrites,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Signs and verifies preview tokens.
    pub tokens: Arc<PreviewTokens>,
    /// The URL of the connected org.
    pub instance_url: String,
    /// The rights of callers.
    pub rights: Rights,
}

/// The calls that the function answers.
#[derive(Clone, Copy, Debug)]
pub enum Call {
    /// Says which Salesforce record a pasted text names.
    Check,
    /// Shows what a link would do.
    Preview,
    /// Links.
    Confirm,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CheckBody {
    salesforce_url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PreviewBody {
    salesforce_url: String,
    #[serde(default)]
    master: Option<String>,
    /// Look at Salesforce even if the budget of calls has no room for it.
    #[serde(default)]
    over_budget: bool,
}

/// The calls of a preview: the record, who else it may belong to, and what its object has.
const PREVIEW_CALLS: u64 = 3;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ConfirmBody {
    salesforce_url: String,
    #[serde(default)]
    master: Option<String>,
    #[serde(default)]
    preview_token: Option<String>,
    #[serde(default)]
    confirm: Option<bool>,
}

impl Api for LinkFunction {
    type Call = Call;

    const ROUTES: Routes<Call> = Routes(&[
        Route::internal(Method::Post, "/{kind}/{id}/link/check", Call::Check),
        Route::internal(Method::Post, "/{kind}/{id}/link/preview", Call::Preview),
        Route::internal(Method::Put, "/{kind}/{id}/link", Call::Confirm),
    ]);

    fn rights(&self) -> &Rights {
        &self.rights
    }

    async fn answer(
        &self,
        call: Call,
        request: &Request,
        caller: &Caller,
        invocation: Invocation,
    ) -> Result<Answer, Refusal> {
        self.check(caller).await?;
        let client = self.salesforce.for_purpose(Purpose::Link);
        let salesforce = invocation.salesforce(&client, &*self.clock);
        let answer = match call {
            // It asks Salesforce nothing, and counts no call.
            Call::Check => return self.check_url(request, &salesforce).await,
            Call::Preview => self.preview(request, caller, &salesforce).await,
            Call::Confirm => self.confirm(request, caller, &salesforce).await,
        };
        calls::keep(&self.salesforce, &self.store, self.clock.now(), Flush::Now).await;
        answer
    }
}

impl LinkFunction {
    fn links<'a>(
        &'a self,
        salesforce: &'a SalesforceClient,
    ) -> Links<'a, SalesforceClient, DynamoPortal, Store, SqsWrites, dyn Clock> {
        Links {
            salesforce,
            portal: &self.portal,
            store: &self.store,
            writes: &self.writes,
            clock: &*self.clock,
            tokens: &self.tokens,
            instance_url: &self.instance_url,
        }
    }

    /// Internal users may link, unless the settings reserve it for administrators.
    async fn check(&self, caller: &Caller) -> Result<(), Refusal> {
        if caller.is_admin || !self.portal.settings().await?.link_requires_admin {
            Ok(())
        } else {
            Err(Refusal::forbidden(
                "Only an administrator may link records: the setting link_requires_admin is on.",
            ))
        }
    }

    async fn check_url(
        &self,
        request: &Request,
        salesforce: &SalesforceClient,
    ) -> Result<Answer, Refusal> {
        let record = link_api::record_id(request)?;
        let body: CheckBody = request.json()?;
        let named = self
            .links(salesforce)
            .check(&record, &body.salesforce_url)
            .await;
        let named = named.map_err(link_api::refusal)?;
        // The name is Salesforce's to tell.
        let named =
            json!({ "object": named.object, "id": named.id, "name": null, "url": named.url });
        Answer::json(200, &json!({ "salesforce": named }))
    }

    async fn preview(
        &self,
        request: &Request,
        caller: &Caller,
        salesforce: &SalesforceClient,
    ) -> Result<Answer, Refusal> {
        let record = link_api::record_id(request)?;
        let body: PreviewBody = request.json()?;
        let master = master(body.master.as_deref())?;
        let budget = self.portal.settings().await?.api_budget;
        let asked = (PREVIEW_CALLS, body.over_budget);
        calls::ask_for_room(&self.store, budget, asked, self.clock.now()).await?;
        let preview = self
            .links(salesforce)
            .preview(&record, &body.salesforce_url, master, &caller.subject)
            .await;
        Answer::json(200, &preview.map_err(link_api::refusal)?)
    }

    async fn confirm(
        &self,
        request: &Request,
        caller: &Caller,
        salesforce: &SalesforceClient,
    ) -> Result<Answer, Refusal> {
        let record = link_api::record_id(request)?;
        let idempotency = Idempotency::of(request, caller)?;
        if let Some(answer) = idempotency.earlier(&self.store).await? {
            return Ok(answer);
        }
        let body: ConfirmBody = request.json()?;
        if body.confirm != Some(true) {
            let detail = "Linking changes records: send \"confirm\": true with the token of a preview that you have looked at.";
            return Err(Refusal::new(ProblemCode::NotConfirmed, detail));
        }
        let ask = Confirm {
            record: &record,
            url: &body.salesforce_url,
            master: master(body.master.as_deref())?,
            token: body.preview_token.as_deref().unwrap_or_default(),
            user: &caller.subject,
            by: &caller.user,
        };
        let receipt = |linked: &Linked| idempotency.receipt(&answer(linked).ok()?);
        match self.links(salesforce).confirm(&ask, receipt).await {
            Ok(linked) if linked.is_new => answer(&linked),
            // The same request may have made the link meanwhile: then its answer is this one's too.
            Ok(linked) => idempotency.keep(&self.store, answer(&linked)?).await,
            Err(error) => {
                idempotency
                    .or_earlier(&self.store, link_api::refusal(error))
                    .await
            }
        }
    }
}

fn answer(linked: &Linked) -> Result<Answer, Refusal> {
    let status = if linked.is_new { 201 } else { 200 };
    Answer::json(
        status,
        &link_api::link_body(&linked.record, &linked.salesforce),
    )
}

fn master(text: Option<&str>) -> Result<Master, Refusal> {
    match text {
        Some("salesforce") => Ok(Master::Salesforce),
        Some("channeltivity") => Ok(Master::Channeltivity),
        other => {
            let given = other
                .map(|other| format!("{other:?} is not a choice. "))
                .unwrap_or_default();
            let detail = format!(
                "{given}Choose whose values are taken where both sides have one and they differ: \"master\": \"salesforce\" or \"channeltivity\"."
            );
            Err(Refusal::new(ProblemCode::MasterNotChosen, detail))
        }
    }
}
