//! Keys, attribute names and conditions of the three tables, in one place.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use dealbridge_core::{
    Email, SalesforceId,
    message::Note,
    people::member::{MemberId, MemberKind},
    receipt::ReceiptKey,
    record::{RecordId, RecordKind},
    run::{DEAL_REGISTRATION, RunId},
};

/// The partition key of every table.
pub const PK: &str = "pk";
/// The sort key of the Log table.
pub const SK: &str = "sk";
/// The version of an item, raised by each change. A conditional write names the version that was read.
pub const VERSION: &str = "version";
/// The time after which an item may be removed (DynamoDB's time to live, in Unix seconds).
pub const EXPIRES_AT: &str = "expires_at";

/// The number of items that a run's counts are spread over, so that concurrent workers do not contend for one item.
pub const COUNTER_SHARDS: usize = 8;

const ORGANIZATION: &str = "ORGANIZATION#";
const EMAIL: &str = "EMAIL#";
const CLAIM: &str = "SF#";
const PROBLEM: &str = "PROBLEM#";
/// The sort key of a run, beside its counters and entries.
pub const RUN: &str = "RUN";

/// A key or an item.
pub type Attributes = HashMap<String, AttributeValue>;

fn one(pk: String) -> Attributes {
    HashMap::from([(PK.to_owned(), AttributeValue::S(pk))])
}

fn two(pk: String, sk: String) -> Attributes {
    HashMap::from([
        (PK.to_owned(), AttributeValue::S(pk)),
        (SK.to_owned(), AttributeValue::S(sk)),
    ])
}

/// Prefix of the keys of one kind of record.
#[must_use]
pub fn record_prefix(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::Deal => "DEAL#",
        RecordKind::Lead => "LEAD#",
        RecordKind::Referral => "REFERRAL#",
    }
}

/// Records: a linkable record.
#[must_use]
pub fn record(id: &RecordId) -> Attributes {
    one(format!("{}{}", record_prefix(id.kind()), id.id()))
}

/// Prefix of the keys of one kind of member.
#[must_use]
pub fn member_prefix(kind: MemberKind) -> &'static str {
    match kind {
        MemberKind::Organization => ORGANIZATION,
        MemberKind::Group => "GROUP#",
        MemberKind::User => "USER#",
        MemberKind::Contact => "CONTACT#",
    }
}

/// Records: an Organization, Group, User or Contact.
#[must_use]
pub fn member(id: &MemberId) -> Attributes {
    member_of(id.kind(), id.id())
}

fn member_of(kind: MemberKind, id: &str) -> Attributes {
    one(format!("{}{id}", member_prefix(kind)))
}

/// The member in a partition key; none if the key is of another kind.
#[must_use]
pub fn member_id(pk: &str) -> Option<MemberId> {
    MemberKind::ALL
        .into_iter()
        .find_map(|kind| MemberId::new(kind, pk.strip_prefix(member_prefix(kind))?).ok())
}

/// Records: a portal user.
#[must_use]
pub fn user(id: &str) -> Attributes {
    member_of(MemberKind::User, id)
}

/// Records: a group.
#[must_use]
pub fn group(id: &str) -> Attributes {
    member_of(MemberKind::Group, id)
}

/// Records: an organization.
#[must_use]
pub fn organization(id: &str) -> Attributes {
    member_of(MemberKind::Organization, id)
}

/// Returns `true` for the partition key of an Organization.
#[must_use]
pub fn is_organization(pk: &str) -> bool {
    pk.starts_with(ORGANIZATION)
}

/// Records: the users and contacts with an e-mail address.
#[must_use]
pub fn email(email: &Email) -> Attributes {
    one(format!("{EMAIL}{email}"))
}

/// The address in the partition key of an e-mail address.
#[must_use]
pub fn address(pk: &str) -> Option<&str> {
    pk.strip_prefix(EMAIL)
}

/// Records: the integration's settings.
#[must_use]
pub fn settings() -> Attributes {
    one(format!("SETTINGS#{DEAL_REGISTRATION}"))
}

/// Log: a version of the settings that was replaced.
#[must_use]
pub fn settings_version(version: u64) -> Attributes {
    // Twenty digits: every version has as many, so that they stand in their order.
    two(
        format!("SETTINGS#{DEAL_REGISTRATION}"),
        format!("VERSION#{version:020}"),
    )
}

/// Records: the version of the portal's people, raised by each change of a user, group, organization or contact.
#[must_use]
pub fn directory() -> Attributes {
    one("DIRECTORY".to_owned())
}

/// Prefix of the claims of an org.
#[must_use]
pub fn claim_prefix(org: SalesforceId) -> String {
    format!("{CLAIM}{org}#")
}

/// Returns `true` for the partition key of a claim.
#[must_use]
pub fn is_claim(pk: &str) -> bool {
    pk.starts_with(CLAIM)
}

/// The org in a claim's partition key.
#[must_use]
pub fn org_of_claim(pk: &str) -> Option<SalesforceId> {
    let org = pk.strip_prefix(CLAIM)?.split('#').next()?;
    SalesforceId::parse(org).ok()
}

/// Links: the claim of a Salesforce record.
#[must_use]
pub fn claim(org: SalesforceId, id: SalesforceId) -> Attributes {
    claim_at(&claim_place(org, id))
}

/// The place of a claim in the Links table.
#[must_use]
pub fn claim_place(org: SalesforceId, id: SalesforceId) -> String {
    format!("{}{id}", claim_prefix(org))
}

/// Links: the item at that place.
#[must_use]
pub fn claim_at(place: &str) -> Attributes {
    one(place.to_owned())
}

/// The index of the Links table over the suppressed claims.
pub const SUPPRESSIONS: &str = "suppressions";
/// Its partition key: the org of a suppressed claim. No other claim has it.
pub const SUPPRESSED_IN: &str = "suppressed_in";
/// Its sort key: the time of the suppression.
pub const SUPPRESSED_AT: &str = "suppressed_at";

/// Links: the place of a suppressed claim in the index.
#[must_use]
pub fn suppressed(org: SalesforceId, at: jiff::Timestamp) -> Attributes {
    HashMap::from([
        (SUPPRESSED_IN.to_owned(), AttributeValue::S(org.to_string())),
        // Of one length, so that texts are in the order of times.
        (
            SUPPRESSED_AT.to_owned(),
            AttributeValue::S(format!("{at:.9}")),
        ),
    ])
}

/// Log: partition of the open problems of an org.
#[must_use]
pub fn problems(org: SalesforceId) -> String {
    format!("{PROBLEM}{org}")
}

/// Returns `true` for the partition key of an open problem.
#[must_use]
pub fn is_problem(pk: &str) -> bool {
    pk.starts_with(PROBLEM)
}

/// Log: the open problem of an Opportunity.
#[must_use]
pub fn problem(org: SalesforceId, id: SalesforceId) -> Attributes {
    two(problems(org), id.to_string())
}

/// Log: partition of the open send problems of records.
pub const SEND_PROBLEMS: &str = "SEND_PROBLEMS";

/// Log: the open send problem of a record.
#[must_use]
pub fn send_problem(record: &RecordId) -> Attributes {
    let place = format!("{}/{}", record.kind().as_str(), record.id());
    two(SEND_PROBLEMS.to_owned(), place)
}

/// Log: the task of a Sync Now.
#[must_use]
pub fn task(id: &str) -> Attributes {
    two(format!("TASK#{id}"), "TASK".to_owned())
}

/// Attribute: the runs that have counted a Salesforce record.
pub const RUNS: &str = "runs";

/// Log: runs that have counted a Salesforce record, beyond those that its claim and open problem name.
#[must_use]
pub fn counted_before(org: SalesforceId, id: SalesforceId) -> Attributes {
    two(format!("COUNTED#{org}"), id.to_string())
}

/// Log: a Salesforce record that was reported as created and not linked.
#[must_use]
pub fn orphan(org: SalesforceId, id: SalesforceId) -> Attributes {
    two(format!("ORPHAN#{org}"), id.to_string())
}

/// Log: partition of a run.
#[must_use]
pub fn run_partition(run: RunId) -> String {
    format!("RUN#{run}")
}

/// Log: a run.
#[must_use]
pub fn run(run: RunId) -> Attributes {
    two(run_partition(run), RUN.to_owned())
}

/// Log: one shard of a run's counts.
#[must_use]
pub fn counter(run: RunId, shard: usize) -> Attributes {
    two(run_partition(run), format!("COUNT#{shard}"))
}

/// Prefix of entries within their partition.
pub const ENTRY_PREFIX: &str = "ENTRY#";

/// Log: a packed entry of a run.
#[must_use]
pub fn entry(run: RunId, id: &str) -> Attributes {
    two(run_partition(run), format!("{ENTRY_PREFIX}{id}"))
}

/// Log: the ids that the last checkpoint of a run's listing was about to enqueue.
#[must_use]
pub fn unsent(run: RunId) -> Attributes {
    two(run_partition(run), "UNSENT".to_owned())
}

fn integration(sk: &str) -> Attributes {
    two(format!("INTEGRATION#{DEAL_REGISTRATION}"), sk.to_owned())
}

/// Log: the lease, which holds the number of the latest run.
#[must_use]
pub fn lease() -> Attributes {
    integration("LEASE")
}

/// Attribute of the lease: the number of the run after which a full one is to end well.
pub const FULL_WANTED: &str = "full_wanted";

/// Log: the watermark up to which incremental runs have read.
#[must_use]
pub fn watermark() -> Attributes {
    integration("MARK")
}

/// Log: present once any record was linked to a Salesforce Lead.
#[must_use]
pub fn lead_links() -> Attributes {
    integration("LEAD_LINKS")
}

/// Log: the latest change of the connected org.
#[must_use]
pub fn org_change() -> Attributes {
    integration("ORG_CHANGE")
}

/// Log: partition of the calls of Salesforce by the hour.
pub const CALLS: &str = "CALLS";

/// Prefix of hours within their partition.
pub const HOUR_PREFIX: &str = "HOUR#";

/// Log: the calls of the hour of that time.
#[must_use]
pub fn hour_of_calls(at: jiff::Timestamp) -> Attributes {
    two(CALLS.to_owned(), format!("{HOUR_PREFIX}{}", hour(at)))
}

/// The hour of a time, as keys order it: `2026-11-26T21`.
fn hour(at: jiff::Timestamp) -> String {
    at.to_string().chars().take(13).collect()
}

/// Log: the latest warning of a budget that is nearly spent.
#[must_use]
pub fn budget_warning() -> Attributes {
    two(CALLS.to_owned(), "WARNED".to_owned())
}

/// Log: the receipt of a write, by its idempotency key.
#[must_use]
pub fn receipt(key: &ReceiptKey) -> Attributes {
    two(
        format!("OP#{}#{}", key.caller, key.key),
        "RECEIPT".to_owned(),
    )
}

/// Log: the place of a list that a cursor names by this id.
#[must_use]
pub fn list_place(id: &str) -> Attributes {
    two(format!("PLACE#{id}"), "PLACE".to_owned())
}

/// Log: partition of the actions of administrators and the push worker in a month (RFC 3339, UTC).
#[must_use]
pub fn actions(at: jiff::Timestamp) -> String {
    let month: String = at.to_string().chars().take(7).collect();
    format!("ACTIONS#{month}")
}

/// Log: partition of the actions of a month, 1 being January.
#[must_use]
pub fn actions_of(year: u32, month: u32) -> String {
    format!("ACTIONS#{year:04}-{month:02}")
}

/// Log: an entry of an action.
#[must_use]
pub fn action(at: jiff::Timestamp, id: &str) -> Attributes {
    two(actions(at), format!("{ENTRY_PREFIX}{id}"))
}

/// Log: partition of the audit rows of a record.
#[must_use]
pub fn audit_partition(id: &RecordId) -> String {
    format!("RECORD#{}/{}", id.kind().as_str(), id.id())
}

/// Prefix of audit rows within their partition.
pub const AUDIT_PREFIX: &str = "AUDIT#";

/// Log: one audit row of a record.
#[must_use]
pub fn audit(id: &RecordId, act: &str) -> Attributes {
    two(audit_partition(id), format!("{AUDIT_PREFIX}{act}"))
}

/// Log: partition of the requests that are to be delivered to Salesforce.
pub const OUTBOX: &str = "OUTBOX";

/// Log: partition of outbox notes that cannot be read.
pub const OUTBOX_ASIDE: &str = "OUTBOX_ASIDE";

/// Log: the outbox note of a request: a pending write by its Salesforce record, a create by its record and the record's
/// life, a Sync Now by its record.
#[must_use]
pub fn outbox(note: &Note) -> Attributes {
    let of = |act: &str, id: &RecordId| format!("{act}#{}/{}", id.kind().as_str(), id.id());
    match note {
        Note::Write(salesforce) => outbox_note(salesforce.as_str()),
        Note::Create(record, 1) => outbox_note(&of("CREATE", record)),
        Note::Create(record, life) => outbox_note(&format!("{}#{life}", of("CREATE", record))),
        Note::Sync(record) => outbox_note(&of("SYNC", record)),
    }
}

/// Log: an outbox note by its sort key, even one that cannot be parsed.
#[must_use]
pub fn outbox_note(key: &str) -> Attributes {
    two(OUTBOX.to_owned(), key.to_owned())
}
