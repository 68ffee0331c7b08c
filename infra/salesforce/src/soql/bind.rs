//! Binds a parsed query to the schema: names become places, and every name that is not there is refused.

use std::sync::Arc;

use super::{
    aggregate,
    error::SoqlError,
    filter, grammar,
    plan::{Output, Path, Plan, Shape, Slot, Sort, View},
    semi_join,
    tree::{Item, Name, Operand, Query},
};
use crate::schema::{Field, ObjectSchema};

/// The greatest OFFSET.
const FARTHEST: usize = 2_000;
/// How many parents a path may climb.
const HIGHEST: usize = 5;

/// Parses a query and binds it.
///
/// # Errors
/// What Salesforce answers to a query that it cannot run.
pub(crate) fn plan(view: View<'_>, query: &str) -> Result<Plan, SoqlError> {
    let tree = grammar::parse(query)?;
    let Some(object) = view.object(&tree.from.text) else {
        let reason = unsupported(&tree.from.text);
        return Err(SoqlError::at("INVALID_TYPE", query, tree.from.at, &reason));
    };
    Binder {
        view,
        query,
        object,
        alias: tree.alias.as_ref().map(|alias| alias.text.clone()),
    }
    .bind(&tree)
}

fn unsupported(object: &str) -> String {
    format!(
        "sObject type '{object}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names."
    )
}

/// Binds the names of one query or subquery.
pub(crate) struct Binder<'a> {
    /// The store.
    pub(crate) view: View<'a>,
    /// The whole text, for errors.
    pub(crate) query: &'a str,
    /// The object whose names are bound.
    pub(crate) object: usize,
    alias: Option<String>,
}

impl<'a> Binder<'a> {
    /// An error at a place of the query.
    pub(crate) fn refuse<T>(
        &self,
        code: &'static str,
        at: usize,
        reason: &str,
    ) -> Result<T, SoqlError> {
        Err(SoqlError::at(code, self.query, at, reason))
    }

    /// The schema of an object.
    pub(crate) fn schema(&self, object: usize) -> &'a ObjectSchema {
        &self.view.store.schema.objects[object]
    }

    /// The field at the end of a path.
    pub(crate) fn field(&self, path: &Path) -> &'a Field {
        &self.schema(path.object).fields[path.field]
    }

    fn bind(&self, tree: &Query) -> Result<Plan, SoqlError> {
        let offset = match tree.offset {
            Some((number, at)) if number > FARTHEST => {
                return self.refuse(
                    "NUMBER_OUTSIDE_VALID_RANGE",
                    at,
                    &format!("Maximum SOQL offset allowed is {FARTHEST}"),
                );
            }
            offset => offset.map_or(0, |(number, _)| number),
        };
        if let Some(filter) = &tree.filter {
            semi_join::check(self, filter)?;
        }
        let filter = tree
            .filter
            .as_ref()
            .map(|filter| filter::bind(self, filter))
            .transpose()?;
        let is_grouped = !tree.group_by.is_empty()
            || tree.having.is_some()
            || tree
                .select
                .iter()
                .any(|item| matches!(item, Item::Aggregate(..)));
        let mut order = Vec::new();
        let output = match tree.select.as_slice() {
            [Item::CountAll(_)] if !is_grouped => Output::Count,
            _ if is_grouped => Output::Groups(Box::new(aggregate::bind(self, tree)?)),
            items => Output::Rows(self.shape(items, tree)?),
        };
        if !is_grouped {
            for sort in &tree.order_by {
                let Operand::Field(name) = &sort.by else {
                    return self.refuse(
                        "MALFORMED_QUERY",
                        sort.by.at(),
                        "Ordered field must be grouped or aggregated",
                    );
                };
                let path = self.path(name)?;
                if self.field(&path).is_long_text() {
                    return self.refuse(
                        "INVALID_FIELD",
                        name.at,
                        &format!(
                            "field '{}' can not be sorted in a query call",
                            self.field(&path).name
                        ),
                    );
                }
                order.push(Sort {
                    path,
                    descending: sort.descending,
                    nulls_last: sort.nulls_last,
                });
            }
        }
        let reads_long_text = matches!(&output, Output::Rows(shape) if self.has_long_text(shape));
        Ok(Plan {
            object: self.object,
            output,
            filter,
            order,
            limit: tree.limit,
            offset,
            reads_long_text,
        })
    }

    fn has_long_text(&self, shape: &Shape) -> bool {
        shape.slots.iter().any(|slot| match slot {
            Slot::Field(field) => self.schema(shape.object).fields[*field].is_long_text(),
            Slot::Parent { shape, .. } => self.has_long_text(shape),
            Slot::Children { plan, .. } => plan.reads_long_text,
        })
    }

    fn shape(&self, items: &[Item], tree: &Query) -> Result<Shape, SoqlError> {
        let mut shape = Shape {
            object: self.object,
            slots: Vec::new(),
        };
        for item in items {
            match item {
                Item::Field(name, None) => self.add_field(&mut shape, name)?,
                Item::Field(_, Some(alias)) => {
                    return self.refuse(
                        "MALFORMED_QUERY",
                        alias.at,
                        &format!(
                            "only aggregate expressions use field aliasing: '{}'",
                            alias.text
                        ),
                    );
                }
                Item::Children(subquery) => shape.slots.push(self.children(subquery)?),
                Item::Fields(which) => self.add_fields(&mut shape, which, tree)?,
                Item::CountAll(name) => {
                    return self.refuse(
                        "MALFORMED_QUERY",
                        name.at,
                        "COUNT() must be the only element in SELECT list",
                    );
                }
                Item::Aggregate(call, _) => {
                    return self.refuse(
                        "MALFORMED_QUERY",
                        call.function.at,
                        "unexpected aggregate function",
                    );
                }
            }
        }
        Ok(shape)
    }

    fn add_fields(&self, shape: &mut Shape, which: &Name, tree: &Query) -> Result<(), SoqlError> {
        let (standard, custom) = match which.text.to_ascii_uppercase().as_str() {
            "ALL" => (true, true),
            "STANDARD" => (true, false),
            "CUSTOM" => (false, true),
            _ => {
                return self.refuse(
                    "MALFORMED_QUERY",
                    which.at,
                    &format!("unexpected token: '{}'", which.text),
                );
            }
        };
        if custom && tree.limit.is_none_or(|limit| limit > 200) {
            return self.refuse(
                "MALFORMED_QUERY",
                which.at,
                "The SOQL FIELDS function must have a LIMIT of at most 200",
            );
        }
        for (index, field) in self.schema(self.object).fields.iter().enumerate() {
            if !self.view.shows(self.object, index) {
                continue;
            }
            let is_there = shape
                .slots
                .iter()
                .any(|slot| matches!(slot, Slot::Field(there) if *there == index));
            if !is_there && (if field.custom { custom } else { standard }) {
                shape.slots.push(Slot::Field(index));
            }
        }
        Ok(())
    }

    fn add_field(&self, shape: &mut Shape, name: &Name) -> Result<(), SoqlError> {
        let path = self.path(name)?;
        let mut shape = shape;
        for (reference, target) in path.hops {
            let place = shape.slots.iter().position(
                |slot| matches!(slot, Slot::Parent { reference: there, .. } if *there == reference),
            );
            let place = place.unwrap_or_else(|| {
                let field = &self.schema(shape.object).fields[reference];
                shape.slots.push(Slot::Parent {
                    name: field.relationship.clone().unwrap_or_default(),
                    reference,
                    shape: Shape {
                        object: target,
                        slots: Vec::new(),
                    },
                });
                shape.slots.len() - 1
            });
            let Slot::Parent { shape: parent, .. } = &mut shape.slots[place] else {
                return Ok(());
            };
            shape = parent;
        }
        if shape
            .slots
            .iter()
            .any(|slot| matches!(slot, Slot::Field(there) if *there == path.field))
        {
            return Err(SoqlError::plain(
                "MALFORMED_QUERY",
                format!("duplicate field selected: {}", name.text),
            ));
        }
        shape.slots.push(Slot::Field(path.field));
        Ok(())
    }

    fn children(&self, subquery: &Query) -> Result<Slot, SoqlError> {
        let relationship = subquery.from.text.rsplit('.').next().unwrap_or_default();
        let found = self.view.children(self.object, relationship);
        let Some((child, object, field)) = found else {
            let reason = format!(
                "Didn't understand relationship '{}' in FROM part of query call. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names.",
                subquery.from.text
            );
            return self.refuse("INVALID_TYPE", subquery.from.at, &reason);
        };
        let alias = subquery.alias.as_ref().map(|alias| alias.text.clone());
        let plan = Binder {
            view: self.view,
            query: self.query,
            object,
            alias,
        }
        .bind(subquery)?;
        if !matches!(plan.output, Output::Rows(_)) {
            return self.refuse(
                "MALFORMED_QUERY",
                subquery.from.at,
                "Only root queries support aggregate expressions",
            );
        }
        Ok(Slot::Children {
            name: child.name.clone(),
            field,
            plan: Arc::new(plan),
        })
    }

    /// The place of a field, perhaps of a parent.
    ///
    /// # Errors
    /// `INVALID_FIELD` for a name that is not there.
    pub(crate) fn path(&self, name: &Name) -> Result<Path, SoqlError> {
        let mut parts: Vec<&str> = name.text.split('.').collect();
        let own = self.schema(self.object);
        let names_this = |part: &str| {
            self.alias
                .as_ref()
                .is_some_and(|alias| alias.eq_ignore_ascii_case(part))
                || own.name.eq_ignore_ascii_case(part)
        };
        let is_hop = |part: &str| self.view.relationship(self.object, part).is_some();
        if parts.len() > 1 && !is_hop(parts[0]) && names_this(parts[0]) {
            parts.remove(0);
        }
        let last = parts.pop().unwrap_or_default();
        if parts.len() > HIGHEST {
            let reason = format!(
                "Maximum relationship depth of {HIGHEST} exceeded in '{}'",
                name.text
            );
            return self.refuse("INVALID_FIELD", name.at, &reason);
        }
        let (mut object, mut hops) = (self.object, Vec::new());
        for part in parts {
            let Some(hop) = self.view.relationship(object, part) else {
                let reason = format!(
                    "Didn't understand relationship '{part}' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names."
                );
                return self.refuse("INVALID_FIELD", name.at, &reason);
            };
            hops.push(hop);
            object = hop.1;
        }
        let schema = self.schema(object);
        let Some(field) = self.view.field(object, last) else {
            let reason = format!(
                "No such column '{last}' on entity '{}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.",
                schema.name
            );
            return self.refuse("INVALID_FIELD", name.at, &reason);
        };
        Ok(Path {
            hops,
            object,
            field,
        })
    }

    /// Binds a query inside this one, on any object.
    ///
    /// # Errors
    /// As [`plan`].
    pub(crate) fn inner(&self, tree: &Query) -> Result<Plan, SoqlError> {
        let Some(object) = self.view.object(&tree.from.text) else {
            let reason = unsupported(&tree.from.text);
            return self.refuse("INVALID_TYPE", tree.from.at, &reason);
        };
        let alias = tree.alias.as_ref().map(|alias| alias.text.clone());
        Binder {
            view: self.view,
            query: self.query,
            object,
            alias,
        }
        .bind(tree)
    }
}
