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
    by: Option<(RunId, Timestamp)>,
    objects: Objects,
}

impl Schema {
    /// Forgets descriptions that another run learned, and those that are too old.
    pub(crate) fn begin(&self, run: RunId, now: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_ours = known
            .by
            .is_some_and(|(by, since)| by == run && now.duration_since(since) < MAX_AGE);
        if !is_ours {
            *known = Known {
                by: Some((run, now)),
                objects: HashMap::new(),
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

    pub(crate) fn forget(&self) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.objects.clear();
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
}
