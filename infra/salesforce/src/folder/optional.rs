//! Standard fields that only some orgs have: those of person accounts, and the currency of orgs with several.

use crate::schema::{Field, FieldType, blank_field};

/// The column that orgs with person accounts have.
const PERSON: &str = "IsPersonAccount";

/// The field of that name, where the object has it in an org with such a file.
pub(super) fn field(object: &str, name: &str, header: &[String]) -> Option<Field> {
    if name.eq_ignore_ascii_case("CurrencyIsoCode") {
        let mut field = blank_field("CurrencyIsoCode", "Currency ISO Code", FieldType::Picklist);
        field.length = 3;
        return Some(field);
    }
    let has_persons = header.iter().any(|column| {
        column.eq_ignore_ascii_case(PERSON) || column.eq_ignore_ascii_case(PERSON_CONTACT)
    });
    match object {
        "Account" if has_persons => of_person(name),
        "Contact" if name.eq_ignore_ascii_case(PERSON) => of_person(PERSON),
        _ => None,
    }
}

/// The lookup from a person account to its contact.
const PERSON_CONTACT: &str = "PersonContactId";

/// The fields of a person account: name, label, type, length.
const FIELDS: [(&str, &str, FieldType, usize); 38] = [
    (PERSON, "Is Person Account", FieldType::Boolean, 0),
    (PERSON_CONTACT, "Contact ID", FieldType::Reference, 18),
    ("LastName", "Last Name", FieldType::String, 80),
    ("FirstName", "First Name", FieldType::String, 40),
    ("Salutation", "Salutation", FieldType::Picklist, 40),
    ("MiddleName", "Middle Name", FieldType::String, 40),
    ("Suffix", "Suffix", FieldType::String, 40),
    ("PersonEmail", "Email", FieldType::Email, 80),
    ("PersonTitle", "Title", FieldType::String, 80),
    ("PersonDepartment", "Department", FieldType::String, 80),
    ("PersonMobilePhone", "Mobile", FieldType::Phone, 40),
    ("PersonHomePhone", "Home Phone", FieldType::Phone, 40),
    ("PersonOtherPhone", "Other Phone", FieldType::Phone, 40),
    ("PersonAssistantPhone", "Asst. Phone", FieldType::Phone, 40),
    ("PersonAssistantName", "Assistant", FieldType::String, 40),
    ("PersonBirthdate", "Birthdate", FieldType::Date, 0),
    ("PersonLeadSource", "Lead Source", FieldType::Picklist, 40),
    (
        "PersonMailingStreet",
        "Mailing Street",
        FieldType::TextArea,
        255,
    ),
    ("PersonMailingCity", "Mailing City", FieldType::String, 40),
    (
        "PersonMailingState",
        "Mailing State/Province",
        FieldType::String,
        80,
    ),
    (
        "PersonMailingPostalCode",
        "Mailing Zip/Postal Code",
        FieldType::String,
        20,
    ),
    (
        "PersonMailingCountry",
        "Mailing Country",
        FieldType::String,
        80,
    ),
    (
        "PersonMailingStateCode",
        "Mailing State Code",
        FieldType::Picklist,
        10,
    ),
    (
        "PersonMailingCountryCode",
        "Mailing Country Code",
        FieldType::Picklist,
        10,
    ),
    (
        "PersonMailingLatitude",
        "Mailing Latitude",
        FieldType::Double,
        0,
    ),
    (
        "PersonMailingLongitude",
        "Mailing Longitude",
        FieldType::Double,
        0,
    ),
    (
        "PersonOtherStreet",
        "Other Street",
        FieldType::TextArea,
        255,
    ),
    ("PersonOtherCity", "Other City", FieldType::String, 40),
    (
        "PersonOtherState",
        "Other State/Province",
        FieldType::String,
        80,
    ),
    (
        "PersonOtherPostalCode",
        "Other Zip/Postal Code",
        FieldType::String,
        20,
    ),
    ("PersonOtherCountry", "Other Country", FieldType::String, 80),
    (
        "PersonHasOptedOutOfEmail",
        "Email Opt Out",
        FieldType::Boolean,
        0,
    ),
    (
        "PersonHasOptedOutOfFax",
        "Fax Opt Out",
        FieldType::Boolean,
        0,
    ),
    ("PersonDoNotCall", "Do Not Call", FieldType::Boolean, 0),
    (
        "PersonLastCURequestDate",
        "Last Stay-in-Touch Request Date",
        FieldType::DateTime,
        0,
    ),
    (
        "PersonLastCUUpdateDate",
        "Last Stay-in-Touch Save Date",
        FieldType::DateTime,
        0,
    ),
    (
        "PersonEmailBouncedReason",
        "Email Bounced Reason",
        FieldType::String,
        255,
    ),
    (
        "PersonEmailBouncedDate",
        "Email Bounced Date",
        FieldType::DateTime,
        0,
    ),
];

fn of_person(name: &str) -> Option<Field> {
    let (name, label, kind, length) = FIELDS
        .iter()
        .find(|(known, ..)| known.eq_ignore_ascii_case(name))?;
    let mut field = blank_field(name, label, *kind);
    if *length > 0 {
        field.length = *length;
    }
    match *name {
        PERSON_CONTACT => {
            field.references = vec!["Contact".to_owned()];
            field.relationship = Some("PersonContact".to_owned());
            field.createable = false;
            field.updateable = false;
        }
        PERSON => {
            field.createable = false;
            field.updateable = false;
        }
        _ => {}
    }
    match kind {
        FieldType::Boolean => {
            field.nillable = false;
            field.defaulted = true;
        }
        FieldType::Double => field.digits = (18, 15),
        _ => {}
    }
    Some(field)
}
