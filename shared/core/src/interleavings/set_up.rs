//! The settings of the histories, the fields that their people edit, and the portal's people.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{
    Email, SalesforceObject,
    portal::{
        Directory, Group, Holders, Organization, OrganizationStatus, PartyType, ResolvedUser, User,
        UserStatus,
    },
    settings::Settings,
    testing,
};

/// The address of the Partner User that Opportunities for import name.
pub(super) const PARTNER: &str = "ann@partners.example";

/// The address of the end user of every submission.
pub(super) const END_USER: &str = "leo@acme.example";

/// A field that people edit on both sides.
#[derive(Debug)]
pub(super) struct Edited {
    /// Its name in the portal.
    pub(super) name: &'static str,
    lead: Option<&'static str>,
    opportunity: Option<&'static str>,
    /// `true` if edits of the portal go to Salesforce.
    pub(super) goes_out: bool,
    /// `true` if edits in Salesforce come to the portal.
    pub(super) comes_in: bool,
}

impl Edited {
    /// Returns the field of a Salesforce object.
    pub(super) fn path(&self, object: SalesforceObject) -> Option<&'static str> {
        match object {
            SalesforceObject::Lead => self.lead,
            SalesforceObject::Opportunity => self.opportunity,
        }
    }

    /// Returns the field that a Salesforce object has under this name.
    pub(super) fn at(object: SalesforceObject, path: &str) -> Option<&'static Self> {
        FIELDS.iter().find(|field| field.path(object) == Some(path))
    }
}

/// The fields.
pub(super) const FIELDS: [Edited; 5] = [
    Edited {
        name: "name",
        lead: Some("Title"),
        opportunity: Some("Name"),
        goes_out: true,
        comes_in: true,
    },
    Edited {
        name: "amount",
        lead: Some("Rating"),
        opportunity: Some("Amount"),
        goes_out: true,
        comes_in: true,
    },
    Edited {
        name: "note",
        lead: Some("Description"),
        opportunity: None,
        goes_out: true,
        comes_in: false,
    },
    Edited {
        name: "close_date",
        lead: None,
        opportunity: Some("CloseDate"),
        goes_out: true,
        comes_in: false,
    },
    Edited {
        name: "stage",
        lead: None,
        opportunity: Some("StageName"),
        goes_out: false,
        comes_in: true,
    },
];

/// Returns the settings that histories are played under: each way of sending, to each target.
pub(super) fn all_settings() -> Vec<Arc<Settings>> {
    let mut all = Vec::new();
    for target in ["lead", "match_contact"] {
        for mode in ["on_submit", "on_submit", "on_status", "manual"] {
            all.push(Arc::new(settings(mode, target)));
        }
    }
    all
}

/// Every field is a text, so that the value of each edit is one of its own.
fn settings(mode: &str, target: &str) -> Settings {
    let mut value = serde_json::to_value(testing::settings()).unwrap();
    let text =
        |name: &str, required: bool| json!({ "name": name, "type": "text", "required": required });
    value["deal_fields"] = json!([
        text("name", true),
        text("stage", true),
        text("amount", false),
        text("close_date", true),
    ]);
    let row = |name: &str, path: &str, on_update: &str| json!({ "channeltivity": name, "salesforce": path, "on_create": "both", "on_update": on_update });
    let won_here = |mut row: Value| {
        row["conflicts"] = json!("channeltivity");
        row
    };
    value["mappings"] = json!([
        row("name", "Name", "both"),
        row("stage", "StageName", "to_channeltivity"),
        won_here(row("amount", "Amount", "both")),
        row("close_date", "CloseDate", "to_salesforce"),
    ]);
    value["lead_fields"] =
        json!(["last_name", "company", "name", "amount", "note"].map(|name| text(name, false)));
    value["lead_mappings"] = json!([
        row("end_user.last_name", "LastName", "none"),
        row("end_user.company", "Company", "none"),
        row("name", "Title", "both"),
        won_here(row("amount", "Rating", "both")),
        row("note", "Description", "to_salesforce"),
    ]);
    let send = json!({ "mode": mode, "statuses": ["Approved"], "target": target });
    value["send"] = json!({ "deal": send, "referral": send });
    serde_json::from_value(value).unwrap()
}

/// Returns the Partner User.
pub(super) fn partner() -> ResolvedUser {
    let (kind, organization) = (PartyType::Partner, "org-1".to_owned());
    let user = User {
        id: "ann".into(),
        name: "Ann".into(),
        email: Email::parse(PARTNER).unwrap(),
        kind,
        organization: organization.clone(),
        groups: vec![],
        status: UserStatus::Active,
    };
    let organization = Organization {
        id: organization,
        name: "Org".into(),
        kind,
        status: OrganizationStatus::Active,
    };
    let group = Group {
        id: "g".into(),
        name: "G".into(),
        kind,
        modules: vec!["deal_registration".to_owned(), "referrals".to_owned()],
    };
    ResolvedUser::new(user, Some(&organization), [&group])
}

/// Returns the directory of the people whom Opportunities name.
pub(super) fn directory() -> Directory {
    let holders = Holders {
        users: vec![partner()],
        is_contact: false,
    };
    Directory::from([(Email::parse(PARTNER).unwrap(), Arc::new(holders))])
}
