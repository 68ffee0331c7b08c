//! The User that owns a record.

use std::future::Future;

use serde_json::Value;

use crate::{
    Email,
    portal::{PartyType, ResolvedUser, UserStatus, module_label, module_of},
    ports::PortError,
    record::{Record, RecordKind},
    settings::{FieldCode, InvalidField},
    value::shown,
};

/// The longest id that is looked up: a longer one is no User's, and the store refuses long keys.
const MAX_ID_BYTES: usize = 256;

/// The Users of the portal.
pub trait Owners: Send + Sync {
    /// Returns a User as it is at this moment.
    fn owner(
        &self,
        user: &str,
    ) -> impl Future<Output = Result<Option<ResolvedUser>, PortError>> + Send;

    /// Returns the Users with an address as they are at this moment.
    fn with_address(
        &self,
        email: &Email,
    ) -> impl Future<Output = Result<Vec<ResolvedUser>, PortError>> + Send;
}

/// Returns the User that a submission names as the owner, or the reason why it cannot be.
pub(super) async fn named<O: Owners>(
    owners: &O,
    kind: RecordKind,
    value: &Value,
) -> Result<Result<ResolvedUser, InvalidField>, PortError> {
    let wrong =
        |code: FieldCode, problem: String| Ok(Err(InvalidField::new("owner", code, problem)));
    let id = match value {
        Value::String(id) if !id.trim().is_empty() => id.trim(),
        Value::Null | Value::String(_) => {
            return Ok(Err(InvalidField::required(
                "owner",
                "is empty: name the id or the address of a User",
            )));
        }
        other => {
            let problem = format!(
                "takes the id or the address of a User, not {:?}",
                shown(other)
            );
            return wrong(FieldCode::Type, problem);
        }
    };
    let name = shown(&Value::String(id.to_owned()));
    let found = if id.len() > MAX_ID_BYTES {
        None
    } else if let Some(email) = Some(id).filter(|id| id.contains('@')) {
        // An id has no @.
        let mut users = match Email::parse(email) {
            Ok(email) => owners.with_address(&email).await?,
            Err(_) => Vec::new(),
        };
        if users.len() > 1 {
            let problem = format!("several Users have the address {name:?}: name one by the id");
            return wrong(FieldCode::OwnerNotFound, problem);
        }
        users.pop()
    } else {
        owners.owner(id).await?
    };
    let Some(owner) = found else {
        let problem = format!("there is no User {name:?}: check it, or put the User first");
        return wrong(FieldCode::OwnerNotFound, problem);
    };
    if owner.status != UserStatus::Active {
        let why = match owner.status {
            UserStatus::Pending => "has never activated the account",
            UserStatus::Inactive => "is of an Organization that is not active",
            UserStatus::Active | UserStatus::Disabled => "is disabled",
        };
        let problem = format!("the User {name:?} {why}: name an active one");
        return wrong(FieldCode::OwnerNotActive, problem);
    }
    let module = module_of(kind);
    if !owner.modules.iter().any(|granted| granted == module) {
        let problem = format!(
            "no Group of the User {name:?} grants the module {}, which the owner of a {} needs: name another User, or grant it",
            module_label(kind),
            kind.label()
        );
        return wrong(FieldCode::OwnerNoAccess, problem);
    }
    Ok(Ok(owner))
}

/// Gives a record its owner.
pub(super) fn give(record: &mut Record, ResolvedUser { user, .. }: &ResolvedUser) {
    record.owner = Some(user.id.clone());
    record.organization = Some(user.organization.clone());
    if record.id.kind() != RecordKind::Deal {
        return;
    }
    match user.kind {
        PartyType::Partner => record.partner = Some(user.id.clone()),
        PartyType::Distributor => record.distributor = Some(user.id.clone()),
        PartyType::Internal => {}
    }
}
