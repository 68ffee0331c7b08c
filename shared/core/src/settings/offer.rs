//! The Salesforce fields that settings may name, as the org describes them.

use serde::Serialize;

use super::wanted_type;
use crate::{
    SalesforceObject, read,
    salesforce::{DescribedField, FieldPath, Salesforce, SalesforceError},
    schema::Objects,
};

/// The parent whose fields are offered beside an Opportunity's own: the end user of the Deal.
const PARENT: &str = "Account";

/// An object with the fields that its mapping may name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OfferedObject {
    /// The object.
    pub object: SalesforceObject,
    /// Its fields, and those of a parent behind them; none if the integration user cannot see the object.
    pub fields: Vec<OfferedField>,
}

/// A field that settings may name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OfferedField {
    /// The API name, or the path through the parent.
    pub path: String,
    /// The label.
    pub label: String,
    /// Salesforce's type name.
    #[serde(rename = "type")]
    pub kind: String,
    /// The active values of a picklist.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// `true` if the integration user can write it.
    pub updateable: bool,
    /// `true` if it can be given to a record that is created.
    pub createable: bool,
    /// `true` if records can be named by it.
    pub external_id: bool,
}

/// The Opportunity's own fields that can serve as one of the five that are the customer's choice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Serving {
    /// As a flag.
    pub flags: Vec<String>,
    /// As the address of a Partner or Distributor, or as the owner type.
    pub texts: Vec<String>,
}

impl Serving {
    /// Returns the fields of the offered Opportunity that serve.
    #[must_use]
    pub fn among(offered: &[OfferedObject]) -> Self {
        let imported = offered
            .iter()
            .filter(|offered| offered.object.is_imported());
        let own: Vec<&OfferedField> = imported
            .flat_map(|offered| &offered.fields)
            .filter(|field| !field.path.contains('.'))
            .collect();
        let serving = |setting: &str| {
            let serves = |field: &&&OfferedField| wanted_type(setting, &field.kind).is_none();
            let serving = own.iter().filter(serves);
            serving.map(|field| field.path.clone()).collect()
        };
        Self {
            flags: serving("sync_flag"),
            texts: serving("partner_email"),
        }
    }
}

/// Returns the fields that settings may name. Costs one describe of each object that the schema does not know.
///
/// # Errors
/// Returns the faults of a describe.
pub async fn offered<F: Salesforce>(salesforce: &F) -> Result<Vec<OfferedObject>, SalesforceError> {
    let mut offered = Vec::new();
    for object in SalesforceObject::ALL {
        let of_parent = FieldPath::parse(&format!("{PARENT}.Name")).ok();
        let paths: Vec<FieldPath> = FieldPath::parse("Id")
            .into_iter()
            .chain(of_parent.filter(|_| object.is_imported()))
            .collect();
        let objects = read::describe(salesforce, object.api_name(), &paths).await?;
        let mut fields = fields_of(&objects, object.api_name(), "");
        if object.is_imported() {
            fields.extend(fields_of(&objects, PARENT, "Account."));
        }
        offered.push(OfferedObject { object, fields });
    }
    Ok(offered)
}

fn fields_of(objects: &Objects, object: &str, prefix: &str) -> Vec<OfferedField> {
    let described = objects.get(&object.to_ascii_lowercase()).cloned().flatten();
    let is_own = prefix.is_empty();
    let offer = |field: &DescribedField| OfferedField {
        path: format!("{prefix}{}", field.name),
        label: if is_own {
            field.label.clone()
        } else {
            format!("{object} {}", field.label)
        },
        kind: field.kind.clone(),
        values: field.values.clone(),
        updateable: is_own && field.updateable,
        createable: is_own && field.createable,
        external_id: is_own && field.external_id,
    };
    described
        .iter()
        .flat_map(|fields| fields.iter())
        .map(offer)
        .collect()
}
