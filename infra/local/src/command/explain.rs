//! `dealbridge explain`: why one Opportunity would or would not import.

use std::process::ExitCode;

use clap::Args;
use dealbridge_core::{
    explain::{self, ExplainError, Explained, Explanation, Outlook},
    fault,
};
use dealbridge_local::{LocalError, LocalProduct};

use super::{output::print, place::ProductOptions};

#[derive(Args)]
pub(super) struct Explain {
    /// The Opportunity's id of 15 or 18 characters, or the URL of its page.
    #[arg(value_name = "ID_OR_URL")]
    opportunity: String,
    #[command(flatten)]
    place: ProductOptions,
    /// Print the explanation as one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(asked: Explain) -> Result<ExitCode, LocalError> {
    // Nothing takes messages from the queues: explaining imports nothing.
    let product = LocalProduct::prepare(&asked.place.options()?).await?;
    let explain = explain::Explain {
        salesforce: &product.salesforce,
        portal: &product.portal,
        store: &product.store,
        instance_url: product.instance_url(),
    };
    let explained = explain.by_url(&asked.opportunity).await;
    product.shutdown().await;
    let explanation = explained.map_err(|error| LocalError::new(sentence(&error)))?;
    if asked.json {
        let json = serde_json::to_string(&explanation)
            .map_err(|error| LocalError::new(format!("could not write JSON: {error}")))?;
        print(&json)?;
    } else {
        print(&text(&explanation))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn sentence(error: &ExplainError) -> String {
    match error {
        ExplainError::Salesforce(error) => {
            let finding = fault::finding(error);
            let (message, suggestion) = finding.sentences("the Opportunity");
            format!("{}: {message} {suggestion}", finding.code)
        }
        other => other.to_string(),
    }
}

/// The explanation for a person.
fn text(explanation: &Explanation) -> String {
    let opportunity = &explanation.opportunity;
    let verdict = match explanation.verdict {
        Outlook::WouldImport => "would become a Deal",
        Outlook::WouldUpdate => "is linked, and its record would be brought up to date",
        Outlook::Unchanged => "is linked, and nothing would change",
        Outlook::WouldFail => "would not import",
        Outlook::Suppressed => "was unlinked on purpose and is left alone",
        Outlook::NotACandidate => "is not up for import",
    };
    let mut text = format!(
        "Opportunity {} {verdict}\n{} {}\n",
        opportunity.name.as_deref().unwrap_or_default(),
        opportunity.id,
        opportunity.url
    );
    for condition in &explanation.conditions {
        text.push_str(&line(condition));
    }
    for warning in &explanation.warnings {
        text.push_str(&format!(
            "\n  note  {}\n        {}\n        -> {}\n",
            warning.code, warning.message, warning.suggestion
        ));
    }
    text
}

fn line(condition: &Explained) -> String {
    let word = if condition.passed { "  ok  " } else { "  FAIL" };
    let mut text = format!("\n{word}  {}", condition.code);
    if let Some(field) = &condition.field {
        let value = condition.value.as_deref().unwrap_or("(blank)");
        text.push_str(&format!("  {field}: {value}"));
    }
    for (lead, sentence) in [("", &condition.message), ("-> ", &condition.suggestion)] {
        if let Some(sentence) = sentence {
            text.push_str(&format!("\n        {lead}{sentence}"));
        }
    }
    text
}
