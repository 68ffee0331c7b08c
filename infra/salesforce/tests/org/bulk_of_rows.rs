//! Many rows: pages, locators, compression.

use std::path::Path;

use reqwest::Method;
use salesforce_simulator::OrgOptions;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::fixture::{
    Answer, DATA, OPPORTUNITY, Org, answer, contact, opportunity, role, small_folder, write_csv,
};

const ROWS: u32 = 4_500;

/// The small folder with many Opportunities, each with one primary role.
fn large_folder() -> TempDir {
    let folder = small_folder();
    let path: &Path = folder.path();
    let opportunities: Vec<Vec<String>> = (1..=ROWS)
        .map(|number| {
            let stamp = format!(
                "2026-01-10T{:02}:{:02}:00.000+0000",
                number / 60 % 24,
                number % 60
            );
            [
                &opportunity(number),
                "false",
                "",
                &format!("Deal {number}"),
                "text",
                "Prospecting",
                "1",
                "2026-03-31",
                "",
                "true",
                "",
                "",
                &stamp,
                &stamp,
            ]
            .map(str::to_owned)
            .to_vec()
        })
        .collect();
    write_csv(path, "Opportunity", &OPPORTUNITY, &opportunities);
    let roles: Vec<Vec<String>> = (1..=ROWS)
        .map(|number| {
            [
                role(number),
                opportunity(number),
                contact(1),
                "true".to_owned(),
            ]
            .to_vec()
        })
        .collect();
    write_csv(
        path,
        "OpportunityContactRole",
        &["Id", "OpportunityId", "ContactId", "IsPrimary"],
        &roles,
    );
    folder
}

async fn large() -> Org {
    Org::of(large_folder().path(), OrgOptions::with_own_clock()).await
}

async fn pages(org: &Org, first: Answer) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut page = first.body;
    loop {
        let ids = page["records"].as_array().expect("records").iter();
        pages.push(
            ids.map(|row| row["Id"].as_str().expect("an id").to_owned())
                .collect(),
        );
        assert_eq!(page["totalSize"], json!(ROWS));
        let Some(next) = page["nextRecordsUrl"].as_str() else {
            return pages;
        };
        page = org.get(next).await.body;
    }
}

fn sizes(pages: &[Vec<String>]) -> Vec<usize> {
    pages.iter().map(Vec::len).collect()
}

#[tokio::test]
async fn pages_have_2000_rows_and_together_all_of_them_once() {
    let org = large().await;

    let pages = pages(
        &org,
        org.query("SELECT Id FROM Opportunity ORDER BY SystemModstamp, Id")
            .await,
    )
    .await;

    assert_eq!(sizes(&pages), [2_000, 2_000, 500]);
    let mut ids = pages.concat();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), ROWS as usize);
    let counts = org.handle.counters();
    assert_eq!(
        (counts["query"], counts["queryMore"], counts["total"]),
        (1, 2, 3)
    );
}

#[tokio::test]
async fn smaller_pages_can_be_asked_for_within_bounds() {
    let org = large().await;
    let path = format!("{DATA}/query/?q=SELECT+Id+FROM+Opportunity");

    let mut first = Vec::new();
    for size in ["batchSize=500", "batchSize=1", "batchSize=9000"] {
        let page = answer(
            org.request(Method::GET, &path)
                .header("Sforce-Query-Options", size),
        )
        .await;
        first.push(page.body["records"].as_array().map(Vec::len));
    }

    assert_eq!(first, [Some(500), Some(200), Some(2_000)]);
}

#[tokio::test]
async fn rows_of_a_child_subquery_count_towards_the_page_and_long_texts_halve_it() {
    let org = large().await;

    let with_children = org
        .query("SELECT Id, (SELECT Id FROM OpportunityContactRoles) FROM Opportunity")
        .await;
    let with_long_text = org.query("SELECT Id, Description FROM Opportunity").await;

    assert_eq!(
        with_children.body["records"].as_array().map(Vec::len),
        Some(1_000)
    );
    assert_eq!(
        with_long_text.body["records"].as_array().map(Vec::len),
        Some(1_000)
    );
}

#[tokio::test]
async fn a_locator_can_be_read_again_and_dies_when_expired() {
    let org = large().await;
    let first = org.query("SELECT Id FROM Opportunity").await;
    let next = first.body["nextRecordsUrl"]
        .as_str()
        .expect("more pages")
        .to_owned();

    let once = org.get(&next).await;
    let twice = org.get(&next).await;
    org.admin("expire", json!({ "what": "locators" })).await;
    let dead = org.get(&next).await;
    let nonsense = org.get(&format!("{DATA}/query/01gxx-2000")).await;

    assert!(
        next.contains("/query/0r8") && next.ends_with("-2000"),
        "{next}"
    );
    assert_eq!(once.body, twice.body);
    assert_eq!((dead.status, dead.code()), (400, "INVALID_QUERY_LOCATOR"));
    assert_eq!(
        (nonsense.status, nonsense.code()),
        (400, "INVALID_QUERY_LOCATOR")
    );
}

#[tokio::test]
async fn a_row_deleted_between_two_pages_is_left_out_of_the_second() {
    let org = large().await;
    let first = org.query("SELECT Id FROM Opportunity ORDER BY Id").await;
    let next = first.body["nextRecordsUrl"]
        .as_str()
        .expect("more pages")
        .to_owned();

    org.admin(
        "delete",
        json!({ "object": "Opportunity", "id": opportunity(2_001) }),
    )
    .await;
    let second = org.get(&next).await;

    let ids: Vec<&Value> = second.body["records"]
        .as_array()
        .expect("records")
        .iter()
        .map(|row| &row["Id"])
        .collect();
    assert_eq!((ids.len(), ids[0]), (1_999, &json!(opportunity(2_002))));
}

#[tokio::test]
async fn large_answers_are_compressed_for_those_who_ask() {
    let org = large().await;
    // The HTTP client would decode by itself and hide it.
    let mut connection = TcpStream::connect(org.handle.address())
        .await
        .expect("a connection");
    let request = format!(
        "GET {DATA}/query?q=SELECT+Id+FROM+Opportunity HTTP/1.1\r\nhost: org\r\nauthorization: Bearer {}\r\n\
         accept-encoding: gzip, deflate\r\nconnection: close\r\n\r\n",
        org.token
    );
    connection
        .write_all(request.as_bytes())
        .await
        .expect("it is sent");
    let mut answer = Vec::new();
    connection
        .read_to_end(&mut answer)
        .await
        .expect("an answer");

    let head_length = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .expect("a head");
    let head = String::from_utf8_lossy(&answer[..head_length]).to_lowercase();
    assert!(head.contains("content-encoding: gzip"), "{head}");
    assert!(
        answer[head_length + 4..].starts_with(&[0x1f, 0x8b]),
        "the body is gzip"
    );
    assert!(answer.len() < 100_000, "{} bytes", answer.len());
}

#[tokio::test]
async fn two_hundred_rows_are_found_by_id_with_parents_and_children() {
    let org = large().await;
    let ids: Vec<String> = (1..=200)
        .map(|number| format!("'{}'", opportunity(number * 20)))
        .collect();

    let rows = org
        .rows(&format!(
            "SELECT Id, Account.Name, (SELECT Contact.Email FROM OpportunityContactRoles WHERE IsPrimary = true) \
             FROM Opportunity WHERE Id IN ({})",
            ids.join(",")
        ))
        .await;

    assert_eq!(rows.len(), 200);
    assert!(rows.iter().all(
        |row| row["OpportunityContactRoles"]["records"][0]["Contact"]["Email"]
            == "leo@acme.example"
    ));
}
