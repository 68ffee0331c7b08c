//! Query parameters: known ones only, each once unless it may be repeated.

use std::{collections::BTreeMap, fmt::Display};

use url::form_urlencoded;

use super::Refusal;

/// The parameters of a request, all of them known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(BTreeMap<String, Vec<String>>);

impl Query {
    /// Parses a query string. A parameter without a value counts as absent. One of `many` may be repeated, and takes
    /// several values separated by commas.
    ///
    /// # Errors
    /// Returns 400 if a parameter of `known` is given twice, or if one is in neither list.
    pub fn parse(raw: &str, known: &[&str], many: &[&str]) -> Result<Self, Refusal> {
        let mut parameters: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(raw.as_bytes()) {
            let takes_many = many.contains(&&*name);
            if !takes_many && !known.contains(&&*name) {
                let all = [many, known].concat();
                let known = match &all[..] {
                    [] => "this call takes none".to_owned(),
                    known => format!("this call takes {}", known.join(", ")),
                };
                return Err(Refusal::malformed(format!(
                    "unknown query parameter {name:?}: {known}"
                )));
            }
            let given = parameters.entry(name.to_string()).or_default();
            if takes_many {
                let values = value.split(',').map(str::trim);
                given.extend(values.filter(|one| !one.is_empty()).map(str::to_owned));
            } else if !value.trim().is_empty() {
                given.push(value.into_owned());
            }
            if given.len() > 1 && !takes_many {
                return Err(Refusal::malformed(format!(
                    "query parameter {name} is given twice"
                )));
            }
        }
        Ok(Self(parameters))
    }

    /// Returns a parameter's text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.first().map(String::as_str)
    }

    /// Parses the values of a repeatable parameter; none if it is absent.
    ///
    /// # Errors
    /// Returns 400 with the reason if one of them is not valid.
    pub fn values<T, E: Display>(
        &self,
        name: &str,
        mut parse: impl FnMut(&str) -> Result<T, E>,
    ) -> Result<Vec<T>, Refusal> {
        let given = self.0.get(name).into_iter().flatten();
        given
            .map(|text| {
                parse(text)
                    .map_err(|error| Refusal::malformed(format!("query parameter {name}: {error}")))
            })
            .collect()
    }

    /// Every parameter with each of its values, by name.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .flat_map(|(name, values)| values.iter().map(move |value| (&**name, &**value)))
    }

    /// Parses a parameter's value.
    ///
    /// # Errors
    /// Returns 400 with the reason if it is not valid.
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

    /// Parses a parameter that is `true` or `false`.
    ///
    /// # Errors
    /// Returns 400 if it is neither.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        self.value(name, |text| {
            text.parse::<bool>()
                .map_err(|_| format!("{text:?} is neither true nor false"))
        })
    }
}

/// The page size, from the parameter `limit`.
///
/// # Errors
/// Returns 400 if it is not an integer from 1 to `max`.
pub fn limit(query: &Query, default: usize, max: usize) -> Result<usize, Refusal> {
    let limit = query.text("limit").map(|text| {
        text.parse::<usize>()
            .ok()
            .filter(|limit| (1..=max).contains(limit))
            .ok_or_else(|| {
                let detail = format!("limit must be an integer from 1 to {max}, not {text:?}.");
                Refusal::malformed(detail)
            })
    });
    Ok(limit.transpose()?.unwrap_or(default))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 2] = ["code", "cleared"];

    #[test]
    fn known_parameters_are_decoded_and_blank_ones_count_as_left_out() {
        let query = Query::parse("code=A%20B+C&cleared=", &KNOWN, &[]).unwrap();

        assert_eq!(query.text("code"), Some("A B C"));
        assert_eq!(query.flag("cleared").unwrap(), None);
    }

    #[test]
    fn a_parameter_of_several_values_may_be_repeated_and_separated_by_commas() {
        let query = Query::parse("code=A,B&code=&code=C", &["cleared"], &["code"]).unwrap();
        let texts = query.values("code", |text| Ok::<_, String>(text.to_owned()));
        let wrong = query.values("code", |text| {
            Err::<(), _>(format!("{text:?} is not a code"))
        });

        assert_eq!(texts.unwrap(), ["A", "B", "C"]);
        assert_eq!(wrong.unwrap_err().status(), 400);
    }

    #[test]
    fn unknown_repeated_and_wrong_parameters_are_refused_by_name() {
        let detail = |raw: &str| {
            let refusal = Query::parse(raw, &KNOWN, &[])
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
