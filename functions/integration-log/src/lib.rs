//! The integration-log Lambda function.
