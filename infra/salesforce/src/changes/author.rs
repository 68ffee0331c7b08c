//! Who changes rows.

use salesforce_id::SalesforceId;

use crate::{
    schema::ObjectSchema,
    setup::{FieldAccess, Setup},
    store::Store,
};

/// Who makes a change, and when: all rows that one request touches carry one stamp.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Author {
    /// The user.
    pub(crate) user: SalesforceId,
    /// Seconds since 1970.
    pub(crate) stamp: i64,
    /// True if rows that are hidden from the API user are there for this one.
    pub(crate) sees_hidden: bool,
    /// The part of the org's own rules.
    pub(crate) rules: OrgRules,
}

/// The part of the org's own rules in a write, as its headers say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OrgRules {
    /// The part of assignment rules.
    pub(crate) assignment: Assignment,
    /// The part of duplicate rules.
    pub(crate) duplicates: Duplicates,
}

/// The part of duplicate rules in a row that is created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Duplicates {
    /// Every rule refuses a duplicate: what REST does unless it is told otherwise.
    Refused,
    /// A rule that warns lets it pass (`allowSave=true`).
    Saved,
    /// No rule is asked.
    Unchecked,
}

/// The part of assignment rules in who owns a row that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Assignment {
    /// They do: what REST does unless it is told otherwise.
    Active,
    /// They do not.
    Off,
}

impl Author {
    /// The API user at the next moment of the org's clock.
    pub(crate) fn api(store: &mut Store, user: SalesforceId, rules: OrgRules) -> Self {
        Self {
            user,
            stamp: store.time.stamp(),
            sees_hidden: false,
            rules,
        }
    }

    /// The access that the author has to a field.
    pub(super) fn access(self, setup: &Setup, object: &ObjectSchema, field: &str) -> FieldAccess {
        if self.sees_hidden {
            FieldAccess::Edit
        } else {
            setup.access(object, field)
        }
    }

    /// A person at the next moment of the org's clock, who sees every row.
    pub(crate) fn person(store: &mut Store, user: SalesforceId) -> Self {
        Self {
            user,
            stamp: store.time.stamp(),
            sees_hidden: true,
            rules: OrgRules {
                assignment: Assignment::Off,
                duplicates: Duplicates::Unchecked,
            },
        }
    }
}
