//! Reading a member from the form in which the API and files give it: an object of fields.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{
    member::{Member, MemberKind},
    wrong::{WrongCode, WrongField},
};
use crate::{
    Email,
    portal::{Contact, Group, Organization, User},
};

/// Choices of a field, as sentences name them.
const TYPES: &str = "internal, partner or distributor";
const USER_STATUSES: &str = "active, pending, inactive or disabled";
const ORGANIZATION_STATUSES: &str = "active or inactive";

/// Fields of an answer that a form may carry and that say nothing: they follow from others.
const DERIVED: [&str; 2] = ["version", "effectiveStatus"];

impl Member {
    /// Reads a member of a kind. `id` is the id that its place names; a field `id` must then agree with it.
    ///
    /// # Errors
    /// Returns every wrong field.
    pub fn read(
        kind: MemberKind,
        id: Option<&str>,
        form: &Map<String, Value>,
    ) -> Result<Self, Vec<WrongField>> {
        let mut form = Form::new(form);
        let id = form.id(kind, id);
        let member = match kind {
            MemberKind::Organization => form.organization(id),
            MemberKind::Group => form.group(id),
            MemberKind::User => form.user(id),
            MemberKind::Contact => form.contact(id),
        };
        form.refuse_unknown();
        match member {
            Some(member) if form.wrong.is_empty() => Ok(member),
            _ => Err(form.wrong),
        }
    }
}

/// A form that is being read.
struct Form<'a> {
    fields: &'a Map<String, Value>,
    known: Vec<&'static str>,
    wrong: Vec<WrongField>,
}

impl<'a> Form<'a> {
    fn new(fields: &'a Map<String, Value>) -> Self {
        Self {
            fields,
            known: Vec::new(),
            wrong: Vec::new(),
        }
    }

    fn organization(&mut self, id: Option<String>) -> Option<Member> {
        let name = self.text("name");
        let kind = self.choice("type", TYPES);
        let status = self.choice("status", ORGANIZATION_STATUSES);
        Some(Member::Organization(Organization {
            id: id?,
            name: name?,
            kind: kind?,
            status: status?,
        }))
    }

    fn group(&mut self, id: Option<String>) -> Option<Member> {
        let name = self.text("name");
        let kind = self.choice("type", TYPES);
        let modules = self.texts("modules");
        Some(Member::Group(Group {
            id: id?,
            name: name?,
            kind: kind?,
            modules: modules?,
        }))
    }

    fn user(&mut self, id: Option<String>) -> Option<Member> {
        let name = self.text("name");
        let email = self.email();
        let kind = self.choice("type", TYPES);
        let organization = self.text("organization");
        let groups = self.texts("groups");
        let status = self.choice("status", USER_STATUSES);
        Some(Member::User(User {
            id: id?,
            name: name?,
            email: email?,
            kind: kind?,
            organization: organization?,
            groups: groups?,
            status: status?,
        }))
    }

    /// A Contact that is given no id has the one that follows from its address.
    fn contact(&mut self, id: Option<String>) -> Option<Member> {
        let name = self.text("name");
        let email = self.email();
        let organization = self.text("organization");
        let email = email?;
        Some(Member::Contact(Contact {
            id: id.unwrap_or_else(|| Contact::id_of(&email)),
            name: name?,
            email,
            organization: organization?,
        }))
    }

    fn wrong(&mut self, field: &str, code: WrongCode, message: impl Into<String>) {
        self.wrong.push(WrongField::new(field, code, message));
    }

    /// The id that the place names or the form gives.
    fn id(&mut self, kind: MemberKind, place: Option<&str>) -> Option<String> {
        let given = match self.value("id") {
            Some(Value::String(given)) => Some(given.as_str()),
            Some(other) => {
                let message = format!("should be a text, not {}", type_of(other));
                self.wrong("id", WrongCode::WrongType, message);
                return None;
            }
            None => None,
        };
        match (place, given) {
            (Some(place), Some(given)) if given != place => {
                let message =
                    format!("{given:?} is not {place:?}, which the path names: leave it out");
                self.wrong("id", WrongCode::InvalidValue, message);
                None
            }
            (Some(id), _) | (None, Some(id)) => Some(id.to_owned()),
            (None, None) => {
                if kind != MemberKind::Contact {
                    self.wrong("id", WrongCode::Required, "is missing");
                }
                None
            }
        }
    }

    /// The value of a field; null counts as missing.
    fn value(&mut self, field: &'static str) -> Option<&'a Value> {
        self.known.push(field);
        self.fields.get(field).filter(|value| !value.is_null())
    }

    fn text(&mut self, field: &'static str) -> Option<String> {
        match self.value(field) {
            Some(Value::String(text)) => return Some(text.clone()),
            Some(other) => {
                let message = format!("should be a text, not {}", type_of(other));
                self.wrong(field, WrongCode::WrongType, message);
            }
            None => self.wrong(field, WrongCode::Required, "is missing"),
        }
        None
    }

    fn email(&mut self) -> Option<Email> {
        let text = self.text("email")?;
        match Email::parse(&text) {
            Ok(email) => Some(email),
            Err(error) => {
                self.wrong("email", WrongCode::InvalidValue, error.to_string());
                None
            }
        }
    }

    fn choice<T: DeserializeOwned>(&mut self, field: &'static str, choices: &str) -> Option<T> {
        let text = self.text(field)?;
        let choice = serde_json::from_value(Value::String(text.clone())).ok();
        if choice.is_none() {
            let shown: String = text.chars().take(80).collect();
            let message = format!("{shown:?} is none of its values: it is {choices}");
            self.wrong(field, WrongCode::InvalidValue, message);
        }
        choice
    }

    /// A list of texts; none if it is missing.
    fn texts(&mut self, field: &'static str) -> Option<Vec<String>> {
        let items = match self.value(field) {
            None => return Some(Vec::new()),
            Some(Value::Array(items)) => items,
            Some(other) => {
                let message = format!("should be a list of texts, not {}", type_of(other));
                self.wrong(field, WrongCode::WrongType, message);
                return None;
            }
        };
        let texts: Option<Vec<String>> = items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect();
        if texts.is_none() {
            let message = "should be a list of texts, and one of its values is none";
            self.wrong(field, WrongCode::WrongType, message);
        }
        texts
    }

    fn refuse_unknown(&mut self) {
        let unknown: Vec<&String> = self
            .fields
            .keys()
            .filter(|field| {
                let field = field.as_str();
                !self.known.contains(&field) && !DERIVED.contains(&field)
            })
            .collect();
        let known = self.known.join(", ");
        for field in unknown {
            let shown: String = field.chars().take(80).collect();
            let message = format!("there is no such field; there are {known}");
            self.wrong(&shown, WrongCode::UnknownField, message);
        }
    }
}

/// A JSON type as a sentence names it.
fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(kind: MemberKind, id: Option<&str>, form: Value) -> Result<Member, Vec<String>> {
        Member::read(kind, id, form.as_object().unwrap())
            .map_err(|wrong| wrong.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let form =
            json!({ "name": 7, "email": "rosa", "type": "vendor", "groups": ["a", 1], "rank": 1 });

        assert_eq!(
            read(MemberKind::User, Some("usr-1"), form).unwrap_err(),
            [
                "name: should be a text, not a number",
                "email: \"rosa\" is not a valid email address: write it as name@company.example",
                "type: \"vendor\" is none of its values: it is internal, partner or distributor",
                "organization: is missing",
                "groups: should be a list of texts, and one of its values is none",
                "status: is missing",
                "rank: there is no such field; there are id, name, email, type, organization, groups, status",
            ]
        );
    }

    #[test]
    fn an_answer_can_be_sent_back_as_it_came() {
        let form = json!({
            "id": "usr-1", "name": "Rosa", "email": "rosa@partners.example", "type": "partner",
            "organization": "org-1", "groups": [], "status": "active", "effectiveStatus": "inactive", "version": 3,
        });

        let Ok(Member::User(user)) = read(MemberKind::User, Some("usr-1"), form) else {
            unreachable!("the form is whole");
        };

        assert_eq!(user.status, crate::portal::UserStatus::Active);
    }

    #[test]
    fn the_id_of_the_path_and_of_the_form_agree() {
        let form =
            |id: Value| json!({ "id": id, "name": "N", "type": "partner", "status": "active" });
        let kind = MemberKind::Organization;

        assert!(read(kind, Some("org-1"), form(json!("org-1"))).is_ok());
        assert!(read(kind, Some("org-1"), form(Value::Null)).is_ok());
        assert_eq!(
            read(kind, Some("org-1"), form(json!("org-2"))).unwrap_err(),
            ["id: \"org-2\" is not \"org-1\", which the path names: leave it out"]
        );
        assert_eq!(
            read(kind, None, form(Value::Null)).unwrap_err(),
            ["id: is missing"]
        );
    }

    #[test]
    fn a_contact_without_an_id_has_the_one_of_its_address() {
        let form =
            json!({ "name": "Cora", "email": " Cora@Partners.example", "organization": "org-1" });
        let same =
            json!({ "name": "Cora", "email": "cora@partners.EXAMPLE", "organization": "org-1" });

        let first = read(MemberKind::Contact, None, form).unwrap();

        assert_eq!(read(MemberKind::Contact, None, same), Ok(first.clone()));
        assert!(first.id().unwrap().id().starts_with("contact-"));
    }
}
