//! Rows that no export holds: stages, lead statuses, users, the organization.

use std::{collections::BTreeSet, sync::Arc};

use salesforce_id::SalesforceId;

use super::{
    fields::Draft,
    load::load_row,
    stage::{LEAD_STATUSES, STAGES, Stage},
};
use crate::{identity::OrgIdentity, store::Store, value::Value};

/// A Contact Role that must be there, for an Opportunity names its contact.
pub(crate) struct ImpliedRole {
    /// The Opportunity.
    pub(crate) opportunity: SalesforceId,
    /// Its primary contact.
    pub(crate) contact: SalesforceId,
}

/// Makes the OpportunityStage rows: the usual ones, and those that Opportunities name beside them.
pub(crate) fn add_stages<'a>(
    store: &mut Store,
    rows: impl Iterator<Item = (usize, &'a Vec<Value>)>,
) {
    let mut stages: Vec<(String, Stage)> = STAGES
        .iter()
        .map(|(name, probability, closed, won)| {
            ((*name).to_owned(), Stage::of(*probability, *closed, *won))
        })
        .collect();
    let schema = Arc::clone(&store.schema);
    let opportunity = schema.object_index("Opportunity");
    for (object, values) in rows.filter(|(object, _)| Some(*object) == opportunity) {
        let object = &schema.objects[object];
        let get = |field| {
            object
                .field_index(field)
                .map_or(&Value::Null, |index| &values[index])
        };
        let Some(name) = get("StageName").as_text() else {
            continue;
        };
        if !stages
            .iter()
            .any(|(stage, _)| stage.eq_ignore_ascii_case(name))
        {
            let probability = match get("Probability") {
                Value::Number(number) => *number,
                _ => 0.0,
            };
            stages.push((
                name.to_owned(),
                Stage::of(
                    probability,
                    get("IsClosed").is_true(),
                    get("IsWon").is_true(),
                ),
            ));
        }
    }
    for (order, (name, stage)) in (1_u32..).zip(stages) {
        add(store, "OpportunityStage", |draft| {
            draft.set("MasterLabel", Value::text(&name));
            draft.set("ApiName", Value::text(&name));
            draft.set("IsActive", Value::Bool(true));
            draft.set("SortOrder", Value::Number(f64::from(order)));
            draft.set("IsClosed", Value::Bool(stage.is_closed));
            draft.set("IsWon", Value::Bool(stage.is_won));
            draft.set("ForecastCategory", Value::text(stage.forecast.0));
            draft.set("ForecastCategoryName", Value::text(stage.forecast.1));
            draft.set("DefaultProbability", Value::Number(stage.probability));
        });
    }
}

/// Makes the LeadStatus rows.
pub(crate) fn add_lead_statuses(store: &mut Store) {
    for (order, (name, is_default, is_converted)) in (1_u32..).zip(LEAD_STATUSES) {
        add(store, "LeadStatus", |draft| {
            draft.set("MasterLabel", Value::text(name));
            draft.set("ApiName", Value::text(name));
            draft.set("SortOrder", Value::Number(f64::from(order)));
            draft.set("IsDefault", Value::Bool(is_default));
            draft.set("IsConverted", Value::Bool(is_converted));
        });
    }
}

/// Makes a user for each id that rows name and no file has.
pub(crate) fn add_missing_users(
    store: &mut Store,
    user: usize,
    ids: &BTreeSet<SalesforceId>,
    my_domain: &str,
) {
    for (number, id) in (1..).zip(ids) {
        if store.table(user).get(*id).is_none() {
            add_user(
                store,
                user,
                *id,
                ("User", &number.to_string()),
                &format!("user{number}@{my_domain}.example"),
            );
        }
    }
}

/// Makes the user whom tokens stand for.
pub(crate) fn add_api_user(store: &mut Store, user: usize, my_domain: &str) -> SalesforceId {
    let id = store.next_id(user);
    add_user(
        store,
        user,
        id,
        ("Integration", "User"),
        &format!("integration@{my_domain}.example"),
    );
    id
}

fn add_user(
    store: &mut Store,
    user: usize,
    id: SalesforceId,
    (first, last): (&str, &str),
    address: &str,
) {
    let schema = Arc::clone(&store.schema);
    let mut draft = Draft::new(&schema.objects[user]);
    draft.set("Id", Value::Id(id));
    draft.set("Username", Value::text(address));
    draft.set("Email", Value::text(address));
    draft.set("FirstName", Value::text(first));
    draft.set("LastName", Value::text(last));
    draft.set(
        "Alias",
        Value::text(&last.chars().take(8).collect::<String>().to_lowercase()),
    );
    draft.set("IsActive", Value::Bool(true));
    load_row(store, user, draft.values);
}

/// Makes the primary Contact Role that an Opportunity's contact implies.
pub(crate) fn add_primary_role(store: &mut Store, role: &ImpliedRole) {
    add(store, "OpportunityContactRole", |draft| {
        draft.set("OpportunityId", Value::Id(role.opportunity));
        draft.set("ContactId", Value::Id(role.contact));
        draft.set("IsPrimary", Value::Bool(true));
    });
}

/// Makes the Organization row.
pub(crate) fn add_organization(store: &mut Store, identity: &OrgIdentity) {
    add(store, "Organization", |draft| {
        draft.set("Id", Value::Id(identity.organization_id));
        draft.set("Name", Value::text(&identity.my_domain));
        draft.set("InstanceName", Value::text("LOC1"));
        draft.set("IsSandbox", Value::Bool(false));
        draft.set("OrganizationType", Value::text("Developer Edition"));
    });
}

fn add(store: &mut Store, object: &str, build: impl FnOnce(&mut Draft<'_>)) {
    let schema = Arc::clone(&store.schema);
    let Some(index) = schema.object_index(object) else {
        return;
    };
    let mut draft = Draft::new(&schema.objects[index]);
    draft.set("Id", Value::Id(store.next_id(index)));
    build(&mut draft);
    load_row(store, index, draft.values);
}
