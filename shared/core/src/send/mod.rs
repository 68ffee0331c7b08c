//! Sending: a record of the portal becomes a Lead or an Opportunity in Salesforce, exactly once, and is linked to it.
//!
//! The transaction that writes the record marks it as being created and puts the request into the outbox; the push
//! worker carries it out. The Salesforce record's External Id makes a repeat find what an earlier attempt created.

mod again;
mod ask;
mod attempt;
mod create;
mod fields;
mod linked;
mod lookup;
mod orphan;
mod refusal;
mod store;
mod sync;
mod trigger;
mod work;

pub use again::send_refused;
pub use ask::{AskSync, NoSync};
pub use store::{Assignees, SendStore};
pub use sync::SyncNow;
pub use trigger::{forget, on_edit, on_status, on_submit, remember, sync_now};
pub use work::Create;
