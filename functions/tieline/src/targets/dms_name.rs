//! What everything is called that is made in AWS DMS for a request.

use futures_util::future::join3;

use super::FindContext;
use crate::ids::RequestId;
use crate::json::canonical;
use crate::outside::Reply;
use crate::ownership::Owner;

/// The identifier of what is made for the request, or was made before deployments had names.
pub(super) async fn known_as(context: &FindContext<'_>) -> Reply<String> {
    let before = identifier(None, context.request_id);
    let dms = context.outside.dms;
    let (instance, certificate, endpoint) = join3(
        dms.instance(&before),
        dms.certificate(&before),
        dms.endpoint(&before),
    )
    .await;
    let there = [
        instance?.map(|there| there.tags),
        certificate?.map(|there| there.tags),
        endpoint?.map(|there| there.tags),
    ];
    let mut there = there.into_iter().flatten();
    if there.any(|tags| Owner::made_before(&tags, context.request_id)) {
        return Ok(before);
    }
    let deployment = &context.outside.deployment.name;
    Ok(identifier(Some(deployment), context.request_id))
}

/// Begins the identifier of everything that is made in DMS.
pub(crate) const BEGINNING: &str = "tieline-";

/// The identifier of everything that is made in DMS for a request: DMS keeps lower case, letters, digits and single
/// hyphens, at most 63 of them. Before deployments had names, it was the request's alone.
fn identifier(deployment: Option<&str>, request: &RequestId) -> String {
    let mut slug: String = request.as_str().to_ascii_lowercase();
    slug.retain(|c| c.is_ascii_alphanumeric() || c == '-');
    let words: Vec<&str> = slug.split('-').filter(|word| !word.is_empty()).collect();
    let mut slug = words.join("-");
    slug.truncate(40);
    let digested: Vec<&str> = deployment.into_iter().chain([request.as_str()]).collect();
    let digest = canonical::digest(&digested);
    let slug = slug.trim_end_matches('-');
    format!("{BEGINNING}{slug}-{}", &digest[..8]).replace("--", "-")
}

#[cfg(test)]
mod tests {
    use super::identifier;

    #[test]
    fn an_identifier_is_what_dms_takes() {
        for request in ["Orders_Prod--1.", "a", &"x-".repeat(32), "---"] {
            let id = identifier(Some("net"), &request.parse().unwrap());

            assert!(id.len() <= 63 && id.starts_with("tieline-"), "{id}");
            assert!(!id.contains("--") && !id.ends_with('-'), "{id}");
            assert!(
                id.bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                "{id}"
            );
        }
        assert_ne!(
            identifier(None, &"a.b".parse().unwrap()),
            identifier(None, &"ab".parse().unwrap())
        );
    }
}
