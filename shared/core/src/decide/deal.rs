//! The Deal that an Opportunity becomes.

use serde_json::{Map, Value};

use super::{
    condition::Checked,
    facts::{Facts, id_at, value_at},
};
use crate::{
    SystemModstamp,
    finding::Finding,
    record::{EndUser, RecordId},
    salesforce::Row,
    settings::Settings,
    value::{MAX_NAME_CHARACTERS, cut},
};

/// A Deal to be made, without the time of its link, which the import adds.
#[derive(Clone, Debug, PartialEq)]
pub struct NewDeal {
    /// The id, derived from org, Opportunity and epoch.
    pub id: RecordId,
    /// The claim's epoch.
    pub epoch: u32,
    /// The Opportunity's name.
    pub name: String,
    /// The Opportunity's SystemModstamp.
    pub stamp: SystemModstamp,
    /// The mapped fields.
    pub fields: Map<String, Value>,
    /// The user who owns it.
    pub owner: String,
    /// The owner's Organization.
    pub organization: String,
    /// The id of the Partner User.
    pub partner: Option<String>,
    /// The id of the Distributor User.
    pub distributor: Option<String>,
    /// The end user's Account.
    pub account: EndUser,
    /// The end user's Contact.
    pub contact: EndUser,
    /// The first step of the registration.
    pub registration_status: String,
    /// Mapped values that cannot be read, so that the Deal goes without them.
    pub hidden: Vec<Finding>,
}

fn text(value: &Value) -> Option<String> {
    value
        .as_str()
        .map(str::to_owned)
        .filter(|text| !text.is_empty())
}

fn name(text: Option<&str>) -> String {
    cut(text.unwrap_or_default(), MAX_NAME_CHARACTERS)
}

/// Makes the Deal of a row that meets every condition; [`None`] if Salesforce left out a field that every row has.
pub(super) fn new_deal(
    row: &Row,
    facts: &Facts<'_>,
    checked: &mut Checked<'_>,
    settings: &Settings,
) -> Option<NewDeal> {
    let epoch = facts.claim.map_or(0, |claim| claim.epoch);
    let owner = if checked.distributor_owned {
        checked.distributor
    } else {
        checked.partner
    }?;
    let contact = checked.contact?;
    let contact_id = id_at(&contact["Id"])?;
    Some(NewDeal {
        id: RecordId::of_imported_deal(settings.organization_id, facts.opportunity, epoch),
        epoch,
        name: name(row.text("Name")),
        stamp: row.stamp()?,
        fields: std::mem::take(&mut checked.fields),
        owner: owner.user.id.clone(),
        organization: owner.user.organization.clone(),
        partner: checked.partner.map(|user| user.user.id.clone()),
        distributor: checked.distributor.map(|user| user.user.id.clone()),
        account: EndUser {
            id: id_at(value_at(row, "AccountId"))?,
            name: name(row.text("Account.Name")),
            email: None,
        },
        contact: EndUser {
            id: contact_id,
            name: name(contact["Name"].as_str()),
            email: text(&contact["Email"]).map(|email| cut(&email, MAX_NAME_CHARACTERS)),
        },
        registration_status: settings.default_registration_status.clone(),
        hidden: std::mem::take(&mut checked.hidden),
    })
}
