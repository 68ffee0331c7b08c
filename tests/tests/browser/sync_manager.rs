//! The Sync Manager.

use dealbridge_tests::site::{ADMIN, Site};

use crate::{Outcome, browser::Browser, tools::Tools};

pub(crate) async fn a_full_sync_is_watched_to_its_end(tools: Tools) -> Outcome {
    let browser = Browser::open(&tools, Site::start().await).await?;
    browser.sign_in(ADMIN).await?;
    browser.sees("There was no run yet").await?;

    browser.press("Actions").await?;
    browser.press("Run Full Sync Now").await?;

    // The part refreshes itself until the run has ended; the page is not loaded again.
    browser.find("//section[@id='progress']").await?;
    browser
        .find("//section[@id='progress'][.//*[contains(., 'Succeeded')]]")
        .await?;
    browser.sees("42 of 42 done").await?;
    browser.press("Show all").await?;
    browser.find("//table//th[.='run-00000001']").await?;
    browser.is_clean().await
}
