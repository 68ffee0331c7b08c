//! Values that Salesforce derives by itself: stages, defaults, composed names, the rows no export holds.

mod complete;
mod fields;
mod load;
mod parents;
mod seed;
mod stage;

pub(crate) use complete::{complete, derive, fill_defaults, primary_contact};
pub(crate) use fields::{Draft, Fields};
pub(crate) use load::{EPOCH, load_row};
pub(crate) use seed::{
    ImpliedRole, add_api_user, add_lead_statuses, add_missing_users, add_organization,
    add_primary_role, add_stages,
};
pub(crate) use stage::{Stage, converted_status, is_converted_status, stage};
