//! Certificates of authorities that DMS is to believe.

use serde::{Deserialize, Serialize};

use crate::clock::{self, Moment};
use crate::failure::refuse;
use crate::model::listing::Listed;
use crate::model::{ACCOUNT, Model};
use crate::{Failure, Operation, Service};

use super::listing::{Described, describe};
use super::tags::{self, Tag};
use super::{arn, check_identifier, invalid_state, not_found};

/// A certificate.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    arn: String,
    id: String,
    pem: String,
    imported: Moment,
}

/// Hands a certificate over.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct ImportCertificate {
    /// Its name.
    pub certificate_identifier: String,
    /// Its text.
    pub certificate_pem: Option<String>,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// The key that encrypts it.
    pub kms_key_id: Option<String>,
}

/// A certificate.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CertificateAnswer {
    /// The certificate.
    pub certificate: Certificate,
}

/// A certificate as DMS describes it. What it says inside is not read.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Certificate {
    /// Its name.
    pub certificate_identifier: String,
    /// When it was handed over.
    pub certificate_creation_date: f64,
    /// Its text.
    pub certificate_pem: Option<String>,
    /// Its ARN.
    pub certificate_arn: String,
    /// The account that owns it.
    pub certificate_owner: String,
}

/// Deletes a certificate.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeleteCertificate {
    /// Its ARN.
    pub certificate_arn: String,
}

describe! {
    /// Lists certificates.
    DescribeCertificates,
    DescribeCertificatesAnswer {
        /// The certificates.
        certificates: Certificate
    },
    dms_certificates
}

impl Operation for ImportCertificate {
    type Answer = CertificateAnswer;
    const SERVICE: Service = Service::Dms;
    const ACTION: &'static str = "ImportCertificate";
    const WRITE: bool = true;

    fn perform(self, model: &mut Model) -> Result<CertificateAnswer, Failure> {
        let id = self.certificate_identifier.to_lowercase();
        check_identifier("CertificateIdentifier", &id, 255)?;
        if model.dms.certificates.values().any(|other| other.id == id) {
            let message = format!("Certificate already exists: {id}");
            return Err(refuse("ResourceAlreadyExistsFault", message));
        }
        let Some(pem) = self.certificate_pem.filter(|pem| is_pem(pem)) else {
            let message = "The certificate is not a valid X.509 certificate in PEM format.";
            return Err(refuse("InvalidCertificateFault", message));
        };
        let tags = tags::checked(&self.tags)?;

        let stored = Stored {
            arn: arn("cert", &model.ids.code(26)),
            id,
            pem,
            imported: model.now,
        };
        let certificate = stored.detail();
        model.dms.tags.insert(stored.arn.clone(), tags);
        model.dms.certificates.insert(stored.arn.clone(), stored);
        Ok(CertificateAnswer { certificate })
    }
}

/// Whether it has the form of certificates, one after the other.
fn is_pem(text: &str) -> bool {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let begins = text.matches(BEGIN).count();
    text.trim_start().starts_with(BEGIN)
        && text.trim_end().ends_with(END)
        && begins == text.matches(END).count()
}

impl Operation for DeleteCertificate {
    type Answer = CertificateAnswer;
    const SERVICE: Service = Service::Dms;
    const ACTION: &'static str = "DeleteCertificate";
    const WRITE: bool = true;

    fn perform(self, model: &mut Model) -> Result<CertificateAnswer, Failure> {
        let arn = &self.certificate_arn;
        let certificate = model.dms_certificate(arn)?.detail();
        let mut endpoints = model.dms_endpoints().into_iter();
        if endpoints.any(|endpoint| endpoint.certificate_arn.as_ref() == Some(arn)) {
            return Err(invalid_state(format!("Certificate {arn} is in use.")));
        }
        model.dms.certificates.remove(arn);
        model.dms.tags.remove(arn);
        Ok(CertificateAnswer { certificate })
    }
}

impl Stored {
    pub(super) fn detail(&self) -> Certificate {
        Certificate {
            certificate_identifier: self.id.clone(),
            certificate_creation_date: clock::seconds(self.imported),
            certificate_pem: Some(self.pem.clone()),
            certificate_arn: self.arn.clone(),
            certificate_owner: ACCOUNT.to_owned(),
        }
    }
}

impl Listed for Certificate {
    const FILTERS: &'static [&'static str] = &["certificate-arn", "certificate-id"];

    fn id(&self) -> String {
        self.certificate_identifier.clone()
    }

    fn values(&self, filter: &str) -> Vec<String> {
        let value = match filter {
            "certificate-arn" => self.certificate_arn.clone(),
            _ => self.id(),
        };
        vec![value]
    }
}

impl Described for Certificate {
    const NAME: &'static str = "Certificates";
    /// DMS API reference, `DescribeCertificates`: by default 10, without a word about the least.
    const PAGE: (usize, usize) = (1, 10);
}

impl Model {
    fn dms_certificates(&self) -> Vec<Certificate> {
        let certificates = self.dms.certificates.values();
        certificates.map(Stored::detail).collect()
    }

    pub(super) fn dms_certificate(&self, arn: &str) -> Result<&Stored, Failure> {
        let found = self.dms.certificates.get(arn);
        found.ok_or_else(|| not_found(format!("Certificate not found: {arn}")))
    }
}
