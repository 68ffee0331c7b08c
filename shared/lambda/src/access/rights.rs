//! Rights are looked up in the portal's data, by the address that the token names.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use dealbridge_aws::DynamoPortal;
use dealbridge_core::{
    Email,
    portal::ResolvedUser,
    ports::{Clock, PortError},
};
use futures::future::{BoxFuture, FutureExt};
use jiff::{SignedDuration, Timestamp};

use super::{Caller, Exclusion, Token};

/// The longest time for which a person who was found keeps the rights of that moment.
pub const MAX_AGE: SignedDuration = SignedDuration::from_secs(60);

/// The group of administrators, exactly as the token names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminGroup(pub String);

impl Default for AdminGroup {
    fn default() -> Self {
        Self("administrators".to_owned())
    }
}

/// The portal's users by their address.
pub trait People: Send + Sync {
    /// Returns the users with that address, as they are at this moment.
    fn with_address<'a>(
        &'a self,
        email: &'a Email,
    ) -> BoxFuture<'a, Result<Vec<ResolvedUser>, PortError>>;
}

impl People for DynamoPortal {
    fn with_address<'a>(
        &'a self,
        email: &'a Email,
    ) -> BoxFuture<'a, Result<Vec<ResolvedUser>, PortError>> {
        self.users_at_this_moment(email).boxed()
    }
}

/// The users that were found, and when they were asked for.
type Found = (Timestamp, Arc<[ResolvedUser]>);

/// The rights of callers. Clones share one cache.
///
/// A person costs three small reads in a row, and none for a minute after that. An address that nobody has is looked up
/// each time: whoever is added may call at once.
#[derive(Clone)]
pub struct Rights {
    people: Arc<dyn People>,
    clock: Arc<dyn Clock>,
    admins: AdminGroup,
    found: Arc<Mutex<HashMap<Email, Found>>>,
}

impl Rights {
    /// The rights by the portal's data.
    #[must_use]
    pub fn new(people: impl People + 'static, clock: Arc<dyn Clock>, admins: AdminGroup) -> Self {
        Self {
            people: Arc::new(people),
            clock,
            admins,
            found: Arc::default(),
        }
    }

    /// Returns the caller that a verified token stands for.
    ///
    /// # Errors
    /// Returns an error if the portal's data cannot be read.
    pub async fn caller(&self, token: &Token) -> Result<Caller, PortError> {
        if token.is_portal {
            return Ok(Caller::portal(token));
        }
        let Some(email) = &token.email else {
            return Ok(Caller::excluded(token, Exclusion::NoAddress));
        };
        let users = self.users(email).await?;
        Ok(Caller::of(token, email, &users, &self.admins.0))
    }

    async fn users(&self, email: &Email) -> Result<Arc<[ResolvedUser]>, PortError> {
        let asked = self.clock.now();
        let known = self.found(|found| {
            found.retain(|_, (read, _)| is_fresh(*read, asked));
            found.get(email).map(|(_, users)| Arc::clone(users))
        });
        if let Some(users) = known {
            return Ok(users);
        }
        let users: Arc<[ResolvedUser]> = self.people.with_address(email).await?.into();
        if !users.is_empty() {
            self.found(|found| found.insert(email.clone(), (asked, Arc::clone(&users))));
        }
        Ok(users)
    }

    fn found<T>(&self, use_it: impl FnOnce(&mut HashMap<Email, Found>) -> T) -> T {
        use_it(&mut self.found.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Returns `true` for what was read less than a minute ago; a clock that was set back makes nothing last longer.
fn is_fresh(read: Timestamp, now: Timestamp) -> bool {
    let age = now.duration_since(read);
    !age.is_negative() && age < MAX_AGE
}

#[cfg(test)]
mod tests {
    use dealbridge_core::portal::{PartyType, SYSTEM_ADMINISTRATION, UserStatus};
    use serde_json::json;

    use super::*;
    use crate::access::testing::{token, token_of_ann, user};

    /// A portal in memory that counts how often it is asked, with a clock.
    #[derive(Clone, Default)]
    struct Office(Arc<Mutex<State>>);

    #[derive(Default)]
    struct State {
        users: Vec<ResolvedUser>,
        asked: usize,
        second: i64,
    }

    impl Office {
        fn set(&self, status: Option<UserStatus>) {
            let user = |status| user(PartyType::Internal, status, &[SYSTEM_ADMINISTRATION]);
            self.0.lock().unwrap().users = status.map(user).into_iter().collect();
        }

        fn at(&self, second: i64) {
            self.0.lock().unwrap().second = second;
        }

        fn asked(&self) -> usize {
            self.0.lock().unwrap().asked
        }

        fn rights(&self) -> Rights {
            Rights::new(self.clone(), Arc::new(self.clone()), AdminGroup::default())
        }
    }

    impl People for Office {
        fn with_address<'a>(
            &'a self,
            email: &'a Email,
        ) -> BoxFuture<'a, Result<Vec<ResolvedUser>, PortError>> {
            let mut state = self.0.lock().unwrap();
            state.asked += 1;
            let users = state.users.iter();
            let found = users.filter(|user| user.user.email == *email);
            std::future::ready(Ok(found.cloned().collect())).boxed()
        }
    }

    impl Clock for Office {
        fn now(&self) -> Timestamp {
            Timestamp::from_second(self.0.lock().unwrap().second).unwrap()
        }
    }

    async fn is_admin(rights: &Rights) -> bool {
        let token = token_of_ann(&["administrators"]);
        rights.caller(&token).await.unwrap().is_admin
    }

    #[tokio::test]
    async fn rights_that_were_taken_away_are_gone_after_a_minute_at_the_latest() {
        let office = Office::default();
        office.set(Some(UserStatus::Active));
        let rights = office.rights();
        office.at(1_000);
        assert!(is_admin(&rights).await);

        office.set(Some(UserStatus::Disabled));
        office.at(1_059);
        assert!(is_admin(&rights).await);
        office.at(1_060);
        assert!(!is_admin(&rights).await);
    }

    #[tokio::test]
    async fn a_caller_is_looked_up_once_a_minute() {
        let office = Office::default();
        office.set(Some(UserStatus::Active));
        let rights = office.rights();

        for (second, asked) in [(0, 1), (1, 1), (59, 1), (60, 2), (119, 2), (120, 3)] {
            office.at(second);
            is_admin(&rights.clone()).await;
            assert_eq!(office.asked(), asked, "at {second}");
        }
        // A clock that was set back makes nothing last longer.
        office.at(30);
        is_admin(&rights).await;
        assert_eq!(office.asked(), 4);
    }

    #[tokio::test]
    async fn who_is_added_may_call_at_once() {
        let office = Office::default();
        let rights = office.rights();
        assert!(!is_admin(&rights).await);

        office.set(Some(UserStatus::Active));

        assert!(is_admin(&rights).await);
    }

    #[tokio::test]
    async fn a_token_without_an_address_is_nobody_s_and_costs_nothing() {
        let office = Office::default();
        let rights = office.rights();
        let claims = |scope: &str| token(&json!({ "sub": "s-1", "scope": scope }));

        let portal = rights.caller(&claims("portal/write")).await.unwrap();
        let other = rights
            .caller(&claims("dealbridge/runs.read"))
            .await
            .unwrap();

        assert!(portal.is_portal && portal.person.is_none());
        assert!(!other.is_portal);
        assert_eq!(other.exclusion, Some(Exclusion::NoAddress));
        assert_eq!(office.asked(), 0);
    }

    #[tokio::test]
    async fn rights_are_those_of_the_person_whose_address_the_token_names() {
        let office = Office::default();
        office.set(Some(UserStatus::Active));
        let ben =
            json!({ "sub": "s-2", "email": "ben@vendor.example", "groups": ["administrators"] });

        let caller = office.rights().caller(&token(&ben)).await.unwrap();

        let unknown = Exclusion::Unknown(Email::parse("ben@vendor.example").unwrap());
        assert_eq!(caller.exclusion, Some(unknown));
        assert!(is_admin(&office.rights()).await);
    }
}
