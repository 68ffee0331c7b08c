//! A simulated Salesforce org: a stateful REST server loaded from a folder of CSV files.
//!
//! [`OrgFolder::load`] reads a folder of Salesforce's own exports, [`OrgServer::start`] serves it on
//! loopback. Beside Salesforce's REST API it answers an admin API under `/_org/`, which stands for what people do
//! in the Salesforce screens and for what goes wrong between here and there.
//!
//! | call | body | does |
//! |---|---|---|
//! | `edit`, `create` | `{"object","id","fields"}`, `{"object","fields"}` | as a user would: the row's stamps move, its parents' do not |
//! | `delete`, `undelete`, `purge` | `{"object","id"}` | into the recycle bin, out of it, away for good; children go along |
//! | `hide`, `unhide` | `{"object","id"}` | takes the row from the API user's sight and gives it back |
//! | `late` | `{"object","id","seconds"}` | hides the row until the org's clock has moved on; it keeps its stamp |
//! | `tick` | `{"seconds"}` | moves the org's clock |
//! | `clock` | `{"now","advance","step"}` or `{"wall":true}` | sets the org's clock, moves it on, makes each write move it by `step` seconds (0: all writes carry one stamp); `wall` goes by the real time again |
//! | `fls` | `{"object","field","access":"none", "read" or "edit"}` | field-level security for the API user, `none` unless said; without `field` access to the whole object, where `read` takes the rights to create and edit; `visible` true or false says the same; DELETE, or `{"reset":true}`, gives all back |
//! | `validation` | `{"object","condition","message","field"}` | a validation rule: rows that meet the condition, written as a WHERE, are refused with the message; `{"reset":true}` removes all |
//! | `assignment` | `{"object":"Lead","entries":[{"condition","owner"}]}` | an assignment rule: rows written through the API without `Sforce-Auto-Assign: FALSE` go to the owner of the first entry that fits; `{"reset":true}` removes all |
//! | `trigger` | `{"object","condition","name","exception"}` | an Apex trigger that fails on the rows that meet the condition (`CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY`); `{"reset":true}` removes all |
//! | `integrity` | `{"object","condition","message","field"}` | values that the platform itself does not take (`FIELD_INTEGRITY_EXCEPTION`); `{"reset":true}` removes all |
//! | `duplicates` | `{"object","name","action":"block" or "alert","message","matches":[{"object","fields":{"Email":"Email"}}]}` | a duplicate rule: rows created through the API that have these values of a live row are refused (`DUPLICATES_DETECTED`); `alert` lets them pass with `Sforce-Duplicate-Rule-Header: allowSave=true`; `{"reset":true}` removes all |
//! | `field` | `{"object","name","type","label","length","required","values","restricted","externalId","unique","caseSensitive"}` | changes a field, or adds a custom one; what is left out stays as it is |
//! | `recordtype` | `{"object","name","active","id"}` | adds a record type, or changes the one with the id; answers with the id |
//! | `lock` | `{"object","id","times"}` | another transaction holds the row, or without `id` every row of the object: so many writes of it, or of new rows that point to it, are refused (`UNABLE_TO_LOCK_ROW`); `times` 0 lets all go |
//! | `convert` | `{"lead","opportunity":true, false or an id}` | converts a lead |
//! | `merge` | `{"object","winner","losers"}` | merges leads, contacts or accounts |
//! | `expire` | `{"what":"sessions" or "locators","withLocators":true}` | ends all of them; with `withLocators` the locators of the ended sessions answer 401 in later sessions too |
//! | `fail` | `{"match","status","body","times","skip","mode":"answer", "cut" or "hang"}` | spoils the next calls that contain the text; `times` 0 forgets all orders |
//! | `limit` | `{"remaining","queryRows","pageRows"}` | sets what is left of the daily allowance (null fills it up), how many rows a query may find before it is given up, how many a page has at most |
//! | `stats` | none, or `{"reset":true}` | counts of calls by kind |
//! | `reset` | none | back to the loaded state |
//!
//! The org goes by the real time, to the second, unless [`OrgOptions`] or the admin API gives it a clock of its own. A stepping
//! clock begins some minutes after the last change in the folder and moves with each write, so that one folder and one
//! sequence of calls always give the same stamps.

mod changes;
mod clock;
mod counters;
mod engine;
mod faults;
mod folder;
mod handle;
mod http;
mod identity;
mod journal;
mod options;
mod rules;
mod schema;
mod server;
mod setup;
mod soql;
mod store;
mod value;

pub use clock::{OrgClock, TimeSource};
pub use folder::{
    Declarations, DeclaredField, DeclaredType, LoadError, Misfits, OrgData, OrgFolder,
};
pub use handle::OrgHandle;
pub use identity::OrgIdentity;
pub use journal::JournalError;
pub use options::{ClientCredentials, OrgOptions};
pub use server::{OrgServer, StartError};
