//! Objects, fields and relationships: the standard ones of this crate's table, and the custom fields an org adds.

mod standard;

use std::collections::HashMap;

pub(crate) use standard::{blank_field, parse_type, standard_schema};

/// The type of a field's values; the names are those of Salesforce's describe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldType {
    Id,
    Reference,
    String,
    TextArea,
    Picklist,
    MultiPicklist,
    Email,
    Phone,
    Url,
    Boolean,
    Int,
    Double,
    Currency,
    Percent,
    Date,
    DateTime,
    Address,
}

impl FieldType {
    /// The type's name in describe.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Reference => "reference",
            Self::String => "string",
            Self::TextArea => "textarea",
            Self::Picklist => "picklist",
            Self::MultiPicklist => "multipicklist",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Url => "url",
            Self::Boolean => "boolean",
            Self::Int => "int",
            Self::Double => "double",
            Self::Currency => "currency",
            Self::Percent => "percent",
            Self::Date => "date",
            Self::DateTime => "datetime",
            Self::Address => "address",
        }
    }

    /// The type's name in the SOAP schema, which describe gives too.
    pub(crate) fn soap_name(self) -> &'static str {
        match self {
            Self::Id | Self::Reference => "tns:ID",
            Self::Boolean => "xsd:boolean",
            Self::Int => "xsd:int",
            Self::Double | Self::Currency | Self::Percent => "xsd:double",
            Self::Date => "xsd:date",
            Self::DateTime => "xsd:dateTime",
            Self::Address => "urn:address",
            _ => "xsd:string",
        }
    }

    /// Returns whether values are numbers.
    pub(crate) fn is_number(self) -> bool {
        matches!(
            self,
            Self::Int | Self::Double | Self::Currency | Self::Percent
        )
    }

    /// Returns whether values are ids.
    pub(crate) fn is_id(self) -> bool {
        matches!(self, Self::Id | Self::Reference)
    }

    /// Returns whether values are texts.
    pub(crate) fn is_text(self) -> bool {
        matches!(
            self,
            Self::String
                | Self::TextArea
                | Self::Picklist
                | Self::MultiPicklist
                | Self::Email
                | Self::Phone
                | Self::Url
        )
    }
}

/// One value of a picklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    /// The value, which is its label too.
    pub(crate) value: String,
    /// True if a row gets it when it names none.
    pub(crate) is_default: bool,
}

/// One field of an object.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// The API name.
    pub(crate) name: String,
    /// The name that users read.
    pub(crate) label: String,
    /// The type of its values.
    pub(crate) kind: FieldType,
    /// The longest text, in characters; 0 where that says nothing.
    pub(crate) length: usize,
    /// Digits in all and after the point, of a number.
    pub(crate) digits: (u32, u32),
    /// True if it may be empty.
    pub(crate) nillable: bool,
    /// True if a create may set it.
    pub(crate) createable: bool,
    /// True if an update may set it.
    pub(crate) updateable: bool,
    /// True if Salesforce fills it when a create leaves it out.
    pub(crate) defaulted: bool,
    /// True if WHERE may name it.
    pub(crate) filterable: bool,
    /// The objects it may point to.
    pub(crate) references: Vec<String>,
    /// The name under which a query reaches them.
    pub(crate) relationship: Option<String>,
    /// Its picklist values.
    pub(crate) choices: Vec<Choice>,
    /// True if only those are taken.
    pub(crate) restricted: bool,
    /// True if an administrator added it.
    pub(crate) custom: bool,
    /// True if rows can be found and upserted by it.
    pub(crate) external_id: bool,
    /// True if no two rows may have the same value.
    pub(crate) unique: bool,
    /// True if values of a key that differ in case alone are two.
    pub(crate) case_sensitive: bool,
}

impl Field {
    /// Returns whether a create must name it.
    pub(crate) fn is_required(&self) -> bool {
        !self.nillable && self.createable && !self.defaulted
    }

    /// Returns whether it holds more text than fits a plain field; Salesforce then gives smaller pages.
    pub(crate) fn is_long_text(&self) -> bool {
        self.kind == FieldType::TextArea && self.length > 255
    }
}

/// The relationship by which a query reaches rows that point to a row.
#[derive(Clone, Debug)]
pub(crate) struct ChildRelationship {
    /// The relationship's name.
    pub(crate) name: String,
    /// The object of the children.
    pub(crate) object: String,
    /// Their field that points to the parent.
    pub(crate) field: String,
    /// True if they are deleted with it.
    pub(crate) cascade: bool,
}

/// Places of the fields that every object has.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SystemFields {
    pub(crate) id: usize,
    pub(crate) is_deleted: Option<usize>,
    pub(crate) created_date: usize,
    pub(crate) created_by: usize,
    pub(crate) modified_date: usize,
    pub(crate) modified_by: usize,
    pub(crate) modstamp: usize,
}

/// One object: its fields, in the order in which they are read back.
#[derive(Clone, Debug)]
pub(crate) struct ObjectSchema {
    /// The API name.
    pub(crate) name: String,
    /// The name that users read.
    pub(crate) label: String,
    /// The same for many.
    pub(crate) plural: String,
    /// The first three characters of its ids.
    pub(crate) key_prefix: String,
    /// Its fields.
    pub(crate) fields: Vec<Field>,
    /// Rows that point here.
    pub(crate) children: Vec<ChildRelationship>,
    /// Where the system fields are.
    pub(crate) system: SystemFields,
    by_name: HashMap<String, usize>,
    by_relationship: HashMap<String, usize>,
}

impl ObjectSchema {
    /// The place of a field, by its name in any case.
    pub(crate) fn field_index(&self, name: &str) -> Option<usize> {
        match self.by_name.get(name) {
            Some(index) => Some(*index),
            None => self.by_name.get(&name.to_ascii_lowercase()).copied(),
        }
    }

    /// The place of the reference field behind a relationship name such as `Account`.
    pub(crate) fn relationship_index(&self, name: &str) -> Option<usize> {
        self.by_relationship
            .get(&name.to_ascii_lowercase())
            .copied()
    }

    /// A child relationship by its name in any case.
    pub(crate) fn child(&self, name: &str) -> Option<&ChildRelationship> {
        self.children
            .iter()
            .find(|child| child.name.eq_ignore_ascii_case(name))
    }

    /// Adds a field; one of that name must not exist yet.
    pub(crate) fn add_field(&mut self, field: Field) {
        let index = self.fields.len();
        self.by_name.insert(field.name.to_ascii_lowercase(), index);
        self.by_name.insert(field.name.clone(), index);
        if let Some(relationship) = &field.relationship {
            self.by_relationship
                .insert(relationship.to_ascii_lowercase(), index);
        }
        let system = &mut self.system;
        match field.name.as_str() {
            "Id" => system.id = index,
            "IsDeleted" => system.is_deleted = Some(index),
            "CreatedDate" => system.created_date = index,
            "CreatedById" => system.created_by = index,
            "LastModifiedDate" => system.modified_date = index,
            "LastModifiedById" => system.modified_by = index,
            "SystemModstamp" => system.modstamp = index,
            _ => {}
        }
        self.fields.push(field);
    }
}

/// All objects of an org.
#[derive(Clone, Debug)]
pub(crate) struct Schema {
    /// The objects, in a fixed order; their places are used as keys.
    pub(crate) objects: Vec<ObjectSchema>,
}

impl Schema {
    /// The place of an object, by its name in any case.
    pub(crate) fn object_index(&self, name: &str) -> Option<usize> {
        self.objects
            .iter()
            .position(|object| object.name.eq_ignore_ascii_case(name))
    }

    /// The place of the first stored object that a reference field may point to.
    pub(crate) fn target_of(&self, field: &Field) -> Option<usize> {
        field
            .references
            .iter()
            .find_map(|name| self.object_index(name))
    }

    /// The place of the object whose ids begin so; nothing for prefixes that several share.
    pub(crate) fn object_of_prefix(&self, prefix: &str) -> Option<usize> {
        self.objects
            .iter()
            .position(|object| object.key_prefix == prefix)
    }
}
