//! A simulated Salesforce org: a stateful REST server loaded from a folder of CSV files.
