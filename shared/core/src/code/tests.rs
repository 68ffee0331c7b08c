use super::*;

#[test]
fn every_code_has_its_own_name_and_whole_sentences() {
    for code in Code::ALL {
        let text = code.text();
        assert_eq!(Code::parse(text.name), Some(*code));
        assert!(text.suggestion.ends_with('.'), "{code}");
        assert!(
            text.message.ends_with('.') || text.message.ends_with("{value}"),
            "{code}"
        );
        for sentence in [text.message, text.suggestion] {
            for name in sentence
                .split('{')
                .skip(1)
                .map(|part| part.split('}').next().unwrap())
            {
                assert!(
                    matches!(name, "record" | "field" | "value" | "other"),
                    "{code}: {name}"
                );
            }
        }
    }
}

#[test]
fn a_value_with_braces_is_not_filled_in_again() {
    let context = Context {
        record: "R".into(),
        field: "F".into(),
        value: "{record}".into(),
        other: String::new(),
    };

    assert_eq!(
        Code::PartnerEmailInvalid.message(&context),
        "F of R holds {record}, which is not a valid email address."
    );
}

#[test]
fn each_distributor_code_is_the_twin_of_a_partner_code() {
    let twins = |prefix: &str| -> Vec<&str> {
        Code::ALL
            .iter()
            .filter_map(|code| code.as_str().strip_prefix(prefix))
            .collect()
    };

    assert_eq!(twins("PARTNER_"), twins("DISTRIBUTOR_"));
}
