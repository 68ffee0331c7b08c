//! The import-worker Lambda function.
