//! The Integration Log over the API: several values per filter, a time span, either order, and a file for spreadsheets.

use std::collections::BTreeMap;

use dealbridge_salesforce::{Timeouts, http_client};
use reqwest::Method;
use serde_json::{Value, json};

use crate::product::{ADMIN, Product};

/// Every entry of a list, page by page.
async fn entries(product: &Product, query: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let target = format!("/integration-log?{query}{cursor}");
        let page = product.get(ADMIN, &target).await.ok();
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

/// A product with three runs and some actions.
async fn with_runs() -> Product {
    let product = Product::imported().await;
    product.run("hourly").await;
    product
        .call(
            ADMIN,
            Method::POST,
            "/problems/clear",
            Some(json!({ "all": true })),
        )
        .await
        .ok();
    product.run("daily").await;
    product
}

fn ids(entries: &[Value]) -> Vec<&str> {
    let ids = entries.iter().map(|entry| entry["id"].as_str().unwrap());
    ids.collect()
}

fn times(entries: &[Value]) -> Vec<&str> {
    let times = entries.iter().map(|entry| entry["at"].as_str().unwrap());
    times.collect()
}

#[tokio::test]
async fn the_oldest_come_first_on_demand_and_they_are_the_same_entries() {
    let product = with_runs().await;

    let newest = entries(&product, "limit=7").await;
    let oldest = entries(&product, "sort=oldest&limit=11").await;

    assert!(times(&newest).is_sorted_by(|one, next| one >= next));
    assert!(times(&oldest).is_sorted());
    let (mut one, mut other) = (ids(&newest), ids(&oldest));
    one.sort_unstable();
    other.sort_unstable();
    assert_eq!(one, other);
    one.dedup();
    assert_eq!(one.len(), newest.len());
}

#[tokio::test]
async fn a_filter_takes_several_values_repeated_or_separated_by_commas() {
    let product = with_runs().await;
    let all = entries(&product, "").await;
    let codes = ["PARTNER_USER_DISABLED", "ACCOUNT_MISSING"];
    let wanted = |entry: &&Value| codes.contains(&entry["code"].as_str().unwrap());
    let expected: Vec<Value> = all.iter().filter(wanted).cloned().collect();
    assert!(expected.len() > 2);

    let by_commas = entries(&product, "code=PARTNER_USER_DISABLED,ACCOUNT_MISSING").await;
    let repeated = entries(&product, "code=ACCOUNT_MISSING&code=PARTNER_USER_DISABLED").await;
    assert_eq!(by_commas, expected);
    assert_eq!(repeated, expected);

    let of_runs = entries(&product, "run=run-00000001,run-00000003&level=error").await;
    let mut tasks: Vec<&str> = of_runs
        .iter()
        .map(|entry| entry["task"].as_str().unwrap())
        .collect();
    tasks.dedup();
    assert_eq!(tasks, ["run-00000003", "run-00000001"]);
    let refused = product
        .get(ADMIN, "/integration-log?code=ACCOUNT_MISSING,NOTHING")
        .await;
    assert_eq!(refused.refusal(), (400, "MALFORMED"));
}

#[tokio::test]
async fn a_span_of_time_holds_its_beginning_and_not_its_end() {
    let product = with_runs().await;
    let all = entries(&product, "sort=oldest").await;
    let (from, to) = (
        all[5]["at"].as_str().unwrap(),
        all[all.len() - 1]["at"].as_str().unwrap(),
    );
    let is_within = |entry: &&Value| {
        let at = entry["at"].as_str().unwrap();
        at >= from && at < to
    };
    let expected: Vec<Value> = all.iter().filter(is_within).cloned().collect();

    assert_eq!(
        entries(&product, &format!("sort=oldest&from={from}&to={to}")).await,
        expected
    );
    assert_eq!(entries(&product, "to=2020-01-01").await, [] as [Value; 0]);
    for wrong in [
        "from=soon",
        "sort=sideways",
        &format!("from={to}&to={from}"),
    ] {
        let refused = product
            .get(ADMIN, &format!("/integration-log?{wrong}"))
            .await;
        assert_eq!(refused.refusal(), (400, "MALFORMED"), "{wrong}");
    }
}

#[tokio::test]
async fn a_spreadsheet_gets_the_entries_as_a_file_without_formulas() {
    let product = Product::start(None).await;
    let endpoints = product.local(Method::GET, "endpoints", None).await.ok();
    let org = endpoints["salesforce"]["instanceUrl"]
        .as_str()
        .unwrap()
        .to_owned();
    let http = http_client(Timeouts::default()).unwrap();
    let edit = json!({ "object": "Opportunity", "id": "006aP00000008NHQAY", "fields": { "Name": "=cmd|' /C calc'!A0" } });
    let edited = http
        .post(format!("{org}/_org/edit"))
        .body(edit.to_string())
        .send()
        .await
        .unwrap();
    assert!(edited.status().is_success());
    product.app.full_run().await.unwrap();
    let all = entries(&product, "limit=1000").await;

    let token = product.token(ADMIN).await;
    let mut url = format!("{}/integration-log?limit=9", product.address);
    let mut rows = Vec::new();
    loop {
        let request = http
            .get(&url)
            .bearer_auth(&token)
            .header("accept", "text/csv");
        let answer = request.send().await.unwrap();
        assert!(
            answer.headers()["content-type"]
                .to_str()
                .unwrap()
                .starts_with("text/csv")
        );
        let next = answer.headers().get("link").map(|link| {
            let link = link.to_str().unwrap();
            link[1..link.find('>').unwrap()].to_owned()
        });
        let text = answer.text().await.unwrap();
        let mut file = csv::Reader::from_reader(text.as_bytes());
        let read = file.deserialize::<BTreeMap<String, String>>();
        rows.extend(read.map(|row| json!(row.unwrap())));
        match next {
            Some(next) => url = format!("{}{next}", product.address),
            None => break,
        }
    }

    assert_eq!(ids(&rows), ids(&all));
    let named = rows
        .iter()
        .find(|row| row["salesforce_id"] == "006aP00000008NHQAY")
        .unwrap();
    assert_eq!(named["salesforce_name"], "'=cmd|' /C calc'!A0");
    assert_eq!(named["code"], "SYNC_FLAG_NOT_SET");
}

#[tokio::test]
async fn a_text_is_looked_for_in_sentences_and_names_in_any_case() {
    let product = with_runs().await;
    let all = entries(&product, "level=error").await;
    let holds = |entry: &&Value| entry.to_string().to_lowercase().contains("bramble");
    let expected: Vec<&Value> = all.iter().filter(holds).collect();
    assert!(!expected.is_empty() && expected.len() < all.len());

    let found = entries(&product, "level=error&text=BRAMBLE").await;

    assert_eq!(found.iter().collect::<Vec<_>>(), expected);
    assert!(
        entries(&product, "text=no+such+text+anywhere")
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn open_problems_are_found_by_their_opportunity_and_by_a_text() {
    let product = Product::imported().await;
    let problems = |query: &str| {
        let target = format!("/problems?{query}");
        let product = &product;
        async move {
            let page = product.get(ADMIN, &target).await.ok();
            page["items"].as_array().unwrap().clone()
        }
    };
    let all = problems("limit=500").await;
    let one = &all[..1];
    let id = one[0]["opportunity"]["id"].as_str().unwrap();

    assert_eq!(problems(&format!("opportunity={id}")).await, one);
    // 15 characters name the same record.
    assert_eq!(problems(&format!("opportunity={}", &id[..15])).await, one);
    assert!(
        problems(&format!("opportunity={id}&cleared=true"))
            .await
            .is_empty()
    );
    assert!(problems("opportunity=006aP00000008G0QAI").await.is_empty());

    let holds = |problem: &&Value| problem.to_string().to_lowercase().contains("harrow vale");
    let expected: Vec<&Value> = all.iter().filter(holds).collect();
    let found = problems("text=Harrow+VALE&limit=500").await;
    assert!(!found.is_empty() && found.len() < all.len());
    assert_eq!(found.iter().collect::<Vec<_>>(), expected);

    let refused = product.get(ADMIN, "/problems?opportunity=nonsense").await;
    assert_eq!(refused.refusal(), (400, "URL_INVALID"));
}
