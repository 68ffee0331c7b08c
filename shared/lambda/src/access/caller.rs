//! The caller of a request: a person of the portal, the portal's client, or nobody that the portal knows.

use dealbridge_core::{
    Email,
    portal::{PartyType, ResolvedUser, SYSTEM_ADMINISTRATION, UserStatus, module_label, module_of},
    record::RecordKind,
};

use super::Token;

/// A portal user whose account is Active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The User's id.
    pub id: String,
    /// The address.
    pub email: Email,
    /// The kind of User.
    pub kind: PartyType,
    /// The id of the Organization.
    pub organization: String,
    /// The modules that the Groups grant.
    pub modules: Vec<String>,
}

impl Person {
    /// Returns `true` if a Group grants the module.
    #[must_use]
    pub fn has(&self, module: &str) -> bool {
        self.modules.iter().any(|granted| granted == module)
    }
}

/// The reason why a token's person has no rights.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Exclusion {
    /// The token names nobody.
    #[error(
        "The token names no person by a verified e-mail address: sign in as a portal user, or call as the portal's client with the scope portal/write"
    )]
    NoAddress,
    /// No User has the address.
    #[error("No portal user has the address {0}: have an administrator add the user")]
    Unknown(Email),
    /// Several Users have the address.
    #[error(
        "Several portal users have the address {0}: have an administrator give each an address of its own"
    )]
    Ambiguous(Email),
    /// The account was never activated.
    #[error("The portal user {0} has never activated the account: activate it first")]
    Pending(Email),
    /// The Organization is not active.
    #[error(
        "The portal user {0} belongs to an Organization that is not active: have an administrator activate it"
    )]
    Inactive(Email),
    /// The account was disabled.
    #[error("The portal user {0} is disabled: have an administrator enable the account")]
    Disabled(Email),
}

/// The caller of a request, with the rights that the portal's data gives at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The token's subject.
    pub subject: String,
    /// The person's e-mail address or name; the subject if the token has neither, as a machine client's.
    pub user: String,
    /// `true` for an administrator: a member of the token's group of administrators who is an Active Internal User with
    /// the module System Administration.
    pub is_admin: bool,
    /// `true` for an Active Internal User.
    pub is_internal: bool,
    /// `true` for the portal's client.
    pub is_portal: bool,
    /// The person, if the User's account is Active.
    pub person: Option<Person>,
    /// The reason why there is no person; none for the portal's client.
    pub exclusion: Option<Exclusion>,
}

impl Caller {
    /// The portal's client.
    #[must_use]
    pub fn portal(token: &Token) -> Self {
        Self {
            is_portal: true,
            ..Self::nobody(token)
        }
    }

    /// A caller without any right.
    #[must_use]
    pub fn excluded(token: &Token, exclusion: Exclusion) -> Self {
        Self {
            exclusion: Some(exclusion),
            ..Self::nobody(token)
        }
    }

    /// The caller whom the address of a token leads to, among the portal's users.
    #[must_use]
    pub fn of(token: &Token, email: &Email, users: &[ResolvedUser], admins: &str) -> Self {
        let exclude =
            |exclusion: fn(Email) -> Exclusion| Self::excluded(token, exclusion(email.clone()));
        let user = match users {
            [] => return exclude(Exclusion::Unknown),
            [user] => user,
            _ => return exclude(Exclusion::Ambiguous),
        };
        match user.status {
            UserStatus::Active => {}
            UserStatus::Pending => return exclude(Exclusion::Pending),
            UserStatus::Inactive => return exclude(Exclusion::Inactive),
            UserStatus::Disabled => return exclude(Exclusion::Disabled),
        }
        let person = Person {
            id: user.user.id.clone(),
            email: user.user.email.clone(),
            kind: user.user.kind,
            organization: user.user.organization.clone(),
            modules: user.modules.clone(),
        };
        let is_internal = person.kind == PartyType::Internal;
        Self {
            is_admin: is_internal
                && person.has(SYSTEM_ADMINISTRATION)
                && token.is_member_of(admins),
            is_internal,
            person: Some(person),
            ..Self::nobody(token)
        }
    }

    fn nobody(token: &Token) -> Self {
        Self {
            subject: token.subject.clone(),
            user: token.user.clone(),
            is_admin: false,
            is_internal: false,
            is_portal: false,
            person: None,
            exclusion: None,
        }
    }

    /// Returns `true` if the caller may create, edit and delete any record of the kind: the portal's client, and an
    /// Internal User with the kind's module.
    #[must_use]
    pub fn may_write(&self, kind: RecordKind) -> bool {
        self.is_portal || (self.is_internal && self.has_module_of(kind))
    }

    /// Returns `true` if the caller may create records of the kind, and edit those of the own Organization: a Partner or
    /// Distributor User with the kind's module, for Deals and Referrals.
    #[must_use]
    pub fn may_submit(&self, kind: RecordKind) -> bool {
        !self.is_internal
            && matches!(kind, RecordKind::Deal | RecordKind::Referral)
            && self.has_module_of(kind)
    }

    /// Returns `true` if the caller may read records of the kind, as far as the caller [`sees`](Self::sees) them: the
    /// portal's client, every Internal User, and a Partner or Distributor User with the kind's module.
    #[must_use]
    pub fn may_read(&self, kind: RecordKind) -> bool {
        self.is_portal || self.is_internal || self.has_module_of(kind)
    }

    /// Returns `true` if the caller may see records of that Organization; `None` is a record without one.
    #[must_use]
    pub fn sees(&self, organization: Option<&str>) -> bool {
        if self.is_portal || self.is_internal {
            return true;
        }
        let own = self.person.as_ref().map(|person| &*person.organization);
        own.is_some() && own == organization
    }

    /// Returns the Organization whose records alone the caller may see, for a Partner or Distributor User.
    #[must_use]
    pub fn only_organization(&self) -> Option<&str> {
        let person = self.person.as_ref()?;
        (!self.is_internal).then_some(&*person.organization)
    }

    /// Returns the sentences that say why the caller may not do this to records of the kind: `read`, `create`, `edit` or
    /// `delete`.
    #[must_use]
    pub fn lacks(&self, verb: &str, kind: RecordKind) -> String {
        let (label, module) = (kind.label(), module_label(kind));
        let why = match &self.person {
            None => self.why_nobody(),
            Some(person) if !person.has(module_of(kind)) => format!(
                "No Group of the portal user {} grants the module {module}: add it to one of the user's Groups, or the user to a Group that has it.",
                person.email
            ),
            Some(person) => format!(
                "{} is {}: ask an Internal User with the module {module}.",
                person.email,
                person.kind.label()
            ),
        };
        format!("You may not {verb} a {label}. {why}")
    }

    /// Returns the sentence that says why the caller has no rights at all, or why a person is needed.
    #[must_use]
    pub fn why_nobody(&self) -> String {
        match &self.exclusion {
            Some(exclusion) => format!("{exclusion}."),
            None => "The portal's client may not do this: sign in as a person.".to_owned(),
        }
    }

    fn has_module_of(&self, kind: RecordKind) -> bool {
        let person = self.person.as_ref();
        person.is_some_and(|person| person.has(module_of(kind)))
    }
}

#[cfg(test)]
mod tests {
    use dealbridge_core::portal::{
        DEAL_REGISTRATION, LEAD_DISTRIBUTION,
        PartyType::{Distributor, Internal, Partner},
        REFERRALS,
    };

    use super::*;
    use crate::access::testing::{ann, excluded, person, portal, token_of_ann, user};

    const ADMINS: &[&str] = &["administrators"];

    #[test]
    fn an_administrator_is_one_by_the_token_s_group_and_by_the_portal() {
        let is_admin = |caller: Caller| caller.is_admin;

        assert!(is_admin(person(Internal, &[SYSTEM_ADMINISTRATION], ADMINS)));
        assert!(!is_admin(person(Internal, &[SYSTEM_ADMINISTRATION], &[])));
        assert!(!is_admin(person(Internal, &[DEAL_REGISTRATION], ADMINS)));
        for kind in [Partner, Distributor] {
            assert!(!is_admin(person(kind, &[SYSTEM_ADMINISTRATION], ADMINS)));
        }
        assert!(!is_admin(portal()));
    }

    #[test]
    fn who_is_not_one_active_user_has_no_rights_whatever_the_token_s_groups() {
        let of = |users: &[ResolvedUser]| {
            Caller::of(&token_of_ann(ADMINS), &ann(), users, "administrators")
        };
        let with = |status| {
            user(
                Internal,
                status,
                &[SYSTEM_ADMINISTRATION, DEAL_REGISTRATION],
            )
        };
        let active = || with(UserStatus::Active);

        for (users, exclusion) in [
            (vec![], Exclusion::Unknown(ann())),
            (vec![active(), active()], Exclusion::Ambiguous(ann())),
            (vec![with(UserStatus::Pending)], Exclusion::Pending(ann())),
            (vec![with(UserStatus::Inactive)], Exclusion::Inactive(ann())),
            (vec![with(UserStatus::Disabled)], Exclusion::Disabled(ann())),
        ] {
            let caller = of(&users);

            assert_eq!(caller.exclusion, Some(exclusion));
            assert_eq!(caller.person, None);
            assert!(!caller.is_admin && !caller.is_internal && !caller.is_portal);
            for kind in RecordKind::ALL {
                assert!(!caller.may_read(kind) && !caller.may_write(kind));
                assert!(!caller.may_submit(kind));
            }
            assert!(!caller.sees(Some("org-1")) && !caller.sees(None));
        }
        assert!(of(&[active()]).is_admin);
    }

    #[test]
    fn records_are_read_and_written_by_kind_module_and_user() {
        use RecordKind::{Deal, Lead, Referral};

        let all = [DEAL_REGISTRATION, LEAD_DISTRIBUTION, REFERRALS];
        let kinds = |may: &dyn Fn(RecordKind) -> bool| -> Vec<RecordKind> {
            RecordKind::ALL
                .into_iter()
                .filter(|kind| may(*kind))
                .collect()
        };
        let every = vec![Deal, Lead, Referral];
        let none = Vec::new;
        for (name, caller, [read, write, submit]) in [
            ("portal", portal(), [every.clone(), every.clone(), none()]),
            (
                "internal",
                person(Internal, &all, &[]),
                [every.clone(), every.clone(), none()],
            ),
            (
                "internal of Deals",
                person(Internal, &[DEAL_REGISTRATION], &[]),
                [every.clone(), vec![Deal], none()],
            ),
            (
                "administrator without a module",
                person(Internal, &[SYSTEM_ADMINISTRATION], ADMINS),
                [every.clone(), none(), none()],
            ),
            (
                "partner",
                person(Partner, &all, &[]),
                [every.clone(), none(), vec![Deal, Referral]],
            ),
            (
                "distributor of Referrals",
                person(Distributor, &[REFERRALS], &[]),
                [vec![Referral], none(), vec![Referral]],
            ),
            (
                "partner without a module",
                person(Partner, &[], &[]),
                [none(), none(), none()],
            ),
            (
                "nobody",
                excluded(Exclusion::NoAddress),
                [none(), none(), none()],
            ),
        ] {
            assert_eq!(kinds(&|kind| caller.may_read(kind)), read, "{name} reads");
            assert_eq!(
                kinds(&|kind| caller.may_write(kind)),
                write,
                "{name} writes"
            );
            assert_eq!(
                kinds(&|kind| caller.may_submit(kind)),
                submit,
                "{name} submits"
            );
        }
    }

    #[test]
    fn partners_and_distributors_see_the_records_of_their_own_organization_alone() {
        for kind in [Partner, Distributor] {
            let caller = person(kind, &[DEAL_REGISTRATION], &[]);

            assert_eq!(caller.only_organization(), Some("org-1"));
            assert!(caller.sees(Some("org-1")));
            assert!(!caller.sees(Some("org-2")) && !caller.sees(None));
        }
        for caller in [person(Internal, &[], &[]), portal()] {
            assert_eq!(caller.only_organization(), None);
            assert!(caller.sees(Some("org-2")) && caller.sees(None));
        }
    }

    #[test]
    fn who_may_not_is_told_which_module_is_missing() {
        assert_eq!(
            person(Partner, &[], &[]).lacks("create", RecordKind::Deal),
            "You may not create a Deal. No Group of the portal user ann@vendor.example grants the module Deal Registration: add it to one of the user's Groups, or the user to a Group that has it."
        );
        assert_eq!(
            person(Partner, &[LEAD_DISTRIBUTION], &[]).lacks("create", RecordKind::Lead),
            "You may not create a Lead. ann@vendor.example is a Partner User: ask an Internal User with the module Lead Distribution."
        );
        assert_eq!(
            excluded(Exclusion::Disabled(ann())).lacks("read", RecordKind::Referral),
            "You may not read a Referral. The portal user ann@vendor.example is disabled: have an administrator enable the account."
        );
    }
}
