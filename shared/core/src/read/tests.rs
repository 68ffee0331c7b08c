//! Reading from an org that lacks or hides something.

mod org;

use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::{SalesforceObject, run::RunId};
use org::{Org, missing};

fn paths(names: &[&str]) -> Vec<FieldPath> {
    names
        .iter()
        .map(|name| FieldPath::parse(name).unwrap())
        .collect()
}

async fn read(
    org: &Org,
    object: SalesforceObject,
    columns: &mut Columns,
) -> Result<(), SalesforceError> {
    loop {
        match org.records(object, &[], &columns.asked()).await {
            Ok(_) => return Ok(()),
            Err(error) => columns.go_without(org, error).await?,
        }
    }
}

/// Returns the fields that an Opportunity's query leaves out, as `path: object.field`.
async fn left_out(
    org: &Org,
    needed: &[&str],
    wanted: &[&str],
) -> Result<Vec<String>, SalesforceError> {
    let mut columns = Columns::new("Opportunity", paths(needed), paths(wanted));
    read(org, SalesforceObject::Opportunity, &mut columns).await?;
    Ok(said(&columns))
}

fn said(columns: &Columns) -> Vec<String> {
    columns
        .left_out()
        .iter()
        .map(|one| format!("{}: {}.{}", one.path, one.object, one.field))
        .collect()
}

#[tokio::test]
async fn a_query_that_is_answered_costs_no_describe() {
    let org = Org::new();

    let out = left_out(&org, &["Name"], &["Account.Owner.Email", "Region__c"]).await;

    assert_eq!(out, Ok(vec![]));
    assert_eq!((org.descriptions().len(), org.queries()), (0, 1));
}

#[tokio::test]
async fn of_a_field_that_several_objects_have_only_the_missing_one_is_left_out() {
    let all = [
        "Region__c",
        "Account.Region__c",
        "Owner.Region__c",
        "OWNER.email",
    ];

    let out = left_out(&Org::new(), &["Name"], &all).await;

    assert_eq!(out, Ok(vec!["Owner.Region__c: User.Region__c".to_owned()]));
    let out = left_out(
        &Org::new().hide("Account", "Region__c"),
        &["Region__c"],
        &all,
    )
    .await;
    assert_eq!(
        out,
        Ok(vec![
            "Account.Region__c: Account.Region__c".to_owned(),
            "Owner.Region__c: User.Region__c".to_owned()
        ])
    );
}

#[tokio::test]
async fn a_relationship_that_is_missing_in_the_middle_is_found_with_its_object() {
    let all = [
        "Account.Rep__r.Email__c",
        "Rep__r.Email__c",
        "Owner.Profile.Name",
        "Account.Name",
    ];
    let org = Org::new()
        .hide("Account", "Rep__c")
        .hide("User", "ProfileId");

    let out = left_out(&org, &[], &all).await;

    assert_eq!(
        out,
        Ok(vec![
            "Account.Rep__r.Email__c: Account.Rep__r".to_owned(),
            "Owner.Profile.Name: User.Profile".to_owned()
        ])
    );
    assert_eq!(org.queries(), 2);
}

#[tokio::test]
async fn an_object_that_is_hidden_as_a_whole_takes_its_paths_out() {
    let mut org = Org::new();
    org.objects.retain(|(name, _)| *name != "Partner_Rep__c");

    let out = left_out(
        &org,
        &[],
        &["Rep__r.Email__c", "Rep__r.User__r.Name", "Name"],
    )
    .await;

    assert_eq!(
        out,
        Ok(vec![
            "Rep__r.Email__c: Partner_Rep__c.Email__c".to_owned(),
            "Rep__r.User__r.Name: Partner_Rep__c.User__r".to_owned()
        ])
    );
}

#[tokio::test]
async fn an_object_that_is_hidden_itself_is_refused_without_a_describe() {
    let org = Org::new();
    let mut columns = Columns::new("Lead", vec![], paths(&["Name"]));

    let fault = columns
        .go_without(&org, missing("Lead", OBJECT_ITSELF))
        .await;

    assert_eq!(fault, Err(missing("Lead", "Id")));
    assert_eq!(org.descriptions(), Vec::<String>::new());
}

#[tokio::test]
async fn a_contact_s_field_is_found_through_the_contact_roles() {
    let org = Org::new().hide("Contact", "Email");
    let all = [
        "OpportunityContactRoles.Contact.Email",
        "OpportunityContactRoles.Contact.Name",
    ];

    let out = left_out(&org, &[], &all).await;

    assert_eq!(
        out,
        Ok(vec![
            "OpportunityContactRoles.Contact.Email: Contact.Email".to_owned()
        ])
    );
}

#[tokio::test]
async fn a_needed_field_is_refused_with_its_own_object_and_another_fault_as_it_is() {
    let org = Org::new().hide("User", "Email");

    let out = left_out(&org, &["owner.EMAIL"], &["Name"]).await;

    assert_eq!(out, Err(missing("User", "EMAIL")));
    let mut columns = Columns::new("Opportunity", vec![], paths(&["Name"]));
    let fault = columns
        .go_without(&org, SalesforceError::LocatorExpired)
        .await;
    assert_eq!(fault, Err(SalesforceError::LocatorExpired));
}

#[tokio::test]
async fn what_describe_has_and_a_query_refuses_is_found_by_the_refusal_s_own_words() {
    let mut org = Org::new();
    org.contrary = Some(("Name", "Region__c"));
    org.objects
        .iter_mut()
        .filter(|(name, _)| *name == "Group")
        .for_each(|(_, fields)| fields.push("Region__c"));
    let mut columns = Columns::new(
        "Lead",
        vec![],
        paths(&["Region__c", "Owner.Region__c", "Owner.Name"]),
    );

    read(&org, SalesforceObject::Lead, &mut columns)
        .await
        .unwrap();

    assert_eq!(said(&columns), ["Owner.Region__c: Group or User.Region__c"]);
}

#[tokio::test]
async fn a_refusal_that_nothing_explains_comes_back_as_it_is() {
    let mut columns = Columns::new("Opportunity", vec![], paths(&["Name", "Account.Name"]));

    let fault = columns
        .go_without(&Org::new(), missing("Asset", "Serial__c"))
        .await;

    assert_eq!(fault, Err(missing("Asset", "Serial__c")));
}

#[tokio::test]
async fn what_one_batch_of_a_run_found_unreadable_the_next_leaves_out_at_once() {
    let org = Org::new().hide("Account", "Region__c");
    let at = |second| Timestamp::from_second(second).unwrap();
    let batch = async |run: u32, second: i64| {
        org.schema.begin(RunId::new(run), at(second));
        let mut columns = Columns::new(
            "Opportunity",
            paths(&["Name"]),
            paths(&["Account.Region__c"]),
        );
        columns.recall(&org);
        let before = org.queries();
        read(&org, SalesforceObject::Opportunity, &mut columns)
            .await
            .unwrap();
        assert_eq!(said(&columns), ["Account.Region__c: Account.Region__c"]);
        (org.queries() - before, org.descriptions().len())
    };

    assert_eq!(batch(1, 0).await, (2, 2));
    assert_eq!(batch(1, 60).await, (1, 2));
    // Another run checks whether it was mended.
    assert_eq!(batch(2, 61).await, (2, 4));
}

#[tokio::test]
async fn what_is_known_is_asked_for_again_when_it_does_not_explain_a_refusal() {
    let org = Org::new();
    org.schema.begin(RunId::new(1), Timestamp::UNIX_EPOCH);
    for object in ["Opportunity", "Account"] {
        org.schema.learn(object, org.fields(object).map(Into::into));
    }
    let org = org.hide("Account", "Region__c");
    let mut columns = Columns::new(
        "Opportunity",
        vec![],
        paths(&["Account.Region__c", "Region__c"]),
    );
    columns.recall(&org);

    read(&org, SalesforceObject::Opportunity, &mut columns)
        .await
        .unwrap();

    assert_eq!(said(&columns), ["Account.Region__c: Account.Region__c"]);
}

#[test]
fn each_step_s_lookup_is_asked_for_once() {
    let fields = [
        "Account.Owner.Email",
        "account.Name",
        "Rep__r.User__r.Name",
        "Boss__pr.Name",
        "RepId",
    ];
    let asked: Vec<String> = Columns::new("Opportunity", paths(&["AccountID"]), paths(&fields))
        .asked()
        .iter()
        .map(ToString::to_string)
        .collect();

    assert_eq!(
        asked[6..],
        ["Account.OwnerId", "Rep__c", "Rep__r.User__c", "Boss__pc"]
    );
}

#[tokio::test]
async fn a_lookup_with_a_name_of_its_own_is_found_and_tells_hidden_from_blank() {
    let org = Org::new();
    let path = FieldPath::parse("Strange__r.Email").unwrap();
    let mut columns = Columns::new("Opportunity", vec![], [path.clone()]);

    read(&org, SalesforceObject::Opportunity, &mut columns)
        .await
        .unwrap();

    assert_eq!(
        columns.asked(),
        paths(&["Strange__r.Email", "Odd_Lookup__c"])
    );
    // The next batch knows it.
    let mut next = Columns::new("Opportunity", vec![], [path.clone()]);
    next.recall(&org);
    assert_eq!(next.asked(), columns.asked());
    let row = |id: Value| {
        let row = json!({ "Strange__r": null, "Odd_Lookup__c": id });
        columns
            .settle(vec![serde_json::from_value(row).unwrap()])
            .remove(0)
    };
    let hidden = HiddenParent {
        relationship: "Strange__r",
        id: "005000000000001AAA",
    };
    assert_eq!(
        row(json!("005000000000001AAA")).reading(&path),
        Reading::Hidden(hidden)
    );
    assert_eq!(
        row(json!(null)).reading(&path),
        Reading::Value(&Value::Null)
    );
}

#[test]
fn a_parent_that_is_set_and_cannot_be_read_is_hidden_at_whatever_depth() {
    let reading = |row: Value, path: &str| -> String {
        let row: Row = serde_json::from_value(row).unwrap();
        let path = FieldPath::parse(path).unwrap();
        match row.reading(&path) {
            Reading::Value(value) => value.to_string(),
            Reading::Hidden(parent) => format!("{} {}", parent.relationship, parent.id),
            Reading::NotRead => "not read".to_owned(),
        }
    };
    let of_account = |account: Value| json!({ "AccountId": "001A", "Account": account });

    for (row, path, expected) in [
        (
            json!({ "AccountId": "001A", "Account": null }),
            "Account.Name",
            "Account 001A",
        ),
        (
            json!({ "AccountId": "001A", "Account": null }),
            "account.owner.email",
            "account 001A",
        ),
        (
            json!({ "AccountId": null, "Account": null }),
            "Account.Name",
            "null",
        ),
        (json!({ "Account": null }), "Account.Name", "null"),
        (of_account(json!({ "Name": null })), "Account.Name", "null"),
        (
            of_account(json!({ "Name": "Acme" })),
            "Account.Name",
            "\"Acme\"",
        ),
        (
            of_account(json!({ "Rep__c": "a01B", "Rep__r": null })),
            "Account.Rep__r.Email",
            "Account.Rep__r a01B",
        ),
        (
            of_account(json!({ "Rep__c": null, "Rep__r": null })),
            "Account.Rep__r.Email",
            "null",
        ),
        (
            of_account(json!({ "Name": "Acme" })),
            "Account.Region__c",
            "not read",
        ),
        (json!({ "Name": null }), "Account.Name", "not read"),
        (json!({ "Name": null }), "NAME", "null"),
    ] {
        assert_eq!(reading(row.clone(), path), expected, "{row} {path}");
    }
}
