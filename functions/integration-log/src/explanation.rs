//! The explanation of one Opportunity: every condition of its import, met or not.

use dealbridge_core::{
    budget::Purpose,
    explain::{Explain, ExplainError},
};
use dealbridge_lambda::{
    Invocation,
    calls::{self, Flush},
    http::{Answer, ProblemCode, Refusal, Request},
    link_api,
};

use crate::IntegrationLog;

impl IntegrationLog {
    /// Explains the Opportunity that the query names. The gateway decodes a path before it routes, so a URL in a path
    /// would be split at its slashes; a query parameter takes it whole.
    pub(crate) async fn explanation_by_query(
        &self,
        request: &Request,
        invocation: Invocation,
    ) -> Result<Answer, Refusal> {
        let query = request.query(&["opportunity"])?;
        let text = query.text("opportunity").ok_or_else(|| {
            Refusal::malformed(
                "Say which Opportunity: ?opportunity= takes its id, or its URL percent-encoded.",
            )
        })?;
        self.explanation(text, invocation).await
    }

    pub(crate) async fn explanation_by_path(
        &self,
        request: &Request,
        invocation: Invocation,
    ) -> Result<Answer, Refusal> {
        request.query(&[])?;
        self.explanation(request.path_parameter("idOrUrl")?, invocation)
            .await
    }

    async fn explanation(&self, text: &str, invocation: Invocation) -> Result<Answer, Refusal> {
        let client = self.salesforce.for_purpose(Purpose::Import);
        let salesforce = invocation.salesforce(&client, &*self.clock);
        let explain = Explain {
            salesforce: &salesforce,
            portal: &self.portal,
            store: &self.store,
            instance_url: &self.instance_url,
        };
        let explained = explain.by_url(text).await;
        calls::keep(&self.salesforce, &self.store, self.clock.now(), Flush::Now).await;
        Answer::json(200, &explained.map_err(refusal)?)
    }
}

fn refusal(error: ExplainError) -> Refusal {
    match error {
        ExplainError::Url(error) => link_api::url_refusal(&error),
        ExplainError::NotAnOpportunity(_) => Refusal::new(
            ProblemCode::NotAnOpportunity,
            link_api::sentence(&error.to_string()),
        ),
        // Here the request itself names the record, where a link only mentions it.
        ExplainError::NotFound(_) => Refusal::with_status(
            404,
            ProblemCode::SalesforceRecordNotFound,
            link_api::sentence(&error.to_string()),
        ),
        ExplainError::Salesforce(error) => error.into(),
        ExplainError::Port(error) => error.into(),
        ExplainError::Instance(error) => Refusal::internal(&error),
    }
}
