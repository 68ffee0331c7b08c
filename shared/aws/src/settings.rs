//! Replacing the settings that were read, together with the receipt of the call.

use aws_sdk_dynamodb::types::TransactWriteItem;
use dealbridge_core::{
    change::Expected,
    finding::Finding,
    ports::PortError,
    receipt::{Receipt, ReceiptKey},
    settings::Settings,
};

use crate::{
    item::{self, n, number, s, text},
    keys::{self, VERSION},
    store::Store,
    transaction::{self, Committed},
};

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

impl Store {
    /// Returns the settings with their version, if any were ever stored.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer, or if the settings cannot be read.
    pub async fn settings(&self) -> Result<Option<(u64, Settings)>, PortError> {
        let Some(item) = self.get(&self.tables.records, keys::settings()).await? else {
            return Ok(None);
        };
        let unreadable = |detail: String| item::unreadable("the settings", detail);
        let version = number(&item, VERSION).ok_or_else(|| unreadable("no version".into()))?;
        let json = text(&item, "settings").ok_or_else(|| unreadable("no settings".into()))?;
        let settings = serde_json::from_str(json).map_err(|error| unreadable(error.to_string()))?;
        Ok(Some((version, settings)))
    }

    /// Replaces the settings of the version that was read, zero if there were none. The version grows by one; log entry
    /// and receipt go into the same transaction. With another org the watermark is deleted: it concerns the former
    /// org's records.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer.
    pub async fn replace_settings(
        &self,
        settings: &Settings,
        seen: u64,
        org: NamedOrg,
        said: &Finding,
        receipt: Option<(&ReceiptKey, &Receipt)>,
    ) -> Result<Replaced, PortError> {
        let (id, entry) = self.action_entry(said)?;
        let mut actions = vec![self.put_settings_action(settings, seen)?, entry];
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

    /// The write of settings over those of the version that was read, zero if there were none.
    pub(crate) fn put_settings_action(
        &self,
        settings: &Settings,
        seen: u64,
    ) -> Result<TransactWriteItem, PortError> {
        let json = serde_json::to_string(settings)
            .map_err(|error| item::unreadable("settings to be stored", error))?;
        let mut item = keys::settings();
        item.insert("settings".to_owned(), s(json));
        item.insert(VERSION.to_owned(), n(seen + 1));
        let expected = match seen {
            0 => Expected::Absent,
            seen => Expected::Version(seen),
        };
        transaction::put(&self.tables.records, item, expected)
    }
}
