//! Every code of the Integration Log, with its text, in one table.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The severity of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// For information: nobody has to act.
    Info,
    /// Worth a look.
    Warning,
    /// An administrator has to act, or something did not happen.
    Error,
}

impl Level {
    /// Returns the level's name in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One row of the table: the code, its level, the message and the suggestion.
///
/// `{record}`, `{field}`, `{value}` and `{other}` are filled in from the [`Context`].
#[derive(Debug)]
struct Text {
    name: &'static str,
    level: Level,
    message: &'static str,
    suggestion: &'static str,
}

macro_rules! codes {
    ($($variant:ident $name:literal $level:ident $message:literal $suggestion:literal;)+) => {
        /// A code of the Integration Log.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "each code is documented by its row of the table")]
        pub enum Code { $($variant),+ }

        impl Code {
            /// Every code, in the table's order.
            pub const ALL: &'static [Code] = &[$(Code::$variant),+];
        }

        const TEXTS: &[Text] = &[$(Text { name: $name, level: Level::$level, message: $message, suggestion: $suggestion }),+];
    };
}

codes! {
    SyncFlagNotSet "SYNC_FLAG_NOT_SET" Error
        "{record} is flagged for export, but {field} is off."
        "Tick {field} on the Opportunity in Salesforce, or clear the export flag if it should not become a Deal.";
    AccountMissing "ACCOUNT_MISSING" Error
        "{record} has no Account: {field} is empty."
        "Choose the end user's Account on the Opportunity in Salesforce.";
    AccountNotAccessible "ACCOUNT_NOT_ACCESSIBLE" Error
        "{field} of {record} names {value}, which is deleted or cannot be read by the integration user."
        "Share the Account with the integration user, restore it, or choose another Account on the Opportunity.";
    ContactMissing "CONTACT_MISSING" Error
        "{record} has no Contact: it has no {field}."
        "Add a Contact Role to the Opportunity in Salesforce and mark it Primary.";
    PrimaryContactMissing "PRIMARY_CONTACT_MISSING" Error
        "{record} has {value} {field}, but none is marked as Primary."
        "Mark one Contact Role of the Opportunity as Primary in Salesforce.";
    PrimaryContactNotAccessible "PRIMARY_CONTACT_NOT_ACCESSIBLE" Error
        "The primary entry in {field} of {record} names the Contact {value}, which is deleted or cannot be read by the integration user."
        "Share the Contact with the integration user, or mark another Contact Role as Primary.";
    MultiplePrimaryContacts "MULTIPLE_PRIMARY_CONTACTS" Error
        "{record} has {value} primary {field}; exactly one is needed."
        "Leave one Contact Role of the Opportunity marked as Primary in Salesforce.";
    PartnerEmailMissing "PARTNER_EMAIL_MISSING" Error
        "{record} names no partner: {field} is empty."
        "Fill {field} with the email address of the partner's portal user.";
    PartnerEmailInvalid "PARTNER_EMAIL_INVALID" Error
        "{field} of {record} holds {value}, which is not a valid email address."
        "Correct {field} on the Opportunity: it has the form name@company.example.";
    PartnerEmailAmbiguous "PARTNER_EMAIL_AMBIGUOUS" Error
        "{field} of {record} holds {value}, which belongs to several portal users: {other}."
        "Give each portal user an email address of their own, or name another partner user on the Opportunity.";
    PartnerEmailIsContact "PARTNER_EMAIL_IS_CONTACT" Error
        "{field} of {record} holds {value}, which is a Contact without portal access."
        "Invite the Contact as a Partner User, or name another partner user on the Opportunity.";
    PartnerUserNotFound "PARTNER_USER_NOT_FOUND" Error
        "{field} of {record} holds {value}, and no portal user has that address."
        "Correct {field} on the Opportunity, or invite that person as a Partner User.";
    PartnerUserWrongType "PARTNER_USER_WRONG_TYPE" Error
        "{field} of {record} holds {value}, who is {other}, not a Partner User."
        "Name a Partner User in {field} on the Opportunity.";
    PartnerUserPending "PARTNER_USER_PENDING" Error
        "{field} of {record} holds {value}: the Partner User {other} has never activated the account."
        "Ask the user to accept the invitation, or send it again from the portal.";
    PartnerUserInactive "PARTNER_USER_INACTIVE" Error
        "{field} of {record} holds {value}: the Organization of the Partner User {other} is not active."
        "Activate the partner's Organization in the portal, or name another partner user.";
    PartnerUserDisabled "PARTNER_USER_DISABLED" Error
        "{field} of {record} holds {value}: the Partner User {other} is disabled."
        "Enable the user in the portal, or name another partner user.";
    PartnerNoDealAccess "PARTNER_NO_DEAL_ACCESS" Error
        "{field} of {record} holds {value}: no Group of the Partner User {other} includes Deal Registration."
        "Add the user to a Partner Group with the Deal Registration module, or add the module to one of the user's Groups.";
    DealOwnerTypeInvalid "DEAL_OWNER_TYPE_INVALID" Error
        "{field} of {record} holds {value}; it may be blank, Partner-Owned or Distributor-Owned."
        "Choose Partner-Owned or Distributor-Owned in {field} on the Opportunity, or leave it blank.";
    DistributorEmailMissing "DISTRIBUTOR_EMAIL_MISSING" Error
        "{record} needs a Distributor but names none: {field} is empty."
        "Fill {field} with the email address of the Distributor's portal user.";
    DistributorEmailInvalid "DISTRIBUTOR_EMAIL_INVALID" Error
        "{field} of {record} holds {value}, which is not a valid email address."
        "Correct {field} on the Opportunity: it has the form name@company.example.";
    DistributorEmailAmbiguous "DISTRIBUTOR_EMAIL_AMBIGUOUS" Error
        "{field} of {record} holds {value}, which belongs to several portal users: {other}."
        "Give each portal user an email address of their own, or name another Distributor on the Opportunity.";
    DistributorEmailIsContact "DISTRIBUTOR_EMAIL_IS_CONTACT" Error
        "{field} of {record} holds {value}, which is a Contact without portal access."
        "Invite the Contact as a Distributor User, or name another Distributor on the Opportunity.";
    DistributorUserNotFound "DISTRIBUTOR_USER_NOT_FOUND" Error
        "{field} of {record} holds {value}, and no portal user has that address."
        "Correct {field} on the Opportunity, or invite that person as a Distributor User.";
    DistributorUserWrongType "DISTRIBUTOR_USER_WRONG_TYPE" Error
        "{field} of {record} holds {value}, who is {other}, not a Distributor User."
        "Name a Distributor User in {field} on the Opportunity.";
    DistributorUserPending "DISTRIBUTOR_USER_PENDING" Error
        "{field} of {record} holds {value}: the Distributor User {other} has never activated the account."
        "Ask the user to accept the invitation, or send it again from the portal.";
    DistributorUserInactive "DISTRIBUTOR_USER_INACTIVE" Error
        "{field} of {record} holds {value}: the Organization of the Distributor User {other} is not active."
        "Activate the Distributor's Organization in the portal, or name another Distributor.";
    DistributorUserDisabled "DISTRIBUTOR_USER_DISABLED" Error
        "{field} of {record} holds {value}: the Distributor User {other} is disabled."
        "Enable the user in the portal, or name another Distributor.";
    DistributorNoDealAccess "DISTRIBUTOR_NO_DEAL_ACCESS" Error
        "{field} of {record} holds {value}: no Group of the Distributor User {other} includes Deal Registration."
        "Add the user to a Distributor Group with the Deal Registration module, or add the module to one of the user's Groups.";
    StageEmpty "STAGE_EMPTY" Error
        "{record} has no stage: {field} is empty."
        "Choose a stage on the Opportunity in Salesforce.";
    RequiredFieldEmpty "REQUIRED_FIELD_EMPTY" Error
        "{field} of {record} is empty, and the Deal needs it."
        "Fill {field} on the Opportunity in Salesforce.";
    RequiredFieldHidden "REQUIRED_FIELD_HIDDEN" Error
        "{field} of {record} cannot be read, and the Deal needs it: {value}."
        "Give the integration user access to it in Salesforce, or restore the record if it was deleted.";
    RequiredFieldNotMapped "REQUIRED_FIELD_NOT_MAPPED" Error
        "The Deal field {field} is required, but no mapping row provides a value for it, so {record} cannot become a Deal."
        "Add a mapping row for {field} whose flow on create comes from Salesforce, or make the field optional.";
    ValueTypeInvalid "VALUE_TYPE_INVALID" Error
        "{field} of {record} holds {value}, which does not fit the Deal field: it takes {other}."
        "Correct the value in Salesforce, or change the mapping row.";
    PicklistValueUnknown "PICKLIST_VALUE_UNKNOWN" Error
        "{field} of {record} holds {value}, which is not one of the Deal field's values: {other}."
        "Choose another value in Salesforce, or add it to the Deal field or to the value map of the mapping row.";
    DealTooLarge "DEAL_TOO_LARGE" Error
        "The values of {record} add up to {value}, but a record of the portal holds at most 400 KB. The largest are {other}."
        "Shorten these values in Salesforce, or remove the mapping rows of the largest from the settings. The next run checks the Opportunity again.";
    CurrencyNotSupported "CURRENCY_NOT_SUPPORTED" Error
        "{field} of {record} is {value}; the portal takes {other}."
        "Change the Opportunity's currency, or add it to the portal's currencies.";
    AlreadyLinkedOther "ALREADY_LINKED_OTHER" Error
        "{record} is already linked to the {other}."
        "Unlink the {other} first if this Opportunity should belong to another record.";
    AlreadyLinkedHere "ALREADY_LINKED_HERE" Error
        "{record} is already linked to the Salesforce {other}."
        "Unlink it first if it should belong to another Salesforce record.";
    ImportSuppressedFormerDeal "IMPORT_SUPPRESSED_FORMER_DEAL" Error
        "{record} was unlinked from the {other}, which still exists; importing would create a duplicate of it."
        "Link the {other} to the Opportunity again, or allow the import of a second Deal.";
    ImportSuppressed "IMPORT_SUPPRESSED" Info
        "{record} is not imported, because it was unlinked from the {other} on purpose."
        "Nothing to do. To import it after all, link it again or allow its import.";
    Imported "IMPORTED" Info "{record} became the {other}." "Nothing to do.";
    Updated "UPDATED" Info "The {other} was updated from {record}: {value}." "Nothing to do.";
    Unchanged "UNCHANGED" Info "{record} has no changes for the {other}." "Nothing to do.";
    ValueHidden "VALUE_HIDDEN" Warning
        "{field} of {record} cannot be read, so the {other} gets no value from it: {value}."
        "Share that record with the integration user, restore it if it was deleted, or choose another one in Salesforce.";
    PartiesNotMoved "PARTIES_NOT_MOVED" Info
        "{field} of {record} changed after the import; the {other} keeps the value that it was imported with."
        "Nothing to do. To move the Deal, change it in the portal.";
    LinkPaused "LINK_PAUSED" Info
        "{field} of {record} was cleared: the link to the {other} is paused."
        "Nothing to do. Tick {field} again to resume.";
    LinkResumed "LINK_RESUMED" Info
        "{field} of {record} is set again: the link to the {other} is active."
        "Nothing to do.";
    LinkDisconnected "LINK_DISCONNECTED" Warning
        "{record} {value}: the {other} keeps its values, and its link is disconnected."
        "Restore the Salesforce record, or unlink the {other} and link it to the right one.";
    LinkReconnected "LINK_RECONNECTED" Info
        "{record} is back in Salesforce: the link to the {other} is active."
        "Nothing to do.";
    LinkMoved "LINK_MOVED" Info
        "{record} was converted: the link of the {other} moved to the Opportunity {value}."
        "Nothing to do.";
    LinkMoveConflict "LINK_MOVE_CONFLICT" Error
        "{record} was converted to the Opportunity {value} already: the {other} stays linked to the converted Lead."
        "Unlink one of the two, then link the right record to the Opportunity.";
    WriteDropped "WRITE_DROPPED" Warning
        "{record} {value}: these values of the {other} were not written to Salesforce ({field})."
        "Compare the two records and enter the missing values in Salesforce by hand.";
    ConflictResolved "CONFLICT_RESOLVED" Info
        "{field} was changed both in {record} and in the {other} since they last agreed: {value}."
        "Nothing to do. If the other value is right, enter it again; the setting conflicts says which side wins.";
    Linked "LINKED" Info "The {other} was linked to {record}." "Nothing to do.";
    Unlinked "UNLINKED" Info
        "The {other} was unlinked from {record}. Both keep their values{value}."
        "Nothing to do. To undo it, link them again.";
    ImportAllowed "IMPORT_ALLOWED" Info "{record} may be imported again; the next run looks at it." "Nothing to do.";
    WriteDelivered "WRITE_DELIVERED" Info "The values of the {other} were written to {record}." "Nothing to do.";
    WriteRefused "WRITE_REFUSED" Error
        "Salesforce refused the values of the {other} for {record} ({field}): {value}"
        "The link itself stands. Set the value in Salesforce by hand, or correct the value or the rule that Salesforce names: an edited field goes along with the next edit of the record; after linking, unlink and link again.";
    WriteSkipped "WRITE_SKIPPED" Warning
        "{record} was edited in Salesforce after the link was confirmed, so the values of the {other} did not overwrite the edit ({field})."
        "Compare the two records; edit the one that is wrong.";
    Sent "SENT" Info
        "The {other} was created in Salesforce: it is linked to {record}{value}."
        "Nothing to do.";
    SentAsLead "SENT_AS_LEAD" Info
        "The {other} became a Lead and not an Opportunity: {value}."
        "Nothing to do. If it belongs to a customer, convert the Lead in Salesforce: the link follows.";
    SendSwitchedOff "SEND_SWITCHED_OFF" Info
        "{record} was not created in Salesforce: sending is switched off for its kind."
        "Nothing to do. Switch it on in the settings and use Sync Now, or link the record by hand.";
    SyncNotLinked "SYNC_NOT_LINKED" Error
        "{record} was not synced: it is not linked to a Salesforce record any more."
        "Nothing to do if it was unlinked on purpose. If not, link it again.";
    CreatedButNotLinked "CREATED_BUT_NOT_LINKED" Warning
        "{record} was created in Salesforce for the {other}, but is not linked to it: {value}."
        "Delete it in Salesforce if nobody needs it, or link it to the record that it belongs to.";
    SfRequiredFieldMissing "SF_REQUIRED_FIELD_MISSING" Error
        "{record} cannot become a {other} in Salesforce without a value of {field}: {value}"
        "Fill in the value in the portal, or add a mapping row for the field whose flow on create goes to Salesforce. It is tried again when the record or the settings change.";
    SfValidationRule "SF_VALIDATION_RULE" Error
        "A validation rule of Salesforce refuses {record} as a {other}: {value}"
        "Correct the record as the rule asks: it is tried again at once. If the rule is changed instead, use Sync Now.";
    SfDuplicateDetected "SF_DUPLICATE_DETECTED" Error
        "A duplicate rule of Salesforce refuses {record} as a {other}, because it is much like {field}: {value}"
        "Link the record to one of those by its URL if they are the same. If not, correct the record, or allow duplicates in the settings.";
    SfPicklistRestricted "SF_PICKLIST_RESTRICTED" Error
        "A picklist of Salesforce refuses {record} as a {other} ({field}): {value}"
        "Choose another value in the portal, map it to one of the picklist's by the value map, or add it to the picklist in Salesforce and use Sync Now.";
    SfValueTooLong "SF_VALUE_TOO_LONG" Error
        "A value of {record} is too long for the {other} in Salesforce ({field}): {value}"
        "Shorten the value in the portal: it is tried again at once.";
    SfRecordTypeInvalid "SF_RECORD_TYPE_INVALID" Error
        "Salesforce does not take the record type of {record} as a {other}: {value}"
        "Correct the record type in the settings, or assign it to the integration user's profile and use Sync Now.";
    SfFieldNotWritable "SF_FIELD_NOT_WRITABLE" Error
        "The integration user cannot write {field} of {record} as a {other}: {value}"
        "Give the integration user edit access to the field and use Sync Now, or correct the mapping.";
    SfInsufficientAccess "SF_INSUFFICIENT_ACCESS" Error
        "The integration user may not create {record} as a {other}: {value}"
        "Give the integration user the permission that Salesforce names and use Sync Now.";
    SfApexFailed "SF_APEX_FAILED" Error
        "A trigger or flow of Salesforce failed for {record} as a {other}: {value}"
        "Have an administrator of Salesforce look at the trigger or flow that the message names, then use Sync Now.";
    SfValueRefused "SF_VALUE_REFUSED" Error
        "Salesforce refused {record} as a {other} ({field}): {value}"
        "Correct the record or the mapping as Salesforce's message asks. It is tried again when the record or the settings change, or at Sync Now.";
    SfExternalIdTaken "SF_EXTERNAL_ID_TAKEN" Error
        "{record} was not linked: its External Id {value} is that of {other}."
        "Compare the two. Link the record by the URL of the Salesforce record if they belong together, or clear the External Id there and use Sync Now.";
    SfExternalIdCase "SF_EXTERNAL_ID_CASE" Error
        "{record} was not created: {field} of the {other} takes ABC and abc for the same value, so that its External Id {value} could be that of another record."
        "Have Salesforce treat ABC and abc as different values of the field and use Sync Now, or link the record by its URL. Records whose ids have no upper-case letters need neither.";
    SfExternalIdAmbiguous "SF_EXTERNAL_ID_AMBIGUOUS" Error
        "{record} was not created: several Salesforce records have its External Id {value}: {other}."
        "Leave the External Id on one of them and use Sync Now, or link the record to one of them by its URL.";
    OwnerNotFound "OWNER_NOT_FOUND" Error
        "{record} was not sent, because its owner in Salesforce is not known: {value}."
        "Assign an Internal User whose email address is that of exactly one active Salesforce User, or correct the user in Salesforce and use Sync Now.";
    OpportunityGone "OPPORTUNITY_GONE" Info
        "{record} no longer exists in Salesforce or is hidden from the integration user, so there is nothing to import."
        "Nothing to do. If it should be imported, share it with the integration user.";
    NotACandidate "NOT_A_CANDIDATE" Info
        "{record} is not flagged for export ({field} is off)."
        "Tick {field} on the Opportunity in Salesforce to have it imported.";
    RunInterrupted "RUN_INTERRUPTED" Error
        "The run stopped before it had listed all Opportunities."
        "Nothing to do: the next run lists them again. If it happens again, look at the fan-out function's log.";
    MessagesLost "MESSAGES_LOST" Error
        "{value} messages of the run are gone from the imports queue without having been processed."
        "Nothing to do: the next run is a full one and checks their Opportunities again. If nobody purged the queue, the messages expired in it: check how long messages wait there.";
    WritesNotSent "WRITES_NOT_SENT" Warning
        "The values that links write to Salesforce could not be sent to the queue: {value}"
        "Nothing to do if it passes: each scheduled run sends them again. If it lasts, look at the salesforce-writes queue and the fan-out function's log.";
    OutboxNoteUnreadable "OUTBOX_NOTE_UNREADABLE" Error
        "The outbox note for a link's write to the Salesforce record {field} cannot be read: {value}"
        "The note is set aside and the link stays pending. Unlink its record and link it again, or compare the two records by hand.";
    SfAuthFailed "SF_AUTH_FAILED" Error
        "Salesforce refused the login of the integration user: {value}"
        "Check the client id, the secret or certificate, and that the integration user is active, in the connection's settings and in Salesforce Setup.";
    SfApiDisabled "SF_API_DISABLED" Error
        "The Salesforce API is not enabled for the integration user: {value}"
        "Enable the API for the org's edition and the permission API Enabled for the integration user.";
    SfPermissionDenied "SF_PERMISSION_DENIED" Error
        "The integration user lacks a permission in Salesforce: {value}"
        "Give the integration user read access to Opportunities, Accounts, Contacts and Contact Roles, and write access to the mapped fields.";
    SfRequestLimit "SF_REQUEST_LIMIT" Error
        "The Salesforce org has used up its API requests: {value}"
        "Wait until requests are free again (they renew over 24 hours), or raise the org's limit. The next run goes on by itself.";
    SfBudgetSpent "SF_BUDGET_SPENT" Error
        "Scheduled work with Salesforce stopped at the budget of API calls: {value}."
        "Nothing to do: it goes on by itself {other}. To go on at once, start a run with overBudget, or change the setting api_budget.";
    SfBudgetNearlySpent "SF_BUDGET_NEARLY_SPENT" Warning
        "Four fifths of the budget of Salesforce API calls are spent: {value}."
        "Look at GET /usage for what spends them. Scheduled work stops when the rest is spent too; the setting api_budget says how much that is.";
    SfUnavailable "SF_UNAVAILABLE" Error
        "Salesforce could not be reached or did not answer properly: {value}"
        "Nothing to do if it passes: the next run makes up for it. See status.salesforce.com if it lasts.";
    SfQueryTooLarge "SF_QUERY_TOO_LARGE" Error
        "Salesforce takes too long to answer a query, even in small parts, and cancels it: {value}"
        "Runs that read less continue: an hourly run lists only the changes since the last one. Ask Salesforce Support for a custom index on the export flag, or look for automation that edits all Opportunities at once; then start a full run.";
    SfFieldMissing "SF_FIELD_MISSING" Error
        "Salesforce has no field {field}, or hides it from the integration user{value}."
        "Create the field, give the integration user access to it and to its object, or correct its API name in the settings.";
    SfNoCurrencies "SF_NO_CURRENCIES" Warning
        "The settings name the currencies that the portal takes, but Salesforce has no field {field}: the org has a single currency, and amounts are taken as they are."
        "Leave the setting currencies empty.";
    SfFieldTypeWrong "SF_FIELD_TYPE_WRONG" Error
        "The Salesforce field {field} cannot serve as the setting {other}: {value}."
        "Correct the API name in the settings, or give the field the right type in Salesforce.";
    SfQueryRefused "SF_QUERY_REFUSED" Error
        "Salesforce refused a query that follows from the settings: {value}"
        "Correct the settings: look at the API names and at the types of the fields that they name.";
    SfOrgChanged "SF_ORG_CHANGED" Error
        "The login leads to the Salesforce org {value}, but the settings are those of the org {other}. Nothing was read from it or written to either side."
        "If the login is wrong, connect the org {other}. If the org was replaced, as by a sandbox refresh, move its links to the org {value} or clear them (RUNBOOK, Another org).";
    MessageOfOtherOrg "MESSAGE_OF_OTHER_ORG" Warning
        "A message about {other} belongs to the Salesforce org {value}, which the settings do not name: it was not processed."
        "Nothing to do if the org was changed on purpose. If the links of the org {value} are still needed, move them (RUNBOOK, Another org).";
    SfNotConfigured "SF_NOT_CONFIGURED" Error
        "The connection to Salesforce is not set up: {value}"
        "Complete the connection's settings.";
    IntegrationDisabled "INTEGRATION_DISABLED" Error
        "The Deal Registration integration is switched off."
        "Switch it on in the settings to have Opportunities imported. The next run picks up the rest.";
    SettingsReplaced "SETTINGS_REPLACED" Info
        "The settings were replaced by {other}; they are at version {value}."
        "Nothing to do. The next run uses them.";
    OrgReplaced "ORG_REPLACED" Info
        "{other} {value}."
        "Nothing to do. The next run reads everything of the org that the settings name.";
    RecordDeleted "RECORD_DELETED" Info
        "{value} deleted the {other}."
        "Nothing to do. Its history stays.";
    LinkedRecordDeleted "LINKED_RECORD_DELETED" Info
        "{value} deleted the {other} and with it the link to {record}, which stays as it is{field}."
        "Nothing to do. Its history stays, and {record} can be linked to another record.";
    DeadLetterDiscarded "DEAD_LETTER_DISCARDED" Info
        "{other} discarded a dead letter of {field}: {value}"
        "Nothing to do. The next full run looks at every record that is flagged or linked.";
    MessageUnreadable "MESSAGE_UNREADABLE" Error
        "A message of the queue {field} cannot be read: {value}"
        "Once it has failed five times, it appears in GET /dead-letters: discard it there. If there are many, find out who sends them.";
    ProblemsCleared "PROBLEMS_CLEARED" Info
        "{other} acknowledged open problems: {value}."
        "Nothing to do. Each run looks at them again, and raises those whose codes change.";
    DeadLettersReplayed "DEAD_LETTERS_REPLAYED" Info
        "{other} sent dead letters back to their queues ({field}): {value}."
        "Nothing to do. A message that fails five times again returns to the dead-letter queue.";
}

impl Code {
    fn text(self) -> &'static Text {
        &TEXTS[self as usize]
    }

    /// Returns the code as the log and the API name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.text().name
    }

    /// Returns the code's level.
    #[must_use]
    pub fn level(self) -> Level {
        self.text().level
    }

    /// Returns the code with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == name)
    }

    /// Returns the message: one sentence with the problem or the event.
    #[must_use]
    pub fn message(self, context: &Context) -> String {
        fill(self.text().message, context)
    }

    /// Returns the suggestion: one sentence with the remedy.
    #[must_use]
    pub fn suggestion(self, context: &Context) -> String {
        fill(self.text().suggestion, context)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::parse(&name).ok_or_else(|| {
            de::Error::custom(format!("{name:?} is not a code of the Integration Log"))
        })
    }
}

/// The values that a code's sentences name: the record, the field, the value, and anyone or anything else concerned.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    /// The Salesforce or portal record, e.g. `Opportunity "Acme - 12" (006…)`.
    #[serde(rename = "r", default, skip_serializing_if = "String::is_empty")]
    pub record: String,
    /// The field's label and API name, e.g. `Stage (StageName)`.
    #[serde(rename = "f", default, skip_serializing_if = "String::is_empty")]
    pub field: String,
    /// The value that was read.
    #[serde(rename = "v", default, skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// Another record, a user, or the value that would be right.
    #[serde(rename = "o", default, skip_serializing_if = "String::is_empty")]
    pub other: String,
}

/// Fills in the template in one pass, so that a value with braces is never filled in again.
fn fill(template: &str, context: &Context) -> String {
    let mut out = String::with_capacity(template.len() + 80);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        out.push_str(match name {
            "record" => &context.record,
            "field" => &context.field,
            "value" => &context.value,
            _ => &context.other,
        });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests;
