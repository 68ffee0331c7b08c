//! The one place that builds an HTTP client.

use std::{sync::Arc, time::Duration};

use rustls::{ClientConfig, RootCertStore, crypto::ring};

/// How long the parts of one HTTP exchange may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Until the connection stands.
    pub connect: Duration,
    /// Between two pieces of an answer.
    pub read: Duration,
    /// From the request to the answer's end.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            // Callers give up earlier, each by its own times; a query may take Salesforce 120 seconds.
            read: Duration::from_secs(130),
            total: Duration::from_secs(130),
        }
    }
}

/// Builds an HTTP client: rustls on ring with the bundled web roots, gzip, no redirects, no proxy, no repeats of its own.
///
/// It would speak plain http to any host; [`crate::Connection`] and the check of `instance_url` allow that for
/// loopback addresses only.
///
/// # Errors
/// When the TLS settings are refused, which no input can cause.
pub fn http_client(timeouts: Timeouts) -> Result<reqwest::Client, reqwest::Error> {
    // Roots from the binary: loading the machine's own costs more at a cold start than the rest of it.
    let roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has cipher suites for both TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that builds an HTTP client"
    )]
    let builder = reqwest::Client::builder();
    builder
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        // Each request on the wire is counted, so none may be repeated below us.
        .retry(reqwest::retry::never())
        .connect_timeout(timeouts.connect)
        .read_timeout(timeouts.read)
        .timeout(timeouts.total)
        // A function frozen between two invocations must not find a connection that was closed meanwhile.
        .pool_idle_timeout(Duration::from_secs(30))
        .build()
}
