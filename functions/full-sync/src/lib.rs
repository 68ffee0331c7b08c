//! The full-sync Lambda function.
