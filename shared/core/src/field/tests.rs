use serde_json::json;

use super::*;

fn field(kind: FieldType) -> Field {
    Field {
        name: "close_date".into(),
        label: None,
        kind,
        required: false,
        values: vec![],
        max_length: None,
    }
}

fn fitted(kind: FieldType, value: Value) -> Result<Value, Misfit> {
    field(kind)
        .fit(&value)
        .map(|value| value.map_or(Value::Null, |value| value.to_json()))
}

#[test]
fn blank_is_null_empty_or_white_space_and_zero_and_false_are_values() {
    for blank in [json!(null), json!(""), json!("  \t")] {
        assert_eq!(field(FieldType::Number).fit(&blank), Ok(None));
    }
    assert_eq!(fitted(FieldType::Number, json!(0.0)), Ok(json!(0)));
    assert_eq!(fitted(FieldType::Checkbox, json!(false)), Ok(json!(false)));
}

#[test]
fn numbers_come_as_doubles_or_numeric_text() {
    assert_eq!(fitted(FieldType::Currency, json!(1054.0)), Ok(json!(1054)));
    assert_eq!(
        fitted(FieldType::Currency, json!("1054.25")),
        Ok(json!(1054.25))
    );
    assert_eq!(fitted(FieldType::Percent, json!("ten")), Err(Misfit::Type));
    assert_eq!(fitted(FieldType::Number, json!("NaN")), Err(Misfit::Type));
    assert_eq!(fitted(FieldType::Number, json!(true)), Err(Misfit::Type));
    assert_eq!(
        fitted(FieldType::Number, json!("1.054,25")),
        Err(Misfit::Type)
    );
}

#[test]
fn a_number_in_a_text_reads_in_its_shortest_plain_form() {
    for (number, right) in [
        (json!(50.0), "50"),
        (json!(1.614_780_582_439_7e13), "16147805824397"),
        (json!(-0.0), "0"),
        (json!(-0.1), "-0.1"),
        (json!(1e-7), "0.0000001"),
        (json!(123_456_789_012_345_678_i64), "123456789012345678"),
    ] {
        for kind in [FieldType::Text, FieldType::LongText, FieldType::Phone] {
            assert_eq!(fitted(kind, number.clone()), Ok(json!(right)), "{number}");
        }
        for kind in [FieldType::Picklist, FieldType::MultiPicklist] {
            let mut field = field(kind);
            field.values = vec!["other".into(), right.into()];
            let value = field.fit(&number).unwrap().unwrap();
            assert_eq!(value.to_json(), json!(right), "{number}");
            field.values = vec![format!("{right}.00")];
            let declared = field
                .fit(&number)
                .ok()
                .flatten()
                .map(|value| value.to_json());
            let is_whole = !right.contains('.');
            assert_eq!(
                declared,
                is_whole.then(|| json!(field.values[0])),
                "{number}"
            );
        }
    }
    assert_eq!(fitted(FieldType::Text, json!(true)), Ok(json!("true")));
    assert_eq!(fitted(FieldType::Text, json!("25.0")), Ok(json!("25.0")));
    assert_eq!(fitted(FieldType::Text, json!("1E5")), Ok(json!("1E5")));
}

#[test]
fn an_accent_written_in_another_way_is_the_declared_value() {
    let (composed, decomposed) = ("N\u{e9}gociation", "Ne\u{301}gociation");
    for (declared, read) in [(composed, decomposed), (decomposed, composed)] {
        for kind in [FieldType::Picklist, FieldType::MultiPicklist] {
            let mut field = field(kind);
            field.values = vec!["Negociation".into(), declared.into()];
            let value = field.fit(&json!(read)).unwrap().unwrap();
            assert_eq!(value.to_json(), json!(declared));
        }
    }
    assert!(field(FieldType::Text).same(&json!(composed), &json!(decomposed)));
    assert!(!field(FieldType::Text).same(&json!(composed), &json!("Negociation")));
}

#[test]
fn no_time_zone_shifts_a_date() {
    assert_eq!(
        fitted(FieldType::Date, json!("2026-03-01")),
        Ok(json!("2026-03-01"))
    );
    assert_eq!(
        fitted(FieldType::Date, json!("2026-03-01T23:59:59.000+0000")),
        Ok(json!("2026-03-01"))
    );
    assert_eq!(
        fitted(FieldType::Date, json!("2026-03-01T00:30:00.000+1400")),
        Ok(json!("2026-03-01"))
    );
    assert_eq!(
        fitted(FieldType::Date, json!("2026-02-30")),
        Err(Misfit::Type)
    );
    assert_eq!(fitted(FieldType::Date, json!("March")), Err(Misfit::Type));
}

#[test]
fn a_picklist_takes_its_values_and_a_multi_picklist_any_order_of_them() {
    let mut field = field(FieldType::MultiPicklist);
    field.values = vec!["a".into(), "b".into(), "c".into()];

    assert_eq!(field.fit(&json!("c;a")), field.fit(&json!("a; c;a")));
    assert_eq!(
        field.fit(&json!("a;x")),
        Err(Misfit::Unknown { value: "x".into() })
    );
    field.kind = FieldType::Picklist;
    assert_eq!(
        field.fit(&json!("a;c")),
        Err(Misfit::Unknown {
            value: "a;c".into()
        })
    );
}

#[test]
fn text_longer_than_the_field_does_not_fit() {
    let mut field = field(FieldType::Text);
    field.max_length = Some(3);

    assert_eq!(
        field.fit(&json!("äöü")),
        Ok(Some(FieldValue::Text("äöü".into())))
    );
    let too_long = |max, length, is_declared| {
        Err(Misfit::Length {
            max,
            length,
            is_declared,
        })
    };
    assert_eq!(field.fit(&json!("äöüß")), too_long(3, 4, true));
    field.max_length = None;
    for (kind, max) in [
        (FieldType::Text, 32_000),
        (FieldType::LongText, 131_072),
        (FieldType::Phone, 4_099),
        (FieldType::Picklist, 4_099),
    ] {
        field.kind = kind;
        assert!(field.fit(&json!("ü".repeat(max))).is_ok(), "{kind:?}");
        let longer = field.fit(&json!("ü".repeat(max + 1)));
        assert_eq!(longer, too_long(max, max + 1, false), "{kind:?}");
    }
}

#[test]
fn addresses_of_either_kind_are_checked() {
    assert_eq!(
        fitted(FieldType::Email, json!(" Ann@X.example ")),
        Ok(json!("ann@x.example"))
    );
    assert_eq!(fitted(FieldType::Email, json!("ann")), Err(Misfit::Type));
    assert_eq!(
        fitted(FieldType::Url, json!("www.x.example")),
        Ok(json!("www.x.example"))
    );
    assert_eq!(
        fitted(FieldType::Url, json!("no address")),
        Err(Misfit::Type)
    );
}

#[test]
fn a_label_is_the_name_in_words_unless_declared() {
    assert_eq!(field(FieldType::Date).label(), "Close date");
}
