//! The form: every setting, by sections.

use maud::{Markup, html};

use super::{
    controls::{Controls, Said, datalist},
    draft::Draft,
    labels::{self, List},
    offers::Offers,
    rows::{self, MASTERS, Sides},
};
use crate::{
    html::{layout::csrf, parts},
    visit::Visit,
};

const SECTIONS: [(&str, &str); 10] = [
    ("connection", "Connection"),
    ("fields", "Fields of the Opportunity"),
    ("switches", "Switches"),
    ("deal_fields", "Fields of Deals"),
    ("mappings", "Mapping of Opportunities"),
    ("fixed_values", "Fixed values"),
    ("lead_fields", "Fields of Leads and Referrals"),
    ("lead_mappings", "Mapping of Leads"),
    ("sending", "Creating records in Salesforce"),
    ("calls", "Runs and API calls"),
];

/// The form.
pub(super) fn show(visit: &Visit<'_>, draft: &Draft, said: &Said, offers: &Offers) -> Markup {
    let controls = Controls { draft, said };
    let opportunity = offers.of("Opportunity");
    let lead = offers.of("Lead");
    let uses = |names: &[&str]| {
        let lists = names.iter().filter_map(|name| List::named(name));
        lists
            .into_iter()
            .any(|list| (0..draft.rows(list.name)).any(|row| rows::is_open(&controls, list, row)))
    };
    html! {
        nav.contents aria-label="Sections" {
            ul.tabs { @for (id, title) in SECTIONS { li { a href=(format!("#{id}")) { (title) } } } }
        }
        form.settings id="settings" method="post" action="/console/settings" {
            (csrf(visit))
            (parts::once())
            input type="hidden" name="version" value=(draft.version);
            // The first button is the one that the Enter key presses: it stores nothing.
            div.bar {
                button.quiet type="submit" name="act" value="check" { "Check" }
                button.quiet type="submit" name="act" value="try" formaction="/console/settings#trial" { "Try it" }
                button type="submit" name="act" value="save" { "Save" }
            }
            (section("connection", connection(&controls, offers)))
            (section("fields", fields(&controls, offers)))
            (section("switches", switches(&controls)))
            @for (name, fields, salesforce) in [
                ("deal_fields", None, None),
                ("mappings", Some("deal_fields"), Some((&opportunity, "opportunity-fields"))),
                ("fixed_values", None, Some((&opportunity, "opportunity-fields"))),
                ("lead_fields", None, None),
                ("lead_mappings", Some("lead_fields"), Some((&lead, "lead-fields"))),
            ] {
                @if let Some(list) = List::named(name) {
                    (section(name, list_of(&controls, list, (fields, salesforce.map(|(choices, id)| (&**choices, id))), offers)))
                }
            }
            (section("sending", sending(&controls, offers)))
            (section("calls", calls(&controls)))
            // A list is only sent along where a row uses it.
            @if uses(&["mappings", "fixed_values"]) { (datalist("opportunity-fields", &opportunity)) }
            @if uses(&["lead_mappings"]) { (datalist("lead-fields", &lead)) }
            (datalist("key-fields", &offers.keys()))
        }
    }
}

fn section(id: &str, content: Markup) -> Markup {
    let title = SECTIONS
        .iter()
        .find(|(known, _)| *known == id)
        .map_or(id, |(_, title)| title);
    let heading = format!("{id}-title");
    html! {
        section id=(id) aria-labelledby=(heading) {
            h2 id=(heading) { (title) }
            (content)
        }
    }
}

fn connection(controls: &Controls<'_>, offers: &Offers) -> Markup {
    let connection = &offers.connection;
    html! {
        dl.pairs {
            dt { "Host" } dd { (connection.instance_url.as_deref().unwrap_or(&connection.login_url)) }
            dt { "Organization" } dd { (connection.organization.as_deref().unwrap_or("not known while Salesforce does not answer")) }
            dt { "API version" } dd { (connection.api_version) }
        }
        p.muted { "Host, credentials and API version are parameters of the deployment. Test connection logs in anew, names the integration user, and says which permission or field is missing." }
        div.grid {
            (controls.text("organization_id", Some("Begins with 00D. The login must lead to this org.")))
            (controls.text("my_domain", Some("The part before .my.salesforce.com.")))
        }
        button.quiet type="submit" name="act" value="test" formaction="/console/settings#content" { "Test connection" }
    }
}

fn fields(controls: &Controls<'_>, offers: &Offers) -> Markup {
    let (flags, texts) = (offers.flags(), offers.texts());
    html! {
        p.muted { "The API names of the five fields on the Opportunity that are yours to choose." }
        div.grid {
            (controls.field("fields.sync_flag", Some("A checkbox."), (&flags, Some("flag-fields"))))
            (controls.field("fields.import_flag", Some("A checkbox."), (&flags, Some("flag-fields"))))
            (controls.field("fields.partner_email", None, (&texts, Some("text-fields"))))
            (controls.field("fields.distributor_email", Some("Needed with the Distributor module."), (&texts, Some("text-fields"))))
            (controls.field("fields.deal_owner_type", Some("Needed with the Distributor module."), (&texts, Some("text-fields"))))
        }
        (datalist("flag-fields", &flags))
        (datalist("text-fields", &texts))
    }
}

fn switches(controls: &Controls<'_>) -> Markup {
    html! {
        (controls.tick("enabled"))
        (controls.tick("distributor_module.enabled"))
        (controls.tick("distributor_module.partners_must_select_distributor"))
        (controls.tick("distributor_module.distributor_deals_may_omit_partner"))
        (controls.tick("link_requires_admin"))
        div.grid {
            (controls.text("default_registration_status", None))
            (controls.select("conflicts", None, &MASTERS))
            (controls.area("currencies", Some("A code each line, such as EUR; all when empty.")))
        }
    }
}

/// The names of a mapping's declared fields, and the Salesforce fields that it may name with the id of their list.
type Of<'a> = (
    Option<&'a str>,
    Option<(&'a [super::controls::Choice], &'a str)>,
);

fn list_of(
    controls: &Controls<'_>,
    list: &'static List,
    (fields, salesforce): Of<'_>,
    offers: &Offers,
) -> Markup {
    let own = fields.and_then(List::named);
    let own = own
        .map(|fields| offers.own(controls.draft, fields))
        .unwrap_or_default();
    let (choices, id) = salesforce.unwrap_or_default();
    let sides = Sides {
        own: &own,
        salesforce: choices,
        salesforce_list: id,
    };
    rows::list(controls, list, &sides)
}

fn sending(controls: &Controls<'_>, offers: &Offers) -> Markup {
    const MODES: [(&str, &str); 4] = [
        ("off", "Never: records are linked by hand"),
        ("manual", "By Sync Now"),
        ("on_submit", "When it is submitted"),
        ("on_status", "When its registration status is one of these"),
    ];
    const TARGETS: [(&str, &str); 2] = [
        ("lead", "A Lead"),
        (
            "match_contact",
            "An Opportunity if one Contact matches, else a Lead",
        ),
    ];
    html! {
        @for kind in ["deal", "referral", "lead"] {
            @let parent = format!("send.{kind}");
            @let at = |member: &str| format!("{parent}.{member}");
            fieldset {
                legend { (labels::label(&parent)) }
                div.grid {
                    (controls.select(&at("mode"), None, &MODES))
                    (controls.area(&at("statuses"), Some("A line each.")))
                    (controls.select(&at("target"), None, &TARGETS))
                    (controls.offered(&at("external_id"), Some("Unique and case-sensitive."), Some("key-fields").filter(|_| offers.problem.is_none())))
                    (controls.text(&at("lead_record_type"), Some("An id; the integration user's default when empty.")))
                    (controls.text(&at("opportunity_record_type"), Some("An id; the integration user's default when empty.")))
                    (controls.text(&at("opportunity_stage"), Some("Where the mapping brings none.")))
                    (controls.text(&at("opportunity_close_days"), Some("Where the mapping brings no close date.")))
                }
                (controls.tick(&at("assignment_rule")))
                (controls.tick(&at("allow_duplicates")))
            }
        }
    }
}

fn calls(controls: &Controls<'_>) -> Markup {
    html! {
        div.grid {
            (controls.text("overlap_minutes", Some("An incremental run reads again from so far before the last one.")))
            (controls.text("api_budget.share", Some("Of 24 hours, that scheduled work may spend: 0.5 is half.")))
            (controls.text("api_budget.reserve", None))
        }
    }
}
