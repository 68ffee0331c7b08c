//! Single rows: create, read, update, delete.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{DATA, Org, account, answer, contact, id, lead, opportunity, role};

pub(crate) fn path(object: &str, id: &str) -> String {
    format!("{DATA}/sobjects/{object}/{id}")
}

#[tokio::test]
async fn a_created_row_is_there_with_its_defaults_and_stamps() {
    let org = Org::small().await;
    let before = org.handle.now();

    let created = org
        .post(
            &format!("{DATA}/sobjects/Opportunity/"),
            json!({ "Name": "Springs", "StageName": "Negotiation/Review", "CloseDate": "2026-05-01", "Amount": "12.5", "AccountId": account(1) }),
        )
        .await;

    assert_eq!(created.status, 201, "{}", created.body);
    let new = created.body["id"].as_str().expect("an id");
    assert_eq!(
        created.body,
        json!({ "id": new, "success": true, "errors": [] })
    );
    assert_eq!(created.header("location"), path("Opportunity", new));
    let row = org.row("Opportunity", new).await;
    let shown: Vec<&Value> = [
        "Amount",
        "Probability",
        "IsClosed",
        "IsWon",
        "ExpectedRevenue",
        "ForecastCategoryName",
        "IsPrivate",
        "Description",
        "Fiscal",
    ]
    .iter()
    .map(|field| &row[field])
    .collect();
    assert_eq!(
        json!(shown),
        json!([
            12.5, 90.0, false, false, 11.25, "Pipeline", false, null, "2026 2"
        ])
    );
    assert_eq!(row["SystemModstamp"], row["CreatedDate"]);
    assert!(org.handle.now() > before);
}

#[tokio::test]
async fn bad_values_are_refused_with_code_text_and_field() {
    let org = Org::small().await;
    let base = json!({ "Name": "Springs", "StageName": "Prospecting", "CloseDate": "2026-05-01" });
    let cases = [
        (
            "Opportunity",
            json!({ "Name": null }),
            "REQUIRED_FIELD_MISSING",
            "Required fields are missing: [Name]",
            json!(["Name"]),
        ),
        (
            "Opportunity",
            json!({ "Foo": 1 }),
            "INVALID_FIELD",
            "No such column 'Foo' on sobject of type Opportunity",
            Value::Null,
        ),
        (
            "Opportunity",
            json!({ "Name": "x".repeat(121) }),
            "STRING_TOO_LONG",
            "(max length=120)",
            json!(["Name"]),
        ),
        (
            "Opportunity",
            json!({ "IsClosed": true }),
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            "Unable to create/update fields: IsClosed.",
            json!(["IsClosed"]),
        ),
        (
            "Opportunity",
            json!({ "Id": opportunity(9) }),
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            "cannot specify Id in an insert call",
            json!(["Id"]),
        ),
        (
            "Opportunity",
            json!({ "AccountId": contact(1) }),
            "MALFORMED_ID",
            "Account ID: id value of incorrect type",
            json!(["AccountId"]),
        ),
        (
            "Opportunity",
            json!({ "AccountId": "nonsense" }),
            "MALFORMED_ID",
            "Account ID: id value of incorrect type",
            json!(["AccountId"]),
        ),
        (
            "Opportunity",
            json!({ "AccountId": id("001", 99) }),
            "INVALID_CROSS_REFERENCE_KEY",
            "invalid cross reference id",
            json!([]),
        ),
        (
            "Opportunity",
            json!({ "CloseDate": "soon" }),
            "JSON_PARSER_ERROR",
            "Cannot deserialize instance of date",
            Value::Null,
        ),
        (
            "Opportunity",
            json!({ "Amount": "much" }),
            "JSON_PARSER_ERROR",
            "Cannot deserialize instance of double",
            Value::Null,
        ),
        (
            "Contact",
            json!({ "LastName": "A", "Name": null }),
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            "Name",
            json!(["Name"]),
        ),
        (
            "Contact",
            json!({ "LastName": "A", "Email": "badone" }),
            "INVALID_EMAIL_ADDRESS",
            "Email: invalid email address: badone",
            json!(["Email"]),
        ),
        (
            "Lead",
            json!({ "LastName": "A", "Company": "B", "Status": "Closed - Converted" }),
            "INVALID_STATUS",
            "convertLead",
            json!(["Status"]),
        ),
    ];

    for (object, change, code, message, fields) in cases {
        let mut body = if object == "Opportunity" {
            base.clone()
        } else {
            json!({})
        };
        for (key, value) in change.as_object().expect("an object") {
            body[key] = value.clone();
        }
        let refused = org.post(&format!("{DATA}/sobjects/{object}"), body).await;
        assert_eq!(
            (refused.status, refused.code()),
            (400, code),
            "{change}: {}",
            refused.body
        );
        assert!(
            refused.body[0]["message"]
                .as_str()
                .unwrap_or_default()
                .contains(message),
            "{change}: {}",
            refused.body
        );
        assert_eq!(
            refused.body[0].get("fields").cloned().unwrap_or_default(),
            fields,
            "{change}"
        );
    }
    assert_eq!(
        org.query("SELECT COUNT() FROM Contact").await.body["totalSize"],
        3
    );
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let org = Org::small().await;
    let request = |body: &'static str| {
        org.request(Method::POST, &format!("{DATA}/sobjects/Lead"))
            .body(body)
    };

    for body in ["", "{", "[]", "null"] {
        let refused = answer(request(body)).await;
        assert_eq!(
            (refused.status, refused.code()),
            (400, "JSON_PARSER_ERROR"),
            "{body}"
        );
    }
}

#[tokio::test]
async fn an_update_moves_the_stamps_of_its_row_and_of_no_other() {
    let org = Org::small().await;
    let (before, parent) = (
        org.row("Opportunity", &opportunity(1)).await,
        org.row("Account", &account(1)).await,
    );

    let updated = org
        .patch(
            &path("Opportunity", &opportunity(1)[..15]),
            json!({ "StageName": "Closed Won" }),
        )
        .await;

    let row = org.row("Opportunity", &opportunity(1)).await;
    assert_eq!((updated.status, updated.body), (204, Value::Null));
    assert!(row["SystemModstamp"].as_str() > before["SystemModstamp"].as_str());
    assert_eq!(row["LastModifiedDate"], row["SystemModstamp"]);
    assert_eq!(
        (&row["IsWon"], &row["Probability"]),
        (&json!(true), &json!(100.0))
    );
    assert_eq!(row["CreatedDate"], before["CreatedDate"]);
    assert_eq!(org.row("Account", &account(1)).await, parent);
}

#[tokio::test]
async fn two_writes_never_share_a_stamp_and_the_date_header_is_later_than_both() {
    let org = Org::small().await;

    let mut stamps = Vec::new();
    for name in ["One", "Two"] {
        org.patch(&path("Account", &account(1)), json!({ "Name": name }))
            .await;
        stamps.push(
            org.row("Account", &account(1)).await["SystemModstamp"]
                .as_str()
                .map(str::to_owned),
        );
    }
    let date = org
        .get(&format!("{DATA}/limits"))
        .await
        .header("date")
        .to_owned();

    assert!(stamps[0] < stamps[1]);
    assert_eq!(date, "Wed, 14 Jan 2026 08:11:04 GMT");
    assert_eq!(stamps[1].as_deref(), Some("2026-01-14T08:11:03.000+0000"));
}

#[tokio::test]
async fn listed_fields_alone_are_read_and_unknown_ones_refused() {
    let org = Org::small().await;

    let row = org
        .get(&format!(
            "{}?fields=Name,BillingAddress",
            path("Account", &account(1))
        ))
        .await;
    let refused = org
        .get(&format!("{}?fields=Name,Foo", path("Account", &account(1))))
        .await;

    let keys: Vec<&String> = row.body.as_object().expect("a row").keys().collect();
    assert_eq!(keys, ["attributes", "Name", "BillingAddress"]);
    assert_eq!(row.body["BillingAddress"]["city"], "Cork");
    assert_eq!((refused.status, refused.code()), (400, "INVALID_FIELD"));
}

#[tokio::test]
async fn a_row_that_is_gone_answers_each_method_in_its_own_way() {
    let org = Org::small().await;
    let here = path("Opportunity", &opportunity(2));

    let deleted = org.delete(&here).await;
    let read = org.get(&here).await;
    let changed = org.patch(&here, json!({ "Name": "x" })).await;
    let again = org.delete(&here).await;
    let never = org.get(&path("Opportunity", &id("006", 77))).await;
    let no_id = org.get(&path("Opportunity", "23foo")).await;
    let no_object = org.get(&format!("{DATA}/sobjects/Nothing")).await;

    assert_eq!(deleted.status, 204);
    let gone =
        json!([{ "message": "entity is deleted", "errorCode": "ENTITY_IS_DELETED", "fields": [] }]);
    assert_eq!((read.status, read.code()), (404, "NOT_FOUND"));
    assert_eq!((changed.status, &changed.body), (404, &gone));
    assert_eq!((again.status, &again.body), (404, &gone));
    assert_eq!((never.status, no_object.status), (404, 404));
    assert_eq!(
        no_id.body,
        json!([{ "message": "Provided external ID field does not exist or is not accessible: 23foo", "errorCode": "NOT_FOUND" }])
    );
}

#[tokio::test]
async fn conditional_headers_guard_reads_and_writes_to_the_second() {
    let org = Org::small().await;
    let here = path("Opportunity", &opportunity(1));
    let since = org.get(&here).await.header("last-modified").to_owned();
    let with = |method: Method, name: &'static str, value: &str| {
        answer(
            org.request(method, &here)
                .header(name, value)
                .json(&json!({ "NextStep": "call" })),
        )
    };

    let unchanged = with(Method::GET, "If-Modified-Since", &since).await;
    let allowed = with(Method::PATCH, "If-Unmodified-Since", &since).await;
    let refused = with(Method::PATCH, "If-Unmodified-Since", &since).await;
    let changed = with(Method::GET, "If-Modified-Since", &since).await;

    assert_eq!(since, "Sat, 10 Jan 2026 08:00:00 GMT");
    assert_eq!((unchanged.status, allowed.status), (304, 204));
    assert_eq!((refused.status, changed.status), (412, 200));
}

#[tokio::test]
async fn a_second_primary_role_clears_the_first_without_touching_the_opportunity() {
    let org = Org::small().await;
    let before = org.row("Opportunity", &opportunity(1)).await;

    let changed = org
        .patch(
            &path("OpportunityContactRole", &role(2)),
            json!({ "IsPrimary": true }),
        )
        .await;

    let after = org.row("Opportunity", &opportunity(1)).await;
    assert_eq!(changed.status, 204);
    assert_eq!(
        org.row("OpportunityContactRole", &role(1)).await["IsPrimary"],
        false
    );
    assert_eq!(
        (&before["ContactId"], &after["ContactId"]),
        (&json!(contact(1)), &json!(contact(2)))
    );
    assert_eq!(before["SystemModstamp"], after["SystemModstamp"]);
}

#[tokio::test]
async fn setup_rows_and_users_cannot_be_deleted() {
    let org = Org::small().await;
    let stage = org
        .column("SELECT Id FROM OpportunityStage LIMIT 1", "Id")
        .await;

    let refused = org
        .delete(&path("OpportunityStage", stage[0].as_str().expect("an id")))
        .await;

    assert_eq!(
        (refused.status, refused.code()),
        (403, "INSUFFICIENT_ACCESS_OR_READONLY")
    );
    assert_eq!(
        org.column(
            "SELECT ApiName FROM LeadStatus WHERE IsConverted = true",
            "ApiName"
        )
        .await,
        ["Closed - Converted"]
    );
    assert_eq!(
        org.row("Lead", &lead(1)).await["Status"],
        "Open - Not Contacted"
    );
}
