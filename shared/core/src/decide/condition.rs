//! Conditions for import with their results, and the findings made on the way.

use serde_json::{Map, Value};

use crate::{code::Code, field, finding::Finding, portal::ResolvedUser};

/// The reason why a field is not in a row.
pub(super) const NOT_READ: &str =
    "the org has no such field, or hides it from the integration user";

/// A condition with its result. The code of a condition that passed is the one it would have failed with first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// `true` if it holds.
    pub passed: bool,
    /// Its code, field and value.
    pub finding: Finding,
}

impl Condition {
    /// Returns a condition that cannot be checked: the org lacks the field, or hides it.
    pub(super) fn unread(label: &str, api_name: &str) -> Self {
        let finding = Finding::new(Code::RequiredFieldHidden);
        Self::failed(finding.field(label, api_name).value(NOT_READ))
    }

    pub(super) fn passed(finding: Finding) -> Self {
        Self {
            passed: true,
            finding,
        }
    }

    pub(crate) fn failed(finding: Finding) -> Self {
        Self {
            passed: false,
            finding,
        }
    }

    pub(super) fn of(passed: bool, finding: Finding) -> Self {
        Self { passed, finding }
    }
}

/// The conditions, and the findings that the Deal is made of.
pub(super) struct Checked<'a> {
    pub(super) conditions: Vec<Condition>,
    pub(super) partner: Option<&'a ResolvedUser>,
    pub(super) distributor: Option<&'a ResolvedUser>,
    pub(super) distributor_owned: bool,
    pub(super) contact: Option<&'a Value>,
    pub(super) fields: Map<String, Value>,
    /// Mapped values that cannot be read and that the Deal can do without.
    pub(super) hidden: Vec<Finding>,
}

/// The owner of a Deal, as the Opportunity names it.
pub(super) enum OwnerType {
    Blank,
    Partner,
    Distributor,
    Invalid,
}

pub(super) fn owner_type(value: &Value) -> OwnerType {
    let text = field::shown(value);
    let text = text.trim();
    if text.is_empty() {
        OwnerType::Blank
    } else if text.eq_ignore_ascii_case("Partner-Owned") {
        OwnerType::Partner
    } else if text.eq_ignore_ascii_case("Distributor-Owned") {
        OwnerType::Distributor
    } else {
        OwnerType::Invalid
    }
}
