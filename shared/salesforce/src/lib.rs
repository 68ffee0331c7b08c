//! The Salesforce REST client behind the core's ports.
