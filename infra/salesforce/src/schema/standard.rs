//! Reads this crate's table of standard objects.

use std::collections::HashMap;

use super::{ChildRelationship, Choice, Field, FieldType, ObjectSchema, Schema, SystemFields};

const TABLE: &str = include_str!("standard_fields.txt");

/// Parent, relationship name, child, the child's field, deleted with the parent.
const CHILDREN: [(&str, &str, &str, &str, bool); 10] = [
    ("Account", "ChildAccounts", "Account", "ParentId", false),
    ("Account", "Contacts", "Contact", "AccountId", true),
    ("Account", "Opportunities", "Opportunity", "AccountId", true),
    (
        "Contact",
        "Opportunities",
        "Opportunity",
        "ContactId",
        false,
    ),
    (
        "Contact",
        "OpportunityContactRoles",
        "OpportunityContactRole",
        "ContactId",
        true,
    ),
    (
        "Opportunity",
        "OpportunityContactRoles",
        "OpportunityContactRole",
        "OpportunityId",
        true,
    ),
    (
        "Account",
        "ConvertedLeads",
        "Lead",
        "ConvertedAccountId",
        false,
    ),
    (
        "Contact",
        "ConvertedLeads",
        "Lead",
        "ConvertedContactId",
        false,
    ),
    (
        "Opportunity",
        "ConvertedLeads",
        "Lead",
        "ConvertedOpportunityId",
        false,
    ),
    ("User", "ManagedUsers", "User", "ManagerId", false),
];

/// The standard objects and fields.
#[must_use]
pub(crate) fn standard_schema() -> Schema {
    let mut objects: Vec<ObjectSchema> = Vec::new();
    for line in TABLE
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        if let Some(object) = line.strip_prefix("object ") {
            objects.push(parse_object(object));
        } else if let Some(object) = objects.last_mut() {
            object.add_field(parse_field(line));
        }
    }
    for (parent, name, child, field, cascade) in CHILDREN {
        if let Some(object) = objects.iter_mut().find(|object| object.name == parent) {
            object.children.push(ChildRelationship {
                name: name.to_owned(),
                object: child.to_owned(),
                field: field.to_owned(),
                cascade,
            });
        }
    }
    Schema { objects }
}

fn parse_object(line: &str) -> ObjectSchema {
    let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
    let (key_prefix, labels) = rest.split_once(' ').unwrap_or((rest, ""));
    let (label, plural) = labels.split_once(" / ").unwrap_or((labels, labels));
    ObjectSchema {
        name: name.to_owned(),
        label: label.to_owned(),
        plural: plural.to_owned(),
        key_prefix: key_prefix.to_owned(),
        fields: Vec::new(),
        children: Vec::new(),
        system: SystemFields::default(),
        by_name: HashMap::new(),
        by_relationship: HashMap::new(),
    }
}

fn parse_field(line: &str) -> Field {
    let (line, choices) = line.split_once(" = ").unwrap_or((line, ""));
    let (line, target) = line.split_once(" > ").unwrap_or((line, ""));
    let mut words = line.splitn(4, ' ');
    let mut word = || words.next().unwrap_or_default();
    let (name, kind, flags, label) = (word(), word(), word(), word());
    let (kind, size) = kind.split_once('(').unwrap_or((kind, ""));
    let size = size.trim_end_matches(')');
    let kind = parse_type(kind);
    let mut field = blank_field(name, label, kind);
    let flag = |letter| flags.contains(letter);
    field.nillable = flag('n');
    field.createable = flag('c');
    field.updateable = flag('u');
    field.defaulted = flag('d');
    field.filterable = !flag('x');
    field.restricted = flag('r');
    match size.split_once(',') {
        Some((precision, scale)) => {
            field.digits = (precision.parse().unwrap_or(18), scale.parse().unwrap_or(0));
        }
        None => field.length = size.parse().unwrap_or(field.length),
    }
    if let Some((objects, relationship)) = target.split_once('.') {
        field.references = objects.split(',').map(str::to_owned).collect();
        field.relationship = Some(relationship.to_owned());
    }
    field.choices = choices
        .split('|')
        .filter(|choice| !choice.is_empty())
        .map(|choice| Choice {
            value: choice.trim_start_matches('*').to_owned(),
            is_default: choice.starts_with('*'),
        })
        .collect();
    field
}

/// A field of this name and type with nothing else said.
pub(crate) fn blank_field(name: &str, label: &str, kind: FieldType) -> Field {
    Field {
        name: name.to_owned(),
        label: label.to_owned(),
        kind,
        length: match kind {
            FieldType::Id | FieldType::Reference => 18,
            FieldType::MultiPicklist => 4_099,
            _ if kind.is_text() => 255,
            _ => 0,
        },
        digits: if kind.is_number() { (18, 0) } else { (0, 0) },
        nillable: true,
        createable: true,
        updateable: true,
        defaulted: false,
        filterable: true,
        references: Vec::new(),
        relationship: None,
        choices: Vec::new(),
        restricted: false,
        custom: false,
        external_id: false,
        unique: false,
        case_sensitive: false,
    }
}

/// The type of this name; a text for names that none has.
pub(crate) fn parse_type(name: &str) -> FieldType {
    match name {
        "id" => FieldType::Id,
        "reference" => FieldType::Reference,
        "textarea" => FieldType::TextArea,
        "picklist" => FieldType::Picklist,
        "multipicklist" => FieldType::MultiPicklist,
        "email" => FieldType::Email,
        "phone" => FieldType::Phone,
        "url" => FieldType::Url,
        "boolean" => FieldType::Boolean,
        "int" => FieldType::Int,
        "double" => FieldType::Double,
        "currency" => FieldType::Currency,
        "percent" => FieldType::Percent,
        "date" => FieldType::Date,
        "datetime" => FieldType::DateTime,
        "address" => FieldType::Address,
        _ => FieldType::String,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_has_an_id_a_stamp_and_well_formed_fields() {
        let schema = standard_schema();

        assert_eq!(schema.objects.len(), 14);
        for object in &schema.objects {
            for name in ["Id", "SystemModstamp", "CreatedDate", "LastModifiedById"] {
                assert!(
                    object.field_index(name).is_some(),
                    "{} lacks {name}",
                    object.name
                );
            }
            for field in &object.fields {
                assert!(
                    !field.label.is_empty(),
                    "{}.{} has no label",
                    object.name,
                    field.name
                );
                assert!(
                    field.kind != FieldType::Reference
                        || !field.name.ends_with("Id")
                        || field.relationship.is_some(),
                    "{}.{} points nowhere",
                    object.name,
                    field.name
                );
            }
            for child in &object.children {
                let of =
                    &schema.objects[schema.object_index(&child.object).expect("a known object")];
                assert!(
                    of.field_index(&child.field).is_some(),
                    "{}.{}",
                    child.object,
                    child.field
                );
            }
        }
    }

    #[test]
    fn opportunities_need_name_stage_and_close_date() {
        let schema = standard_schema();
        let opportunity = &schema.objects[schema.object_index("opportunity").expect("it exists")];

        let required: Vec<_> = opportunity
            .fields
            .iter()
            .filter(|field| field.is_required())
            .map(|field| field.name.as_str())
            .collect();

        assert_eq!(required, ["Name", "StageName", "CloseDate"]);
        let field =
            |name: &str| &opportunity.fields[opportunity.field_index(name).expect("it exists")];
        let stage = field("stagename");
        assert_eq!((stage.kind, stage.choices.len()), (FieldType::Picklist, 10));
        assert!(!field("Description").filterable);
    }
}
