//! Binds a parsed query to the schema: names become places, and every name that is not there is refused.

mod filter;
mod grouping;
mod literal;
mod names;
mod semi_join;

use std::sync::Arc;

use names::Binder;

use super::{
    error::SoqlError,
    grammar,
    plan::{Output, Plan, Shape, Slot, Sort},
    tree::{Item, Name, Operand, Query},
    view::View,
};

/// The greatest OFFSET.
const MAX_OFFSET_ROWS: usize = 2_000;

/// Parses a query and binds it.
///
/// # Errors
/// Salesforce's answer to a query that it cannot run.
pub(crate) fn plan(view: View<'_>, query: &str) -> Result<Plan, SoqlError> {
    let tree = grammar::parse(query)?;
    bind(&Binder::of(view, query, &tree)?, &tree)
}

/// Binds a query inside another one, on any object.
///
/// # Errors
/// As [`plan`].
fn inner(binder: &Binder<'_>, tree: &Query) -> Result<Plan, SoqlError> {
    bind(&Binder::of(binder.view, binder.query, tree)?, tree)
}

/// Binds a query whose object is known.
fn bind(binder: &Binder<'_>, tree: &Query) -> Result<Plan, SoqlError> {
    let offset = match tree.offset {
        Some((number, at)) if number > MAX_OFFSET_ROWS => {
            return binder.refuse(
                "NUMBER_OUTSIDE_VALID_RANGE",
                at,
                &format!("Maximum SOQL offset allowed is {MAX_OFFSET_ROWS}"),
            );
        }
        offset => offset.map_or(0, |(number, _)| number),
    };
    if let Some(filter) = &tree.filter {
        semi_join::check(binder, filter)?;
    }
    let filter = tree
        .filter
        .as_ref()
        .map(|filter| filter::bind(binder, filter))
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
        _ if is_grouped => Output::Groups(Box::new(grouping::bind(binder, tree)?)),
        items => Output::Rows(shape(binder, items, tree)?),
    };
    if !is_grouped {
        for sort in &tree.order_by {
            let Operand::Field(name) = &sort.by else {
                return binder.refuse(
                    "MALFORMED_QUERY",
                    sort.by.at(),
                    "Ordered field must be grouped or aggregated",
                );
            };
            let path = binder.path(name)?;
            if binder.field(&path).is_long_text() {
                return binder.refuse(
                    "INVALID_FIELD",
                    name.at,
                    &format!(
                        "field '{}' can not be sorted in a query call",
                        binder.field(&path).name
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
    let reads_long_text = matches!(&output, Output::Rows(shape) if has_long_text(binder, shape));
    Ok(Plan {
        object: binder.object,
        output,
        filter,
        order,
        limit: tree.limit,
        offset,
        reads_long_text,
    })
}

fn has_long_text(binder: &Binder<'_>, shape: &Shape) -> bool {
    shape.slots.iter().any(|slot| match slot {
        Slot::Field(field) => binder.schema(shape.object).fields[*field].is_long_text(),
        Slot::Parent { shape, .. } => has_long_text(binder, shape),
        Slot::Children { plan, .. } => plan.reads_long_text,
    })
}

fn shape(binder: &Binder<'_>, items: &[Item], tree: &Query) -> Result<Shape, SoqlError> {
    let mut shape = Shape {
        object: binder.object,
        slots: Vec::new(),
    };
    for item in items {
        match item {
            Item::Field(name, None) => add_field(binder, &mut shape, name)?,
            Item::Field(_, Some(alias)) => {
                return binder.refuse(
                    "MALFORMED_QUERY",
                    alias.at,
                    &format!(
                        "only aggregate expressions use field aliasing: '{}'",
                        alias.text
                    ),
                );
            }
            Item::Children(subquery) => shape.slots.push(children(binder, subquery)?),
            Item::Fields(which) => add_fields(binder, &mut shape, which, tree)?,
            Item::CountAll(name) => {
                return binder.refuse(
                    "MALFORMED_QUERY",
                    name.at,
                    "COUNT() must be the only element in SELECT list",
                );
            }
            Item::Aggregate(call, _) => {
                return binder.refuse(
                    "MALFORMED_QUERY",
                    call.function.at,
                    "unexpected aggregate function",
                );
            }
        }
    }
    Ok(shape)
}

fn add_fields(
    binder: &Binder<'_>,
    shape: &mut Shape,
    which: &Name,
    tree: &Query,
) -> Result<(), SoqlError> {
    let (standard, custom) = match which.text.to_ascii_uppercase().as_str() {
        "ALL" => (true, true),
        "STANDARD" => (true, false),
        "CUSTOM" => (false, true),
        _ => {
            return binder.refuse(
                "MALFORMED_QUERY",
                which.at,
                &format!("unexpected token: '{}'", which.text),
            );
        }
    };
    if custom && tree.limit.is_none_or(|limit| limit > 200) {
        return binder.refuse(
            "MALFORMED_QUERY",
            which.at,
            "The SOQL FIELDS function must have a LIMIT of at most 200",
        );
    }
    for (index, field) in binder.schema(binder.object).fields.iter().enumerate() {
        if !binder.view.shows(binder.object, index) {
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

fn add_field(binder: &Binder<'_>, shape: &mut Shape, name: &Name) -> Result<(), SoqlError> {
    let path = binder.path(name)?;
    let mut shape = shape;
    for (reference, target) in path.hops {
        let place = shape.slots.iter().position(
            |slot| matches!(slot, Slot::Parent { reference: there, .. } if *there == reference),
        );
        let place = place.unwrap_or_else(|| {
            let field = &binder.schema(shape.object).fields[reference];
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

fn children(binder: &Binder<'_>, subquery: &Query) -> Result<Slot, SoqlError> {
    let relationship = subquery.from.text.rsplit('.').next().unwrap_or_default();
    let found = binder.view.children(binder.object, relationship);
    let Some((child, object, field)) = found else {
        let reason = format!(
            "Didn't understand relationship '{}' in FROM part of query call. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names.",
            subquery.from.text
        );
        return binder.refuse("INVALID_TYPE", subquery.from.at, &reason);
    };
    let inner = Binder::on(binder.view, binder.query, object, subquery);
    let plan = bind(&inner, subquery)?;
    if !matches!(plan.output, Output::Rows(_)) {
        return binder.refuse(
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
