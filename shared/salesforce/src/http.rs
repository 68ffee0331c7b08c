//! The only place that builds an HTTP client.

use std::{sync::Arc, time::Duration};

use rustls::{ClientConfig, RootCertStore, crypto::ring};

/// Time limits for the parts of an HTTP exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Until the connection is established.
    pub connect: Duration,
    /// Between two pieces of a response.
    pub read: Duration,
    /// From the request to the end of the response.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            // Callers have shorter limits of their own; a query may take Salesforce 120 seconds.
            read: Duration::from_secs(130),
            total: Duration::from_secs(130),
        }
    }
}

/// Builds an HTTP client: rustls on ring with the bundled web roots, gzip, no redirects, no proxy, no retries of its
/// own.
///
/// The client would speak plain http to any host; [`crate::Connection`] and the check of `instance_url` restrict that
/// to loopback addresses.
///
/// # Errors
/// Returns an error if the TLS settings are rejected, which no input causes.
pub fn http_client(timeouts: Timeouts) -> Result<reqwest::Client, reqwest::Error> {
    // Bundled roots: loading the machine's own is the largest part of a cold start.
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
        // Each request on the wire is counted, so none may be retried below this layer.
        .retry(reqwest::retry::never())
        .connect_timeout(timeouts.connect)
        .read_timeout(timeouts.read)
        .timeout(timeouts.total)
        // A function that was frozen between two invocations must not reuse a connection that was closed meanwhile.
        .pool_idle_timeout(Duration::from_secs(30))
        .build()
}
