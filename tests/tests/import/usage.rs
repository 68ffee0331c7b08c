//! What a step used, counted from the requests that were really sent.

use std::collections::BTreeMap;

use dealbridge_tests::World;

/// Calls, requests and units.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Usage {
    pub(crate) salesforce: u64,
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
    sqs: BTreeMap<String, u64>,
}

impl Usage {
    /// All that was used so far; logins and the test's own hands are left out.
    pub(crate) fn of(world: &World) -> Self {
        let aws = world.meter.usage();
        let salesforce = world.salesforce.usage();
        Self {
            salesforce: salesforce.total() - salesforce.token,
            read_units: aws.read_units,
            write_units: aws.write_units,
            sqs: aws.sqs_requests,
        }
    }

    pub(crate) fn since(&self, earlier: &Self) -> Self {
        let before = |name: &String| earlier.sqs.get(name).copied().unwrap_or(0);
        Self {
            salesforce: self.salesforce - earlier.salesforce,
            read_units: self.read_units - earlier.read_units,
            write_units: self.write_units - earlier.write_units,
            sqs: self
                .sqs
                .iter()
                .map(|(name, count)| (name.clone(), count - before(name)))
                .collect(),
        }
    }

    pub(crate) fn sqs(&self, action: &str) -> u64 {
        self.sqs.get(action).copied().unwrap_or(0)
    }

    pub(crate) fn sqs_total(&self) -> u64 {
        self.sqs.values().sum()
    }
}
