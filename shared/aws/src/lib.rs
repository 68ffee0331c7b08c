//! DynamoDB and SQS behind the core's ports.
