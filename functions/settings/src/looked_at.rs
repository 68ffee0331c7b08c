//! Looks at settings that store nothing: the test of the connection, the check, the trial.

use dealbridge_core::{
    budget::Purpose,
    salesforce::{Salesforce, SalesforceError},
    settings::Settings,
    trial::{Trial, TrialError},
};
use dealbridge_lambda::{
    Invocation,
    aws::DynamoPortal,
    http::{Answer, Refusal, Request, StrictValue},
    salesforce::{Connected, SalesforceClient},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    SettingsFunction,
    connected::{self, Compared},
    fault, invalid,
};

/// The body of a test.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tested {
    /// The settings to hold against the org; those that are stored when absent.
    #[serde(default)]
    settings: Option<StrictValue>,
}

impl SettingsFunction {
    /// `POST /settings/test`: who is connected to which org, and what the settings miss there. Nothing that was known
    /// before counts: it logs in and describes anew.
    pub(crate) async fn test(
        &self,
        request: &Request,
        salesforce: &SalesforceClient,
    ) -> Result<Answer, Refusal> {
        let tested: Tested = if request.body.is_empty() {
            Tested::default()
        } else {
            request.json()?
        };
        let stored = self.store.settings().await?.map(|(_, settings)| settings);
        let settings = match tested.settings {
            Some(StrictValue(written)) => {
                Some(Settings::parse(written).map_err(|wrong| invalid::of_body(&wrong))?)
            }
            None => stored.clone(),
        };
        salesforce.schema().forget();
        let connected = salesforce.connected_org().await;
        let compared = match &settings {
            Some(settings) => {
                let both = (settings, stored.as_ref());
                connected::compare(both, connected.as_ref(), salesforce).await
            }
            None => Compared::default(),
        };
        let user = match &connected {
            Ok(connected) => user(connected, salesforce).await,
            Err(_) => Ok(Value::Null),
        };
        let problem = connected.as_ref().err().or(user.as_ref().err());
        let org = connected.as_ref().ok();
        let body = json!({
            "connected": org.is_some(),
            "loginUrl": salesforce.login_url(),
            "apiVersion": salesforce.api_version().to_string(),
            "organization": org.map(|org| org.organization),
            "instanceUrl": org.map(|org| &org.instance_url),
            "user": user.as_ref().ok(),
            "problem": problem.map(fault::told),
            "problems": invalid::list(&compared.refused),
            "warnings": invalid::list(&compared.warnings),
        });
        Answer::json(200, &body)
    }

    /// `POST /settings/check`: everything that is wrong with settings, as storing them would tell it. What the org
    /// described in the last minutes counts, so that a form can ask with every choice.
    pub(crate) async fn check(
        &self,
        request: &Request,
        salesforce: &SalesforceClient,
    ) -> Result<Answer, Refusal> {
        let StrictValue(written) = request.json()?;
        let compared = match Settings::parse(written) {
            Ok(settings) => {
                salesforce.schema().refresh(self.clock.now());
                let connected = salesforce.known_org().await;
                let stored = self.store.settings().await?.map(|(_, stored)| stored);
                let both = (&settings, stored.as_ref());
                connected::compare(both, connected.as_ref(), salesforce).await
            }
            Err(wrong) => Compared {
                refused: wrong.all().to_vec(),
                warnings: Vec::new(),
            },
        };
        let body = json!({
            "problems": invalid::list(&compared.refused),
            "warnings": invalid::list(&compared.warnings),
        });
        Answer::json(200, &body)
    }

    /// `POST /settings/trial`: what these settings would change for the latest Opportunities.
    pub(crate) async fn trial(
        &self,
        request: &Request,
        invocation: Invocation,
    ) -> Result<Answer, Refusal> {
        let StrictValue(written) = request.json()?;
        let settings = Settings::parse(written).map_err(|wrong| invalid::of_body(&wrong))?;
        let today = self.store.settings().await?.map(|(_, settings)| settings);
        let client = self.salesforce.for_purpose(Purpose::Import);
        let salesforce = invocation.salesforce(&client, &*self.clock);
        let trial = Trial {
            salesforce: &salesforce,
            portal: &DynamoPortal::new(self.store.clone()),
            store: &self.store,
            instance_url: &salesforce.instance_url().await?,
        };
        let tried = trial.run(&settings, today.as_ref()).await;
        Answer::json(200, &tried.map_err(refusal)?)
    }
}

/// The integration user, as far as the login names it.
async fn user(
    connected: &Connected,
    salesforce: &SalesforceClient,
) -> Result<Value, SalesforceError> {
    let Some(id) = connected.user else {
        return Ok(Value::Null);
    };
    let row = salesforce.user(id).await?;
    let text = |name: &str| row.as_ref().and_then(|row| row.text(name));
    Ok(json!({ "id": id, "name": text("Name"), "username": text("Username") }))
}

fn refusal(error: TrialError) -> Refusal {
    match error {
        TrialError::Salesforce(error) => error.into(),
        TrialError::Port(error) => error.into(),
        TrialError::Instance(error) => Refusal::internal(&error),
    }
}
