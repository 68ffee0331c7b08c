//! The reasons why one Opportunity would or would not import, without importing it: the decision of [`decide::decide`],
//! in words.

use serde::Serialize;
use serde_json::Value;

use crate::{
    SalesforceId, SalesforceObject,
    code::Code,
    decide::{self, Condition, Facts, Predecessor, Verdict},
    digest::Digested,
    field,
    finding::{self, Finding},
    import::{Stop, conversion::find_predecessors, read},
    ports::{ClaimStore, Consistency, ImportStore, PortError, Portal},
    record_url::{self, ConnectedOrg, RecordUrlError, url_of},
    salesforce::{Row, Salesforce, SalesforceError},
    settings::Settings,
};

/// The use case, over its ports.
#[derive(Debug)]
pub struct Explain<'a, F, P, S> {
    /// Salesforce.
    pub salesforce: &'a F,
    /// Settings and people.
    pub portal: &'a P,
    /// Claims and records.
    pub store: &'a S,
    /// The address of the connected org.
    pub instance_url: &'a str,
}

/// The reason why an Opportunity cannot be explained.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExplainError {
    /// The text names no record of the org.
    #[error(transparent)]
    Url(RecordUrlError),
    /// The text names a Lead.
    #[error(
        "{0} is a Lead, and only Opportunities are imported: paste the URL or the id of an Opportunity"
    )]
    NotAnOpportunity(SalesforceId),
    /// The Opportunity does not exist, or is hidden, and nothing is known of it.
    #[error(
        "the Opportunity {0} does not exist in Salesforce, or the integration user cannot see it: check the id, or share the record with the integration user"
    )]
    NotFound(SalesforceId),
    /// A Salesforce fault.
    #[error(transparent)]
    Salesforce(#[from] SalesforceError),
    /// A fault of the store.
    #[error(transparent)]
    Port(#[from] PortError),
    /// The org's address is not a valid URL.
    #[error(transparent)]
    Instance(#[from] record_url::InvalidInstanceUrl),
}

/// The outlook for an Opportunity, with every condition.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The Opportunity.
    pub opportunity: Opportunity,
    /// The action that the next run would take.
    pub verdict: Outlook,
    /// Every condition that the import checks, with the value read.
    pub conditions: Vec<Explained>,
    /// The faults of the integration itself that were met on the way.
    pub warnings: Vec<Warning>,
}

/// An Opportunity, with enough to recognise it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Opportunity {
    /// Its id.
    pub id: SalesforceId,
    /// Its name, unless it cannot be read.
    pub name: Option<String>,
    /// Its page in Salesforce.
    pub url: String,
}

/// The action that the next run would take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outlook {
    /// It would become a Deal.
    WouldImport,
    /// Its record or the link's status would change.
    WouldUpdate,
    /// Nothing would change.
    Unchanged,
    /// It would have an open problem.
    WouldFail,
    /// It was unlinked on purpose, and imports leave it alone.
    Suppressed,
    /// It is not flagged for import, or gone.
    NotACandidate,
}

impl Outlook {
    /// Returns the action that a verdict leads to.
    #[must_use]
    pub fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Import(_) => Self::WouldImport,
            Verdict::Fail | Verdict::FailAndUpdate(_) => Self::WouldFail,
            Verdict::Unchanged => Self::Unchanged,
            // A Lead's link moves, and Leads are not explained.
            Verdict::Move(_) | Verdict::TakeOver => Self::WouldUpdate,
            Verdict::Update(update) if update.is_change => Self::WouldUpdate,
            Verdict::Update(_) => Self::Unchanged,
            Verdict::Suppressed => Self::Suppressed,
            Verdict::NotACandidate(_) => Self::NotACandidate,
        }
    }
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// The code that it fails with.
    pub code: Code,
    /// The condition in words; none for what is noted beside the conditions.
    pub condition: Option<&'static str>,
    /// `true` if the condition is met.
    pub passed: bool,
    /// The API name of the field that it reads.
    pub field: Option<String>,
    /// The value read.
    pub value: Option<String>,
    /// The problem, if the condition is not met.
    pub message: Option<String>,
    /// The remedy.
    pub suggestion: Option<String>,
}

/// A fault that concerns more than this Opportunity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// The code.
    pub code: Code,
    /// The problem.
    pub message: String,
    /// The remedy.
    pub suggestion: String,
}

impl<F: Salesforce, P: Portal, S: ImportStore + ClaimStore> Explain<'_, F, P, S> {
    /// Explains the Opportunity that a pasted id or URL names. Reads only: one Salesforce call and a few reads of the
    /// store.
    ///
    /// # Errors
    /// [`ExplainError`].
    pub async fn by_url(&self, text: &str) -> Result<Explanation, ExplainError> {
        let settings = self.portal.settings().await?;
        let org = ConnectedOrg::new(self.instance_url, Some(&settings.my_domain))?;
        let record = record_url::parse(text, &org).map_err(ExplainError::Url)?;
        if record.object.is_imported() {
            self.opportunity(record.id, &org, &settings).await
        } else {
            Err(ExplainError::NotAnOpportunity(record.id))
        }
    }

    async fn opportunity(
        &self,
        id: SalesforceId,
        org: &ConnectedOrg,
        settings: &Settings,
    ) -> Result<Explanation, ExplainError> {
        let salesforce = self.salesforce.of(settings.organization_id).await?;
        let rows = read::read(&salesforce, id, settings).await?;
        let mut known = self
            .store
            .known(settings.organization_id, &[id], Consistency::Strong)
            .await?;
        let claim = known.claims.remove(&id);
        let row = rows.get(id);
        if row.is_none() && claim.is_none() {
            return Err(ExplainError::NotFound(id));
        }
        let mut records = match &claim {
            Some(claim) => {
                self.store
                    .records(std::slice::from_ref(&claim.record))
                    .await?
            }
            None => std::collections::HashMap::new(),
        };
        let record = claim
            .as_ref()
            .and_then(|claim| records.remove(&claim.record));
        let directory = self.portal.directory(&rows.emails(settings)).await?;
        let mut facts = Facts {
            opportunity: id,
            row,
            digest: row
                .map(|row| Digested::of(settings, SalesforceObject::Opportunity).digest(row)),
            directory: &directory,
            claim: claim.as_ref(),
            record: record.as_ref(),
            successor: None,
            predecessor: None,
        };
        let predecessor = self.predecessor(&facts, settings).await?;
        facts.predecessor = predecessor.as_ref();
        let name = row.and_then(|row| row.text("Name")).map(str::to_owned);
        let label = finding::label("Opportunity", id, name.as_deref().unwrap_or_default());
        let disabled = (!settings.enabled).then(|| Finding::new(Code::IntegrationDisabled));
        let missing = rows.left_out(settings);
        let missing = missing.into_iter().map(|(_, finding)| finding);
        let warning = |finding: Finding| {
            let (message, suggestion) = finding.sentences(&label);
            Warning {
                code: finding.code,
                message,
                suggestion,
            }
        };
        let (verdict, conditions) = look(&facts, settings, &label);
        Ok(Explanation {
            opportunity: Opportunity {
                id,
                name,
                url: url_of(org, SalesforceObject::Opportunity, id),
            },
            verdict,
            conditions,
            warnings: disabled.into_iter().chain(missing).map(warning).collect(),
        })
    }
}

impl<F: Salesforce, P: Portal, S: ImportStore + ClaimStore> Explain<'_, F, P, S> {
    /// Returns the linked Lead whose link the Opportunity would take over instead of being imported.
    async fn predecessor(
        &self,
        facts: &Facts<'_>,
        settings: &Settings,
    ) -> Result<Option<Predecessor>, ExplainError> {
        if !matches!(decide::decide(facts, settings).verdict, Verdict::Import(_)) {
            return Ok(None);
        }
        let ids = [facts.opportunity];
        let org = settings.organization_id;
        match find_predecessors(self.salesforce, self.store, &ids, org).await {
            Ok(mut found) => Ok(found.remove(&facts.opportunity)),
            Err(Stop::Port(error)) => Err(error.into()),
            Err(Stop::Fault(error)) => Err(error.into()),
        }
    }
}

/// Makes the decision on the facts and returns it with every condition: those that the decision itself checked, or, if
/// it checked none, those that a flagged Opportunity without a link would have to meet.
fn look(facts: &Facts<'_>, settings: &Settings, label: &str) -> (Outlook, Vec<Explained>) {
    let decision = decide::decide(facts, settings);
    let said =
        |passed: bool, finding: Finding| Explained::of(&Condition { passed, finding }, label);
    let noted = |finding: Finding| Explained {
        passed: true,
        ..said(false, finding)
    };
    let verdict = Outlook::of(&decision.verdict);
    let mut conditions: Vec<Explained> = match decision.verdict {
        Verdict::Import(deal) => deal.hidden.into_iter().map(noted).collect(),
        Verdict::Fail | Verdict::FailAndUpdate(_) | Verdict::Unchanged | Verdict::Move(_) => {
            Vec::new()
        }
        Verdict::TakeOver => taken_over(facts),
        Verdict::Update(update) => update.findings.into_iter().map(noted).collect(),
        Verdict::Suppressed => {
            let other = facts.claim.map(|claim| claim.record.to_string());
            let finding = Finding::new(Code::ImportSuppressed).other(other.unwrap_or_default());
            vec![said(false, finding)]
        }
        Verdict::NotACandidate(mut finding) => {
            let path = api_name(&finding.context.field);
            if let Some(value) = facts.row.and_then(|row| row.get(path)) {
                finding.context.value = field::shown(value);
            }
            vec![said(false, finding)]
        }
    };
    let checked = if decision.conditions.is_empty() {
        as_candidate(facts, settings)
    } else {
        decision.conditions
    };
    conditions.extend(
        checked
            .iter()
            .map(|condition| Explained::of(condition, label)),
    );
    (verdict, conditions)
}

/// Returns the conditions of the same Opportunity if it were flagged and had no link.
fn as_candidate(facts: &Facts<'_>, settings: &Settings) -> Vec<Condition> {
    let Some(row) = facts.row.filter(|row| !row.is_checked("IsDeleted")) else {
        return Vec::new();
    };
    let flag = settings.fields.import_flag.as_str();
    let mut fields = row.0.clone();
    fields.retain(|name, _| !name.eq_ignore_ascii_case(flag));
    fields.insert(flag.to_owned(), Value::Bool(true));
    let flagged = Row(fields);
    let facts = Facts {
        row: Some(&flagged),
        claim: None,
        record: None,
        predecessor: None,
        ..*facts
    };
    decide::decide(&facts, settings).conditions
}

impl Explained {
    fn of(condition: &Condition, label: &str) -> Self {
        let finding = &condition.finding;
        let filled = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let sentences = (!condition.passed).then(|| finding.sentences(label));
        let (message, suggestion) = sentences.unzip();
        Self {
            code: finding.code,
            condition: decide::in_words(finding.code),
            passed: condition.passed,
            field: filled(api_name(&finding.context.field)),
            value: filled(&finding.context.value),
            message,
            suggestion,
        }
    }
}

/// Returns `StageName` of `Stage (StageName)`.
fn api_name(field: &str) -> &str {
    field
        .rsplit_once(" (")
        .and_then(|(_, name)| name.strip_suffix(')'))
        .unwrap_or(field)
}

/// Returns the condition that says a linked Lead's link moves to this Opportunity.
fn taken_over(facts: &Facts<'_>) -> Vec<Explained> {
    let of = |lead: &Predecessor| {
        let finding = Finding::new(Code::LinkMoved)
            .value(facts.opportunity.as_str())
            .other(lead.record.id.to_string());
        let label = finding::label("Lead", lead.claim.salesforce, &lead.name);
        let condition = Condition {
            passed: false,
            finding,
        };
        Explained {
            passed: true,
            ..Explained::of(&condition, &label)
        }
    };
    facts.predecessor.map(of).into_iter().collect()
}

#[cfg(test)]
mod tests;
