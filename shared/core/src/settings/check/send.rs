//! The settings of sending, checked by themselves.

use super::found::Found;
use crate::{
    SalesforceId,
    mapping::ObjectMapping,
    settings::{SendMode, SendTarget, Settings},
};

/// The most days to the close date of an Opportunity.
const MAX_CLOSE_DAYS: u16 = 3_650;

pub(super) fn check(settings: &Settings, found: &mut Found) {
    for (kind, send) in settings.send.all() {
        let place = |member: &str| format!("send.{}.{member}", kind.as_str());
        if send.mode == SendMode::OnStatus && send.statuses.is_empty() {
            found.add(
                place("statuses"),
                "the mode on_status needs the registration statuses that have a record created: name them, or choose another mode",
            );
        }
        if send.statuses.iter().any(|status| status.trim().is_empty()) {
            found.add(place("statuses"), "a status is blank: remove it");
        }
        for (member, id) in [
            ("lead_record_type", send.lead_record_type),
            ("opportunity_record_type", send.opportunity_record_type),
        ] {
            if let Some(id) = id.filter(|id| !is_record_type(*id)) {
                found.add(
                    place(member),
                    format!("{id} is not the id of a record type, which begins with 012"),
                );
            }
        }
        if send.target == SendTarget::MatchContact && send.opportunity_stage.trim().is_empty() {
            found.add(
                place("opportunity_stage"),
                "an Opportunity cannot be created without a stage: name one",
            );
        }
        if send.opportunity_close_days > MAX_CLOSE_DAYS {
            found.add(
                place("opportunity_close_days"),
                format!("must be at most {MAX_CLOSE_DAYS}"),
            );
        }
        check_external_id(settings, &place("external_id"), send, found);
    }
}

/// Checks that nothing but the External Id itself is ever written to its field.
fn check_external_id(
    settings: &Settings,
    place: &str,
    send: &crate::settings::Sending,
    found: &mut Found,
) {
    let path = &send.external_id;
    if path.is_parent_path() {
        found.add(
            place,
            format!("{path} belongs to a parent record: name a field of the Lead and the Opportunity themselves"),
        );
    }
    if !send.is_on() {
        return;
    }
    if let Some((name, _)) = settings
        .fields
        .named()
        .into_iter()
        .find(|(_, named)| named.is(path.as_str()))
    {
        found.add(
            place,
            format!("{path} is named by fields.{name}: name a field of its own"),
        );
    }
    for object in send.objects() {
        let ObjectMapping { rows, fixed, .. } = settings.mapping(*object);
        let row = rows
            .iter()
            .any(|row| row.writes_salesforce() && row.salesforce.is(path.as_str()));
        let fixed = fixed.iter().any(|fixed| fixed.salesforce.is(path.as_str()));
        if row || fixed {
            found.add(
                place,
                format!("{path} is written by the mapping of the {object}: leave the External Id to the integration"),
            );
        }
    }
}

fn is_record_type(id: SalesforceId) -> bool {
    id.key_prefix() == "012"
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing;

    fn places(send: serde_json::Value) -> Vec<String> {
        let mut settings = testing::settings();
        settings.send = serde_json::from_value(send).unwrap();
        let wrong = settings.check().err().unwrap_or_default();
        wrong.into_iter().map(|wrong| wrong.place).collect()
    }

    #[test]
    fn settings_that_cannot_be_obeyed_are_named_one_by_one() {
        assert_eq!(
            places(json!({ "deal": {
                "mode": "on_status", "statuses": [], "target": "match_contact", "opportunity_stage": " ",
                "lead_record_type": "006dM00000Mw7Vt", "opportunity_close_days": 9_999,
                "external_id": "Account.Key__c",
            }})),
            [
                "send.deal.statuses",
                "send.deal.lead_record_type",
                "send.deal.opportunity_stage",
                "send.deal.opportunity_close_days",
                "send.deal.external_id",
            ]
        );
        assert_eq!(
            places(json!({ "lead": { "mode": "manual", "external_id": "company" } })),
            ["send.lead.external_id"]
        );
        assert_eq!(
            places(json!({ "deal": { "mode": "on_status", "statuses": ["Approved"] } })),
            Vec::<String>::new()
        );
    }
}
