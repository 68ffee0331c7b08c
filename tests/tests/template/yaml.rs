//! YAML as JSON, with CloudFormation's short tags in their long form: one shape to read and to change.

use std::path::PathBuf;

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

/// A path from the root of the repository.
pub(crate) fn path(relative: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(relative)
}

/// The text of a file of the repository.
pub(crate) fn text(relative: &str) -> String {
    let path = path(relative);
    match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => unreadable(relative, &error.to_string()),
    }
}

/// Parses the only document of a YAML file of the repository.
pub(crate) fn document(relative: &str) -> Value {
    parse(&text(relative)).unwrap_or_else(|error| unreadable(relative, &error))
}

/// Parses YAML as JSON; the error says what is wrong and where.
pub(crate) fn parse(text: &str) -> Result<Value, String> {
    let documents = Yaml::load_from_str(text).map_err(|error| error.to_string())?;
    match documents.as_slice() {
        [one] => json_of(one),
        other => Err(format!("{} documents where one is expected", other.len())),
    }
}

#[expect(
    clippy::panic,
    reason = "a test cannot go on without the file it is about"
)]
fn unreadable(relative: &str, error: &str) -> ! {
    panic!("could not read {relative}: {error}")
}

fn json_of(node: &Yaml<'_>) -> Result<Value, String> {
    Ok(match node {
        Yaml::Value(scalar) => match scalar {
            Scalar::Null => Value::Null,
            Scalar::Boolean(value) => json!(value),
            Scalar::Integer(value) => json!(value),
            Scalar::FloatingPoint(value) => json!(value.into_inner()),
            Scalar::String(value) => json!(value),
        },
        Yaml::Sequence(items) => items.iter().map(json_of).collect::<Result<_, _>>()?,
        Yaml::Mapping(entries) => entries
            .iter()
            .map(|(key, value)| Ok((key_of(key)?, json_of(value)?)))
            .collect::<Result<Map<_, _>, String>>()?
            .into(),
        Yaml::Tagged(tag, inner) => {
            let value = json_of(inner)?;
            match (tag.suffix.as_str(), &value) {
                ("Ref", _) => json!({ "Ref": value }),
                ("Condition", _) => json!({ "Condition": value }),
                ("GetAtt", Value::String(dotted)) => {
                    let (resource, attribute) = dotted
                        .split_once('.')
                        .ok_or_else(|| format!("!GetAtt {dotted} names no attribute"))?;
                    json!({ "Fn::GetAtt": [resource, attribute] })
                }
                (name, _) => json!({ (format!("Fn::{name}")): value }),
            }
        }
        other => return Err(format!("{other:?} is not a value")),
    })
}

fn key_of(key: &Yaml<'_>) -> Result<String, String> {
    match key {
        Yaml::Value(Scalar::String(text)) => Ok(text.to_string()),
        // OpenAPI's status codes.
        Yaml::Value(Scalar::Integer(number)) => Ok(number.to_string()),
        other => Err(format!("{other:?} is not a key")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_tags_take_their_long_form() {
        let parsed = parse("a: !Ref B\nc: !GetAtt D.Arn\ne: !If [F, 1, !Sub \"${G}\"]\n").unwrap();

        assert_eq!(
            parsed,
            json!({
                "a": {"Ref": "B"},
                "c": {"Fn::GetAtt": ["D", "Arn"]},
                "e": {"Fn::If": ["F", 1, {"Fn::Sub": "${G}"}]},
            })
        );
    }

    #[test]
    fn a_repeated_key_is_refused() {
        assert!(parse("a: 1\na: 2\n").is_err());
    }
}
