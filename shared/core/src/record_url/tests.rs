//! The test vectors, and the properties that hold for any text.

use std::{cell::RefCell, collections::BTreeMap};

use base64::{Engine, engine::general_purpose::STANDARD};

use super::*;

const SESSION: &str = "00DKp0000004TyU!AQ8AQFsecretSECRETsecret.0123456789_abcdefghijk";

/// The ids that the vectors name by a letter.
const IDS: &[(char, &str)] = &[
    ('O', "006Kp00000TrVq9IAF"),
    ('P', "006Kp00000TrVqAIAV"),
    ('L', "00QKp00000Hd3ZwMAJ"),
    ('A', "001Kp00000Lm2XeIAJ"),
    ('C', "003Kp00000Bc7YtIAJ"),
    ('K', "500Kp00000Qw9RsIAJ"),
    ('R', "00OKp000004VbNeMAK"),
    ('X', "a0BKp00000Zz1YxMAJ"),
    ('Q', "0Q0Kp000000Jk3LKAS"),
    ('N', "00KKp00000Rt5GhMAJ"),
    ('V', "00BKp00000Nm6TgMAJ"),
    ('U', "005Kp00000Gh8JkIAJ"),
    ('T', "00TKp00000Pl5MnMAJ"),
    ('M', "701Kp00000Wd4FsIAJ"),
    ('D', "01ZKp00000Ux4RdMAJ"),
];

struct Vector {
    line: usize,
    org: ConnectedOrg,
    expected: String,
    text: String,
}

fn vectors() -> Vec<Vector> {
    include_str!("vectors.tsv")
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| {
            let mut columns = line.splitn(3, '\t');
            let mut column = || columns.next().unwrap_or_default().to_owned();
            let (org, expected, text) = (column(), column(), filled(&column()));
            Vector {
                line: number + 1,
                org: connected(&org),
                expected,
                text,
            }
        })
        .collect()
}

fn connected(org: &str) -> ConnectedOrg {
    match org.split_once(' ') {
        Some((instance, name)) => ConnectedOrg::new(instance, Some(name)).unwrap(),
        None if org.contains("://") => ConnectedOrg::from_instance_url(org).unwrap(),
        None => ConnectedOrg::my_domain(org),
    }
}

fn filled(text: &str) -> String {
    let mut text = text
        .replace("{zw}", "\u{200b}")
        .replace("{nbsp}", "\u{a0}")
        .replace("{nl}", "\n")
        .replace("{tab}", "\t")
        .replace("{sid}", SESSION)
        .replace("{long}", &"a".repeat(2100));
    for (letter, id) in IDS {
        text = text
            .replace(&format!("{{{letter}}}"), id)
            .replace(&format!("{{{}}}", letter.to_ascii_lowercase()), &id[..15]);
    }
    match text.split_once("{b64 ") {
        Some((before, rest)) => {
            let json = rest.strip_suffix('}').expect("a closed {b64 ..}");
            format!("{before}{}", STANDARD.encode(json))
        }
        None => text,
    }
}

fn id(letter: char) -> SalesforceId {
    let (_, id) = IDS.iter().find(|(own, _)| *own == letter).expect("an id");
    id.parse().unwrap()
}

/// Returns the answer as the vectors write it.
fn answer(result: &Result<RecordUrl, RecordUrlError>) -> String {
    match result {
        Ok(record) => {
            let (letter, _) = IDS
                .iter()
                .find(|(_, own)| *own == record.id.as_str())
                .expect("an id of the vectors");
            assert_eq!(SalesforceObject::of(&record.id), Some(record.object));
            letter.to_string()
        }
        Err(error) => error.kind.as_str().into_owned(),
    }
}

#[test]
fn every_vector_is_read_as_it_says() {
    let wrong: Vec<String> = vectors()
        .iter()
        .filter_map(|vector| {
            let got = answer(&parse(&vector.text, &vector.org));
            (got != vector.expected).then(|| {
                format!(
                    "line {}: expected {}, got {got}: {}",
                    vector.line, vector.expected, vector.text
                )
            })
        })
        .collect();

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_vectors_meet_every_kind() {
    let mut seen = BTreeMap::new();
    for vector in vectors() {
        let kind = vector
            .expected
            .split(':')
            .next()
            .unwrap_or_default()
            .to_owned();
        *seen.entry(kind).or_insert(0) += 1;
    }

    let kinds: Vec<&str> = seen.keys().map(String::as_str).collect();
    assert_eq!(
        kinds,
        [
            "L",
            "O",
            "bad_checksum",
            "bad_id",
            "empty",
            "list_view",
            "multiple",
            "new_record",
            "no_record",
            "not_a_url",
            "not_salesforce",
            "object_prefix_mismatch",
            "session_url",
            "too_long",
            "wrong_object",
            "wrong_org"
        ]
    );
}

#[test]
fn blanks_and_invisible_characters_around_change_nothing() {
    for vector in vectors() {
        let plain = parse(&vector.text, &vector.org);
        for (before, after) in [
            (" ", " "),
            ("\t\r\n", "\n\n"),
            ("\u{feff}", "\u{200b}"),
            ("\u{a0}", ""),
        ] {
            let text = format!("{before}{}{after}", vector.text);

            assert_eq!(parse(&text, &vector.org), plain, "line {}", vector.line);
        }
    }
}

#[test]
fn the_url_of_a_record_is_read_as_that_record() {
    for org in [
        "acme",
        "acme--uat",
        "acme--uat.sandbox",
        "tall-pine-dev-ed",
        "https://acme.my.salesforce.com",
        "https://acme--uat.sandbox.my.salesforce.com",
        "https://acme--uat.cs54.my.salesforce.com",
        "https://tall-pine-dev-ed.develop.my.salesforce.com",
        "https://acme.my.salesforce.mil",
        "https://acme.my.sfcrmproducts.cn",
        "https://na139.salesforce.com",
        "http://127.0.0.1:8931",
        "http://127.0.0.1:8931 acme",
        "http://localhost:80 acme",
        "https://org.internal.example acme",
    ] {
        let connected = connected(org);
        for (object, letter) in [
            (SalesforceObject::Opportunity, 'O'),
            (SalesforceObject::Lead, 'L'),
        ] {
            let id = id(letter);

            let url = url_of(&connected, object, id);

            assert_eq!(
                parse(&url, &connected),
                Ok(RecordUrl { object, id }),
                "{url}"
            );
        }
    }
}

#[test]
fn the_url_of_a_record_is_its_lightning_page() {
    for (org, host) in [
        ("acme", "https://acme.lightning.force.com"),
        ("acme--uat", "https://acme--uat.sandbox.lightning.force.com"),
        (
            "https://acme.my.salesforce.com/",
            "https://acme.lightning.force.com",
        ),
        (
            "https://tall-pine-dev-ed.develop.my.salesforce.com",
            "https://tall-pine-dev-ed.develop.lightning.force.com",
        ),
        (
            "https://acme.my.salesforce.mil",
            "https://acme.lightning.crmforce.mil",
        ),
        ("http://127.0.0.1:8931/ acme", "http://127.0.0.1:8931"),
    ] {
        assert_eq!(
            url_of(&connected(org), SalesforceObject::Opportunity, id('O')),
            format!("{host}/lightning/r/Opportunity/006Kp00000TrVq9IAF/view")
        );
    }
}

#[test]
fn what_is_no_instance_url_makes_no_org() {
    for text in [
        "",
        "acme",
        "ftp://acme.my.salesforce.com",
        "https://",
        "mailto:a@b.example",
    ] {
        assert!(ConnectedOrg::from_instance_url(text).is_err(), "{text}");
    }
    let error =
        ConnectedOrg::from_instance_url("https://dana:secret@acme.my.salesforce.com").unwrap_err();
    assert!(!error.to_string().contains("secret"), "{error}");
}

#[test]
fn an_error_repeats_neither_session_nor_url() {
    for vector in vectors() {
        let Err(error) = parse(&vector.text, &vector.org) else {
            continue;
        };
        let said = format!("{error} {error:?} {}", error.kind.as_str());
        assert!(!said.contains("secret") && !said.contains("AQ8"), "{said}");
        assert!(
            !said.contains("://") && !said.contains("force.com"),
            "{said}"
        );
        assert!(
            error.to_string().ends_with('.') && error.to_string().len() > 60,
            "{error}"
        );
    }
}

/// A small generator with a fixed seed: the same texts on every run.
struct Dice(RefCell<u64>);

impl Dice {
    fn below(&self, limit: usize) -> usize {
        let mut state = self.0.borrow_mut();
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        usize::try_from(*state % limit as u64).unwrap_or_default()
    }
}

#[test]
fn damaged_and_mixed_texts_never_panic() {
    let dice = Dice(RefCell::new(0x9e37_79b9_7f4a_7c15));
    let vectors = vectors();
    let pieces = [
        "%",
        "%2F",
        "%3",
        "&",
        "&#",
        "&#x;",
        ";",
        "#",
        "?",
        "://",
        "\\",
        "@",
        "http",
        "https://",
        "é",
        "\u{200b}",
        "𐍈",
        "{",
        "|",
        "_",
        "--",
        ".",
        "006",
        "00Q",
        "=",
        "/",
        "\n",
        "00D",
        "!",
        "eyJ",
        "salesforce1://",
        "[",
        "%25",
    ];
    for _ in 0..4000 {
        let one = &vectors[dice.below(vectors.len())];
        let other = &vectors[dice.below(vectors.len())];
        let mut text: Vec<char> = one.text.chars().collect();
        for _ in 0..=dice.below(4) {
            let at = dice.below(text.len() + 1);
            match dice.below(4) {
                0 => drop(text.splice(at..at, pieces[dice.below(pieces.len())].chars())),
                1 => text.truncate(at),
                2 => drop(text.splice(at..at, other.text.chars().take(60))),
                _ if at < text.len() => drop(text.remove(at)),
                _ => {}
            }
        }
        let text: String = text.into_iter().collect();

        let result = parse(&text, &one.org);

        if let Ok(record) = result {
            assert_eq!(
                SalesforceObject::of(&record.id),
                Some(record.object),
                "{text}"
            );
        }
    }
}
