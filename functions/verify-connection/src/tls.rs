//! TLS, with as much of the certificate checked as the client's command would.

use std::io;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use tieline::outside::chain;
use tieline::trial::{Certificate, Fault, Speech};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use webpki_roots::TLS_SERVER_ROOTS;

use crate::net::Stream;
use crate::path::Broken;

/// Shakes hands. `more` are authorities in PEM beside Mozilla's, among which are Amazon's, and the request's.
pub(crate) async fn handshake<S: Stream>(
    stream: S,
    speech: &Speech,
    more: &str,
) -> Result<(TlsStream<S>, Option<String>), Broken> {
    let unusable = |what: String| Broken::new(Fault::Certificate, what);
    let name = ServerName::try_from(speech.host.clone());
    let name = name.map_err(|error| unusable(format!("{:?}: {error}", speech.host)))?;
    let config = config(speech, more).map_err(unusable)?;
    let connector = TlsConnector::from(Arc::new(config));
    let stream = connector.connect(name, stream).await.map_err(broken)?;
    let version = stream.get_ref().1.protocol_version();
    let seen = version.map(|version| format!("{version:?} with {}", speech.host));
    Ok((stream, seen))
}

fn config(speech: &Speech, more: &str) -> Result<ClientConfig, String> {
    let mut trusted: RootCertStore = TLS_SERVER_ROOTS.iter().cloned().collect();
    for text in [Some(more), speech.authorities.as_deref()]
        .into_iter()
        .flatten()
    {
        for certificate in CertificateDer::pem_slice_iter(text.as_bytes()) {
            let certificate = certificate.map_err(|error| format!("an authority: {error}"))?;
            trusted
                .add(certificate)
                .map_err(|error| format!("an authority: {error}"))?;
        }
    }
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    if speech.certificate == Certificate::Whole {
        return Ok(builder
            .with_root_certificates(trusted)
            .with_no_client_auth());
    }
    let webpki = WebPkiServerVerifier::builder_with_provider(Arc::new(trusted), provider.clone())
        .build()
        .map_err(|error| error.to_string())?;
    let less = Less {
        webpki,
        provider,
        checks_issuer: speech.certificate == Certificate::Issuer,
    };
    Ok(builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(less))
        .with_no_client_auth())
}

/// What was wrong with a handshake: the certificate, what the server said, or that it said nothing.
fn broken(error: io::Error) -> Broken {
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>());
    let fault = match inner {
        Some(Error::InvalidCertificate(_)) => Fault::Certificate,
        Some(_) => Fault::Protocol,
        None => Fault::Closed,
    };
    Broken::new(fault, format!("TLS: {}", chain(&error)))
}

/// Checks less than the whole certificate, as clients do that cannot: the name, or everything, is left out.
#[derive(Debug)]
struct Less {
    webpki: Arc<WebPkiServerVerifier>,
    provider: Arc<CryptoProvider>,
    checks_issuer: bool,
}

impl ServerCertVerifier for Less {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if !self.checks_issuer {
            return Ok(ServerCertVerified::assertion());
        }
        // The name is the last thing that is looked at.
        match self.webpki.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        ) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.webpki.supported_verify_schemes()
    }
}
