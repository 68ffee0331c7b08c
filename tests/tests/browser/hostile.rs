//! Text that somebody wrote into Salesforce or the portal to do harm.

use dealbridge_tests::site::{ADMIN, Site};
use serde_json::json;

use crate::{
    Outcome,
    browser::{Browser, TELEPHONE, Theme},
    screens,
    tools::Tools,
};

const SCRIPT: &str =
    "<script>window.harmed = true</script><img src=x onerror=\"window.harmed=true\">";
const FORMULA: &str = "=cmd|' /C calc'!A0";
const BIDI: &str = "\u{202e}gpj.exe\u{2066}\u{200f}";

pub(crate) async fn hostile_names_are_inert_on_every_screen(tools: Tools) -> Outcome {
    let browser = Browser::open(&tools, Site::start().await).await?;
    let (long, wide) = ("W".repeat(10_000), "W".repeat(120));
    let opportunities = [
        ("006aP00000008G0QAI", SCRIPT),
        ("006aP00000008IJQAY", FORMULA),
        ("006aP00000008NHQAY", BIDI),
    ];
    for (id, name) in opportunities {
        let name: String = name.chars().take(120).collect();
        let edit = json!({ "object": "Opportunity", "id": id, "fields": { "Name": name } });
        browser.site.org("edit", &edit).await;
    }
    let fields = json!({ "fields": { "name": SCRIPT } });
    let user = json!({ "name": SCRIPT });
    for (target, body) in [
        ("records/deal/deal-office-move", &fields),
        (
            "records/lead/lead-quayside",
            &json!({ "fields": { "name": wide } }),
        ),
        (
            "records/deal/deal-office-move",
            &json!({ "fields": { "notes": long } }),
        ),
        ("users/usr-rosa", &user),
        ("organizations/org-fjord", &json!({ "name": BIDI })),
        ("groups/grp-channel", &json!({ "name": FORMULA })),
    ] {
        let changed = browser.site.local(target, body).await;
        assert!(changed.status < 300, "{target}: {changed:?}");
    }
    browser
        .site
        .app
        .full_run()
        .await
        .expect("the org is imported");
    browser.sign_in(ADMIN).await?;

    let asked = [
        "/console/log?code=ACCOUNT_MISSING".to_owned(),
        "/console/why?q=006aP00000008IJQAY".to_owned(),
        format!("/console/why?q={SCRIPT}"),
        format!("/console/deals?q={SCRIPT}"),
        format!("/console/people?email={SCRIPT}"),
        format!("/console/{SCRIPT}"),
    ];
    browser.window(TELEPHONE, Theme::Light).await?;
    for path in screens::screens().chain(asked) {
        browser.goto(&path).await?;
        browser.find("//h1").await?;
        browser.is_clean().await?;
        let script = "return [window.harmed === true, document.documentElement.scrollWidth]";
        let seen = browser.page.execute(script, Vec::new()).await?;
        let (is_harmed, width): (bool, u32) = seen.convert()?;
        assert!(!is_harmed, "{path} runs what somebody wrote");
        assert!(width <= TELEPHONE, "{path} is {width} px wide");
    }
    Ok(())
}
