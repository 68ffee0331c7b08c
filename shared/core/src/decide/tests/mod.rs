//! Facts for the tests of decisions: one Opportunity that meets every condition, and edits of it.

mod hidden;
mod import;
mod links;

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::{
    Email, SystemModstamp,
    base::Base,
    counted::CountedRuns,
    digest::{Digest, Digested},
    portal::{
        Group, Holders, Organization, OrganizationStatus, PartyType, ResolvedUser, User, UserStatus,
    },
    record::{LinkStatus, RecordId},
    run::RunId,
    testing::settings,
};
use crate::{SalesforceId, portal::Directory, salesforce::Row};

const OPPORTUNITY: &str = "006dM00000Mw7VtQAJ";

fn id(text: &str) -> SalesforceId {
    SalesforceId::parse(text).unwrap()
}

fn row(edits: Value) -> Row {
    let mut row = json!({
        "Id": OPPORTUNITY, "IsDeleted": false, "SystemModstamp": "2026-05-01T07:25:37.000+0000",
        "Sync__c": true, "Import__c": true, "Partner__c": "ann@partners.example", "Distributor__c": null, "Owner_Type__c": null,
        "Name": "Acme - 12", "StageName": "Closed Won", "Amount": 1054.0, "CloseDate": "2026-03-01",
        "AccountId": "001dM00003jU9GxQAK", "Account": { "Name": "Acme" },
        "OpportunityContactRoles": { "totalSize": 1, "done": true, "records": [contact_role(true)] }
    });
    for (key, value) in edits.as_object().unwrap() {
        row[key] = value.clone();
    }
    serde_json::from_value(row).unwrap()
}

fn contact_role(primary: bool) -> Value {
    json!({ "ContactId": "003dM000003kUIOQA2", "IsPrimary": primary,
            "Contact": { "Id": "003dM000003kUIOQA2", "Name": "Leo Kaur", "Email": "leo@acme.example" } })
}

fn another_contact_role(primary: bool) -> Value {
    json!({ "ContactId": "003dM000003kUIPQA2", "IsPrimary": primary,
            "Contact": { "Id": "003dM000003kUIPQA2", "Name": "Mia Roy", "Email": "mia@acme.example" } })
}

fn user(id: &str, kind: PartyType, status: UserStatus, modules: &[&str]) -> ResolvedUser {
    let user = User {
        id: id.into(),
        name: id.to_uppercase(),
        email: Email::parse("x@x.example").unwrap(),
        kind,
        organization: format!("org-{id}"),
        groups: vec![],
        status,
    };
    let organization = Organization {
        id: user.organization.clone(),
        name: "Org".into(),
        kind,
        status: OrganizationStatus::Active,
    };
    let group = Group {
        id: "g".into(),
        name: "G".into(),
        kind,
        modules: modules.iter().map(|module| (*module).to_owned()).collect(),
    };
    ResolvedUser::new(user, Some(&organization), [&group])
}

fn directory() -> Directory {
    let deal = ["deal_registration"];
    let (partner, distributor) = (PartyType::Partner, PartyType::Distributor);
    let entry = |email: &str, users: Vec<ResolvedUser>, is_contact: bool| {
        (
            Email::parse(email).unwrap(),
            Arc::new(Holders { users, is_contact }),
        )
    };
    Directory::from([
        entry(
            "ann@partners.example",
            vec![user("ann", partner, UserStatus::Active, &deal)],
            false,
        ),
        entry(
            "dora@dist.example",
            vec![user("dora", distributor, UserStatus::Active, &deal)],
            false,
        ),
        entry(
            "pia@partners.example",
            vec![user("pia", partner, UserStatus::Pending, &[])],
            false,
        ),
        entry(
            "ida@partners.example",
            vec![user("ida", partner, UserStatus::Inactive, &deal)],
            false,
        ),
        entry(
            "dan@partners.example",
            vec![user("dan", partner, UserStatus::Disabled, &deal)],
            false,
        ),
        entry(
            "nora@partners.example",
            vec![user("nora", partner, UserStatus::Active, &["mdf"])],
            false,
        ),
        entry(
            "two@partners.example",
            vec![
                user("t1", partner, UserStatus::Active, &deal),
                user("t2", partner, UserStatus::Active, &deal),
            ],
            false,
        ),
        entry("cora@partners.example", vec![], true),
    ])
}

struct Case {
    settings: Settings,
    row: Row,
    claim: Option<Claim>,
    record: Option<Record>,
}

impl Case {
    fn new(edits: Value) -> Self {
        Self {
            settings: settings(),
            row: row(edits),
            claim: None,
            record: None,
        }
    }

    fn with_settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    fn decide(&self) -> Decision {
        let facts = Facts {
            opportunity: id(OPPORTUNITY),
            row: Some(&self.row),
            digest: Some(self.digest()),
            directory: &directory(),
            claim: self.claim.as_ref(),
            record: self.record.as_ref(),
            successor: None,
            predecessor: None,
        };
        decide(&facts, &self.settings)
    }

    fn digest(&self) -> Digest {
        Digested::of(&self.settings, SalesforceObject::Opportunity).digest(&self.row)
    }

    fn codes(&self) -> Vec<&'static str> {
        self.decide()
            .failures()
            .iter()
            .map(|finding| finding.code.as_str())
            .collect()
    }

    fn deal(&self) -> NewDeal {
        match self.decide() {
            Decision {
                verdict: Verdict::Import(deal),
                ..
            } => *deal,
            other => panic!("not imported: {other:?}"),
        }
    }

    /// The same Opportunity, linked by its import.
    fn linked(edits: Value) -> Self {
        let deal = Self::new(json!({})).deal();
        let mut case = Self::new(edits);
        case.claim = Some(Claim {
            digest: Some(Self::new(json!({})).digest()),
            ..claim(ClaimState::Live, &deal)
        });
        case.record = Some(record(deal));
        case
    }
}

fn claim(state: ClaimState, deal: &NewDeal) -> Claim {
    Claim {
        salesforce: id(OPPORTUNITY),
        state,
        record: deal.id.clone(),
        epoch: 0,
        stamp: deal.stamp,
        digest: None,
        version: 1,
        counted: CountedRuns::by(RunId::new(1)),
        pending: None,
        base: Base::default(),
        disconnected: false,
        import_flag_was_off: false,
        suppression: None,
    }
}

fn record(deal: NewDeal) -> Record {
    Record {
        fields: deal.fields,
        owner: Some(deal.owner),
        organization: Some(deal.organization),
        partner: deal.partner,
        distributor: deal.distributor,
        account: Some(deal.account),
        contact: Some(deal.contact),
        registration_status: Some(deal.registration_status),
        link: Some(crate::record::Link {
            salesforce_id: id(OPPORTUNITY),
            object: crate::SalesforceObject::Opportunity,
            status: LinkStatus::Synced,
            reason: None,
            name: Some(deal.name),
            linked_at: jiff::Timestamp::UNIX_EPOCH,
            linked_by: "integration".into(),
            stamp: deal.stamp,
        }),
        ..Record::new(deal.id)
    }
}
