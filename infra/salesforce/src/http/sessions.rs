//! The open sessions of an org.

use std::collections::HashMap;

use salesforce_id::SalesforceId;

/// The open sessions, by token.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    open: HashMap<String, Session>,
    issued: u64,
    refresh_revoked: bool,
}

#[derive(Clone, Debug)]
struct Session {
    user: SalesforceId,
    used: i64,
}

impl Sessions {
    /// The number of the session that is opened next; no two have the same.
    pub(crate) fn next_number(&mut self) -> u64 {
        self.issued += 1;
        self.issued
    }

    /// Opens a session of a user.
    pub(crate) fn open(&mut self, token: &str, user: SalesforceId, now: i64) {
        self.open
            .insert(token.to_owned(), Session { user, used: now });
    }

    /// The user of an open session, which the call keeps open; one that was not used for its lifetime has ended.
    pub(crate) fn used(
        &mut self,
        token: &str,
        now: i64,
        lifetime_seconds: i64,
    ) -> Option<SalesforceId> {
        let session = self.open.get_mut(token)?;
        if now - session.used > lifetime_seconds {
            self.open.remove(token);
            return None;
        }
        session.used = now;
        Some(session.user)
    }

    /// Ends a session; answers whether it was open.
    pub(crate) fn end(&mut self, token: &str) -> bool {
        self.open.remove(token).is_some()
    }

    /// Ends the life of the refresh token.
    pub(crate) fn revoke_refresh_token(&mut self) {
        self.refresh_revoked = true;
    }

    /// Returns whether the refresh token was revoked.
    pub(crate) fn is_refresh_token_revoked(&self) -> bool {
        self.refresh_revoked
    }

    /// Takes all of them as used at this time.
    pub(crate) fn date(&mut self, now: i64) {
        for session in self.open.values_mut() {
            session.used = now;
        }
    }

    /// Ends all of them.
    pub(crate) fn clear(&mut self) {
        self.open.clear();
    }
}
