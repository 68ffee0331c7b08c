//! What the whole-product tests share: org folders made to order, the product driven by hand, its state read back,
//! faults between it and AWS.
//!
//! [`World`] runs the handlers over the same embedded servers as the local product, but nothing happens in it unless a
//! test asks for it: messages are received, delivered and deleted by hand, and time stands still until it is moved.
#![expect(
    clippy::unwrap_used,
    reason = "only tests link this: what cannot go on here is a failed test"
)]

pub mod clock;
pub mod defect;
pub mod folder;
pub mod ledger;
pub mod people;
pub mod proxy;
pub mod world;

pub use clock::TestClock;
pub use defect::Defect;
pub use folder::{Opportunity, OrgFolder, Role, account, contact, opportunity, role};
pub use ledger::Ledger;
pub use proxy::{Fault, Proxy};
pub use world::{Delivery, World};
