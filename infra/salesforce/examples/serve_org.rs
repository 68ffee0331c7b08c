//! Serves an org folder: `cargo run -p salesforce-simulator --example serve_org -- FOLDER [PORT] [CHECKBOX…]`. Custom fields are
//! text, but for checkboxes that are named as `Opportunity.Sync__c`.

use std::{net::Ipv4Addr, path::Path, process::ExitCode};

use salesforce_simulator::{Declarations, DeclaredType, OrgFolder, OrgOptions, OrgServer};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(folder) = arguments.next() else {
        eprintln!("give the folder of an org");
        return ExitCode::FAILURE;
    };
    let port = arguments
        .next()
        .and_then(|port| port.parse().ok())
        .unwrap_or(0);
    let declared = arguments.fold(Declarations::default(), |declared, checkbox| match checkbox
        .split_once('.')
    {
        Some((object, field)) => declared.with(object, field, DeclaredType::Checkbox),
        None => declared,
    });
    let data = match OrgFolder::load(Path::new(&folder), &declared) {
        Ok(data) => {
            for notice in data.notices() {
                eprintln!("{notice}");
            }
            data
        }
        Err(errors) => {
            for error in errors {
                eprintln!("{error}");
            }
            return ExitCode::FAILURE;
        }
    };
    let options = OrgOptions {
        address: (Ipv4Addr::LOCALHOST, port).into(),
        ..OrgOptions::default()
    };
    match OrgServer::start(data, options).await {
        Ok(org) => {
            println!(
                "{} {} {}",
                org.instance_url(),
                org.client().id,
                org.client().secret
            );
            std::future::pending::<()>().await;
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
