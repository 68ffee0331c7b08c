//! Keeping changes over restarts: one line per change in a file of the state directory, replayed over the loaded folder.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use salesforce_id::SalesforceId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::{
    schema::FieldType,
    setup::Setup,
    store::{Deletion, Row, Store},
    value::{Value, Written},
};

/// The file in the state directory.
const FILE: &str = "salesforce-org.jsonl";

/// Why the state directory cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("could not keep the org's changes in {}", path.display())]
pub struct JournalError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub source: io::Error,
}

/// The first line: which folder the changes belong to.
#[derive(Serialize, Deserialize)]
struct Head {
    folder: String,
}

/// One change: the clock after it and the rows it touched, as they are after it.
#[derive(Serialize, Deserialize)]
struct Change {
    clock: i64,
    rows: Vec<Image>,
    /// The set-up after it, if it changed that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    setup: Option<Setup>,
}

/// One row after a change.
#[derive(Serialize, Deserialize)]
struct Image {
    object: String,
    id: String,
    /// The fields with values; nothing for a row that is gone for good.
    fields: Option<Map<String, Json>>,
    #[serde(default)]
    hidden: bool,
    late_until: Option<i64>,
    deleted_at: Option<i64>,
    /// When the log of deletions says it was deleted.
    logged_at: Option<i64>,
}

/// The open file.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    folder: String,
}

fn damaged(line: usize, error: &serde_json::Error) -> io::Error {
    let detail = format!("line {line} is damaged ({error}); restore the file from a copy");
    io::Error::new(io::ErrorKind::InvalidData, detail)
}

impl Journal {
    /// Opens the file of a state directory and replays it over the store. Changes made over another folder are dropped:
    /// they say nothing about this one. So is a last line that a crash cut short; a line before it that cannot be read is
    /// damage, which is refused rather than forgotten with all that follows.
    pub(crate) fn open(
        directory: &Path,
        folder: &str,
        store: &mut Store,
    ) -> Result<Self, JournalError> {
        let path = directory.join(FILE);
        let fail = |source| JournalError {
            path: path.clone(),
            source,
        };
        std::fs::create_dir_all(directory).map_err(fail)?;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(fail)?;
        let mut journal = Self {
            path: path.clone(),
            file,
            folder: folder.to_owned(),
        };
        let good = journal.replay(store).map_err(fail)?;
        match good {
            Some(length) => {
                journal.file.set_len(length).map_err(fail)?;
                journal.file.seek(SeekFrom::End(0)).map_err(fail)?;
            }
            None => journal.begin().map_err(fail)?,
        }
        store.settle();
        Ok(journal)
    }

    /// Applies the file's changes; answers with the length of the part that is whole, or nothing for another folder's.
    fn replay(&mut self, store: &mut Store) -> io::Result<Option<u64>> {
        let mut reader = BufReader::new(&self.file);
        let mut line = Vec::new();
        let mut length = 0;
        let mut number = 0;
        while let read @ 1.. = reader.read_until(b'\n', &mut line)? {
            number += 1;
            if !line.ends_with(b"\n") {
                break;
            }
            if length == 0 {
                let head: Head =
                    serde_json::from_slice(&line).map_err(|error| damaged(number, &error))?;
                if head.folder != self.folder {
                    return Ok(None);
                }
            } else {
                let change =
                    serde_json::from_slice(&line).map_err(|error| damaged(number, &error))?;
                apply(store, change);
            }
            length += u64::try_from(read).unwrap_or(u64::MAX);
            line.clear();
        }
        Ok((length > 0).then_some(length))
    }

    /// Forgets every change.
    pub(crate) fn begin(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.line(&Head {
            folder: self.folder.clone(),
        })
    }

    /// Adds a change.
    pub(crate) fn add(
        &mut self,
        store: &Store,
        touched: &[(usize, SalesforceId)],
        setup: Option<&Setup>,
    ) -> Result<(), JournalError> {
        let rows = touched
            .iter()
            .map(|(object, id)| image(store, *object, *id))
            .collect();
        self.line(&Change {
            clock: store.time.kept(),
            rows,
            setup: setup.cloned(),
        })
        .map_err(|source| JournalError {
            path: self.path.clone(),
            source,
        })
    }

    fn line<T: Serialize>(&mut self, value: &T) -> io::Result<()> {
        let mut line = serde_json::to_vec(value)?;
        line.push(b'\n');
        // One write for one line: a crash leaves a whole line or a torn last one, which the replay drops.
        self.file.write_all(&line)
    }
}

fn image(store: &Store, object: usize, id: SalesforceId) -> Image {
    let schema = store.object(object);
    let row = store.table(object).get(id);
    let fields = row.map(|row| {
        let given = schema
            .fields
            .iter()
            .zip(&row.values)
            .filter(|(_, value)| !value.is_null());
        given
            .map(|(field, value)| {
                (
                    field.name.clone(),
                    serde_json::to_value(Written(value, field.kind)).unwrap_or_default(),
                )
            })
            .collect()
    });
    let logged = store
        .deletions
        .iter()
        .find(|gone| gone.object == object && gone.id == id);
    Image {
        object: schema.name.clone(),
        id: id.as_str().to_owned(),
        fields,
        hidden: row.is_some_and(|row| row.hidden),
        late_until: row.and_then(|row| row.late_until),
        deleted_at: row.and_then(|row| row.deleted_at),
        logged_at: logged.map(|gone| gone.at),
    }
}

fn apply(store: &mut Store, change: Change) {
    store.time.restore(change.clock);
    if let Some(setup) = change.setup {
        store.setup = std::sync::Arc::new(setup);
        if let Err(problem) = store.define_fields() {
            tracing::error!(error.cause = %problem, "Could not bring back a field of the simulated org");
        }
    }
    for image in change.rows {
        let Some(object) = store.schema.object_index(&image.object) else {
            continue;
        };
        let Ok(id) = SalesforceId::parse(&image.id) else {
            continue;
        };
        store
            .deletions
            .retain(|gone| gone.object != object || gone.id != id);
        if let Some(at) = image.logged_at {
            store.deletions.push(Deletion { object, id, at });
        }
        store.reserve(object, id);
        let Some(fields) = image.fields else {
            store.remove(object, id);
            continue;
        };
        let schema = store.object(object);
        let values = schema
            .fields
            .iter()
            .map(|field| {
                fields
                    .get(&field.name)
                    .map_or(Value::Null, |json| value(field.kind, json))
            })
            .collect();
        store.put(
            object,
            Row {
                id,
                values,
                hidden: image.hidden,
                late_until: image.late_until,
                deleted_at: image.deleted_at,
            },
        );
    }
}

/// The value as the field holds it. What the settings declare may have changed since the line was written: then the
/// value is read anew, and one that the field cannot hold is none.
fn value(kind: FieldType, json: &Json) -> Value {
    match json {
        Json::Bool(value) if kind == FieldType::Boolean => Value::Bool(*value),
        Json::Number(number) if kind.is_number() => {
            number.as_f64().map_or(Value::Null, Value::Number)
        }
        Json::Bool(value) => Value::from_cell(kind, &value.to_string()).unwrap_or(Value::Null),
        Json::Number(number) => Value::from_cell(kind, &number.to_string()).unwrap_or(Value::Null),
        Json::String(text) => Value::from_cell(kind, text).unwrap_or(Value::Null),
        _ => Value::Null,
    }
}
