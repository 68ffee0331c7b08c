//! Set-up of an org beside its objects and fields: what the integration user may see and edit, and the rules
//! that check and assign rows.

pub(crate) mod rules;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use rules::{AssignmentRule, ValidationRule};

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
        match access {
            FieldAccess::None => self.hidden_objects.insert(object.name.clone()),
            FieldAccess::Read | FieldAccess::Edit => self.hidden_objects.remove(&object.name),
        };
    }

    /// The validation rules, in the order in which they are looked at.
    pub(crate) fn validation_rules(&self) -> &[ValidationRule] {
        &self.validation_rules
    }

    /// The assignment rules, one an object.
    pub(crate) fn assignment_rules(&self) -> &[AssignmentRule] {
        &self.assignment_rules
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
        self.fields.clear();
    }
}
