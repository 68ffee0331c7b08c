//! Reading a batch of Opportunities, around mapped fields that the org does not have.

use std::collections::{HashMap, HashSet};

use crate::{
    Email, SalesforceId, SalesforceObject,
    code::Code,
    finding::Finding,
    link,
    message::ImportRequest,
    salesforce::{FieldPath, Row, Salesforce, SalesforceError},
    settings::{STAGE, Settings},
};

/// Opportunities as they are in Salesforce.
pub(crate) struct Rows {
    rows: HashMap<SalesforceId, Row>,
    /// Mapped fields that the org does not have or hides: their rows of the mapping are left out.
    pub(crate) missing: Vec<FieldPath>,
}

/// Reads the records of a batch: one call per 200 of an object, one more for each mapped field that is missing.
pub(crate) async fn rows<F: Salesforce>(
    salesforce: &F,
    requests: &[ImportRequest],
    settings: &Settings,
) -> Result<Rows, SalesforceError> {
    let ids: HashSet<SalesforceId> = requests.iter().map(|request| request.opportunity).collect();
    let is_lead = |id: &SalesforceId| id.object() == Some(SalesforceObject::Lead);
    let (mut leads, mut opportunities): (Vec<_>, Vec<_>) = ids.into_iter().partition(is_lead);
    opportunities.sort_unstable();
    leads.sort_unstable();
    let mut rows = if opportunities.is_empty() {
        Rows {
            rows: HashMap::new(),
            missing: Vec::new(),
        }
    } else {
        read(salesforce, &opportunities, settings).await?
    };
    if !leads.is_empty() {
        let mut fields = link::plan::fields_to_read(settings, SalesforceObject::Lead);
        fields.extend(link::more_fields(SalesforceObject::Lead));
        let read =
            link::read_around_missing(salesforce, SalesforceObject::Lead, &leads, &mut fields)
                .await?;
        rows.rows
            .extend(read.into_iter().filter_map(|row| Some((row.id()?, row))));
    }
    Ok(rows)
}

/// Reads Opportunities by id.
pub(crate) async fn read<F: Salesforce>(
    salesforce: &F,
    ids: &[SalesforceId],
    settings: &Settings,
) -> Result<Rows, SalesforceError> {
    let mut fields = settings.opportunity_fields();
    if !settings.currencies.is_empty() {
        fields.extend(FieldPath::parse("CurrencyIsoCode"));
    }
    let mut missing = Vec::new();
    loop {
        match salesforce.opportunities(ids, &fields).await {
            Ok(rows) => {
                let rows = rows
                    .into_iter()
                    .filter_map(|row| Some((row.id()?, row)))
                    .collect();
                return Ok(Rows { rows, missing });
            }
            Err(SalesforceError::FieldMissing { object, field }) => {
                // The path whose last part Salesforce does not know; its parents may carry the same name elsewhere.
                let at = fields.iter().position(|path| {
                    path.as_str().eq_ignore_ascii_case(&field)
                        || path
                            .as_str()
                            .rsplit('.')
                            .next()
                            .is_some_and(|last| last.eq_ignore_ascii_case(&field))
                        || path
                            .as_str()
                            .split('.')
                            .next()
                            .is_some_and(|first| first.eq_ignore_ascii_case(&field))
                });
                let Some(at) = at.filter(|at| may_go_without(&fields[*at], settings)) else {
                    return Err(SalesforceError::FieldMissing { object, field });
                };
                missing.push(fields.remove(at));
            }
            Err(error) => return Err(error),
        }
    }
}

/// Flags and party fields must be there, and so must fields that feed a required Deal field.
fn may_go_without(path: &FieldPath, settings: &Settings) -> bool {
    let is_setting = settings
        .fields
        .named()
        .iter()
        .any(|(_, name)| *name == path);
    let feeds_required = settings
        .mappings
        .iter()
        .filter(|row| row.salesforce == *path)
        .any(|row| {
            row.channeltivity == STAGE
                || settings
                    .deal_field(&row.channeltivity)
                    .is_some_and(|field| field.required)
        });
    !is_setting && !feeds_required && path.as_str() != "CurrencyIsoCode"
}

impl Rows {
    pub(crate) fn get(&self, id: SalesforceId) -> Option<&Row> {
        self.rows.get(&id)
    }

    /// One run-level finding per mapping row whose field is missing.
    pub(crate) fn missing_findings<'a>(
        &'a self,
        settings: &'a Settings,
    ) -> impl Iterator<Item = (&'a FieldPath, Finding)> + 'a {
        self.missing.iter().map(|path| {
            let rows = settings
                .mappings
                .iter()
                .filter(|row| row.salesforce == *path);
            let names: Vec<String> = rows
                .map(|row| format!("{} <- {}", row.channeltivity, row.salesforce))
                .collect();
            let mut finding = Finding::new(Code::SfFieldMissing).value(format!(
                "; the mapping row {} is left out",
                names.join(", ")
            ));
            finding.context.field = format!("Opportunity.{path}");
            (path, finding)
        })
    }

    /// The Opportunity that a converted Lead became.
    pub(crate) fn successor(&self, lead: SalesforceId) -> Option<SalesforceId> {
        let row = self.get(lead)?;
        let opportunity = row.text("ConvertedOpportunityId")?;
        SalesforceId::parse(opportunity)
            .ok()
            .filter(|_| row.is_checked("IsConverted"))
    }

    /// The addresses that the rows name.
    pub(crate) fn emails(&self, settings: &Settings) -> HashSet<Email> {
        let fields = [
            &settings.fields.partner_email,
            &settings.fields.distributor_email,
        ];
        self.rows
            .values()
            .flat_map(|row| fields.iter().filter_map(|field| row.text(field.as_str())))
            .filter_map(|text| Email::parse(text).ok())
            .collect()
    }
}
