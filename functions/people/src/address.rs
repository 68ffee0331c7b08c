//! Who has an e-mail address, and what keeps an Opportunity from naming them by it.

use dealbridge_core::{
    Email,
    decide::{hindrances_of_distributor, hindrances_of_partner},
    finding::Finding,
    people::{
        member::{Member, MemberId, MemberKind},
        store::{PeopleStore, Stored},
    },
    portal::{Group, Holders, ResolvedUser, User},
};
use dealbridge_lambda::http::{Answer, Refusal, Request};
use serde_json::{Value, json};

use crate::{PeopleFunction, answer};

impl PeopleFunction {
    /// Shows every User and Contact with an address, and what the import says of it.
    pub(crate) async fn address(&self, request: &Request) -> Result<Answer, Refusal> {
        let query = request.query(&["email"])?;
        let email = query.value("email", Email::parse)?.ok_or_else(|| {
            Refusal::malformed("Say whose address: ?email= takes one, percent-encoded.")
        })?;
        let users = self.store.with_email(MemberKind::User, &email).await?;
        let contacts = self.store.with_email(MemberKind::Contact, &email).await?;
        let organizations = self.organizations_of(&users).await?;
        let around = self.around(&users).await?;
        let groups: Vec<&Group> = around.iter().filter_map(group).collect();
        let resolved = users.iter().filter_map(user).map(|user| {
            let of_user = groups
                .iter()
                .filter(|group| user.groups.contains(&group.id));
            let organization = organizations.get(&user.organization);
            ResolvedUser::new(user.clone(), organization, of_user.copied())
        });
        let holders = Holders {
            users: resolved.collect(),
            is_contact: !contacts.is_empty(),
        };
        let bodies = |members: &[Stored], kind: MemberKind| {
            let of_kind = members.iter().filter(|one| one.id.kind() == kind);
            let bodies = of_kind.map(|one| answer::body(one, &organizations));
            bodies.collect::<Result<Vec<Value>, Refusal>>()
        };
        let body = json!({
            "email": email,
            "users": bodies(&users, MemberKind::User)?,
            "contacts": bodies(&contacts, MemberKind::Contact)?,
            "organizations": bodies(&around, MemberKind::Organization)?,
            "groups": bodies(&around, MemberKind::Group)?,
            "asPartner": told(&hindrances_of_partner(&email, holders.clone())),
            "asDistributor": told(&hindrances_of_distributor(&email, holders)),
        });
        Answer::json(200, &body)
    }

    /// The Organizations and Groups of Users, by id.
    async fn around(&self, users: &[Stored]) -> Result<Vec<Stored>, Refusal> {
        let mut ids: Vec<MemberId> = users
            .iter()
            .filter_map(user)
            .flat_map(|user| {
                let groups = user.groups.iter().map(|id| (MemberKind::Group, id));
                groups.chain([(MemberKind::Organization, &user.organization)])
            })
            .filter_map(|(kind, id)| MemberId::new(kind, id).ok())
            .collect();
        ids.sort();
        ids.dedup();
        let mut found: Vec<Stored> = self.store.members(&ids).await?.into_values().collect();
        found.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(found)
    }
}

fn user(stored: &Stored) -> Option<&User> {
    match &stored.member {
        Member::User(user) => Some(user),
        _ => None,
    }
}

fn group(stored: &Stored) -> Option<&Group> {
    match &stored.member {
        Member::Group(group) => Some(group),
        _ => None,
    }
}

/// The words of an import about an Opportunity with this address.
fn told(hindrances: &[Finding]) -> Value {
    let said = hindrances.iter().map(|finding| {
        let (message, suggestion) = finding.sentences("an Opportunity");
        json!({ "code": finding.code, "message": message, "suggestion": suggestion })
    });
    json!({ "found": hindrances.is_empty(), "hindrances": said.collect::<Vec<_>>() })
}
