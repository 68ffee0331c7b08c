//! The pages of the provider.

use dealbridge_lambda::access::AdminGroup;
use maud::{DOCTYPE, Markup, html};

use crate::gateway::{ApiAnswer, token::Subject};

/// The page on which a person says who they are.
pub(super) fn choice(
    request: &str,
    people: &[Subject],
    admins: &AdminGroup,
    wrong: Option<&str>,
) -> ApiAnswer {
    let is_admin = |person: &Subject| person.groups.contains(&admins.0);
    let mut people: Vec<&Subject> = people.iter().collect();
    people.sort_by_key(|person| (!is_admin(person), person.email.clone()));
    let content = html! {
        p { "This machine's own sign-in page. Choose whom to be; nobody is asked for a password here." }
        @if let Some(wrong) = wrong { p.error role="alert" { (wrong) } }
        form method="post" action="/authorize" {
            input type="hidden" name="request" value=(request);
            ul.plain {
                @for person in people {
                    li {
                        button.quiet type="submit" name="user" value=(person.email) {
                            (person.email)
                            @if is_admin(person) { " (administrator)" }
                        }
                    }
                }
            }
        }
        form.row method="post" action="/authorize" {
            input type="hidden" name="request" value=(request);
            div.field {
                label for="user" { "Another address" }
                input type="email" id="user" name="user" required;
            }
            button type="submit" { "Sign in" }
        }
    };
    answer(if wrong.is_some() { 422 } else { 200 }, "Sign in", content)
}

/// The page for a request that cannot be answered: nobody is sent back by it.
pub(super) fn refused(wrong: &str) -> ApiAnswer {
    answer(
        400,
        "This sign-in cannot go on",
        html! { p { "The request is not as it should be: " (wrong) "." } },
    )
}

fn answer(status: u16, title: &str, content: Markup) -> ApiAnswer {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · dealbridge on this machine" }
                link rel="icon" href="data:,";
                link rel="stylesheet" href=(console::stylesheet());
            }
            body { main { h1 { (title) } section { (content) } } }
        }
    };
    ApiAnswer {
        status,
        headers: vec![("content-type".to_owned(), "text/html; charset=utf-8".to_owned())],
        body: page.into_string().into_bytes(),
    }
    .with("cache-control", "no-store")
    .with(
        "content-security-policy",
        "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'",
    )
}
