//! Every route of the template by every kind of caller: who is admitted, over HTTP.

use std::collections::BTreeSet;

use dealbridge_core::ports::Clock;
use dealbridge_lambda::{SystemClock, access::PORTAL_SCOPE};
use dealbridge_local::{gateway::token::Subject, template::Authorizer};
use reqwest::Method;
use serde_json::{Value, json};

use crate::product::{ADMIN, Answer, Call, DISTRIBUTOR, INTERNAL, PARTNER, Product};

/// A partner of another Organization than [`PARTNER`]'s.
const OTHER_PARTNER: &str = "mila.petrov@meridianworks.example";
/// An internal user in no group.
const WITHOUT_MODULE: &str = "ida.winter@alderpeak.example";
/// An administrator whose account is disabled.
const DISABLED_ADMIN: &str = "greg.sloane@alderpeak.example";

/// The answer to a call, as far as rights go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// `+`: the caller is admitted, whatever else is wrong with the request.
    Admitted,
    /// `-`: the function refuses the caller.
    Forbidden,
    /// `h`: for this caller there is no such record.
    Hidden,
    /// `s`: the gateway refuses a token without a scope of the route.
    NoScope,
    /// `t`: the gateway refuses a request without a token.
    NoToken,
}

impl Verdict {
    fn parse(text: &str) -> Self {
        match text {
            "+" => Self::Admitted,
            "h" => Self::Hidden,
            "s" => Self::NoScope,
            "t" => Self::NoToken,
            _ => Self::Forbidden,
        }
    }

    fn of(answer: &Answer) -> Self {
        let by_gateway = answer.body.get("message").is_some() && answer.body.get("code").is_none();
        match (answer.status, answer.body["code"].as_str()) {
            (401, _) => Self::NoToken,
            (403, _) if by_gateway => Self::NoScope,
            (403, _) => Self::Forbidden,
            (404, Some("RECORD_NOT_FOUND")) => Self::Hidden,
            _ => Self::Admitted,
        }
    }
}

/// The callers, in the order of the columns.
const CALLERS: [&str; 11] = [
    "none",
    "partner of the record's Organization",
    "partner of another Organization",
    "distributor",
    "internal user",
    "internal user without the module",
    "administrator",
    "disabled administrator",
    "portal's client",
    "client with the scopes of people",
    "client with another scope",
];

/// The answer that each caller gets of each route, and of each kind of record where the route takes any.
const ROWS: &[(&str, &str)] = &[
    // route                             none own other distributor internal without admin disabled portal people's other
    ("POST /sync-runs", "t - - - - - + - s - s"),
    ("GET /sync-runs", "t - - - - - + - s - s"),
    ("GET /sync-runs/{id}", "t - - - - - + - s - s"),
    ("GET /integration-log", "t - - - - - + - s - s"),
    ("GET /problems", "t - - - - - + - s - s"),
    ("POST /problems/clear", "t - - - - - + - s - s"),
    ("GET /explanations", "t - - - - - + - s - s"),
    (
        "GET /opportunities/{idOrUrl}/explanation",
        "t - - - - - + - s - s",
    ),
    ("GET /usage", "t - - - + + + - s - s"),
    ("GET /people", "t - - - - - + - s - s"),
    ("GET /organizations", "t - - - - - + - + - s"),
    ("GET /organizations/{id}", "t - - - - - + - + - s"),
    ("PUT /organizations/{id}", "t - - - - - + - + - s"),
    ("DELETE /organizations/{id}", "t - - - - - + - + - s"),
    ("GET /groups", "t - - - - - + - + - s"),
    ("GET /groups/{id}", "t - - - - - + - + - s"),
    ("PUT /groups/{id}", "t - - - - - + - + - s"),
    ("DELETE /groups/{id}", "t - - - - - + - + - s"),
    ("GET /users", "t - - - - - + - + - s"),
    ("GET /users/{id}", "t - - - - - + - + - s"),
    ("PUT /users/{id}", "t - - - - - + - + - s"),
    ("DELETE /users/{id}", "t - - - - - + - + - s"),
    ("GET /contacts", "t - - - - - + - + - s"),
    ("GET /contacts/{id}", "t - - - - - + - + - s"),
    ("PUT /contacts/{id}", "t - - - - - + - + - s"),
    ("DELETE /contacts/{id}", "t - - - - - + - + - s"),
    ("GET /record-kinds/deals", "t + + + + + + - + - s"),
    ("GET /record-kinds/leads", "t + + + + + + - + - s"),
    ("GET /record-kinds/referrals", "t + + + + + + - + - s"),
    ("GET /deals", "t + + + + + + - + - s"),
    ("GET /leads", "t + + + + + + - + - s"),
    ("GET /referrals", "t + + + + + + - + - s"),
    ("GET /deals/{id}", "t + h h + + + - + - s"),
    ("GET /leads/{id}", "t + h h + + + - + - s"),
    ("GET /referrals/{id}", "t + h h + + + - + - s"),
    ("POST /deals", "t + + + + - + - + - s"),
    ("POST /leads", "t - - - + - - - + - s"),
    ("POST /referrals", "t + + + + - - - + - s"),
    ("PATCH /deals/{id}", "t + h h + - + - + - s"),
    ("PATCH /leads/{id}", "t - - - + - - - + - s"),
    ("PATCH /referrals/{id}", "t + h h + - - - + - s"),
    ("DELETE /deals/{id}", "t - - - + - + - + - s"),
    ("DELETE /leads/{id}", "t - - - + - - - + - s"),
    ("DELETE /referrals/{id}", "t - - - + - - - + - s"),
    ("POST /deals/{id}/sync", "t - - - + - + - + - s"),
    ("POST /leads/{id}/sync", "t - - - + - + - + - s"),
    ("POST /referrals/{id}/sync", "t - - - + - + - + - s"),
    ("GET /tasks/{id}", "t - - - + - + - + - s"),
    ("POST /deals/{id}/link/check", "t - - - + + + - s - s"),
    ("POST /leads/{id}/link/check", "t - - - + + + - s - s"),
    ("POST /referrals/{id}/link/check", "t - - - + + + - s - s"),
    ("POST /deals/{id}/link/preview", "t - - - + + + - s - s"),
    ("POST /leads/{id}/link/preview", "t - - - + + + - s - s"),
    ("POST /referrals/{id}/link/preview", "t - - - + + + - s - s"),
    ("PUT /deals/{id}/link", "t - - - + + + - s - s"),
    ("PUT /leads/{id}/link", "t - - - + + + - s - s"),
    ("PUT /referrals/{id}/link", "t - - - + + + - s - s"),
    ("DELETE /deals/{id}/link", "t - - - - - + - s - s"),
    ("DELETE /leads/{id}/link", "t - - - - - + - s - s"),
    ("DELETE /referrals/{id}/link", "t - - - - - + - s - s"),
    ("GET /suppressions", "t - - - - - + - s - s"),
    (
        "DELETE /suppressions/{salesforceId}",
        "t - - - - - + - s - s",
    ),
    ("GET /settings", "t - - - - - + - s - s"),
    ("PUT /settings", "t - - - - - + - s - s"),
    ("GET /settings/fields", "t - - - - - + - s - s"),
    ("GET /settings/versions", "t - - - - - + - s - s"),
    ("GET /settings/versions/{version}", "t - - - - - + - s - s"),
    ("POST /settings/test", "t - - - - - + - s - s"),
    ("POST /settings/check", "t - - - - - + - s - s"),
    ("POST /settings/trial", "t - - - - - + - s - s"),
    ("POST /settings/organization", "t - - - - - + - s - s"),
    ("GET /dead-letters", "t - - - - - + - s - s"),
    ("POST /dead-letters/replay", "t - - - - - + - s - s"),
    (
        "DELETE /dead-letters/{queue}/{messageId}",
        "t - - - - - + - s - s",
    ),
];

/// The collections that `{kind}` stands for, each with a record; the record of the last one belongs to the Organization
/// of [`OTHER_PARTNER`].
const KINDS: [(&str, &str); 3] = [
    ("deals", "deal-office-move"),
    ("leads", "lead-quayside"),
    ("referrals", "ref-lund"),
];

/// A route of the template, for one kind of record where it takes any.
struct Cell {
    key: String,
    method: Method,
    target: String,
    is_referral: bool,
}

/// Every route of the template.
fn cells(product: &Product) -> Vec<Cell> {
    let mut cells = Vec::new();
    // The console asks for a session instead; its own matrix is with its tests.
    let routes = product.app.template.routes.iter();
    for route in routes.filter(|route| route.authorizer == Authorizer::Token) {
        let kinds = if route.path.contains("{kind}") {
            &KINDS[..]
        } else {
            &[("", "no-such-id")]
        };
        for (kind, id) in kinds {
            let path = route.path.replace("{kind}", kind);
            // A record is not deleted before it was asked for by everybody.
            let is_deletion = route.method == "DELETE" && path.ends_with("/{id}");
            let query = if is_deletion { "?unlink=maybe" } else { "" };
            let target = format!("{path}{query}")
                .replace("{id}", id)
                .replace("{idOrUrl}", "006aP00000008G0")
                .replace("{salesforceId}", "006aP00000008G0")
                .replace("{queue}", "imports")
                .replace("{messageId}", "none");
            cells.push(Cell {
                key: format!("{} {path}", route.method),
                method: Method::from_bytes(route.method.as_bytes()).unwrap(),
                target,
                is_referral: *kind == "referrals",
            });
        }
    }
    cells
}

/// A token for each caller; two for the partners, who change places where the record is the other's.
async fn tokens(product: &Product) -> [Option<String>; 11] {
    let tokens = &product.server.tokens;
    let now = SystemClock.now();
    let mut scopes = product.app.template.scopes();
    scopes.retain(|scope| scope != PORTAL_SCOPE);
    let disabled = Subject {
        id: "usr-greg".into(),
        email: DISABLED_ADMIN.into(),
        groups: vec![product.app.template.admins.0.clone()],
    };
    let client = |scopes: &[String]| tokens.sign_portal(scopes, now, 600).unwrap();
    [
        None,
        Some(product.token(PARTNER).await),
        Some(product.token(OTHER_PARTNER).await),
        Some(product.token(DISTRIBUTOR).await),
        Some(product.token(INTERNAL).await),
        Some(product.token(WITHOUT_MODULE).await),
        Some(product.token(ADMIN).await),
        Some(tokens.sign(&disabled, &scopes, now, 600).unwrap()),
        Some(client(&[PORTAL_SCOPE.to_owned()])),
        Some(client(&scopes)),
        Some(client(&["portal/read".to_owned()])),
    ]
}

/// The product, in which the partners, the distributor and the internal user have the module of every kind.
async fn office() -> Product {
    let product = Product::start(None).await;
    let modules = json!({ "modules": ["deal_registration", "lead_distribution", "referrals"] });
    for group in ["grp-partner-sales", "grp-dist-sales", "grp-channel"] {
        let target = format!("groups/{group}");
        let changed = product.local(Method::POST, &target, Some(modules.clone()));
        changed.await.ok();
    }
    let ida = json!({
        "name": "Ida Winter", "email": WITHOUT_MODULE, "type": "internal",
        "organization": "org-alderpeak", "groups": [], "status": "active",
    });
    let invited = product.local(Method::POST, "users/usr-ida", Some(ida));
    invited.await.ok();
    product
}

/// The verdict of a route on each caller, with a request that no caller can do harm with.
async fn verdicts(product: &Product, tokens: &[Option<String>; 11], cell: &Cell) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for (place, caller) in CALLERS.iter().enumerate() {
        let token = match place {
            1 if cell.is_referral => 2,
            2 if cell.is_referral => 1,
            place => place,
        };
        let has_body = cell.method != Method::GET && cell.method != Method::DELETE;
        let answer = product
            .send(Call {
                method: cell.method.clone(),
                target: cell.target.clone(),
                token: tokens[token].clone(),
                body: has_body.then(|| Value::from("no object")),
            })
            .await;
        assert!(answer.status < 500, "{}, {caller}: {answer:?}", cell.key);
        verdicts.push(Verdict::of(&answer));
    }
    verdicts
}

#[tokio::test]
async fn every_route_admits_whom_it_is_for_and_nobody_else() {
    let product = office().await;
    let tokens = tokens(&product).await;
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();

    for cell in cells(&product) {
        let Some((key, row)) = ROWS.iter().find(|(key, _)| *key == cell.key) else {
            faults.push(format!("{} has no row", cell.key));
            continue;
        };
        seen.insert(*key);
        let expected: Vec<Verdict> = row.split(' ').map(Verdict::parse).collect();
        assert_eq!(expected.len(), CALLERS.len(), "{key}");
        let found = verdicts(&product, &tokens, &cell).await;
        for (caller, (expected, found)) in CALLERS.iter().zip(expected.iter().zip(&found)) {
            if expected != found {
                faults.push(format!("{key}, {caller}: {found:?}, not {expected:?}"));
            }
        }
    }
    let unknown = ROWS.iter().filter(|(key, _)| !seen.contains(key));
    faults.extend(unknown.map(|(key, _)| format!("{key} is no route")));

    assert_eq!(faults, Vec::<String>::new());
}
