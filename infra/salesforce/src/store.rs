//! The rows of an org with their indexes, its clock, and transactions over them.

use std::{collections::HashMap, sync::Arc};

use salesforce_id::SalesforceId;

use crate::{
    clock::{OrgClock, Time},
    schema::{ObjectSchema, Schema},
    setup::Setup,
    value::Value,
};

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    /// Its id.
    pub(crate) id: SalesforceId,
    /// One value per field of its object, in the same order.
    pub(crate) values: Vec<Value>,
    /// True if the API user may not see it.
    pub(crate) hidden: bool,
    /// Not visible before this time of the org's clock: a transaction that commits late.
    pub(crate) late_until: Option<i64>,
    /// When it went to the recycle bin.
    pub(crate) deleted_at: Option<i64>,
}

impl Row {
    /// Returns whether the API user sees the row at this time, in the bin or not.
    pub(crate) fn is_visible(&self, now: i64) -> bool {
        !self.hidden && self.late_until.is_none_or(|until| until <= now)
    }

    /// Returns whether it is in the recycle bin.
    pub(crate) fn is_deleted(&self) -> bool {
        self.deleted_at.is_some()
    }
}

/// Positions of the children of one parent.
type ByParent = HashMap<SalesforceId, Vec<usize>>;

/// The rows of one object. A row keeps its position as long as it lives.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Option<Arc<Row>>>,
    by_id: HashMap<SalesforceId, usize>,
    by_reference: HashMap<usize, ByParent>,
}

impl Table {
    /// All rows with their positions, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &Arc<Row>)> {
        self.rows
            .iter()
            .enumerate()
            .filter_map(|(at, row)| row.as_ref().map(|row| (at, row)))
    }

    /// The row at a position.
    pub(crate) fn at(&self, position: usize) -> Option<&Arc<Row>> {
        self.rows.get(position)?.as_ref()
    }

    /// The position of a row.
    pub(crate) fn position(&self, id: SalesforceId) -> Option<usize> {
        self.by_id.get(&id).copied()
    }

    /// A row.
    pub(crate) fn get(&self, id: SalesforceId) -> Option<&Arc<Row>> {
        self.at(self.position(id)?)
    }

    /// Returns whether rows can be found by this reference field without reading them all.
    pub(crate) fn is_indexed(&self, field: usize) -> bool {
        self.by_reference.contains_key(&field)
    }

    /// The positions of the rows whose reference field holds this id, oldest first.
    pub(crate) fn referring(&self, field: usize, parent: SalesforceId) -> &[usize] {
        self.by_reference
            .get(&field)
            .and_then(|by_parent| by_parent.get(&parent))
            .map_or(&[], Vec::as_slice)
    }

    fn set(&mut self, position: usize, row: Option<Arc<Row>>) {
        if position == self.rows.len() {
            self.rows.push(None);
        }
        let before = std::mem::replace(&mut self.rows[position], row);
        let after = self.rows[position].as_ref();
        for (field, by_parent) in &mut self.by_reference {
            let old = before.as_ref().and_then(|row| row.values[*field].as_id());
            let new = after.and_then(|row| row.values[*field].as_id());
            if old == new {
                continue;
            }
            if let Some(children) = old.and_then(|old| by_parent.get_mut(&old)) {
                children.retain(|child| *child != position);
            }
            if let Some(new) = new {
                let children = by_parent.entry(new).or_default();
                let place = children.partition_point(|child| *child < position);
                children.insert(place, position);
            }
        }
        match (before, after) {
            (_, Some(row)) => {
                self.by_id.insert(row.id, position);
            }
            (Some(row), None) => {
                self.by_id.remove(&row.id);
            }
            (None, None) => {}
        }
    }
}

/// One entry of the log of deletions, which `/deleted` reads.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Deletion {
    /// The object's place in the schema.
    pub(crate) object: usize,
    /// The row.
    pub(crate) id: SalesforceId,
    /// When.
    pub(crate) at: i64,
}

/// The change that one transaction made to a row.
#[derive(Clone, Debug)]
struct Undo {
    object: usize,
    position: usize,
    before: Option<Arc<Row>>,
}

/// A point to which the store can go back.
#[derive(Clone, Debug)]
pub(crate) struct Savepoint {
    undo: usize,
    clock: i64,
    deletions: Vec<Deletion>,
}

/// The rows of a whole org.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    /// Objects and fields.
    pub(crate) schema: Arc<Schema>,
    tables: Vec<Table>,
    /// The set-up that an administrator has made.
    pub(crate) setup: Arc<Setup>,
    setup_changed: bool,
    /// The org's clock.
    pub(crate) time: Time,
    /// The last stamp of the loaded folder.
    pub(crate) latest: i64,
    /// The log of deletions.
    pub(crate) deletions: Vec<Deletion>,
    /// Rows that another transaction holds.
    pub(crate) locks: Vec<Lock>,
    sequences: Vec<u64>,
    pod: String,
    undo: Vec<Undo>,
}

/// A row that another transaction holds, or all rows of an object, for so many writes.
#[derive(Clone, Debug)]
pub(crate) struct Lock {
    /// The object.
    pub(crate) object: usize,
    /// The row; all of the object without.
    pub(crate) row: Option<SalesforceId>,
    /// The number of writes that are refused.
    pub(crate) times: u32,
}

impl Store {
    /// An empty store; `pod` is the fourth and fifth character of ids it makes.
    pub(crate) fn new(schema: Arc<Schema>, pod: &str) -> Self {
        let mut tables = vec![Table::default(); schema.objects.len()];
        for child in schema.objects.iter().flat_map(|object| &object.children) {
            if let Some(object) = schema.object_index(&child.object)
                && let Some(field) = schema.objects[object].field_index(&child.field)
            {
                tables[object].by_reference.entry(field).or_default();
            }
        }
        Self {
            sequences: vec![0; schema.objects.len()],
            schema,
            tables,
            setup: Arc::default(),
            setup_changed: false,
            time: Time::after(0),
            latest: 0,
            deletions: Vec::new(),
            locks: Vec::new(),
            pod: pod.to_owned(),
            undo: Vec::new(),
        }
    }

    /// An object's schema.
    pub(crate) fn object(&self, object: usize) -> &ObjectSchema {
        &self.schema.objects[object]
    }

    /// An object's rows.
    pub(crate) fn table(&self, object: usize) -> &Table {
        &self.tables[object]
    }

    /// A row the API user sees, outside the bin.
    pub(crate) fn live(&self, object: usize, id: SalesforceId) -> Option<&Arc<Row>> {
        self.tables[object]
            .get(id)
            .filter(|row| row.is_visible(self.now()) && !row.is_deleted())
    }

    /// The place of an object to which the API user has access, by its name in any case.
    pub(crate) fn readable(&self, name: &str) -> Option<usize> {
        let object = self.schema.object_index(name)?;
        (!self.setup.hides_object(self.object(object))).then_some(object)
    }

    /// Writes a row, whether it was there before or not.
    pub(crate) fn put(&mut self, object: usize, row: Row) {
        self.reserve(object, row.id);
        let table = &mut self.tables[object];
        let position = table.position(row.id).unwrap_or(table.rows.len());
        let before = table.at(position).cloned();
        table.set(position, Some(Arc::new(row)));
        self.undo.push(Undo {
            object,
            position,
            before,
        });
    }

    /// Takes a row away for good.
    pub(crate) fn remove(&mut self, object: usize, id: SalesforceId) {
        let table = &mut self.tables[object];
        if let Some(position) = table.position(id) {
            let before = table.at(position).cloned();
            table.set(position, None);
            self.undo.push(Undo {
                object,
                position,
                before,
            });
        }
    }

    /// Sees to it that an id is not given again.
    pub(crate) fn reserve(&mut self, object: usize, id: SalesforceId) {
        if let Some(number) = id_number(id, &self.pod) {
            self.sequences[object] = self.sequences[object].max(number);
        }
    }

    /// The next free id of an object.
    pub(crate) fn next_id(&mut self, object: usize) -> SalesforceId {
        let prefix = self.schema.objects[object].key_prefix.clone();
        loop {
            self.sequences[object] += 1;
            let id = make_id(&prefix, &self.pod, self.sequences[object]);
            if self.tables[object].get(id).is_none() {
                return id;
            }
        }
    }

    /// The fourth and fifth character of ids made here.
    pub(crate) fn pod(&self) -> &str {
        &self.pod
    }

    /// The running number of an id that this org made.
    pub(crate) fn number_of(&self, id: SalesforceId) -> Option<u64> {
        id_number(id, &self.pod)
    }

    /// Goes by this clock from here on.
    pub(crate) fn run_by(&mut self, clock: &OrgClock) {
        self.time.run_by(clock.clone(), self.latest);
    }

    /// Changes what an administrator has set up.
    pub(crate) fn set_up(&mut self, change: impl FnOnce(&mut Setup)) {
        change(Arc::make_mut(&mut self.setup));
        self.setup_changed = true;
    }

    /// Gives the objects the fields that the set-up adds and changes. Rows have no value of an added one.
    ///
    /// # Errors
    /// A sentence for a field that cannot be; what precedes it is done.
    pub(crate) fn define_fields(&mut self) -> Result<(), String> {
        let setup = Arc::clone(&self.setup);
        for change in setup.field_changes() {
            let Some(object) = self.schema.object_index(&change.object) else {
                continue;
            };
            let schema = Arc::make_mut(&mut self.schema);
            change.apply(&mut schema.objects[object])?;
            let count = schema.objects[object].fields.len();
            for row in self.tables[object].rows.iter_mut().flatten() {
                if row.values.len() < count {
                    Arc::make_mut(row).values.resize(count, Value::Null);
                }
            }
        }
        Ok(())
    }

    /// Returns whether the set-up changed since it was last kept.
    pub(crate) fn setup_changed(&self) -> bool {
        self.setup_changed
    }

    /// The org's time, in seconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        self.time.now()
    }

    /// A point to go back to.
    pub(crate) fn savepoint(&self) -> Savepoint {
        Savepoint {
            undo: self.undo.len(),
            clock: self.time.kept(),
            deletions: self.deletions.clone(),
        }
    }

    /// Takes back every change since the savepoint.
    pub(crate) fn rollback(&mut self, to: &Savepoint) {
        while self.undo.len() > to.undo {
            if let Some(undo) = self.undo.pop() {
                self.tables[undo.object].set(undo.position, undo.before);
            }
        }
        self.time.restore(to.clock);
        self.deletions.clone_from(&to.deletions);
    }

    /// Ends the transaction: its changes can no longer be taken back. Answers with the rows it touched, each once.
    pub(crate) fn commit(&mut self) -> Vec<(usize, SalesforceId)> {
        self.setup_changed = false;
        let mut touched = Vec::new();
        for undo in std::mem::take(&mut self.undo) {
            let row = self.tables[undo.object]
                .at(undo.position)
                .or(undo.before.as_ref());
            if let Some(row) = row
                && !touched.contains(&(undo.object, row.id))
            {
                touched.push((undo.object, row.id));
            }
        }
        touched
    }

    /// Ends the load: nothing before it can be taken back.
    pub(crate) fn settle(&mut self) {
        self.undo.clear();
    }
}

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// An id from its prefix, the org's two characters and a running number.
pub(crate) fn make_id(prefix: &str, pod: &str, mut number: u64) -> SalesforceId {
    let mut tail = [b'0'; 10];
    for place in tail.iter_mut().rev() {
        *place = DIGITS[usize::try_from(number % 62).unwrap_or(0)];
        number /= 62;
    }
    let text = format!("{prefix}{pod}{}", String::from_utf8_lossy(&tail));
    SalesforceId::parse(&text).expect("three, two and ten letters or digits are an id")
}

/// The running number of an id that `make_id` could have made for this org.
fn id_number(id: SalesforceId, pod: &str) -> Option<u64> {
    let text = &id.as_str()[..15];
    if text.get(3..5) != Some(pod) {
        return None;
    }
    text.bytes().skip(5).try_fold(0_u64, |number, byte| {
        let digit = DIGITS.iter().position(|digit| *digit == byte)?;
        number
            .checked_mul(62)?
            .checked_add(u64::try_from(digit).ok()?)
    })
}
