use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::json;

use super::*;
use crate::value::plain;

fn row(values: &[(&str, &str)]) -> MappingRow {
    MappingRow {
        channeltivity: "stage".into(),
        salesforce: FieldPath::parse("StageName").unwrap(),
        on_create: Flow::Both,
        on_update: Flow::Both,
        values: values
            .iter()
            .map(|(from, to)| ((*from).to_owned(), (*to).to_owned()))
            .collect(),
        conflicts: None,
    }
}

fn field(kind: FieldType) -> Field {
    Field {
        name: "stage".into(),
        label: None,
        kind,
        required: false,
        values: vec![],
        max_length: None,
    }
}

fn to_channeltivity(row: &MappingRow, kind: FieldType, value: Value) -> Value {
    row.to_channeltivity(&value, &field(kind))
}

fn to_salesforce(row: &MappingRow, kind: FieldType, value: Value, there: Value) -> Value {
    row.to_salesforce(&value, &field(kind), &there)
}

#[test]
fn a_value_map_works_in_both_directions_and_lets_other_values_pass() {
    let row = row(&[("Closed Won", "Won")]);
    let kind = FieldType::Picklist;

    for (theirs, ours) in [
        (json!("Closed Won"), json!("Won")),
        (json!("Prospecting"), json!("Prospecting")),
        (json!(3), json!(3)),
        (json!(null), json!(null)),
    ] {
        assert_eq!(to_channeltivity(&row, kind, theirs.clone()), ours);
        assert_eq!(to_salesforce(&row, kind, ours, json!(null)), theirs);
    }
}

#[test]
fn a_value_that_maps_to_itself_stays_itself_on_the_way_back() {
    let row = row(&[("Closed", "Won"), ("Won", "Won")]);

    let back = to_salesforce(&row, FieldType::Picklist, json!("Won"), json!(null));
    assert_eq!(back, json!("Won"));
}

#[test]
fn what_is_there_and_maps_to_the_value_stays() {
    let row = row(&[("Closed", "Won"), ("Signed", "Won")]);

    let back = to_salesforce(&row, FieldType::Picklist, json!("Won"), json!("Signed"));
    assert_eq!(back, json!("Signed"));
}

#[test]
fn numbers_and_checkboxes_meet_the_words_of_a_value_map() {
    let row = row(&[("25", "Early"), ("50.0", "Late"), ("true", "Yes")]);
    let kind = FieldType::Picklist;

    for (theirs, ours) in [
        (json!(25.0), "Early"),
        (json!(50), "Late"),
        (json!(true), "Yes"),
    ] {
        assert_eq!(to_channeltivity(&row, kind, theirs.clone()), json!(ours));
        let other = if theirs.is_boolean() {
            json!(false)
        } else {
            json!(1.0)
        };
        let back = to_salesforce(&row, kind, json!(ours), other);
        assert_eq!(plain(back), plain(theirs));
    }
    assert_eq!(to_channeltivity(&row, kind, json!(false)), json!(false));
}

#[test]
fn channeltivity_s_number_meets_the_words_of_a_value_map() {
    let row = row(&[("Early", "25"), ("Late", "50.0")]);

    for (ours, theirs) in [(json!(25), "Early"), (json!(50.0), "Late")] {
        let back = to_salesforce(&row, FieldType::Percent, ours.clone(), json!("?"));
        assert_eq!(back, json!(theirs));
    }
}

#[test]
fn a_value_map_meets_accents_in_whatever_way_they_are_written() {
    let row = row(&[("N\u{e9}gociation", "Cl\u{f4}t")]);
    let kind = FieldType::Picklist;

    assert_eq!(
        to_channeltivity(&row, kind, json!("Ne\u{301}gociation")),
        json!("Cl\u{f4}t")
    );
    assert_eq!(
        to_salesforce(&row, kind, json!("Clo\u{302}t"), json!(null)),
        json!("N\u{e9}gociation")
    );
}

#[test]
fn a_value_map_applies_to_each_choice_in_both_directions() {
    let row = row(&[("A", "Alpha"), ("B", "Beta"), ("Be\u{301}", "Gamma")]);
    let multi = FieldType::MultiPicklist;

    for (theirs, ours) in [
        ("A;B", "Alpha;Beta"),
        ("B; A", "Alpha;Beta"),
        ("A;C", "Alpha;C"),
        ("A", "Alpha"),
        ("B\u{e9};A;A", "Alpha;Gamma"),
    ] {
        assert_eq!(to_channeltivity(&row, multi, json!(theirs)), json!(ours));
    }
    for (ours, theirs) in [
        ("Beta;Alpha", "A;B"),
        ("C;Alpha", "A;C"),
        ("Gamma", "Be\u{301}"),
    ] {
        let back = to_salesforce(&row, multi, json!(ours), json!(null));
        assert_eq!(back, json!(theirs));
    }
    assert_eq!(
        to_channeltivity(&row, FieldType::Text, json!("A;B")),
        json!("Alpha;Beta")
    );
    let free_text = json!("A; and then some");
    assert_eq!(
        to_channeltivity(&row, FieldType::Text, free_text.clone()),
        free_text
    );
}

#[test]
fn of_choices_that_merge_those_that_are_there_stay() {
    let row = row(&[("A", "X"), ("B", "X"), ("C", "Y"), ("D", "X;Z")]);
    let multi = FieldType::MultiPicklist;
    let back = |ours: &str, there: Value| to_salesforce(&row, multi, json!(ours), there);

    assert_eq!(to_channeltivity(&row, multi, json!("B;A")), json!("X"));
    assert_eq!(back("X;Y", json!("B;A")), json!("A;B;C"));
    assert_eq!(back("X", json!("B;C")), json!("B"));
    assert_eq!(back("Y", json!("A;B")), json!("C"));
    assert_eq!(back("X;Z", json!("A")), json!("A;D"));
    assert_eq!(back("X;Z", json!(null)), json!("A;D"));
}

#[test]
fn what_goes_to_salesforce_reads_as_what_was_sent_when_it_comes_back() {
    let mut random = StdRng::seed_from_u64(5);
    let multi = field(FieldType::MultiPicklist);
    for _ in 0..2_000 {
        let words = ["A", "B", "C", "D", "E"];
        let targets = ["P", "Q", "R", "A"];
        let entries: Vec<(&str, &str)> = words
            .iter()
            .map(|word| (*word, targets[random.random_range(0..targets.len())]))
            .collect();
        let row = row(&entries);
        // Only words that a Salesforce value stands for can come back.
        let reachable: Vec<&str> = entries.iter().map(|(_, target)| *target).collect();
        let mut pick = |from: &[&str]| {
            let some: Vec<&str> = from
                .iter()
                .copied()
                .filter(|_| random.random_bool(0.5))
                .collect();
            json!(some.join(";"))
        };
        let (ours, there) = (pick(&reachable), pick(&words));

        let sent = row.to_salesforce(&ours, &multi, &there);
        let back = row.to_channeltivity(&sent, &multi);

        assert!(
            multi.same(&back, &ours),
            "{entries:?} {ours} over {there} sends {sent}, which reads {back}"
        );
    }
}
