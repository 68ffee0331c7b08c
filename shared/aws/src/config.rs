//! The SDK's configuration: timeouts, retries, and one HTTP client with rustls on ring.

use std::time::Duration;

/// The configuration that the DynamoDB and SQS clients are built from.
pub use aws_config::SdkConfig as Sdk;
use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

/// The endpoint of AWS.
#[derive(Clone, Debug)]
pub enum Endpoint {
    /// AWS itself: region, endpoints and credentials from the environment, as the SDK reads them.
    Environment,
    /// A server on this machine, which accepts any credentials.
    Local {
        /// Its address, such as `http://127.0.0.1:8000`.
        url: String,
    },
}

/// The region in requests to local servers.
pub const LOCAL_REGION: &str = "us-east-1";
/// The access key in requests to local servers.
pub const LOCAL_ACCESS_KEY: &str = "local";
/// The secret key in requests to local servers.
pub const LOCAL_SECRET_KEY: &str = "local";

/// Time for establishing a connection.
pub const CONNECT: Duration = Duration::from_secs(2);
/// Time for one attempt of an operation.
pub const ATTEMPT: Duration = Duration::from_secs(6);
/// Time for an operation with its retries: less than the shortest function timeout, so that the function can report
/// what did not answer.
pub const OPERATION: Duration = Duration::from_secs(12);

/// Builds the configuration of both clients.
///
/// The SDK sets no timeouts by default: a request that is never answered would hold a function until the function
/// itself times out.
pub async fn sdk_config(endpoint: &Endpoint) -> SdkConfig {
    let timeouts = timeouts(ATTEMPT, OPERATION);
    let retries = RetryConfig::standard().with_max_attempts(4);
    match endpoint {
        Endpoint::Environment => {
            aws_config::defaults(BehaviorVersion::latest())
                .http_client(https_client())
                .timeout_config(timeouts)
                .retry_config(retries)
                .load()
                .await
        }
        Endpoint::Local { url } => SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static(LOCAL_REGION))
            .endpoint_url(url)
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
                LOCAL_ACCESS_KEY,
                LOCAL_SECRET_KEY,
                None,
                None,
                "local",
            )))
            .http_client(https_client())
            .sleep_impl(tokio_sleep())
            .timeout_config(timeouts)
            .retry_config(retries)
            .build(),
    }
}

/// The same configuration with timeouts beyond SQS's longest wait for messages.
#[must_use]
pub fn for_long_polls(sdk: &SdkConfig) -> SdkConfig {
    let longest = Duration::from_secs(30);
    sdk.to_builder()
        .timeout_config(timeouts(longest, longest))
        .build()
}

fn timeouts(attempt: Duration, operation: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .read_timeout(attempt)
        .operation_attempt_timeout(attempt)
        .operation_timeout(operation)
        .build()
}

/// The same configuration with another access key, by which local servers tell their callers apart.
#[must_use]
pub fn with_access_key(sdk: &SdkConfig, access_key: &str) -> SdkConfig {
    let credentials = Credentials::new(access_key, LOCAL_SECRET_KEY, None, None, "local");
    sdk.to_builder()
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

fn https_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https()
}

fn tokio_sleep() -> aws_sdk_dynamodb::config::SharedAsyncSleep {
    aws_sdk_dynamodb::config::SharedAsyncSleep::new(TokioSleep)
}

/// Tokio's sleep for the SDK, whose own implementation would take another crate.
#[derive(Debug)]
struct TokioSleep;

impl aws_sdk_dynamodb::config::AsyncSleep for TokioSleep {
    fn sleep(&self, duration: Duration) -> aws_sdk_dynamodb::config::Sleep {
        aws_sdk_dynamodb::config::Sleep::new(tokio::time::sleep(duration))
    }
}
