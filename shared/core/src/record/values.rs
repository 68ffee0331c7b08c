//! The values of a record by the names that mapping rows and people use.

use std::borrow::Cow;

use serde_json::Value;

use super::{Record, RecordKind};
use crate::{
    end_user::EndUserField,
    value::{composed, is_blank, text_of},
};

impl Record {
    /// Returns the value of a field as a mapping row names it; null if there is none.
    ///
    /// `end_user.company` and the like are those of the submitted end user, of an imported Deal those of its Account
    /// and Contact, and of a Lead, which is its own end user, the fields of that name. A submitted end user also stands
    /// for the standard Lead fields of the same names, such as `company`, where the record holds none of its own.
    #[must_use]
    pub fn value(&self, name: &str) -> Cow<'_, Value> {
        if let Some(value) = self.fields.get(name).filter(|value| !is_blank(value)) {
            return Cow::Borrowed(value);
        }
        let text = match (EndUserField::mapped(name), &self.end_user) {
            (Some(field), _) => self.end_user_value(field),
            (None, Some(end_user)) => EndUserField::named(name)
                .and_then(|field| end_user.value(field))
                .map(Cow::Borrowed),
            (None, None) => None,
        };
        Cow::Owned(text.map_or(Value::Null, |text| Value::String(text.into_owned())))
    }

    fn end_user_value(&self, field: EndUserField) -> Option<Cow<'_, str>> {
        if let Some(end_user) = &self.end_user {
            return end_user.value(field).map(Cow::Borrowed);
        }
        if self.account.is_none() && self.contact.is_none() {
            let own = self.fields.get(field.name());
            return (self.id.kind() == RecordKind::Lead)
                .then_some(own)
                .flatten()
                .and_then(text_of);
        }
        let contact = self.contact.as_ref();
        // Salesforce's Name of a Contact is the first name, a space and the last name.
        let names = || contact.map(|contact| contact.name.trim());
        let text = match field {
            EndUserField::Company => self.account.as_ref().map(|account| account.name.as_str()),
            EndUserField::FirstName => names().and_then(|name| Some(name.rsplit_once(' ')?.0)),
            EndUserField::LastName => names().and_then(|name| name.rsplit(' ').next()),
            EndUserField::Email => contact.and_then(|contact| contact.email.as_deref()),
            EndUserField::Phone => None,
        };
        text.filter(|text| !text.is_empty()).map(Cow::Borrowed)
    }

    /// Returns the name that people know the record by: its field `name`; else the person's, or the company, as of a
    /// Lead.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        let text = |name: &str| {
            let value = self.value(name);
            text_of(&value)
                .filter(|text| !text.is_empty())
                .map(Cow::into_owned)
        };
        let person = || {
            let names = [text("end_user.first_name"), text("end_user.last_name")];
            let names: Vec<String> = names.into_iter().flatten().collect();
            (!names.is_empty()).then(|| names.join(" "))
        };
        text("name")
            .or_else(person)
            .or_else(|| text("end_user.company"))
    }

    /// Returns `true` if the name begins with a text, in any case.
    #[must_use]
    pub fn is_named(&self, prefix: &str) -> bool {
        let plain = |text: &str| composed(text.trim()).to_lowercase();
        self.name()
            .is_some_and(|name| plain(&name).starts_with(&plain(prefix)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        SalesforceId,
        end_user::SubmittedEndUser,
        record::{EndUser, RecordId},
    };

    fn id(text: &str) -> SalesforceId {
        SalesforceId::parse(text).unwrap()
    }

    #[test]
    fn the_end_user_is_the_submitted_one_or_that_of_salesforce_or_the_lead_itself() {
        let mut record = Record::new(RecordId::new(RecordKind::Deal, "d-1").unwrap());
        let values = |record: &Record, prefix: &str| -> Vec<Value> {
            EndUserField::ALL
                .map(|field| {
                    record
                        .value(&format!("{prefix}{}", field.name()))
                        .into_owned()
                })
                .to_vec()
        };
        let (path, null) = ("end_user.", Value::Null);
        assert_eq!(values(&record, path), vec![null.clone(); 5]);

        let of = |name: &str, email: Option<&str>| EndUser {
            id: id("003dM00000Mw7Vt"),
            name: name.to_owned(),
            email: email.map(str::to_owned),
        };
        record.account = Some(of("Acme", None));
        record.contact = Some(of("Ann Maria Lee", Some("ann@acme.example")));
        let imported = ["Acme", "Ann Maria", "Lee", "ann@acme.example"];
        assert_eq!(values(&record, path)[..4], imported.map(Value::from));
        assert_eq!(values(&record, "")[..], vec![null.clone(); 5]);

        record.end_user = Some(SubmittedEndUser {
            company: Some("Ilex".to_owned()),
            ..SubmittedEndUser::default()
        });
        assert_eq!(values(&record, path)[..2], ["Ilex".into(), null.clone()]);
        assert_eq!(record.value("company").as_ref(), "Ilex");
        record.fields.insert("company".to_owned(), "Its own".into());
        assert_eq!(record.value("company").as_ref(), "Its own");
        assert_eq!(record.value("end_user.company").as_ref(), "Ilex");

        let mut lead = Record::new(RecordId::new(RecordKind::Lead, "l-1").unwrap());
        lead.fields.insert("last_name".to_owned(), "Lee".into());
        assert_eq!(values(&lead, path)[2], "Lee");
    }

    #[test]
    fn a_record_is_found_by_the_beginning_of_its_name_or_of_its_person_s_or_company() {
        let mut lead = Record::new(RecordId::new(RecordKind::Lead, "l-1").unwrap());
        assert!(!lead.is_named("a"));

        lead.fields.insert("company".to_owned(), "Acme".into());
        assert!(lead.is_named("aCM"));
        lead.fields.insert("first_name".to_owned(), "Ann".into());
        lead.fields
            .insert("last_name".to_owned(), "Le\u{301}e".into());
        assert!(lead.is_named("ann l\u{e9}") && !lead.is_named("acme"));
        lead.fields.insert("name".to_owned(), "Quayside".into());
        assert!(lead.is_named(" quay") && !lead.is_named("ann"));
    }
}
