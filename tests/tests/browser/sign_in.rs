//! Signing in and out.

use dealbridge_tests::site::{ADMIN, INTERNAL, Site};

use crate::{Outcome, browser::Browser, tools::Tools};

pub(crate) async fn one_click_signs_in_and_one_signs_out(tools: Tools) -> Outcome {
    let browser = Browser::open(&tools, Site::start().await).await?;

    browser.goto("/console").await?;
    browser
        .click(&format!("//button[@value='{ADMIN}']"))
        .await?;
    browser.find("//h1[.='Sync Manager']").await?;
    browser.is_clean().await?;

    browser.press("Sign out").await?;
    browser.find("//h1[.='Signed out']").await?;
    browser.goto("/console").await?;
    browser.find("//h1[.='Sign in']").await?;
    Ok(())
}

pub(crate) async fn who_is_no_administrator_sees_neither_the_menu_nor_the_page(
    tools: Tools,
) -> Outcome {
    let browser = Browser::open(&tools, Site::imported().await).await?;

    browser.sign_in(INTERNAL).await?;
    browser.find("//h1[.='Deals']").await?;
    for entry in [
        "Sync Manager",
        "Integration Log",
        "Settings",
        "Suppressions",
        "People",
    ] {
        assert!(!browser.shows(entry).await?, "{entry}");
    }
    browser.goto("/console/log").await?;
    browser.sees("Only an administrator may do this").await?;
    assert!(!browser.shows("Export CSV").await?);
    Ok(())
}
