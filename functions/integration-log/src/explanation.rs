//! Why one Opportunity would or would not import.

use dealbridge_core::{
    explain::{Explain, ExplainError},
    pasted::PastedError,
};
use dealbridge_lambda::http::{Answer, Refusal, Request};
use percent_encoding::percent_decode_str;

use crate::IntegrationLog;

impl IntegrationLog {
    pub(crate) async fn explanation(&self, request: &Request) -> Result<Answer, Refusal> {
        request.query(&[])?;
        let text = request.path_parameter("idOrUrl")?;
        let explain = Explain {
            salesforce: &self.salesforce,
            portal: &self.portal,
            store: &self.store,
            instance_url: &self.salesforce_url,
        };
        let explained = match explain.pasted(text).await {
            // Whether the gateway has decoded the path depends on the gateway.
            Err(ExplainError::Pasted(error)) => match percent_decode_str(text).decode_utf8() {
                Ok(decoded) if decoded != text => explain.pasted(&decoded).await,
                _ => Err(ExplainError::Pasted(error)),
            },
            explained => explained,
        };
        Answer::json(200, &explained.map_err(refusal)?)
    }
}

fn refusal(error: ExplainError) -> Refusal {
    match error {
        ExplainError::Pasted(error) => not_linkable(&error),
        ExplainError::NotAnOpportunity(_) => {
            Refusal::new(422, "NOT_AN_OPPORTUNITY", sentence(&error))
        }
        ExplainError::NotFound(_) => Refusal::not_found("SF_RECORD_NOT_FOUND", sentence(&error)),
        ExplainError::Salesforce(error) => error.into(),
        ExplainError::Port(error) => error.into(),
        ExplainError::Instance(error) => Refusal::broken(&error),
    }
}

fn not_linkable(error: &PastedError) -> Refusal {
    Refusal::new(422, error.code(), error.to_string()).with("kind", &error.kind.as_str())
}

/// An error's words as a sentence.
fn sentence(error: &ExplainError) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let first: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    format!("{first}{}.", letters.as_str())
}
