//! Exports whose rows name other rows, in their own file, in other files or in none.

use salesforce_simulator::{DeclaredType, OrgOptions, OrgServer};
use serde_json::{Value, json};

use crate::{
    exports::{NO_ROLES, folder_with, load, mappings, opportunities, org_with},
    fixture::{Org, account, contact, declared, id, lead, opportunity, role},
};

#[tokio::test]
async fn rows_that_refer_to_rows_outside_the_folder_load_and_their_parents_cannot_be_read() {
    let (gone, elsewhere) = (id("001", 99), id("003", 99));
    let text = opportunities(
        ",AccountId",
        &[&format!(",{gone}"), &format!(",{}", account(1))],
    );
    let contacts = format!("Id,LastName,ReportsToId\n{},Kaur,{elsewhere}\n", contact(1));
    let roles = format!(
        "Id,OpportunityId,ContactId,IsPrimary\n{},{},{elsewhere},true\n{},{},{elsewhere},false\n",
        role(1),
        opportunity(2),
        role(2),
        id("006", 99),
    );

    let files = [
        ("Opportunity.csv", &*text),
        ("Contact.csv", &contacts),
        ("OpportunityContactRole.csv", &roles),
    ];
    let folder = folder_with(&files);
    let data = load(folder.path(), &declared());
    let told = data.notices();
    assert!(told.contains(&format!("Opportunity.csv: 1 rows name in AccountId a record that is not in Account.csv, as row 2 does with {gone}: they count as records that the integration user cannot read")), "{told:#?}");
    let handle = OrgServer::start(data, OrgOptions::with_own_clock())
        .await
        .expect("it can be served");
    let org = Org::at(handle).await;

    let soql = "SELECT AccountId, Account.Name, (SELECT ContactId, Contact.Name FROM OpportunityContactRoles) FROM Opportunity ORDER BY Name";
    let rows = org.rows(soql).await;

    assert_eq!(
        (&rows[0]["AccountId"], &rows[0]["Account"]),
        (&json!(gone), &Value::Null)
    );
    let role = &rows[1]["OpportunityContactRoles"]["records"][0];
    assert_eq!(
        (&role["ContactId"], &role["Contact"]),
        (&json!(elsewhere), &Value::Null)
    );
}

#[tokio::test]
async fn without_is_primary_the_opportunity_s_contact_says_which_role_is_the_primary_one() {
    let text = opportunities(
        ",ContactId",
        &[
            &format!(",{}", contact(2)),
            ",",
            &format!(",{}", contact(1)),
        ],
    );
    let roles = format!(
        "Id,OpportunityId,ContactId\n{},{one},{}\n{},{one},{}\n{},{two},{}\n",
        role(1),
        contact(1),
        role(2),
        contact(2),
        role(3),
        contact(1),
        one = opportunity(1),
        two = opportunity(2),
    );

    let files = [
        ("Opportunity.csv", &*text),
        ("OpportunityContactRole.csv", &roles),
    ];
    let org = org_with(&files, &declared()).await;

    let soql = "SELECT Opportunity.Name, ContactId FROM OpportunityContactRole WHERE IsPrimary = true ORDER BY Opportunity.Name";
    let primary: Vec<_> = org
        .rows(soql)
        .await
        .into_iter()
        .map(|row| (row["Opportunity"]["Name"].clone(), row["ContactId"].clone()))
        .collect();
    assert_eq!(
        primary,
        [
            (json!("O1"), json!(contact(2))),
            (json!("O3"), json!(contact(1)))
        ]
    );
}

#[tokio::test]
async fn a_path_through_a_custom_lookup_leads_to_the_record_whose_id_the_column_holds() {
    let declared = mappings([
        ("Partner__r.Name", DeclaredType::Text),
        ("Account.Partner_Rep__r.Email", DeclaredType::Email),
        ("Partner__c", DeclaredType::Text),
        ("Empty__r.Name", DeclaredType::Text),
        ("Elsewhere__r.Name", DeclaredType::Text),
        ("Words__r.Name", DeclaredType::Text),
    ]);
    let text = opportunities(
        ",AccountId,PARTNER__C,Empty__c,Elsewhere__c,Words__c",
        &[
            &format!(",{},{},,{},Acme", account(1), account(2), id("a0B", 1)),
            &format!(",{},000000000000000AAA,,,", account(1)),
        ],
    );
    let accounts = format!(
        "Id,Name,Partner_Rep__c\n{},Acme,{}\n{},Resell,\n",
        account(1),
        &contact(1)[..15],
        account(2)
    );
    let files = [
        ("Opportunity.csv", &*text),
        ("Account.csv", &accounts),
        NO_ROLES,
    ];
    let folder = folder_with(&files);
    let data = load(folder.path(), &declared);
    let told = data.notices().join("\n");
    assert!(told.contains("Elsewhere__r.Name (mappings[0]) leads to records whose ids begin with a0B, of which the folder has no file"), "{told}");
    assert!(told.contains("Words__r.Name (mappings[0]) reads Words__c as a lookup, but row 2 holds \"Acme\", which is not an id"), "{told}");
    let handle = OrgServer::start(data, OrgOptions::with_own_clock())
        .await
        .expect("it can be served");
    let org = Org::at(handle).await;

    let soql = "SELECT Partner__c, Partner__r.Name, Account.Partner_Rep__r.Email, Empty__r.Name FROM Opportunity ORDER BY Name";
    let rows = org.rows(soql).await;

    assert_eq!(rows[0]["Partner__r"]["Name"], "Resell");
    assert_eq!(
        rows[0]["Account"]["Partner_Rep__r"]["Email"],
        "leo@acme.example"
    );
    assert_eq!(
        (&rows[1]["Partner__r"], &rows[1]["Empty__r"]),
        (&Value::Null, &Value::Null)
    );
    let refused = org.query("SELECT Words__r.Name FROM Opportunity").await;
    assert_eq!((refused.status, refused.code()), (400, "INVALID_FIELD"));
    let described = org
        .get(&format!(
            "{}/sobjects/Opportunity/describe",
            crate::fixture::DATA
        ))
        .await;
    let field = described.body["fields"]
        .as_array()
        .unwrap()
        .iter()
        .find(|field| field["name"] == "Partner__c")
        .unwrap();
    assert_eq!(
        (
            &field["type"],
            &field["relationshipName"],
            &field["referenceTo"]
        ),
        (
            &json!("reference"),
            &json!("Partner__r"),
            &json!(["Account"])
        )
    );
}

#[tokio::test]
async fn a_lead_that_an_export_has_without_a_company_can_be_edited() {
    let own = lead(1);
    let leads = format!("Id,LastName,Company,Status\n{own},Stone,,Open - Not Contacted\n");
    let org = org_with(&[("Lead.csv", &leads)], &declared()).await;

    let path = format!("{}/sobjects/Lead/{own}", crate::fixture::DATA);
    let edited = org.patch(&path, json!({ "Title": "Mason" })).await;
    let emptied = org.patch(&path, json!({ "LastName": null })).await;

    assert_eq!((edited.status, emptied.status), (204, 400));
    assert_eq!(emptied.code(), "REQUIRED_FIELD_MISSING");
}

#[tokio::test]
async fn person_accounts_currencies_and_locations_are_fields_where_the_files_have_them() {
    let accounts = format!(
        "Id,Name,IsPersonAccount,FirstName,LastName,PersonEmail,PersonContactId,Loyalty__pc,CurrencyIsoCode,Site__Latitude__s,Site__Longitude__s\n\
         {},,1,Ada,Byron,ada@home.example,{},Gold,EUR,52.5,-13.25\n{},Acme,0,,,,000000000000000AAA,,USD,,\n",
        account(1),
        contact(9),
        account(2)
    );
    let contacts = format!("Id,LastName,IsPersonAccount\n{},Kaur,0\n", contact(1));
    let files = [("Account.csv", &*accounts), ("Contact.csv", &contacts)];

    let org = org_with(&files, &declared()).await;

    let soql = "SELECT Name, IsPersonAccount, PersonContact.Email, Loyalty__pc, CurrencyIsoCode, Site__Latitude__s, Site__Longitude__s FROM Account ORDER BY CurrencyIsoCode";
    let rows = org.rows(soql).await;
    let person = json!({
        "Name": "Ada Byron", "IsPersonAccount": true, "Loyalty__pc": "Gold", "CurrencyIsoCode": "EUR",
        "Site__Latitude__s": 52.5, "Site__Longitude__s": -13.25,
    });
    for (field, value) in person.as_object().unwrap() {
        assert_eq!(&rows[0][field], value, "{field}");
    }
    assert_eq!(rows[0]["PersonContact"]["Email"], "ada@home.example");
    assert_eq!(rows[1]["PersonContact"], Value::Null);
    let refused = org.query("SELECT CurrencyIsoCode FROM Opportunity").await;
    assert_eq!(refused.code(), "INVALID_FIELD");
}
