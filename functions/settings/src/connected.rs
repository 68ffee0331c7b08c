//! Checks of settings against the connected org.

use dealbridge_core::{
    salesforce::SalesforceError,
    settings::{InvalidSetting, Settings},
};
use dealbridge_lambda::{http::Refusal, salesforce::SalesforceClient};
use serde_json::{Value, json};
use url::Url;

use crate::invalid;

/// Refuses settings of another org than the connected one, and settings that the connected org can never serve. Returns
/// warnings: fields that the org lacks or hides, types that do not fit. If Salesforce does not answer, the settings are
/// accepted with a warning, since every login checks the org.
pub(crate) async fn warnings(
    settings: &Settings,
    salesforce: &SalesforceClient,
) -> Result<Vec<Value>, Refusal> {
    let warning = |place: &str, problem: String| json!({ "place": place, "problem": problem });
    let connected = match salesforce.connected_org().await {
        Ok(connected) => connected,
        Err(error) => {
            refuse_unchecked_sends(settings, &error)?;
            let problem = format!(
                "could not be held against the connected org ({error}): a run with another org's id fails with SF_ORG_CHANGED"
            );
            return Ok(vec![warning("organization_id", problem)]);
        }
    };
    let org = settings.organization_id;
    if connected.organization != org {
        return Err(invalid::refusal(&[InvalidSetting {
            place: "organization_id".to_owned(),
            problem: format!(
                "{org} is not the connected org, which is {}: give that id, or connect the other org",
                connected.organization
            ),
        }]));
    }
    let other = my_domain(&connected.instance_url)
        .filter(|name| !name.eq_ignore_ascii_case(&settings.my_domain));
    let problem = other.map(|name| {
        format!(
            "{} is not the My Domain of the connected org, which is {name}: pasted URLs of {name} are taken as another org's",
            settings.my_domain
        )
    });
    let mut warnings: Vec<Value> = problem
        .map(|problem| warning("my_domain", problem))
        .into_iter()
        .collect();
    match settings.check_against(salesforce).await {
        Ok(findings) if !findings.refused.is_empty() => {
            return Err(invalid::refusal(&findings.refused));
        }
        Ok(findings) => {
            let found = findings.warnings.into_iter();
            warnings.extend(found.map(|found| warning(&found.place, found.problem)));
        }
        Err(error) => {
            refuse_unchecked_sends(settings, &error)?;
            let problem = format!(
                "could not be held against the fields of the connected org ({error}): runs say what they miss"
            );
            warnings.push(warning("mappings", problem));
        }
    }
    Ok(warnings)
}

/// Refuses to have records created by settings that could not be held against the connected org: without its External
/// Id a lost answer would lead to a second record.
fn refuse_unchecked_sends(settings: &Settings, error: &SalesforceError) -> Result<(), Refusal> {
    let on = settings.send.all().filter(|(_, send)| send.is_on());
    let wrong: Vec<InvalidSetting> = on
        .map(|(kind, _)| InvalidSetting {
            place: format!("send.{}.mode", kind.as_str()),
            problem: format!(
                "the External Id field could not be held against the connected org ({error}): store the settings again when it answers, or choose the mode off"
            ),
        })
        .collect();
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(invalid::refusal(&wrong))
    }
}

/// The name of a My Domain in any of its forms: `acme--uat` of `https://acme--uat.sandbox.my.salesforce.com`.
fn my_domain(instance_url: &str) -> Option<String> {
    let url = Url::parse(instance_url).ok()?;
    let host = url.host_str()?;
    let (name, _) = host.split_once('.').filter(|_| host.contains(".my."))?;
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_my_domain_is_read_from_an_instance_s_address_where_it_has_one() {
        for (url, name) in [
            ("https://acme.my.salesforce.com", Some("acme")),
            (
                "https://acme--uat.sandbox.my.salesforce.com",
                Some("acme--uat"),
            ),
            ("https://na139.salesforce.com", None),
            ("http://127.0.0.1:8401", None),
            ("", None),
        ] {
            assert_eq!(my_domain(url).as_deref(), name, "{url}");
        }
    }
}
