//! The embedded DynamoDB on loopback, with its three tables.

use std::{net::SocketAddr, path::Path};

use aws_sdk_dynamodb::{
    Client,
    error::DisplayErrorContext,
    types::{
        AttributeDefinition, BillingMode, CreateGlobalSecondaryIndexAction,
        GlobalSecondaryIndexDescription, GlobalSecondaryIndexUpdate, KeySchemaElement, KeyType,
        Projection, ProjectionType, ScalarAttributeType,
    },
};
use dealbridge_aws::{Tables, keys};
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
    for (name, key) in [
        (&tables.records, &[keys::PK][..]),
        (&tables.links, &[keys::PK]),
        (&tables.log, &[keys::PK, keys::SK]),
    ] {
        if !listed.table_names().contains(name) {
            let refused = |detail: String| {
                LocalError::new(format!("could not make the table {name}: {detail}"))
            };
            let (schema, attributes) = schema(key).map_err(refused)?;
            let create = client
                .create_table()
                .table_name(name)
                .billing_mode(BillingMode::PayPerRequest)
                .set_key_schema(Some(schema))
                .set_attribute_definitions(Some(attributes));
            let made = create.send().await;
            made.map_err(|error| refused(DisplayErrorContext(&error).to_string()))?;
        }
    }
    index_suppressions(client, &tables.links).await
}

/// Makes the index of suppressions if the table, which may be older, is without it.
async fn index_suppressions(client: &Client, table: &str) -> Result<(), LocalError> {
    let refused = |detail: String| {
        LocalError::new(format!(
            "could not make the index {} of the table {table}: {detail}",
            keys::SUPPRESSIONS
        ))
    };
    let described = client.describe_table().table_name(table).send().await;
    let described = described.map_err(|error| refused(DisplayErrorContext(&error).to_string()))?;
    let indexes = described
        .table()
        .map(|table| table.global_secondary_indexes());
    let is_there =
        |index: &GlobalSecondaryIndexDescription| index.index_name() == Some(keys::SUPPRESSIONS);
    if indexes.unwrap_or_default().iter().any(is_there) {
        return Ok(());
    }
    let key = [keys::SUPPRESSED_IN, keys::SUPPRESSED_AT];
    let (schema, mut attributes) = schema(&key).map_err(refused)?;
    attributes.push(text_attribute(keys::PK).map_err(refused)?);
    let projection = Projection::builder()
        .projection_type(ProjectionType::Include)
        .non_key_attributes("record")
        .non_key_attributes("suppression")
        .build();
    let index = CreateGlobalSecondaryIndexAction::builder()
        .index_name(keys::SUPPRESSIONS)
        .set_key_schema(Some(schema))
        .projection(projection)
        .build()
        .map_err(|error| refused(error.to_string()))?;
    let update = GlobalSecondaryIndexUpdate::builder().create(index).build();
    let made = client
        .update_table()
        .table_name(table)
        .set_attribute_definitions(Some(attributes))
        .global_secondary_index_updates(update)
        .send()
        .await;
    made.map(|_| ())
        .map_err(|error| refused(DisplayErrorContext(&error).to_string()))
}

/// A key of texts: its partition key, and its sort key if there is one, with their definitions.
fn schema(key: &[&str]) -> Result<(Vec<KeySchemaElement>, Vec<AttributeDefinition>), String> {
    let mut schema = Vec::new();
    let mut attributes = Vec::new();
    for (name, kind) in key.iter().zip([KeyType::Hash, KeyType::Range]) {
        let element = KeySchemaElement::builder()
            .attribute_name(*name)
            .key_type(kind);
        schema.push(element.build().map_err(|error| error.to_string())?);
        attributes.push(text_attribute(name)?);
    }
    Ok((schema, attributes))
}

fn text_attribute(name: &str) -> Result<AttributeDefinition, String> {
    let attribute = AttributeDefinition::builder()
        .attribute_name(name)
        .attribute_type(ScalarAttributeType::S);
    attribute.build().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use dealbridge_aws::config::{Endpoint, sdk_config};

    use super::*;

    #[tokio::test]
    async fn a_table_that_was_made_without_the_index_gets_it() {
        let address = serve(None).await.unwrap();
        let url = format!("http://{address}");
        let client = Client::new(&sdk_config(&Endpoint::Local { url }).await);
        let (schema, attributes) = schema(&[keys::PK]).unwrap();
        let older = client
            .create_table()
            .table_name("Links")
            .billing_mode(BillingMode::PayPerRequest)
            .set_key_schema(Some(schema))
            .set_attribute_definitions(Some(attributes));
        older.send().await.unwrap();

        for _ in 0..2 {
            create_tables(&client).await.unwrap();
        }

        let links = client.describe_table().table_name("Links");
        let links = links.send().await.unwrap().table.unwrap();
        let indexes = links.global_secondary_indexes();
        assert_eq!(indexes.len(), 1);
        assert_eq!(indexes[0].index_name(), Some(keys::SUPPRESSIONS));
    }
}
