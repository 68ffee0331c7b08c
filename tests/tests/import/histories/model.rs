//! A model of the org, and of the portal that must result from it.

use std::collections::BTreeMap;

use dealbridge_core::{code::Code, record::LinkStatus};
use dealbridge_tests::{Ledger, opportunity, people::address};
use serde_json::{Value, json};

/// An Opportunity as it is in the org.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) sync: bool,
    pub(super) export: bool,
    pub(super) account: bool,
    pub(super) primary: bool,
    pub(super) partner: &'static str,
    pub(super) product: &'static str,
    pub(super) stage: &'static str,
    pub(super) seats: &'static str,
    pub(super) amount: i64,
    pub(super) deleted: bool,
    pub(super) hidden: bool,
    pub(super) purged: bool,
    /// Unlinked by hand: imports leave it alone.
    pub(super) suppressed: bool,
    /// The values that a person saw who linked it by hand.
    pub(super) seen: Option<Value>,
}

/// The org and the portal's people.
#[derive(Clone, Debug)]
pub(super) struct Model {
    rows: Vec<Known>,
    /// `true` once the user who is pending at first is active.
    pub(super) activated: bool,
}

impl Model {
    pub(super) fn new(rows: Vec<Known>) -> Self {
        Self {
            rows,
            activated: false,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The Opportunity of that number, from 1.
    pub(super) fn row(&mut self, number: usize) -> &mut Known {
        &mut self.rows[number - 1]
    }

    fn value_codes(row: &Known) -> Vec<Code> {
        let mut codes = Vec::new();
        match row.stage {
            "" => codes.push(Code::StageEmpty),
            "Daydreaming" => codes.push(Code::PicklistValueUnknown),
            _ => {}
        }
        match row.product {
            "" => codes.push(Code::RequiredFieldEmpty),
            "Deluxe" => codes.push(Code::PicklistValueUnknown),
            _ => {}
        }
        if row.seats == "a dozen" {
            codes.push(Code::ValueTypeInvalid);
        }
        codes
    }

    fn codes(&self, row: &Known) -> Vec<Code> {
        let mut codes = Self::value_codes(row);
        let mut add = |fails: bool, code: Code| codes.extend(fails.then_some(code));
        add(!row.sync, Code::SyncFlagNotSet);
        add(!row.account, Code::AccountMissing);
        add(!row.primary, Code::PrimaryContactMissing);
        add(row.partner.is_empty(), Code::PartnerEmailMissing);
        add(row.partner == "nobody", Code::PartnerUserNotFound);
        add(
            row.partner == "pending" && !self.activated,
            Code::PartnerUserPending,
        );
        codes.sort();
        codes.dedup();
        codes
    }

    /// The differences between the portal and the org, after a run has looked at everything.
    pub(super) fn differences(&self, ledger: &Ledger) -> Vec<String> {
        let mut wrong = Vec::new();
        for (at, row) in self.rows.iter().enumerate() {
            let number = at + 1;
            let is_there = !row.deleted && !row.hidden && !row.purged;
            let codes = match ledger.linked(opportunity(number)) {
                Some(deal) => {
                    if row.suppressed {
                        wrong.push(format!(
                            "{number} is linked although it was unlinked: {row:?}"
                        ));
                    }
                    wrong.extend(Self::link_differences(number, row, is_there, deal));
                    let is_followed = is_there && row.sync;
                    if is_followed {
                        Self::value_codes(row)
                    } else {
                        Vec::new()
                    }
                }
                None if row.suppressed => {
                    let flag_was_off = ledger
                        .claims
                        .get(&opportunity(number))
                        .is_some_and(|claim| claim.import_flag_was_off);
                    let asks_anew = is_there && row.export && flag_was_off;
                    let codes = asks_anew.then_some(Code::ImportSuppressedFormerDeal);
                    codes.into_iter().collect()
                }
                None if is_there && row.export => {
                    let codes = self.codes(row);
                    if codes.is_empty() {
                        wrong.push(format!("{number} is not linked: {row:?}"));
                    }
                    codes
                }
                None => Vec::new(),
            };
            let mut codes = codes;
            codes.sort();
            codes.dedup();
            let problem = ledger.problems.get(&opportunity(number));
            let open = problem.map(|problem| problem.codes()).unwrap_or_default();
            // A person knows of what was wrong when the link was made.
            let is_known = open.is_empty() && row.seen.as_ref() == Some(&row.values());
            if open != codes && !is_known {
                wrong.push(format!(
                    "{number} has the problem {open:?}, not {codes:?}: {row:?}"
                ));
            }
        }
        wrong
    }

    fn link_differences(
        number: usize,
        row: &Known,
        is_there: bool,
        deal: &dealbridge_core::record::Record,
    ) -> Option<String> {
        let link = deal.link.as_ref()?;
        let status = match (is_there, row.sync) {
            (false, _) => LinkStatus::Disconnected,
            (true, false) => LinkStatus::Paused,
            (true, true) => LinkStatus::Synced,
        };
        let spoilt = !Self::value_codes(row).is_empty();
        let fields = BTreeMap::from([
            ("amount", json!(row.amount)),
            ("product", json!(row.product)),
            (
                "stage",
                json!(if row.stage == "Closed Won" {
                    "Won"
                } else {
                    row.stage
                }),
            ),
            (
                "seats",
                row.seats
                    .parse::<i64>()
                    .map_or(Value::Null, |seats| json!(seats)),
            ),
        ]);
        // A blank brings nothing to a link that is made by hand: the Deal keeps what it has.
        let is_as_linked = row.seen.as_ref() == Some(&row.values());
        let differs = fields
            .iter()
            .filter(|(_, value)| !(is_as_linked && value.is_null()))
            .find(|(name, value)| deal.fields.get(**name).unwrap_or(&Value::Null) != *value);
        if link.status != status {
            return Some(format!(
                "the link of {number} is {:?}, not {status:?}: {row:?}",
                link.status
            ));
        }
        let follows = status == LinkStatus::Synced && !spoilt;
        differs
            .filter(|_| follows)
            .map(|(name, value)| format!("{name} of {number} is not {value}: {:?}", deal.fields))
    }
}

impl Known {
    /// The columns without the Sync Flag, which a link ticks.
    pub(super) fn values(&self) -> Value {
        let mut values = self.fields();
        values["Sync__c"] = Value::Null;
        values
    }

    /// The columns of the Opportunity.
    pub(super) fn fields(&self) -> Value {
        let partner = if self.partner.is_empty() {
            String::new()
        } else {
            address("partner", self.partner)
        };
        json!({
            "Sync__c": self.sync,
            "Export__c": self.export,
            "AccountId": if self.account { dealbridge_tests::account(1).to_string() } else { String::new() },
            "Partner__c": partner,
            "Product__c": self.product,
            "Stage__c": self.stage,
            "Seats__c": self.seats,
            "Amount": self.amount,
        })
    }
}
