//! `dealbridge load`.

use std::{
    io::{Read, Write},
    net::TcpListener,
    thread::JoinHandle,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    place::{Ended, SAMPLE, command, ended, text},
    up::{Served, up},
};

/// A deployment that was just made.
fn empty() -> Served {
    up(&["up", "--empty", "--port", "0"])
}

fn token(served: &Served) -> String {
    let (status, answer) = served.get("/local/token?client=portal");
    assert_eq!(status, 200, "{answer}");
    answer["token"].as_str().unwrap().to_owned()
}

/// The command, with that token.
fn load(folder: &str, api: &str, token: &str, more: &[&str]) -> Ended {
    let mut command = command(&[&["load", folder, "--api", api], more].concat());
    command.env("DEALBRIDGE_TOKEN", token);
    ended(command)
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[test]
fn a_folder_is_loaded_once_and_a_repeat_leaves_it() {
    let served = empty();
    let token = token(&served);

    let dry = load(SAMPLE, &served.api(), &token, &["--dry-run"]);
    assert_eq!(dry.code, Some(0), "{dry:?}");
    assert!(
        dry.out.contains("would create organization org-alderpeak"),
        "{dry:?}"
    );
    let first = load(SAMPLE, &served.api(), &token, &["--json"]);
    let again = load(SAMPLE, &served.api(), &token, &["--json"]);

    let users = |created, left| json!({ "created": created, "changed": 0, "left": left });
    assert_eq!(first.json()["users"], users(21, 0), "{first:?}");
    assert_eq!(again.json()["users"], users(0, 21), "{again:?}");
    assert_eq!(first.json()["dryRun"], false);
    let told = load(SAMPLE, &served.api(), &token, &[]);
    assert!(
        told.out
            .contains("users                    0          0         21"),
        "{told:?}"
    );
}

#[test]
fn everything_that_is_wrong_is_named_with_its_line_and_nothing_is_written() {
    let served = empty();
    let token = token(&served);
    let folder = folder(&[
        (
            "organizations.csv",
            "id,name,type,status\norg-1,One,partner,active\norg-1,Two,partner,active\n",
        ),
        (
            "users.csv",
            "id,name,email,type,organization,groups,status\n\
             usr-1,A,a@one.example,partner,org-1,,active\n\
             usr-2,B,b,partner,org-1,,active\n\
             usr-3,C,c@one.example,partner,org-2,grp-1;grp-2,asleep\n\
             usr-4,D,d@one.example,partner,org-2,grp-1,active\n",
        ),
    ]);

    load(text(folder.path()), &served.api(), &token, &[]).refused_with(&[
        "organizations.csv, line 3: id: the id \"org-1\" stands twice",
        "users.csv, line 3: email: \"b\" is not a valid email address",
        "users.csv, line 4: status: \"asleep\" is none of its values",
        "users.csv, line 5: organization: there is no organization \"org-2\"",
        "users.csv, line 5: groups: there is no group \"grp-1\"",
    ]);
    let left = load(SAMPLE, &served.api(), &token, &["--dry-run", "--json"]);
    assert_eq!(left.json()["organizations"]["created"], 6, "{left:?}");
}

#[test]
fn a_token_or_an_address_that_will_not_do_is_told_with_what_to_do() {
    let served = empty();
    let api = served.api();
    let (_, scopeless) = served.get("/local/token?client=portal&scope=dealbridge/none");
    let scopeless = scopeless["token"].as_str().unwrap();
    let (_, expired) = served.get("/local/token?client=portal&expires_in=-1");
    let expired = expired["token"].as_str().unwrap();
    let good = token(&served);

    ended(command(&["load", SAMPLE, "--api", &api]))
        .refused_with(&["there is no token: set DEALBRIDGE_TOKEN"]);
    load(SAMPLE, &api, expired, &[]).refused_with(&["does not take the token", "401", "expired"]);
    load(SAMPLE, &api, scopeless, &[]).refused_with(&["403", "the scope portal/write"]);
    load(SAMPLE, &format!("{api}/a/b"), &good, &[]).refused_with(&[
        "there is no dealbridge API",
        "404",
        "ApiUrl",
    ]);
    load(SAMPLE, "http://127.0.0.1:1", &good, &[]).refused_with(&["no answer", "check --api"]);
    load(SAMPLE, "http://api.example", &good, &[]).refused_with(&["only sent by https"]);
    load("no-such-folder", &api, &good, &[]).refused_with(&["no-such-folder", "not a folder"]);
}

#[test]
fn the_portal_s_client_fetches_its_token_by_its_credentials() {
    let served = empty();
    let (url, asked) = provider(json!({ "access_token": token(&served), "expires_in": 3600 }));
    let arguments = [
        "load",
        SAMPLE,
        "--api",
        &served.api(),
        "--client-id",
        "portal",
        "--token-url",
        &url,
        "--json",
    ];

    let mut loads = command(&arguments);
    loads.env("DEALBRIDGE_CLIENT_SECRET", "s3cret");
    let loaded = ended(loads);

    assert_eq!(loaded.code, Some(0), "{loaded:?}");
    assert_eq!(loaded.json()["users"]["created"], 21);
    let asked = asked.join().unwrap();
    assert!(
        asked.contains("authorization: Basic cG9ydGFsOnMzY3JldA=="),
        "{asked}"
    );
    assert!(
        asked.ends_with("grant_type=client_credentials&scope=portal%2Fwrite"),
        "{asked}"
    );

    let (url, _) = provider(json!({ "error": "invalid_client" }));
    let arguments = [
        "load",
        SAMPLE,
        "--api",
        &served.api(),
        "--client-id",
        "portal",
        "--token-url",
        &url,
        "--client-secret",
        "wrong",
    ];
    let refused = ended(command(&arguments));
    refused.refused_with(&[
        "the provider gave no token",
        "invalid_client",
        "--client-secret",
    ]);
    assert!(!refused.err.contains("wrong"), "{refused:?}");
}

/// A token endpoint that answers once.
fn provider(answer: Value) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}/oauth2/token", listener.local_addr().unwrap());
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = String::new();
        // The body is the last there is, and ends with the scope.
        while !asked.ends_with("%2Fwrite") {
            let mut some = [0; 1_024];
            let read = stream.read(&mut some).unwrap();
            assert_ne!(read, 0, "{asked}");
            asked.push_str(std::str::from_utf8(&some[..read]).unwrap());
        }
        let body = answer.to_string();
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        )
        .unwrap();
        asked
    });
    (url, asked)
}
