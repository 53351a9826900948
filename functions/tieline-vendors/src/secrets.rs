//! The vendors' API keys: read from secrets, cached for minutes, never printed.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tieline::ids::SecretArn;
use tieline::outside::{CallError, READ_SECRET, Reply};
use tokio::time::Instant;

/// Long enough to serve several events of a warm function, short enough that a revoked key is soon forgotten.
const CACHE_LIFETIME: Duration = Duration::from_secs(300);

/// Shorter secrets are not redacted: they would match by accident.
const SHORTEST: usize = 8;

/// Where secrets are kept.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// The text of a secret.
    ///
    /// # Errors
    ///
    /// [`CallError`] with the action [`READ_SECRET`].
    async fn read(&self, arn: &SecretArn) -> Reply<String>;
}

/// An API key: its public part ("public key" or "API key") and its secret one ("private key" or "API secret").
pub(crate) struct ApiKey {
    id: String,
    secret: SecretString,
}

impl ApiKey {
    /// The public part.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The secret part, for an `Authorization` header and nothing else.
    pub(crate) fn secret(&self) -> &str {
        self.secret.expose_secret()
    }

    /// The `Authorization` header for HTTP Basic.
    pub(crate) fn basic(&self) -> String {
        http_auth::basic::encode_credentials(&self.id, self.secret())
    }

    /// Redacts this key in the vendor's text: a gateway that quotes the request it rejects would quote the key.
    pub(crate) fn scrub(&self, text: String) -> String {
        let basic = self.basic();
        let encoded = basic.split_once(' ').map_or("", |(_, encoded)| encoded);
        let mut text = text;
        for secret in [self.secret(), encoded] {
            if secret.len() >= SHORTEST && text.contains(secret) {
                text = text.replace(secret, "[redacted]");
            }
        }
        text
    }

    fn is(&self, other: &Self) -> bool {
        self.id == other.id && self.secret() == other.secret()
    }

    fn parse(text: &str, fields: KeyFields) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        // A key must fit into a header, and a colon would end the user name in Basic.
        let field = |name: &str| {
            let text = value.get(name)?.as_str()?;
            let fits = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
            (fits && !text.trim().is_empty()).then(|| text.to_owned())
        };
        Some(Self {
            id: field(fields.id).filter(|id| !id.contains(':'))?,
            secret: field(fields.secret)?.into(),
        })
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey([redacted])")
    }
}

/// The two fields of a secret that hold a key, by the vendor's own names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct KeyFields {
    pub(crate) id: &'static str,
    pub(crate) secret: &'static str,
}

/// Where a key is stored. The ARN is not enough: one secret may hold the keys of several vendors.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct KeyLocation {
    pub(crate) secret: SecretArn,
    pub(crate) fields: KeyFields,
}

impl KeyLocation {
    fn malformed(&self) -> CallError {
        let KeyFields { id, secret } = self.fields;
        let message = format!(
            "{} does not hold a JSON object with the texts \"{id}\" and \"{secret}\"",
            self.secret
        );
        CallError::refused(READ_SECRET, "SecretMalformed", message)
    }
}

type Kept = HashMap<KeyLocation, (Instant, Arc<ApiKey>)>;

/// The keys that were read recently.
#[derive(Debug, Default)]
pub(crate) struct Keys(Mutex<Kept>);

impl Keys {
    /// The key, and whether it came from the cache.
    pub(crate) async fn get(
        &self,
        secrets: &dyn Secrets,
        location: &KeyLocation,
    ) -> Reply<(Arc<ApiKey>, bool)> {
        if let Some((read, key)) = self.lock().get(location)
            && read.elapsed() < CACHE_LIFETIME
        {
            return Ok((Arc::clone(key), true));
        }
        let text = secrets.read(&location.secret).await?;
        let key = ApiKey::parse(&text, location.fields).ok_or_else(|| location.malformed())?;
        let key = Arc::new(key);
        let entry = (Instant::now(), Arc::clone(&key));
        self.lock().insert(location.clone(), entry);
        Ok((key, false))
    }

    /// Reads the secret again after the vendor refused its key. `None` means that the key has not changed.
    pub(crate) async fn refused(
        &self,
        secrets: &dyn Secrets,
        location: &KeyLocation,
        refused: &ApiKey,
    ) -> Reply<Option<Arc<ApiKey>>> {
        self.forget(location);
        let (key, _) = self.get(secrets, location).await?;
        if key.is(refused) {
            self.forget(location);
            return Ok(None);
        }
        Ok(Some(key))
    }

    /// Makes the next call read the secret again.
    pub(crate) fn forget(&self, location: &KeyLocation) {
        self.lock().remove(location);
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // Nothing panics while the lock is held, and no change can be half made.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A key for the tests of request signing.
#[cfg(test)]
pub(crate) fn test_key(id: &str, secret: &str) -> ApiKey {
    ApiKey {
        id: id.to_owned(),
        secret: secret.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{Safe, arn};

    const FIELDS: KeyFields = KeyFields {
        id: "publicKey",
        secret: "privateKey",
    };

    fn at(name: &str) -> KeyLocation {
        KeyLocation {
            secret: arn(name),
            fields: FIELDS,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_is_read_again_after_five_minutes() {
        let safe = Safe::new([r#"{"publicKey":"a","privateKey":"b"}"#]);
        let keys = Keys::default();

        assert!(!keys.get(&safe, &at("one")).await.unwrap().1);
        tokio::time::advance(CACHE_LIFETIME - Duration::from_secs(1)).await;
        assert!(keys.get(&safe, &at("one")).await.unwrap().1);
        assert!(!keys.get(&safe, &at("two")).await.unwrap().1);
        assert_eq!(safe.reads(), 2);

        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(!keys.get(&safe, &at("one")).await.unwrap().1);
        assert_eq!(safe.reads(), 3);
    }

    #[tokio::test]
    async fn what_is_no_key_is_refused_without_being_shown() {
        for text in [
            "canary",
            "\"canary\"",
            r#"["canary"]"#,
            r#"{"publicKey":"canary"}"#,
            r#"{"publicKey":"canary","privateKey":""}"#,
            r#"{"publicKey":"canary","privateKey":" "}"#,
            r#"{"publicKey":"canary","privateKey":7}"#,
            r#"{"publicKey":"canary","privateKey":"a\nb"}"#,
            r#"{"publicKey":"canary:","privateKey":"canary"}"#,
            r#"{"apiKey":"canary","apiSecret":"canary"}"#,
        ] {
            let keys = Keys::default();
            let error = keys.get(&Safe::new([text]), &at("one")).await.unwrap_err();

            assert!(error.credentials_problem().is_some(), "{text}");
            assert_eq!(
                error.to_string(),
                "secretsmanager:GetSecretValue was refused: SecretMalformed: \
                 arn:aws:secretsmanager:us-east-1:111122223333:secret:one does not hold a JSON object with the texts \
                 \"publicKey\" and \"privateKey\""
            );
        }
    }

    #[tokio::test]
    async fn a_key_is_never_shown() {
        let safe =
            Safe::new([r#"{"publicKey":"canary-id","privateKey":"canary-secret","more":1}"#]);
        let keys = Keys::default();

        let (key, _) = keys.get(&safe, &at("one")).await.unwrap();

        let shown = format!("{key:?} {keys:?} {key:#?} {keys:#?}");
        assert!(!shown.contains("canary"), "{shown}");
        assert_eq!(
            key.scrub(format!("sent canary-secret and {}", key.basic())),
            "sent [redacted] and Basic [redacted]"
        );
    }
}
