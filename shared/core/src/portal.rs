//! The partner portal's people: Users in an Organization and in Groups, and Contacts without access.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Email, record::RecordKind};

/// The kind of a User, Group or Organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PartyType {
    /// The vendor's own people.
    Internal,
    /// A partner.
    Partner,
    /// A distributor.
    Distributor,
}

impl PartyType {
    /// Returns the kind's name in the portal's data.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Partner => "partner",
            Self::Distributor => "distributor",
        }
    }

    /// Returns the kind as a sentence names it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Internal => "an Internal User",
            Self::Partner => "a Partner User",
            Self::Distributor => "a Distributor User",
        }
    }
}

/// The status of a User's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserStatus {
    /// The User can use the portal.
    Active,
    /// The account was never activated.
    Pending,
    /// The Organization is not active.
    Inactive,
    /// The account was disabled.
    Disabled,
}

/// The status of an Organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OrganizationStatus {
    /// It takes part.
    Active,
    /// It does not take part.
    Inactive,
}

/// A portal user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its address.
    pub email: Email,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: PartyType,
    /// The id of its Organization.
    pub organization: String,
    /// The ids of its Groups.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Its own status.
    pub status: UserStatus,
}

/// A group of users of one kind, with the modules it grants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The kind of its members.
    #[serde(rename = "type")]
    pub kind: PartyType,
    /// The modules it grants, by name.
    #[serde(default)]
    pub modules: Vec<String>,
}

/// The module that lets a user own Deals.
pub const DEAL_REGISTRATION: &str = "deal_registration";
/// The module of Leads.
pub const LEAD_DISTRIBUTION: &str = "lead_distribution";
/// The module of Referrals.
pub const REFERRALS: &str = "referrals";
/// The module that makes an Internal User an administrator.
pub const SYSTEM_ADMINISTRATION: &str = "system_administration";

/// Every module of the portal, by the name that a Group grants it under.
pub const MODULES: [&str; 14] = [
    DEAL_REGISTRATION,
    LEAD_DISTRIBUTION,
    REFERRALS,
    "partner_management",
    "partner_locator",
    "business_planning",
    "mdf",
    "co_branding",
    "marketing",
    "resource_library",
    "training",
    "collaboration",
    "reporting",
    SYSTEM_ADMINISTRATION,
];

/// Returns the module that records of a kind belong to.
#[must_use]
pub fn module_of(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::Deal => DEAL_REGISTRATION,
        RecordKind::Lead => LEAD_DISTRIBUTION,
        RecordKind::Referral => REFERRALS,
    }
}

/// Returns the module that records of a kind belong to, as a sentence names it.
#[must_use]
pub fn module_label(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::Deal => "Deal Registration",
        RecordKind::Lead => "Lead Distribution",
        RecordKind::Referral => "Referrals",
    }
}

impl Group {
    /// Returns the modules that the portal does not have: a mistyped name would silently grant nothing.
    pub fn unknown_modules(&self) -> impl Iterator<Item = &str> {
        let modules = self.modules.iter().map(String::as_str);
        modules.filter(|module| !MODULES.contains(module))
    }
}

/// An organization of the portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organization {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: PartyType,
    /// Its status.
    pub status: OrganizationStatus,
}

/// A person with an address and no access.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Its id. A file need not give it: it then follows from the address.
    #[serde(default)]
    pub id: String,
    /// Name.
    pub name: String,
    /// Address.
    pub email: Email,
    /// The id of the Organization.
    pub organization: String,
}

impl Contact {
    /// Returns the id of a Contact that was given none: it depends on the address alone, so that a repeated load meets the
    /// same Contact.
    #[must_use]
    pub fn id_of(email: &Email) -> String {
        let digest = Sha256::digest(email.as_str());
        let hex = digest[..10].iter().map(|byte| format!("{byte:02x}"));
        format!("contact-{}", hex.collect::<String>())
    }
}

impl User {
    /// Returns the effective status: Inactive if the Organization (none: it was removed) is not active.
    #[must_use]
    pub fn effective_status(&self, organization: Option<&Organization>) -> UserStatus {
        let is_active = organization
            .is_some_and(|organization| organization.status == OrganizationStatus::Active);
        match self.status {
            UserStatus::Active if !is_active => UserStatus::Inactive,
            status => status,
        }
    }
}

/// A user with the status and the access that its Organization and Groups give it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedUser {
    /// The user.
    pub user: User,
    /// The effective status: Inactive if the Organization is not active.
    pub status: UserStatus,
    /// `true` if a Group of the user's own kind grants Deal Registration.
    pub has_deal_registration: bool,
    /// The modules that Groups of the user's own kind grant, each once.
    pub modules: Vec<String>,
}

impl ResolvedUser {
    /// Combines a user with its Organization (none: it was removed, so it is not active) and its Groups.
    #[must_use]
    pub fn new<'a>(
        user: User,
        organization: Option<&Organization>,
        groups: impl IntoIterator<Item = &'a Group>,
    ) -> Self {
        let status = user.effective_status(organization);
        let of_its_kind = groups.into_iter().filter(|group| group.kind == user.kind);
        let mut modules: Vec<String> = of_its_kind
            .flat_map(|group| group.modules.iter().cloned())
            .collect();
        modules.sort();
        modules.dedup();
        Self {
            user,
            status,
            has_deal_registration: modules.iter().any(|module| module == DEAL_REGISTRATION),
            modules,
        }
    }
}

/// The holders of an email address in the portal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holders {
    /// The users with this address: one, unless the portal's data is ambiguous.
    pub users: Vec<ResolvedUser>,
    /// `true` if a Contact has the address.
    pub is_contact: bool,
}

impl Holders {
    /// Returns `true` if nobody has the address.
    #[must_use]
    pub fn is_nobody(&self) -> bool {
        self.users.is_empty() && !self.is_contact
    }
}

/// The holders of the addresses that a batch of Opportunities names.
pub type Directory = HashMap<Email, std::sync::Arc<Holders>>;

#[cfg(test)]
mod tests {
    use super::*;

    fn user(status: UserStatus) -> User {
        User {
            id: "usr-1".into(),
            name: "Ann".into(),
            email: Email::parse("ann@partners.example").unwrap(),
            kind: PartyType::Partner,
            organization: "org-1".into(),
            groups: vec![],
            status,
        }
    }

    fn organization(status: OrganizationStatus) -> Organization {
        Organization {
            id: "org-1".into(),
            name: "Org".into(),
            kind: PartyType::Partner,
            status,
        }
    }

    fn group(kind: PartyType, modules: &[&str]) -> Group {
        Group {
            id: "g".into(),
            name: "G".into(),
            kind,
            modules: modules.iter().map(|module| (*module).to_owned()).collect(),
        }
    }

    #[test]
    fn a_user_of_an_inactive_organization_is_inactive() {
        let in_organization = |status: Option<OrganizationStatus>| {
            ResolvedUser::new(
                user(UserStatus::Active),
                status.map(organization).as_ref(),
                [],
            )
            .status
        };

        assert_eq!(
            in_organization(Some(OrganizationStatus::Active)),
            UserStatus::Active
        );
        assert_eq!(
            in_organization(Some(OrganizationStatus::Inactive)),
            UserStatus::Inactive
        );
        assert_eq!(in_organization(None), UserStatus::Inactive);
    }

    #[test]
    fn disabled_and_pending_say_more_than_the_organization() {
        let inactive = organization(OrganizationStatus::Inactive);

        assert_eq!(
            ResolvedUser::new(user(UserStatus::Disabled), Some(&inactive), []).status,
            UserStatus::Disabled
        );
        assert_eq!(
            ResolvedUser::new(user(UserStatus::Pending), Some(&inactive), []).status,
            UserStatus::Pending
        );
    }

    #[test]
    fn any_one_group_of_the_user_s_kind_with_the_module_is_enough() {
        let organization = organization(OrganizationStatus::Active);
        let access = |groups: &[Group]| {
            ResolvedUser::new(user(UserStatus::Active), Some(&organization), groups)
                .has_deal_registration
        };

        assert!(access(&[
            group(PartyType::Partner, &["mdf"]),
            group(PartyType::Partner, &["mdf", DEAL_REGISTRATION])
        ]));
        assert!(!access(&[group(PartyType::Partner, &["mdf"])]));
        assert!(!access(&[group(
            PartyType::Distributor,
            &[DEAL_REGISTRATION]
        )]));
        assert!(!access(&[]));
    }

    #[test]
    fn modules_are_those_of_all_groups_of_the_user_s_kind_each_once() {
        let groups = [
            group(PartyType::Partner, &["mdf", DEAL_REGISTRATION]),
            group(PartyType::Partner, &["mdf"]),
            group(PartyType::Internal, &[SYSTEM_ADMINISTRATION]),
        ];

        let resolved = ResolvedUser::new(user(UserStatus::Active), None, &groups);

        assert_eq!(resolved.modules, [DEAL_REGISTRATION, "mdf"]);
    }
}
