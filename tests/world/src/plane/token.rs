//! Aurora DSQL's tokens: the signature of a URL (AWS Signature Version 4, query parameters), checked with the keys that are
//! in use here.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};

use crate::model::ACCOUNT;

/// The keys of the tests' clients, of MiniStack's functions (the account is their id), and of the vectors of aws-sdk-dsql's own
/// tests.
const KEYS: [(&str, &str); 3] = [
    ("AKIDWORLD", "secret"),
    (ACCOUNT, "test"),
    ("akid", "secret"),
];

/// Whether a token is signed for a host and an action. That it is not too old is not checked: the world's clock may run
/// faster than its clients'.
pub fn is_good(token: &str, host: &str, action: &str) -> bool {
    let Some(query) = token
        .strip_prefix(host)
        .and_then(|rest| rest.strip_prefix("/?"))
    else {
        return false;
    };
    let (mut signed, mut signature, mut key, mut date) = (Vec::new(), "", String::new(), "");
    for pair in query.split('&') {
        let Some((name, value)) = pair.split_once('=') else {
            return false;
        };
        match name {
            "X-Amz-Signature" => signature = value,
            "X-Amz-Credential" => key = value.replace("%2F", "/"),
            "X-Amz-Date" => date = value,
            "Action" if value != action => return false,
            _ => {}
        }
        if name != "X-Amz-Signature" {
            signed.push(pair);
        }
    }
    signed.sort_unstable();
    let Some((id, scope)) = key.split_once('/') else {
        return false;
    };
    let Some((_, secret)) = KEYS.iter().find(|known| known.0 == id) else {
        return false;
    };
    let parts: Vec<&str> = scope.split('/').collect();
    let [day, region, "dsql", "aws4_request"] = parts[..] else {
        return false;
    };
    let canonical = format!(
        "GET\n/\n{}\nhost:{host}\n\nhost\n{}",
        signed.join("&"),
        hex(&Sha256::digest(b""))
    );
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n{date}\n{scope}\n{}",
        hex(&Sha256::digest(canonical.as_bytes()))
    );
    let mut secret = format!("AWS4{secret}").into_bytes();
    for part in [day, region, "dsql", "aws4_request"] {
        secret = mac(&secret, part.as_bytes());
    }
    hex(&mac(&secret, to_sign.as_bytes())) == signature
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mac = Hmac::<Sha256>::new_from_slice(key);
    let mut mac = mac.unwrap_or_else(|error| panic!("any key will do: {error}"));
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
