//! An org folder: one CSV file per object in the shape of Salesforce's own Data Export.

mod columns;
mod rows;
mod text;

use std::{collections::BTreeSet, fmt, path::Path, sync::Arc};

use dealbridge_core::SalesforceId;
use sha2::{Digest, Sha256};

use crate::{
    clock::Time,
    rules,
    schema::{Choice, FieldType, standard_schema},
    store::{Store, make_id},
    value::Value,
};

/// The most errors that one load reports.
const MOST_ERRORS: usize = 20;

/// The files of a folder in the order in which they are read, and whether each must be there.
const FILES: [(&str, bool); 6] = [
    ("User", false),
    ("Account", true),
    ("Contact", true),
    ("Lead", false),
    ("Opportunity", true),
    ("OpportunityContactRole", true),
];

/// Why an org folder cannot be loaded: one sentence that names file, row and field, and says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError {
    /// The file's name.
    pub file: String,
    /// The line in the file, counted from 1.
    pub row: Option<u64>,
    /// The column.
    pub field: Option<String>,
    /// What is wrong and what to do.
    pub problem: String,
}

impl LoadError {
    fn new(file: &str, row: Option<u64>, field: Option<&str>, problem: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            row,
            field: field.map(str::to_owned),
            problem: problem.into(),
        }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(row) = self.row {
            write!(f, ", row {row}")?;
        }
        if let Some(field) = &self.field {
            write!(f, ", field {field}")?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl std::error::Error for LoadError {}

/// Which org a folder stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrgIdentity {
    /// The organization's id, which begins with `00D`.
    pub organization_id: SalesforceId,
    /// The first label of its My Domain host.
    pub my_domain: String,
}

impl Default for OrgIdentity {
    fn default() -> Self {
        Self {
            organization_id: make_id("00D", "00", 1),
            my_domain: "local-org".to_owned(),
        }
    }
}

/// A loaded org, ready to be served.
#[derive(Clone, Debug)]
pub struct OrgData {
    /// Which org it is.
    pub identity: OrgIdentity,
    pub(crate) store: Store,
    /// The user whom tokens stand for.
    pub(crate) api_user: SalesforceId,
    /// Tells one set of files from another.
    pub(crate) fingerprint: String,
}

impl OrgData {
    /// How many rows of an object were loaded; 0 for an unknown object.
    #[must_use]
    pub fn rows(&self, object: &str) -> usize {
        self.store
            .schema
            .object_index(object)
            .map_or(0, |object| self.store.table(object).iter().count())
    }
}

/// Reads org folders.
#[derive(Clone, Copy, Debug)]
pub struct OrgFolder;

impl OrgFolder {
    /// Loads a folder and takes the org's identity from `settings.organization_id` and `settings.my_domain` of its
    /// `channeltivity.json`, as far as they are there.
    ///
    /// # Errors
    /// Up to 20 problems, each naming file, row and field.
    pub fn load(folder: &Path) -> Result<OrgData, Vec<LoadError>> {
        Self::load_as(folder, read_identity(folder))
    }

    /// Loads a folder as the given org.
    ///
    /// # Errors
    /// Up to 20 problems, each naming file, row and field.
    pub fn load_as(folder: &Path, identity: OrgIdentity) -> Result<OrgData, Vec<LoadError>> {
        let mut loader = Loader {
            schema: standard_schema(),
            tables: Vec::new(),
            errors: Vec::new(),
            digest: Sha256::new(),
        };
        for (object, required) in FILES {
            loader.file(folder, object, required);
        }
        loader.check_references();
        if !loader.errors.is_empty() {
            loader.errors.truncate(MOST_ERRORS);
            return Err(loader.errors);
        }
        Ok(loader.finish(identity))
    }
}

fn read_identity(folder: &Path) -> OrgIdentity {
    let text = std::fs::read_to_string(folder.join("channeltivity.json")).unwrap_or_default();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let setting = |name| {
        json.get("settings")
            .and_then(|settings| settings.get(name)?.as_str())
    };
    let default = OrgIdentity::default();
    OrgIdentity {
        organization_id: setting("organization_id")
            .and_then(|id| SalesforceId::parse(id).ok())
            .filter(|id| id.key_prefix() == "00D")
            .unwrap_or(default.organization_id),
        my_domain: setting("my_domain")
            .filter(|name| !name.is_empty())
            .map_or(default.my_domain, str::to_owned),
    }
}

/// One row of a file: its line and one value per field of the object.
struct FileRow {
    line: u64,
    values: Vec<Value>,
}

/// The rows of one file.
struct FileRows {
    object: usize,
    file: String,
    rows: Vec<FileRow>,
}

struct Loader {
    schema: crate::schema::Schema,
    tables: Vec<FileRows>,
    errors: Vec<LoadError>,
    digest: Sha256,
}

impl Loader {
    fn file(&mut self, folder: &Path, object: &str, required: bool) {
        let name = format!("{object}.csv");
        let bytes = match std::fs::read(folder.join(&name)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if required {
                    self.errors.push(LoadError::new(
                        &name,
                        None,
                        None,
                        format!("the file is missing; export {object} from Salesforce into the folder {}", folder.display()),
                    ));
                }
                return;
            }
            Err(error) => {
                self.errors.push(LoadError::new(
                    &name,
                    None,
                    None,
                    format!("cannot be read ({error}); check its permissions"),
                ));
                return;
            }
        };
        self.digest.update(&name);
        self.digest.update(&bytes);
        let Some(object) = self.schema.object_index(object) else {
            return;
        };
        match text::records(&name, &bytes) {
            Ok(records) => {
                let Some(columns) = columns::resolve(
                    &mut self.schema.objects[object],
                    &name,
                    &records,
                    &mut self.errors,
                ) else {
                    return;
                };
                let rows = rows::read(
                    &self.schema,
                    object,
                    &name,
                    &columns,
                    &records,
                    &mut self.errors,
                );
                self.tables.push(FileRows {
                    object,
                    file: name,
                    rows,
                });
            }
            Err(errors) => self.errors.extend(errors),
        }
    }

    /// Each reference must name a row of the object it points to, as far as that object has a file.
    fn check_references(&mut self) {
        let known: Vec<Option<BTreeSet<SalesforceId>>> = (0..self.schema.objects.len())
            .map(|object| {
                let table = self.tables.iter().find(|table| table.object == object)?;
                let id = self.schema.objects[object].system.id;
                Some(
                    table
                        .rows
                        .iter()
                        .filter_map(|row| row.values[id].as_id())
                        .collect(),
                )
            })
            .collect();
        for table in &self.tables {
            let fields: Vec<_> = self.schema.objects[table.object]
                .fields
                .iter()
                .enumerate()
                .filter(|(_, field)| field.kind == FieldType::Reference && !field.custom)
                .map(|(index, field)| (index, field, rows::targets(&self.schema, field)))
                .collect();
            for row in &table.rows {
                for (index, field, targets) in &fields {
                    let Some(id) = row.values[*index].as_id() else {
                        continue;
                    };
                    let Some(problem) = rows::reference_problem(&self.schema, &known, targets, id)
                    else {
                        continue;
                    };
                    if self.errors.len() >= MOST_ERRORS {
                        return;
                    }
                    self.errors.push(LoadError::new(
                        &table.file,
                        Some(row.line),
                        Some(&field.name),
                        problem,
                    ));
                }
            }
        }
    }

    fn finish(mut self, identity: OrgIdentity) -> OrgData {
        let pod = identity.organization_id.as_str()[3..5].to_owned();
        let user = self.schema.object_index("User").unwrap_or(0);
        let mut users: BTreeSet<SalesforceId> = BTreeSet::new();
        for table in &self.tables {
            for (index, field) in self.schema.objects[table.object].fields.iter().enumerate() {
                if field.references.iter().any(|object| object == "User") {
                    users.extend(
                        table
                            .rows
                            .iter()
                            .filter_map(|row| row.values[index].as_id())
                            .filter(|id| id.key_prefix() == "005"),
                    );
                }
            }
        }
        self.add_observed_choices();
        let mut store = Store::new(Arc::new(self.schema), &pod);
        let latest = self
            .tables
            .iter()
            .flat_map(|table| {
                let system = store.schema.objects[table.object].system;
                table.rows.iter().filter_map(move |row| {
                    row.values[system.modstamp]
                        .as_seconds()
                        .or(row.values[system.modified_date].as_seconds())
                })
            })
            .max()
            .unwrap_or(rules::EPOCH);
        rules::add_stages(
            &mut store,
            self.tables
                .iter()
                .flat_map(|table| table.rows.iter().map(|row| (table.object, &row.values))),
        );
        rules::add_lead_statuses(&mut store);
        for table in self.tables {
            for row in table.rows {
                rules::load_row(&mut store, table.object, row.values);
            }
        }
        rules::add_missing_users(&mut store, user, &users, &identity.my_domain);
        let api_user = rules::add_api_user(&mut store, user, &identity.my_domain);
        rules::add_organization(&mut store, &identity);
        rules::complete(&mut store, api_user);
        store.latest = latest;
        store.time = Time::after(latest);
        store.settle();
        let fingerprint = self
            .digest
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        OrgData {
            identity,
            store,
            api_user,
            fingerprint,
        }
    }

    /// A picklist also lists the values that rows hold beside the standard ones.
    fn add_observed_choices(&mut self) {
        for table in &self.tables {
            for (index, field) in self.schema.objects[table.object]
                .fields
                .iter_mut()
                .enumerate()
            {
                if field.kind != FieldType::Picklist {
                    continue;
                }
                let seen: BTreeSet<&str> = table
                    .rows
                    .iter()
                    .filter_map(|row| row.values[index].as_text())
                    .collect();
                for value in seen {
                    if !field.choices.iter().any(|choice| choice.value == value) {
                        field.choices.push(Choice {
                            value: value.to_owned(),
                            is_default: false,
                        });
                    }
                }
            }
        }
    }
}
