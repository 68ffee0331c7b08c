//! The ledger of Salesforce calls: one small item per hour, to which processes add what they counted.

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use dealbridge_core::{
    budget::{Calls, DayOfCalls, HourOfCalls, OrgAllowance, Purpose},
    call_ledger::CallLedger,
    ports::PortError,
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    item::{self, n, number, s, text},
    keys::{self, Attributes, EXPIRES_AT, HOUR_PREFIX, PK, SK},
    store::{Store, port_error},
};

/// The span over which Salesforce counts.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The org's own figure, as the attributes of the hour in which it was read.
const ORG_USED: &str = "org_used";
const ORG_ALLOWED: &str = "org_allowed";
const ORG_READ_AT: &str = "org_read_at";

impl CallLedger for Store {
    async fn add_calls(&self, calls: &Calls, org: Option<OrgAllowance>) -> Result<(), PortError> {
        let now = self.clock.now();
        let mut set = vec!["#expires = :expires".to_owned()];
        let mut add = Vec::new();
        let mut update = self
            .dynamodb
            .update_item()
            .table_name(&self.tables.log)
            .set_key(Some(keys::hour_of_calls(now)))
            .expression_attribute_names("#expires", EXPIRES_AT)
            .expression_attribute_values(":expires", item::expiry(now));
        for purpose in Purpose::ALL {
            let (name, count) = (purpose.as_str(), calls.of(purpose));
            if count > 0 {
                update = update
                    .expression_attribute_names(format!("#{name}"), name)
                    .expression_attribute_values(format!(":{name}"), n(count));
                add.push(format!("#{name} :{name}"));
            }
        }
        if let Some(org) = org {
            for (name, value) in [
                (ORG_USED, n(org.used)),
                (ORG_ALLOWED, n(org.allowed)),
                (ORG_READ_AT, s(org.read_at)),
            ] {
                update = update
                    .expression_attribute_names(format!("#{name}"), name)
                    .expression_attribute_values(format!(":{name}"), value);
                set.push(format!("#{name} = :{name}"));
            }
        }
        let mut expression = format!("SET {}", set.join(", "));
        if !add.is_empty() {
            expression = format!("{expression} ADD {}", add.join(", "));
        }
        let answer = update
            .update_expression(expression)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| port_error("adding Salesforce calls to their hour", error))?;
        self.meter.wrote(answer.consumed_capacity.as_slice());
        Ok(())
    }

    async fn day_of_calls(&self) -> Result<DayOfCalls, PortError> {
        let now = self.clock.now();
        let first = now.saturating_sub(DAY).unwrap_or(now);
        let sort_key = |at: Timestamp| {
            text(&keys::hour_of_calls(at), SK)
                .unwrap_or_default()
                .to_owned()
        };
        let answer = self
            .dynamodb
            .query()
            .table_name(&self.tables.log)
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :first AND :last")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#sk", SK)
            .expression_attribute_values(":pk", s(keys::CALLS))
            .expression_attribute_values(":first", s(sort_key(first)))
            .expression_attribute_values(":last", s(sort_key(now)))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| port_error("reading the hours of Salesforce calls", error))?;
        self.meter.read(answer.consumed_capacity.as_slice());
        let mut day = DayOfCalls::default();
        for item in answer.items.unwrap_or_default() {
            let org = allowance(&item);
            day.org = match (day.org, org) {
                (Some(known), Some(org)) if org.read_at < known.read_at => Some(known),
                (known, org) => org.or(known),
            };
            day.hours.extend(hour(&item));
        }
        Ok(day)
    }

    async fn may_warn_of_budget(&self) -> Result<bool, PortError> {
        let now = self.clock.now();
        let sent = self
            .dynamodb
            .update_item()
            .table_name(&self.tables.log)
            .set_key(Some(keys::budget_warning()))
            .update_expression("SET #at = :now, #expires = :expires")
            .condition_expression("attribute_not_exists(#pk) OR #at < :before")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#at", "at")
            .expression_attribute_names("#expires", EXPIRES_AT)
            .expression_attribute_values(":now", s(now))
            .expression_attribute_values(":before", s(now.saturating_sub(DAY).unwrap_or(now)))
            .expression_attribute_values(":expires", item::expiry(now))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match sent {
            Ok(answer) => {
                self.meter.wrote(answer.consumed_capacity.as_slice());
                Ok(true)
            }
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_conditional_check_failed_exception()) =>
            {
                Ok(false)
            }
            Err(error) => Err(port_error("noting a warning of the budget", error)),
        }
    }
}

fn hour(item: &Attributes) -> Option<HourOfCalls> {
    let hour = text(item, SK)?.strip_prefix(HOUR_PREFIX)?;
    let mut calls = Calls::default();
    for purpose in Purpose::ALL {
        calls.add(purpose, number(item, purpose.as_str()).unwrap_or(0));
    }
    Some(HourOfCalls {
        hour: format!("{hour}:00:00Z").parse().ok()?,
        calls,
    })
}

fn allowance(item: &Attributes) -> Option<OrgAllowance> {
    Some(OrgAllowance {
        used: number(item, ORG_USED)?,
        allowed: number(item, ORG_ALLOWED)?,
        read_at: item::instant(item, ORG_READ_AT)?,
    })
}
