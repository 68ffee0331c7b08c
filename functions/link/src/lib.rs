//! Link: preview and confirm a record's link to an existing Salesforce record.

use std::sync::Arc;

use dealbridge_core::{
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
    Function, Invocation,
    access::{Caller, Groups},
    http::{Answer, Idempotency, Refusal, Request, respond},
    link_api,
};
use lambda_runtime::Error;
use serde::Deserialize;
use serde_json::Value;

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
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Signs previews.
    pub tokens: Arc<PreviewTokens>,
    /// The connected org's address.
    pub instance_url: String,
    /// Who is an administrator.
    pub groups: Groups,
}

const ROUTES: [(&str, &str); 2] = [
    ("POST", "/{kind}/{id}/link/preview"),
    ("PUT", "/{kind}/{id}/link"),
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PreviewBody {
    salesforce_url: String,
    #[serde(default)]
    master: Option<String>,
}

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

impl Function for LinkFunction {
    async fn handle(&self, event: Value, invocation: Invocation) -> Result<Value, Error> {
        let request = Request::from_event(event, &self.groups)?;
        let salesforce = invocation.salesforce(&self.salesforce, &*self.clock);
        let answer = match request.route().0 {
            "POST" => self.preview(&request, &salesforce).await,
            "PUT" => self.confirm(&request, &salesforce).await,
            _ => Err(request.unknown_route(&ROUTES)),
        };
        Ok(respond(answer))
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

    /// Internal users link, unless the setting leaves it to administrators.
    async fn caller<'r>(&self, request: &'r Request) -> Result<&'r Caller, Refusal> {
        let caller = request.require_internal()?;
        if caller.is_admin || !self.portal.settings().await?.link_requires_admin {
            Ok(caller)
        } else {
            Err(Refusal::forbidden(
                "Only an administrator may link records: the setting link_requires_admin is on.",
            ))
        }
    }

    async fn preview(
        &self,
        request: &Request,
        salesforce: &SalesforceClient,
    ) -> Result<Answer, Refusal> {
        let caller = self.caller(request).await?;
        let record = link_api::record_id(request)?;
        let body: PreviewBody = request.json()?;
        let master = master(body.master.as_deref())?;
        let preview = self
            .links(salesforce)
            .preview(&record, &body.salesforce_url, master, &caller.subject)
            .await;
        Answer::json(200, &preview.map_err(link_api::refusal)?)
    }

    async fn confirm(
        &self,
        request: &Request,
        salesforce: &SalesforceClient,
    ) -> Result<Answer, Refusal> {
        let caller = self.caller(request).await?;
        let record = link_api::record_id(request)?;
        let idempotency = Idempotency::of(request, caller)?;
        if let Some(idempotency) = &idempotency
            && let Some(answer) = idempotency.earlier(&self.store).await?
        {
            return Ok(answer);
        }
        let body: ConfirmBody = request.json()?;
        if body.confirm != Some(true) {
            let detail = "Linking changes records: send \"confirm\": true with the token of a preview that you have looked at.";
            return Err(Refusal::new(400, "NOT_CONFIRMED", detail));
        }
        let ask = Confirm {
            record: &record,
            pasted: &body.salesforce_url,
            master: master(body.master.as_deref())?,
            token: body.preview_token.as_deref().unwrap_or_default(),
            user: &caller.subject,
            by: &caller.user,
        };
        let receipt = |linked: &Linked| {
            let idempotency = idempotency.as_ref()?;
            Some((
                idempotency.key.clone(),
                idempotency.receipt(&answer(linked).ok()?),
            ))
        };
        match self.links(salesforce).confirm(&ask, receipt).await {
            Ok(linked) if linked.is_new => answer(&linked),
            // The same request may have made the link meanwhile: then its answer is this one's, too.
            Ok(linked) => link_api::keep(&self.store, idempotency.as_ref(), answer(&linked)?).await,
            Err(error) => {
                link_api::or_earlier(&self.store, idempotency.as_ref(), link_api::refusal(error))
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
                .map(|other| format!("{other:?} is no choice. "))
                .unwrap_or_default();
            let detail = format!(
                "{given}Choose whose values are taken where both sides have one and they differ: \"master\": \"salesforce\" or \"channeltivity\"."
            );
            Err(Refusal::new(400, "MASTER_NOT_CHOSEN", detail))
        }
    }
}
