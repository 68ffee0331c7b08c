//! The push-worker Lambda function.
