//! Terminals of the grammar: one function takes tokens and notes the furthest one that was refused.

use winnow::{
    error::{EmptyError, ParserError},
    prelude::*,
    stream::{Stateful, Stream, TokenSlice},
};

use crate::soql::{
    token::{Kind, Token},
    tree::Name,
};

/// The deepest nesting of brackets; far more than any real query, far less than the stack.
const MAX_NESTED_BRACKETS: usize = 60;

const RESERVED: [&str; 20] = [
    "SELECT", "FROM", "WHERE", "AND", "OR", "NOT", "LIKE", "IN", "INCLUDES", "EXCLUDES", "ORDER",
    "GROUP", "HAVING", "LIMIT", "OFFSET", "NULLS", "ASC", "DESC", "USING", "WITH",
];

/// The state of a parser.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The tokens of the query.
    pub(super) count: usize,
    /// The furthest token that was refused.
    pub(super) furthest: usize,
    /// The brackets that are open.
    pub(super) depth: usize,
}

/// The tokens that are left, with the state.
pub(super) type Input<'t, 'q> = Stateful<TokenSlice<'t, Token<'q>>, State>;
/// The outcome of a parser.
pub(super) type Parsed<T> = Result<T, EmptyError>;

/// Notes that the token at which the parser stands was refused.
pub(super) fn note(input: &mut Input<'_, '_>) {
    let here = input.state.count - input.input.len();
    input.state.furthest = input.state.furthest.max(here);
}

/// Refuses the token at which the parser stands.
pub(super) fn failure<T>(input: &mut Input<'_, '_>) -> Parsed<T> {
    note(input);
    Err(EmptyError::from_input(input))
}

/// The one place that takes a token.
pub(super) fn terminal<'t, 'q, T>(
    input: &mut Input<'t, 'q>,
    accept: impl FnOnce(&'t Token<'q>) -> Option<T>,
) -> Parsed<T> {
    match input.input.peek_token().and_then(accept) {
        Some(value) => {
            input.input.next_token();
            Ok(value)
        }
        None => failure(input),
    }
}

/// A word, in any case.
pub(super) fn keyword<'t, 'q: 't>(
    expected: &'static str,
) -> impl Parser<Input<'t, 'q>, (), EmptyError> {
    move |input: &mut Input<'t, 'q>| {
        terminal(input, |token| {
            (token.kind == Kind::Word && token.text.eq_ignore_ascii_case(expected)).then_some(())
        })
    }
}

/// A sign.
pub(super) fn sign<'t, 'q: 't>(
    expected: &'static str,
) -> impl Parser<Input<'t, 'q>, (), EmptyError> {
    move |input: &mut Input<'t, 'q>| {
        terminal(input, |token| {
            (token.kind == Kind::Sign && token.text == expected).then_some(())
        })
    }
}

/// A name that is no reserved word.
pub(super) fn name(input: &mut Input<'_, '_>) -> Parsed<Name> {
    terminal(input, |token| {
        let is_reserved = RESERVED
            .iter()
            .any(|word| token.text.eq_ignore_ascii_case(word));
        (token.kind == Kind::Word && !is_reserved).then(|| Name {
            text: token.text.to_owned(),
            at: token.at,
        })
    })
}

/// The name of an object, which may be `Group`.
pub(super) fn object_name(input: &mut Input<'_, '_>) -> Parsed<Name> {
    terminal(input, |token| {
        let is_group = token.text.eq_ignore_ascii_case("Group");
        let is_reserved = RESERVED
            .iter()
            .any(|word| token.text.eq_ignore_ascii_case(word));
        (token.kind == Kind::Word && (is_group || !is_reserved)).then(|| Name {
            text: token.text.to_owned(),
            at: token.at,
        })
    })
}

/// A whole number and its place.
pub(super) fn whole_number(input: &mut Input<'_, '_>) -> Parsed<(usize, usize)> {
    terminal(input, |token| match token.kind {
        Kind::Number(_) => token.text.parse().ok().map(|number| (number, token.at)),
        _ => None,
    })
}

/// Runs a parser one level deeper, unless that is too deep.
pub(super) fn nested<'t, 'q, T>(
    input: &mut Input<'t, 'q>,
    parser: impl FnOnce(&mut Input<'t, 'q>) -> Parsed<T>,
) -> Parsed<T> {
    if input.state.depth >= MAX_NESTED_BRACKETS {
        return failure(input);
    }
    input.state.depth += 1;
    let parsed = parser(input);
    input.state.depth -= 1;
    parsed
}
