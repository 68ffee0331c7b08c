//! The names of settings as the screen shows them.

/// The lists of the settings, each with the name of a row and the member that tells one row from another.
pub(super) const LISTS: [List; 5] = [
    List {
        name: "deal_fields",
        label: "Fields of Deals",
        row: "Field",
        key: "name",
        add: "Add field",
    },
    List {
        name: "mappings",
        label: "Mapping of Opportunities",
        row: "Row",
        key: "channeltivity",
        add: "Add row",
    },
    List {
        name: "fixed_values",
        label: "Fixed values",
        row: "Fixed value",
        key: "salesforce",
        add: "Add fixed value",
    },
    List {
        name: "lead_fields",
        label: "Fields of Leads and Referrals",
        row: "Field",
        key: "name",
        add: "Add field",
    },
    List {
        name: "lead_mappings",
        label: "Mapping of Leads",
        row: "Row",
        key: "channeltivity",
        add: "Add row",
    },
];

/// A list of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct List {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) row: &'static str,
    pub(super) key: &'static str,
    pub(super) add: &'static str,
}

impl List {
    /// The list of that name.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        LISTS.iter().find(|list| list.name == name)
    }

    /// The name of a member of a row.
    pub(super) fn at(&self, row: usize, member: &str) -> String {
        format!("{}[{row}].{member}", self.name)
    }
}

const LABELS: [(&str, &str); 46] = [
    ("organization_id", "Organization id"),
    ("my_domain", "My Domain"),
    ("enabled", "The integration runs"),
    ("fields.sync_flag", "Sync with Channeltivity"),
    ("fields.import_flag", "Export to Channeltivity Deal"),
    ("fields.partner_email", "Channeltivity Partner Email"),
    (
        "fields.distributor_email",
        "Channeltivity Distributor Email",
    ),
    ("fields.deal_owner_type", "Deal Owner Type"),
    ("distributor_module.enabled", "Distributor module"),
    (
        "distributor_module.partners_must_select_distributor",
        "Partners must select a Distributor",
    ),
    (
        "distributor_module.distributor_deals_may_omit_partner",
        "Distributor-Owned Deals may come without a Partner",
    ),
    ("link_requires_admin", "Only administrators may link"),
    ("overlap_minutes", "Overlap of incremental runs, in minutes"),
    (
        "default_registration_status",
        "First step of a registration",
    ),
    ("conflicts", "Conflicts are won by"),
    ("currencies", "Currencies that the portal takes"),
    ("api_budget.share", "Part of the org's API calls"),
    ("api_budget.reserve", "Calls that are always left"),
    ("name", "Name"),
    ("label", "Label"),
    ("type", "Type"),
    ("required", "Required"),
    ("values", "Values"),
    ("max_length", "Maximum length"),
    ("channeltivity", "Channeltivity field"),
    ("salesforce", "Salesforce field"),
    ("on_create", "Flow on create"),
    ("on_update", "Flow on update"),
    ("value", "Value"),
    ("mode", "Created in Salesforce"),
    ("statuses", "Registration statuses"),
    ("target", "Becomes"),
    ("lead_record_type", "Record type of the Lead"),
    ("opportunity_record_type", "Record type of the Opportunity"),
    ("opportunity_stage", "Stage of the Opportunity"),
    ("opportunity_close_days", "Days to the close date"),
    ("assignment_rule", "The assignment rule chooses the owner"),
    ("allow_duplicates", "Create it though it may be a duplicate"),
    ("external_id", "External Id field"),
    ("send.deal", "Deals"),
    ("send.referral", "Referrals"),
    ("send.lead", "Leads"),
    ("deal_fields", "Fields of Deals"),
    ("lead_fields", "Fields of Leads and Referrals"),
    ("mappings", "Mapping of Opportunities"),
    ("lead_mappings", "Mapping of Leads"),
];

fn known(name: &str) -> Option<&'static str> {
    let of_name = LABELS.iter().find(|(known, _)| *known == name);
    of_name.map(|(_, label)| *label)
}

/// The label of a setting, or of a member of a row.
pub(super) fn label(name: &str) -> &str {
    known(name).unwrap_or(name)
}

/// Returns whether a place is one of the settings.
pub(super) fn is_known(place: &str) -> bool {
    let row = place.split_once("].").and_then(|(row, member)| {
        let (list, _) = row.split_once('[')?;
        List::named(list)?;
        Some(member)
    });
    let of_send = place
        .strip_prefix("send.")
        .and_then(|rest| rest.split_once('.'));
    let member = row.or(of_send.map(|(_, member)| member));
    known(member.unwrap_or(place)).is_some()
}

/// A place in words: `mappings[3].on_create` reads "Mapping of Opportunities, row 4: Flow on create".
pub(super) fn place(place: &str) -> String {
    if let Some(label) = known(place) {
        return label.to_owned();
    }
    if let Some((list, rest)) = place.split_once('[')
        && let Some(list) = List::named(list)
        && let Some((row, member)) = rest.split_once(']')
        && let Ok(row) = row.parse::<usize>()
    {
        let row = format!("{}, {} {}", list.label, list.row.to_lowercase(), row + 1);
        return match member.strip_prefix('.') {
            Some(member) => format!("{row}: {}", label(member)),
            None => row,
        };
    }
    match place.rsplit_once('.') {
        Some((parent, member)) => format!("{}: {}", label(parent), label(member)),
        None => place.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_read_as_the_screen_names_them() {
        for (at, words) in [
            ("my_domain", "My Domain"),
            (
                "mappings[3].on_create",
                "Mapping of Opportunities, row 4: Flow on create",
            ),
            ("fixed_values[0]", "Fixed values, fixed value 1"),
            ("send.deal.mode", "Deals: Created in Salesforce"),
            ("settings", "settings"),
        ] {
            assert_eq!(place(at), words);
        }
    }
}
