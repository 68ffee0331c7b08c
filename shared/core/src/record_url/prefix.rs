//! The key prefixes of common standard objects, to name the object of an id that cannot be linked.

/// Prefix and the objects that use it; the first is the one to name.
const OBJECTS: &[(&str, &[&str])] = &[
    ("001", &["Account"]),
    ("002", &["Note"]),
    ("003", &["Contact"]),
    ("005", &["User"]),
    ("006", &["Opportunity"]),
    ("008", &["OpportunityHistory"]),
    ("00B", &["ListView"]),
    ("00D", &["Organization"]),
    ("00E", &["UserRole"]),
    ("00G", &["Group"]),
    ("00I", &["Partner", "AccountPartner", "OpportunityPartner"]),
    ("00J", &["OpportunityCompetitor"]),
    ("00K", &["OpportunityContactRole"]),
    ("00O", &["Report"]),
    ("00P", &["Attachment"]),
    ("00Q", &["Lead"]),
    ("00T", &["Task"]),
    ("00U", &["Event"]),
    ("00X", &["EmailTemplate"]),
    ("00a", &["CaseComment", "IdeaComment"]),
    ("00b", &["WebLink"]),
    ("00e", &["Profile"]),
    ("00k", &["OpportunityLineItem"]),
    ("00l", &["Folder"]),
    ("00t", &["OpportunityShare"]),
    ("00v", &["CampaignMember"]),
    ("012", &["RecordType"]),
    ("015", &["Document"]),
    ("01Z", &["Dashboard"]),
    ("01m", &["BusinessHours"]),
    ("01o", &["LeadShare"]),
    ("01p", &["ApexClass"]),
    ("01q", &["ApexTrigger"]),
    ("01s", &["Pricebook2"]),
    ("01t", &["Product2"]),
    ("01u", &["PricebookEntry"]),
    ("02Z", &["AccountContactRole"]),
    ("02i", &["Asset"]),
    ("02s", &["EmailMessage"]),
    ("03j", &["CaseContactRole"]),
    ("04g", &["ProcessInstance"]),
    ("04h", &["ProcessInstanceStep"]),
    ("04i", &["ProcessInstanceWorkitem"]),
    ("058", &["ContentWorkspace"]),
    ("066", &["ApexPage"]),
    ("068", &["ContentVersion"]),
    ("069", &["ContentDocument"]),
    ("06A", &["ContentDocumentLink"]),
    ("07H", &["ContentFolder"]),
    ("07L", &["ApexLog"]),
    ("081", &["StaticResource"]),
    ("087", &["Idea"]),
    ("08p", &["ServiceAppointment"]),
    ("08q", &["WorkType"]),
    ("0CQ", &["OauthToken"]),
    ("0D5", &["FeedItem"]),
    ("0D7", &["FeedComment"]),
    ("0DM", &["Site"]),
    ("0F9", &["CollaborationGroup"]),
    ("0Hh", &["ServiceTerritory"]),
    ("0Hn", &["ServiceResource"]),
    ("0LQ", &["VoiceCall"]),
    ("0Mw", &["MessagingSession"]),
    ("0PA", &["MessagingEndUser"]),
    ("0PK", &["Individual"]),
    ("0PS", &["PermissionSet"]),
    ("0Q0", &["Quote"]),
    ("0QL", &["QuoteLineItem"]),
    ("0TO", &["Topic"]),
    ("0WO", &["WorkOrder"]),
    ("0XB", &["ListEmail"]),
    ("0ZE", &["WebStore"]),
    ("0a0", &["Shift"]),
    ("0ny", &["Incident"]),
    ("0o2", &["Problem"]),
    ("0oW", &["ChangeRequest"]),
    ("1WL", &["WorkOrderLineItem"]),
    ("300", &["FlowDefinition"]),
    ("301", &["Flow"]),
    ("500", &["Case"]),
    ("501", &["Solution"]),
    ("550", &["Entitlement"]),
    ("570", &["LiveChatTranscript"]),
    ("701", &["Campaign"]),
    ("707", &["AsyncApexJob"]),
    ("750", &["Bulk job"]),
    ("800", &["Contract"]),
    ("801", &["Order"]),
    ("802", &["OrderItem"]),
    ("810", &["ServiceContract"]),
    ("811", &["ContractLineItem"]),
    ("ka0", &["Knowledge__kav"]),
];

/// Returns the objects whose ids start with the prefix; none if it is not in the table.
pub(super) fn objects(prefix: &str) -> &'static [&'static str] {
    OBJECTS
        .iter()
        .find(|(known, _)| *known == prefix)
        .map_or(&[], |(_, names)| names)
}

/// Returns `true` if the table knows the object, and so its prefix.
pub(super) fn knows(object: &str) -> bool {
    OBJECTS
        .iter()
        .any(|(_, names)| names.iter().any(|name| name.eq_ignore_ascii_case(object)))
}

/// Returns a name for the object of an id, for when the URL does not name it.
pub(super) fn name(prefix: &str) -> &'static str {
    match objects(prefix) {
        [name, ..] => name,
        [] if prefix.starts_with('a') => "custom object",
        [] => "unknown object",
    }
}
