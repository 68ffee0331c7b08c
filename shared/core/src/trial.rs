//! A trial of settings: the latest candidates decided with them beside today's, by the decision that the import makes.
//! Nothing is written.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    SalesforceId, SalesforceObject, SystemModstamp,
    decide::{self, Decision, Facts, Predecessor, Verdict},
    digest::Digested,
    explain::{Opportunity, Outlook, Warning},
    fault,
    finding::{self, Finding},
    import::{
        Stop,
        conversion::find_predecessors,
        read::{Rows, read_for},
    },
    portal::Directory,
    ports::{ClaimStore, Consistency, ImportStore, PortError, Portal, StoredStates},
    record::{Record, RecordId},
    record_url::{self, ConnectedOrg, url_of},
    salesforce::{Deleted, FieldPath, Listing, Row, Salesforce, SalesforceError},
    settings::Settings,
};

/// The number of Opportunities that are tried: one query reads them.
pub const MAX_OPPORTUNITIES: usize = 200;

/// The use case, over its ports.
#[derive(Debug)]
pub struct Trial<'a, F, P, S> {
    /// Salesforce.
    pub salesforce: &'a F,
    /// People.
    pub portal: &'a P,
    /// Claims and records.
    pub store: &'a S,
    /// The address of the connected org.
    pub instance_url: &'a str,
}

/// The reason why settings cannot be tried.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrialError {
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

impl From<Stop> for TrialError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Port(error) => error.into(),
            Stop::Fault(error) => error.into(),
        }
    }
}

/// The result of a trial.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tried {
    /// The Opportunities that were looked at, the latest first.
    pub items: Vec<TriedOpportunity>,
    /// The number of those for which something would change.
    pub changed: usize,
    /// The verdicts of today's settings, with the number of Opportunities of each; absent without today's settings.
    pub today: Option<BTreeMap<Outlook, usize>>,
    /// The verdicts of the settings that are tried.
    pub then: BTreeMap<Outlook, usize>,
    /// The faults that the settings that are tried meet.
    pub warnings: Vec<Warning>,
    /// The fault that keeps today's settings from deciding anything.
    pub today_fault: Option<Warning>,
}

/// One Opportunity, decided twice.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TriedOpportunity {
    /// The Opportunity.
    pub opportunity: Opportunity,
    /// `true` if it would fare otherwise than today.
    pub is_changed: bool,
    /// Its fate with today's settings.
    pub today: Option<Fate>,
    /// Its fate with the settings that are tried.
    pub then: Fate,
    /// The values that its record would have otherwise than with today's settings.
    pub fields: Vec<FieldChange>,
}

/// The fate of an Opportunity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fate {
    /// The action that a run would take.
    pub verdict: Outlook,
    /// The conditions that fail.
    pub failures: Vec<Warning>,
}

/// A value of a record, twice.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldChange {
    /// The field's name, or that of a member of the record.
    pub field: String,
    /// The value with today's settings; null for none.
    pub today: Value,
    /// The value with the settings that are tried; null for none.
    pub then: Value,
}

/// Everything that is known of the Opportunities.
struct Known {
    rows: Rows,
    directory: Directory,
    stored: StoredStates,
    records: HashMap<RecordId, Record>,
    predecessors: HashMap<SalesforceId, Predecessor>,
}

impl Known {
    fn decide(&self, id: SalesforceId, settings: &Settings) -> Decision {
        let row = self.rows.get(id);
        let claim = self.stored.claims.get(&id);
        let digested = Digested::of(settings, SalesforceObject::Opportunity);
        let facts = Facts {
            opportunity: id,
            row,
            digest: row.map(|row| digested.digest(row)),
            directory: &self.directory,
            claim,
            record: claim.and_then(|claim| self.records.get(&claim.record)),
            successor: None,
            predecessor: self.predecessors.get(&id),
        };
        decide::decide(&facts, settings)
    }
}

impl<F: Salesforce, P: Portal, S: ImportStore + ClaimStore> Trial<'_, F, P, S> {
    /// Decides the latest flagged Opportunities with these settings and with today's. Costs one Salesforce call for the
    /// listing, a second one if the two name different Import Flags, one for the read, and one for converted Leads.
    ///
    /// # Errors
    /// [`TrialError`].
    pub async fn run(
        &self,
        settings: &Settings,
        today: Option<&Settings>,
    ) -> Result<Tried, TrialError> {
        let org = ConnectedOrg::new(self.instance_url, Some(&settings.my_domain))?;
        let salesforce = self.salesforce.of(settings.organization_id).await?;
        let ids = latest(&salesforce, settings, today).await?;
        let mut known = self.know(&salesforce, &ids, (settings, today)).await?;
        let today_fault = today.and_then(|today| fault_of(today, settings, &known.rows));
        let today = today.filter(|_| today_fault.is_none());
        let both = || std::iter::once(settings).chain(today);
        let importing: Vec<SalesforceId> = ids
            .iter()
            .copied()
            .filter(|id| {
                both().any(|settings| {
                    matches!(known.decide(*id, settings).verdict, Verdict::Import(_))
                })
            })
            .collect();
        known.predecessors = find_predecessors(
            &salesforce,
            self.store,
            &importing,
            settings.organization_id,
        )
        .await?;
        let items: Vec<TriedOpportunity> = ids
            .iter()
            .map(|id| known.tried(*id, (settings, today), &org))
            .collect();
        let count = |verdicts: &mut dyn Iterator<Item = Outlook>| {
            let mut counts = BTreeMap::new();
            for verdict in verdicts {
                *counts.entry(verdict).or_default() += 1;
            }
            counts
        };
        let missing = known.rows.left_out(settings).into_iter();
        Ok(Tried {
            changed: items.iter().filter(|item| item.is_changed).count(),
            today: today.map(|_| {
                let fates = items.iter().filter_map(|item| item.today.as_ref());
                count(&mut fates.map(|fate| fate.verdict))
            }),
            then: count(&mut items.iter().map(|item| item.then.verdict)),
            warnings: missing
                .map(|(_, finding)| said(&finding, "the run"))
                .collect(),
            today_fault: today_fault.map(|finding| said(&finding, "the run")),
            items,
        })
    }

    async fn know(
        &self,
        salesforce: &F,
        ids: &[SalesforceId],
        (settings, today): (&Settings, Option<&Settings>),
    ) -> Result<Known, TrialError> {
        if ids.is_empty() {
            return Ok(Known {
                rows: Rows::default(),
                directory: Directory::default(),
                stored: StoredStates::default(),
                records: HashMap::new(),
                predecessors: HashMap::new(),
            });
        }
        let rows = read_for(salesforce, ids, (settings, today)).await?;
        let emails = std::iter::once(settings)
            .chain(today)
            .flat_map(|settings| rows.emails(settings))
            .collect();
        let org = settings.organization_id;
        let stored = self.store.known(org, ids, Consistency::Eventual).await?;
        let records: Vec<RecordId> = stored
            .claims
            .values()
            .map(|claim| claim.record.clone())
            .collect();
        Ok(Known {
            directory: self.portal.directory(&emails).await?,
            records: if records.is_empty() {
                HashMap::new()
            } else {
                self.store.records(&records).await?
            },
            rows,
            stored,
            predecessors: HashMap::new(),
        })
    }
}

/// Returns the latest Opportunities that either settings would import, the newest first.
async fn latest<F: Salesforce>(
    salesforce: &F,
    settings: &Settings,
    today: Option<&Settings>,
) -> Result<Vec<SalesforceId>, SalesforceError> {
    let flag = &settings.fields.import_flag;
    let mut rows = flagged(salesforce, flag).await?;
    let other = today.map(|today| &today.fields.import_flag);
    if let Some(other) = other.filter(|other| !other.is(flag.as_str())) {
        match flagged(salesforce, other).await {
            // Today's settings name what is not there: that may be why they are to change.
            Err(error) if error.is_configuration() => {}
            others => rows.extend(others?),
        }
    }
    rows.sort_by_key(|(stamp, id)| (std::cmp::Reverse(*stamp), *id));
    rows.dedup();
    rows.truncate(MAX_OPPORTUNITIES);
    Ok(rows.into_iter().map(|(_, id)| id).collect())
}

/// Returns the latest Opportunities with that flag: one page of their listing.
async fn flagged<F: Salesforce>(
    salesforce: &F,
    flag: &FieldPath,
) -> Result<Vec<(SystemModstamp, SalesforceId)>, SalesforceError> {
    let listing = Listing {
        object: SalesforceObject::Opportunity,
        fields: Vec::new(),
        flag: Some(flag.clone()),
        since: None,
        before: None,
        after: None,
        up_to: None,
        deleted: Deleted::Left,
    };
    let page = salesforce.list(&listing).await?;
    let row = |row: &Row| Some((row.stamp()?, row.id()?));
    Ok(page.rows.iter().filter_map(row).collect())
}

/// Returns the fault that keeps today's settings from deciding anything: a flag that cannot be read.
fn fault_of(today: &Settings, settings: &Settings, rows: &Rows) -> Option<Finding> {
    let flags = [&today.fields.sync_flag, &today.fields.import_flag];
    let lacking = flags.into_iter().find(|flag| rows.lacks(flag))?;
    if today.organization_id != settings.organization_id {
        return None;
    }
    let error = SalesforceError::FieldMissing {
        object: SalesforceObject::Opportunity.api_name().to_owned(),
        field: lacking.to_string(),
    };
    Some(fault::finding_by_setting(&error, today))
}

fn said(finding: &Finding, label: &str) -> Warning {
    let (message, suggestion) = finding.sentences(label);
    Warning {
        code: finding.code,
        message,
        suggestion,
    }
}

impl Known {
    fn tried(
        &self,
        id: SalesforceId,
        (settings, today): (&Settings, Option<&Settings>),
        org: &ConnectedOrg,
    ) -> TriedOpportunity {
        let name = self.rows.get(id).and_then(|row| row.text("Name"));
        let label = finding::label("Opportunity", id, name.unwrap_or_default());
        let fate = |decision: &Decision| Fate {
            verdict: Outlook::of(&decision.verdict),
            failures: decision
                .failures()
                .iter()
                .map(|finding| said(finding, &label))
                .collect(),
        };
        let then = self.decide(id, settings);
        let now = today.map(|today| self.decide(id, today));
        let fields = now
            .as_ref()
            .map(|now| differences(&values(&now.verdict), &values(&then.verdict)))
            .unwrap_or_default();
        let (today, then) = (now.as_ref().map(fate), fate(&then));
        TriedOpportunity {
            opportunity: Opportunity {
                id,
                name: name.map(str::to_owned),
                url: url_of(org, SalesforceObject::Opportunity, id),
            },
            is_changed: today.as_ref().is_some_and(|today| *today != then) || !fields.is_empty(),
            today,
            then,
            fields,
        }
    }
}

/// Returns the values that a verdict gives a record; none where it makes or changes none.
fn values(verdict: &Verdict) -> Option<Map<String, Value>> {
    match verdict {
        Verdict::Import(deal) => {
            let mut values = deal.fields.clone();
            let mut add = |name: &str, value: Value| values.insert(name.to_owned(), value);
            add("owner", deal.owner.as_str().into());
            add("partner", deal.partner.clone().into());
            add("distributor", deal.distributor.clone().into());
            add(
                "registrationStatus",
                deal.registration_status.as_str().into(),
            );
            Some(values)
        }
        Verdict::Update(update) | Verdict::FailAndUpdate(update) => Some(update.fields.clone()),
        Verdict::Unchanged => Some(Map::new()),
        _ => None,
    }
}

/// Returns what differs between the values of two verdicts. What only one of them makes is no difference of values: the
/// verdicts tell it.
fn differences(
    today: &Option<Map<String, Value>>,
    then: &Option<Map<String, Value>>,
) -> Vec<FieldChange> {
    let (Some(today), Some(then)) = (today, then) else {
        return Vec::new();
    };
    let value =
        |values: &Map<String, Value>, name: &str| values.get(name).cloned().unwrap_or(Value::Null);
    let added = then.keys().filter(|name| !today.contains_key(*name));
    today
        .keys()
        .chain(added)
        .filter(|name| value(today, name) != value(then, name))
        .map(|name| FieldChange {
            field: name.clone(),
            today: value(today, name),
            then: value(then, name),
        })
        .collect()
}
