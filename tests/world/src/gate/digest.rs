//! HTTP Digest: the nonces that were given out, and whether an answer to one is right.
//!
//! Source: RFC 7616. Not verified, because TiDB Cloud says no more than "HTTP Digest": one
//! challenge with MD5, `qop="auth"`, and that a count that does not rise is refused.

use std::collections::BTreeMap;
use std::time::Duration;

use md5::{Digest, Md5};

use crate::clock::{self, Moment};

/// What the challenges name. Not verified.
pub(crate) const REALM: &str = "tidb.cloud";
/// What the challenges want back as it is.
pub(crate) const OPAQUE: &str = "5ccc069c403ebaf9f0171e9517f40e41";

/// The nonces that were given out.
#[derive(Debug, Default)]
pub(super) struct Nonces {
    given: BTreeMap<String, Nonce>,
}

#[derive(Debug)]
struct Nonce {
    at: Moment,
    /// The highest count that came with it.
    count: u32,
}

/// What a request says about who sent it.
#[derive(Clone, Default)]
pub(crate) struct Claim {
    pub(crate) username: String,
    pub(crate) realm: String,
    pub(crate) nonce: String,
    pub(crate) uri: String,
    pub(crate) qop: String,
    pub(crate) count: String,
    pub(crate) cnonce: String,
    pub(crate) opaque: Option<String>,
    pub(crate) algorithm: Option<String>,
    pub(crate) response: String,
}

/// What is asked for, as far as the response depends on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) method: &'a str,
    /// Path and query as they were sent.
    pub(crate) uri: &'a str,
}

/// What a claim is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    /// It is true.
    Granted,
    /// It is true, but for a nonce that is no longer good.
    Stale,
    /// It is false, or a replay.
    Refused,
}

impl Nonces {
    pub(super) fn give(&mut self, nonce: &str, now: Moment) {
        let given = Nonce { at: now, count: 0 };
        self.given.insert(nonce.to_owned(), given);
    }

    /// Checks a claim of somebody whose secret is known.
    pub(super) fn check(
        &mut self,
        claim: &Claim,
        target: Target<'_>,
        secret: &str,
        now: Moment,
        lifetime: Duration,
    ) -> Check {
        let Some(count) = claim.count().filter(|_| claim.fits(target)) else {
            return Check::Refused;
        };
        if claim.response != claim.right_response(target.method, secret) {
            return Check::Refused;
        }
        // RFC 7616, 3.3: stale means that only the nonce was wrong.
        let Some(nonce) = self.given.get_mut(&claim.nonce) else {
            return Check::Stale;
        };
        if clock::after(nonce.at, lifetime) <= now {
            return Check::Stale;
        }
        // RFC 7616, 3.4: the count shows a replay.
        if count <= nonce.count {
            return Check::Refused;
        }
        nonce.count = count;
        Check::Granted
    }
}

impl Claim {
    fn fits(&self, target: Target<'_>) -> bool {
        let algorithm = self.algorithm.as_deref().unwrap_or("MD5");
        self.realm == REALM
            && self.uri == target.uri
            && self.qop == "auth"
            && !self.cnonce.is_empty()
            && self.opaque.as_deref() == Some(OPAQUE)
            && algorithm.eq_ignore_ascii_case("MD5")
    }

    /// RFC 7616, 3.4: eight hexadecimal digits.
    fn count(&self) -> Option<u32> {
        let is_count = self.count.len() == 8;
        is_count
            .then(|| u32::from_str_radix(&self.count, 16).ok())
            .flatten()
    }

    /// RFC 7616, 3.4.1 to 3.4.3.
    fn right_response(&self, method: &str, secret: &str) -> String {
        let known = hash(&format!("{}:{REALM}:{secret}", self.username));
        let asked = hash(&format!("{method}:{}", self.uri));
        hash(&format!(
            "{known}:{}:{}:{}:{}:{asked}",
            self.nonce, self.count, self.cnonce, self.qop
        ))
    }
}

fn hash(text: &str) -> String {
    let digest = Md5::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
