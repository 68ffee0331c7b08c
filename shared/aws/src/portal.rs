//! Settings and people, cached for the life of the process with their version.

mod owners;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use dealbridge_core::{
    Email,
    portal::{Directory, Group, Holders, Organization, ResolvedUser, User},
    ports::{Consistency, PortError, Portal},
    settings::Settings,
};

use crate::{
    item::{self, n, number, s, text},
    keys::{self, Attributes, PK, VERSION},
    people::{Address, decode_as},
    settings::{AT, BY},
    store::{Store, port_error},
};

#[derive(Debug, Default)]
struct Cache {
    settings: Option<(u64, Arc<Settings>)>,
    directory_version: u64,
    holders: HashMap<Email, Arc<Holders>>,
}

/// The portal in the Records table. Clones share one cache.
#[derive(Clone, Debug)]
pub struct DynamoPortal {
    store: Store,
    cache: Arc<Mutex<Cache>>,
}

impl DynamoPortal {
    /// The portal of a store.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self {
            store,
            cache: Arc::default(),
        }
    }

    fn cache<T>(&self, use_it: impl FnOnce(&mut Cache) -> T) -> T {
        use_it(&mut self.cache.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn items(&self, keys: Vec<Attributes>) -> Result<Vec<Attributes>, PortError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let table = self.store.tables().records.clone();
        let keys = keys.into_iter().map(|key| (table.clone(), key)).collect();
        Ok(self
            .store
            .batch_get(keys, Consistency::Strong)
            .await?
            .remove(&table)
            .unwrap_or_default())
    }

    /// Returns a user by id.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer.
    pub async fn user(&self, id: &str) -> Result<Option<User>, PortError> {
        self.items(vec![keys::user(id)])
            .await?
            .pop()
            .map(|item| decode_as(item, "a user"))
            .transpose()
    }

    /// Returns a group by id.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer.
    pub async fn group(&self, id: &str) -> Result<Option<Group>, PortError> {
        self.items(vec![keys::group(id)])
            .await?
            .pop()
            .map(|item| decode_as(item, "a group"))
            .transpose()
    }

    /// Returns the users with an address as they are at this moment, past the cache: for rights, whose age is bounded by
    /// the clock.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer.
    pub async fn users_at_this_moment(
        &self,
        email: &Email,
    ) -> Result<Vec<ResolvedUser>, PortError> {
        let mut read = self.read_holders(vec![email]).await?;
        let holders = read.remove(email);
        Ok(holders.map_or_else(Vec::new, |holders| holders.users.clone()))
    }

    /// Returns the settings with their version.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer, or if no settings were ever stored.
    pub async fn versioned_settings(&self) -> Result<(u64, Arc<Settings>), PortError> {
        let items = self
            .items(vec![keys::settings(), keys::directory()])
            .await?;
        let by_key = |key: Attributes| items.iter().find(|item| item.get(PK) == key.get(PK));
        let directory = by_key(keys::directory())
            .and_then(|item| number(item, VERSION))
            .unwrap_or(0);
        let item = by_key(keys::settings()).ok_or_else(|| PortError {
            operation: "reading the settings".to_owned(),
            detail: "there are none: PUT /settings stores them".to_owned(),
        })?;
        let version: u64 = number(item, VERSION).unwrap_or(0);
        let known = self.cache(|cache| {
            if cache.directory_version != directory {
                cache.directory_version = directory;
                cache.holders.clear();
            }
            cache
                .settings
                .clone()
                .filter(|(known, _)| *known == version)
        });
        if let Some(known) = known {
            return Ok(known);
        }
        let json = text(item, "settings")
            .ok_or_else(|| item::unreadable("the settings", "the item has none"))?;
        let settings: Arc<Settings> = Arc::new(
            serde_json::from_str(json).map_err(|error| item::unreadable("the settings", error))?,
        );
        self.cache(|cache| cache.settings = Some((version, Arc::clone(&settings))));
        Ok((version, settings))
    }

    /// Stores settings; with `seen`, only if no others were stored since that version. Returns the new version, or
    /// `None` if refused.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer.
    pub async fn put_settings(
        &self,
        settings: &Settings,
        seen: Option<u64>,
    ) -> Result<Option<u64>, PortError> {
        let json = serde_json::to_string(settings)
            .map_err(|error| item::unreadable("settings to be stored", error))?;
        let operation = "storing the settings";
        let update = self
            .store
            .client()
            .update_item()
            .table_name(&self.store.tables().records)
            .set_key(Some(keys::settings()))
            .update_expression("SET #settings = :settings ADD #version :one REMOVE #by, #at")
            .expression_attribute_names("#by", BY)
            .expression_attribute_names("#at", AT)
            .expression_attribute_names("#settings", "settings")
            .expression_attribute_names("#version", VERSION)
            .expression_attribute_values(":settings", s(json))
            .expression_attribute_values(":one", n(1))
            .return_values(aws_sdk_dynamodb::types::ReturnValue::UpdatedNew);
        let update = match seen {
            Some(seen) => update
                .condition_expression("#version = :seen")
                .expression_attribute_values(":seen", n(seen)),
            None => update,
        };
        match update.send().await {
            Ok(answer) => Ok(answer
                .attributes
                .as_ref()
                .and_then(|attributes| number(attributes, VERSION))),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_conditional_check_failed_exception()) =>
            {
                Ok(None)
            }
            Err(error) => Err(port_error(operation, error)),
        }
    }

    /// Reads the owners of these addresses: first the addresses, then the users, then their groups and organizations.
    async fn read_holders(
        &self,
        emails: Vec<&Email>,
    ) -> Result<HashMap<Email, Arc<Holders>>, PortError> {
        let mut items: HashMap<String, Address> = HashMap::new();
        for item in self
            .items(emails.iter().map(|email| keys::email(email)).collect())
            .await?
        {
            let address = text(&item, PK)
                .and_then(keys::address)
                .unwrap_or_default()
                .to_owned();
            items.insert(address, Address::decode(&item));
        }
        let user_ids: HashSet<&String> = items.values().flat_map(|item| &item.users).collect();
        let users: Vec<User> = decode_all(
            self.items(user_ids.into_iter().map(|id| keys::user(id)).collect())
                .await?,
            "a user",
        )?;
        let groups: HashSet<&String> = users.iter().flat_map(|user| &user.groups).collect();
        let organizations: HashSet<&String> = users.iter().map(|user| &user.organization).collect();
        let wanted = groups
            .into_iter()
            .map(|id| keys::group(id))
            .chain(organizations.into_iter().map(|id| keys::organization(id)))
            .collect();
        let (organizations, groups): (Vec<Attributes>, Vec<Attributes>) = self
            .items(wanted)
            .await?
            .into_iter()
            .partition(|item| text(item, PK).is_some_and(keys::is_organization));
        let organizations: Vec<Organization> = decode_all(organizations, "an organization")?;
        let groups: Vec<Group> = decode_all(groups, "a group")?;
        let resolve = |id: &String| {
            let user = users.iter().find(|user| user.id == *id)?.clone();
            let organization = organizations
                .iter()
                .find(|organization| organization.id == user.organization);
            let of_user: Vec<&Group> = groups
                .iter()
                .filter(|group| user.groups.contains(&group.id))
                .collect();
            Some(ResolvedUser::new(user, organization, of_user))
        };
        let holders = emails.into_iter().map(|email| {
            let item = items.get(email.as_str()).cloned().unwrap_or_default();
            let holders = Holders {
                users: item.users.iter().filter_map(resolve).collect(),
                is_contact: !item.contacts.is_empty(),
            };
            (email.clone(), Arc::new(holders))
        });
        Ok(holders.collect())
    }
}

fn decode_all<T: serde::de::DeserializeOwned>(
    items: Vec<Attributes>,
    what: &str,
) -> Result<Vec<T>, PortError> {
    items
        .into_iter()
        .map(|item| decode_as(item, what))
        .collect()
}

impl Portal for DynamoPortal {
    async fn settings(&self) -> Result<Arc<Settings>, PortError> {
        Ok(self.versioned_settings().await?.1)
    }

    async fn directory(&self, emails: &HashSet<Email>) -> Result<Directory, PortError> {
        let (mut known, missing): (Directory, Vec<&Email>) = self.cache(|cache| {
            let known = emails
                .iter()
                .filter_map(|email| Some((email.clone(), Arc::clone(cache.holders.get(email)?))))
                .collect();
            let missing = emails
                .iter()
                .filter(|email| !cache.holders.contains_key(*email))
                .collect();
            (known, missing)
        });
        if !missing.is_empty() {
            let version = self.cache(|cache| cache.directory_version);
            let read = self.read_holders(missing).await?;
            self.cache(|cache| {
                // Another batch may have found meanwhile that people changed.
                if cache.directory_version == version {
                    // An address that nobody has is asked for again each time: somebody may be invited any moment.
                    let found = read.iter().filter(|(_, holders)| !holders.is_nobody());
                    cache
                        .holders
                        .extend(found.map(|(email, holders)| (email.clone(), Arc::clone(holders))));
                }
            });
            known.extend(read);
        }
        Ok(known)
    }
}
