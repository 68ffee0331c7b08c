//! Replacing all of the portal's people by those of a file.

use std::collections::HashSet;

use super::{
    Condition, People, PeopleError, Refusal,
    member::{Member, MemberId, MemberKind},
    rules,
    store::{Change, PeopleStore, Settled, Stored},
};
use crate::{
    portal::{User, UserStatus},
    ports::PortError,
};

/// Members per page of those that are stored.
const PAGE: usize = 1_000;

/// The outcome of replacing everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replaced {
    /// Created.
    pub created: usize,
    /// Changed.
    pub changed: usize,
    /// Deleted.
    pub deleted: usize,
    /// Kept though the file has them no longer, because something depends on them. A User among them is disabled.
    pub kept: Vec<MemberId>,
}

impl<S: PeopleStore> People<'_, S> {
    /// Makes the stored people those of the list: puts each, many in one transaction, and deletes the others. Who is so
    /// already costs nothing. It may be stopped, and repeated.
    ///
    /// # Errors
    /// Returns a refusal with everything that is wrong with a member, before anything is written.
    pub async fn replace_all(&self, members: &[Member]) -> Result<Replaced, PeopleError> {
        let stored = self.everybody().await?;
        let by_id = stored.iter().map(|one| (one.id.clone(), one.clone()));
        let by_id = by_id.collect();
        let wrong = rules::check_all(members, &by_id);
        if !wrong.is_empty() {
            let wrong = wrong.into_iter().map(|(_, wrong)| wrong).collect();
            return Err(Refusal::Invalid(wrong).into());
        }
        let mut replaced = Replaced::default();
        let mut named = HashSet::new();
        for kind in MemberKind::ALL {
            let mut changes = Vec::new();
            for member in members.iter().filter(|member| member.kind() == kind) {
                let Ok(id) = member.id() else { continue };
                let seen = by_id.get(&id);
                named.insert(id.clone());
                match seen {
                    Some(seen) if seen.member == *member => continue,
                    Some(_) => replaced.changed += 1,
                    None => replaced.created += 1,
                }
                changes.push(Change::Put {
                    id,
                    member: member.clone(),
                    seen: seen.cloned(),
                });
            }
            self.make(&changes).await?;
        }
        for kind in MemberKind::ALL.into_iter().rev() {
            let former = stored.iter();
            let former = former.filter(|one| one.id.kind() == kind && !named.contains(&one.id));
            for one in former {
                self.remove(one, &mut replaced).await?;
            }
        }
        Ok(replaced)
    }

    /// Makes changes of which none refers to another; one that is refused is made by itself, upon what is there.
    async fn make(&self, changes: &[Change]) -> Result<(), PeopleError> {
        if changes.is_empty() {
            return Ok(());
        }
        let settled = self.store.commit(changes).await?;
        let refused = changes
            .iter()
            .zip(settled)
            .filter(|(_, settled)| *settled == Settled::Refused);
        for (change, _) in refused {
            if let Change::Put { member, .. } = change {
                self.put(member, Condition::Always).await?;
            }
        }
        Ok(())
    }

    /// Deletes a member that the file no longer has; disables a User who is needed.
    async fn remove(&self, former: &Stored, replaced: &mut Replaced) -> Result<(), PeopleError> {
        match self.delete(&former.id, Condition::Always).await {
            Ok(()) => replaced.deleted += 1,
            Err(PeopleError::Refused(Refusal::NotFound(_))) => {}
            Err(PeopleError::Refused(Refusal::Needed { id, .. })) => {
                if let Member::User(user) = &former.member {
                    let user = User {
                        status: UserStatus::Disabled,
                        ..user.clone()
                    };
                    // Safe to repeat: who is disabled already costs nothing.
                    self.put(&Member::User(user), Condition::Always).await?;
                }
                replaced.kept.push(id);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Everybody that is stored.
    async fn everybody(&self) -> Result<Vec<Stored>, PortError> {
        let mut all = Vec::new();
        for kind in MemberKind::ALL {
            let mut after: Option<String> = None;
            loop {
                let page = self.store.list(kind, None, after.as_deref(), PAGE).await?;
                all.extend(page.members);
                after = page.after;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(all)
    }
}
