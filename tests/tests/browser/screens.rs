//! Promises of every screen: axe finds nothing, and nothing is wider than the window.

use dealbridge_tests::site::{ADMIN, Site};

use crate::{
    Outcome,
    browser::{Browser, DESKTOP, TELEPHONE, Theme},
    tools::Tools,
};

/// The screens: those without a variable in their address, and these.
const OTHERS: [&str; 10] = [
    "/console/runs/run-00000001",
    "/console/log?code=CONTACT_MISSING",
    "/console/why?q=006aP00000008NHQAY",
    "/console/people?email=office%40meridianworks.example",
    "/console/deals",
    "/console/deals/new",
    "/console/deals/deal-office-move",
    "/console/deals/deal-office-move/edit",
    "/console/leads",
    "/console/leads/lead-quayside/linking",
];
/// The address of a file, which a browser keeps and does not show.
const FILE: &str = "/console/log/export";

/// The address of every screen.
pub(crate) fn screens() -> impl Iterator<Item = String> {
    let plain = console::routes()
        .iter()
        .filter(|route| route.method.as_str() == "GET" && !route.path.contains('{'))
        .filter(|route| route.path != FILE)
        .map(|route| route.path.to_owned());
    plain.chain(OTHERS.map(str::to_owned))
}

/// The name of a screen's picture.
fn name(path: &str) -> String {
    let name = path.trim_start_matches("/console").trim_matches('/');
    let plain = |letter: char| {
        if letter.is_ascii_alphanumeric() {
            letter
        } else {
            '-'
        }
    };
    match name {
        "" => "sync-manager".to_owned(),
        name => name.chars().map(plain).collect(),
    }
}

pub(crate) async fn nothing_is_found_by_axe_in_either_theme(tools: Tools) -> Outcome {
    let browser = Browser::open(&tools, Site::imported().await).await?;
    browser.sign_in(ADMIN).await?;
    let mut found = Vec::new();

    for theme in [Theme::Light, Theme::Dark] {
        browser.window(DESKTOP, theme).await?;
        for path in screens() {
            browser.goto(&path).await?;
            browser.find("//h1").await?;
            for finding in browser.axe().await? {
                found.push(format!("{path}, {theme:?}: {finding}"));
            }
            browser.is_clean().await?;
            if theme == Theme::Light {
                browser.picture(&name(&path)).await?;
            }
        }
    }

    assert_eq!(found, Vec::<String>::new());
    Ok(())
}

pub(crate) async fn nothing_is_wider_than_a_telephone(tools: Tools) -> Outcome {
    let browser = Browser::open(&tools, Site::imported().await).await?;
    browser.sign_in(ADMIN).await?;
    browser.window(TELEPHONE, Theme::Light).await?;

    for path in screens() {
        browser.goto(&path).await?;
        browser.find("//h1").await?;
        let script = "return document.documentElement.scrollWidth";
        let width: u32 = browser.page.execute(script, Vec::new()).await?.convert()?;
        assert!(width <= TELEPHONE, "{path} is {width} px wide");
        browser
            .picture(&format!("{}-{TELEPHONE}", name(&path)))
            .await?;
    }
    Ok(())
}
