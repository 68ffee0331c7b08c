//! Checks of settings against the connected org, and against the links of the org that they named before.

use dealbridge_core::settings::{InvalidSetting, Settings};
use dealbridge_lambda::aws::settings::NamedOrg;
use dealbridge_lambda::{
    http::{ProblemCode, Refusal},
    salesforce::SalesforceClient,
};
use serde_json::{Value, json};
use url::Url;

use crate::{SettingsFunction, invalid};

/// Requests to the store for counting the links of a former org; beyond them, the answer says "at least".
const REQUESTS: usize = 10;

impl SettingsFunction {
    /// Refuses settings of another org than the connected one, and settings that the connected org can never serve. Returns
    /// warnings: fields that the org lacks or hides, types that do not fit. If Salesforce does not answer, the settings are
    /// accepted with a warning, since every login checks the org.
    pub(crate) async fn warnings(
        &self,
        settings: &Settings,
        salesforce: &SalesforceClient,
    ) -> Result<Vec<Value>, Refusal> {
        let warning = |place: &str, problem: String| json!({ "place": place, "problem": problem });
        let connected = match salesforce.connected_org().await {
            Ok(connected) => connected,
            Err(error) => {
                let problem = format!(
                    "could not be held against the connected org ({error}): a run with another org's id fails with SF_ORG_CHANGED"
                );
                return Ok(vec![warning("organization_id", problem)]);
            }
        };
        let org = settings.organization_id;
        if connected.organization != org {
            return Err(invalid(&[InvalidSetting {
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
            Ok(findings) if !findings.refused.is_empty() => return Err(invalid(&findings.refused)),
            Ok(findings) => {
                let found = findings.warnings.into_iter();
                warnings.extend(found.map(|found| warning(&found.place, found.problem)));
            }
            Err(error) => {
                let problem = format!(
                    "could not be held against the fields of the connected org ({error}): runs say what they miss"
                );
                warnings.push(warning("mappings", problem));
            }
        }
        Ok(warnings)
    }

    /// Refuses another org while the former one has links, or while a run is active.
    pub(crate) async fn named_org(&self, settings: &Settings) -> Result<NamedOrg, Refusal> {
        let Some((_, before)) = self.store.settings().await? else {
            return Ok(NamedOrg::Same);
        };
        let (from, to) = (before.organization_id, settings.organization_id);
        if from == to {
            return Ok(NamedOrg::Same);
        }
        if let Some(state) = self.store.org_change().await?
            && state.ended_at.is_none()
        {
            return Err(crate::organization::under_way(&state.change));
        }
        let (mut count, mut after) = (0, None);
        for request in 1.. {
            let page = self.store.claims_after(from, after.as_deref(), None);
            let (claims, next) = page.await?;
            count += claims.len();
            after = next;
            // One is enough to refuse.
            if after.is_none() || (count > 0 && request >= REQUESTS) {
                break;
            }
        }
        if count > 0 {
            let at_least = if after.is_some() { "at least " } else { "" };
            let detail = format!(
                "The org {from} has {at_least}{count} links and suppressions. If it was refreshed or copied to the org {to}, so that its record ids are the same, move them: POST /settings/organization {{\"from\":\"{from}\",\"to\":\"{to}\",\"action\":\"move\",\"confirm\":true}}. To leave the records without links, use \"clear\". Either one names the org {to} in the settings.",
            );
            return Err(Refusal::new(ProblemCode::OrgHasLinks, detail)
                .with("from", &from)
                .with("to", &to)
                .with("links", &count)
                .with("complete", &after.is_none()));
        }
        match self.store.idle().await? {
            Ok(idle) => Ok(NamedOrg::Another(idle)),
            Err(run) => Err(crate::organization::run_active(run)),
        }
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
