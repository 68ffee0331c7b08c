//! The integration's settings: `GET /settings`, `PUT /settings` over the version that was read, and the change of the
//! connected org by `POST /settings/organization`.

mod connected;
mod organization;

use std::sync::Arc;

use dealbridge_core::{
    code::Code,
    finding::Finding,
    ports::Clock,
    settings::{InvalidSetting, Settings},
};
use dealbridge_lambda::aws::{Store, settings::Replaced};
use dealbridge_lambda::salesforce::SalesforceClient;
use dealbridge_lambda::{
    Function, Invocation,
    access::{Caller, Groups},
    http::{self, Answer, Idempotency, Refusal, Request},
};
use lambda_runtime::Error;
use serde_json::{Value, json};

/// The calls that the function answers.
pub const ROUTES: [(&str, &str); 3] = [
    ("GET", "/settings"),
    ("PUT", "/settings"),
    ("POST", "/settings/organization"),
];

/// The function with its adapters.
pub struct SettingsFunction {
    /// Salesforce: which org the credentials lead to.
    pub salesforce: SalesforceClient,
    /// Settings, receipts, and the claims of an org that is replaced.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who is who.
    pub groups: Groups,
}

impl Function for SettingsFunction {
    async fn handle(&self, event: Value, invocation: Invocation) -> Result<Value, Error> {
        let request = Request::from_event(event, &self.groups)?;
        Ok(http::respond(self.route(&request, invocation).await))
    }
}

impl SettingsFunction {
    async fn route(&self, request: &Request, invocation: Invocation) -> Result<Answer, Refusal> {
        let route = request.route();
        if !ROUTES.contains(&route) {
            return Err(request.unknown_route(&ROUTES));
        }
        let caller = request.require_admin()?;
        request.query(&[])?;
        let salesforce = invocation.salesforce(&self.salesforce, &*self.clock);
        match route.0 {
            "GET" => self.get().await,
            "POST" => {
                let work = self.change_org(request, caller, &salesforce, invocation.deadline);
                work.await
            }
            _ => self.put(request, caller, &salesforce).await,
        }
    }

    async fn get(&self) -> Result<Answer, Refusal> {
        let (version, settings) = self.store.settings().await?.ok_or_else(|| {
            let detail =
                "No settings were stored yet. Store the first ones by PUT with If-Match: \"0\".";
            Refusal::not_found("SETTINGS_NOT_FOUND", detail)
        })?;
        answer(&settings, version)
    }

    async fn put(
        &self,
        request: &Request,
        caller: &Caller,
        salesforce: &SalesforceClient,
    ) -> Result<Answer, Refusal> {
        let idempotency = Idempotency::of(request, caller)?;
        if let Some(idempotency) = &idempotency
            && let Some(answer) = idempotency.earlier(&self.store).await?
        {
            return Ok(answer);
        }
        let condition = Condition::of(request)?;
        let settings: Settings = request.json()?;
        check(&settings)?;
        let seen = match condition {
            Condition::Version(version) => version,
            Condition::Any => self.version().await?,
            Condition::Never => return Err(self.changed(None).await?),
        };
        let warnings = connected::warnings(&settings, salesforce).await?;
        let org = self.named_org(&settings).await?;
        let stored = answer_with(&settings, seen + 1, &warnings)?;
        let receipt = idempotency
            .as_ref()
            .map(|idempotency| (&idempotency.key, idempotency.receipt(&stored)));
        let receipt = receipt.as_ref().map(|(key, receipt)| (*key, receipt));
        let said = Finding::new(Code::SettingsReplaced)
            .value((seen + 1).to_string())
            .other(&caller.user);
        let replaced = self
            .store
            .replace_settings(&settings, seen, org, &said, receipt)
            .await?;
        match replaced {
            Replaced::Yes => Ok(stored),
            Replaced::Refused => {
                // The same request may have gone through meanwhile, and be what this one met.
                if let Some(idempotency) = &idempotency
                    && let Some(answer) = idempotency.earlier(&self.store).await?
                {
                    return Ok(answer);
                }
                Err(self.changed(Some(seen)).await?)
            }
        }
    }

    async fn version(&self) -> Result<u64, Refusal> {
        Ok(self
            .store
            .settings()
            .await?
            .map_or(0, |(version, _)| version))
    }

    async fn changed(&self, seen: Option<u64>) -> Result<Refusal, Refusal> {
        let version = self.version().await?;
        let read = seen.map_or_else(
            || "If-Match names no version of theirs".to_owned(),
            |seen| format!("you read version {seen}"),
        );
        let detail = format!("The settings are at version {version}, {read}. Read them again.");
        Ok(Refusal::new(412, "SETTINGS_CHANGED", detail)
            .with("version", &version)
            .header("etag", etag(version)))
    }
}

/// What `If-Match` asks for.
enum Condition {
    /// The settings of this version.
    Version(u64),
    /// Whatever there is.
    Any,
    /// A version that the settings can never have.
    Never,
}

impl Condition {
    fn of(request: &Request) -> Result<Self, Refusal> {
        let text = request.header("if-match").filter(|text| !text.is_empty());
        let text = text.ok_or_else(|| {
            let detail =
                "Say which settings to replace: send the ETag of GET /settings as If-Match.";
            Refusal::new(428, "PRECONDITION_REQUIRED", detail)
        })?;
        if text == "*" {
            return Ok(Self::Any);
        }
        let version = text
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'))
            .unwrap_or(text);
        Ok(version.parse().map_or(Self::Never, Self::Version))
    }
}

fn etag(version: u64) -> String {
    format!("\"{version}\"")
}

fn answer(settings: &Settings, version: u64) -> Result<Answer, Refusal> {
    Ok(Answer::json(200, settings)?.header("etag", etag(version)))
}

/// As [`answer`], with what is to be looked at although the settings are stored.
fn answer_with(settings: &Settings, version: u64, warnings: &[Value]) -> Result<Answer, Refusal> {
    let mut answer = answer(settings, version)?;
    if !warnings.is_empty() {
        answer.body["warnings"] = warnings.into();
    }
    Ok(answer)
}

/// Everything that is wrong, each with its place.
fn check(settings: &Settings) -> Result<(), Refusal> {
    settings.check().map_err(|wrong| invalid(&wrong))
}

fn invalid(wrong: &[InvalidSetting]) -> Refusal {
    let lines: Vec<String> = wrong.iter().map(ToString::to_string).collect();
    let problems: Vec<Value> = wrong
        .iter()
        .map(|one| json!({ "place": one.place, "problem": one.problem }))
        .collect();
    Refusal::new(422, "SETTINGS_INVALID", lines.join("; ")).with("problems", &problems)
}
