//! The settings Lambda function.
