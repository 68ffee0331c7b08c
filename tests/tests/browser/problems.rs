//! Open problems.

use dealbridge_tests::site::{ADMIN, Site};
use serde_json::json;

use crate::{Outcome, browser::Browser, tools::Tools};

const NAME: &str = "Tri-county consortium";

pub(crate) async fn a_problem_is_mended_checked_again_and_gone_with_the_next_run(
    tools: Tools,
) -> Outcome {
    let browser = Browser::open(&tools, Site::imported().await).await?;
    browser.sign_in(ADMIN).await?;
    browser.press("Integration Log").await?;
    browser.sees("open problems").await?;
    browser.goto("/console/log?code=ACCOUNT_MISSING").await?;
    browser.sees(NAME).await?;
    browser.sees("Choose the end user's Account").await?;

    browser.press_first("Check again").await?;
    browser.find("//h1[.='Why?']").await?;
    browser.sees("Would not import").await?;
    let mended = json!({
        "object": "Opportunity",
        "id": "006aP00000008IJQAY",
        "fields": { "AccountId": "001aP00000003rUQAQ" },
    });
    browser.site.org("edit", &mended).await;
    browser.press_first("Check again").await?;
    browser.sees("Would import").await?;

    browser.press("Sync Manager").await?;
    browser.press("Actions").await?;
    browser.press("Run Full Sync Now").await?;
    browser
        .find("//section[@id='progress'][.//*[contains(., 'Succeeded')]]")
        .await?;
    browser.goto("/console/log?code=ACCOUNT_MISSING").await?;
    browser.find("//h1").await?;
    assert!(!browser.shows(NAME).await?);
    browser.is_clean().await
}
