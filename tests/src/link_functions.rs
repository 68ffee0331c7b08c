//! The functions that make and end links, and the calls that an administrator makes of them.

use std::sync::Arc;

use dealbridge_aws::{DynamoPortal, Store};
use dealbridge_core::{SalesforceId, link::token::PreviewTokens, ports::Clock, record::RecordId};
use dealbridge_lambda::Function;
use link::LinkFunction;
use serde_json::{Value, json};
use unlink::UnlinkFunction;

use crate::{
    TestApp,
    caller::Caller,
    event::{allow_event, confirm_event, preview_event, unlink_event, url},
    reply::Reply,
    test_app::UNLIMITED,
};

/// The functions that make and end links.
pub struct LinkFunctions {
    /// Preview and confirm.
    pub link: Arc<LinkFunction>,
    /// Unlink and allow import.
    pub unlink: Arc<UnlinkFunction>,
}

impl LinkFunctions {
    /// The functions over an app, by a clock of their own, each with its role's permissions.
    #[must_use]
    pub fn over(app: &TestApp, clock: &Arc<dyn Clock>) -> Self {
        Self::with_stores(app, clock, app.store_of("link"), app.store_of("unlink"))
    }

    /// The functions over these stores.
    #[must_use]
    pub fn with_stores(
        app: &TestApp,
        clock: &Arc<dyn Clock>,
        of_link: Store,
        of_unlink: Store,
    ) -> Self {
        let instance_url = app.org.instance_url().to_owned();
        let link = LinkFunction {
            salesforce: app.salesforce.clone(),
            portal: DynamoPortal::new(of_link.clone()),
            rights: app.rights(&of_link),
            store: of_link,
            writes: app.writes_of("link"),
            clock: Arc::clone(clock),
            tokens: Arc::new(PreviewTokens::new(b"a key of thirty-two random bytes").unwrap()),
            instance_url: instance_url.clone(),
        };
        let unlink = UnlinkFunction {
            portal: DynamoPortal::new(of_unlink.clone()),
            rights: app.rights(&of_unlink),
            store: of_unlink,
            clock: Arc::clone(clock),
            instance_url,
        };
        Self {
            link: Arc::new(link),
            unlink: Arc::new(unlink),
        }
    }

    /// Sends an event to the function behind its route.
    pub async fn call(&self, who: &Caller, mut event: Value) -> Reply {
        who.sign(&mut event);
        let answer = if event["requestContext"]["http"]["method"] == "DELETE" {
            self.unlink.handle(event, UNLIMITED).await
        } else {
            self.link.handle(event, UNLIMITED).await
        };
        Reply::read(&answer.unwrap())
    }

    /// Previews as an administrator.
    pub async fn preview(&self, record: &RecordId, id: SalesforceId, master: &str) -> Reply {
        let body = json!({ "salesforceUrl": url(id), "master": master });
        self.call(&Caller::admin(), preview_event(record, &body))
            .await
    }

    /// Confirms as an administrator.
    pub async fn confirm(
        &self,
        record: &RecordId,
        id: SalesforceId,
        master: &str,
        token: &str,
    ) -> Reply {
        let body = json!({ "salesforceUrl": url(id), "master": master, "previewToken": token, "confirm": true });
        self.call(&Caller::admin(), confirm_event(record, &body))
            .await
    }

    /// Previews and confirms as an administrator.
    pub async fn link(&self, record: &RecordId, id: SalesforceId, master: &str) -> Reply {
        let preview = self.preview(record, id, master).await;
        if preview.status != 200 {
            return preview;
        }
        self.confirm(record, id, master, &preview.token()).await
    }

    /// Unlinks as an administrator.
    pub async fn unlink(&self, record: &RecordId) -> Reply {
        self.call(&Caller::admin(), unlink_event(record)).await
    }

    /// Allows an import as an administrator.
    pub async fn allow(&self, id: SalesforceId) -> Reply {
        self.call(&Caller::admin(), allow_event(id)).await
    }
}
