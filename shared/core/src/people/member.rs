//! The members of the portal's directory: Organizations, Groups, Users and Contacts.

use std::fmt;

use crate::{
    Email,
    portal::{Contact, Group, Organization, User},
    record::is_id,
};

/// The kind of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MemberKind {
    /// An Organization.
    Organization,
    /// A Group.
    Group,
    /// A User.
    User,
    /// A Contact.
    Contact,
}

impl MemberKind {
    /// All kinds. What a kind refers to comes before it.
    pub const ALL: [Self; 4] = [Self::Organization, Self::Group, Self::User, Self::Contact];

    /// Returns the kind in the singular.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Organization => "organization",
            Self::Group => "group",
            Self::User => "user",
            Self::Contact => "contact",
        }
    }

    /// Returns the kind's collection in the API and in an org folder.
    #[must_use]
    pub fn collection(self) -> &'static str {
        match self {
            Self::Organization => "organizations",
            Self::Group => "groups",
            Self::User => "users",
            Self::Contact => "contacts",
        }
    }

    /// Returns the kind as a sentence names it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Organization => "Organization",
            Self::Group => "Group",
            Self::User => "User",
            Self::Contact => "Contact",
        }
    }

    /// Returns `true` if members of the kind have an e-mail address and belong to an Organization.
    #[must_use]
    pub fn is_person(self) -> bool {
        matches!(self, Self::User | Self::Contact)
    }
}

/// The id of a member: its kind, and an id that is unique within the kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MemberId {
    kind: MemberKind,
    id: String,
}

/// A text that is not the id of a member.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an id: an id has 1 to 64 letters, digits, '-', '_' or '.'")]
pub struct InvalidMemberId {
    /// The text, shortened.
    pub text: String,
}

impl MemberId {
    /// Checks an id from outside.
    ///
    /// # Errors
    /// Returns an error if it is empty, too long, or holds characters that do not belong in keys and paths.
    pub fn new(kind: MemberKind, id: &str) -> Result<Self, InvalidMemberId> {
        if is_id(id) {
            Ok(Self {
                kind,
                id: id.to_owned(),
            })
        } else {
            Err(InvalidMemberId {
                text: id.chars().take(80).collect(),
            })
        }
    }

    /// Returns the kind.
    #[must_use]
    pub fn kind(&self) -> MemberKind {
        self.kind
    }

    /// Returns the id within its kind.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Display for MemberId {
    /// Formats the id as a sentence names it: `User usr-12`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.label(), self.id)
    }
}

/// An Organization, Group, User or Contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Member {
    /// An Organization.
    Organization(Organization),
    /// A Group.
    Group(Group),
    /// A User.
    User(User),
    /// A Contact.
    Contact(Contact),
}

impl Member {
    /// Returns its kind.
    #[must_use]
    pub fn kind(&self) -> MemberKind {
        match self {
            Self::Organization(_) => MemberKind::Organization,
            Self::Group(_) => MemberKind::Group,
            Self::User(_) => MemberKind::User,
            Self::Contact(_) => MemberKind::Contact,
        }
    }

    /// Returns its id as it was given.
    #[must_use]
    pub fn given_id(&self) -> &str {
        match self {
            Self::Organization(organization) => &organization.id,
            Self::Group(group) => &group.id,
            Self::User(user) => &user.id,
            Self::Contact(contact) => &contact.id,
        }
    }

    /// Returns its id.
    ///
    /// # Errors
    /// Returns an error if what was given is no id.
    pub fn id(&self) -> Result<MemberId, InvalidMemberId> {
        MemberId::new(self.kind(), self.given_id())
    }

    /// Returns its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Organization(organization) => &organization.name,
            Self::Group(group) => &group.name,
            Self::User(user) => &user.name,
            Self::Contact(contact) => &contact.name,
        }
    }

    /// Returns the address of a User or Contact.
    #[must_use]
    pub fn email(&self) -> Option<&Email> {
        match self {
            Self::User(user) => Some(&user.email),
            Self::Contact(contact) => Some(&contact.email),
            Self::Organization(_) | Self::Group(_) => None,
        }
    }

    /// Returns the Organization of a User or Contact, as it is given.
    #[must_use]
    pub fn organization(&self) -> Option<&str> {
        match self {
            Self::User(user) => Some(&user.organization),
            Self::Contact(contact) => Some(&contact.organization),
            Self::Organization(_) | Self::Group(_) => None,
        }
    }

    /// Returns the members that it refers to, each once: its Organization and its Groups. What is no id refers to none.
    #[must_use]
    pub fn references(&self) -> Vec<MemberId> {
        let groups = match self {
            Self::User(user) => user.groups.as_slice(),
            _ => &[],
        };
        let organization = self.organization().map(|id| (MemberKind::Organization, id));
        let groups = groups.iter().map(|id| (MemberKind::Group, id.as_str()));
        let mut references: Vec<MemberId> = organization
            .into_iter()
            .chain(groups)
            .filter_map(|(kind, id)| MemberId::new(kind, id).ok())
            .collect();
        references.sort();
        references.dedup();
        references
    }
}
