//! Lead conversion, which REST does not offer.

use std::sync::Arc;

use salesforce_id::SalesforceId;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::{
    author::Author,
    effects::add_primary_role,
    named::{object, row},
    row::{present, set},
    write::create,
};
use crate::{
    http::reply::ApiError,
    rules::{self, Fields},
    store::Store,
    value::{Value, day_of, quarter_of},
};

/// An order to convert a lead.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Conversion {
    lead: String,
    #[serde(default)]
    opportunity: Target,
}

/// Into which Opportunity.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Target {
    /// A created one, or none.
    Wanted(bool),
    /// This one.
    Existing(String),
}

impl Default for Target {
    fn default() -> Self {
        Self::Wanted(true)
    }
}

/// Converts a lead: an account and a contact come of it, and an Opportunity if one is wanted.
pub(crate) fn convert(
    store: &mut Store,
    author: Author,
    order: &Conversion,
) -> Result<Json, ApiError> {
    let lead = object(store, "Lead")?;
    let opportunities = object(store, "Opportunity")?;
    let id = row(store, lead, &order.lead)?;
    let before = present(store, author, lead, id)?;
    let schema = Arc::clone(&store.schema);
    let mut values = before.values.clone();
    let fields = Fields::new(&schema.objects[lead], &mut values);
    if fields.get("IsConverted").is_true() {
        return Err(ApiError::refused(
            400,
            format!("lead {} is converted already", id.as_str()),
        ));
    }
    let existing = match &order.opportunity {
        Target::Existing(text) => {
            let id = row(store, opportunities, text)?;
            Some(present(store, author, opportunities, id)?)
        }
        Target::Wanted(_) => None,
    };
    let text = |field: &str| fields.get(field).as_text().map(str::to_owned);
    let company = text("Company").unwrap_or_default();
    let account = existing.as_ref().and_then(|row| {
        row.values[schema.objects[opportunities].field_index("AccountId")?].as_id()
    });
    let account = match account {
        Some(account) => account,
        None => {
            let mut body = Map::new();
            body.insert("Name".to_owned(), json!(company));
            copy(
                &mut body,
                &text,
                &[
                    ("Phone", "Phone"),
                    ("Website", "Website"),
                    ("Industry", "Industry"),
                ],
            );
            copy(
                &mut body,
                &text,
                &[
                    ("BillingStreet", "Street"),
                    ("BillingCity", "City"),
                    ("BillingState", "State"),
                ],
            );
            copy(
                &mut body,
                &text,
                &[
                    ("BillingPostalCode", "PostalCode"),
                    ("BillingCountry", "Country"),
                ],
            );
            let object = object(store, "Account")?;
            create(store, author, object, &body)?
        }
    };
    let contact = {
        let mut body = Map::new();
        body.insert("AccountId".to_owned(), json!(account.as_str()));
        let same = [
            "FirstName",
            "LastName",
            "Email",
            "Phone",
            "MobilePhone",
            "Title",
            "LeadSource",
        ];
        copy(&mut body, &text, &same.map(|field| (field, field)));
        let object = object(store, "Contact")?;
        create(store, author, object, &body)?
    };
    let opportunity = match (&existing, &order.opportunity) {
        (Some(row), _) => {
            add_role(store, author, row.id, contact)?;
            Some(row.id)
        }
        (None, Target::Wanted(true)) => {
            let mut body = Map::new();
            body.insert(
                "Name".to_owned(),
                json!(format!("{company}-").chars().take(120).collect::<String>()),
            );
            body.insert("AccountId".to_owned(), json!(account.as_str()));
            body.insert("CloseDate".to_owned(), json!(end_of_quarter(author.stamp)));
            body.insert("StageName".to_owned(), json!(first_open_stage(store)));
            copy(&mut body, &text, &[("LeadSource", "LeadSource")]);
            let id = create(store, author, opportunities, &body)?;
            add_primary_role(store, id, contact, author);
            Some(id)
        }
        _ => None,
    };
    let reference = |id: Option<SalesforceId>| id.map_or(Value::Null, Value::Id);
    set(
        store,
        author,
        lead,
        &before,
        &[
            ("IsConverted", Value::Bool(true)),
            ("Status", Value::text(rules::converted_status())),
            ("ConvertedDate", Value::Date(day_of(author.stamp))),
            ("ConvertedAccountId", Value::Id(account)),
            ("ConvertedContactId", Value::Id(contact)),
            ("ConvertedOpportunityId", reference(opportunity)),
        ],
    );
    Ok(json!({
        "id": id.as_str(),
        "account": account.as_str(),
        "contact": contact.as_str(),
        "opportunity": opportunity.map(|id| id.as_str().to_owned()),
    }))
}

fn copy(
    body: &mut Map<String, Json>,
    text: &dyn Fn(&str) -> Option<String>,
    fields: &[(&str, &str)],
) {
    for (to, from) in fields {
        if let Some(value) = text(from) {
            body.insert((*to).to_owned(), json!(value));
        }
    }
}

/// A contact role that is not the primary one.
fn add_role(
    store: &mut Store,
    author: Author,
    opportunity: SalesforceId,
    contact: SalesforceId,
) -> Result<(), ApiError> {
    let object = object(store, "OpportunityContactRole")?;
    let mut body = Map::new();
    body.insert("OpportunityId".to_owned(), json!(opportunity.as_str()));
    body.insert("ContactId".to_owned(), json!(contact.as_str()));
    create(store, author, object, &body).map(|_| ())
}

fn end_of_quarter(seconds: i64) -> String {
    let today = day_of(seconds);
    let month = quarter_of(today) * 3;
    jiff::civil::Date::new(today.year(), month, 1)
        .map_or(today, jiff::civil::Date::last_of_month)
        .to_string()
}

fn first_open_stage(store: &Store) -> String {
    let open = store
        .schema
        .object_index("OpportunityStage")
        .and_then(|object| {
            let schema = store.object(object);
            let (name, closed) = (
                schema.field_index("ApiName")?,
                schema.field_index("IsClosed")?,
            );
            let row = store
                .table(object)
                .iter()
                .map(|(_, row)| row)
                .find(|row| !row.values[closed].is_true())?;
            row.values[name].as_text().map(str::to_owned)
        });
    open.unwrap_or_else(|| "Prospecting".to_owned())
}
