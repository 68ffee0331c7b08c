//! The link dialog and the unlink dialog.

use dealbridge_tests::site::{ADMIN, Site};
use serde_json::json;
use thirtyfour::{Key, TypingData};

use crate::{Outcome, browser::Browser, tools::Tools};

const RECORD: &str = "/console/leads/lead-quayside";
const LEAD: &str = "https://alderpeak.lightning.force.com/lightning/r/Lead/00QaP000000033wUAA/view";
const OTHER_LEAD: &str =
    "https://alderpeak.lightning.force.com/lightning/r/Lead/00QaP0000000349UAA/view";
const CORRECT: &str = "//label[contains(., 'This is correct. I wish to link these records')]";
const SURE: &str = "//label[contains(., \"I'm sure I want to unlink this record\")]";

/// Opens the dialog from the record's menu.
async fn dialog(browser: &Browser) -> Outcome {
    browser.goto(RECORD).await?;
    browser.press("Salesforce").await?;
    browser
        .press("Link to existing Salesforce Lead/Opportunity")
        .await?;
    browser.find("//*[@id='salesforceUrl']").await.map(|_| ())
}

/// Goes through both steps of the dialog, and links.
async fn link(browser: &Browser, master: &str) -> Outcome {
    dialog(browser).await?;
    browser.fill("salesforceUrl", LEAD).await?;
    browser
        .click(&format!("//input[@name='master'][@value='{master}']"))
        .await?;
    browser.press("Next").await?;
    browser.sees("Is this the record?").await?;
    browser.click(CORRECT).await?;
    browser.press("Link").await?;
    browser.sees("Linked to the Salesforce Lead").await
}

async fn unlink(browser: &Browser) -> Outcome {
    browser.goto(RECORD).await?;
    browser.press("Salesforce").await?;
    browser.press("Unlink").await?;
    browser.click(SURE).await?;
    browser
        .click("//main//button[normalize-space()='Unlink']")
        .await?;
    browser.sees("are no longer linked").await
}

pub(crate) async fn a_lead_is_linked_after_a_stale_preview_and_unlinked(tools: Tools) -> Outcome {
    let browser = Browser::open(&tools, Site::imported().await).await?;
    browser.sign_in(ADMIN).await?;
    dialog(&browser).await?;

    // The address is checked as it is typed.
    browser
        .fill("salesforceUrl", "https://evil.example/00QaP000000033wUAA")
        .await?;
    browser.find("//*[@id='salesforceUrl-error']").await?;
    browser.fill("salesforceUrl", LEAD).await?;
    browser
        .find("//*[@id='salesforceUrl-check'][contains(., 'Lead 00QaP000000033wUAA')]")
        .await?;
    browser.press("Next").await?;
    browser.find("//*[@id='master-error']").await?;
    browser
        .click("//input[@name='master'][@value='channeltivity']")
        .await?;
    browser.press("Next").await?;
    browser.sees("Is this the record?").await?;

    // Somebody changes the record meanwhile.
    let changed = json!({ "fields": { "name": "Quayside Hotels - all kitchens" } });
    let changed = browser
        .site
        .local("records/lead/lead-quayside", &changed)
        .await;
    assert_eq!(changed.status, 200, "{changed:?}");
    browser.click(CORRECT).await?;
    browser.press("Link").await?;
    browser.sees("This is the preview of this moment").await?;
    browser.click(CORRECT).await?;
    browser.press("Link").await?;
    browser.sees("Linked to the Salesforce Lead").await?;
    browser.is_clean().await?;

    unlink(&browser).await?;
    link(&browser, "salesforce").await?;
    browser.is_clean().await
}

pub(crate) async fn what_cannot_be_linked_is_told_beside_the_address(tools: Tools) -> Outcome {
    let browser = Browser::open(&tools, Site::imported().await).await?;
    browser.sign_in(ADMIN).await?;
    link(&browser, "salesforce").await?;
    let taken = "/console/leads/lead-zelenka/linking";
    let gone = json!({ "object": "Lead", "id": "00QaP0000000349UAA" });
    browser.site.org("delete", &gone).await;

    for (url, code) in [
        (LEAD, "ALREADY_LINKED_OTHER"),
        (OTHER_LEAD, "SF_RECORD_DELETED"),
        (
            "https://alderpeak.lightning.force.com/lightning/r/Account/001aP00000003rUQAQ/view",
            "URL_NOT_LEAD_OR_OPPORTUNITY",
        ),
        (
            "https://elsewhere.lightning.force.com/lightning/r/Lead/00QaP000000033wUAA/view",
            "URL_OTHER_ORG",
        ),
        ("what the manager sent", "URL_INVALID"),
    ] {
        browser.goto(taken).await?;
        browser.fill("salesforceUrl", url).await?;
        browser
            .click("//input[@name='master'][@value='salesforce']")
            .await?;
        browser.press("Next").await?;
        browser
            .find(&format!(
                "//*[@id='salesforceUrl-error'][contains(., '{code}')]"
            ))
            .await?;
        let kept = browser.find("//*[@id='salesforceUrl']").await?;
        assert_eq!(kept.value().await?.as_deref(), Some(url));
    }
    Ok(())
}

pub(crate) async fn the_keyboard_alone_links_and_unlinks(tools: Tools) -> Outcome {
    let browser = Browser::open(&tools, Site::imported().await).await?;
    browser.sign_in(ADMIN).await?;
    browser.goto(&format!("{RECORD}/linking")).await?;

    let keys = Keyboard(&browser);
    keys.to("salesforceUrl").await?;
    keys.press(LEAD).await?;
    keys.to("master").await?;
    keys.press(" ").await?;
    keys.press(Key::Enter).await?;
    browser.sees("Is this the record?").await?;
    keys.to("confirm").await?;
    keys.press(" ").await?;
    keys.to_button("Link").await?;
    keys.press(Key::Enter).await?;
    browser.sees("Linked to the Salesforce Lead").await?;

    keys.to_button("Salesforce").await?;
    keys.press(Key::Enter).await?;
    keys.to_button("Unlink").await?;
    keys.press(Key::Enter).await?;
    browser.find("//*[@id='confirm']").await?;
    keys.to("confirm").await?;
    keys.press(" ").await?;
    keys.to_button("Unlink").await?;
    keys.press(Key::Enter).await?;
    browser.sees("are no longer linked").await
}

/// A person without a mouse.
struct Keyboard<'a>(&'a Browser);

impl Keyboard<'_> {
    async fn press(&self, keys: impl Into<TypingData>) -> Outcome {
        self.0.page.action_chain().send_keys(keys).perform().await
    }

    /// Tabs until the focus is where it should be.
    async fn until(&self, what: &str, condition: &str) -> Outcome {
        for _ in 0..80 {
            self.press(Key::Tab).await?;
            let script = format!("const at = document.activeElement; return {condition}");
            let is_there: bool = self.0.page.execute(script, Vec::new()).await?.convert()?;
            if is_there {
                return Ok(());
            }
        }
        unreachable!("the Tab key does not lead to {what}")
    }

    /// Tabs to the control with that id or name.
    async fn to(&self, name: &str) -> Outcome {
        self.until(name, &format!("at.id === '{name}' || at.name === '{name}'"))
            .await
    }

    /// Tabs to the button or link with that text.
    async fn to_button(&self, text: &str) -> Outcome {
        self.until(
            text,
            &format!("at.textContent.trim() === '{text}' && !at.closest('nav')"),
        )
        .await
    }
}
