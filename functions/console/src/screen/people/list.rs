//! Users, Groups, Organizations and Contacts as lists.

use dealbridge_lambda::http::{Answer, Refusal};
use maud::{Markup, html};
use serde::de::DeserializeOwned;

use super::{
    frame::{self, CONTACTS, GROUPS, ORGANIZATIONS, USERS, about, modules, status, users_of, words},
    member::{Contact, Group, Organization, User},
};
use crate::{
    functions::{ApiCall, List},
    html::parts::{self, Field},
    visit::Visit,
};

/// The people on a page.
const PAGE: &str = "50";

/// The list of an Organization's people, or of all.
struct Members<'a> {
    path: &'a str,
    organization: String,
}

impl<'a> Members<'a> {
    fn of(visit: &Visit<'_>, path: &'a str) -> Self {
        Self {
            path,
            organization: visit.query("organization"),
        }
    }

    async fn read<T: DeserializeOwned>(
        &self,
        visit: &Visit<'_>,
        call: &'static str,
    ) -> Result<List<T>, Refusal> {
        let call = ApiCall::get(call)
            .query("organization", &self.organization)
            .query("limit", PAGE)
            .query("cursor", &visit.query("cursor"));
        visit.read(call).await
    }

    /// The list as a page: its filter, its table or what to do where it is empty, and the way on.
    fn page<T>(
        &self,
        visit: &Visit<'_>,
        found: &List<T>,
        (label, empty): (&str, &str),
        table: Markup,
    ) -> Answer {
        let is_of_people = matches!(self.path, USERS | CONTACTS);
        let content = html! {
            section aria-label=(label) {
                @if is_of_people { (self.filter()) }
                @if !found.items.is_empty() {
                    (parts::table(label, table))
                } @else if found.cursor.is_some() {
                    (parts::empty("Nobody was found so far. The next page goes on looking."))
                } @else if self.organization.is_empty() {
                    (parts::empty(empty))
                } @else {
                    (parts::empty("This Organization has none, or there is no Organization with this id. The ids are under Organizations."))
                }
                (parts::next(self.path, &[("organization", &self.organization)], found.cursor.as_deref()))
            }
        };
        frame::page(visit, 200, None, content)
    }

    fn filter(&self) -> Markup {
        let field = Field {
            name: "organization",
            label: "Organization, by its id",
            hint: None,
            error: None,
        };
        html! {
            form.filter.row method="get" action=(self.path) {
                (field.text(&self.organization))
                div.row {
                    button type="submit" { "Filter" }
                    @if !self.organization.is_empty() { a.button.quiet href=(self.path) { "Show all" } }
                }
            }
        }
    }
}

const NOBODY: &str = "The portal has brought none yet. Load them by the API, or a folder of them by dealbridge load.";

pub(super) async fn users(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    let list = Members::of(visit, USERS);
    let found: List<User> = list.read(visit, "/users").await?;
    let table = html! {
        thead { tr {
            th scope="col" { "User" } th scope="col" { "Address" } th scope="col" { "Type" } th scope="col" { "Status" }
            th scope="col" { "Organization" } th scope="col" { "Groups" }
        } }
        tbody {
            @for user in &found.items {
                tr {
                    th.value scope="row" { (user.name) " " code.muted { (user.id) } }
                    td.value { a href=(about(&user.email)) { (user.email) } }
                    td { (words(&user.kind)) }
                    td { (status(&user.effective_status)) }
                    td.value { a href=(users_of(&user.organization)) { (user.organization) } }
                    td.value { @if user.groups.is_empty() { span.muted { "none" } } @else { (user.groups.join(", ")) } }
                }
            }
        }
    };
    Ok(list.page(visit, &found, ("Users", NOBODY), table))
}

pub(super) async fn contacts(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    let list = Members::of(visit, CONTACTS);
    let found: List<Contact> = list.read(visit, "/contacts").await?;
    let table = html! {
        thead { tr { th scope="col" { "Contact" } th scope="col" { "Address" } th scope="col" { "Organization" } } }
        tbody {
            @for contact in &found.items {
                tr {
                    th.value scope="row" { (contact.name) " " code.muted { (contact.id) } }
                    td.value { a href=(about(&contact.email)) { (contact.email) } }
                    td.value { a href=(users_of(&contact.organization)) { (contact.organization) } }
                }
            }
        }
    };
    Ok(list.page(visit, &found, ("Contacts", NOBODY), table))
}

pub(super) async fn groups(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    let list = Members {
        path: GROUPS,
        organization: String::new(),
    };
    let found: List<Group> = list.read(visit, "/groups").await?;
    let table = html! {
        thead { tr { th scope="col" { "Group" } th scope="col" { "Type" } th scope="col" { "Modules" } } }
        tbody {
            @for group in &found.items {
                tr {
                    th.value scope="row" { (group.name) " " code.muted { (group.id) } }
                    td { (words(&group.kind)) }
                    td { @if group.modules.is_empty() { span.muted { "none" } } @else { (modules(&group.modules)) } }
                }
            }
        }
    };
    Ok(list.page(visit, &found, ("Groups", NOBODY), table))
}

pub(super) async fn organizations(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    let list = Members {
        path: ORGANIZATIONS,
        organization: String::new(),
    };
    let found: List<Organization> = list.read(visit, "/organizations").await?;
    let table = html! {
        thead { tr {
            th scope="col" { "Organization" } th scope="col" { "Type" } th scope="col" { "Status" } th scope="col" { "People" }
        } }
        tbody {
            @for organization in &found.items {
                tr {
                    th.value scope="row" { (organization.name) " " code.muted { (organization.id) } }
                    td { (words(&organization.kind)) }
                    td { (status(&organization.status)) }
                    td.nowrap {
                        a href=(users_of(&organization.id)) { "Users" span.hidden { " of " (organization.name) } }
                        " · "
                        a href=(parts::address(CONTACTS, &[("organization", &organization.id)], &[])) { "Contacts" span.hidden { " of " (organization.name) } }
                    }
                }
            }
        }
    };
    Ok(list.page(visit, &found, ("Organizations", NOBODY), table))
}
