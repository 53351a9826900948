//! HTTP Digest on the wire: the header `Authorization` and the challenge.
//!
//! Source: RFC 7616, 3.3 and 3.4.

use crate::gate::digest::{Claim, OPAQUE, REALM};

/// The challenge.
pub(super) fn challenge(nonce: &str, stale: bool) -> String {
    format!(
        "Digest realm=\"{REALM}\", qop=\"auth\", algorithm=MD5, nonce=\"{nonce}\", opaque=\"{OPAQUE}\", stale={stale}"
    )
}

/// What the header says, if it is one of Digest's.
pub(super) fn read(header: &str) -> Option<Claim> {
    let (scheme, rest) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Digest") {
        return None;
    }
    let mut claim = Claim::default();
    for (name, value) in fields(rest) {
        match name.to_ascii_lowercase().as_str() {
            "username" => claim.username = value,
            "realm" => claim.realm = value,
            "nonce" => claim.nonce = value,
            "uri" => claim.uri = value,
            "qop" => claim.qop = value,
            "nc" => claim.count = value,
            "cnonce" => claim.cnonce = value,
            "opaque" => claim.opaque = Some(value),
            "algorithm" => claim.algorithm = Some(value),
            "response" => claim.response = value,
            _ => {}
        }
    }
    Some(claim)
}

/// The fields `name=token` and `name="text"`, with commas between them.
pub fn fields(text: &str) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    let mut rest = text.chars().peekable();
    loop {
        let name: String = from_fn(&mut rest, |c| c != '=');
        if rest.next().is_none() {
            return fields;
        }
        let value = if rest.next_if_eq(&'"').is_some() {
            quoted(&mut rest)
        } else {
            from_fn(&mut rest, |c| c != ',')
        };
        // What follows a quoted text, up to the comma, means nothing.
        let _: String = from_fn(&mut rest, |c| c != ',');
        rest.next();
        fields.push((name.trim().to_owned(), value.trim().to_owned()));
    }
}

type Characters<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn from_fn(rest: &mut Characters<'_>, wanted: impl Fn(char) -> bool) -> String {
    std::iter::from_fn(|| rest.next_if(|&character| wanted(character))).collect()
}

fn quoted(rest: &mut Characters<'_>) -> String {
    let mut text = String::new();
    while let Some(character) = rest.next() {
        match character {
            '"' => break,
            '\\' => text.extend(rest.next()),
            _ => text.push(character),
        }
    }
    text
}
