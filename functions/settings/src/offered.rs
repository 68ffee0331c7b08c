//! `GET /settings/fields`: what settings may name, on both sides.

use dealbridge_core::{
    SalesforceObject,
    end_user::EndUserField,
    field::Field,
    ports::Clock,
    salesforce::{Salesforce, SalesforceError},
    settings::{OfferedObject, Serving, first, offered},
};
use dealbridge_lambda::{
    http::{Answer, Refusal},
    salesforce::{Connected, SalesforceClient},
};
use serde_json::{Value, json};

use crate::{SettingsFunction, connected::my_domain, fault};

impl SettingsFunction {
    /// The fields of both sides, and what the first settings begin with. If Salesforce does not answer, its side is
    /// empty, and the problem says why.
    pub(crate) async fn offered(&self, salesforce: &SalesforceClient) -> Result<Answer, Refusal> {
        salesforce.schema().refresh(self.clock.now());
        let (connected, objects, problem) = match described(salesforce).await {
            Ok((connected, objects)) => (Some(connected), objects, Value::Null),
            Err(error) => (None, Vec::new(), fault::told(&error)),
        };
        let of_org = |part: fn(&Connected) -> Option<String>| {
            connected.as_ref().and_then(part).unwrap_or_default()
        };
        let organization = of_org(|connected| Some(connected.organization.to_string()));
        let my_domain = of_org(|connected| my_domain(&connected.instance_url));
        let end_user = EndUserField::ALL.map(|field| record_field(field.field()));
        let body = json!({
            "objects": objects,
            "named": Serving::among(&objects),
            "endUserFields": end_user,
            "connection": {
                "loginUrl": salesforce.login_url(),
                "apiVersion": salesforce.api_version().to_string(),
                "instanceUrl": connected.as_ref().map(|connected| &connected.instance_url),
                "organization": connected.as_ref().map(|connected| connected.organization),
            },
            "standard": first(&organization, &my_domain, &stages(&objects)),
            "problem": problem,
        });
        Answer::json(200, &body)
    }
}

async fn described(
    salesforce: &SalesforceClient,
) -> Result<(Connected, Vec<OfferedObject>), SalesforceError> {
    let connected = salesforce.known_org().await?;
    Ok((connected, offered(salesforce).await?))
}

fn record_field(field: &Field) -> Value {
    json!({ "name": field.name, "label": field.label(), "type": field.kind })
}

/// The stages of the org's Opportunities.
fn stages(objects: &[OfferedObject]) -> Vec<String> {
    let opportunity = SalesforceObject::Opportunity;
    let fields = objects
        .iter()
        .filter(|offered| offered.object == opportunity);
    fields
        .flat_map(|offered| &offered.fields)
        .find(|field| field.path == "StageName")
        .map(|field| field.values.clone())
        .unwrap_or_default()
}
