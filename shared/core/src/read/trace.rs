//! Following a path from object to object by their describes.

use crate::{
    salesforce::{DescribedField, FieldPath},
    schema::Objects,
};

/// The child relationship that is read with an Opportunity: a path through it is read of every Contact Role.
pub const CONTACT_ROLES: &str = "OpportunityContactRoles";

/// A lookup whose name does not follow from its relationship's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Renamed {
    pub(super) guess: FieldPath,
    pub(super) actual: FieldPath,
}

/// The end of following a path.
#[derive(Debug)]
pub(super) enum Traced<'a> {
    /// An object on the way was not described.
    Unknown(String),
    /// The object has no such field or relationship, or hides it.
    Ends(End),
    /// The path leads to its end, through these steps.
    Leads(Vec<Step<'a>>),
}

/// The place where a path ends without leading to a field.
#[derive(Debug)]
pub(super) struct End {
    pub(super) object: String,
    pub(super) field: String,
    /// `true` if the object itself does not exist, or is hidden.
    pub(super) is_without_object: bool,
}

/// One step of a path that is there.
#[derive(Debug)]
pub(super) struct Step<'a> {
    /// The field or relationship as the path writes it.
    pub(super) name: &'a str,
    /// The path before it, with its dot.
    before: &'a str,
    /// The objects that it may belong to.
    objects: Vec<String>,
    /// For a relationship, the lookup behind it; none for one that leads to children.
    lookup: Option<String>,
}

impl Step<'_> {
    /// Returns `true` if a refusal that names this object can mean this step: the targets of a lookup with several
    /// answer as the object `Name`, and a refused relationship is reported without its object.
    pub(super) fn may_be_of(&self, object: &str) -> bool {
        self.lookup.is_some()
            || self.objects.len() > 1
            || self
                .objects
                .iter()
                .any(|own| own.eq_ignore_ascii_case(object))
    }

    /// Returns the described field.
    pub(super) fn field<'o>(&self, objects: &'o Objects) -> Option<&'o DescribedField> {
        self.objects.iter().find_map(|object| {
            let fields = objects.get(&object.to_ascii_lowercase())?.as_deref()?;
            fields.iter().find(|field| is(field, self.name, true))
        })
    }

    /// Returns the object, or the objects.
    pub(super) fn object(&self) -> String {
        self.objects.join(" or ")
    }

    /// Returns the lookup, if its name does not follow from the relationship's.
    pub(super) fn renamed(&self) -> Option<Renamed> {
        let actual = self.lookup.as_deref()?;
        let guess = lookup(self.name);
        if actual.eq_ignore_ascii_case(&guess) {
            return None;
        }
        Some(Renamed {
            guess: FieldPath::parse(&format!("{}{guess}", self.before)).ok()?,
            actual: FieldPath::parse(&format!("{}{actual}", self.before)).ok()?,
        })
    }
}

/// Returns the field that holds a relationship's id, as Salesforce names the two. `__pr` ends a Contact's relationship
/// as a person account has it.
pub(super) fn lookup(relationship: &str) -> String {
    let without = |end: &str| {
        let at = relationship.len().checked_sub(end.len())?;
        let (name, tail) = relationship.split_at_checked(at)?;
        tail.eq_ignore_ascii_case(end).then_some(name)
    };
    if let Some(name) = without("__r") {
        format!("{name}__c")
    } else if let Some(name) = without("__pr") {
        format!("{name}__pc")
    } else {
        format!("{relationship}Id")
    }
}

/// Returns the lookups that a path leads through.
pub(super) fn lookups(path: &FieldPath) -> Vec<FieldPath> {
    let text = path.as_str();
    let mut lookups = Vec::new();
    let mut start = 0;
    while let Some(length) = text[start..].find('.') {
        let (before, part) = (&text[..start], &text[start..start + length]);
        if !(start == 0 && part.eq_ignore_ascii_case(CONTACT_ROLES)) {
            lookups.extend(FieldPath::parse(&format!("{before}{}", lookup(part))));
        }
        start += length + 1;
    }
    lookups
}

/// Follows a path from an object.
pub(super) fn trace<'a>(object: &str, path: &'a FieldPath, objects: &Objects) -> Traced<'a> {
    let text = path.as_str();
    let mut current = vec![object.to_owned()];
    let mut steps = Vec::new();
    let mut start = 0;
    loop {
        let rest = &text[start..];
        let (name, is_last) = match rest.split_once('.') {
            Some((name, _)) => (name, false),
            None => (rest, true),
        };
        let step = |lookup: Option<String>| Step {
            name,
            before: &text[..start],
            objects: current.clone(),
            lookup,
        };
        if !is_last && start == 0 && name.eq_ignore_ascii_case(CONTACT_ROLES) {
            steps.push(step(None));
            current = vec!["OpportunityContactRole".to_owned()];
        } else {
            let mut found = Vec::new();
            let mut is_without_object = true;
            for object in &current {
                match objects.get(&object.to_ascii_lowercase()) {
                    None => return Traced::Unknown(object.clone()),
                    Some(None) => {}
                    Some(Some(fields)) => {
                        is_without_object = false;
                        found.extend(fields.iter().find(|field| is(field, name, is_last)));
                    }
                }
            }
            let Some(first) = found.first() else {
                return Traced::Ends(End {
                    object: current.join(" or "),
                    field: name.to_owned(),
                    is_without_object,
                });
            };
            if is_last {
                steps.push(step(None));
                return Traced::Leads(steps);
            }
            steps.push(step(Some(first.name.clone())));
            let mut targets: Vec<String> = Vec::new();
            for target in found.iter().flat_map(|field| &field.reference_to) {
                if !targets.contains(target) {
                    targets.push(target.clone());
                }
            }
            current = targets;
        }
        start += name.len() + 1;
    }
}

fn is(field: &DescribedField, name: &str, is_last: bool) -> bool {
    if is_last {
        field.name.eq_ignore_ascii_case(name)
    } else {
        field
            .relationship
            .as_deref()
            .is_some_and(|relationship| relationship.eq_ignore_ascii_case(name))
    }
}
