//! An org folder: one CSV file per object, as Salesforce's weekly Data Export, Data Loader or the sf CLI write it.

mod cells;
mod columns;
mod custom;
mod declared;
mod decode;
mod file;
mod implied;
mod named;
mod optional;
mod problem;
mod references;
mod rows;
mod text;

use std::{
    collections::BTreeSet,
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::Arc,
};

use salesforce_id::SalesforceId;
use sha2::{Digest, Sha256};

pub use self::{
    declared::{Declarations, DeclaredField, DeclaredType, Misfits},
    problem::LoadError,
};
use self::{
    file::{FileRows, SourceFile},
    problem::Problems,
};
use crate::{
    clock::Time,
    identity::OrgIdentity,
    rules::{self, ImpliedRole},
    schema::{Choice, FieldType, Schema, standard_schema},
    store::Store,
};

/// The files of a folder in the order in which they are read, and whether each must be there.
const FILES: [(&str, bool); 6] = [
    ("User", false),
    ("Account", true),
    ("Contact", true),
    ("Lead", false),
    ("Opportunity", true),
    ("OpportunityContactRole", true),
];

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
    notices: Vec<String>,
}

impl OrgData {
    /// The notices for whoever gave the folder, one sentence each: what was left out, what was taken for what.
    #[must_use]
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// The number of rows of an object that were loaded; 0 for an unknown object.
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
    /// Loads a folder. Its custom fields are of the declared types, and text where nothing is declared. The org's identity
    /// comes from `settings.organization_id` and `settings.my_domain` of its `channeltivity.json`, as far as they are there.
    ///
    /// # Errors
    /// The problems of every file: the first problems of each with row and field, and how many more there are.
    pub fn load(folder: &Path, declared: &Declarations) -> Result<OrgData, Vec<LoadError>> {
        let mut loader = Loader {
            schema: standard_schema(),
            files: Vec::new(),
            tables: Vec::new(),
            roles: Vec::new(),
            problems: Problems::default(),
            notices: Vec::new(),
            digest: Sha256::new(),
        };
        for (object, required) in FILES {
            loader.file(folder, object, required);
        }
        loader.rows(declared);
        if loader.problems.is_empty() {
            Ok(loader.finish(read_identity(folder)))
        } else {
            Err(loader.problems.into_errors())
        }
    }
}

fn read_identity(folder: &Path) -> OrgIdentity {
    let text = std::fs::read_to_string(folder.join("channeltivity.json")).unwrap_or_default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let json: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
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

struct Loader {
    schema: Schema,
    files: Vec<SourceFile>,
    tables: Vec<FileRows>,
    roles: Vec<ImpliedRole>,
    problems: Problems,
    notices: Vec<String>,
    digest: Sha256,
}

impl Loader {
    /// Reads a file's records.
    fn file(&mut self, folder: &Path, object: &str, required: bool) {
        let name = format!("{object}.csv");
        let bytes = match std::fs::read(path_of(folder, &name)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if required {
                    let problem = format!(
                        "the file is missing; export {object} from Salesforce into the folder {}",
                        folder.display()
                    );
                    self.problems
                        .push(LoadError::new(&name, None, None, problem));
                }
                return;
            }
            Err(error) => {
                let problem = format!("cannot be read ({error}); check its permissions");
                self.problems
                    .push(LoadError::new(&name, None, None, problem));
                return;
            }
        };
        self.digest.update(&name);
        self.digest.update(&bytes);
        let Some(object) = self.schema.object_index(object) else {
            return;
        };
        let decoded = match decode::decode(&name, &bytes) {
            Ok(decoded) => decoded,
            Err(error) => return self.problems.push(error),
        };
        if decoded.is_western {
            self.notices.push(format!(
                "{name}: is not UTF-8 and was read as Windows-1252 (ISO-8859-1); if names look wrong, export it again with the encoding Unicode (UTF-8)"
            ));
        }
        let Some(records) = text::records(&name, &decoded.text, &mut self.problems) else {
            return;
        };
        self.files.push(SourceFile {
            object,
            name,
            records,
        });
    }

    /// Gives every column its field and every cell its value.
    fn rows(&mut self, declared: &Declarations) {
        let (named, notices) = named::resolve(&self.schema, &self.files, declared);
        self.notices.extend(notices);
        let files = std::mem::take(&mut self.files);
        let columns: Vec<_> = files
            .iter()
            .map(|file| {
                columns::resolve(
                    &mut self.schema.objects[file.object],
                    file,
                    &named,
                    &mut self.problems,
                    &mut self.notices,
                )
            })
            .collect();
        for (file, columns) in files.into_iter().zip(columns) {
            let rows = rows::read(&self.schema, &file, &columns, &mut self.problems);
            self.tables.push(FileRows {
                object: file.object,
                file: file.name,
                rows,
            });
        }
        implied::person_contacts(&self.schema, &mut self.tables);
        self.roles = implied::primary_roles(&self.schema, &mut self.tables, &mut self.notices);
        references::check(
            &self.schema,
            &self.tables,
            &mut self.problems,
            &mut self.notices,
        );
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
        for role in &self.roles {
            rules::add_primary_role(&mut store, role);
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
            notices: self.notices,
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
                let separator = match field.kind {
                    FieldType::Picklist => None,
                    FieldType::MultiPicklist => Some(';'),
                    _ => continue,
                };
                let seen: BTreeSet<&str> = table
                    .rows
                    .iter()
                    .filter_map(|row| row.values[index].as_text())
                    .flat_map(|text| text.split(|c| Some(c) == separator))
                    .map(|value| separator.map_or(value, |_| value.trim()))
                    .filter(|value| !value.is_empty())
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

/// The file of that name in any case, as some file systems and tools spell it.
fn path_of(folder: &Path, name: &str) -> PathBuf {
    let exact = folder.join(name);
    if exact.exists() {
        return exact;
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut alike: Vec<PathBuf> = entries
        .filter(|entry| {
            let other = entry.file_name();
            other
                .to_str()
                .is_some_and(|other| other.eq_ignore_ascii_case(name))
        })
        .map(|entry| entry.path())
        .collect();
    alike.sort();
    alike.into_iter().next().unwrap_or(exact)
}
