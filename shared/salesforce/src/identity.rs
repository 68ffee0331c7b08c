//! The org and the user of a session, in Salesforce's own words.

use dealbridge_core::{
    SalesforceId,
    salesforce::{Row, SalesforceError},
};
use reqwest::header::{ACCEPT, AUTHORIZATION};
use serde::Deserialize;
use url::Url;

use crate::{
    api_usage::CallKind, connection::ApiVersion, fault::Fault, retry::Attempts, session::Session,
    transport::Transport,
};

/// The org in an identity URL (Salesforce: Identity URLs).
pub(crate) fn organization_of(identity: &str) -> Option<SalesforceId> {
    id_at(identity, 1, "00D")
}

/// The user in an identity URL.
pub(crate) fn user_of(identity: &str) -> Option<SalesforceId> {
    id_at(identity, 2, "005")
}

fn id_at(identity: &str, place: usize, prefix: &str) -> Option<SalesforceId> {
    let url = Url::parse(identity).ok()?;
    let segments: Vec<&str> = url.path_segments()?.collect();
    let id = segments.get(place).filter(|_| segments[0] == "id")?;
    let id = SalesforceId::parse(id).ok()?;
    (id.key_prefix() == prefix).then_some(id)
}

/// Queries the org's own row: one call, for a login that does not name the org.
pub(crate) async fn ask(
    transport: &Transport<'_>,
    session: &Session,
    version: ApiVersion,
) -> Result<SalesforceId, SalesforceError> {
    #[derive(Deserialize)]
    struct Organizations {
        records: Vec<Row>,
    }
    let url = format!(
        "{}/services/data/{version}/query?q=SELECT%20Id%20FROM%20Organization",
        session.instance
    );
    let mut attempts = Attempts::new(transport.policy, transport.until, transport.jitter);
    loop {
        let request = transport
            .http
            .get(&url)
            .header(AUTHORIZATION, session.authorization.clone())
            .header(ACCEPT, "application/json");
        let fault = match transport
            .send(CallKind::Query, request, attempts.deadline())
            .await
        {
            Err(error) => Fault::from(error),
            Ok(answer) if answer.is_success() => {
                let own = answer
                    .json::<Organizations>()
                    .map(|read| read.records.first().and_then(Row::id));
                match own {
                    Ok(Some(id)) => return Ok(id),
                    Ok(None) => Fault::unreadable(&answer, "answered without the org's own row"),
                    Err(detail) => Fault::unreadable(&answer, &detail),
                }
            }
            Ok(answer) => Fault::of_answer(&answer, CallKind::Query, Some("Organization")),
        };
        match fault {
            Fault::Passing {
                error, retry_after, ..
            } => {
                if !attempts.next(retry_after).await {
                    return Err(error);
                }
            }
            Fault::Session(detail) => return Err(SalesforceError::AuthFailed { detail }),
            Fault::Final(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_org_is_read_from_an_identity_url_of_salesforce_s_form_alone() {
        let org = SalesforceId::parse("00DdM0000000001").ok();
        for url in [
            "https://login.salesforce.com/id/00DdM0000000001UAA/005dM000004ZOmf",
            "https://acme--uat.sandbox.my.salesforce.com/id/00DdM0000000001/005dM000004ZOmf?version=latest",
        ] {
            assert_eq!(organization_of(url), org, "{url}");
            assert_eq!(
                user_of(url),
                SalesforceId::parse("005dM000004ZOmf").ok(),
                "{url}"
            );
        }
        for url in [
            "",
            "00DdM0000000001UAA",
            "https://login.salesforce.com/id/",
            "https://login.salesforce.com/id/005dM000004ZOmf/00DdM0000000001UAA",
            "https://login.salesforce.com/00DdM0000000001UAA/005dM000004ZOmf",
            "https://login.salesforce.com/id/00DdM0000000001UAB/005dM000004ZOmf",
        ] {
            assert_eq!(organization_of(url), None, "{url}");
        }
    }
}
