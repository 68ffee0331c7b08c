//! Filling the store from the org folder, once per content of its file.

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::{
    error::{DisplayErrorContext, ProvideErrorMetadata},
    types::AttributeValue,
};
use dealbridge_aws::{DynamoPortal, Store, item, keys};

use crate::{error::LocalError, folder::PortalFolder};

/// The name under which the portal's people are kept.
const PEOPLE: [&str; 4] = ["USER#", "EMAIL#", "GROUP#", "ORGANIZATION#"];

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
    if seeded.as_ref().and_then(|item| item::text(item, "digest")) == Some(&folder.digest) {
        return Ok(());
    }
    portal.put_settings(&folder.settings, None).await?;
    if seeded.is_some() {
        remove_former_people(store, folder).await?;
    }
    portal.seed(&folder.people).await?;
    for record in &folder.records {
        store.put_new_record(record).await?;
    }
    let mut item = key;
    item.insert(
        "digest".to_owned(),
        AttributeValue::S(folder.digest.clone()),
    );
    let put = store
        .client()
        .put_item()
        .table_name(table)
        .set_item(Some(item))
        .send()
        .await;
    put.map(|_| ()).map_err(|error| fault(&error))
}

/// Writes an item that nobody reads, to see whether the store can be written.
///
/// # Errors
/// When it cannot.
pub(crate) async fn probe(store: &Store) -> Result<(), LocalError> {
    let key = AttributeValue::S("LOCAL#PROBE".to_owned());
    // As much as a small Deal: a disk with less room than that is full.
    let padding = AttributeValue::S("x".repeat(1_024));
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

/// Removes people that an earlier content of the folder had and this one has not.
async fn remove_former_people(store: &Store, folder: &PortalFolder) -> Result<(), LocalError> {
    let people = &folder.people;
    let users = people.users.iter();
    let named: HashSet<String> = users
        .clone()
        .map(|user| format!("USER#{}", user.id))
        .chain(users.map(|user| format!("EMAIL#{}", user.email)))
        .chain(
            people
                .contacts
                .iter()
                .map(|contact| format!("EMAIL#{}", contact.email)),
        )
        .chain(
            people
                .groups
                .iter()
                .map(|group| format!("GROUP#{}", group.id)),
        )
        .chain(
            people
                .organizations
                .iter()
                .map(|own| format!("ORGANIZATION#{}", own.id)),
        )
        .collect();
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
            PEOPLE.iter().any(|prefix| pk.starts_with(prefix)) && !named.contains(pk)
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
