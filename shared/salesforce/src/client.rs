//! The client: each method of the port is one kind of call.

use std::{collections::HashSet, fmt, sync::Arc, time::Duration};

use dealbridge_core::{
    SalesforceId, SalesforceObject, Stamp,
    salesforce::{
        DescribedField, FieldPath, Listing, Locator, Page, Row, Salesforce, SalesforceError,
        UpdateOutcome,
    },
    schema::Schema,
};
use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::{
    answer::Answer,
    api_usage::{ApiUsage, CallKind, Counters},
    call::{self, Call, Outcome, Wire},
    connection::{ApiVersion, Connection, locator_path},
    credentials::Credentials,
    login::Login,
    opportunity,
    retry::{Jitter, RetryPolicy},
    soql::{IDS_PER_STATEMENT, Statement, select},
};

/// Maximum number of ids in one `POST /composite/sobjects/<O>`.
const IDS_PER_RETRIEVE: usize = 2_000;

/// Restarts of a query whose locator expired on the way.
const RESTARTS: usize = 5;

/// A clock: an assertion states when it expires.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Time limits for calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallTimes {
    /// Time for one request.
    pub attempt: Duration,
    /// Time for one call with its retries.
    pub total: Duration,
    /// Time for all calls together, from this moment on.
    pub all: Duration,
}

/// A client of one org. Clones are cheap and share the session and the counts.
#[derive(Clone)]
pub struct SalesforceClient {
    shared: Arc<Shared>,
    policy: RetryPolicy,
    until: Option<Instant>,
    jitter: Arc<Jitter>,
    /// The org that every session must belong to.
    held_to: Option<SalesforceId>,
}

struct Shared {
    version: ApiVersion,
    login: Login,
    http: reqwest::Client,
    counters: Counters,
    schema: Schema,
}

/// The org that a login leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connected {
    /// The organization id, as Salesforce reports it.
    pub organization: SalesforceId,
    /// The URL at which the org's API answers.
    pub instance_url: String,
}

/// A page of a query, or of the child rows of a subquery.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QueryAnswer {
    done: bool,
    next_records_url: Option<String>,
    records: Vec<Row>,
}

impl SalesforceClient {
    /// Builds a client without contacting Salesforce; the first call logs in.
    ///
    /// # Errors
    /// Returns [`SalesforceError::NotConfigured`] if the credentials cannot work: an empty one, an unusable key, or a
    /// grant that the login URL does not offer.
    pub fn new(
        connection: Connection,
        credentials: Credentials,
        http: reqwest::Client,
        clock: Clock,
    ) -> Result<Self, SalesforceError> {
        Ok(Self {
            shared: Arc::new(Shared {
                version: connection.api_version(),
                login: Login::new(connection, credentials, clock)?,
                http,
                counters: Counters::default(),
                schema: Schema::default(),
            }),
            policy: RetryPolicy::default(),
            until: None,
            jitter: Arc::new(Jitter::of_this_process()),
            held_to: None,
        })
    }

    /// The same client with another retry policy.
    #[must_use]
    pub fn with_retry_policy(self, policy: RetryPolicy) -> Self {
        Self { policy, ..self }
    }

    /// The same client with time limits: each call ends within its own, and all of them end before the caller gives up.
    #[must_use]
    pub fn within(&self, times: CallTimes) -> Self {
        Self {
            policy: RetryPolicy {
                attempt: times.attempt,
                total: times.total,
                ..self.policy
            },
            until: Some(Instant::now() + times.all),
            ..self.clone()
        }
    }

    /// The same client with pauses drawn from a seed, so that a run can be reproduced.
    #[must_use]
    pub fn with_jitter_seed(self, seed: u64) -> Self {
        Self {
            jitter: Arc::new(Jitter::seeded(seed)),
            ..self
        }
    }

    /// Returns the number of requests sent so far by this client and its clones.
    #[must_use]
    pub fn usage(&self) -> ApiUsage {
        self.shared.counters.snapshot()
    }

    /// Returns the instance URL of the connected org, such as `https://acme.my.salesforce.com`. Logs in if there is no
    /// session.
    ///
    /// # Errors
    /// Returns the errors of a login.
    pub async fn instance_url(&self) -> Result<String, SalesforceError> {
        let session = self.shared.login.session(&self.wire(), None, None).await?;
        Ok(session.instance.to_string())
    }

    /// Returns the org that the credentials lead to at this moment. Always logs in, since a session may outlive a
    /// change.
    ///
    /// Takes one more call if the login does not name the org.
    ///
    /// # Errors
    /// Returns the errors of a login.
    pub async fn connected_org(&self) -> Result<Connected, SalesforceError> {
        let session = self.shared.login.anew(&self.wire()).await?;
        Ok(Connected {
            organization: self
                .shared
                .login
                .organization(&self.wire(), &session)
                .await?,
            instance_url: session.instance.to_string(),
        })
    }

    fn wire(&self) -> Wire<'_> {
        Wire {
            http: &self.shared.http,
            counters: &self.shared.counters,
            policy: self.policy,
            until: self.until,
            jitter: &self.jitter,
        }
    }

    pub(crate) async fn make<T>(
        &self,
        call: &Call<'_>,
        read: impl Fn(&Answer) -> Result<T, String>,
    ) -> Outcome<T> {
        call::make(&self.wire(), &self.shared.login, self.held_to, call, read).await
    }

    /// A path below the configured API version.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/services/data/{}/{rest}", self.shared.version)
    }

    async fn page(
        &self,
        kind: CallKind,
        path: &str,
        object: Option<&str>,
    ) -> Result<Page, SalesforceError> {
        let (answer, session) = self
            .make(&Call::get(kind, path, object), |answer| {
                let page: QueryAnswer = answer.json()?;
                if !page.done && page.next_records_url.is_none() {
                    return Err("answered with an unfinished page and no way on".to_owned());
                }
                Ok(page)
            })
            .await
            .result?;
        let next = match answer.next_records_url {
            Some(url) if !answer.done => Some(session.instance.locator(&url)?),
            _ => None,
        };
        if next.as_ref().is_some_and(|next| next.0 == path) {
            return Err(unavailable("a page's nextRecordsUrl leads to itself"));
        }
        Ok(Page {
            rows: answer.records,
            next,
        })
    }

    async fn query(
        &self,
        statement: &Statement,
        object: SalesforceObject,
    ) -> Result<Page, SalesforceError> {
        let path = statement.path(self.shared.version)?;
        self.page(CallKind::Query, &path, Some(object.api_name()))
            .await
    }

    /// Reads every row of a statement, with all child rows.
    async fn all_rows(
        &self,
        statement: &Statement,
        object: SalesforceObject,
    ) -> Result<Vec<Row>, SalesforceError> {
        let mut page = self.query(statement, object).await?;
        let mut rows = Vec::new();
        loop {
            self.complete_children(&mut page.rows).await?;
            rows.append(&mut page.rows);
            match page.next {
                Some(next) => page = self.next(&next).await?,
                None => return Ok(rows),
            }
        }
    }

    /// Reads every row of a statement over ids: again from the start if a locator expires on the way, and in halves if
    /// Salesforce finds the statement too large.
    async fn rows_of(
        &self,
        object: SalesforceObject,
        ids: &[SalesforceId],
        statement: impl Fn(&[SalesforceId]) -> Statement,
    ) -> Result<Vec<Row>, SalesforceError> {
        let mut rows = Vec::new();
        let mut parts: Vec<&[SalesforceId]> = ids.chunks(IDS_PER_STATEMENT).rev().collect();
        let mut restarts = 0;
        while let Some(part) = parts.pop() {
            match self.all_rows(&statement(part), object).await {
                Ok(mut read) => rows.append(&mut read),
                Err(SalesforceError::LocatorExpired) if restarts < RESTARTS => {
                    restarts += 1;
                    parts.push(part);
                }
                Err(SalesforceError::TooLarge { .. }) if part.len() > 1 => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(rows)
    }

    /// Fetches the child rows that did not fit into the page.
    async fn complete_children(&self, rows: &mut [Row]) -> Result<(), SalesforceError> {
        for child in rows.iter_mut().flat_map(|row| row.0.values_mut()) {
            while let Some(url) = unfinished(child) {
                let page = self.next(&Locator(url)).await?;
                extend(child, page);
            }
        }
        Ok(())
    }
}

impl fmt::Debug for SalesforceClient {
    /// Leaves out the session and the credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SalesforceClient")
            .field("version", &self.shared.version)
            .field("policy", &self.policy)
            .field("usage", &self.usage())
            .finish_non_exhaustive()
    }
}

/// The URL of the further rows in a subquery's result, if there are any.
fn unfinished(value: &Value) -> Option<String> {
    let children = value.as_object()?;
    let done = children.get("done")?.as_bool()?;
    children
        .get("nextRecordsUrl")
        .and_then(Value::as_str)
        .filter(|_| !done)
        .map(str::to_owned)
}

fn extend(value: &mut Value, page: Page) {
    let Some(children) = value.as_object_mut() else {
        return;
    };
    if let Some(Value::Array(records)) = children.get_mut("records") {
        records.extend(page.rows.into_iter().map(|row| Value::Object(row.0)));
    }
    match page.next {
        Some(next) => children.insert("nextRecordsUrl".to_owned(), next.0.into()),
        None => {
            children.shift_remove("nextRecordsUrl");
            children.insert("done".to_owned(), true.into())
        }
    };
}

fn unavailable(detail: &str) -> SalesforceError {
    SalesforceError::Unavailable {
        detail: detail.to_owned(),
    }
}

fn without_deleted(mut page: Page) -> Page {
    page.rows = page
        .rows
        .into_iter()
        .map(opportunity::without_deleted)
        .collect();
    page
}

/// Checks that the row is the requested one: a shifted response would move every link's state to another record.
fn row_of(row: Row, id: &SalesforceId) -> Result<Row, String> {
    Some(row)
        .filter(|row| row.id() == Some(*id) && row.stamp().is_some())
        .ok_or_else(|| "answered with other records than were asked for".to_owned())
}

/// The ids without duplicates, in order: Salesforce answers a duplicate once.
fn distinct(ids: &[SalesforceId]) -> Vec<SalesforceId> {
    let mut seen = HashSet::with_capacity(ids.len());
    ids.iter().copied().filter(|id| seen.insert(*id)).collect()
}

impl Salesforce for SalesforceClient {
    async fn of(&self, org: SalesforceId) -> Result<Self, SalesforceError> {
        let client = Self {
            held_to: Some(org),
            ..self.clone()
        };
        self.shared
            .login
            .session(&self.wire(), None, Some(org))
            .await?;
        Ok(client)
    }

    async fn list(&self, listing: &Listing) -> Result<Page, SalesforceError> {
        let statement = Statement::listing(listing);
        let page = self.query(&statement, listing.object).await?;
        Ok(without_deleted(page))
    }

    async fn next(&self, locator: &Locator) -> Result<Page, SalesforceError> {
        let path = locator_path(&locator.0)?;
        let page = self.page(CallKind::QueryMore, path, None).await?;
        Ok(without_deleted(page))
    }

    async fn opportunities(
        &self,
        ids: &[SalesforceId],
        fields: &[FieldPath],
    ) -> Result<Vec<Row>, SalesforceError> {
        let statement = |ids: &[SalesforceId]| Statement::opportunities(ids, fields);
        let rows = self
            .rows_of(SalesforceObject::Opportunity, &distinct(ids), statement)
            .await?;
        Ok(rows.into_iter().map(opportunity::without_deleted).collect())
    }

    async fn records(
        &self,
        object: SalesforceObject,
        ids: &[SalesforceId],
        fields: &[FieldPath],
    ) -> Result<Vec<Row>, SalesforceError> {
        let statement = |ids: &[SalesforceId]| Statement::records(object, ids, fields);
        self.rows_of(object, &distinct(ids), statement).await
    }

    async fn converted_leads(
        &self,
        opportunities: &[SalesforceId],
    ) -> Result<Vec<Row>, SalesforceError> {
        let statement = |ids: &[SalesforceId]| Statement::converted_leads(ids);
        self.rows_of(SalesforceObject::Lead, &distinct(opportunities), statement)
            .await
    }

    async fn retrieve(
        &self,
        object: SalesforceObject,
        ids: &[SalesforceId],
        fields: &[FieldPath],
    ) -> Result<Vec<Option<Row>>, SalesforceError> {
        let path = self.path(&format!("composite/sobjects/{object}"));
        let fields = select(
            &[&["Id", "SystemModstamp"]],
            fields.iter().map(FieldPath::as_str),
        );
        let mut retrieved = Vec::with_capacity(ids.len());
        let mut parts: Vec<&[SalesforceId]> = ids.chunks(IDS_PER_RETRIEVE).rev().collect();
        while let Some(ids) = parts.pop() {
            let call = Call {
                method: Method::POST,
                body: Some(json!({ "ids": ids, "fields": fields }).to_string()),
                ..Call::get(CallKind::Retrieve, &path, Some(object.api_name()))
            };
            let read = |answer: &Answer| {
                let rows: Vec<Option<Row>> = answer.json()?;
                if rows.len() != ids.len() {
                    return Err(
                        "answered with another number of records than was asked for".to_owned()
                    );
                }
                rows.into_iter()
                    .zip(ids)
                    .map(|(row, id)| row.map(|row| row_of(row, id)).transpose())
                    .collect::<Result<Vec<_>, _>>()
            };
            match self.make(&call, read).await.result {
                Ok((mut read, _)) => retrieved.append(&mut read),
                Err(SalesforceError::TooLarge { .. }) if ids.len() > 1 => {
                    let (first, second) = ids.split_at(ids.len() / 2);
                    parts.extend([second, first]);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(retrieved)
    }

    fn schema(&self) -> &Schema {
        &self.shared.schema
    }

    async fn describe(&self, object: &str) -> Result<Vec<DescribedField>, SalesforceError> {
        #[derive(Deserialize)]
        struct Described {
            fields: Vec<Field>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Field {
            name: String,
            label: String,
            #[serde(rename = "type")]
            kind: String,
            updateable: bool,
            relationship_name: Option<String>,
            #[serde(default)]
            reference_to: Vec<String>,
        }

        // A name of Salesforce's shape cannot change the path.
        if FieldPath::parse(object).is_ok_and(|name| !name.is_parent_path()) {
            let path = self.path(&format!("sobjects/{object}/describe"));
            let call = Call::get(CallKind::Describe, &path, Some(object));
            let (described, _) = self.make(&call, Answer::json::<Described>).await.result?;
            return Ok(described
                .fields
                .into_iter()
                .map(|field| DescribedField {
                    name: field.name,
                    label: field.label,
                    kind: field.kind,
                    updateable: field.updateable,
                    relationship: field.relationship_name,
                    reference_to: field.reference_to,
                })
                .collect());
        }
        Err(SalesforceError::NotConfigured {
            detail: format!(
                "{:?} is no object's API name",
                object.chars().take(80).collect::<String>()
            ),
        })
    }

    async fn update(
        &self,
        object: SalesforceObject,
        id: SalesforceId,
        fields: &Map<String, Value>,
        unless_changed_since: Option<Stamp>,
    ) -> Result<UpdateOutcome, SalesforceError> {
        self.write(object, id, fields, unless_changed_since).await
    }
}
