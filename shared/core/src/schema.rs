//! The descriptions of the org's objects, kept for the length of a run.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};

use crate::{run::RunId, salesforce::DescribedField};

/// The longest time that one run relies on a description.
const MAX_AGE: SignedDuration = SignedDuration::from_mins(5);

/// An object's fields; [`None`] when the org has no such object, or hides it.
pub(crate) type Described = Option<Arc<[DescribedField]>>;

/// Described objects by their API names, in lower case.
pub(crate) type Objects = HashMap<String, Described>;

/// The known descriptions of the org's objects. The adapter of the Salesforce port keeps one schema for its life.
///
/// It is empty until Salesforce refuses a field: a query that is answered needs no describe. It is forgotten with the
/// run that learned it, after five minutes, and when Salesforce refuses a field that should exist by it: the next run
/// sees an administrator's correction.
#[derive(Debug, Default)]
pub struct Schema(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    by: Option<RunId>,
    since: Option<Timestamp>,
    objects: Objects,
}

impl Schema {
    /// Forgets descriptions that another run learned, and those that are too old.
    pub(crate) fn begin(&self, run: RunId, now: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.by != Some(run) || known.is_old(now) {
            *known = Known {
                by: Some(run),
                since: Some(now),
                objects: HashMap::new(),
            };
        }
    }

    /// Forgets descriptions that are too old, for a caller that does not belong to a run.
    pub fn refresh(&self, now: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_old(now) {
            *known = Known {
                since: Some(now),
                ..Known::default()
            };
        }
    }

    pub(crate) fn objects(&self) -> Objects {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.objects.clone()
    }

    pub(crate) fn learn(&self, object: &str, described: Described) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.objects.insert(object.to_ascii_lowercase(), described);
    }

    /// Forgets every description.
    pub fn forget(&self) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.objects.clear();
    }
}

impl Known {
    fn is_old(&self, now: Timestamp) -> bool {
        self.since
            .is_none_or(|since| now.duration_since(since) >= MAX_AGE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(schema: &Schema) -> bool {
        schema.objects().contains_key("opportunity")
    }

    #[test]
    fn what_a_run_learned_is_forgotten_with_the_run_and_after_a_while() {
        let schema = Schema::default();
        let minute = |minute: i64| Timestamp::from_second(minute * 60).unwrap();
        let learn = || schema.learn("Opportunity", None);

        schema.begin(RunId::new(1), minute(0));
        learn();
        schema.begin(RunId::new(1), minute(4));
        assert!(known(&schema));
        schema.begin(RunId::new(1), minute(5));
        assert!(!known(&schema));
        learn();
        schema.begin(RunId::new(2), minute(5));
        assert!(!known(&schema));
    }

    #[test]
    fn outside_a_run_descriptions_are_kept_for_a_while() {
        let schema = Schema::default();
        let minute = |minute: i64| Timestamp::from_second(minute * 60).unwrap();

        schema.refresh(minute(0));
        schema.learn("Opportunity", None);
        schema.refresh(minute(4));
        assert!(known(&schema));
        schema.refresh(minute(5));
        assert!(!known(&schema));
    }
}
