//! Structured logs: one JSON object per line, as CloudWatch and Lambda's log format read them.

use tracing_subscriber::EnvFilter;

/// Starts logging at the level of the variable `LOG_LEVEL` (default INFO).
pub fn init(settings: &crate::environment::LogLevel) {
    let filter = EnvFilter::new(format!("warn,{}", crate_levels(&settings.0)));
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(filter)
        .with_current_span(false);
    // A second call, as in tests, leaves the first subscriber in place.
    let _ = subscriber.try_init();
}

fn crate_levels(level: &str) -> String {
    [
        "dealbridge_core",
        "dealbridge_aws",
        "dealbridge_salesforce",
        "dealbridge_lambda",
    ]
    .map(|name| format!("{name}={level}"))
    .join(",")
}
