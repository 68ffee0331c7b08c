//! Set-up of an org beside its objects and fields: what the integration user may see and edit, and the rules
//! that check and assign rows.

pub(crate) mod fields;
pub(crate) mod rules;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use fields::FieldChange;
use rules::{AssignmentRule, DuplicateRule, IntegrityRule, Trigger, ValidationRule};

use crate::schema::{ObjectSchema, Schema};

/// The access of the integration user to a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FieldAccess {
    /// Nothing: the field is not there for it.
    None,
    /// Reading.
    Read,
    /// Reading and writing.
    Edit,
}

/// The set-up of an org. Names are spelt as in the schema.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Setup {
    hidden_objects: BTreeSet<String>,
    /// By object, then by field; what is not here can be edited.
    fields: BTreeMap<String, BTreeMap<String, FieldAccess>>,
    validation_rules: Vec<ValidationRule>,
    assignment_rules: Vec<AssignmentRule>,
    /// Objects of which the integration user only reads rows.
    read_only_objects: BTreeSet<String>,
    triggers: Vec<Trigger>,
    integrity_rules: Vec<IntegrityRule>,
    duplicate_rules: Vec<DuplicateRule>,
    field_changes: Vec<FieldChange>,
}

impl Setup {
    /// The access of the integration user to a field.
    pub(crate) fn access(&self, object: &ObjectSchema, field: &str) -> FieldAccess {
        let access = self.fields.get(&object.name).and_then(|of| of.get(field));
        access.copied().unwrap_or(FieldAccess::Edit)
    }

    /// Returns whether the integration user has no access to the object.
    pub(crate) fn hides_object(&self, object: &ObjectSchema) -> bool {
        self.hidden_objects.contains(&object.name)
    }

    /// Returns whether the integration user may not see the field.
    pub(crate) fn hides_field(&self, object: &ObjectSchema, field: &str) -> bool {
        self.access(object, field) == FieldAccess::None
    }

    /// Returns whether a reference can be followed: it is visible, and so is what it points to.
    pub(crate) fn hides_reference(
        &self,
        schema: &Schema,
        object: &ObjectSchema,
        reference: usize,
    ) -> bool {
        let field = &object.fields[reference];
        let target = schema.target_of(field).map(|at| &schema.objects[at]);
        self.hides_field(object, &field.name)
            || target.is_some_and(|target| self.hides_object(target))
    }

    /// Gives or takes access to a field.
    pub(crate) fn set_field(&mut self, object: &ObjectSchema, field: &str, access: FieldAccess) {
        let of = self.fields.entry(object.name.clone()).or_default();
        match access {
            FieldAccess::Edit => of.remove(field),
            access => of.insert(field.to_owned(), access),
        };
    }

    /// Gives or takes access to an object.
    pub(crate) fn set_object(&mut self, object: &ObjectSchema, access: FieldAccess) {
        self.hidden_objects.remove(&object.name);
        self.read_only_objects.remove(&object.name);
        match access {
            FieldAccess::None => self.hidden_objects.insert(object.name.clone()),
            FieldAccess::Read => self.read_only_objects.insert(object.name.clone()),
            FieldAccess::Edit => false,
        };
    }

    /// Returns whether the integration user may neither create nor edit rows of the object.
    pub(crate) fn only_reads(&self, object: &ObjectSchema) -> bool {
        self.read_only_objects.contains(&object.name)
    }

    /// The validation rules, in the order in which they are looked at.
    pub(crate) fn validation_rules(&self) -> &[ValidationRule] {
        &self.validation_rules
    }

    /// The assignment rules, one an object.
    pub(crate) fn assignment_rules(&self) -> &[AssignmentRule] {
        &self.assignment_rules
    }

    /// The Apex triggers that fail.
    pub(crate) fn triggers(&self) -> &[Trigger] {
        &self.triggers
    }

    /// The combinations of values that the platform does not take.
    pub(crate) fn integrity_rules(&self) -> &[IntegrityRule] {
        &self.integrity_rules
    }

    /// The duplicate rules, in the order in which they are asked.
    pub(crate) fn duplicate_rules(&self) -> &[DuplicateRule] {
        &self.duplicate_rules
    }

    /// The changes of fields, in the order in which they were made.
    pub(crate) fn field_changes(&self) -> &[FieldChange] {
        &self.field_changes
    }

    /// Adds a trigger that fails; nothing forgets all of them.
    pub(crate) fn set_trigger(&mut self, trigger: Option<Trigger>) {
        add_or_forget(&mut self.triggers, trigger);
    }

    /// Adds a rule of integrity; nothing forgets all of them.
    pub(crate) fn set_integrity_rule(&mut self, rule: Option<IntegrityRule>) {
        add_or_forget(&mut self.integrity_rules, rule);
    }

    /// Adds a duplicate rule; nothing forgets all of them.
    pub(crate) fn set_duplicate_rule(&mut self, rule: Option<DuplicateRule>) {
        add_or_forget(&mut self.duplicate_rules, rule);
    }

    /// Adds a change of a field.
    pub(crate) fn change_field(&mut self, change: FieldChange) {
        self.field_changes.push(change);
    }

    /// Adds a validation rule.
    pub(crate) fn add_validation_rule(&mut self, rule: ValidationRule) {
        self.validation_rules.push(rule);
    }

    /// Sets the assignment rule of an object: only one is active at a time.
    pub(crate) fn set_assignment_rule(&mut self, rule: AssignmentRule) {
        self.assignment_rules
            .retain(|other| other.object != rule.object);
        self.assignment_rules.push(rule);
    }

    /// Removes all validation rules.
    pub(crate) fn forget_validation_rules(&mut self) {
        self.validation_rules.clear();
    }

    /// Removes all assignment rules.
    pub(crate) fn forget_assignment_rules(&mut self) {
        self.assignment_rules.clear();
    }

    /// Gives access to everything again.
    pub(crate) fn forget_access(&mut self) {
        self.hidden_objects.clear();
        self.read_only_objects.clear();
        self.fields.clear();
    }
}

fn add_or_forget<T>(list: &mut Vec<T>, added: Option<T>) {
    match added {
        Some(added) => list.push(added),
        None => list.clear(),
    }
}
