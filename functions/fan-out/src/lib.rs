//! The fan-out Lambda function.
