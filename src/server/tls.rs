//! TLS: certificates and the handshake (feature `tls`).
//!
//! Before it: a connection was accepted. After it: `connection` reads the first request.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{self, ServerConfig};

use super::RunError;

/// The certificate of a server and its key; cheap to clone, and reloaded through any clone.
///
/// TLS 1.3 and 1.2 with the ciphers of aws-lc-rs that rustls deems safe; HTTP/2 (with feature
/// `http2`) and HTTP/1.1 are offered by ALPN (RFC 7301).
///
/// ```no_run
/// use cepa::prelude::*;
/// use cepa::{Server, Tls};
///
/// fn main() -> Result<(), RunError> {
///     let app = App::new().get("/", async || "safe and sound");
///     Server::new(app)
///         .tls("[::]:443", Tls::files("cert.pem", "key.pem"))
///         .redirect_to_https("[::]:80")
///         .run()
/// }
/// ```
#[derive(Clone)]
pub struct Tls(Arc<Shared>);

struct Shared {
    origin: Origin,
    /// `None` until the server binds.
    current: RwLock<Option<Arc<CertifiedKey>>>,
}

enum Origin {
    Files { certificates: PathBuf, key: PathBuf },
    Pem { certificates: Vec<u8>, key: Vec<u8> },
}

/// Why a certificate or its key cannot be used; a sentence.
#[derive(Clone, Debug)]
pub struct TlsError(String);

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TlsError {}

impl Tls {
    /// Reads PEM files (RFC 7468): the certificate followed by those it is signed by, and the
    /// private key in PKCS #8, PKCS #1 or SEC 1 form. They are read when the server binds, and
    /// again by [`reload`](Self::reload).
    #[must_use]
    pub fn files(certificates: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        let (certificates, key) = (certificates.into(), key.into());
        Self::new(Origin::Files { certificates, key })
    }

    /// Takes the same as [`files`](Self::files) as bytes.
    #[must_use]
    pub fn pem(certificates: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        let (certificates, key) = (certificates.into(), key.into());
        Self::new(Origin::Pem { certificates, key })
    }

    fn new(origin: Origin) -> Self {
        Self(Arc::new(Shared {
            origin,
            current: RwLock::new(None),
        }))
    }

    /// Reads the certificate again, for new connections; those that are open go on. If it cannot
    /// be used, the old one stays.
    ///
    /// # Errors
    /// A sentence about the file that is missing or malformed, or a key of another certificate.
    pub fn reload(&self) -> Result<(), TlsError> {
        let fresh = Arc::new(self.0.origin.load()?);
        *self
            .0
            .current
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Some(fresh);
        Ok(())
    }

    pub(super) fn acceptor(&self) -> Result<TlsAcceptor, RunError> {
        self.reload()
            .map_err(|error| RunError::Certificate(error.0))?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(|error| RunError::Certificate(error.to_string()))?;
        let resolver = Resolver(self.clone());
        let mut config = config
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(resolver));
        if cfg!(feature = "http2") {
            config.alpn_protocols.push(b"h2".to_vec());
        }
        config.alpn_protocols.push(b"http/1.1".to_vec());
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

impl Origin {
    fn load(&self) -> Result<CertifiedKey, TlsError> {
        match self {
            Self::Pem { certificates, key } => parse(certificates, key),
            Self::Files { certificates, key } => {
                let read = |path: &PathBuf| {
                    std::fs::read(path).map_err(|error| {
                        TlsError(format!("{} cannot be read: {error}", path.display()))
                    })
                };
                parse(&read(certificates)?, &read(key)?).map_err(|TlsError(problem)| {
                    TlsError(format!(
                        "{problem} ({} and {})",
                        certificates.display(),
                        key.display()
                    ))
                })
            }
        }
    }
}

fn parse(certificates: &[u8], key: &[u8]) -> Result<CertifiedKey, TlsError> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificates).collect();
    let chain =
        chain.map_err(|error| TlsError(format!("the certificate is not valid PEM: {error}")))?;
    if chain.is_empty() {
        return Err(TlsError(
            "there is no certificate in the PEM text".to_owned(),
        ));
    }
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|error| TlsError(format!("the private key is not valid PEM: {error}")))?;
    let provider: CryptoProvider = aws_lc_rs::default_provider();
    CertifiedKey::from_der(chain, key, &provider).map_err(|error| {
        TlsError(match error {
            rustls::Error::InconsistentKeys(_) => {
                "the key does not belong to the certificate".to_owned()
            }
            error => format!("the certificate or its key cannot be used: {error}"),
        })
    })
}

/// Gives each handshake the certificate of the moment.
struct Resolver(Tls);

impl ResolvesServerCert for Resolver {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0
            .0
            .current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resolver")
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.origin {
            Origin::Files { certificates, .. } => f.debug_tuple("Tls").field(certificates).finish(),
            Origin::Pem { .. } => f.write_str("Tls"),
        }
    }
}
