//! The integration's settings: `GET /settings`, `PUT /settings` over the version that was read, the versions before it,
//! what settings may name, their test, check and trial, and the change of the connected org by
//! `POST /settings/organization`.

mod connected;
mod environment;
mod fault;
mod invalid;
mod looked_at;
mod offered;
mod organization;
mod versions;

use std::sync::Arc;

use dealbridge_core::{
    budget::Purpose, code::Code, finding::Finding, ports::Clock, salesforce::Salesforce,
    settings::Settings,
};
use dealbridge_lambda::aws::{Store, settings::Replaced};
use dealbridge_lambda::salesforce::SalesforceClient;
use dealbridge_lambda::{
    Api, Invocation,
    access::{Caller, Rights},
    calls::{self, Flush},
    http::{
        Answer, Idempotency, IfMatch, Method, ProblemCode, Refusal, Request, Route, Routes,
        StrictValue,
    },
};
use serde_json::Value;

pub use environment::Environment;

/// The function with its adapters.
pub struct SettingsFunction {
    /// Salesforce, for the org that the credentials lead to.
    pub salesforce: SalesforceClient,
    /// Settings, receipts, and the claims of a former org.
    pub store: Store,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The rights of callers.
    pub rights: Rights,
}

/// The calls that the function answers.
#[derive(Clone, Copy, Debug)]
pub enum Call {
    /// Shows the settings.
    Get,
    /// Replaces the settings.
    Put,
    /// Shows what settings may name.
    Fields,
    /// Tests the connection, and the settings against it.
    Test,
    /// Says what is wrong with settings.
    Check,
    /// Decides the latest Opportunities with settings.
    Trial,
    /// Lists the versions.
    Versions,
    /// Shows one version.
    Version,
    /// Moves or clears the links of the org that the settings name.
    ChangeOrg,
}

impl Api for SettingsFunction {
    type Call = Call;

    const ROUTES: Routes<Call> = Routes(&[
        Route::admin(Method::Get, "/settings", Call::Get),
        Route::admin(Method::Put, "/settings", Call::Put),
        Route::admin(Method::Get, "/settings/fields", Call::Fields),
        Route::admin(Method::Post, "/settings/test", Call::Test),
        Route::admin(Method::Post, "/settings/check", Call::Check),
        Route::admin(Method::Post, "/settings/trial", Call::Trial),
        Route::admin(Method::Get, "/settings/versions", Call::Versions),
        Route::admin(Method::Get, "/settings/versions/{version}", Call::Version),
        Route::admin(Method::Post, "/settings/organization", Call::ChangeOrg),
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
        if !matches!(call, Call::Versions) {
            request.query(&[])?;
        }
        let client = self.salesforce.for_purpose(Purpose::Describe);
        let salesforce = invocation.salesforce(&client, &*self.clock);
        let answer = match call {
            Call::Get => self.get().await,
            Call::Put => self.put(request, caller, &salesforce).await,
            Call::Fields => self.offered(&salesforce).await,
            Call::Test => self.test(request, &salesforce).await,
            Call::Check => self.check(request, &salesforce).await,
            Call::Trial => self.trial(request, invocation).await,
            Call::Versions => self.versions(request).await,
            Call::Version => self.version_of(request).await,
            Call::ChangeOrg => {
                self.change_org(request, caller, &salesforce, invocation.deadline)
                    .await
            }
        };
        calls::keep(&self.salesforce, &self.store, self.clock.now(), Flush::Now).await;
        answer
    }
}

impl SettingsFunction {
    async fn get(&self) -> Result<Answer, Refusal> {
        let (version, settings) = self.store.settings().await?.ok_or_else(|| {
            let detail =
                "No settings were stored yet. Store the first ones by PUT with If-Match: \"0\".";
            Refusal::new(ProblemCode::SettingsNotFound, detail)
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
        if let Some(answer) = idempotency.earlier(&self.store).await? {
            return Ok(answer);
        }
        let condition = IfMatch::of(request);
        if condition == IfMatch::Absent {
            let detail =
                "Say which settings to replace: send the ETag of GET /settings as If-Match.";
            return Err(Refusal::new(ProblemCode::PreconditionRequired, detail));
        }
        let StrictValue(written) = request.json()?;
        let settings = Settings::parse(written).map_err(|wrong| invalid::of_body(&wrong))?;
        let seen = match condition {
            IfMatch::Version(version) => version,
            IfMatch::Any => self.version().await?,
            IfMatch::Never | IfMatch::Absent => return Err(self.changed(None).await?),
        };
        salesforce.schema().forget();
        let connected = salesforce.connected_org().await;
        let before = self.store.settings().await?.map(|(_, before)| before);
        let both = (&settings, before.as_ref());
        let warnings = connected::compare(both, connected.as_ref(), salesforce)
            .await
            .warnings()?;
        let org = self.named_org(&settings).await?;
        let stored = answer_with(&settings, seen + 1, &warnings)?;
        let receipt = idempotency.receipt(&stored);
        let receipt = receipt.as_ref().map(|(key, receipt)| (key, receipt));
        let said = Finding::new(Code::SettingsReplaced)
            .value((seen + 1).to_string())
            .other(&caller.user);
        let replaced = self
            .store
            .replace_settings(&settings, seen, org, (&said, &caller.user), receipt)
            .await?;
        match replaced {
            Replaced::Yes => Ok(stored),
            Replaced::Refused => {
                // The same request may have succeeded meanwhile, and its effect be the reason for this refusal.
                if let Some(answer) = idempotency.earlier(&self.store).await? {
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
            || "If-Match matches no settings version".to_owned(),
            |seen| format!("you read version {seen}"),
        );
        let detail = format!("The settings are at version {version}, {read}. Read them again.");
        Ok(Refusal::new(ProblemCode::SettingsChanged, detail)
            .with("version", &version)
            .header("etag", IfMatch::etag(version)))
    }
}

fn answer(settings: &Settings, version: u64) -> Result<Answer, Refusal> {
    Ok(Answer::json(200, settings)?.header("etag", IfMatch::etag(version)))
}

/// As [`answer`], with warnings about the stored settings.
fn answer_with(settings: &Settings, version: u64, warnings: &[Value]) -> Result<Answer, Refusal> {
    let mut answer = answer(settings, version)?;
    if !warnings.is_empty() {
        answer.body["warnings"] = warnings.into();
    }
    Ok(answer)
}
