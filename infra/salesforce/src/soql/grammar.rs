//! From the tokens of a query to its tree.
//!
//! Every terminal goes through one function, which notes the furthest token that was refused: that is the one an error
//! names, whatever the parser tried before.

mod terminal;

use terminal::{
    Input, Parsed, State, failure, keyword, name, nested, note, object_name, sign, terminal,
    whole_number,
};
use winnow::{
    combinator::{alt, delimited, opt, preceded, repeat, separated},
    prelude::*,
    stream::{Stateful, TokenSlice},
};

use super::{
    dates,
    error::SoqlError,
    token::{Kind, tokens},
    tree::{
        Comparison, Condition, FunctionCall, Item, Literal, LiteralValue, Operand, Order, Query,
    },
};

/// The longest statement Salesforce takes.
const MAX_STATEMENT_BYTES: usize = 100_000;
/// Parses a query.
///
/// # Errors
/// `MALFORMED_QUERY`, naming the token that does not fit.
pub(crate) fn parse(query: &str) -> Result<Query, SoqlError> {
    if query.len() > MAX_STATEMENT_BYTES {
        return Err(SoqlError::plain(
            "MALFORMED_QUERY",
            "SOQL statements cannot be longer than 100000 characters.",
        ));
    }
    let tokens = tokens(query)?;
    let state = State {
        count: tokens.len(),
        ..State::default()
    };
    let mut input = Stateful {
        input: TokenSlice::new(&tokens),
        state,
    };
    let parsed = statement(&mut input);
    match parsed {
        Ok(tree) if input.input.is_empty() => Ok(tree),
        parsed => {
            if parsed.is_ok() {
                note(&mut input);
            }
            let (at, text) = tokens
                .get(input.state.furthest)
                .map_or((query.len(), "<EOF>"), |token| (token.at, token.text));
            Err(SoqlError::at(
                "MALFORMED_QUERY",
                query,
                at,
                &format!("unexpected token: '{text}'"),
            ))
        }
    }
}

fn statement(input: &mut Input<'_, '_>) -> Parsed<Query> {
    keyword("SELECT").parse_next(input)?;
    let select = separated(1.., item, sign(",")).parse_next(input)?;
    keyword("FROM").parse_next(input)?;
    let from = object_name(input)?;
    let _as = opt(keyword("AS")).parse_next(input)?;
    let alias = opt(name).parse_next(input)?;
    let filter = opt(preceded(keyword("WHERE"), condition)).parse_next(input)?;
    let group_by = opt(preceded(
        (keyword("GROUP"), keyword("BY")),
        separated(1.., name, sign(",")),
    ))
    .parse_next(input)?;
    let having = opt(preceded(keyword("HAVING"), condition)).parse_next(input)?;
    let order_by = opt(preceded(
        (keyword("ORDER"), keyword("BY")),
        separated(1.., order, sign(",")),
    ))
    .parse_next(input)?;
    let limit = opt(preceded(keyword("LIMIT"), whole_number)).parse_next(input)?;
    let offset = opt(preceded(keyword("OFFSET"), whole_number)).parse_next(input)?;
    Ok(Query {
        select,
        from,
        alias,
        filter,
        group_by: group_by.unwrap_or_default(),
        having,
        order_by: order_by.unwrap_or_default(),
        limit: limit.map(|(number, _)| number),
        offset,
    })
}

fn item(input: &mut Input<'_, '_>) -> Parsed<Item> {
    alt((
        children,
        called,
        (name, opt(name)).map(|(field, alias)| Item::Field(field, alias)),
    ))
    .parse_next(input)
}

fn children(input: &mut Input<'_, '_>) -> Parsed<Item> {
    delimited(
        sign("("),
        |input: &mut Input<'_, '_>| nested(input, statement),
        sign(")"),
    )
    .map(|query| Item::Children(Box::new(query)))
    .parse_next(input)
}

fn call(input: &mut Input<'_, '_>) -> Parsed<FunctionCall> {
    (name, delimited(sign("("), opt(name), sign(")")))
        .map(|(function, field)| FunctionCall { function, field })
        .parse_next(input)
}

fn called(input: &mut Input<'_, '_>) -> Parsed<Item> {
    let (call, alias) = (call, opt(name)).parse_next(input)?;
    let is = |function: &str| call.function.text.eq_ignore_ascii_case(function);
    match (&call.field, &alias) {
        (None, None) if is("COUNT") => Ok(Item::CountAll(call.function)),
        (Some(field), None) if is("FIELDS") => Ok(Item::Fields(field.clone())),
        (Some(_), _) => Ok(Item::Aggregate(call, alias)),
        _ => failure(input),
    }
}

/// `a AND b AND c` or `a OR b OR c`; mixing the two needs brackets.
fn condition(input: &mut Input<'_, '_>) -> Parsed<Condition> {
    let first = simple_condition(input)?;
    let all: Vec<Condition> =
        repeat(0.., preceded(keyword("AND"), simple_condition)).parse_next(input)?;
    if !all.is_empty() {
        return Ok(Condition::And(std::iter::once(first).chain(all).collect()));
    }
    let any: Vec<Condition> =
        repeat(0.., preceded(keyword("OR"), simple_condition)).parse_next(input)?;
    if any.is_empty() {
        return Ok(first);
    }
    Ok(Condition::Or(std::iter::once(first).chain(any).collect()))
}

fn simple_condition(input: &mut Input<'_, '_>) -> Parsed<Condition> {
    let negated = preceded(keyword("NOT"), |input: &mut Input<'_, '_>| {
        nested(input, simple_condition)
    })
    .map(|inner| Condition::Not(Box::new(inner)));
    let bracketed = delimited(
        sign("("),
        |input: &mut Input<'_, '_>| nested(input, condition),
        sign(")"),
    );
    alt((negated, bracketed, comparison)).parse_next(input)
}

fn operand(input: &mut Input<'_, '_>) -> Parsed<Operand> {
    alt((call.map(Operand::Aggregate), name.map(Operand::Field))).parse_next(input)
}

fn comparison(input: &mut Input<'_, '_>) -> Parsed<Condition> {
    let left = operand(input)?;
    let set = |input: &mut Input<'_, '_>| -> Parsed<Vec<Literal>> {
        delimited(sign("("), separated(1.., literal, sign(",")), sign(")")).parse_next(input)
    };
    if opt(keyword("IN")).parse_next(input)?.is_some() {
        return members(input, left);
    }
    if opt((keyword("NOT"), keyword("IN")))
        .parse_next(input)?
        .is_some()
    {
        return members(input, left).map(|found| Condition::Not(Box::new(found)));
    }
    if opt(keyword("INCLUDES")).parse_next(input)?.is_some() {
        return Ok(Condition::Includes(left, set(input)?));
    }
    if opt(keyword("EXCLUDES")).parse_next(input)?.is_some() {
        return Ok(Condition::Not(Box::new(Condition::Includes(
            left,
            set(input)?,
        ))));
    }
    let operator = alt((
        sign("=").value(Comparison::Equal),
        alt((sign("!="), sign("<>"))).value(Comparison::NotEqual),
        sign("<=").value(Comparison::LessOrEqual),
        sign(">=").value(Comparison::GreaterOrEqual),
        sign("<").value(Comparison::Less),
        sign(">").value(Comparison::Greater),
        keyword("LIKE").value(Comparison::Like),
    ))
    .parse_next(input)?;
    Ok(Condition::Compare(left, operator, literal(input)?))
}

fn members(input: &mut Input<'_, '_>, left: Operand) -> Parsed<Condition> {
    sign("(").parse_next(input)?;
    let is_query = input
        .input
        .first()
        .is_some_and(|token| token.kind == Kind::Word && token.text.eq_ignore_ascii_case("SELECT"));
    let found = if is_query {
        Condition::InQuery(left, Box::new(nested(input, statement)?))
    } else {
        Condition::In(left, separated(1.., literal, sign(",")).parse_next(input)?)
    };
    sign(")").parse_next(input)?;
    Ok(found)
}

fn literal(input: &mut Input<'_, '_>) -> Parsed<Literal> {
    let (value, at) = terminal(input, |token| {
        let value = match &token.kind {
            Kind::Text { plain, like } => LiteralValue::Text(plain.clone(), like.clone()),
            Kind::Number(number) => LiteralValue::Number(*number),
            Kind::Date(date) => LiteralValue::Date(*date),
            Kind::DateTime(seconds) => LiteralValue::DateTime(*seconds),
            Kind::Word => match token.text.to_ascii_uppercase().as_str() {
                "NULL" => LiteralValue::Null,
                "TRUE" => LiteralValue::Bool(true),
                "FALSE" => LiteralValue::Bool(false),
                word if dates::is_named(word) => LiteralValue::Named(word.to_owned(), None),
                _ => return None,
            },
            Kind::Sign => return None,
        };
        Some((value, token.at))
    })?;
    let LiteralValue::Named(word, _) = &value else {
        return Ok(Literal { value, at });
    };
    if !dates::takes_number(word) {
        return Ok(Literal { value, at });
    }
    let (number, _) = preceded(sign(":"), whole_number).parse_next(input)?;
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    Ok(Literal {
        value: LiteralValue::Named(word.clone(), Some(number)),
        at,
    })
}

fn order(input: &mut Input<'_, '_>) -> Parsed<Order> {
    let by = operand(input)?;
    let descending = opt(alt((
        keyword("ASC").value(false),
        keyword("DESC").value(true),
    )))
    .parse_next(input)?
    .unwrap_or(false);
    let nulls_last = opt(preceded(
        keyword("NULLS"),
        alt((keyword("FIRST").value(false), keyword("LAST").value(true))),
    ))
    .parse_next(input)?;
    // Without a word nulls come first in ascending order and last in descending order.
    Ok(Order {
        by,
        descending,
        nulls_last: nulls_last.unwrap_or(descending),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(query: &str) -> String {
        let error = parse(query).expect_err("it is no SOQL");
        assert_eq!(error.code, "MALFORMED_QUERY");
        error.message
    }

    #[test]
    fn the_import_query_parses() {
        let query = "SELECT Id, Account.Name, (SELECT Contact.Email FROM OpportunityContactRoles WHERE IsPrimary = true) \
                     FROM Opportunity WHERE (Sync__c = true AND NOT Name LIKE 'x%') AND SystemModstamp >= 2026-01-31T08:00:00Z \
                     AND Id IN ('006000000000001', '006000000000002') ORDER BY SystemModstamp DESC NULLS LAST, Id LIMIT 10 OFFSET 5";

        let tree = parse(query).expect("it is SOQL");

        assert_eq!(tree.select.len(), 3);
        assert_eq!(tree.order_by.len(), 2);
        assert_eq!(
            (tree.limit, tree.offset.map(|(number, _)| number)),
            (Some(10), Some(5))
        );
    }

    #[test]
    fn the_first_token_that_does_not_fit_is_named() {
        let refused = [
            ("SELECT FROM Lead", "'FROM'"),
            ("SELECT Id FROM Lead WHERE", "'<EOF>'"),
            (
                "SELECT Id FROM Lead WHERE Name = 'a' AND Name = 'b' OR Name = 'c'",
                "'OR'",
            ),
            (
                "SELECT Id FROM Lead WHERE Name = 'a' OR Name = 'b' AND Name = 'c'",
                "'AND'",
            ),
            ("SELECT Id, FROM Lead", "'FROM'"),
            ("SELECT Id FROM Lead LIMIT x", "'x'"),
            ("SELECT Id FROM Lead ALL ROWS", "'ROWS'"),
            ("DELETE FROM Lead", "'DELETE'"),
            ("SELECT Id FROM Lead WHERE Id IN ()", "')'"),
        ];

        for (query, token) in refused {
            let message = refusal(query);
            assert!(
                message.ends_with(&format!("unexpected token: {token}")),
                "{query}: {message}"
            );
        }
    }

    #[test]
    fn nesting_without_end_is_refused_and_does_not_end_the_process() {
        let query = format!("SELECT Id FROM Lead WHERE {}Name = 'a'", "(".repeat(50_000));

        assert!(refusal(&query).contains("unexpected token"));
    }
}
