//! Storage that survives the process: one SQLite file, one transaction for each request.

use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, ErrorCode, Row, Transaction, params};
use uuid::Uuid;

use crate::change::Change;
use crate::clock::Moment;
use crate::message::{Extras, Message, body_md5};
use crate::move_task::MoveTask;
use crate::queue::{Delivery, MessageKey, Origin, QueueId, QueueRecord};

const FILE: &str = "queues.sqlite";
const VERSION: i64 = 1;

const SCHEMA: &str = "
    CREATE TABLE queues (id INTEGER PRIMARY KEY, record TEXT NOT NULL);
    CREATE TABLE tasks (id BLOB PRIMARY KEY, record TEXT NOT NULL);
    CREATE TABLE messages (
        key INTEGER PRIMARY KEY,
        queue INTEGER NOT NULL,
        id BLOB NOT NULL,
        body TEXT NOT NULL,
        extras TEXT,
        source_arn TEXT,
        sent_at INTEGER NOT NULL,
        available_at INTEGER NOT NULL,
        receive_count INTEGER NOT NULL,
        first_received_at INTEGER
    );
";

/// Why a directory cannot be used or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The directory could not be made.
    #[error("could not make the directory")]
    Directory(#[source] std::io::Error),
    /// Another process holds the directory.
    #[error("another process is using the directory")]
    InUse,
    /// The file was written by another version of this program.
    #[error("the file has format {found}, and this program reads format {VERSION}")]
    Format {
        /// The format that the file states.
        found: i64,
    },
    /// The database refused.
    #[error("the database refused")]
    Database(#[source] rusqlite::Error),
    /// A stored text cannot be read.
    #[error("a stored text could not be read or written")]
    Text(#[from] serde_json::Error),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse,
            _ => Self::Database(error),
        }
    }
}

/// A message as it was stored.
#[derive(Debug)]
pub(crate) struct StoredMessage {
    pub(crate) queue: QueueId,
    pub(crate) key: MessageKey,
    pub(crate) message: Arc<Message>,
    pub(crate) delivery: Delivery,
}

#[derive(Debug, Default)]
pub(crate) struct Stored {
    pub(crate) queues: Vec<QueueRecord>,
    pub(crate) messages: Vec<StoredMessage>,
    pub(crate) tasks: Vec<MoveTask>,
}

#[derive(Debug)]
pub(crate) struct Store {
    connection: Connection,
}

impl Store {
    /// Opens or makes the file in `directory`, for this process alone.
    pub(crate) fn open(directory: &Path) -> Result<Self, StoreError> {
        std::fs::create_dir_all(directory).map_err(StoreError::Directory)?;
        let connection = Connection::open(directory.join(FILE))?;
        connection.busy_timeout(std::time::Duration::ZERO)?;
        // An acknowledged write is in the kernel's hands before the answer leaves: it outlives the
        // process. NORMAL syncs at checkpoints only, which is what a power cut could cost.
        connection.execute_batch(
            "PRAGMA locking_mode = EXCLUSIVE;
             PRAGMA journal_mode = WAL;
             PRAGMA synchronous = NORMAL;
             PRAGMA wal_autocheckpoint = 4000;
             BEGIN IMMEDIATE; COMMIT;",
        )?;
        let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        match found {
            VERSION => {}
            0 => connection.execute_batch(&format!(
                "BEGIN; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;"
            ))?,
            found => return Err(StoreError::Format { found }),
        }
        connection.set_prepared_statement_cache_capacity(32);
        Ok(Self { connection })
    }

    pub(crate) fn load(&self) -> Result<Stored, StoreError> {
        Ok(Stored {
            queues: self.records("SELECT record FROM queues ORDER BY id")?,
            tasks: self.records("SELECT record FROM tasks ORDER BY rowid")?,
            messages: self.messages()?,
        })
    }

    fn records<T: serde::de::DeserializeOwned>(&self, sql: &str) -> Result<Vec<T>, StoreError> {
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        let mut records = Vec::new();
        while let Some(row) = rows.next()? {
            records.push(serde_json::from_str(&row.get::<_, String>(0)?)?);
        }
        Ok(records)
    }

    fn messages(&self) -> Result<Vec<StoredMessage>, StoreError> {
        let mut statement = self.connection.prepare(
            "SELECT queue, key, id, body, extras, source_arn, sent_at, available_at, \
             receive_count, first_received_at FROM messages ORDER BY key",
        )?;
        let mut rows = statement.query([])?;
        let mut messages = Vec::new();
        while let Some(row) = rows.next()? {
            messages.push(stored_message(row)?);
        }
        Ok(messages)
    }

    /// Writes all of `changes` or none.
    pub(crate) fn write(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        if !changes.iter().any(Change::is_stored) {
            return Ok(());
        }
        let transaction = self.connection.transaction()?;
        for change in changes {
            write_one(&transaction, change)?;
        }
        transaction.commit()?;
        Ok(())
    }
}

fn stored_message(row: &Row<'_>) -> Result<StoredMessage, StoreError> {
    let body: String = row.get(3)?;
    let extras = match row.get::<_, Option<String>>(4)? {
        None => Extras::default(),
        Some(text) => serde_json::from_str(&text)?,
    };
    Ok(StoredMessage {
        queue: row.get(0)?,
        key: row.get(1)?,
        message: Arc::new(Message {
            id: Uuid::from_bytes(row.get(2)?),
            body_md5: body_md5(&body),
            body,
            extras,
            source_arn: row.get(5)?,
            sent_at: Moment::from_millis(row.get(6)?),
        }),
        delivery: Delivery {
            available_at: Moment::from_millis(row.get(7)?),
            receive_count: row.get(8)?,
            first_received_at: row.get::<_, Option<i64>>(9)?.map(Moment::from_millis),
            origin: Origin::Sent,
        },
    })
}

fn write_one(transaction: &Transaction<'_>, change: &Change) -> Result<(), StoreError> {
    match change {
        Change::Queue(record) => {
            transaction
                .prepare_cached("INSERT OR REPLACE INTO queues (id, record) VALUES (?1, ?2)")?
                .execute(params![record.id, serde_json::to_string(record)?])?;
        }
        Change::QueueGone(queue) => {
            delete_messages(transaction, *queue)?;
            transaction
                .prepare_cached("DELETE FROM queues WHERE id = ?1")?
                .execute([queue])?;
        }
        Change::Purged { queue, .. } => delete_messages(transaction, *queue)?,
        Change::Arrived {
            queue,
            key,
            message,
            delivery,
            ..
        } => {
            let extras = match message.extras.is_empty() {
                true => None,
                false => Some(serde_json::to_string(&message.extras)?),
            };
            transaction
                .prepare_cached(
                    "INSERT INTO messages (queue, key, id, body, extras, source_arn, sent_at, \
                     available_at, receive_count, first_received_at) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                )?
                .execute(params![
                    queue,
                    key,
                    message.id.as_bytes(),
                    message.body,
                    extras,
                    message.source_arn,
                    message.sent_at.as_millis(),
                    delivery.available_at.as_millis(),
                    delivery.receive_count,
                    delivery.first_received_at.map(Moment::as_millis),
                ])?;
        }
        Change::Received { key, at, .. } => {
            transaction
                .prepare_cached(
                    "UPDATE messages SET receive_count = receive_count + 1, \
                     first_received_at = coalesce(first_received_at, ?2) WHERE key = ?1",
                )?
                .execute(params![key, at.as_millis()])?;
        }
        Change::Hidden { .. } => {}
        Change::Gone { key, .. } => {
            transaction
                .prepare_cached("DELETE FROM messages WHERE key = ?1")?
                .execute([key])?;
        }
        Change::Task(task) => {
            transaction
                .prepare_cached(
                    "INSERT INTO tasks (id, record) VALUES (?1, ?2) \
                     ON CONFLICT (id) DO UPDATE SET record = excluded.record",
                )?
                .execute(params![task.id.as_bytes(), serde_json::to_string(task)?])?;
        }
    }
    Ok(())
}

fn delete_messages(transaction: &Transaction<'_>, queue: QueueId) -> Result<(), StoreError> {
    transaction
        .prepare_cached("DELETE FROM messages WHERE queue = ?1")?
        .execute([queue])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_serves_one_process_at_a_time() {
        let directory = tempfile::tempdir().unwrap();

        let first = Store::open(directory.path()).unwrap();

        assert!(matches!(
            Store::open(directory.path()),
            Err(StoreError::InUse)
        ));
        assert!(first.load().unwrap().queues.is_empty());
        drop(first);
        assert!(Store::open(directory.path()).is_ok());
    }

    #[test]
    fn a_file_of_another_format_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path()).unwrap();
        store
            .connection
            .execute_batch("PRAGMA user_version = 9")
            .unwrap();
        drop(store);

        assert!(matches!(
            Store::open(directory.path()),
            Err(StoreError::Format { found: 9 })
        ));
    }
}
