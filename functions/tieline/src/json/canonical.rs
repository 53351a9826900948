//! One text for one JSON value, whatever the order of its keys was, and digests of texts.

use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Compact JSON with sorted keys. It does not rely on the order that a JSON map happens to keep.
pub fn text(value: &Value) -> String {
    let mut sorted = value.clone();
    sorted.sort_all_objects();
    sorted.to_string()
}

/// SHA-256 over the parts, as 64 hexadecimal digits. The parts stay apart: ("a", "bc") is not ("ab", "c").
pub fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    let mut digits = String::with_capacity(64);
    for byte in hash.finalize() {
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_of_keys_does_not_matter() {
        let first: Value =
            serde_json::from_str(r#"{"b": {"d": 1, "c": [2, {"z": null, "y": "\""}]}, "a": true}"#)
                .unwrap();

        assert_eq!(
            text(&first),
            r#"{"a":true,"b":{"c":[2,{"y":"\"","z":null}],"d":1}}"#
        );
        assert_eq!(text(&json!([])), "[]");
    }

    #[test]
    fn a_digest_is_sha_256_and_keeps_its_parts_apart() {
        assert_ne!(digest(&["a", "bc"]), digest(&["ab", "c"]));
        assert_eq!(
            digest(&[]),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }
}
