//! Usage of a step, counted from the requests actually sent.

use std::collections::BTreeMap;

use dealbridge_tests::TestApp;

/// Salesforce calls, SQS requests and DynamoDB units.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Usage {
    pub(crate) salesforce: u64,
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
    sqs: BTreeMap<String, u64>,
}

impl Usage {
    /// The usage so far, without logins and the test's own requests.
    pub(crate) fn of(app: &TestApp) -> Self {
        let aws = app.meter.usage();
        let salesforce = app.salesforce.usage();
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
