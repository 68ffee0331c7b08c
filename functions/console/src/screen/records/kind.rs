//! A kind of record as the settings describe it.

use dealbridge_core::{field::FieldType, record::RecordKind};
use dealbridge_lambda::http::Refusal;
use serde::Deserialize;

use crate::{functions::ApiCall, visit::Visit};

/// A kind as the API shows it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Described {
    pub(super) fields: Vec<Declared>,
    pub(super) registration_status: String,
    pub(super) is_sent: bool,
    pub(super) link_requires_admin: bool,
}

/// A field that records of a kind may have.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Declared {
    pub(super) name: String,
    pub(super) label: String,
    #[serde(rename = "type")]
    pub(super) kind: FieldType,
    pub(super) required: bool,
    pub(super) values: Vec<String>,
    pub(super) is_own: bool,
}

impl Described {
    pub(super) async fn read(visit: &Visit<'_>, kind: RecordKind) -> Result<Self, Refusal> {
        let call = ApiCall::get("/record-kinds/{kind}").at("kind", kind.collection());
        visit.read(call).await
    }

    /// The label of a field; its name where it is not declared.
    pub(super) fn label<'a>(&'a self, name: &'a str) -> &'a str {
        let field = self.fields.iter().find(|field| field.name == name);
        field.map_or(name, |field| &field.label)
    }
}
