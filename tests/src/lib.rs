//! Shared parts of the whole-product tests: generated org folders, the product driven step by step, snapshots of its
//! state, and faults between it and AWS.
//!
//! [`TestApp`] runs the handlers over the same embedded servers as the local product, but nothing happens unless a test
//! asks for it: messages are received, delivered and deleted explicitly, and time stands still until it is advanced.
#![expect(
    clippy::unwrap_used,
    reason = "only tests link this: what cannot go on here is a failed test"
)]

pub mod caller;
pub mod clock;
pub mod defect;
pub mod event;
pub mod folder;
pub mod ledger;
pub mod link_functions;
pub mod people;
pub mod proxy;
pub mod record_costs;
pub mod reply;
pub mod site;
pub mod test_app;

pub use clock::TestClock;
pub use defect::Defect;
pub use folder::{Opportunity, OrgFolder, Role, account, contact, opportunity, role};
pub use ledger::Ledger;
pub use link_functions::LinkFunctions;
pub use proxy::{Fault, Proxy};
pub use test_app::{Delivery, TestApp};
