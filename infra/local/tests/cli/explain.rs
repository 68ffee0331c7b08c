//! `dealbridge explain`.

use crate::place::dealbridge;

#[test]
fn explain_tells_every_condition_of_an_opportunity_by_id_and_by_address() {
    let id = "006aP00000008G0";
    let by_id = dealbridge(&["explain", id, "--json"]);
    let address =
        format!("https://alderpeak.lightning.force.com/lightning/r/Opportunity/{id}/view");
    let by_address = dealbridge(&["explain", &address, "--json"]);

    assert_eq!(by_id.code, Some(0), "{by_id:?}");
    let (explained, again) = (by_id.json(), by_address.json());
    assert_eq!(explained["verdict"], "would_import");
    assert_eq!(explained["opportunity"]["id"], "006aP00000008G0QAI");
    assert_eq!(explained["conditions"], again["conditions"]);
    let conditions = explained["conditions"].as_array().unwrap();
    assert!(
        conditions.len() > 10
            && conditions
                .iter()
                .all(|condition| condition["passed"] == true)
    );
}

#[test]
fn explain_says_what_fails_and_what_to_do_and_succeeds_all_the_same() {
    let explained = dealbridge(&["explain", "006aP00000008NHQAY"]);

    assert_eq!((explained.code, explained.err.as_str()), (Some(0), ""));
    for part in [
        "Ilex Robotics - rooftop solar would not import",
        "FAIL  SYNC_FLAG_NOT_SET  Sync_to_Portal__c: false",
        "FAIL  PARTNER_USER_PENDING",
        "-> Ask the user to accept the invitation",
    ] {
        assert!(
            explained.out.contains(part),
            "{part:?} is not in {explained:?}"
        );
    }
}

#[test]
fn what_names_no_opportunity_of_the_org_fails_with_a_sentence() {
    dealbridge(&["explain", "nonsense"])
        .refused_with(&["neither a web address nor a Salesforce id"]);
    dealbridge(&["explain", "006aP0000000zzz"]).refused_with(&["does not exist in Salesforce"]);
    dealbridge(&["explain", "00QaP000000033w"]).refused_with(&["is a Lead"]);
    dealbridge(&[
        "explain",
        "https://other.lightning.force.com/006aP00000008G0",
    ])
    .refused_with(&["other"]);
}
