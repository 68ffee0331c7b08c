//! The page that the browser comes back to.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Query, State},
    http::StatusCode,
    routing::get,
};
use tokio::{net::TcpListener, sync::watch};

use crate::error::LocalError;

/// The path of the page.
pub(super) const PATH: &str = "/callback";

/// The time that the browser has to take the page, once it has brought the answer.
const FAREWELL: Duration = Duration::from_secs(3);

/// The provider's word through the browser: a code, or the reason why there is none.
type Said = Result<String, String>;

/// The page: the state of the sign-in that it is for, and what it has heard.
struct Page {
    state: String,
    said: watch::Sender<Option<Said>>,
}

/// Waits for the browser, and returns the code that it brings. What does not bring this sign-in's state is not from the
/// provider's answer to it, and is waited past.
pub(super) async fn code(listener: TcpListener, state: String) -> Result<String, LocalError> {
    let (said, heard) = watch::channel(None);
    let page = Arc::new(Page { state, said });
    let router = Router::new().route(PATH, get(answer)).with_state(page);
    let [mut first, mut second] = [heard.clone(), heard.clone()];
    let serving = axum::serve(listener, router).with_graceful_shutdown(async move {
        // Without a page nothing can be heard any more, which is an end too.
        let _ = first.wait_for(Option::is_some).await;
    });
    let farewell = async move {
        let _ = second.wait_for(Option::is_some).await;
        tokio::time::sleep(FAREWELL).await;
    };
    tokio::select! {
        served = serving.into_future() => {
            served.map_err(|error| LocalError::new(format!("could not wait for the browser: {error}")))?;
        }
        () = farewell => {}
    }
    let said = heard.borrow().clone();
    match said {
        Some(Ok(code)) => Ok(code),
        Some(Err(why)) => Err(LocalError::new(format!(
            "the provider signed nobody in: {why}"
        ))),
        None => Err(LocalError::new("the browser did not come back")),
    }
}

async fn answer(
    State(page): State<Arc<Page>>,
    Query(query): Query<HashMap<String, String>>,
) -> (StatusCode, &'static str) {
    let of = |name: &str| query.get(name).filter(|text| !text.is_empty());
    if of("state") != Some(&page.state) {
        let text = "This is not the answer to the sign-in that dealbridge waits for. Use the address that it has printed.";
        return (StatusCode::BAD_REQUEST, text);
    }
    let (said, text) = match (of("code"), of("error")) {
        (Some(code), None) => (
            Ok(code.clone()),
            "You are signed in. Close this page and go back to the terminal.",
        ),
        (_, error) => {
            let mut why = error
                .map_or("no code and no error", String::as_str)
                .to_owned();
            if let Some(description) = of("error_description") {
                why = format!("{why}, {description}");
            }
            (Err(why), "You are not signed in. The terminal says why.")
        }
    };
    page.said.send_if_modified(|heard| {
        let is_first = heard.is_none();
        heard.get_or_insert(said);
        is_first
    });
    (StatusCode::OK, text)
}
