//! The settings.

use dealbridge_core::ports::Portal;
use dealbridge_tests::site::{ADMIN, Site};

use crate::{Outcome, browser::Browser, tools::Tools};

pub(crate) async fn a_mapping_row_is_tried_and_saved(tools: Tools) -> Outcome {
    let browser = Browser::open(&tools, Site::imported().await).await?;
    browser.sign_in(ADMIN).await?;
    browser.press("Settings").await?;
    browser.sees("Test connection").await?;
    browser.press("Test connection").await?;
    browser
        .find("//main//*[contains(@class, 'notice')]")
        .await?;

    // A row more, of which one field does not fit the other.
    let rows = "//*[@id='mappings']//ol[contains(@class, 'rows')]/li";
    let before = browser
        .page
        .find_all(thirtyfour::By::XPath(rows))
        .await?
        .len();
    browser
        .click("//*[@id='mappings']//button[starts-with(@value, 'add:')]")
        .await?;
    browser.find(&format!("({rows})[{}]", before + 1)).await?;
    let at = |member: &str| format!("mappings[{before}].{member}");
    let name = browser
        .find(&format!("//*[@name='{}']", at("channeltivity")))
        .await?;
    name.send_keys("amount").await?;
    let field = browser
        .find(&format!("//*[@name='{}']", at("salesforce")))
        .await?;
    field.send_keys("CloseDate").await?;
    browser.press("Check").await?;
    browser.sees("These settings cannot be stored").await?;
    browser.is_clean().await?;

    // It is taken away again; a switch is tried, then saved.
    browser
        .click(&format!("//button[@value='remove:mappings[{before}]']"))
        .await?;
    browser
        .find("//*[@name='default_registration_status']")
        .await?;
    let flag = browser.find("//*[@name='fields.partner_email']").await?;
    assert!(flag.value().await?.is_some());
    browser.press("Try it").await?;
    browser.find("//*[@id='trial']").await?;
    let status = browser
        .find("//*[@name='default_registration_status']")
        .await?;
    status.clear().await?;
    status.send_keys("Submitted by import").await?;
    browser.press("Save").await?;
    browser.sees("is stored. The next run works by it.").await?;
    browser.press("All versions").await?;
    browser.sees("esme.rowan@alderpeak.example").await?;
    browser.is_clean().await?;

    let stored = browser.site.app.portal.settings().await;
    let stored = stored.expect("the settings can be read");
    assert_eq!(stored.default_registration_status, "Submitted by import");
    Ok(())
}
