//! Reading around fields that the org does not have or hides, and telling what is hidden from what is blank.
//!
//! Every read of the product goes through [`Columns`]: a field that cannot be read is taken out of the query, and
//! nothing else is, whatever object it belongs to. A row then has a [`Reading`] at each path: a value (null if it was
//! read as blank), hidden, or not read at all. Only a value ever changes anything on the other side.

mod reading;
mod trace;

use serde_json::{Map, Value};

use crate::{
    salesforce::{DescribedField, FieldPath, OBJECT_ITSELF, Row, Salesforce, SalesforceError},
    schema::Objects,
};
pub use reading::{HiddenParent, Reading};
pub use trace::CONTACT_ROLES;
use trace::{End, Renamed, Step, Traced};

/// A path that cannot be read, and the place where it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The path as it was asked for.
    pub path: FieldPath,
    /// The object that lacks the next step of the path, or hides it.
    pub object: String,
    /// The step: a field, or a relationship in the middle of the path.
    pub field: String,
    /// `true` if nothing of the object can be read: it does not exist, or is hidden as a whole.
    pub is_without_object: bool,
}

impl Unreadable {
    /// Returns the field whose absence ends the path: for a relationship, the lookup behind it; without the object, the
    /// field that every object has. Paths with one cause become readable together.
    #[must_use]
    pub fn cause(&self) -> String {
        let last = self.path.as_str().rsplit('.').next().unwrap_or_default();
        let field = if self.is_without_object {
            OBJECT_ITSELF.to_owned()
        } else if self.field == last {
            self.field.clone()
        } else {
            trace::lookup(&self.field)
        };
        format!("{}.{field}", self.object)
    }
}

/// The fields of a query that goes on without those that cannot be read.
///
/// A query that Salesforce answers costs nothing more. One that it refuses because of a field costs one describe of
/// each object on the way of the fields, after which all unreadable fields are known, however many there are.
///
/// ```ignore
/// let mut columns = Columns::new("Opportunity", needed, wanted);
/// columns.recall(salesforce);
/// let rows = loop {
///     match salesforce.records(object, &ids, &columns.asked()).await {
///         Ok(rows) => break columns.settle(rows),
///         Err(error) => columns.go_without(salesforce, error).await?,
///     }
/// };
/// // columns.left_out(): each wanted path that the rows lack, and why.
/// ```
#[derive(Clone, Debug)]
pub struct Columns {
    object: String,
    /// The fields, the needed ones first.
    fields: Vec<FieldPath>,
    needed: Vec<FieldPath>,
    left_out: Vec<Unreadable>,
    renamed: Vec<Renamed>,
    recalls: bool,
}

impl Columns {
    /// Creates the columns of an object, each once: the fields that are needed, and those that are wanted if they
    /// exist.
    #[must_use]
    pub fn new(
        object: &str,
        needed: Vec<FieldPath>,
        wanted: impl IntoIterator<Item = FieldPath>,
    ) -> Self {
        let mut fields: Vec<FieldPath> = Vec::new();
        for path in needed.iter().cloned().chain(wanted) {
            if !fields.iter().any(|known| known.is(path.as_str())) {
                fields.push(path);
            }
        }
        Self {
            object: object.to_owned(),
            fields,
            needed,
            left_out: Vec::new(),
            renamed: Vec::new(),
            recalls: false,
        }
    }

    /// Leaves out at once the fields that the same run found unreadable before, so that they are refused once and not
    /// with each batch.
    pub fn recall<F: Salesforce>(&mut self, salesforce: &F) {
        self.recalls = true;
        let objects = salesforce.schema().objects();
        if !objects.is_empty() {
            self.learn_lookups(&objects);
            for unreadable in self.unreadable(&objects, |_| true) {
                if !self.is_needed(&unreadable.path) {
                    self.leave_out(unreadable);
                }
            }
        }
    }

    /// Returns the fields to ask for: those that are left, and the lookups that tell a hidden parent from one that is
    /// blank.
    #[must_use]
    pub fn asked(&self) -> Vec<FieldPath> {
        let mut asked = self.fields.clone();
        for lookup in self.fields.iter().flat_map(trace::lookups) {
            let renamed = self.renamed.iter().find(|renamed| renamed.guess == lookup);
            let lookup = renamed.map_or(lookup, |renamed| renamed.actual.clone());
            if !asked.iter().any(|known| known.is(lookup.as_str())) {
                asked.push(lookup);
            }
        }
        asked
    }

    /// Returns the fields that were found unreadable.
    #[must_use]
    pub fn left_out(&self) -> &[Unreadable] {
        &self.left_out
    }

    /// Takes out the unreadable fields after Salesforce refused one. Then the query can be asked again.
    ///
    /// # Errors
    /// Returns the refusal itself if it is of another kind, or if nothing shows which field it is about; a missing
    /// field that is needed, named with its object; or the faults of a describe.
    pub async fn go_without<F: Salesforce>(
        &mut self,
        salesforce: &F,
        refusal: SalesforceError,
    ) -> Result<(), SalesforceError> {
        let SalesforceError::FieldMissing { object, field } = &refusal else {
            return Err(refusal);
        };
        let before = self.asked();
        let schema = salesforce.schema();
        if object.eq_ignore_ascii_case(&self.object) && field == OBJECT_ITSELF {
            // Without the object there is nothing to leave out.
            return Err(refusal);
        }
        if self.recalls && !schema.objects().is_empty() {
            let objects = self.describe(salesforce).await?;
            self.take_out(self.unreadable(&objects, |_| true))?;
        }
        if self.asked() == before {
            // The schema is out of date, or nothing is known.
            schema.forget();
            let objects = self.describe(salesforce).await?;
            self.take_out(self.unreadable(&objects, |_| true))?;
            if self.asked() == before {
                // Describe has all the fields: then Salesforce's own message must do.
                let is_named = |step: &Step<'_>| {
                    step.name.eq_ignore_ascii_case(field) && step.may_be_of(object)
                };
                self.take_out(self.unreadable(&objects, |step| !is_named(step)))?;
            }
        }
        if self.asked() == before {
            return Err(refusal);
        }
        Ok(())
    }

    /// Describes the objects that the fields lead through.
    async fn describe<F: Salesforce>(
        &mut self,
        salesforce: &F,
    ) -> Result<Objects, SalesforceError> {
        let objects = describe(salesforce, &self.object, &self.fields).await?;
        self.learn_lookups(&objects);
        Ok(objects)
    }

    /// Notes which lookups have irregular names.
    fn learn_lookups(&mut self, objects: &Objects) {
        for path in &self.fields {
            let Traced::Leads(steps) = trace::trace(&self.object, path, objects) else {
                continue;
            };
            for renamed in steps.iter().filter_map(Step::renamed) {
                if !self.renamed.contains(&renamed) {
                    self.renamed.push(renamed);
                }
            }
        }
    }

    /// Returns the fields that cannot be read by what describe says, and those with a step that is not good.
    fn unreadable(&self, objects: &Objects, good: impl Fn(&Step<'_>) -> bool) -> Vec<Unreadable> {
        let blamed = |path: &FieldPath| match trace::trace(&self.object, path, objects) {
            Traced::Unknown(_) => None,
            Traced::Ends(end) => Some(end),
            Traced::Leads(steps) => steps.iter().find(|step| !good(step)).map(|step| End {
                object: step.object(),
                field: step.name.to_owned(),
                is_without_object: false,
            }),
        };
        self.fields
            .iter()
            .filter_map(|path| {
                let End {
                    object,
                    field,
                    is_without_object,
                } = blamed(path)?;
                Some(Unreadable {
                    path: path.clone(),
                    object,
                    field,
                    is_without_object,
                })
            })
            .collect()
    }

    fn take_out(&mut self, unreadable: Vec<Unreadable>) -> Result<(), SalesforceError> {
        for unreadable in unreadable {
            if self.is_needed(&unreadable.path) {
                return Err(SalesforceError::FieldMissing {
                    object: unreadable.object,
                    field: unreadable.field,
                });
            }
            self.leave_out(unreadable);
        }
        Ok(())
    }

    fn is_needed(&self, path: &FieldPath) -> bool {
        self.needed.iter().any(|needed| needed.is(path.as_str()))
    }

    fn leave_out(&mut self, unreadable: Unreadable) {
        self.fields.retain(|path| *path != unreadable.path);
        self.left_out.push(unreadable);
    }

    /// Gives lookups with irregular names the names that follow from their relationships, by which rows are read.
    #[must_use]
    pub fn settle(&self, mut rows: Vec<Row>) -> Vec<Row> {
        for renamed in &self.renamed {
            for row in &mut rows {
                if let Some(value) = row.get(renamed.actual.as_str()).cloned() {
                    insert(&mut row.0, renamed.guess.as_str(), value);
                }
            }
        }
        rows
    }
}

/// Describes the objects that fields lead through, one after the other: each shows which are next. One call each, for
/// those that are not known.
///
/// # Errors
/// Returns the faults of a describe. An object that does not exist or is hidden is not a fault.
pub(crate) async fn describe<F: Salesforce>(
    salesforce: &F,
    object: &str,
    fields: &[FieldPath],
) -> Result<Objects, SalesforceError> {
    loop {
        let objects = salesforce.schema().objects();
        let unknown = fields
            .iter()
            .find_map(|path| match trace::trace(object, path, &objects) {
                Traced::Unknown(object) => Some(object),
                _ => None,
            });
        let Some(object) = unknown else {
            return Ok(objects);
        };
        let described = match salesforce.describe(&object).await {
            Ok(fields) => Some(fields.into()),
            Err(SalesforceError::FieldMissing { .. }) => None,
            Err(error) => return Err(error),
        };
        salesforce.schema().learn(&object, described);
    }
}

/// The result of looking a path up.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    /// It leads to this field.
    Field(&'a DescribedField),
    /// It ends at an object that lacks the next step, or hides it.
    Nothing {
        /// The object.
        object: String,
        /// The step.
        field: String,
    },
}

/// Looks a path up in described objects.
pub(crate) fn find<'a>(object: &str, path: &FieldPath, objects: &'a Objects) -> Found<'a> {
    let steps = match trace::trace(object, path, objects) {
        Traced::Leads(steps) => steps,
        Traced::Ends(End { object, field, .. }) => return Found::Nothing { object, field },
        Traced::Unknown(object) => {
            let field = path.as_str().to_owned();
            return Found::Nothing { object, field };
        }
    };
    let found = steps.last().and_then(|step| step.field(objects));
    found.map_or_else(
        || Found::Nothing {
            object: object.to_owned(),
            field: path.as_str().to_owned(),
        },
        Found::Field,
    )
}

/// Inserts a value at a path whose parents exist.
fn insert(map: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            map.insert(path.to_owned(), value);
        }
        Some((parent, rest)) => {
            let parent = map
                .iter_mut()
                .find(|(name, _)| name.eq_ignore_ascii_case(parent));
            if let Some((_, Value::Object(parent))) = parent {
                insert(parent, rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests;
