//! SOQL statements, built from typed parts alone, so that nothing can be injected.

use dealbridge_core::{
    SalesforceId, SalesforceObject, SystemModstamp,
    email::Email,
    read::CONTACT_ROLES,
    salesforce::{Deleted, ExternalId, FieldPath, Listing, SalesforceError},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::connection::ApiVersion;

/// Maximum number of ids in one `IN` list.
pub(crate) const MAX_IDS_PER_STATEMENT: usize = 200;

/// Salesforce rejects longer statements.
const MAX_STATEMENT_BYTES: usize = 100_000;

/// Salesforce rejects URLs of more than 16,384 bytes; the rest is for the host.
const MAX_PATH_BYTES: usize = 16_000;

/// The fields that every row is read with.
const ROW_FIELDS: [&str; 3] = ["Id", "IsDeleted", "SystemModstamp"];

/// The fields that tell a deleted parent, where other fields of it are read.
const PARENT_FIELDS: [&str; 2] = ["Id", "IsDeleted"];

/// Parents that may be deleted without their children: an Opportunity's, and a Contact Role's.
const ACCOUNT: &str = "Account";
const CONTACT: &str = "Contact";

/// The field of a Lead that names the Opportunity it was converted to.
const CONVERTED_TO: &str = "ConvertedOpportunityId";

/// The fields that each Contact Role is read with.
const ROLE_FIELDS: [&str; 2] = ["Id", "IsDeleted"];

/// Characters of a statement that need no escaping in a query string.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'_')
    .remove(b'.')
    .remove(b'-')
    .remove(b',')
    .remove(b'(')
    .remove(b')')
    .remove(b':')
    .remove(b' ');

/// The most records that are read by one address or External Id: more than one is too many already.
const MAX_MATCHES: usize = 20;

/// Someone who is looked up by Email.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Person {
    Contact,
    User,
}

impl Person {
    /// The object's API name.
    pub(crate) fn object(self) -> &'static str {
        match self {
            Self::Contact => CONTACT,
            Self::User => "User",
        }
    }
}

/// A statement and the resource that runs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    text: String,
    deleted: Deleted,
}

impl Statement {
    /// The statement of a listing, newest system modstamp first.
    pub(crate) fn listing(listing: &Listing) -> Self {
        let mut conditions = Vec::new();
        if let Some(flag) = &listing.flag {
            conditions.push(format!("{flag} = true"));
        }
        if let Some(since) = listing.since {
            conditions.push(format!("SystemModstamp >= {since}"));
        }
        if let Some(before) = listing.before {
            conditions.push(format!("SystemModstamp < {before}"));
        }
        if let Some((stamp, id)) = &listing.after {
            conditions.push(after(*stamp, id));
        }
        if let Some(up_to) = &listing.up_to {
            conditions.push(format!("Id <= '{up_to}'"));
        }
        let mut text = format!(
            "SELECT {} FROM {}",
            select(&[&ROW_FIELDS], listing.fields.iter().map(FieldPath::as_str)).join(", "),
            listing.object
        );
        if !conditions.is_empty() {
            text.push_str(" WHERE ");
            text.push_str(&conditions.join(" AND "));
        }
        text.push_str(" ORDER BY SystemModstamp DESC, Id");
        Self {
            text,
            deleted: listing.deleted,
        }
    }

    /// Selects rows by id, the Recycle Bin included.
    pub(crate) fn records(
        object: SalesforceObject,
        ids: &[SalesforceId],
        fields: &[FieldPath],
    ) -> Self {
        let columns = select(&[&ROW_FIELDS], fields.iter().map(FieldPath::as_str));
        Self::by_ids(object, ids, &columns.join(", "))
    }

    /// Selects Opportunities by id, the Recycle Bin included, with all their Contact Roles if one of their fields is
    /// needed.
    pub(crate) fn opportunities(ids: &[SalesforceId], fields: &[FieldPath]) -> Self {
        let of_roles = |path: &&FieldPath| within(CONTACT_ROLES, path.as_str()).is_some();
        let (of_roles, own): (Vec<&FieldPath>, Vec<&FieldPath>) = fields.iter().partition(of_roles);
        let own: Vec<&str> = own.into_iter().map(FieldPath::as_str).collect();
        let mut columns = with_parent(&ROW_FIELDS, ACCOUNT, &own);
        let of_roles: Vec<&str> = of_roles
            .into_iter()
            .filter_map(|path| within(CONTACT_ROLES, path.as_str()))
            .collect();
        if !of_roles.is_empty() {
            columns.push(format!(
                "(SELECT {} FROM {CONTACT_ROLES})",
                with_parent(&ROLE_FIELDS, CONTACT, &of_roles).join(", ")
            ));
        }
        Self::by_ids(SalesforceObject::Opportunity, ids, &columns.join(", "))
    }

    /// Selects Leads by the Opportunity that they were converted to, the Recycle Bin included.
    pub(crate) fn converted_leads(opportunities: &[SalesforceId]) -> Self {
        let columns = select(&[&ROW_FIELDS, &["Name", CONVERTED_TO]], std::iter::empty());
        Self::by(
            SalesforceObject::Lead,
            CONVERTED_TO,
            opportunities,
            &columns.join(", "),
        )
    }

    /// Selects the Contacts, or the active Users, with an Email. Salesforce compares it in whatever case, but not an
    /// international domain with its Punycode.
    pub(crate) fn people(person: Person, email: &Email) -> Self {
        let (columns, condition) = match person {
            Person::Contact => ("Id, Name, Email, AccountId", ""),
            Person::User => ("Id, Name, Email", "IsActive = true AND "),
        };
        let ascii = email.to_ascii_domain();
        let mut spellings = vec![quoted(email.as_str())];
        if ascii != email.as_str() {
            spellings.push(quoted(&ascii));
        }
        Self {
            text: format!(
                "SELECT {columns} FROM {} WHERE {condition}Email IN ({}) ORDER BY Id LIMIT {MAX_MATCHES}",
                person.object(),
                spellings.join(",")
            ),
            deleted: Deleted::Left,
        }
    }

    /// Selects the records that have an External Id.
    pub(crate) fn by_external_id(object: SalesforceObject, external_id: &ExternalId) -> Self {
        let ExternalId { field, value } = external_id;
        let columns = match object {
            SalesforceObject::Lead => "Id, Name, IsConverted",
            SalesforceObject::Opportunity => "Id, Name",
        };
        Self {
            text: format!(
                "SELECT {columns}, {field} FROM {object} WHERE {field} = {} ORDER BY Id LIMIT {MAX_MATCHES}",
                quoted(value)
            ),
            deleted: Deleted::Left,
        }
    }

    /// Selects a User by id.
    pub(crate) fn user(id: SalesforceId) -> Self {
        Self {
            text: format!("SELECT Id, Name, Username FROM User WHERE Id = '{id}'"),
            deleted: Deleted::Left,
        }
    }

    fn by_ids(object: SalesforceObject, ids: &[SalesforceId], columns: &str) -> Self {
        Self::by(object, "Id", ids, columns)
    }

    fn by(object: SalesforceObject, key: &str, ids: &[SalesforceId], columns: &str) -> Self {
        let ids: Vec<_> = ids.iter().map(|id| format!("'{id}'")).collect();
        Self {
            text: format!(
                "SELECT {columns} FROM {object} WHERE {key} IN ({})",
                ids.join(",")
            ),
            deleted: Deleted::Included,
        }
    }

    /// The path and query string of the request.
    ///
    /// # Errors
    /// Returns [`SalesforceError::NotConfigured`] if Salesforce would reject its length, which only too many fields can
    /// cause.
    pub(crate) fn path(&self, version: ApiVersion) -> Result<String, SalesforceError> {
        let resource = match self.deleted {
            Deleted::Included => "queryAll",
            Deleted::Left => "query",
        };
        let path = format!(
            "/services/data/{version}/{resource}?q={}",
            utf8_percent_encode(&self.text, PLAIN)
                .to_string()
                .replace(' ', "+")
        );
        if self.text.len() > MAX_STATEMENT_BYTES || path.len() > MAX_PATH_BYTES {
            return Err(SalesforceError::NotConfigured {
                detail: format!(
                    "a query of {} characters is longer than Salesforce accepts: map fewer fields",
                    self.text.len()
                ),
            });
        }
        Ok(path)
    }
}

/// Selects the rows after this one in the order `SystemModstamp DESC, Id`. SOQL rejects AND beside OR without the
/// parentheses.
fn after(stamp: SystemModstamp, id: &SalesforceId) -> String {
    format!("(SystemModstamp < {stamp} OR (SystemModstamp = {stamp} AND Id > '{id}'))")
}

/// A text as a literal of SOQL. Addresses and External Ids have no control characters, which would need escapes of
/// their own.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))
}

/// The rest of a path that leads through this relationship.
fn within<'a>(relationship: &str, path: &'a str) -> Option<&'a str> {
    let (first, rest) = path.split_once('.')?;
    first.eq_ignore_ascii_case(relationship).then_some(rest)
}

/// The columns without duplicates, plus the fields that tell a deleted parent if a field of the parent is selected.
fn with_parent(own: &[&str], parent: &str, fields: &[&str]) -> Vec<String> {
    let of_parent: Vec<String> = if fields.iter().any(|path| within(parent, path).is_some()) {
        let named = |field: &&str| format!("{parent}.{field}");
        PARENT_FIELDS.iter().map(named).collect()
    } else {
        Vec::new()
    };
    let of_parent = of_parent.iter().map(String::as_str);
    let columns = select(&[own], fields.iter().copied().chain(of_parent));
    columns.into_iter().map(str::to_owned).collect()
}

/// The columns without duplicates: Salesforce rejects a field that is selected twice, in whatever case.
pub(crate) fn select<'a>(
    own: &[&[&'a str]],
    fields: impl Iterator<Item = &'a str>,
) -> Vec<&'a str> {
    let mut columns: Vec<&str> = Vec::new();
    let own = own.iter().flat_map(|own| own.iter().copied());
    for column in own.chain(fields) {
        if !columns.iter().any(|seen| seen.eq_ignore_ascii_case(column)) {
            columns.push(column);
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(path: &str) -> FieldPath {
        FieldPath::parse(path).unwrap()
    }

    fn id(text: &str) -> SalesforceId {
        SalesforceId::parse(text).unwrap()
    }

    fn listing() -> Listing {
        Listing {
            object: SalesforceObject::Opportunity,
            fields: vec![field("StageName")],
            flag: None,
            since: None,
            before: None,
            after: None,
            up_to: None,
            deleted: Deleted::Left,
        }
    }

    #[test]
    fn a_listing_without_conditions_has_no_where() {
        assert_eq!(
            Statement::listing(&listing()).text,
            "SELECT Id, IsDeleted, SystemModstamp, StageName FROM Opportunity ORDER BY SystemModstamp DESC, Id"
        );
    }

    #[test]
    fn a_resumed_listing_keeps_its_or_in_parentheses() {
        let stamp = SystemModstamp::parse("2026-05-01T07:25:37.000+0000").unwrap();
        let listing = Listing {
            flag: Some(field("Export__c")),
            since: Some(SystemModstamp::from_second(0)),
            after: Some((stamp, id("006dM00000Mw7Vt"))),
            ..listing()
        };

        assert_eq!(
            Statement::listing(&listing).text,
            "SELECT Id, IsDeleted, SystemModstamp, StageName FROM Opportunity \
             WHERE Export__c = true AND SystemModstamp >= 1970-01-01T00:00:00Z \
             AND (SystemModstamp < 2026-05-01T07:25:37Z OR (SystemModstamp = 2026-05-01T07:25:37Z AND Id > '006dM00000Mw7VtQAJ')) \
             ORDER BY SystemModstamp DESC, Id"
        );
    }

    #[test]
    fn a_part_of_a_listing_has_its_bounds() {
        let stamp = SystemModstamp::parse("2026-05-01T07:25:37.000+0000").unwrap();
        let conditions = |listing: &Listing| {
            let text = Statement::listing(listing).text;
            let (_, rest) = text.split_once(" WHERE ").unwrap();
            rest.split_once(" ORDER").unwrap().0.to_owned()
        };

        assert_eq!(
            conditions(&Listing {
                before: Some(stamp),
                ..listing()
            }),
            "SystemModstamp < 2026-05-01T07:25:37Z"
        );
        assert_eq!(
            conditions(&Listing {
                since: Some(stamp),
                after: Some((stamp, id("006dM00000Mw7Vt"))),
                up_to: Some(id("006dM00000Mw7zz")),
                ..listing()
            }),
            "SystemModstamp >= 2026-05-01T07:25:37Z \
             AND (SystemModstamp < 2026-05-01T07:25:37Z OR (SystemModstamp = 2026-05-01T07:25:37Z AND Id > '006dM00000Mw7VtQAJ')) \
             AND Id <= '006dM00000Mw7zzQAB'"
        );
    }

    #[test]
    fn a_field_is_selected_once_whatever_its_case_and_of_account_and_contact_only_what_is_asked_for()
     {
        let statement = Statement::opportunities(
            &[id("006dM00000Mw7Vt")],
            &[
                field("accountid"),
                field("Account.NAME"),
                field("Amount"),
                field("opportunitycontactroles.Contact.Email"),
                field("OpportunityContactRoles.contact.EMAIL"),
                field("OpportunityContactRoles.IsPrimary"),
            ],
        );

        assert_eq!(
            statement.text,
            "SELECT Id, IsDeleted, SystemModstamp, accountid, Account.NAME, Amount, Account.Id, Account.IsDeleted, \
             (SELECT Id, IsDeleted, Contact.Email, IsPrimary, Contact.Id, Contact.IsDeleted \
             FROM OpportunityContactRoles) FROM Opportunity WHERE Id IN ('006dM00000Mw7VtQAJ')"
        );
    }

    #[test]
    fn without_a_field_of_theirs_neither_account_nor_contact_roles_are_asked_for() {
        let text = |fields: &[&str]| {
            let fields: Vec<_> = fields.iter().map(|path| field(path)).collect();
            Statement::opportunities(&[id("006dM00000Mw7Vt")], &fields).text
        };

        assert!(text(&["Name"]).starts_with("SELECT Id, IsDeleted, SystemModstamp, Name FROM"));
        assert!(
            text(&["OpportunityContactRoles.ContactId"])
                .contains("(SELECT Id, IsDeleted, ContactId FROM OpportunityContactRoles) FROM")
        );
    }

    #[test]
    fn the_path_names_the_version_and_whether_deleted_rows_take_part() {
        let path = |deleted| {
            Statement::listing(&Listing {
                deleted,
                ..listing()
            })
            .path(ApiVersion::default())
            .unwrap()
        };

        assert_eq!(
            path(Deleted::Left),
            "/services/data/v66.0/query?q=SELECT+Id,+IsDeleted,+SystemModstamp,+StageName+FROM+Opportunity+ORDER+BY+SystemModstamp+DESC,+Id"
        );
        assert!(path(Deleted::Included).starts_with("/services/data/v66.0/queryAll?q="));
    }

    #[test]
    fn operators_and_quotes_are_encoded() {
        let path = Statement::records(
            SalesforceObject::Lead,
            &[id("00Q4S000002sSac"), id("00Q4S000002sSad")],
            &[],
        )
        .path(ApiVersion::default())
        .unwrap();

        assert!(
            path.ends_with("WHERE+Id+IN+(%2700Q4S000002sSacUAE%27,%2700Q4S000002sSadUAE%27)"),
            "{path}"
        );
    }

    #[test]
    fn people_are_looked_up_by_every_spelling_of_an_address_and_nothing_breaks_out_of_it() {
        let text =
            |person, email: &str| Statement::people(person, &Email::parse(email).unwrap()).text;

        assert_eq!(
            text(Person::Contact, "Ann@B\u{fc}cher.example"),
            "SELECT Id, Name, Email, AccountId FROM Contact \
             WHERE Email IN ('ann@b\u{fc}cher.example','ann@xn--bcher-kva.example') ORDER BY Id LIMIT 20"
        );
        assert_eq!(
            text(Person::User, "o'neil@x.example"),
            "SELECT Id, Name, Email FROM User \
             WHERE IsActive = true AND Email IN ('o\\'neil@x.example') ORDER BY Id LIMIT 20"
        );
    }

    #[test]
    fn records_are_looked_up_by_their_external_id_and_nothing_breaks_out_of_it() {
        let external_id = ExternalId {
            field: field("Channeltivity_Id__c"),
            value: "deal:D-'17#2".to_owned(),
        };

        assert_eq!(
            Statement::by_external_id(SalesforceObject::Lead, &external_id).text,
            "SELECT Id, Name, IsConverted, Channeltivity_Id__c FROM Lead \
             WHERE Channeltivity_Id__c = 'deal:D-\\'17#2' ORDER BY Id LIMIT 20"
        );
    }

    #[test]
    fn two_hundred_ids_and_a_wide_mapping_fit_and_an_absurd_one_is_refused_here() {
        let ids = vec![id("006dM00000Mw7Vt"); MAX_IDS_PER_STATEMENT];
        let fields = |count: usize| -> Vec<_> {
            (0..count)
                .map(|n| field(&format!("Channeltivity_Custom_Field_{n}__c")))
                .collect()
        };

        assert!(
            Statement::opportunities(&ids, &fields(200))
                .path(ApiVersion::default())
                .is_ok()
        );
        assert!(matches!(
            Statement::opportunities(&ids, &fields(2000)).path(ApiVersion::default()),
            Err(SalesforceError::NotConfigured { .. })
        ));
    }
}
