//! A function's environment as the template has it, with the values of this machine for its references.

use dealbridge_core::ports::Portal;
use dealbridge_local::LocalProduct;
use serde_json::Value;

use crate::document::{Template, target};

/// The administrators' group, with a name that is no default: a function that is not told of it knows no administrator.
pub(super) const ADMINS: &str = "deal-desk-administrators";

/// The place that the functions are deployed to.
pub(super) struct Place<'a> {
    template: &'a Template,
    app: &'a LocalProduct,
}

impl<'a> Place<'a> {
    /// The template on this machine.
    pub(super) fn of(template: &'a Template, app: &'a LocalProduct) -> Self {
        Self { template, app }
    }

    /// The variables of the template, and those that Lambda sets itself. The access key determines the permissions of
    /// the process.
    pub(super) fn environment(&self, function: &str) -> Vec<(String, String)> {
        let found = self
            .template
            .functions()
            .find(|known| known.name() == function);
        let found = found.expect("the template has the function");
        let of_the_template = found
            .environment()
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), self.value(value)?)));
        let of_lambda = [
            ("AWS_LAMBDA_FUNCTION_NAME", function),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/sample"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "sample"),
            ("_HANDLER", "bootstrap"),
            ("AWS_REGION", dealbridge_aws::config::LOCAL_REGION),
            ("AWS_ACCESS_KEY_ID", function),
            (
                "AWS_SECRET_ACCESS_KEY",
                dealbridge_aws::config::LOCAL_SECRET_KEY,
            ),
            ("AWS_ENDPOINT_URL_DYNAMODB", &self.app.dynamodb_url),
            ("AWS_ENDPOINT_URL_SQS", &self.app.queues.endpoint_url()),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        of_the_template.chain(of_lambda).collect()
    }

    /// The value that CloudFormation would resolve; `None` for one that it leaves out.
    fn value(&self, value: &Value) -> Option<String> {
        if let Some(text) = value.as_str() {
            return Some(text.to_owned());
        }
        if let Some(choice) = value.get("Fn::If") {
            let chosen = match choice[0].as_str()? {
                "UsesClientSecret" | "UsesCognito" => 1,
                _ => 2,
            };
            return self.value(&choice[chosen]);
        }
        if let Some(text) = value.get("Fn::Sub").and_then(Value::as_str) {
            return Some(match text.starts_with("https://") {
                true => text.replace("${", "").replace('}', ""),
                false => self.secret(text),
            });
        }
        self.reference(target(value)?)
    }

    /// The target of a `Ref`: a table's name, a queue's URL, a parameter's value.
    fn reference(&self, id: &str) -> Option<String> {
        if id == "AWS::NoValue" {
            return None;
        }
        let parameter = &self.template.0["Parameters"][id];
        Some(match id {
            "SalesforceUrl" => self.app.instance_url().to_owned(),
            "AdminGroup" => ADMINS.to_owned(),
            _ if !parameter.is_null() => parameter["Default"].as_str()?.to_owned(),
            _ => {
                let resource = self.template.resource(id)?;
                match resource.kind() {
                    "AWS::DynamoDB::Table" => id.trim_end_matches("Table").to_owned(),
                    "AWS::Cognito::UserPoolClient" => "client".to_owned(),
                    _ => {
                        let name = resource["QueueName"]["Fn::Sub"].as_str()?;
                        let name = name.trim_start_matches("${AWS::StackName}-");
                        self.app.queues.queue_url(name)
                    }
                }
            }
        })
    }

    /// The value of a dynamic reference to Secrets Manager.
    fn secret(&self, reference: &str) -> String {
        let client = self.app.org.as_ref().map(|org| org.client());
        let client = client.expect("the org is simulated");
        match reference.trim_end_matches("}}").rsplit(':').next() {
            Some("client_id") => client.id.clone(),
            Some("client_secret") => client.secret.clone(),
            _ => "a-key-of-the-length-that-the-Secrets-Manager-makes-them".to_owned(),
        }
    }

    /// The id of the connected org.
    pub(super) async fn organization(&self) -> String {
        let settings = self.app.portal.settings().await;
        let settings = settings.expect("the sample org has settings");
        settings.organization_id.to_string()
    }
}
