//! `dealbridge login`: an access token for a person.

use std::{io::Read, path::PathBuf, process::ExitCode};

use clap::Args;
use dealbridge_local::{
    LocalError,
    login::{self, AccessToken, CALLBACK_PORT},
    server,
};
use serde_json::Value;

use super::output::print;

#[derive(Args)]
pub(super) struct Login {
    /// The issuer of the tokens: the deployment's output Issuer.
    #[arg(long, value_name = "URL", required_unless_present = "outputs")]
    issuer: Option<String>,
    /// The OAuth client of people: the deployment's output ClientId.
    #[arg(long, value_name = "ID", required_unless_present = "outputs")]
    client_id: Option<String>,
    /// A file with the deployment's outputs, as `sam list stack-outputs --output json` or `aws cloudformation
    /// describe-stacks` print them; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    outputs: Option<PathBuf>,
    /// The scopes to ask for, with blanks between them. All that the client may have when absent.
    #[arg(long, value_name = "SCOPES", default_value = "")]
    scope: String,
    /// The port of 127.0.0.1 that the browser comes back to; the provider must know http://127.0.0.1:N/callback.
    #[arg(long, value_name = "N", default_value_t = CALLBACK_PORT)]
    port: u16,
    /// Open no browser, only print the address.
    #[arg(long)]
    no_browser: bool,
    /// Print the token alone, without a shell's `export DEALBRIDGE_TOKEN=`.
    #[arg(long)]
    bare: bool,
}

pub(super) async fn run(asked: Login) -> Result<ExitCode, LocalError> {
    let outputs = asked.outputs.map(read).transpose()?.unwrap_or_default();
    let value = |given: Option<String>, option: &str, name: &str| {
        given.or_else(|| output(&outputs, name)).ok_or_else(|| {
            LocalError::new(format!(
                "the outputs have no {name}: give it as {option}, or name the outputs of the dealbridge stack"
            ))
        })
    };
    let login = login::Login {
        issuer: value(asked.issuer, "--issuer", "Issuer")?,
        client_id: value(asked.client_id, "--client-id", "ClientId")?,
        scopes: asked.scope.split_whitespace().map(str::to_owned).collect(),
    };
    let sign_in = login.begin(server::listen(asked.port).await?).await?;
    // Standard output is for the token alone, so that a shell can take it.
    eprintln!("Sign in at\n{}", sign_in.url());
    if !asked.no_browser && open::that_detached(sign_in.url().as_str()).is_err() {
        eprintln!("No browser could be opened: open the address yourself, on this machine.");
    }
    let AccessToken { token, lifetime } = sign_in.token().await?;
    if let Some(lifetime) = lifetime {
        eprintln!("Signed in for {} minutes.", lifetime.as_secs() / 60);
    }
    if asked.bare {
        print(&token)?;
    } else {
        print(&format!("export DEALBRIDGE_TOKEN={token}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn read(path: PathBuf) -> Result<Value, LocalError> {
    let mut text = String::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin().read_to_string(&mut text)
    } else {
        std::fs::File::open(&path).and_then(|mut file| file.read_to_string(&mut text))
    };
    let failed = |error: &dyn std::fmt::Display| {
        LocalError::new(format!("--outputs {}: {error}", path.display()))
    };
    read.map_err(|error| failed(&error))?;
    serde_json::from_str(&text).map_err(|error| failed(&error))
}

/// The value of an output: in SAM's list, or in that of CloudFormation's first stack.
fn output(outputs: &Value, name: &str) -> Option<String> {
    let list = match outputs.pointer("/Stacks/0/Outputs") {
        Some(list) => list,
        None => outputs,
    };
    let found = list.as_array()?.iter().find(|one| one["OutputKey"] == name);
    found?["OutputValue"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn outputs_are_read_as_either_tool_prints_them() {
        let list = json!([
            { "OutputKey": "ApiUrl", "OutputValue": "https://api.example" },
            { "OutputKey": "Issuer", "OutputValue": "https://issuer.example" },
        ]);

        for outputs in [json!({ "Stacks": [{ "Outputs": list }] }), list] {
            let issuer = output(&outputs, "Issuer");
            assert_eq!(issuer.as_deref(), Some("https://issuer.example"));
            assert_eq!(output(&outputs, "ClientId"), None);
        }
    }
}
