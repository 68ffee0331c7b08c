//! The filters of a list.

use dealbridge_core::record::LinkStatus;
use dealbridge_lambda::{
    access::Caller,
    aws::records::{LinkFilter, RecordFilter},
    http::{Query, Refusal},
};

/// The query parameters of a list.
pub(crate) const PARAMETERS: [&str; 8] = [
    "owner",
    "organization",
    "linked",
    "status",
    "registrationStatus",
    "q",
    "cursor",
    "limit",
];

/// The filter that a query asks for, within what the caller may see. None if the two have no record in common.
pub(crate) fn of(query: &Query, caller: &Caller) -> Result<Option<RecordFilter>, Refusal> {
    let own = caller.only_organization();
    if own.is_some() {
        // They tell of the Salesforce side.
        if let Some(name) = ["linked", "status"]
            .into_iter()
            .find(|name| query.text(name).is_some())
        {
            let detail = format!("The filter {name} is for the vendor's users: leave it out.");
            return Err(Refusal::forbidden(detail).with("field", &name));
        }
    }
    let text = |name: &str| query.text(name).map(|text| text.trim().to_owned());
    let asked = text("organization");
    if own.is_some_and(|own| asked.as_deref().is_some_and(|asked| asked != own)) {
        return Ok(None);
    }
    Ok(Some(RecordFilter {
        link: link(query)?,
        owner: text("owner"),
        organization: own.map(str::to_owned).or(asked),
        registration_status: text("registrationStatus"),
        name: text("q"),
    }))
}

fn link(query: &Query) -> Result<LinkFilter, Refusal> {
    let status = query.value("status", status)?;
    let linked = query.flag("linked")?;
    Ok(match (linked, status) {
        (None, None) => LinkFilter::Any,
        (None, Some(status)) => status,
        (Some(true), None) => LinkFilter::Linked,
        (Some(false), None | Some(LinkFilter::Unlinked)) => LinkFilter::Unlinked,
        (Some(true), Some(status)) if status != LinkFilter::Unlinked => status,
        (Some(_), Some(_)) => {
            let detail =
                "The filters linked and status contradict each other: leave one of them out.";
            return Err(Refusal::malformed(detail));
        }
    })
}

fn status(text: &str) -> Result<LinkFilter, String> {
    Ok(match text {
        "unlinked" => LinkFilter::Unlinked,
        "synced" => LinkFilter::Status(LinkStatus::Synced),
        "pending" => LinkFilter::Status(LinkStatus::Pending),
        "paused" => LinkFilter::Status(LinkStatus::Paused),
        "disconnected" => LinkFilter::Status(LinkStatus::Disconnected),
        other => {
            let known = "synced, pending, paused, disconnected, unlinked";
            return Err(format!(
                "{other:?} is not a status; the statuses are {known}. The step of the registration is registrationStatus"
            ));
        }
    })
}
