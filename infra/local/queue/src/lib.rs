//! A small SQS server for one machine.
