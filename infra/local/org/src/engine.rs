//! Everything one running org holds, shared by all calls.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
    },
};

use dealbridge_core::SalesforceId;
use jiff::Timestamp;
use jsonwebtoken::DecodingKey;

use crate::{
    counters::Counters,
    folder::{OrgData, OrgIdentity},
    http::{login::Sessions, query::Cursors},
    server::{ClientCredentials, OrgClock},
    store::Store,
};

/// One running org.
pub(crate) struct Engine {
    /// Which org it is.
    pub(crate) identity: OrgIdentity,
    /// The client that may log in.
    pub(crate) client: ClientCredentials,
    /// The user whom the client credentials stand for.
    pub(crate) api_user: SalesforceId,
    /// The key that assertions must be signed with.
    pub(crate) jwt_key: Option<DecodingKey>,
    /// The real time, where it matters and is known.
    pub(crate) clock: Option<OrgClock>,
    /// How long a session lives without a call.
    pub(crate) session_seconds: i64,
    /// Open sessions.
    pub(crate) sessions: Mutex<Sessions>,
    /// Open locators.
    pub(crate) cursors: Mutex<Cursors>,
    /// How often was called what.
    pub(crate) counters: Counters,
    /// As loaded, for a reset.
    pub(crate) loaded: OrgData,
    store: RwLock<Store>,
    url: OnceLock<String>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

/// What an engine is made of beside its data.
pub(crate) struct Parts {
    /// The client that may log in.
    pub(crate) client: ClientCredentials,
    /// The key that assertions must be signed with.
    pub(crate) jwt_key: Option<DecodingKey>,
    /// The real time.
    pub(crate) clock: Option<OrgClock>,
    /// How long a session lives without a call.
    pub(crate) session_seconds: i64,
}

/// Locks; a panic elsewhere does not make the data unusable.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Engine {
    /// An org over its loaded data.
    pub(crate) fn new(loaded: OrgData, parts: Parts) -> Self {
        Self {
            identity: loaded.identity.clone(),
            client: parts.client,
            api_user: loaded.api_user,
            jwt_key: parts.jwt_key,
            clock: parts.clock,
            session_seconds: parts.session_seconds,
            sessions: Mutex::default(),
            cursors: Mutex::default(),
            counters: Counters::default(),
            store: RwLock::new(loaded.store.clone()),
            loaded,
            url: OnceLock::new(),
        }
    }

    /// Reads the rows.
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Store> {
        self.store.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the rows.
    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, Store> {
        self.store.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The address at which it is served, known once it is.
    pub(crate) fn instance_url(&self) -> &str {
        self.url.get().map_or("", String::as_str)
    }

    /// Says at which address it is served.
    pub(crate) fn set_instance_url(&self, url: String) {
        let _ = self.url.set(url);
    }

    /// The time for sessions and tokens: the real one if it is known, else the org's.
    pub(crate) fn now(&self) -> i64 {
        match &self.clock {
            Some(clock) => clock().as_second(),
            None => self.read().clock,
        }
    }

    /// The org's time as the `Date` header has it.
    pub(crate) fn date_header(&self) -> String {
        http_date(self.read().clock)
    }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`
pub(crate) fn http_date(seconds: i64) -> String {
    let timestamp = Timestamp::from_second(seconds).unwrap_or_default();
    let date = jiff::tz::Offset::UTC.to_datetime(timestamp);
    date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Reads the date of a conditional header.
pub(crate) fn parse_http_date(text: &str) -> Option<i64> {
    let date = jiff::civil::DateTime::strptime("%a, %d %b %Y %H:%M:%S GMT", text.trim()).ok()?;
    jiff::tz::Offset::UTC
        .to_timestamp(date)
        .ok()
        .map(|timestamp| timestamp.as_second())
}

/// Shared between the calls.
pub(crate) type SharedEngine = Arc<Engine>;
