//! The certificate authorities of the world: one that everybody trusts, and one of TiDB Cloud Dedicated clusters.

use std::sync::{Arc, LazyLock};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

static PUBLIC: LazyLock<Authority> = LazyLock::new(|| Authority::new("The world's authority"));
static CLUSTER: LazyLock<Authority> = LazyLock::new(|| Authority::new("TiDB cluster CA"));

struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// The certificate of the authority that everybody in this process's worlds trusts, in PEM.
#[must_use]
pub fn public_authority() -> &'static str {
    &PUBLIC.pem
}

/// The certificate that TiDB Cloud's console gives out for Dedicated clusters, in PEM.
#[must_use]
pub fn cluster_authority() -> &'static str {
    &CLUSTER.pem
}

/// A server's side of TLS, with a certificate for these names.
pub(super) fn server(names: &[String], is_private: bool) -> Arc<ServerConfig> {
    let authority = if is_private { &*CLUSTER } else { &*PUBLIC };
    let key = KeyPair::generate().unwrap_or_else(|error| panic!("no key: {error}"));
    let certificate = CertificateParams::new(names)
        .and_then(|params| params.signed_by(&key, &authority.issuer))
        .unwrap_or_else(|error| panic!("no certificate for {names:?}: {error}"));
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder
                .with_no_client_auth()
                .with_single_cert(vec![certificate.der().clone()], key)
        });
    Arc::new(config.unwrap_or_else(|error| panic!("no TLS: {error}")))
}

impl Authority {
    fn new(name: &str) -> Self {
        let make = || {
            let key = KeyPair::generate()?;
            let mut params = CertificateParams::new(Vec::new())?;
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.distinguished_name.push(DnType::CommonName, name);
            let pem = params.self_signed(&key)?.pem();
            let issuer = Issuer::new(params, key);
            Ok::<_, rcgen::Error>(Self { pem, issuer })
        };
        make().unwrap_or_else(|error| panic!("no authority: {error}"))
    }
}
