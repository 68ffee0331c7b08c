//! The fields that settings may name, as `GET /settings/fields` answers them.

use serde::Deserialize;
use serde_json::Value;

use super::{controls::Choice, draft::Draft, labels::List};

/// The fields and objects that settings may name.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Offers {
    objects: Vec<Object>,
    end_user_fields: Vec<OwnField>,
    named: Named,
    pub(super) connection: Connection,
    pub(super) standard: Value,
    pub(super) problem: Option<Fault>,
}

/// The connection, as far as it is known without a test.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Connection {
    pub(super) login_url: String,
    pub(super) api_version: String,
    pub(super) instance_url: Option<String>,
    pub(super) organization: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Object {
    object: String,
    fields: Vec<Field>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Field {
    path: String,
    label: String,
    #[serde(rename = "type")]
    kind: String,
    updateable: bool,
    external_id: bool,
}

#[derive(Debug, Deserialize)]
struct OwnField {
    name: String,
    label: String,
    #[serde(rename = "type")]
    kind: String,
}

/// The fields of the Opportunity that can serve as the five that are the customer's choice.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Named {
    flags: Vec<String>,
    texts: Vec<String>,
}

/// A fault in the words of the Integration Log.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Fault {
    pub(super) code: String,
    pub(super) message: String,
    pub(super) suggestion: String,
}

impl Offers {
    /// The fields of an object: label, API name, type.
    pub(super) fn of(&self, object: &str) -> Vec<Choice> {
        self.fields(object).map(choice).collect()
    }

    /// The fields that can be a flag.
    pub(super) fn flags(&self) -> Vec<Choice> {
        self.serving(&self.named.flags)
    }

    /// The fields that can hold an address or an owner type.
    pub(super) fn texts(&self) -> Vec<Choice> {
        self.serving(&self.named.texts)
    }

    /// The External Id fields of any object.
    pub(super) fn keys(&self) -> Vec<Choice> {
        let all = self.objects.iter().flat_map(|object| &object.fields);
        let mut keys: Vec<Choice> = all.filter(|field| field.external_id).map(choice).collect();
        keys.sort_by(|one, other| one.value.cmp(&other.value));
        keys.dedup();
        keys
    }

    fn fields(&self, object: &str) -> impl Iterator<Item = &Field> {
        let objects = self.objects.iter().filter(move |one| one.object == object);
        objects.flat_map(|object| &object.fields)
    }

    fn serving(&self, paths: &[String]) -> Vec<Choice> {
        let fields = self.fields("Opportunity");
        fields
            .filter(|field| paths.contains(&field.path))
            .map(choice)
            .collect()
    }

    /// The Channeltivity fields that a mapping may name: those that the draft declares, and the end user's.
    pub(super) fn own(&self, draft: &Draft, fields: &List) -> Vec<Choice> {
        let declared = (0..draft.rows(fields.name)).filter_map(|row| {
            let text = |member: &str| draft.text(&fields.at(row, member));
            let name = text("name");
            let shown = match text("label") {
                "" => name.to_owned(),
                label => format!("{label} ({name})"),
            };
            (!name.is_empty()).then(|| Choice {
                value: name.to_owned(),
                label: format!("{shown} · {}", kind(text("type"))),
            })
        });
        let of_end_user = self.end_user_fields.iter().map(|field| Choice {
            value: field.name.clone(),
            label: format!("{} ({}) · {}", field.label, field.name, kind(&field.kind)),
        });
        declared.chain(of_end_user).collect()
    }
}

fn choice(field: &Field) -> Choice {
    let note = if field.updateable {
        ""
    } else {
        " · read only"
    };
    Choice {
        value: field.path.clone(),
        label: format!("{} ({}) · {}{note}", field.label, field.path, field.kind),
    }
}

/// A type of a Channeltivity field in words.
fn kind(name: &str) -> String {
    name.replace('_', " ")
}
