//! The failure codes that the bundled sample org shows.

use dealbridge_core::{code::Code, salesforce::Salesforce};

use crate::product::Product;

/// Failure codes that no folder of one org can show on its first import, each with the reason.
const NOT_SHOWN: [(Code, &str); 6] = [
    (
        Code::RequiredFieldNotMapped,
        "every Opportunity would fail with it",
    ),
    (
        Code::CurrencyNotSupported,
        "only an org with several currencies has the field",
    ),
    (
        Code::RequiredFieldHidden,
        "an org folder hides nothing from the integration user",
    ),
    (
        Code::DealTooLarge,
        "the sample would be of hundreds of kilobytes",
    ),
    (
        Code::AlreadyLinkedOther,
        "nothing is linked before the first import",
    ),
    (
        Code::ImportSuppressedFormerDeal,
        "nothing is unlinked before the first import",
    ),
];

#[tokio::test]
async fn the_sample_org_meets_every_failure_code_that_one_folder_can_meet() {
    let product = Product::start(None).await;

    let report = product.app.full_run().await.unwrap();

    let met: Vec<Code> = report.codes.iter().map(|row| row.code).collect();
    // The table lists the conditions for import first, up to the one about the former Deal.
    let missing: Vec<&Code> = Code::ALL
        .iter()
        .take_while(|code| **code <= Code::ImportSuppressedFormerDeal)
        .filter(|code| **code != Code::AlreadyLinkedHere)
        .filter(|code| !met.contains(code))
        .filter(|code| NOT_SHOWN.iter().all(|(known, _)| known != *code))
        .collect();
    assert_eq!(missing, Vec::<&Code>::new());
    assert!(NOT_SHOWN.iter().all(|(code, _)| !met.contains(code)));
    assert_eq!(
        (report.run.counts.imported, report.run.counts.failed),
        (12, 30)
    );
    assert_eq!(report.run.counts.left(), 0);
}

#[tokio::test]
async fn records_can_be_made_in_the_sample_org_under_an_external_id() {
    let product = Product::start(None).await;

    for object in ["Lead", "Opportunity"] {
        let fields = product.app.salesforce.describe(object).await.unwrap();
        let key = fields
            .iter()
            .find(|field| field.name == "Channeltivity_Id__c")
            .unwrap();
        assert!(key.external_id && key.unique && key.case_sensitive && key.createable);
    }
}
