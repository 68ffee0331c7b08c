//! Everything one running org holds, shared by all calls.

use std::{
    fmt,
    path::PathBuf,
    sync::atomic::{AtomicBool, AtomicI64, Ordering},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
    },
};

use jiff::Timestamp;
use jsonwebtoken::DecodingKey;
use salesforce_id::SalesforceId;

use crate::{
    clock::OrgClock,
    counters::Counters,
    faults::Faults,
    folder::OrgData,
    http::{bulk::job::Jobs, cursors::Cursors, limits::Allowance, sessions::Sessions},
    identity::OrgIdentity,
    journal::{Journal, JournalError},
    options::ClientCredentials,
    store::Store,
};

/// One running org.
pub(crate) struct Engine {
    /// Its identity.
    pub(crate) identity: OrgIdentity,
    /// The client that may log in.
    pub(crate) client: ClientCredentials,
    /// The user whom the client credentials stand for.
    pub(crate) api_user: SalesforceId,
    /// The key that assertions must be signed with.
    pub(crate) jwt_key: Option<DecodingKey>,
    clock: OrgClock,
    /// The life of a session without a call.
    pub(crate) session_seconds: i64,
    /// Open sessions.
    pub(crate) sessions: Mutex<Sessions>,
    /// Open locators.
    pub(crate) cursors: Mutex<Cursors>,
    /// Bulk jobs.
    pub(crate) jobs: Mutex<Jobs>,
    journal: Mutex<Option<Journal>>,
    /// Ordered faults.
    pub(crate) faults: Mutex<Faults>,
    /// The person as whom the admin API acts.
    pub(crate) person: SalesforceId,
    /// The daily allowance of calls.
    pub(crate) allowance: Allowance,
    /// The counts of calls.
    pub(crate) counters: Counters,
    /// As loaded, for a reset.
    pub(crate) loaded: OrgData,
    /// Composite requests have the org for themselves; all others share it.
    pub(crate) gate: RwLock<()>,
    in_compound: AtomicBool,
    /// The clock of the last change that was kept.
    kept_clock: AtomicI64,
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

/// The parts of an engine beside its data.
pub(crate) struct Parts {
    /// The client that may log in.
    pub(crate) client: ClientCredentials,
    /// The key that assertions must be signed with.
    pub(crate) jwt_key: Option<DecodingKey>,
    /// By what the org goes.
    pub(crate) clock: OrgClock,
    /// The life of a session without a call.
    pub(crate) session_seconds: i64,
    /// The daily allowance of calls.
    pub(crate) daily_calls: u64,
    /// Where changes are kept over restarts.
    pub(crate) state_dir: Option<PathBuf>,
}

/// The first user of the folder.
fn person(loaded: &OrgData) -> SalesforceId {
    let user = loaded.store.schema.object_index("User");
    let ids = user
        .into_iter()
        .flat_map(|user| loaded.store.table(user).iter())
        .map(|(_, row)| row.id);
    ids.filter(|id| *id != loaded.api_user)
        .min_by_key(|id| id.as_str().to_owned())
        .unwrap_or(loaded.api_user)
}

/// Locks; a panic elsewhere does not make the data unusable.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Engine {
    /// An org over its loaded data.
    ///
    /// # Errors
    /// A state directory that cannot be used.
    pub(crate) fn new(loaded: OrgData, parts: Parts) -> Result<Self, JournalError> {
        let mut store = loaded.store.clone();
        store.run_by(&parts.clock);
        let journal = parts
            .state_dir
            .map(|directory| Journal::open(&directory, &loaded.fingerprint, &mut store))
            .transpose()?;
        Ok(Self {
            journal: Mutex::new(journal),
            identity: loaded.identity.clone(),
            client: parts.client,
            api_user: loaded.api_user,
            jwt_key: parts.jwt_key,
            clock: parts.clock,
            session_seconds: parts.session_seconds,
            sessions: Mutex::default(),
            cursors: Mutex::default(),
            jobs: Mutex::default(),
            faults: Mutex::default(),
            person: person(&loaded),
            allowance: Allowance::new(parts.daily_calls),
            counters: Counters::default(),
            gate: RwLock::new(()),
            in_compound: AtomicBool::new(false),
            kept_clock: AtomicI64::new(store.time.kept()),
            store: RwLock::new(store),
            loaded,
            url: OnceLock::new(),
        })
    }

    /// Reads the rows.
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Store> {
        self.store.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the rows.
    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, Store> {
        self.store.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a change whole or not at all.
    ///
    /// # Errors
    /// Those of the change, after which nothing has changed.
    pub(crate) fn change<T, E>(
        &self,
        change: impl FnOnce(&mut Store) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut store = self.write();
        let savepoint = store.savepoint();
        match change(&mut store) {
            Ok(value) => {
                // Inside a composite request the whole of it is kept or taken back.
                if !self.in_compound.load(Ordering::Relaxed) {
                    self.keep(&mut store);
                }
                Ok(value)
            }
            Err(error) => {
                store.rollback(&savepoint);
                Err(error)
            }
        }
    }

    /// Back to the loaded state: rows, clock, locators, faults, allowance and counts. Sessions live on.
    pub(crate) fn reset(&self) {
        let mut store = self.write();
        *store = self.loaded.store.clone();
        store.run_by(&self.clock);
        if let Some(journal) = locked(&self.journal).as_mut()
            && let Err(error) = journal.begin()
        {
            tracing::error!(error.cause = %error, "Could not empty the journal of the simulated org");
        }
        locked(&self.cursors).clear();
        locked(&self.jobs).clear();
        locked(&self.faults).clear();
        self.allowance.refill();
        self.allowance.set_query_rows(u64::MAX);
        self.allowance.set_page_rows(usize::MAX);
        self.counters.clear();
    }

    fn keep(&self, store: &mut Store) {
        let setup = store.setup_changed().then(|| Arc::clone(&store.setup));
        let touched = store.commit();
        let clock = store.time.kept();
        let is_same_clock = clock == self.kept_clock.swap(clock, Ordering::Relaxed);
        if touched.is_empty() && is_same_clock && setup.is_none() {
            return;
        }
        if let Some(journal) = locked(&self.journal).as_mut()
            && let Err(error) = journal.add(store, &touched, setup.as_deref())
        {
            // The change stands; only a restart would lose it.
            tracing::error!(error.cause = %error.source, "{error}");
        }
    }

    /// Runs several calls as one change; `calls` says whether to keep what they did. The caller holds the gate for itself.
    pub(crate) fn compound<T>(&self, calls: impl FnOnce() -> (T, bool)) -> T {
        let savepoint = self.read().savepoint();
        self.in_compound.store(true, Ordering::Relaxed);
        let (value, is_kept) = calls();
        self.in_compound.store(false, Ordering::Relaxed);
        let mut store = self.write();
        if is_kept {
            self.keep(&mut store);
        } else {
            store.rollback(&savepoint);
        }
        value
    }

    /// The org's id: that of its Organization row.
    pub(crate) fn organization(&self) -> SalesforceId {
        let store = self.read();
        let rows = store.schema.object_index("Organization").into_iter();
        rows.flat_map(|object| store.table(object).iter())
            .map(|(_, row)| row.id)
            .next()
            .unwrap_or(self.identity.organization_id)
    }

    /// The address at which it is served, known once it is.
    pub(crate) fn instance_url(&self) -> &str {
        self.url.get().map_or("", String::as_str)
    }

    /// Says at which address it is served.
    pub(crate) fn set_instance_url(&self, url: String) {
        let _ = self.url.set(url);
    }

    /// The org's time.
    pub(crate) fn now(&self) -> i64 {
        self.read().now()
    }

    /// The org's time as the `Date` header has it.
    pub(crate) fn date_header(&self) -> String {
        http_date(self.now())
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
