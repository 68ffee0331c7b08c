//! Query parameters: known ones only, each once.

use std::{collections::BTreeMap, fmt::Display};

use url::form_urlencoded;

use super::Refusal;

/// The parameters of a request that names only known ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(BTreeMap<String, String>);

impl Query {
    /// Reads a query string. A parameter without a value counts as left out.
    ///
    /// # Errors
    /// 400 when it names a parameter twice or one that is not in `known`.
    pub fn parse(raw: &str, known: &[&str]) -> Result<Self, Refusal> {
        let mut parameters = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(raw.as_bytes()) {
            if !known.contains(&&*name) {
                let known = match known {
                    [] => "this call takes none".to_owned(),
                    known => format!("this call takes {}", known.join(", ")),
                };
                return Err(Refusal::malformed(format!(
                    "unknown query parameter {name:?}: {known}"
                )));
            }
            if value.trim().is_empty() {
                continue;
            }
            if parameters
                .insert(name.to_string(), value.into_owned())
                .is_some()
            {
                return Err(Refusal::malformed(format!(
                    "query parameter {name} is given twice"
                )));
            }
        }
        Ok(Self(parameters))
    }

    /// A parameter's text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A parameter's value.
    ///
    /// # Errors
    /// 400 with what is wrong with it.
    pub fn value<T, E: Display>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Refusal> {
        self.text(name)
            .map(|text| {
                parse(text)
                    .map_err(|error| Refusal::malformed(format!("query parameter {name}: {error}")))
            })
            .transpose()
    }

    /// A parameter that is `true` or `false`.
    ///
    /// # Errors
    /// 400 when it is neither.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        self.value(name, |text| {
            text.parse::<bool>()
                .map_err(|_| format!("{text:?} is neither true nor false"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 2] = ["code", "cleared"];

    #[test]
    fn known_parameters_are_decoded_and_blank_ones_count_as_left_out() {
        let query = Query::parse("code=A%20B+C&cleared=", &KNOWN).unwrap();

        assert_eq!(query.text("code"), Some("A B C"));
        assert_eq!(query.flag("cleared").unwrap(), None);
    }

    #[test]
    fn unknown_repeated_and_wrong_parameters_are_refused_by_name() {
        let detail = |raw: &str| {
            let refusal = Query::parse(raw, &KNOWN)
                .and_then(|query| query.flag("cleared"))
                .unwrap_err();
            assert_eq!(refusal.status(), 400);
            refusal.into_answer().body["detail"]
                .as_str()
                .unwrap()
                .to_owned()
        };

        assert_eq!(
            detail("cod=A"),
            "unknown query parameter \"cod\": this call takes code, cleared"
        );
        assert_eq!(
            detail("code=A&code=B"),
            "query parameter code is given twice"
        );
        assert_eq!(
            detail("cleared=yes"),
            "query parameter cleared: \"yes\" is neither true nor false"
        );
    }
}
