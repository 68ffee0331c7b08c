//! A simulated Salesforce org: a stateful REST server loaded from a folder of CSV files.
//!
//! [`OrgFolder::load`] reads a folder in the shape of Salesforce's own Data Export, [`OrgServer::start`] serves it on
//! loopback. Beside Salesforce's REST API it answers administration hooks under `/_org/`, which stand for what people do
//! in the Salesforce screens and for what goes wrong between here and there.
//!
//! | hook | body | does |
//! |---|---|---|
//! | `edit`, `create` | `{"object","id","fields"}`, `{"object","fields"}` | as a user would: the row's stamps move, its parents' do not |
//! | `delete`, `undelete`, `purge` | `{"object","id"}` | into the recycle bin, out of it, away for good; children go along |
//! | `hide`, `unhide` | `{"object","id"}` | takes the row from the API user's sight and gives it back |
//! | `late` | `{"object","id","seconds"}` | hides the row until the org's clock has moved on; it keeps its stamp |
//! | `tick` | `{"seconds"}` | moves the org's clock |
//! | `convert` | `{"lead","opportunity":true, false or an id}` | converts a lead |
//! | `merge` | `{"object","winner","losers"}` | merges leads, contacts or accounts |
//! | `expire` | `{"what":"sessions" or "locators"}` | ends all of them |
//! | `fail` | `{"match","status","body","times","skip","mode":"answer", "cut" or "hang"}` | spoils the next calls that contain the text; `times` 0 forgets all orders |
//! | `limit` | `{"remaining"}` | sets what is left of the daily allowance; null fills it up |
//! | `stats` | none, or `{"reset":true}` | counts of calls by kind |
//! | `reset` | none | back to the loaded state |
//!
//! The org's time is its own: it begins some minutes after the last change in the folder and moves with each write, so
//! that one folder and one sequence of calls always give the same stamps.

mod changes;
mod counters;
mod engine;
mod faults;
mod folder;
mod hooks;
mod http;
mod journal;
mod rules;
mod schema;
mod server;
mod soql;
mod store;
mod value;

pub use folder::{LoadError, OrgData, OrgFolder, OrgIdentity};
pub use journal::JournalError;
pub use server::{ClientCredentials, OrgClock, OrgHandle, OrgOptions, OrgServer, StartError};
