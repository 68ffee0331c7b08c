//! The link Lambda function.
