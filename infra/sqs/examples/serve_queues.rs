//! Serves queues: `cargo run -p sqs-server --example serve_queues -- [PORT] [DIRECTORY]`. The port is 9324 unless given, 0 takes a free
//! one; with a directory, queues and messages outlive the process. Ctrl-C ends it.

use std::{net::Ipv4Addr, path::PathBuf, process::ExitCode};

use sqs_server::{QueueOptions, QueueServer};

/// The port that other local SQS servers take, too.
const DEFAULT_PORT: u16 = 9_324;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let port = match arguments.next().map(|port| port.parse()) {
        None => DEFAULT_PORT,
        Some(Ok(port)) => port,
        Some(Err(error)) => {
            eprintln!("the port cannot be read: {error}");
            return ExitCode::FAILURE;
        }
    };
    let options = QueueOptions {
        address: (Ipv4Addr::LOCALHOST, port).into(),
        directory: arguments.next().map(PathBuf::from),
        ..QueueOptions::default()
    };
    match QueueServer::start(options).await {
        Ok(queues) => {
            println!("{}", queues.endpoint_url());
            std::future::pending::<()>().await;
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
