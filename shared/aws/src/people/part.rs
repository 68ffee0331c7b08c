//! The parts of a transaction that changes people: one for each item, however many changes touch it.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::{AttributeValue, Delete, TransactWriteItem, Update};
use dealbridge_core::{portal::PartyType, ports::PortError};

use super::member_item::{CONTACT_COUNT, USER_COUNT};
use crate::{
    item::{n, s},
    keys::{Attributes, PK, VERSION},
    store::port_error,
};

/// A condition on an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expectation {
    /// It is not there.
    Absent,
    /// It is there.
    Present,
    /// It has this version.
    Version(u64),
    /// It is a Group of this kind.
    Kind(PartyType),
    /// No member refers to it.
    Unreferenced,
    /// Its only set is this one.
    Only(&'static str, String),
}

/// The write of one item.
#[derive(Clone, Debug, Default)]
pub(crate) struct Part {
    /// Attributes that are set.
    pub(crate) set: Attributes,
    /// Numbers that are added to.
    pub(crate) add: BTreeMap<&'static str, i64>,
    /// Ids that join a set.
    pub(crate) join: BTreeMap<&'static str, BTreeSet<String>>,
    /// Ids that leave a set.
    pub(crate) leave: BTreeMap<&'static str, BTreeSet<String>>,
    /// `true` if the item is deleted.
    pub(crate) deletes: bool,
    /// Conditions.
    pub(crate) expect: Vec<Expectation>,
}

impl Part {
    /// Returns `true` if both can be one write.
    pub(crate) fn goes_with(&self, other: &Self) -> bool {
        let is_lone = |part: &Self| part.deletes || !part.leave.is_empty();
        !is_lone(self) && !is_lone(other) && (self.set.is_empty() || other.set.is_empty())
    }

    /// Makes one write of both.
    pub(crate) fn merge(&mut self, other: Self) {
        self.set.extend(other.set);
        for (name, number) in other.add {
            *self.add.entry(name).or_default() += number;
        }
        for (name, ids) in other.join {
            self.join.entry(name).or_default().extend(ids);
        }
        for one in other.expect {
            if !self.expect.contains(&one) {
                self.expect.push(one);
            }
        }
    }

    /// The action of a transaction.
    pub(crate) fn into_action(
        self,
        table: &str,
        key: Attributes,
    ) -> Result<TransactWriteItem, PortError> {
        let mut names = Names::default();
        let condition = names.condition(&self.expect);
        if self.deletes {
            let mut delete = Delete::builder()
                .table_name(table)
                .set_key(Some(key))
                .set_condition_expression(condition);
            for (name, attribute) in names.names {
                delete = delete.expression_attribute_names(name, attribute);
            }
            for (name, value) in names.values {
                delete = delete.expression_attribute_values(name, value);
            }
            let delete = delete
                .build()
                .map_err(|error| port_error("building a Delete", error))?;
            return Ok(TransactWriteItem::builder().delete(delete).build());
        }
        let mut clauses = Vec::new();
        let mut clause = |word: &str, terms: Vec<String>| {
            if !terms.is_empty() {
                clauses.push(format!("{word} {}", terms.join(", ")));
            }
        };
        let set = self.set.into_iter();
        let set = set.map(|(name, value)| names.term(&name, value, " = "));
        clause("SET", set.collect());
        let add = self.add.into_iter();
        let mut terms: Vec<String> = add
            .map(|(name, number)| names.term(name, n(number), " "))
            .collect();
        for (name, ids) in self.join {
            terms.push(names.term(name, ids_of(ids), " "));
        }
        clause("ADD", terms);
        let leave = self.leave.into_iter();
        let leave = leave.map(|(name, ids)| names.term(name, ids_of(ids), " "));
        clause("DELETE", leave.collect());
        let mut update = Update::builder()
            .table_name(table)
            .set_key(Some(key))
            .update_expression(clauses.join(" "))
            .set_condition_expression(condition);
        for (name, attribute) in names.names {
            update = update.expression_attribute_names(name, attribute);
        }
        for (name, value) in names.values {
            update = update.expression_attribute_values(name, value);
        }
        let update = update
            .build()
            .map_err(|error| port_error("building an Update", error))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

fn ids_of(ids: BTreeSet<String>) -> AttributeValue {
    AttributeValue::Ss(ids.into_iter().collect())
}

/// The names and values of an expression.
#[derive(Default)]
struct Names {
    names: BTreeMap<String, String>,
    values: BTreeMap<String, AttributeValue>,
}

impl Names {
    fn name(&mut self, attribute: &str) -> String {
        let name = format!("#{attribute}");
        self.names.insert(name.clone(), attribute.to_owned());
        name
    }

    fn value(&mut self, value: AttributeValue) -> String {
        let name = format!(":v{}", self.values.len());
        self.values.insert(name.clone(), value);
        name
    }

    fn term(&mut self, attribute: &str, value: AttributeValue, between: &str) -> String {
        let name = self.name(attribute);
        let value = self.value(value);
        format!("{name}{between}{value}")
    }

    /// The condition of a write, if it has one. An item that is created refers to no state before.
    fn condition(&mut self, expect: &[Expectation]) -> Option<String> {
        let is_created = expect.contains(&Expectation::Absent);
        let terms: Vec<String> = expect
            .iter()
            .filter(|one| {
                !(is_created && matches!(one, Expectation::Present | Expectation::Kind(_)))
            })
            .map(|one| self.expectation(one))
            .collect();
        (!terms.is_empty()).then(|| terms.join(" AND "))
    }

    fn expectation(&mut self, expectation: &Expectation) -> String {
        match expectation {
            Expectation::Absent => format!("attribute_not_exists({})", self.name(PK)),
            Expectation::Present => format!("attribute_exists({})", self.name(PK)),
            Expectation::Version(version) => self.term(VERSION, n(version), " = "),
            Expectation::Kind(kind) => self.term("type", s(kind.as_str()), " = "),
            Expectation::Unreferenced => {
                let mut none = |attribute: &str| {
                    let name = self.name(attribute);
                    let zero = self.value(n(0));
                    format!("(attribute_not_exists({name}) OR {name} = {zero})")
                };
                format!("{} AND {}", none(USER_COUNT), none(CONTACT_COUNT))
            }
            Expectation::Only(attribute, id) => {
                let others = [super::address::USERS, super::address::CONTACTS]
                    .into_iter()
                    .filter(|other| other != attribute);
                let mut terms: Vec<String> = others
                    .map(|other| format!("attribute_not_exists({})", self.name(other)))
                    .collect();
                let only = AttributeValue::Ss(vec![id.clone()]);
                terms.push(self.term(attribute, only, " = "));
                terms.join(" AND ")
            }
        }
    }
}
