//! `dealbridge up`.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use crate::place::{command, text};

/// The program while it serves.
pub(crate) struct Served {
    child: Child,
    /// Everything it printed until it listened.
    pub(crate) printed: String,
    address: String,
}

pub(crate) fn up(arguments: &[&str]) -> Served {
    let mut served = Served {
        child: command(arguments).stdout(Stdio::piped()).spawn().unwrap(),
        printed: String::new(),
        address: String::new(),
    };
    let mut lines = BufReader::new(served.child.stdout.take().unwrap()).lines();
    for line in lines.by_ref() {
        let line = line.unwrap();
        if let Some(address) = line.strip_prefix("listening on http://") {
            address.clone_into(&mut served.address);
            break;
        }
        served.printed.push_str(&line);
        served.printed.push('\n');
    }
    assert_ne!(served.address, "", "it ended before it listened");
    // What it prints later is read, so that it never waits for a reader.
    std::thread::spawn(move || lines.count());
    served
}

impl Served {
    /// The address of the API.
    pub(crate) fn api(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn get(&self, target: &str) -> (u16, Value) {
        self.get_with(target, "")
    }

    /// The answer to a user of the portal.
    pub(crate) fn get_as(&self, user: &str, target: &str) -> Value {
        let (_, token) = self.get(&format!("/local/token?user={user}"));
        let token = token["token"].as_str().unwrap();
        let (status, body) = self.get_with(target, &format!("authorization: Bearer {token}\r\n"));
        assert_eq!(status, 200, "{target}: {body}");
        body
    }

    fn get_with(&self, target: &str, header: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let host = &self.address;
        write!(
            stream,
            "GET {target} HTTP/1.1\r\nhost: {host}\r\n{header}connection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        (status, serde_json::from_str(body).unwrap())
    }

    /// Stops it with a signal and answers its exit code.
    pub(crate) fn stop(&mut self, signal: &str) -> Option<i32> {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(sent.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[cfg(unix)]
fn up_is_the_default_imports_first_then_serves_and_ends_cleanly_on_ctrl_c() {
    let mut served = up(&["--port", "0"]);

    assert!(
        served.printed.contains("imported        12"),
        "{}",
        served.printed
    );
    let (status, endpoints) = served.get("/local/endpoints");
    assert_eq!(status, 200);
    assert_eq!(endpoints["api"], format!("http://{}", served.address));
    assert!(endpoints["salesforce"]["clientSecret"].is_string());
    assert_eq!(served.get("/sync-runs").0, 401);

    assert_eq!(served.stop("-INT"), Some(0));
}

#[test]
#[cfg(unix)]
fn the_first_import_can_be_watched() {
    let mut served = command(&["up", "--port", "0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(served.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    let address = first
        .strip_prefix("importing the org; http://")
        .and_then(|rest| rest.split('/').next())
        .unwrap();

    // It answers although the report of the first run is not there yet.
    assert!(TcpStream::connect(address).is_ok());
    let printed: Vec<String> = lines.by_ref().map_while(Result::ok).take(3).collect();
    assert!(
        !printed.iter().any(|line| line.contains("listening on")),
        "{printed:?}"
    );
    served.kill().unwrap();
    served.wait().unwrap();
}

#[test]
#[cfg(unix)]
fn what_was_imported_and_who_may_call_is_kept_in_the_data_directory() {
    let data = tempfile::tempdir().unwrap();
    let arguments = ["up", "--port", "0", "--data-dir", text(data.path())];
    let mut first = up(&arguments);
    let (_, token) = first.get("/local/token?user=esme.rowan@alderpeak.example");
    assert_eq!(first.stop("-TERM"), Some(0));

    let mut second = up(&arguments);

    assert!(
        second.printed.contains("unchanged       12"),
        "{}",
        second.printed
    );
    let token = token["token"].as_str().unwrap();
    let mut stream = TcpStream::connect(&second.address).unwrap();
    write!(
        stream,
        "GET /sync-runs HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("run-00000001") && answer.contains("run-00000002"));
    assert_eq!(second.stop("-INT"), Some(0));
}
