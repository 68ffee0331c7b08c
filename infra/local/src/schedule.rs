//! Keeping the template's schedules, as EventBridge Scheduler does.

use std::{sync::Arc, time::Duration};

use cronexpr::Crontab;
use dealbridge_core::ports::Clock;
use dealbridge_lambda::SystemClock;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tracing::warn;

use crate::{error::LocalError, functions::InvokeError, product::LocalProduct, template::Schedule};

/// A machine that slept finds out within this time that a tick is due.
const RECHECK_INTERVAL: Duration = Duration::from_secs(30);

/// When a schedule fires.
#[derive(Clone, Debug)]
pub enum Timetable {
    /// Again and again after this long.
    Every(SignedDuration),
    /// At these times of UTC.
    Cron(Box<Crontab>),
}

impl Timetable {
    /// Reads a schedule's expression: `rate(1 hour)` or `cron(0 3 * * ? *)`.
    ///
    /// # Errors
    /// When it is neither, or a cron expression that names years or numbers days of the week.
    pub fn parse(expression: &str) -> Result<Self, LocalError> {
        let inside = |name: &str| {
            expression
                .trim()
                .strip_prefix(name)?
                .strip_prefix('(')?
                .strip_suffix(')')
        };
        let read = match (inside("rate"), inside("cron")) {
            (Some(rate), _) => every(rate),
            (_, Some(cron)) => at(cron),
            _ => None,
        };
        read.ok_or_else(|| {
            LocalError::new(format!(
                "template.yaml has the schedule {expression:?}, which the local product cannot keep: use rate(1 hour) or cron(0 3 * * ? *)"
            ))
        })
    }

    /// The next time after another.
    #[must_use]
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Every(interval) => after.checked_add(*interval).ok(),
            Self::Cron(crontab) => crontab.find_next(after).ok().map(|next| next.timestamp()),
        }
    }
}

/// `1 hour`: the unit is in the singular for one, as AWS wants it.
fn every(rate: &str) -> Option<Timetable> {
    let (count, unit) = rate.split_once(' ')?;
    let count: i64 = count.parse().ok().filter(|count| *count > 0)?;
    let singular = match unit.strip_suffix('s') {
        Some(singular) if count > 1 => singular,
        None if count == 1 => unit,
        _ => return None,
    };
    let seconds = match singular {
        "minute" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        _ => return None,
    };
    count
        .checked_mul(seconds)
        .map(|seconds| Timetable::Every(SignedDuration::from_secs(seconds)))
}

/// AWS's six fields: minute, hour, day of month, month, day of week, year. Where crontab means something else by the
/// same text (days of the week as numbers), the expression is refused.
fn at(cron: &str) -> Option<Timetable> {
    let fields: Vec<&str> = cron.split_whitespace().collect();
    let [minute, hour, day, month, weekday, "*"] = fields.as_slice() else {
        return None;
    };
    if weekday.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let any = |field: &&str| if *field == "?" { "*" } else { field }.to_owned();
    let crontab = format!("{minute} {hour} {} {month} {} UTC", any(day), any(weekday));
    let crontab = cronexpr::parse_crontab(&crontab).ok()?;
    Some(Timetable::Cron(Box::new(crontab)))
}

/// Keeps the schedules until the task is dropped. What each tick did is given to `told`.
///
/// # Errors
/// When an expression of the template cannot be kept.
pub async fn keep(
    product: Arc<LocalProduct>,
    told: impl Fn(&Arc<LocalProduct>, &Schedule, Result<Value, InvokeError>)
    + Clone
    + Send
    + Sync
    + 'static,
) -> Result<(), LocalError> {
    let mut schedules = tokio::task::JoinSet::new();
    for schedule in product.template.schedules.clone() {
        let timetable = Timetable::parse(&schedule.expression)?;
        let product = Arc::clone(&product);
        let told = told.clone();
        schedules.spawn(async move {
            let clock = SystemClock;
            while let Some(next) = timetable.next(clock.now()) {
                wait_until(&clock, next).await;
                told(&product, &schedule, product.tick(&schedule).await);
            }
            warn!("The schedule {} has no further time", schedule.expression);
        });
    }
    while schedules.join_next().await.is_some() {}
    Ok(())
}

async fn wait_until(clock: &dyn Clock, at: Timestamp) {
    loop {
        let left = at.duration_since(clock.now());
        match Duration::try_from(left) {
            Ok(left) if !left.is_zero() => tokio::time::sleep(left.min(RECHECK_INTERVAL)).await,
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::Template;

    fn next(expression: &str, after: &str) -> String {
        let timetable = Timetable::parse(expression).unwrap();
        timetable.next(after.parse().unwrap()).unwrap().to_string()
    }

    #[test]
    fn a_rate_fires_again_and_again_and_a_cron_expression_at_its_times() {
        assert_eq!(
            next("rate(1 hour)", "2026-01-31T23:30:00Z"),
            "2026-02-01T00:30:00Z"
        );
        assert_eq!(
            next("rate(15 minutes)", "2026-01-31T23:30:00Z"),
            "2026-01-31T23:45:00Z"
        );
        assert_eq!(
            next("cron(0 3 * * ? *)", "2026-01-31T03:00:00Z"),
            "2026-02-01T03:00:00Z"
        );
        assert_eq!(
            next("cron(30 6 ? * MON *)", "2026-01-31T03:00:00Z"),
            "2026-02-02T06:30:00Z"
        );
    }

    #[test]
    fn the_template_s_schedules_can_be_kept() {
        for schedule in Template::load().unwrap().schedules {
            Timetable::parse(&schedule.expression).unwrap();
        }
    }

    #[test]
    fn an_expression_that_aws_refuses_or_means_otherwise_is_refused() {
        for expression in [
            "rate(1 hours)",
            "rate(2 hour)",
            "rate(0 hours)",
            "rate(1 week)",
            "cron(0 3 * * *)",
            "cron(0 3 ? * 2 *)",
            "cron(0 3 * * ? 2027)",
            "at(2026-01-31T03:00:00)",
            "hourly",
        ] {
            let error = Timetable::parse(expression).unwrap_err().to_string();
            assert!(error.contains(expression), "{error}");
        }
    }
}
