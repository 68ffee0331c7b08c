//! Replacing the settings that were read, together with the receipt of the call.

use aws_sdk_dynamodb::types::TransactWriteItem;
use dealbridge_core::{
    change::Expected,
    finding::Finding,
    ports::{Consistency, PortError},
    receipt::{Receipt, ReceiptKey},
    settings::Settings,
};

use jiff::Timestamp;

use crate::{
    item::{self, n, number, s, text},
    keys::{self, Attributes, VERSION},
    store::Store,
    transaction::{self, Committed},
};

/// The number of replaced versions that are kept.
pub const VERSIONS_KEPT: u64 = 100;

/// Attribute: the settings as JSON.
const SETTINGS: &str = "settings";
/// Attribute: who stored them.
pub(crate) const BY: &str = "stored_by";
/// Attribute: when they were stored.
pub(crate) const AT: &str = "stored_at";

/// The result of replacing settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replaced {
    /// They are stored.
    Yes,
    /// Other settings were stored since, or the receipt's key was used meanwhile.
    Refused,
}

/// Proof that no run was active: the latest run, if any, has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Idle {
    pub(crate) latest: u32,
}

/// The org that settings name, compared with those before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedOrg {
    /// They name the same one, or are the first.
    Same,
    /// They name another one. No run was active, and none may have begun since.
    Another(Idle),
}

/// A version of the settings, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsVersion {
    /// The version.
    pub version: u64,
    /// Who stored it; nobody for settings that no call of the API stored.
    pub by: Option<String>,
    /// When it was stored.
    pub at: Option<Timestamp>,
    /// The settings as JSON: those of an earlier release may not be settings of this one.
    pub json: String,
}

impl SettingsVersion {
    fn read(item: &Attributes) -> Result<Self, PortError> {
        let unreadable = |detail: &str| item::unreadable("the settings", detail);
        let version = number(item, VERSION).ok_or_else(|| unreadable("no version"))?;
        let json = text(item, SETTINGS).ok_or_else(|| unreadable("no settings"))?;
        Ok(Self {
            version,
            by: text(item, BY).map(str::to_owned),
            at: text(item, AT).and_then(|at| at.parse().ok()),
            json: json.to_owned(),
        })
    }

    fn item(&self, mut item: Attributes) -> Attributes {
        item.insert(SETTINGS.to_owned(), s(&self.json));
        item.insert(VERSION.to_owned(), n(self.version));
        if let Some(by) = &self.by {
            item.insert(BY.to_owned(), s(by));
        }
        if let Some(at) = self.at {
            item.insert(AT.to_owned(), s(at));
        }
        item
    }

    /// Returns the settings.
    ///
    /// # Errors
    /// Returns an error if they are not settings of this release.
    pub fn settings(&self) -> Result<Settings, PortError> {
        serde_json::from_str(&self.json).map_err(|error| item::unreadable("the settings", error))
    }
}

impl Store {
    /// Returns the settings with their version, if any were ever stored.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer, or if the settings cannot be read.
    pub async fn settings(&self) -> Result<Option<(u64, Settings)>, PortError> {
        let stored = self.current_settings().await?;
        stored
            .map(|stored| Ok((stored.version, stored.settings()?)))
            .transpose()
    }

    /// Returns the settings as they are kept, if any were ever stored.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer.
    pub async fn current_settings(&self) -> Result<Option<SettingsVersion>, PortError> {
        let item = self.get(&self.tables.records, keys::settings()).await?;
        item.as_ref().map(SettingsVersion::read).transpose()
    }

    /// Returns a version of the settings: the current one, or one of those that it replaced.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer.
    pub async fn settings_version(
        &self,
        version: u64,
    ) -> Result<Option<SettingsVersion>, PortError> {
        let current = self.current_settings().await?;
        if let Some(current) = current.filter(|current| current.version == version) {
            return Ok(Some(current));
        }
        let item = self
            .get(&self.tables.log, keys::settings_version(version))
            .await?;
        item.as_ref().map(SettingsVersion::read).transpose()
    }

    /// Returns those of these replaced versions that are kept, the newest first.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer.
    pub async fn settings_versions(
        &self,
        versions: impl IntoIterator<Item = u64>,
    ) -> Result<Vec<SettingsVersion>, PortError> {
        let table = &self.tables.log;
        let wanted: Vec<_> = versions
            .into_iter()
            .map(|version| (table.clone(), keys::settings_version(version)))
            .collect();
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = self.batch_get(wanted, Consistency::Strong).await?;
        let mut versions = found
            .remove(table)
            .unwrap_or_default()
            .iter()
            .map(SettingsVersion::read)
            .collect::<Result<Vec<_>, _>>()?;
        versions.sort_by_key(|kept| std::cmp::Reverse(kept.version));
        Ok(versions)
    }

    /// Replaces the settings of the version that was read, zero if there were none. The version grows by one; log
    /// entry, receipt and the version that is replaced go into the same transaction. With another org the watermark is
    /// deleted: it concerns the former org's records.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer.
    pub async fn replace_settings(
        &self,
        settings: &Settings,
        seen: u64,
        org: NamedOrg,
        (said, by): (&Finding, &str),
        receipt: Option<(&ReceiptKey, &Receipt)>,
    ) -> Result<Replaced, PortError> {
        let before = self.current_settings().await?;
        if before.as_ref().map_or(0, |before| before.version) != seen {
            return Ok(Replaced::Refused);
        }
        let (id, entry) = self.action_entry(said)?;
        let mut actions = self.settings_actions(before.as_ref(), settings, by)?;
        actions.push(entry);
        if let NamedOrg::Another(idle) = org {
            actions.push(transaction::delete_unconditional(
                &self.tables.log,
                keys::watermark(),
            )?);
            actions.push(self.still_idle(idle)?);
        }
        if let Some((key, receipt)) = receipt {
            actions.push(self.receipt_action(key, receipt)?);
        }
        Ok(
            match self.transact(&format!("settings|{id}"), actions).await? {
                Committed::Yes => Replaced::Yes,
                Committed::Refused(_) => Replaced::Refused,
            },
        )
    }

    /// The write of settings over those that were read, the copy of these, and the deletion of the oldest copy.
    pub(crate) fn settings_actions(
        &self,
        before: Option<&SettingsVersion>,
        settings: &Settings,
        by: &str,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let json = serde_json::to_string(settings)
            .map_err(|error| item::unreadable("settings to be stored", error))?;
        let seen = before.map_or(0, |before| before.version);
        let next = SettingsVersion {
            version: seen + 1,
            by: Some(by.to_owned()),
            at: Some(self.clock.now()),
            json,
        };
        let expected = match seen {
            0 => Expected::Absent,
            seen => Expected::Version(seen),
        };
        let mut actions = vec![transaction::put(
            &self.tables.records,
            next.item(keys::settings()),
            expected,
        )?];
        if let Some(before) = before {
            let log = &self.tables.log;
            let kept = before.item(keys::settings_version(before.version));
            actions.push(transaction::put_unconditional(log, kept)?);
            if let Some(oldest) = seen.checked_sub(VERSIONS_KEPT) {
                let key = keys::settings_version(oldest);
                actions.push(transaction::delete_unconditional(log, key)?);
            }
        }
        Ok(actions)
    }
}
