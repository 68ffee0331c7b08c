//! The facts that a decision is made from, and the reading of a Salesforce row for it.

use serde_json::Value;

use crate::{
    SalesforceId, claim::Claim, digest::Digest, field, portal::Directory, record::Record,
    salesforce::Row,
};

/// Labels of the fields on the Opportunity whose API names are settings.
pub(crate) mod labels {
    pub(crate) const SYNC_FLAG: &str = "Sync with Channeltivity";
    pub(crate) const IMPORT_FLAG: &str = "Export to Channeltivity Deal";
    pub(crate) const PARTNER_EMAIL: &str = "Channeltivity Partner Email";
    pub(crate) const DISTRIBUTOR_EMAIL: &str = "Channeltivity Distributor Email";
    pub(crate) const DEAL_OWNER_TYPE: &str = "Deal Owner Type";
}

/// The facts that a decision is made from.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The Opportunity.
    pub opportunity: SalesforceId,
    /// Its fields as they are in Salesforce; [`None`] when it does not exist, was purged or is hidden.
    pub row: Option<&'a Row>,
    /// The digest that vouches for its fields; [`None`] when none does.
    pub digest: Option<Digest>,
    /// The holders of the email addresses that the Opportunity names.
    pub directory: &'a Directory,
    /// Its claim.
    pub claim: Option<&'a Claim>,
    /// The record that the claim names, if that record still exists.
    pub record: Option<&'a Record>,
    /// The claim of the Opportunity that a converted Lead became.
    pub successor: Option<&'a Claim>,
    /// The linked Lead that was converted to this Opportunity.
    pub predecessor: Option<&'a Predecessor>,
}

/// A Lead that was converted, and the record that it is linked to.
#[derive(Clone, Debug, PartialEq)]
pub struct Predecessor {
    /// Its live claim.
    pub claim: Claim,
    /// The record that the claim names.
    pub record: Record,
    /// The Lead's name.
    pub name: String,
}

/// Returns `true` if a value was read and is not blank.
pub(super) fn is_set(row: &Row, path: &str) -> bool {
    row.get(path).is_some_and(|value| !field::is_blank(value))
}

/// Returns the value at a path; null if it was not read.
pub(super) fn value_at<'a>(row: &'a Row, path: &str) -> &'a Value {
    row.get(path).unwrap_or(&Value::Null)
}

/// Returns the id in a field, if it holds one.
pub(super) fn id_at(value: &Value) -> Option<SalesforceId> {
    value
        .as_str()
        .and_then(|text| SalesforceId::parse(text).ok())
}
