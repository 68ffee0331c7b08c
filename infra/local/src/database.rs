//! The embedded DynamoDB on loopback, with its three tables.

use std::{net::SocketAddr, path::Path};

use aws_sdk_dynamodb::{
    Client,
    error::DisplayErrorContext,
    types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType},
};
use dealbridge_aws::Tables;
use dynoxide::Database;
use tokio::net::TcpListener;

use crate::error::LocalError;

/// The database's file in the data directory.
const FILE: &str = "dynamodb.sqlite";

/// The tables' names on this machine.
#[must_use]
pub fn tables() -> Tables {
    Tables {
        records: "Records".to_owned(),
        links: "Links".to_owned(),
        log: "Log".to_owned(),
    }
}

/// Serves a database: in a file below the folder, or in memory. Answers its address.
///
/// # Errors
/// When the file cannot be used or no port is free.
pub async fn serve(folder: Option<&Path>) -> Result<SocketAddr, LocalError> {
    let database = match folder {
        Some(folder) => {
            let file = folder.join(FILE);
            Database::new(&file.to_string_lossy()).map_err(|error| {
                LocalError::new(format!("could not open the database {}: {error}; restore it from a copy, or choose another --data-dir", file.display()))
            })?
        }
        None => Database::memory().map_err(|error| {
            LocalError::new(format!("could not make a database in memory: {error}"))
        })?,
    };
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .map_err(|error| LocalError::new(format!("could not listen for DynamoDB: {error}")))?;
    let address = listener
        .local_addr()
        .map_err(|error| LocalError::new(format!("could not listen for DynamoDB: {error}")))?;
    tokio::spawn(dynoxide::server::serve_on(listener, database));
    Ok(address)
}

/// Makes the tables that are not there.
///
/// # Errors
/// When the database refuses.
pub async fn create_tables(client: &Client) -> Result<(), LocalError> {
    let listed = client.list_tables().send().await.map_err(|error| {
        LocalError::new(format!(
            "the database cannot be read: {}; restore it from a copy, or choose another --data-dir",
            DisplayErrorContext(&error)
        ))
    })?;
    let tables = tables();
    for (name, sorted) in [
        (tables.records, false),
        (tables.links, false),
        (tables.log, true),
    ] {
        if !listed.table_names().contains(&name) {
            create_table(client, &name, sorted).await?;
        }
    }
    Ok(())
}

async fn create_table(client: &Client, name: &str, sorted: bool) -> Result<(), LocalError> {
    let refused =
        |detail: String| LocalError::new(format!("could not make the table {name}: {detail}"));
    let keys = if sorted {
        vec![("pk", KeyType::Hash), ("sk", KeyType::Range)]
    } else {
        vec![("pk", KeyType::Hash)]
    };
    let mut create = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest);
    for (key, kind) in keys {
        let attribute = AttributeDefinition::builder()
            .attribute_name(key)
            .attribute_type(ScalarAttributeType::S)
            .build();
        let schema = KeySchemaElement::builder()
            .attribute_name(key)
            .key_type(kind)
            .build();
        create = create
            .attribute_definitions(attribute.map_err(|error| refused(error.to_string()))?)
            .key_schema(schema.map_err(|error| refused(error.to_string()))?);
    }
    let made = create.send().await;
    made.map(|_| ())
        .map_err(|error| refused(DisplayErrorContext(&error).to_string()))
}
