//! Why one Opportunity would or would not import.

use dealbridge_core::{
    explain::{Explain, ExplainError},
    pasted::PastedError,
};
use dealbridge_lambda::{
    Invocation,
    http::{Answer, Refusal, Request},
};

use crate::IntegrationLog;

impl IntegrationLog {
    pub(crate) async fn explanation(
        &self,
        request: &Request,
        invocation: Invocation,
    ) -> Result<Answer, Refusal> {
        // The gateway decodes a path before it looks for the route, so an address in one would come apart at its slashes.
        let query;
        let text = if request.route().1 == "/explanations" {
            query = request.query(&["opportunity"])?;
            query.text("opportunity").ok_or_else(|| {
                Refusal::malformed("Say which Opportunity: ?opportunity= takes its id, or its URL percent-encoded.")
            })?
        } else {
            request.query(&[])?;
            request.path_parameter("idOrUrl")?
        };
        let salesforce = invocation.salesforce(&self.salesforce, &*self.clock);
        let explain = Explain {
            salesforce: &salesforce,
            portal: &self.portal,
            store: &self.store,
            instance_url: &self.salesforce_url,
        };
        Answer::json(200, &explain.pasted(text).await.map_err(refusal)?)
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
