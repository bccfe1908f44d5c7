use std::fmt;
use std::sync::Arc;

use rustls::ClientConfig;
use tokio_tungstenite::tungstenite::http::Uri;
use tokio_tungstenite::tungstenite::http::uri::PathAndQuery;

use super::error::RelayError;
use super::tls;

/// Where a relay is, and whom to trust about it.
#[derive(Clone)]
pub struct RelayEndpoint {
    pub(crate) host: String,
    pub(super) port: u16,
    pub(super) uri: Uri,
    /// For `wss`.
    pub(crate) tls: Option<Arc<ClientConfig>>,
}

impl RelayEndpoint {
    /// The endpoint of a `ws` or `wss` URL; without a path, `/v1` is meant. `wss` trusts the web's
    /// certificate authorities. `ws` shows mailbox ids to everyone on the way: it belongs on one machine.
    ///
    /// # Errors
    /// [`RelayError::InvalidUrl`].
    pub fn parse(url: &str) -> Result<Self, RelayError> {
        if url.len() > MAX_URL {
            return Err(RelayError::InvalidUrl);
        }
        let given: Uri = url.trim().parse().map_err(|_| RelayError::InvalidUrl)?;
        let (secure, default_port) = match given.scheme_str() {
            Some("wss") => (true, 443),
            Some("ws") => (false, 80),
            _ => return Err(RelayError::InvalidUrl),
        };
        let authority = given.authority().ok_or(RelayError::InvalidUrl)?;
        // `user:password@` would end up in places where URLs are shown.
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return Err(RelayError::InvalidUrl);
        }
        let path = match given.path_and_query().map(PathAndQuery::as_str) {
            None | Some("" | "/") => PATH,
            Some(path) => path,
        };
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = given.port_u16().unwrap_or(default_port);
        let tls = if secure { Some(tls::config(&[])?) } else { None };
        let uri = Uri::builder()
            .scheme(if secure { "wss" } else { "ws" })
            .authority(authority.clone())
            .path_and_query(path)
            .build()
            .map_err(|_| RelayError::InvalidUrl)?;
        Ok(Self { host, port, uri, tls })
    }

    /// Trusts the certificates in `pem` as authorities, too: for a relay with an authority of its own.
    /// It changes nothing for `ws`.
    ///
    /// # Errors
    /// [`RelayError::InvalidCertificate`].
    pub fn trusting(mut self, pem: &[u8]) -> Result<Self, RelayError> {
        let further = tls::authorities(pem)?;
        if self.tls.is_some() {
            self.tls = Some(tls::config(&further)?);
        }
        Ok(self)
    }
}

/// Which relay someone uses does not belong in logs.
impl fmt::Debug for RelayEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RelayEndpoint([redacted])")
    }
}

const PATH: &str = "/v1";
const MAX_URL: usize = 2_048;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_without_a_path_means_the_relay_path() {
        for url in ["ws://127.0.0.1:8790", "ws://127.0.0.1:8790/", "ws://127.0.0.1:8790/v1"] {
            assert_eq!(RelayEndpoint::parse(url).unwrap().uri, "ws://127.0.0.1:8790/v1");
        }
        let elsewhere = RelayEndpoint::parse("ws://127.0.0.1/behind/a/proxy").unwrap();
        assert_eq!((elsewhere.uri.path(), elsewhere.port), ("/behind/a/proxy", 80));
    }

    #[test]
    fn secure_url_has_tls_and_its_own_port() {
        let endpoint = RelayEndpoint::parse("wss://relay.example").unwrap();
        assert_eq!((endpoint.host.as_str(), endpoint.port), ("relay.example", 443));
        assert!(endpoint.tls.is_some());
        assert!(RelayEndpoint::parse("ws://relay.example").unwrap().tls.is_none());
    }

    #[test]
    fn address_of_version_6_loses_its_brackets() {
        let endpoint = RelayEndpoint::parse("ws://[::1]:8790").unwrap();
        assert_eq!((endpoint.host.as_str(), endpoint.port), ("::1", 8790));
    }

    #[test]
    fn other_urls_are_refused() {
        let long = format!("ws://relay.example/{}", "x".repeat(MAX_URL));
        for url in
            ["", "relay.example", "https://relay.example", "ws://", "ws://u:p@relay.example", &long]
        {
            assert_eq!(RelayEndpoint::parse(url).unwrap_err(), RelayError::InvalidUrl, "{url}");
        }
    }

    #[test]
    fn text_without_a_certificate_is_no_authority() {
        let endpoint = RelayEndpoint::parse("wss://relay.example").unwrap();
        assert_eq!(endpoint.trusting(b"nothing").unwrap_err(), RelayError::InvalidCertificate);
    }
}
