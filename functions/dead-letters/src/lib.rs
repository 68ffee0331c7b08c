//! The dead-letters Lambda function.
