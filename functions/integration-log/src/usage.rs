//! The calls of Salesforce: by the hour and by purpose, the org's own figure, and what the budget leaves.

use dealbridge_core::{
    budget::{ApiBudget, Calls, DayOfCalls, Purpose, Room},
    call_ledger::CallLedger,
    ports::Portal,
};
use dealbridge_lambda::{
    calls::{self, Flush, FullRun},
    http::{Answer, Refusal, Request},
};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::IntegrationLog;

impl IntegrationLog {
    pub(crate) async fn usage(&self, request: &Request) -> Result<Answer, Refusal> {
        request.query(&[])?;
        let now = self.clock.now();
        calls::keep(&self.salesforce, &self.store, now, Flush::Now).await;
        let budget = self.portal.settings().await?.api_budget;
        let day = self.store.day_of_calls().await?;
        let full_run = calls::full_run(&self.store).await?;
        Answer::json(200, &body(&day, budget, full_run, now))
    }
}

fn body(day: &DayOfCalls, budget: ApiBudget, full_run: Option<FullRun>, now: Timestamp) -> Value {
    let mut total = Calls::default();
    for hour in &day.hours {
        total += hour.calls;
    }
    let hours = day.hours.iter().map(|hour| {
        json!({ "hour": hour.hour, "calls": by_purpose(&hour.calls), "total": hour.calls.charged() })
    });
    let (left, spent) = match budget.room(day, 0, now) {
        Room::Left(left) => (left, None),
        Room::Spent(spent) => (Some(0), Some(spent)),
    };
    json!({
        "hours": hours.collect::<Vec<_>>(),
        "calls": by_purpose(&total),
        "total": total.charged(),
        "org": day.org.map(|org| json!({
            "used": org.used,
            "allowed": org.allowed,
            "readAt": org.read_at,
        })),
        "budget": {
            "share": budget.share,
            "reserve": budget.reserve,
            "limit": day.org.map(|org| budget.limit(org.allowed)),
            "left": left,
            "spent": spent.as_ref().map(|spent| &spent.what),
            "goesOn": spent.as_ref().map(dealbridge_core::budget::Spent::goes_on),
        },
        "fullRun": full_run.map(|full| json!({
            "calls": full.calls,
            "listed": full.listed,
            "asOf": full.as_of,
        })),
    })
}

fn by_purpose(calls: &Calls) -> Value {
    let named = Purpose::ALL
        .into_iter()
        .map(|purpose| (purpose.as_str().to_owned(), calls.of(purpose).into()));
    Value::Object(named.collect::<Map<String, Value>>())
}
