//! The unlink Lambda function.
