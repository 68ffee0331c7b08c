//! The **Salesforce** button of a record: what can be done with its Salesforce side, as far as it applies.

use maud::{Markup, html};

use super::{
    kind::Described,
    shown::{Shown, State},
};
use crate::{
    html::{layout::csrf, parts},
    visit::Visit,
};

pub(super) fn salesforce(visit: &Visit<'_>, record: &Shown, described: &Described) -> Markup {
    let caller = &visit.caller;
    let at = record.address();
    let state = record.state();
    let link = record.link.as_ref();
    let may_sync = caller.is_admin || caller.may_write(record.kind);
    let may_link = caller.is_admin || !described.link_requires_admin;
    html! {
        details.menu.right {
            summary.button { "Salesforce" }
            div.items {
                @if let Some(link) = link {
                    (parts::out(&link.salesforce.url, "View in Salesforce"))
                }
                @if may_sync && (link.is_some() || described.is_sent) {
                    form method="post" action=(format!("{at}/sync-now")) {
                        (csrf(visit))
                        (parts::once())
                        button type="submit" { "Sync Now" }
                    }
                }
                @if link.is_some() || state != State::NotLinked {
                    a href=(format!("{at}#salesforce")) { "Full Details" }
                }
                @if let Some(link) = link && caller.is_admin {
                    a href=(parts::address("/console/log/entries", &[("opportunity", &link.salesforce.id)], &[])) { "View Integration Log" }
                }
                @if link.is_none() {
                    @if may_link {
                        a href=(format!("{at}/linking")) { "Link to existing Salesforce Lead/Opportunity" }
                    } @else {
                        span.why { "Only an administrator may link records." }
                    }
                }
                @if link.is_some() && caller.is_admin {
                    a href=(format!("{at}/unlinking")) { "Unlink" }
                }
            }
        }
    }
}
