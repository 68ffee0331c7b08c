//! The port of Salesforce: its calls, and the answers that it may give.

mod describe;
mod error;
mod field_path;
mod row;
mod upsert;

use std::future::Future;

use serde_json::{Map, Value};

pub(crate) use self::row::field;
pub use self::{
    describe::DescribedField,
    error::{OBJECT_ITSELF, SalesforceError},
    field_path::{FieldPath, InvalidFieldPath},
    row::Row,
    upsert::{AssignmentRules, DuplicateRules, ExternalId, Match, NewRecord, UpsertOutcome},
};
use crate::{SalesforceId, SalesforceObject, SystemModstamp, email::Email, schema::Schema};

/// A listing of an object's records, newest SystemModstamp first (then by Id).
///
/// Newest first makes the first row's stamp the run's watermark: everything that the query could see is at or before
/// it, and a record edited while the pages are read moves ahead of them, to be listed by the next run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The object.
    pub object: SalesforceObject,
    /// The fields to read beside Id, IsDeleted and SystemModstamp.
    pub fields: Vec<FieldPath>,
    /// Only records on which this checkbox is on; every record when absent.
    pub flag: Option<FieldPath>,
    /// Only records whose stamp is at or past this.
    pub since: Option<SystemModstamp>,
    /// Only records whose stamp is before this.
    pub before: Option<SystemModstamp>,
    /// Only records that come after this one in the listing's order: the place where an earlier attempt stopped.
    pub after: Option<(SystemModstamp, SalesforceId)>,
    /// Only records whose id is at most this.
    pub up_to: Option<SalesforceId>,
    /// The rows of the recycle bin, included (`queryAll`) or not.
    pub deleted: Deleted,
}

/// The part of deleted rows in a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deleted {
    /// `queryAll`: rows of the recycle bin and merged rows too, with IsDeleted.
    Included,
    /// `query`: live rows only.
    Left,
}

/// One page of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The rows, in order.
    pub rows: Vec<Row>,
    /// The locator of the next page; none on the last one.
    pub next: Option<Locator>,
}

/// Salesforce's `nextRecordsUrl`, checked to lead to the connected org.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locator(pub String);

/// The result of a write of fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpdateOutcome {
    /// The values are there.
    Written,
    /// Someone edited the record since the given stamp (HTTP 412): nothing was written.
    ChangedSince,
    /// The record is in the recycle bin or gone (ENTITY_IS_DELETED, NOT_FOUND).
    Gone,
    /// Refused for good: validation rule, field not writable, converted lead and the like.
    Refused {
        /// Salesforce's errorCode.
        code: String,
        /// Salesforce's message.
        message: String,
        /// The fields that the message names.
        fields: Vec<String>,
    },
    /// The row is locked (UNABLE_TO_LOCK_ROW) after bounded retries: try again later.
    Locked,
}

/// The Salesforce org, as the use cases need it. Each method costs the API calls that it states; a token is fetched
/// when needed.
pub trait Salesforce: Send + Sync {
    /// Returns the same org, held to its id: logs in if no session is kept, and every call fails with
    /// [`SalesforceError::OrgChanged`] if the session it would use is another org's, at this and at each later login.
    ///
    /// Costs no call beside a login that the first call would need, because the login itself names the org.
    fn of(&self, org: SalesforceId) -> impl Future<Output = Result<Self, SalesforceError>> + Send
    where
        Self: Sized;

    /// Starts a listing: one call.
    fn list(&self, listing: &Listing)
    -> impl Future<Output = Result<Page, SalesforceError>> + Send;

    /// Reads the next page of a listing: one call.
    fn next(&self, locator: &Locator)
    -> impl Future<Output = Result<Page, SalesforceError>> + Send;

    /// Reads Opportunities by id with the given fields, the recycle bin included: one call for up to 200 ids, more only
    /// if the answer has more pages. Paths that begin with `OpportunityContactRoles.` are read of **all** Contact Roles
    /// (a child subquery). A field of the Account, or of a role's Contact, brings its Id along; a deleted parent reads
    /// as null. Ids that are not in the answer do not exist, were purged or are hidden.
    fn opportunities(
        &self,
        ids: &[SalesforceId],
        fields: &[FieldPath],
    ) -> impl Future<Output = Result<Vec<Row>, SalesforceError>> + Send;

    /// Reads records of one object by id with the given fields, the recycle bin included (`queryAll`): one call per 200
    /// ids.
    fn records(
        &self,
        object: SalesforceObject,
        ids: &[SalesforceId],
        fields: &[FieldPath],
    ) -> impl Future<Output = Result<Vec<Row>, SalesforceError>> + Send;

    /// Reads the Leads that were converted to one of these Opportunities, the recycle bin included, with Name and
    /// ConvertedOpportunityId: one call per 200 ids.
    fn converted_leads(
        &self,
        opportunities: &[SalesforceId],
    ) -> impl Future<Output = Result<Vec<Row>, SalesforceError>> + Send;

    /// Returns the records with these ids in order, with SystemModstamp and the given fields of their own (`POST
    /// /composite/sobjects/<O>`); none for one that is deleted, purged or hidden from the integration user: one call
    /// per 2,000 ids.
    fn retrieve(
        &self,
        object: SalesforceObject,
        ids: &[SalesforceId],
        fields: &[FieldPath],
    ) -> impl Future<Output = Result<Vec<Option<Row>>, SalesforceError>> + Send;

    /// Returns the schema: the descriptions of the org's objects, kept for the life of the adapter.
    fn schema(&self) -> &Schema;

    /// Returns the fields of an object: one call.
    fn describe(
        &self,
        object: &str,
    ) -> impl Future<Output = Result<Vec<DescribedField>, SalesforceError>> + Send;

    /// Writes fields of one record; with `unless_changed_since`, only if it was not edited after that stamp: one call.
    fn update(
        &self,
        object: SalesforceObject,
        id: SalesforceId,
        fields: &Map<String, Value>,
        unless_changed_since: Option<SystemModstamp>,
    ) -> impl Future<Output = Result<UpdateOutcome, SalesforceError>> + Send;

    /// Creates a record under its External Id, or gives the one that has it these values: one call, and a second one
    /// where another record holds the id, for it may have been made at the same moment.
    ///
    /// A repeat finds the record that an earlier call made, so a lost answer never leads to two.
    fn upsert(
        &self,
        object: SalesforceObject,
        record: &NewRecord<'_>,
    ) -> impl Future<Output = Result<UpsertOutcome, SalesforceError>> + Send;

    /// Creates an Opportunity under its External Id, with the Contact in its Primary Contact Role: one call (`POST
    /// /composite`), as [`upsert`](Self::upsert). An Opportunity that exists is found and left as it is.
    fn upsert_opportunity(
        &self,
        record: &NewRecord<'_>,
        primary_contact: SalesforceId,
    ) -> impl Future<Output = Result<UpsertOutcome, SalesforceError>> + Send;

    /// Reads the records of an object that have this External Id, with Name, the External Id, and of Leads whether they
    /// are converted: one call. Those in the recycle bin are left out. Of many, the first 20 by Id.
    fn by_external_id(
        &self,
        object: SalesforceObject,
        external_id: &ExternalId,
    ) -> impl Future<Output = Result<Vec<Row>, SalesforceError>> + Send;

    /// Reads the Contacts with this Email, in whatever case, with Name, Email and AccountId: one call. Those in the
    /// recycle bin are left out. Of many, the first 20 by Id.
    fn contacts_by_email(
        &self,
        email: &Email,
    ) -> impl Future<Output = Result<Vec<Row>, SalesforceError>> + Send;

    /// Reads the active Users with this Email, in whatever case, with Name and Email: one call. Of many, the first 20
    /// by Id.
    fn users_by_email(
        &self,
        email: &Email,
    ) -> impl Future<Output = Result<Vec<Row>, SalesforceError>> + Send;
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(value: Value) -> Row {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_null_parent_reads_as_null_and_a_field_not_selected_as_absent() {
        let row = row(json!({ "Account": null, "Amount": 0 }));

        assert_eq!(row.get("Account.Name"), Some(&Value::Null));
        assert_eq!(row.get("Amount"), Some(&json!(0)));
        assert_eq!(row.get("Stage"), None);
    }

    #[test]
    fn keys_are_found_in_whatever_case_the_mapping_writes_them() {
        assert_eq!(
            row(json!({ "StageName": "Won" })).text("stagename"),
            Some("Won")
        );
    }

    #[test]
    fn only_names_of_salesforce_s_shape_become_paths() {
        for good in ["Amount", "Product__c", "Account.Owner.Name", "ns__Field__c"] {
            assert!(FieldPath::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "Amount ",
            "1st",
            "A..B",
            "Name FROM User",
            "A.B.C.D.E.F.G",
            "Näme",
            "x'",
        ] {
            assert!(FieldPath::parse(bad).is_err(), "{bad}");
        }
    }
}
