//! The credentials of a login.

use std::fmt;

/// The two OAuth grants that work without a person. Debug output never shows a secret.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// The client-credentials grant. Works on the org's own My Domain only.
    ClientCredentials {
        /// The External Client App's consumer key.
        client_id: String,
        /// Its consumer secret.
        client_secret: String,
    },
    /// The JWT-bearer grant.
    JwtBearer {
        /// The External Client App's consumer key.
        client_id: String,
        /// The integration user's name.
        username: String,
        /// The RSA private key of the certificate that the app knows, as PEM (PKCS#8 or PKCS#1).
        private_key_pem: String,
        /// The audience to claim; by default the one that fits the login URL (production or sandbox).
        audience: Option<String>,
    },
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClientCredentials { client_id, .. } => f
                .debug_struct("ClientCredentials")
                .field("client_id", client_id)
                .finish_non_exhaustive(),
            Self::JwtBearer {
                client_id,
                username,
                audience,
                ..
            } => f
                .debug_struct("JwtBearer")
                .field("client_id", client_id)
                .field("username", username)
                .field("audience", audience)
                .finish_non_exhaustive(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_shows_no_secret() {
        let by_secret = Credentials::ClientCredentials {
            client_id: "key".to_owned(),
            client_secret: "s3cret".to_owned(),
        };
        let by_key = Credentials::JwtBearer {
            client_id: "key".to_owned(),
            username: "bridge@acme.example".to_owned(),
            private_key_pem: "s3cret".to_owned(),
            audience: None,
        };

        assert!(!format!("{by_secret:?} {by_key:?}").contains("s3cret"));
    }
}
