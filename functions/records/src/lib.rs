//! The records Lambda function.
