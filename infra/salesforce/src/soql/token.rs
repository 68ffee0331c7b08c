//! From the text of a query to its tokens.

use winnow::{
    ascii::{digit1, multispace0},
    combinator::{alt, not, opt, peek, preceded, repeat},
    error::EmptyError,
    prelude::*,
    stream::LocatingSlice,
    token::{any, one_of, take_while},
};

use super::error::SoqlError;
use crate::value::{parse_date, parse_datetime};

/// The kind of a token and, for a literal, its value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// A keyword, or a name with dots.
    Word,
    /// A text between single quotes, its escapes undone; `like` keeps `\_` and `\%` apart from `_` and `%`.
    Text {
        /// The value.
        plain: String,
        /// The value with the escapes that LIKE needs.
        like: String,
    },
    /// A number.
    Number(f64),
    /// A day.
    Date(jiff::civil::Date),
    /// A point in time, in seconds since 1970.
    DateTime(i64),
    /// A bracket, comma, colon or operator.
    Sign,
}

/// One token with its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token<'q> {
    /// Its kind.
    pub(crate) kind: Kind,
    /// As written.
    pub(crate) text: &'q str,
    /// The byte at which it begins.
    pub(crate) at: usize,
}

type Source<'q> = LocatingSlice<&'q str>;

/// Why the text stops being tokens.
struct Unreadable {
    at: usize,
    reason: String,
}

/// Splits a query.
///
/// # Errors
/// `MALFORMED_QUERY` where no token begins or a literal is broken.
pub(crate) fn tokens(query: &str) -> Result<Vec<Token<'_>>, SoqlError> {
    let mut source = LocatingSlice::new(query);
    let mut tokens = Vec::new();
    loop {
        let _blank: Result<&str, EmptyError> = multispace0.parse_next(&mut source);
        let at = query.len() - source.len();
        if source.is_empty() {
            return Ok(tokens);
        }
        let lexed = match token(&mut source, at) {
            Ok(kind) => kind,
            Err(Unreadable { at, reason }) => {
                return Err(SoqlError::at("MALFORMED_QUERY", query, at, &reason));
            }
        };
        let end = query.len() - source.len();
        tokens.push(Token {
            kind: lexed,
            text: &query[at..end],
            at,
        });
    }
}

fn token(source: &mut Source<'_>, at: usize) -> Result<Kind, Unreadable> {
    let first = source.chars().next().unwrap_or(' ');
    let unreadable = |_: EmptyError| Unreadable {
        at,
        reason: format!("unexpected token: '{first}'"),
    };
    match first {
        '\'' => text(source, at),
        '0'..='9' | '-' | '+' => {
            let literal = number_like.parse_next(source).map_err(unreadable)?;
            number(literal).ok_or_else(|| Unreadable {
                at,
                reason: format!("unexpected token: '{literal}'"),
            })
        }
        'a'..='z' | 'A'..='Z' | '_' => word
            .parse_next(source)
            .map(|_| Kind::Word)
            .map_err(unreadable),
        _ => {
            let sign: Result<&str, EmptyError> = alt((
                alt(("<=", ">=", "!=", "<>")),
                one_of(['=', '<', '>', '(', ')', ',', ':']).take(),
            ))
            .parse_next(source);
            sign.map(|_| Kind::Sign).map_err(|_| Unreadable {
                at,
                reason: format!("line 1:{at} no viable alternative at character '{first}'"),
            })
        }
    }
}

/// A name such as `Account.Owner.Name`.
fn word<'q>(source: &mut Source<'q>) -> Result<&'q str, EmptyError> {
    let part = || take_while(1.., |c: char| c.is_ascii_alphanumeric() || c == '_');
    (part(), repeat::<_, _, (), _, _>(0.., preceded('.', part())))
        .take()
        .parse_next(source)
}

/// Everything that begins as a number does: `12`, `-1.5`, `2026-01-31`, `2026-01-31T08:00:00.000+02:00`.
fn number_like<'q>(source: &mut Source<'q>) -> Result<&'q str, EmptyError> {
    let day = (digit1, '-', digit1, '-', digit1);
    let zone = alt((
        one_of(['Z', 'z']).void(),
        (one_of(['+', '-']), digit1, opt((':', digit1))).void(),
    ));
    let time = (
        one_of(['T', 't']),
        digit1,
        ':',
        digit1,
        ':',
        digit1,
        opt(('.', digit1)),
        zone,
    );
    let plain = (
        opt(one_of(['+', '-'])),
        digit1,
        opt(('.', digit1)),
        opt((one_of(['e', 'E']), opt(one_of(['+', '-'])), digit1)),
    );
    let end = peek(not(one_of(|c: char| c.is_ascii_alphanumeric() || c == '_')));
    (alt(((day, opt(time)).void(), plain.void())), end)
        .take()
        .parse_next(source)
}

fn number(literal: &str) -> Option<Kind> {
    if let Some(date) = parse_date(literal) {
        return Some(Kind::Date(date));
    }
    if literal.contains(':') {
        return parse_datetime(&literal.to_ascii_uppercase()).map(Kind::DateTime);
    }
    literal
        .trim_start_matches('+')
        .parse()
        .ok()
        .map(Kind::Number)
}

/// A text literal. Written out by hand where each escape needs its own answer.
fn text(source: &mut Source<'_>, at: usize) -> Result<Kind, Unreadable> {
    let whole = source.len();
    let _open = character(source);
    let (mut plain, mut like) = (String::new(), String::new());
    let mut length = 0_usize;
    loop {
        let place = at + whole - source.len();
        let Some(next) = character(source) else {
            return Err(Unreadable {
                at: place,
                reason: format!("line 1:{place} mismatched character '<EOF>' expecting '''"),
            });
        };
        length += 1;
        if length > 4_001 {
            return Err(Unreadable {
                at,
                reason: "string literal is too long: the limit is 4000 characters".to_owned(),
            });
        }
        match next {
            '\'' => return Ok(Kind::Text { plain, like }),
            '\\' => {
                let escaped = character(source);
                let meant = match escaped {
                    Some('n' | 'N') => '\n',
                    Some('r' | 'R') => '\r',
                    Some('t' | 'T') => '\t',
                    Some('b' | 'B') => '\u{8}',
                    Some('f' | 'F') => '\u{c}',
                    Some(c @ ('"' | '\'')) => c,
                    Some('\\') => {
                        plain.push('\\');
                        like.push_str("\\\\");
                        continue;
                    }
                    Some(c @ ('_' | '%')) => {
                        plain.push(c);
                        like.push('\\');
                        like.push(c);
                        continue;
                    }
                    Some('u' | 'U') => unicode(source, place)?,
                    _ => {
                        let escaped = escaped.map(String::from).unwrap_or_default();
                        return Err(Unreadable {
                            at: place,
                            reason: format!(
                                "Invalid string literal. Illegal character sequence '\\{escaped}' in string literal."
                            ),
                        });
                    }
                };
                plain.push(meant);
                like.push(meant);
            }
            other => {
                plain.push(other);
                like.push(other);
            }
        }
    }
}

fn unicode(source: &mut Source<'_>, place: usize) -> Result<char, Unreadable> {
    let digits: Result<&str, EmptyError> =
        take_while(4, |c: char| c.is_ascii_hexdigit()).parse_next(source);
    digits
        .ok()
        .and_then(|digits| u32::from_str_radix(digits, 16).ok())
        .and_then(char::from_u32)
        .ok_or_else(|| Unreadable {
            at: place,
            reason: "Invalid string literal. Illegal character sequence '\\u' in string literal."
                .to_owned(),
        })
}

fn character(source: &mut Source<'_>) -> Option<char> {
    let next: Result<char, EmptyError> = any.parse_next(source);
    next.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(query: &str) -> Vec<Kind> {
        tokens(query)
            .expect("it is SOQL")
            .into_iter()
            .map(|token| token.kind)
            .collect()
    }

    #[test]
    fn literals_become_typed_values() {
        let found = kinds("'O\\'Brien \\u0041' -1.5 2026-01-31 2026-01-31T08:00:00.000+02:00");

        assert_eq!(
            found,
            [
                Kind::Text {
                    plain: "O'Brien A".to_owned(),
                    like: "O'Brien A".to_owned()
                },
                Kind::Number(-1.5),
                Kind::Date(jiff::civil::date(2026, 1, 31)),
                Kind::DateTime(1_769_839_200),
            ]
        );
    }

    #[test]
    fn an_unknown_escape_is_refused() {
        let error =
            tokens("SELECT Id FROM Lead WHERE Name = 'a\\q'").expect_err("\\q means nothing");

        assert_eq!(error.code, "MALFORMED_QUERY");
        assert!(error.message.contains("'\\q'"), "{}", error.message);
    }

    #[test]
    fn double_quotes_are_no_string_delimiters() {
        let error = tokens("SELECT Id FROM Lead WHERE Name = \"a\"")
            .expect_err("only single quotes delimit");

        assert!(
            error
                .message
                .contains("no viable alternative at character '\"'"),
            "{}",
            error.message
        );
    }
}
