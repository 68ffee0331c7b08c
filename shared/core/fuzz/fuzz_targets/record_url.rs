//! Reads any text as a pasted URL. It must not panic, and what holds for every text must hold for this one.

#![no_main]

use std::sync::LazyLock;

use dealbridge_core::{
    SalesforceObject,
    record_url::{ConnectedOrg, ErrorKind, RecordUrl, parse, url_of},
};
use libfuzzer_sys::fuzz_target;

/// The kinds of org that read hosts differently.
static ORGS: LazyLock<Vec<ConnectedOrg>> = LazyLock::new(|| {
    let mut orgs = vec![
        ConnectedOrg::my_domain("acme"),
        ConnectedOrg::my_domain("acme--uat"),
    ];
    for (instance, name) in [
        ("https://acme--uat.sandbox.my.salesforce.com", None),
        ("https://acme.my.salesforce.mil", None),
        ("https://na139.salesforce.com", None),
        ("http://127.0.0.1:8931", Some("acme")),
        ("http://127.0.0.1:8931", None),
    ] {
        orgs.push(ConnectedOrg::new(instance, name).expect("an instance URL"));
    }
    orgs
});

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    for org in ORGS.iter() {
        let result = parse(&text, org);

        assert_eq!(
            parse(&text, org),
            result,
            "the same text is read the same way"
        );
        assert_eq!(
            parse(&format!(" \n{text}\u{200b}\t"), org),
            result,
            "blanks around"
        );
        match result {
            Ok(RecordUrl { object, id }) => {
                assert_eq!(SalesforceObject::of(&id), Some(object));
                let url = url_of(org, object, id);
                assert_eq!(parse(&url, org), Ok(RecordUrl { object, id }), "{url}");
            }
            Err(error) => {
                let said = error.to_string();
                assert!(said.len() < 400 && !said.contains("://"), "{said}");
                if let ErrorKind::WrongObject(object) = &error.kind {
                    assert!(object.len() <= 80 && !object.contains('!'), "{object}");
                }
            }
        }
    }
    // What is said to be an instance URL and a My Domain name comes from settings, but must not panic either.
    if let Ok(org) = ConnectedOrg::new(&text, Some(&text)) {
        let _ = parse("https://acme.my.salesforce.com/006Kp00000TrVq9", &org);
    }
});
