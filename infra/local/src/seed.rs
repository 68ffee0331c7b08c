//! Filling the store from the org folder, once per content of its file.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    error::{DisplayErrorContext, ProvideErrorMetadata},
    types::AttributeValue,
};
use dealbridge_aws::{DynamoPortal, Store, item, keys};
use dealbridge_core::people::People;
use tracing::warn;

use crate::{
    error::LocalError,
    folder::{FILE, PortalFolder},
};

/// The form of the stored people. People of an earlier form have no versions, and are stored anew.
const FORM: &str = "2";
/// The keys of people.
const PEOPLE: [&str; 5] = ["USER#", "EMAIL#", "GROUP#", "ORGANIZATION#", "CONTACT#"];

/// Fills the store from the folder, unless it holds this content already: what was changed through the portal's
/// screens stays until the folder's file changes. Records that are there stay as they are.
///
/// # Errors
/// When the store does not answer.
pub(crate) async fn seed(
    store: &Store,
    portal: &DynamoPortal,
    folder: &PortalFolder,
) -> Result<(), LocalError> {
    let key = HashMap::from([(
        keys::PK.to_owned(),
        AttributeValue::S("LOCAL#SEED".to_owned()),
    )]);
    let table = &store.tables().records;
    let seeded = store.get(table, key.clone()).await?;
    let stored = |name: &str| seeded.as_ref().and_then(|item| item::text(item, name));
    if stored("digest") == Some(&folder.digest) && stored("form") == Some(FORM) {
        return Ok(());
    }
    portal.put_settings(&folder.settings, None).await?;
    if seeded.is_some() && stored("form") != Some(FORM) {
        remove_people(store).await?;
    }
    let people = People { store };
    let replaced = people.replace_all(&folder.people).await;
    let replaced = replaced.map_err(|error| LocalError::new(error.to_string()))?;
    for kept in replaced.kept {
        warn!("The {kept} stays, though {FILE} has it no longer: something depends on it.");
    }
    for record in &folder.records {
        store.put_new_record(record).await?;
    }
    let mut item = key;
    for (name, value) in [("digest", folder.digest.as_str()), ("form", FORM)] {
        item.insert(name.to_owned(), AttributeValue::S(value.to_owned()));
    }
    let put = store
        .client()
        .put_item()
        .table_name(table)
        .set_item(Some(item))
        .send()
        .await;
    put.map(|_| ()).map_err(|error| fault(&error))
}

/// As much as a small Deal: a disk with less room than that is full.
pub(crate) const A_DEAL: usize = 1_024;
/// As much as a transaction of people.
pub(crate) const PEOPLE_AT_ONCE: usize = 100_000;

/// Writes an item of that many bytes that nobody reads, to see whether the store can be written.
///
/// # Errors
/// When it cannot.
pub(crate) async fn probe(store: &Store, bytes: usize) -> Result<(), LocalError> {
    let key = AttributeValue::S("LOCAL#PROBE".to_owned());
    let padding = AttributeValue::S("x".repeat(bytes));
    let put = store
        .client()
        .put_item()
        .table_name(&store.tables().records)
        .item(keys::PK, key)
        .item("padding", padding)
        .send()
        .await;
    put.map(|_| ()).map_err(|error| {
        let said = error.message().unwrap_or("the database does not answer");
        LocalError::new(said)
    })
}

/// Removes people of an earlier form.
async fn remove_people(store: &Store) -> Result<(), LocalError> {
    let client = store.client();
    let table = &store.tables().records;
    let mut start = None;
    loop {
        let page = client
            .scan()
            .table_name(table)
            .projection_expression("#pk")
            .expression_attribute_names("#pk", keys::PK)
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| fault(&error))?;
        let former = page.items().iter().filter(|item| {
            let pk = item::text(item, keys::PK).unwrap_or_default();
            PEOPLE.iter().any(|prefix| pk.starts_with(prefix))
        });
        for item in former {
            client
                .delete_item()
                .table_name(table)
                .set_key(Some(item.clone()))
                .send()
                .await
                .map_err(|error| fault(&error))?;
        }
        start = page.last_evaluated_key;
        if start.is_none() {
            return Ok(());
        }
    }
}

fn fault(error: &(dyn std::error::Error + 'static)) -> LocalError {
    LocalError::new(format!(
        "the embedded database did not do as it was told: {}",
        DisplayErrorContext(error)
    ))
}
