//! Condition rows 4 and 6: an email address that must name an Active user with Deal Registration.

use std::sync::Arc;

use serde_json::Value;

use super::{condition::Condition, facts::labels};
use crate::{
    Email,
    code::Code,
    field,
    finding::Finding,
    portal::{Directory, Holders, PartyType, ResolvedUser, UserStatus},
};

/// The codes of one of the two twin rows.
pub(super) struct PartyRow {
    pub(super) kind: PartyType,
    pub(super) label: &'static str,
    missing: Code,
    invalid: Code,
    ambiguous: Code,
    is_contact: Code,
    not_found: Code,
    wrong_type: Code,
    pending: Code,
    inactive: Code,
    disabled: Code,
    no_deal_access: Code,
}

pub(super) const PARTNER: PartyRow = PartyRow {
    kind: PartyType::Partner,
    label: labels::PARTNER_EMAIL,
    missing: Code::PartnerEmailMissing,
    invalid: Code::PartnerEmailInvalid,
    ambiguous: Code::PartnerEmailAmbiguous,
    is_contact: Code::PartnerEmailIsContact,
    not_found: Code::PartnerUserNotFound,
    wrong_type: Code::PartnerUserWrongType,
    pending: Code::PartnerUserPending,
    inactive: Code::PartnerUserInactive,
    disabled: Code::PartnerUserDisabled,
    no_deal_access: Code::PartnerNoDealAccess,
};

pub(super) const DISTRIBUTOR: PartyRow = PartyRow {
    kind: PartyType::Distributor,
    label: labels::DISTRIBUTOR_EMAIL,
    missing: Code::DistributorEmailMissing,
    invalid: Code::DistributorEmailInvalid,
    ambiguous: Code::DistributorEmailAmbiguous,
    is_contact: Code::DistributorEmailIsContact,
    not_found: Code::DistributorUserNotFound,
    wrong_type: Code::DistributorUserWrongType,
    pending: Code::DistributorUserPending,
    inactive: Code::DistributorUserInactive,
    disabled: Code::DistributorUserDisabled,
    no_deal_access: Code::DistributorNoDealAccess,
};

/// Returns what keeps an address from naming the Partner User of an Opportunity; nothing if it names one.
#[must_use]
pub fn hindrances_of_partner(email: &Email, holders: Holders) -> Vec<Finding> {
    PARTNER.hindrances(email, holders)
}

/// Returns what keeps an address from naming the Distributor User of an Opportunity; nothing if it names one.
#[must_use]
pub fn hindrances_of_distributor(email: &Email, holders: Holders) -> Vec<Finding> {
    DISTRIBUTOR.hindrances(email, holders)
}

impl PartyRow {
    /// Returns the failures of an Opportunity that names this address in any field.
    fn hindrances(&self, email: &Email, holders: Holders) -> Vec<Finding> {
        let directory = Directory::from([(email.clone(), Arc::new(holders))]);
        let mut conditions = Vec::new();
        let value = Value::from(email.as_str());
        self.check("", Some(&value), &directory, &mut conditions);
        let failed = conditions.into_iter().filter(|one| !one.passed);
        failed
            .map(|one| {
                let mut finding = one.finding;
                self.label.clone_into(&mut finding.context.field);
                finding
            })
            .collect()
    }

    /// Checks the address that was read, adds the condition or its failures, and returns the user if all of them
    /// passed.
    pub(super) fn check<'d>(
        &self,
        api_name: &str,
        read: Option<&Value>,
        directory: &'d Directory,
        out: &mut Vec<Condition>,
    ) -> Option<&'d ResolvedUser> {
        let Some(value) = read else {
            out.push(Condition::unread(self.label, api_name));
            return None;
        };
        let shown = field::shown(value);
        let finding = |code: Code| {
            Finding::new(code)
                .field(self.label, api_name)
                .value(shown.clone())
        };
        match self.find(value, directory) {
            Ok(user) => {
                out.push(Condition::passed(finding(self.missing)));
                Some(user)
            }
            Err(failures) => {
                out.extend(
                    failures
                        .into_iter()
                        .map(|(code, other)| Condition::failed(finding(code).other(other))),
                );
                None
            }
        }
    }

    fn find<'d>(
        &self,
        value: &Value,
        directory: &'d Directory,
    ) -> Result<&'d ResolvedUser, Vec<(Code, String)>> {
        let one = |code: Code| Err(vec![(code, String::new())]);
        if field::is_blank(value) {
            return one(self.missing);
        }
        let Some(email) = value.as_str().and_then(|text| Email::parse(text).ok()) else {
            return one(self.invalid);
        };
        let Some(holders) = directory.get(&email) else {
            return one(self.not_found);
        };
        let user = match holders.users.as_slice() {
            [] if holders.is_contact => return one(self.is_contact),
            [] => return one(self.not_found),
            [user] => user,
            several => {
                let names: Vec<String> = several
                    .iter()
                    .map(|user| format!("{} ({})", user.user.name, user.user.id))
                    .collect();
                return Err(vec![(self.ambiguous, names.join(", "))]);
            }
        };
        if user.user.kind != self.kind {
            return Err(vec![(self.wrong_type, user.user.kind.label().to_owned())]);
        }
        let status = match user.status {
            UserStatus::Active => None,
            UserStatus::Pending => Some(self.pending),
            UserStatus::Inactive => Some(self.inactive),
            UserStatus::Disabled => Some(self.disabled),
        };
        let access = (!user.has_deal_registration).then_some(self.no_deal_access);
        let failures: Vec<(Code, String)> = status
            .into_iter()
            .chain(access)
            .map(|code| (code, user.user.name.clone()))
            .collect();
        if failures.is_empty() {
            Ok(user)
        } else {
            Err(failures)
        }
    }
}
