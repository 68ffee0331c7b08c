//! Reading a batch of Opportunities and linked Leads, without the mapped fields that the org lacks or hides.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::left_out::{self, CURRENCY, END_USER};
use crate::{
    Email, SalesforceId, SalesforceObject,
    digest::{Digest, Digested},
    fault,
    finding::Finding,
    link,
    message::ImportRequest,
    read::{Columns, Unreadable},
    salesforce::{FieldPath, Row, Salesforce, SalesforceError},
    settings::Settings,
};

/// Opportunities and Leads as they are in Salesforce.
#[derive(Default)]
pub(crate) struct Rows {
    rows: HashMap<SalesforceId, Row>,
    digests: HashMap<SalesforceId, Digest>,
    /// Fields that the org lacks or hides, with the objects that were read.
    left_out: Vec<(SalesforceObject, Unreadable)>,
    /// Objects that the integration user has no access to at all.
    hidden: Vec<SalesforceObject>,
}

/// Reads the records of a batch: one call per 200 of an object. A field that the org lacks or hides is refused once,
/// and left out from then on until the next run begins.
pub(crate) async fn rows<F: Salesforce>(
    salesforce: &F,
    requests: &[ImportRequest],
    settings: &Settings,
    now: Timestamp,
) -> Result<Rows, SalesforceError> {
    let ids: HashSet<SalesforceId> = requests.iter().map(|request| request.opportunity).collect();
    let mut rows = Rows::default();
    for object in SalesforceObject::ALL {
        // A record of no known object is asked for among those that are imported.
        let is_one = |id: &&SalesforceId| match SalesforceObject::of(id) {
            Some(of) => of == object,
            None => object.is_imported(),
        };
        let mut ids: Vec<SalesforceId> = ids.iter().filter(is_one).copied().collect();
        ids.sort_unstable();
        if !ids.is_empty() {
            let mut columns = columns(object, settings);
            columns.recall(salesforce);
            match rows.add(salesforce, object, &ids, columns).await {
                Err(error) if !object.is_imported() && error.hides(object) => {
                    rows.hidden.push(object);
                }
                added => added?,
            }
        }
    }
    rows.vouch(settings, now);
    Ok(rows)
}

/// Reads one Opportunity, whatever was left out before.
pub(crate) async fn read<F: Salesforce>(
    salesforce: &F,
    id: SalesforceId,
    settings: &Settings,
) -> Result<Rows, SalesforceError> {
    let object = SalesforceObject::Opportunity;
    let mut rows = Rows::default();
    rows.add(salesforce, object, &[id], columns(object, settings))
        .await?;
    Ok(rows)
}

/// Reads Opportunities for a decision by each of these settings: one call per 200. Only what the first ones cannot do
/// without is needed; the rest is left out where it cannot be read.
pub(crate) async fn read_for<F: Salesforce>(
    salesforce: &F,
    ids: &[SalesforceId],
    (settings, others): (&Settings, Option<&Settings>),
) -> Result<Rows, SalesforceError> {
    let object = SalesforceObject::Opportunity;
    let (needed, mut wanted) = opportunity_fields(settings);
    if let Some(others) = others {
        let (flags, fields) = opportunity_fields(others);
        wanted.extend(flags.into_iter().chain(fields));
    }
    let mut rows = Rows::default();
    let columns = Columns::new(object.api_name(), needed, wanted);
    rows.add(salesforce, object, ids, columns).await?;
    Ok(rows)
}

fn paths<'a>(names: &'a [&str]) -> impl Iterator<Item = FieldPath> + 'a {
    names.iter().filter_map(|name| FieldPath::parse(name).ok())
}

fn columns(object: SalesforceObject, settings: &Settings) -> Columns {
    if object.is_imported() {
        let (needed, wanted) = opportunity_fields(settings);
        Columns::new(object.api_name(), needed, wanted)
    } else {
        linked_columns(object, settings)
    }
}

/// Returns the fields of an Opportunity that are needed, and those that are wanted. Only the flags are needed: the
/// fields that only imports need do not stop updates of linked records.
fn opportunity_fields(settings: &Settings) -> (Vec<FieldPath>, Vec<FieldPath>) {
    let flags = [&settings.fields.sync_flag, &settings.fields.import_flag];
    let parties = settings.party_fields().into_iter();
    let mut wanted: Vec<FieldPath> = parties.map(|(_, path)| path.clone()).collect();
    wanted.extend(paths(&END_USER));
    wanted.extend(mapped(settings, SalesforceObject::Opportunity));
    wanted.extend(paths(&["Name", "OpportunityContactRoles.Contact.Email"]));
    if !settings.currencies.is_empty() {
        wanted.extend(paths(&[CURRENCY]));
    }
    (flags.into_iter().cloned().collect(), wanted)
}

/// A record that is only ever linked need not have any of the fields.
fn linked_columns(object: SalesforceObject, settings: &Settings) -> Columns {
    let mut wanted = vec![settings.fields.sync_flag.clone()];
    wanted.extend(mapped(settings, object));
    wanted.extend(link::more_fields(object));
    Columns::new(object.api_name(), Vec::new(), wanted)
}

/// Returns the fields of an object whose values come to Channeltivity.
fn mapped(settings: &Settings, object: SalesforceObject) -> impl Iterator<Item = FieldPath> + '_ {
    let rows = settings.mapping(object).rows;
    rows.iter()
        .filter(|row| {
            row.on_create.reaches_channeltivity() || row.on_update.reaches_channeltivity()
        })
        .map(|row| row.salesforce.clone())
}

impl Rows {
    async fn add<F: Salesforce>(
        &mut self,
        salesforce: &F,
        object: SalesforceObject,
        ids: &[SalesforceId],
        mut columns: Columns,
    ) -> Result<(), SalesforceError> {
        let read = loop {
            let asked = columns.asked();
            let answer = if object.is_imported() {
                salesforce.opportunities(ids, &asked).await
            } else {
                salesforce.records(object, ids, &asked).await
            };
            match answer {
                Ok(rows) => break columns.settle(rows),
                Err(error) => columns.go_without(salesforce, error).await?,
            }
        };
        self.rows
            .extend(read.into_iter().filter_map(|row| Some((row.id()?, row))));
        self.left_out
            .extend(columns.left_out().iter().map(|one| (object, one.clone())));
        Ok(())
    }

    /// Returns `true` if the record is of an object that cannot be read: nothing is known of it.
    pub(crate) fn hides(&self, id: SalesforceId) -> bool {
        SalesforceObject::of(&id).is_some_and(|object| self.hidden.contains(&object))
    }

    pub(crate) fn get(&self, id: SalesforceId) -> Option<&Row> {
        self.rows.get(&id)
    }

    /// Returns `true` if the field was left out because the org lacks it, or hides it.
    pub(crate) fn lacks(&self, path: &FieldPath) -> bool {
        let mut left_out = self.left_out.iter();
        left_out.any(|(_, unreadable)| unreadable.path.is(path.as_str()))
    }

    /// Returns the digest that vouches for a row.
    pub(crate) fn digest(&self, id: SalesforceId) -> Option<Digest> {
        self.digests.get(&id).copied()
    }

    /// Digests the rows, as read at that time.
    fn vouch(&mut self, settings: &Settings, read_at: Timestamp) {
        for object in SalesforceObject::ALL {
            let mut rows = self
                .rows
                .iter()
                .filter(|(id, _)| SalesforceObject::of(id) == Some(object))
                .peekable();
            if rows.peek().is_none() {
                continue;
            }
            let digested = Digested::of(settings, object);
            let vouched = rows.filter_map(|(id, row)| Some((*id, digested.vouch(row, read_at)?)));
            self.digests.extend(vouched);
        }
    }

    /// Returns one run-level finding per field that is left out, with a key of its own.
    pub(crate) fn left_out(&self, settings: &Settings) -> Vec<(String, Finding)> {
        let objects = self.hidden.iter().map(|object| fault::hidden(*object));
        let fields = left_out::findings(&self.left_out, settings);
        objects.chain(fields).collect()
    }

    /// Returns the Opportunity that a converted Lead became.
    pub(crate) fn successor(&self, lead: SalesforceId) -> Option<SalesforceId> {
        let row = self.get(lead)?;
        let opportunity = row.text("ConvertedOpportunityId")?;
        SalesforceId::parse(opportunity)
            .ok()
            .filter(|_| row.is_checked("IsConverted"))
    }

    /// Returns the email addresses that the rows name.
    pub(crate) fn emails(&self, settings: &Settings) -> HashSet<Email> {
        let fields = settings.fields.emails(&settings.distributor_module);
        self.rows
            .values()
            .flat_map(|row| fields.iter().filter_map(|field| row.text(field.as_str())))
            .filter_map(|text| Email::parse(text).ok())
            .collect()
    }
}
