//! Declarations of an org's fields, of which the export says only the names.

/// The type of a field's values, as whoever reads them takes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeclaredType {
    /// Text of any kind.
    Text,
    /// A number.
    Number,
    /// An amount of money.
    Currency,
    /// A percentage.
    Percent,
    /// A day, or the day of a point in time.
    Date,
    /// A point in time.
    DateTime,
    /// Yes or no.
    Checkbox,
    /// One of a list.
    Picklist,
    /// Some of a list.
    MultiPicklist,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// A web address.
    Url,
}

/// The fate of a column with a value that the declared type cannot hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfits {
    /// The value is an error: the field cannot be of another type.
    Refused,
    /// The column is text: no field of the declared type could have held the value. Where the other values would say
    /// nothing as texts, as 0 and 1 of a checkbox, the value is an error all the same.
    MakeText,
}

/// A field that somebody names: its object, its path and its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredField {
    /// The object at which the path begins.
    pub object: String,
    /// The API name, or a path through lookups such as `Account.Partner_Rep__r.Email`.
    pub path: String,
    /// The type of the field's values.
    pub kind: DeclaredType,
    /// The meaning of a value of another type.
    pub misfits: Misfits,
    /// Where it is declared, for sentences: `fields.sync_flag`.
    pub place: String,
}

/// All fields that somebody names. Custom fields that are not among them are text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declarations {
    /// The fields; the first one counts where two have one path.
    pub fields: Vec<DeclaredField>,
}

impl Declarations {
    /// The same with a field of an object that can be of no other type.
    #[must_use]
    pub fn with(mut self, object: &str, path: &str, kind: DeclaredType) -> Self {
        self.fields.push(DeclaredField {
            object: object.to_owned(),
            path: path.to_owned(),
            kind,
            misfits: Misfits::Refused,
            place: path.to_owned(),
        });
        self
    }
}
