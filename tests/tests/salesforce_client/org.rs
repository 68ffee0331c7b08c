//! An org of generated records, and changes to it.

use std::{fmt::Write as _, fs, sync::Arc};

use dealbridge_core::{
    SalesforceId, SalesforceObject, SystemModstamp,
    salesforce::{Deleted, FieldPath, Listing, Page, Row, Salesforce, SalesforceError},
};
use dealbridge_salesforce::{
    Clock, Connection, Credentials, RetryPolicy, SalesforceClient, Timeouts, http_client,
};
use jiff::Timestamp;
use salesforce_simulator::{
    Declarations, DeclaredType, OrgFolder, OrgHandle, OrgOptions, OrgServer,
};
use serde_json::{Value, json};

/// Flagged records that need two pages.
pub(crate) const MANY: usize = 2_100;

pub(crate) fn clock() -> Clock {
    Arc::new(|| Timestamp::from_second(1_795_255_200).unwrap())
}

pub(crate) fn id(text: &str) -> SalesforceId {
    SalesforceId::parse(text).unwrap()
}

pub(crate) fn opportunity(number: usize) -> SalesforceId {
    id(&format!("006dM{number:010}"))
}

pub(crate) fn field(path: &str) -> FieldPath {
    FieldPath::parse(path).unwrap()
}

/// An org of that many Opportunities: every second one flagged, runs of seven with one system modstamp, every fifth
/// without an Account, and all but every third with two Contact Roles.
pub(crate) async fn org_of(opportunities: usize, options: OrgOptions) -> OrgHandle {
    const STAMP: &str = "2026-03-01T08:00:00.000+0000";
    let mut rows = "Id,AccountId,Name,StageName,CloseDate,Export__c,SystemModstamp\n".to_owned();
    let mut roles = "Id,OpportunityId,ContactId,Role,IsPrimary\n".to_owned();
    for number in 0..opportunities {
        let account = if number % 5 == 0 {
            ""
        } else {
            "001dM0000000001"
        };
        let flag = number % 2 == 0;
        // Seven rows in a row share a second, and the seconds do not follow the ids.
        let second = (number * 37 % opportunities) / 7;
        writeln!(
            rows,
            "{},{account},Deal {number},Prospecting,2026-06-01,{flag},2026-05-{:02}T{:02}:{:02}:00.000+0000",
            opportunity(number),
            1 + second / 1440,
            second / 60 % 24,
            second % 60,
        )
        .unwrap();
        for role in 0..if number % 3 == 0 { 0 } else { 2 } {
            writeln!(
                roles,
                "{},{},003dM0000000001,Evaluator,{}",
                id(&format!("00KdM{:010}", number * 2 + role)),
                opportunity(number),
                role == 0
            )
            .unwrap();
        }
    }
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in [
        (
            "Account.csv",
            format!("Id,Name,SystemModstamp\n001dM0000000001,Acme,{STAMP}\n"),
        ),
        (
            "Contact.csv",
            format!(
                "Id,AccountId,FirstName,LastName,Email,SystemModstamp\n003dM0000000001,001dM0000000001,Ada,Byron,ada@acme.example,{STAMP}\n"
            ),
        ),
        ("Opportunity.csv", rows),
        ("OpportunityContactRole.csv", roles),
    ] {
        fs::write(folder.path().join(file), text).unwrap();
    }
    let declared = Declarations::default().with("Opportunity", "Export__c", DeclaredType::Checkbox);
    OrgServer::start(OrgFolder::load(folder.path(), &declared).unwrap(), options)
        .await
        .unwrap()
}

pub(crate) fn client_as(org: &OrgHandle, credentials: Credentials) -> SalesforceClient {
    SalesforceClient::new(
        Connection::parse(org.instance_url()).unwrap(),
        credentials,
        http_client(Timeouts::default()).unwrap(),
        clock(),
    )
    .unwrap()
    .with_retry_policy(RetryPolicy {
        first_pause: std::time::Duration::ZERO,
        longest_pause: std::time::Duration::ZERO,
        ..RetryPolicy::default()
    })
}

pub(crate) fn client_of(org: &OrgHandle) -> SalesforceClient {
    client_as(
        org,
        Credentials::ClientCredentials {
            client_id: org.client().id.clone(),
            client_secret: org.client().secret.clone(),
        },
    )
}

pub(crate) async fn admin(org: &OrgHandle, name: &str, body: Value) {
    let answer = http_client(Timeouts::default())
        .unwrap()
        .post(format!("{}/_org/{name}", org.instance_url()))
        .body(body.to_string())
        .header("content-type", "application/json")
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_success(), "{name}: {}", answer.status());
}

pub(crate) async fn fail(org: &OrgHandle, what: Value) {
    let mut body = json!({ "match": "/query", "times": 1 });
    body.as_object_mut()
        .unwrap()
        .extend(what.as_object().unwrap().clone());
    admin(org, "fail", body).await;
}

pub(crate) fn flagged() -> Listing {
    Listing {
        object: SalesforceObject::Opportunity,
        fields: vec![field("Export__c")],
        flag: Some(field("Export__c")),
        since: None,
        before: None,
        after: None,
        up_to: None,
        deleted: Deleted::Left,
    }
}

pub(crate) async fn pages(
    client: &SalesforceClient,
    listing: &Listing,
) -> Result<Vec<Page>, SalesforceError> {
    let mut page = client.list(listing).await?;
    let mut pages = Vec::new();
    loop {
        let next = page.next.clone();
        pages.push(page);
        match next {
            Some(next) => page = client.next(&next).await?,
            None => return Ok(pages),
        }
    }
}

pub(crate) async fn rows(
    client: &SalesforceClient,
    listing: &Listing,
) -> Result<Vec<Row>, SalesforceError> {
    let pages = pages(client, listing).await?;
    Ok(pages.into_iter().flat_map(|page| page.rows).collect())
}

pub(crate) fn place(row: &Row) -> (SystemModstamp, SalesforceId) {
    (row.stamp().unwrap(), row.id().unwrap())
}
