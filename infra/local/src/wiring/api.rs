//! The functions behind the HTTP API, and the console, which has all of them in its own process.

use std::sync::Arc;

use console::{Console, Provider, Sessions, functions};
use dead_letters::DeadLettersFunction;
use dealbridge_aws::{SqsSyncRequests, SqsWrites, dead_letters::DeadLetterQueue};
use dealbridge_core::Queue;
use dealbridge_lambda::UlidIds;
use dealbridge_salesforce::{Timeouts, http_client};
use full_sync::FullSync;
use integration_log::IntegrationLog;
use link::LinkFunction;
use people::PeopleFunction;
use records::Records;
use settings::SettingsFunction;
use unlink::UnlinkFunction;

use super::{Adapters, Functions, Own};
use crate::{error::LocalError, provider::CONSOLE_CLIENT};

impl Adapters {
    /// Adds each function behind the HTTP API, with its own role.
    pub(super) fn add_api(&self, functions: &mut Functions) -> Result<(), LocalError> {
        functions.add(
            "integration-log",
            self.integration_log(&self.of("integration-log")),
        );
        functions.add("records", self.records(&self.of("records")));
        functions.add("people", self.people(&self.of("people")));
        functions.add("settings", self.settings(&self.of("settings")));
        functions.add("dead-letters", self.dead_letters(&self.of("dead-letters")));
        functions.add("full-sync", self.full_sync(&self.of("full-sync")));
        functions.add("link", self.link(&self.of("link")));
        functions.add("unlink", self.unlink(&self.of("unlink")));
        functions.add("console", self.console(&self.of("console"))?);
        Ok(())
    }

    fn console(&self, own: &Own<'_>) -> Result<Console, LocalError> {
        let http = http_client(Timeouts::default()).map_err(|error| {
            LocalError::new(format!("could not build the HTTP client: {error}"))
        })?;
        Ok(Console {
            functions: functions::Functions {
                dead_letters: self.dead_letters(own),
                full_sync: self.full_sync(own),
                integration_log: self.integration_log(own),
                link: self.link(own),
                people: self.people(own),
                records: self.records(own),
                settings: self.settings(own),
                unlink: self.unlink(own),
            },
            provider: Provider::new(http, self.issuer.clone(), CONSOLE_CLIENT.to_owned()),
            sessions: Sessions::new(self.session_keys.clone(), self.admins.clone()),
            rights: self.rights(own),
            clock: Arc::clone(&self.clock),
        })
    }

    fn integration_log(&self, own: &Own<'_>) -> IntegrationLog {
        IntegrationLog {
            salesforce: self.salesforce.clone(),
            instance_url: self.instance_url.clone(),
            portal: own.portal.clone(),
            store: own.store.clone(),
            rights: self.rights(own),
            clock: Arc::clone(&self.clock),
        }
    }

    fn records(&self, own: &Own<'_>) -> Records {
        Records {
            store: own.store.clone(),
            portal: own.portal.clone(),
            writes: SqsWrites(own.sender(Queue::SalesforceWrites)),
            clock: Arc::clone(&self.clock),
            ids: Arc::new(UlidIds),
            instance_url: self.instance_url.clone(),
            rights: self.rights(own),
        }
    }

    fn people(&self, own: &Own<'_>) -> PeopleFunction {
        PeopleFunction {
            store: own.store.clone(),
            rights: self.rights(own),
        }
    }

    fn settings(&self, own: &Own<'_>) -> SettingsFunction {
        SettingsFunction {
            salesforce: self.salesforce.clone(),
            store: own.store.clone(),
            clock: Arc::clone(&self.clock),
            rights: self.rights(own),
        }
    }

    fn dead_letters(&self, own: &Own<'_>) -> DeadLettersFunction {
        let dead_letters = |queue: Queue| {
            let url = self.queues.queue_url(queue.dead_letter_queue());
            (queue, DeadLetterQueue::new(own.sqs.clone(), url))
        };
        DeadLettersFunction {
            queues: Queue::ALL.map(dead_letters).to_vec(),
            store: own.store.clone(),
            clock: Arc::clone(&self.clock),
            rights: self.rights(own),
        }
    }

    fn full_sync(&self, own: &Own<'_>) -> FullSync {
        FullSync {
            store: own.store.clone(),
            portal: own.portal.clone(),
            backlog: own.backlog(),
            sync_requests: SqsSyncRequests(own.sender(Queue::SyncRequests)),
            rights: self.rights(own),
            clock: Arc::clone(&self.clock),
        }
    }

    fn link(&self, own: &Own<'_>) -> LinkFunction {
        LinkFunction {
            salesforce: self.salesforce.clone(),
            portal: own.portal.clone(),
            store: own.store.clone(),
            writes: SqsWrites(own.sender(Queue::SalesforceWrites)),
            clock: Arc::clone(&self.clock),
            tokens: Arc::clone(&self.tokens),
            instance_url: self.instance_url.clone(),
            rights: self.rights(own),
        }
    }

    fn unlink(&self, own: &Own<'_>) -> UnlinkFunction {
        UnlinkFunction {
            portal: own.portal.clone(),
            store: own.store.clone(),
            clock: Arc::clone(&self.clock),
            instance_url: self.instance_url.clone(),
            rights: self.rights(own),
        }
    }
}
