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

/// Returns the condition that a code is the failure of, in words; none for a code of anything else.
#[must_use]
pub fn in_words(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::SyncFlagNotSet => "The Sync Flag is on",
        Code::AccountMissing => "It has an Account",
        Code::AccountNotAccessible => "Its Account can be read",
        Code::ContactMissing => "It has a Contact",
        Code::PrimaryContactMissing => "One of its Contacts is Primary",
        Code::PrimaryContactNotAccessible => "Its primary Contact can be read",
        Code::MultiplePrimaryContacts => "Only one of its Contacts is Primary",
        Code::PartnerEmailMissing
        | Code::PartnerEmailInvalid
        | Code::PartnerEmailAmbiguous
        | Code::PartnerEmailIsContact
        | Code::PartnerUserNotFound
        | Code::PartnerUserWrongType => "The partner's address names one Partner User",
        Code::PartnerUserPending | Code::PartnerUserInactive | Code::PartnerUserDisabled => {
            "The Partner User is Active"
        }
        Code::PartnerNoDealAccess => "A Group of the Partner User includes Deal Registration",
        Code::DealOwnerTypeInvalid => "The owner type is blank, Partner-Owned or Distributor-Owned",
        Code::DistributorEmailMissing
        | Code::DistributorEmailInvalid
        | Code::DistributorEmailAmbiguous
        | Code::DistributorEmailIsContact
        | Code::DistributorUserNotFound
        | Code::DistributorUserWrongType => "The distributor's address names one Distributor User",
        Code::DistributorUserPending
        | Code::DistributorUserInactive
        | Code::DistributorUserDisabled => "The Distributor User is Active",
        Code::DistributorNoDealAccess => {
            "A Group of the Distributor User includes Deal Registration"
        }
        Code::StageEmpty => "Stage is filled",
        Code::RequiredFieldEmpty => "A required field is filled",
        Code::RequiredFieldHidden => "A field that is needed can be read",
        Code::RequiredFieldNotMapped => "A required field is mapped",
        Code::ValueTypeInvalid | Code::PicklistValueUnknown => "The value fits its Deal field",
        Code::CurrencyNotSupported => "The currency is supported",
        Code::DealTooLarge => "The values fit into one Deal",
        Code::AlreadyLinkedOther => "It is not linked to another record",
        Code::NotACandidate => "The Import Flag is on",
        Code::OpportunityGone => "It is in Salesforce, and can be read",
        Code::ImportSuppressed | Code::ImportSuppressedFormerDeal => "Its import is allowed",
        _ => return None,
    })
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
