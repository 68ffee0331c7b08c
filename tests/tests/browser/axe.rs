//! axe-core, the accessibility engine, on the page that the browser shows.

use serde::Deserialize;
use thirtyfour::prelude::*;

#[derive(Debug, Deserialize)]
struct Violation {
    id: String,
    help: String,
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    html: String,
}

/// Every violation of WCAG 2.2, levels A and AA, and of axe's best practices, with the first element that it is about.
pub(crate) async fn findings(page: &WebDriver, source: &str) -> WebDriverResult<Vec<String>> {
    page.execute(source, Vec::new()).await?;
    let script = "const done = arguments[arguments.length - 1]; axe.run(document).then((result) => done(result.violations));";
    let found = page.execute_async(script, Vec::new()).await?;
    let found: Vec<Violation> = found.convert()?;
    let told = found.iter().map(|violation| {
        let Violation { id, help, nodes } = violation;
        let first = nodes.first().map(|node| node.html.as_str());
        let first: String = first.unwrap_or_default().chars().take(200).collect();
        format!("{id}: {help} ({} times, such as {first})", nodes.len())
    });
    Ok(told.collect())
}
