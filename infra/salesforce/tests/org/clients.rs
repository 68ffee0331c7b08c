//! Two independent clients, made for the real Salesforce, at work on the simulated org.

use force::{
    api::RestOperation,
    auth::ClientCredentials,
    client::{ForceClient, builder},
};
use salesforce_core::{client::Client, restapi};
use serde_json::{Value, json};

use crate::fixture::{Org, account};

async fn force_client(org: &Org) -> ForceClient<ClientCredentials> {
    let client = org.handle.client();
    let token_url = format!("{}/services/oauth2/token", org.handle.instance_url());
    builder()
        .authenticate(ClientCredentials::new(
            client.id.clone(),
            client.secret.clone(),
            token_url,
        ))
        .build()
        .await
        .expect("a client")
}

#[tokio::test]
async fn force_logs_in_reads_and_writes() {
    let org = Org::small().await;
    let client = force_client(&org).await;
    let rest = client.rest();

    let page = rest
        .query::<Value>("SELECT Id, Name, Account.Name, (SELECT Id FROM OpportunityContactRoles) FROM Opportunity WHERE Sync__c = true")
        .await
        .expect("a page");
    let created = rest
        .create("Account", &json!({ "Name": "Forged" }))
        .await
        .expect("a row")
        .id
        .expect("an id");
    rest.update("Account", &created, &json!({ "Name": "Forged twice" }))
        .await
        .expect("an update");
    let read = rest.get("Account", &created).await.expect("the row");
    rest.delete("Account", &created).await.expect("a deletion");
    let gone = rest.get("Account", &created).await;

    assert_eq!(
        (page.total_size, page.done, page.records.len()),
        (3, true, 3)
    );
    assert_eq!(read["Name"], "Forged twice");
    assert!(gone.is_err());
}

#[tokio::test]
async fn force_understands_describe_limits_and_versions() {
    let org = Org::small().await;
    let client = force_client(&org).await;
    let rest = client.rest();

    let all = rest.describe_global().await.expect("the list of objects");
    let mut fields = Vec::new();
    for object in &all.sobjects {
        fields.push(
            rest.describe(&object.name)
                .await
                .expect("a describe")
                .fields
                .len(),
        );
    }
    rest.limits().await.expect("limits");
    let versions = rest.versions().await.expect("versions");

    assert_eq!(all.sobjects.len(), 14);
    assert!(fields.iter().all(|count| *count > 8), "{fields:?}");
    assert_eq!(versions.len(), 38);
}

#[tokio::test]
async fn force_follows_locators_to_the_last_row() {
    let org = Org::small().await;
    let rows: Vec<Value> = (0..200)
        .map(|number| json!({ "attributes": { "type": "Account" }, "Name": format!("A{number}") }))
        .collect();
    for _ in 0..11 {
        org.post(
            &format!("{}/composite/sobjects", crate::fixture::DATA),
            json!({ "records": rows }),
        )
        .await;
    }
    let client = force_client(&org).await;
    let rest = client.rest();

    let mut page = rest
        .query::<Value>("SELECT Id FROM Account")
        .await
        .expect("a page");
    let mut seen = page.records.len();
    while let Some(next) = page.next_records_url.take() {
        page = rest
            .query_more::<Value>(&next)
            .await
            .expect("the next page");
        seen += page.records.len();
    }

    assert_eq!((seen, page.done), (2_202, true));
}

#[tokio::test]
async fn force_upserts_by_an_external_id() {
    let org = Org::small().await;
    let client = force_client(&org).await;
    let body = json!({ "Name": "U", "StageName": "Prospecting", "CloseDate": "2026-05-01" });

    let mut created = Vec::new();
    for _ in 0..2 {
        let done = client
            .rest()
            .upsert("Opportunity", "Portal_Record_Id__c", "k-1", &body)
            .await
            .expect("an upsert");
        created.push(done.created);
    }

    assert_eq!(created, [true, false]);
}

async fn core_client(org: &Org) -> restapi::Client {
    let client = org.handle.client();
    let auth = Client::builder()
        .client_id(client.id.clone())
        .client_secret(client.secret.clone())
        .instance_url(org.handle.instance_url())
        .build()
        .expect("a client")
        .connect()
        .await
        .expect("a session");
    restapi::ClientBuilder::new(auth)
        .build()
        .expect("a REST client")
}

#[tokio::test]
async fn salesforce_core_logs_in_reads_and_writes() {
    let org = Org::small().await;
    let rest = core_client(&org).await;

    let page = rest
        .query("SELECT Id, Name FROM Opportunity")
        .send()
        .await
        .expect("a page");
    let all = rest
        .query_all("SELECT Id FROM Opportunity")
        .send()
        .await
        .expect("a page");
    let created = rest
        .create("Lead", json!({ "LastName": "Core", "Company": "Core" }))
        .send()
        .await
        .expect("a row");
    rest.update("Lead", &created.id, json!({ "Title": "Boss" }))
        .send()
        .await
        .expect("an update");
    let read = rest
        .get("Lead", &created.id)
        .fields("Title,Status")
        .send()
        .await
        .expect("the row");
    rest.delete("Lead", &created.id)
        .send()
        .await
        .expect("a deletion");

    assert_eq!((page.total_size, all.total_size), (4, 5));
    assert_eq!(
        (&read["Title"], &read["Status"]),
        (&json!("Boss"), &json!("Open - Not Contacted"))
    );
    assert!(rest.get("Lead", &created.id).send().await.is_err());
}

#[tokio::test]
async fn salesforce_core_understands_describe_and_collections() {
    let org = Org::small().await;
    let rest = core_client(&org).await;

    let described = rest
        .describe("Opportunity")
        .send()
        .await
        .expect("a describe");
    rest.basic_info("Opportunity")
        .send()
        .await
        .expect("the short form");
    let wanted = restapi::CompositeCollectionRetrieveRequest {
        ids: vec![account(2), account(1)],
        fields: vec!["Id".to_owned(), "Name".to_owned()],
    };
    let rows = rest
        .get_records("Account", &wanted)
        .send()
        .await
        .expect("rows");

    assert!(described.fields.len() > 40, "{}", described.fields.len());
    let names: Vec<_> = rows.iter().map(|row| row["Name"].as_str()).collect();
    assert_eq!(names, [Some("Béla & Söhne"), Some("Acme")]);
}

#[tokio::test]
async fn both_clients_tell_a_wrong_secret_from_an_answer() {
    let org = Org::small().await;
    let token_url = format!("{}/services/oauth2/token", org.handle.instance_url());

    let forced = builder()
        .authenticate(ClientCredentials::new(
            org.handle.client().id.clone(),
            "wrong".to_owned(),
            token_url,
        ))
        .build()
        .await;
    let core = Client::builder()
        .client_id(org.handle.client().id.clone())
        .client_secret("wrong")
        .instance_url(org.handle.instance_url())
        .build()
        .expect("a client")
        .connect()
        .await;

    let forced_failed = match forced {
        Ok(client) => client
            .rest()
            .query::<Value>("SELECT Id FROM Lead")
            .await
            .is_err(),
        Err(_) => true,
    };
    assert!(forced_failed);
    assert!(core.is_err());
}
