//! A small org folder and a plain HTTP client for it.

use std::{fmt::Write as _, fs, path::Path, sync::Arc, time::Duration};

use reqwest::{Method, StatusCode, header::HeaderMap};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use salesforce_id::SalesforceId;
use salesforce_simulator::{
    Declarations, DeclaredType, OrgFolder, OrgHandle, OrgOptions, OrgServer,
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The version the tests speak.
pub(crate) const DATA: &str = "/services/data/v66.0";

/// The 18-character id with this prefix and number.
pub(crate) fn id(prefix: &str, number: u32) -> String {
    SalesforceId::parse(&format!("{prefix}Zz{number:010}"))
        .expect("it is an id")
        .as_str()
        .to_owned()
}

/// The first account, contact, lead and so on of the small org.
pub(crate) fn account(number: u32) -> String {
    id("001", number)
}
pub(crate) fn contact(number: u32) -> String {
    id("003", number)
}
pub(crate) fn opportunity(number: u32) -> String {
    id("006", number)
}
pub(crate) fn role(number: u32) -> String {
    id("00K", number)
}
pub(crate) fn lead(number: u32) -> String {
    id("00Q", number)
}
pub(crate) fn user(number: u32) -> String {
    id("005", number)
}

/// `2026-01-05T08:00:00.000+0000` with this day of January.
fn stamp(day: u32) -> String {
    format!("2026-01-{day:02}T08:00:00.000+0000")
}

/// Writes a CSV file.
pub(crate) fn write_csv(folder: &Path, object: &str, header: &[&str], rows: &[Vec<String>]) {
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let quoted: Vec<String> = cells
            .map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")))
            .collect();
        quoted.join(",")
    };
    let mut text = line(&mut header.iter().copied());
    text.push('\n');
    for row in rows {
        let _ = writeln!(text, "{}", line(&mut row.iter().map(String::as_str)));
    }
    fs::write(folder.join(format!("{object}.csv")), text).expect("the folder can be written");
}

fn row(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

/// The names of the small org's Opportunity columns.
pub(crate) const OPPORTUNITY: [&str; 14] = [
    "Id",
    "IsDeleted",
    "AccountId",
    "Name",
    "Description",
    "StageName",
    "Amount",
    "CloseDate",
    "OwnerId",
    "Sync__c",
    "Partner_Email__c",
    "Portal_Record_Id__c",
    "CreatedDate",
    "SystemModstamp",
];

/// The declarations of the small org's custom fields.
pub(crate) fn declared() -> Declarations {
    Declarations::default().with("Opportunity", "Sync__c", DeclaredType::Checkbox)
}

/// A folder with two accounts, three contacts, five Opportunities, four roles and three leads.
pub(crate) fn small_folder() -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path();
    let (one, two) = (account(1), account(2));
    write_csv(
        path,
        "Account",
        &[
            "Id",
            "IsDeleted",
            "Name",
            "Website",
            "BillingCity",
            "ParentId",
            "OwnerId",
            "SystemModstamp",
        ],
        &[
            row(&[
                &one,
                "false",
                "Acme",
                "https://acme.example",
                "Cork",
                "",
                &user(1),
                &stamp(2),
            ]),
            row(&[
                &two,
                "false",
                "Béla & Söhne",
                "",
                "",
                &one,
                &user(1),
                &stamp(2),
            ]),
        ],
    );
    write_csv(
        path,
        "Contact",
        &[
            "Id",
            "IsDeleted",
            "AccountId",
            "FirstName",
            "LastName",
            "Email",
            "OwnerId",
            "SystemModstamp",
        ],
        &[
            row(&[
                &contact(1),
                "false",
                &one,
                "Leo",
                "Kaur",
                "leo@acme.example",
                &user(1),
                &stamp(2),
            ]),
            row(&[
                &contact(2),
                "false",
                &one,
                "",
                "Jansen",
                "",
                &user(1),
                &stamp(2),
            ]),
            row(&[
                &contact(3),
                "false",
                "",
                "Ada",
                "O'Brien",
                "ada@other.example",
                &user(1),
                &stamp(2),
            ]),
        ],
    );
    let opportunity_row = |number: u32,
                           account: &str,
                           name: &str,
                           stage: &str,
                           amount: &str,
                           sync: &str,
                           day: u32| {
        let deleted = if number == 5 { "true" } else { "false" };
        row(&[
            &opportunity(number),
            deleted,
            account,
            name,
            "About \"it\",\nin two lines",
            stage,
            amount,
            "2026-03-31",
            &user(2),
            sync,
            "",
            "",
            &stamp(1),
            &stamp(day),
        ])
    };
    write_csv(
        path,
        "Opportunity",
        &OPPORTUNITY,
        &[
            opportunity_row(1, &one, "Anvils", "Prospecting", "1000", "true", 10),
            opportunity_row(2, &one, "anvils, more", "Closed Won", "250.5", "true", 11),
            opportunity_row(3, &two, "100% steel", "Negotiation/Review", "", "false", 12),
            opportunity_row(4, "", "Rope_1", "Closed Lost", "40", "true", 13),
            opportunity_row(5, &one, "Gone", "Prospecting", "5", "true", 14),
        ],
    );
    let role_row = |number: u32, of: u32, who: u32, is_primary: &str| {
        row(&[
            &role(number),
            "false",
            &opportunity(of),
            &contact(who),
            "Decision Maker",
            is_primary,
            &stamp(3),
        ])
    };
    write_csv(
        path,
        "OpportunityContactRole",
        &[
            "Id",
            "IsDeleted",
            "OpportunityId",
            "ContactId",
            "Role",
            "IsPrimary",
            "SystemModstamp",
        ],
        &[
            role_row(1, 1, 1, "true"),
            role_row(2, 1, 2, "false"),
            role_row(3, 2, 2, "false"),
            role_row(4, 3, 3, "true"),
        ],
    );
    let lead_row = |number: u32, name: &str, company: &str| {
        row(&[
            &lead(number),
            "false",
            name,
            company,
            "Open - Not Contacted",
            &user(1),
            "",
            &stamp(4),
        ])
    };
    write_csv(
        path,
        "Lead",
        &[
            "Id",
            "IsDeleted",
            "LastName",
            "Company",
            "Status",
            "OwnerId",
            "Email",
            "SystemModstamp",
        ],
        &[
            lead_row(1, "Stone", "Rocks Ltd"),
            lead_row(2, "Stone", "Rocks Limited"),
            lead_row(3, "Wood", "Trees"),
        ],
    );
    let settings = json!({ "settings": { "organization_id": id("00D", 1), "my_domain": "small" } });
    fs::write(path.join("channeltivity.json"), settings.to_string())
        .expect("the folder can be written");
    folder
}

/// A served org and a client that is logged in.
pub(crate) struct Org {
    pub(crate) handle: OrgHandle,
    pub(crate) http: reqwest::Client,
    pub(crate) token: String,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// The code of an error body.
    pub(crate) fn code(&self) -> &str {
        self.body[0]["errorCode"].as_str().unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

impl Org {
    /// The small org.
    pub(crate) async fn small() -> Self {
        let folder = small_folder();
        Self::of(folder.path(), OrgOptions::with_own_clock()).await
    }

    pub(crate) async fn of(folder: &Path, options: OrgOptions) -> Self {
        let data = OrgFolder::load(folder, &declared()).expect("the folder is right");
        let handle = OrgServer::start(data, options)
            .await
            .expect("it can be served");
        Self::at(handle).await
    }

    /// A served org.
    pub(crate) async fn at(handle: OrgHandle) -> Self {
        let http = http_client();
        let mut org = Self {
            handle,
            http,
            token: String::new(),
        };
        org.log_in().await;
        org
    }

    pub(crate) async fn log_in(&mut self) {
        let client = self.handle.client().clone();
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            client.id, client.secret
        );
        let answer = self.form("/services/oauth2/token", form).await;
        self.token = answer.body["access_token"]
            .as_str()
            .expect("a token")
            .to_owned();
    }

    pub(crate) async fn form(&self, path: &str, form: String) -> Answer {
        let request = self
            .http
            .post(format!("{}{path}", self.handle.instance_url()))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        answer(request).await
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.handle.instance_url()))
            .bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Value) -> Answer {
        answer(self.request(method, path).json(&body)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, body).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        answer(self.request(Method::DELETE, path)).await
    }

    /// Makes a call on the admin API that must succeed.
    pub(crate) async fn admin(&self, call: &str, body: Value) -> Value {
        let answer = self.post(&format!("/_org/{call}"), body).await;
        assert_eq!(answer.status, 200, "{call}: {}", answer.body);
        answer.body
    }

    async fn ask(&self, resource: &str, soql: &str) -> Answer {
        let query = serde_urlencoded_pair("q", soql);
        self.get(&format!("{DATA}/{resource}?{query}")).await
    }

    pub(crate) async fn query(&self, soql: &str) -> Answer {
        self.ask("query", soql).await
    }

    pub(crate) async fn query_all(&self, soql: &str) -> Answer {
        self.ask("queryAll", soql).await
    }

    /// The rows of a query that must succeed.
    pub(crate) async fn rows(&self, soql: &str) -> Vec<Value> {
        records(self.query(soql).await, soql)
    }

    /// One field of each row of a query that must succeed.
    pub(crate) async fn column(&self, soql: &str, field: &str) -> Vec<Value> {
        self.rows(soql)
            .await
            .into_iter()
            .map(|row| row[field].clone())
            .collect()
    }

    /// The names of the Opportunities that meet a condition, in order of their stamps.
    pub(crate) async fn names(&self, condition: &str) -> Vec<String> {
        let soql =
            format!("SELECT Name FROM Opportunity WHERE {condition} ORDER BY SystemModstamp, Id");
        let names = self.column(&soql, "Name").await;
        names
            .into_iter()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect()
    }

    /// One row of an object, which must be there.
    pub(crate) async fn row(&self, object: &str, id: &str) -> Value {
        let answer = self.get(&format!("{DATA}/sobjects/{object}/{id}")).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }
}

/// The rows of an answer that must be right.
pub(crate) fn records(answer: Answer, of: &str) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{of}: {}", answer.body);
    answer.body["records"].as_array().expect("records").clone()
}

fn serde_urlencoded_pair(key: &str, value: &str) -> String {
    let mut url = reqwest::Url::parse("http://localhost/").expect("a URL");
    url.query_pairs_mut().append_pair(key, value);
    url.query().unwrap_or_default().to_owned()
}

/// A client for the org's loopback address. It trusts no certificates, for the org speaks plain HTTP.
fn http_client() -> reqwest::Client {
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has cipher suites for both TLS 1.2 and 1.3")
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    #[expect(
        clippy::disallowed_methods,
        reason = "the product's client is no part of the org"
    )]
    let builder = reqwest::Client::builder();
    builder
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(130))
        .build()
        .expect("a client")
}

/// Sends a request and reads its answer.
pub(crate) async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.expect("a whole body");
    let is_json = headers
        .get("content-type")
        .and_then(|kind| kind.to_str().ok())
        .is_none_or(|kind| kind.contains("json"));
    let body = if text.is_empty() || status == StatusCode::NO_CONTENT {
        Value::Null
    } else if !is_json {
        Value::String(text)
    } else {
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    };
    Answer {
        status: status.as_u16(),
        headers,
        body,
    }
}
