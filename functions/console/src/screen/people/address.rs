//! Who has an address, and why an import does not find them.

use dealbridge_lambda::http::{Answer, Refusal};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    frame::{self, modules, status, users_of, words},
    member::{Contact, Group, Organization, User},
};
use crate::{
    functions::ApiCall,
    html::parts::{self, Tone},
    visit::Visit,
};

/// `GET /people`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Address {
    email: String,
    users: Vec<User>,
    contacts: Vec<Contact>,
    organizations: Vec<Organization>,
    groups: Vec<Group>,
    as_partner: Check,
    as_distributor: Check,
}

#[derive(Debug, Deserialize)]
struct Check {
    found: bool,
    hindrances: Vec<Hindrance>,
}

#[derive(Debug, Deserialize)]
struct Hindrance {
    code: String,
    message: String,
    suggestion: String,
}

/// `GET /console/people?email=`.
pub(super) async fn page(visit: &Visit<'_>, email: &str) -> Result<Answer, Refusal> {
    match visit
        .read::<Address>(ApiCall::get("/people").query("email", email))
        .await
    {
        Ok(found) => Ok(frame::page(visit, 200, None, show(&found))),
        Err(refusal) if refusal.status() == 400 => {
            let answer = refusal.into_answer();
            let detail = answer.body["detail"].as_str().unwrap_or_default();
            let reason = detail.trim_start_matches("query parameter email: ");
            Ok(frame::page(visit, 400, Some(reason), html! {}))
        }
        Err(refusal) => Err(refusal),
    }
}

fn show(found: &Address) -> Markup {
    html! {
        section aria-labelledby="found" {
            h2 id="found" { (found.email) }
            p {
                @match (found.users.len(), found.contacts.len()) {
                    (0, 0) => { "Nobody in the portal has this address. Correct it where it came from, or invite the person in the portal." },
                    (users, contacts) => { (counted(users, "User", "Users")) " and " (counted(contacts, "Contact", "Contacts")) " have this address." },
                }
            }
            (check("As the partner of an Opportunity", &found.as_partner))
            (check("As the distributor of an Opportunity", &found.as_distributor))
        }
        @for user in &found.users { (one_user(user, found)) }
        @for contact in &found.contacts {
            section aria-label=(format!("{}, {}", contact.name, contact.id)) {
                h2 { (contact.name) }
                dl.pairs {
                    dt { "What it is" } dd { "A Contact: an address without portal access, never the owner of a Deal" }
                    dt { "Id" } dd { (contact.id) }
                    dt { "Organization" } dd { a href=(users_of(&contact.organization)) { (contact.organization) } }
                }
            }
        }
    }
}

fn counted(many: usize, one: &str, several: &str) -> String {
    match many {
        0 => format!("no {one}"),
        1 => format!("one {one}"),
        many => format!("{many} {several}"),
    }
}

/// The words of an import about the address in one role.
fn check(role: &str, check: &Check) -> Markup {
    html! {
        h3 { (role) }
        @if check.found {
            p { (parts::badge(Tone::Good, "Found")) " An import takes the User with this address." }
        }
        @for hindrance in &check.hindrances {
            p { (parts::badge(Tone::Bad, "Not found")) " " (hindrance.message) " " (hindrance.suggestion) " " code.muted { (hindrance.code) } }
        }
    }
}

fn one_user(user: &User, found: &Address) -> Markup {
    let organization = found
        .organizations
        .iter()
        .find(|organization| organization.id == user.organization);
    let groups: Vec<&Group> = found
        .groups
        .iter()
        .filter(|group| user.groups.contains(&group.id))
        .collect();
    html! {
        section aria-label=(format!("{}, {}", user.name, user.id)) {
            h2 { (user.name) }
            dl.pairs {
                dt { "Type" } dd { (words(&user.kind)) " User" }
                dt { "Status" } dd { (status(&user.effective_status)) }
                dt { "Organization" }
                dd {
                    @match organization {
                        Some(organization) => { a href=(users_of(&organization.id)) { (organization.name) } " " (status(&organization.status)) },
                        None => { (user.organization) " " (parts::badge(Tone::Bad, "Does not exist")) },
                    }
                }
                dt { "Id" } dd { (user.id) }
            }
            @if groups.is_empty() {
                (parts::empty("In no Group, and so without any module. Add the User to a Group in the portal."))
            } @else {
                (parts::table(&format!("Groups of {}", user.id), html! {
                    thead { tr { th scope="col" { "Group" } th scope="col" { "Type" } th scope="col" { "Modules" } } }
                    tbody {
                        @for group in groups {
                            tr {
                                th scope="row" { (group.name) " " code.muted { (group.id) } }
                                td { (words(&group.kind)) }
                                td { @if group.modules.is_empty() { span.muted { "none" } } @else { (modules(&group.modules)) } }
                            }
                        }
                    }
                }))
            }
        }
    }
}
