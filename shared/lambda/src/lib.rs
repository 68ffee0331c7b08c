//! What every function shares: settings, telemetry, SQS batches, HTTP answers, wiring.
