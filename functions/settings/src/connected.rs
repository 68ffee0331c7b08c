//! Checks of settings against the connected org.

use dealbridge_core::{
    salesforce::SalesforceError,
    settings::{InvalidSetting, Settings},
};
use dealbridge_lambda::{
    http::Refusal,
    salesforce::{Connected, SalesforceClient},
};
use serde_json::Value;
use url::Url;

use crate::invalid;

/// The mismatches between settings and the connected org.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    /// Problems that keep the settings from being stored.
    pub(crate) refused: Vec<InvalidSetting>,
    /// Problems of what works as soon as the org is mended.
    pub(crate) warnings: Vec<InvalidSetting>,
}

impl Compared {
    /// Refuses settings that the connected org can never serve. Returns the warnings.
    pub(crate) fn warnings(self) -> Result<Vec<Value>, Refusal> {
        if self.refused.is_empty() {
            Ok(invalid::list(&self.warnings))
        } else {
            Err(invalid::refusal(&self.refused))
        }
    }

    fn warn(&mut self, place: &str, problem: String) {
        self.warnings.push(InvalidSetting {
            place: place.to_owned(),
            problem,
        });
    }
}

/// Compares settings with the connected org: another org than they name is refused, and so is what it can never serve.
/// Warnings are fields that the org lacks or hides. If Salesforce does not answer, that is a warning, since every login
/// checks the org. A row that the stored settings have may be of another type than its field; it is not chosen anew.
pub(crate) async fn compare(
    (settings, before): (&Settings, Option<&Settings>),
    connected: Result<&Connected, &SalesforceError>,
    salesforce: &SalesforceClient,
) -> Compared {
    let mut compared = Compared::default();
    let connected = match connected {
        Ok(connected) => connected,
        Err(error) => {
            compared.refused = unchecked_sends(settings, error);
            let problem = format!(
                "could not be held against the connected org ({error}): a run with another org's id fails with SF_ORG_CHANGED"
            );
            compared.warn("organization_id", problem);
            return compared;
        }
    };
    let org = settings.organization_id;
    if connected.organization != org {
        compared.refused.push(InvalidSetting {
            place: "organization_id".to_owned(),
            problem: format!(
                "{org} is not the connected org, which is {}: give that id, or connect the other org",
                connected.organization
            ),
        });
        return compared;
    }
    let other = my_domain(&connected.instance_url)
        .filter(|name| !name.eq_ignore_ascii_case(&settings.my_domain));
    if let Some(name) = other {
        let problem = format!(
            "{} is not the My Domain of the connected org, which is {name}: pasted URLs of {name} are taken as another org's",
            settings.my_domain
        );
        compared.warn("my_domain", problem);
    }
    match settings.check_against(salesforce, before).await {
        Ok(findings) => {
            compared.refused.extend(findings.refused);
            compared.warnings.extend(findings.warnings);
        }
        Err(error) => {
            compared.refused = unchecked_sends(settings, &error);
            let problem = format!(
                "could not be held against the fields of the connected org ({error}): runs say what they miss"
            );
            compared.warn("mappings", problem);
        }
    }
    compared
}

/// The modes of sending that must not be stored while they could not be held against the connected org: without its
/// External Id a lost answer would lead to a second record.
fn unchecked_sends(settings: &Settings, error: &SalesforceError) -> Vec<InvalidSetting> {
    let on = settings.send.all().filter(|(_, send)| send.is_on());
    on.map(|(kind, _)| InvalidSetting {
        place: format!("send.{}.mode", kind.as_str()),
        problem: format!(
            "the External Id field could not be held against the connected org ({error}): store the settings again when it answers, or choose the mode off"
        ),
    })
    .collect()
}

/// The name of a My Domain in any of its forms: `acme--uat` of `https://acme--uat.sandbox.my.salesforce.com`.
pub(crate) fn my_domain(instance_url: &str) -> Option<String> {
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
