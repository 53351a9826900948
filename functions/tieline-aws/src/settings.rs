//! What the deployment sets, read once at the cold start.

use std::time::Duration;

use tieline::deployment::{Bounds, Deployment};
use tieline::ids::Region;
use tieline::time::Limits;

/// A phase may take this long unless the deployment says otherwise: creates take 1 to 3 minutes as a rule, and
/// Terraform's provider gives up after 10.
const PHASE: u64 = 1200;

/// A call may still take effect this much later unless the deployment says otherwise: a function runs for 60 s at most, its
/// clients for 25, and EC2 shows what they did seconds later.
const SETTLE: u64 = 180;

/// Services that do not answer may cost an execution this much unless the deployment says otherwise. More, and a week of
/// waiting for a person would not fit the history of an execution any more.
const OUTAGE: u64 = 6 * 3600;

/// The largest storage of a replication instance that DMS knows (API reference, `CreateReplicationInstance`), in GiB.
const STORAGE: u32 = 6144;

/// The variable with the stack's own tags.
const TAGS: &str = "TIELINE_DEFAULT_TAGS";

/// The variable that names the verifiers.
const VERIFIERS: &str = "TIELINE_VERIFIERS";

/// The deployment's settings.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The Region that this deployment serves.
    pub(crate) region: Region,
    /// How long things may take.
    pub(crate) limits: Limits,
    /// What the stack is called, and what it allows.
    pub(crate) deployment: Deployment,
    /// Where a simulated AWS answers; none in production.
    pub(crate) endpoint_url: Option<String>,
}

/// A variable that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the environment variable {name} is {found:?}, expected {expected}")]
pub struct BadVariable {
    name: &'static str,
    found: Option<String>,
    expected: &'static str,
}

impl Settings {
    /// Reads them from the process's environment.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the environment"
    )]
    pub(crate) fn from_env() -> Result<Self, BadVariable> {
        Self::read(|name| std::env::var(name).ok())
    }

    fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, BadVariable> {
        let seconds = |name, default| match get(name) {
            None => Ok(Duration::from_secs(default)),
            Some(text) => match text.parse() {
                Ok(seconds) => Ok(Duration::from_secs(seconds)),
                Err(_) => Err(BadVariable {
                    name,
                    found: Some(text),
                    expected: "a number of seconds",
                }),
            },
        };
        let deployment = deployment(&get)?;
        let (name, expected) = ("AWS_REGION", "a Region");
        let found = get(name);
        let region = found.as_deref().and_then(|text| text.parse().ok());
        Ok(Self {
            endpoint_url: endpoint_url(get("TIELINE_ENDPOINT_URL"))?,
            region: region.ok_or(BadVariable {
                name,
                found,
                expected,
            })?,
            deployment,
            limits: Limits {
                phase: seconds("TIELINE_PHASE_DEADLINE_SECONDS", PHASE)?,
                settle: seconds("TIELINE_SETTLE_SECONDS", SETTLE)?,
                outage: seconds("TIELINE_OUTAGE_SECONDS", OUTAGE)?,
            },
        })
    }
}

/// Left out or empty, a list allows everything.
fn deployment(get: &impl Fn(&str) -> Option<String>) -> Result<Deployment, BadVariable> {
    let text = |name, default: &str| {
        let found = get(name).filter(|text| !text.is_empty());
        found.unwrap_or_else(|| default.to_owned())
    };
    let bad = |name, found: &str, expected| BadVariable {
        name,
        found: Some(found.to_owned()),
        expected,
    };
    let list = |name| {
        let found = get(name).unwrap_or_default();
        let words = found.split(',').map(str::trim);
        let all: Vec<String> = words
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect();
        (!all.is_empty()).then_some(all)
    };
    let (suffixes, storage) = (
        "TIELINE_PRIVATE_ZONE_SUFFIXES",
        "TIELINE_DMS_MAX_STORAGE_GIB",
    );
    let domain = |one: &String| {
        let parsed = one.parse();
        parsed.map_err(|_| {
            bad(
                suffixes,
                one,
                "domains in lower case, with commas between them",
            )
        })
    };
    let zone_suffixes = list(suffixes).map(|all| all.iter().map(domain).collect());
    let most = text(storage, &STORAGE.to_string());
    let verifier = |one: &String| {
        let parsed = one.parse();
        parsed.map_err(|_| {
            bad(
                VERIFIERS,
                one,
                "ARNs of functions, with commas between them",
            )
        })
    };
    let verifiers = list(VERIFIERS).unwrap_or_default();
    let verifiers: Result<_, _> = verifiers.iter().map(verifier).collect();
    let tag = |pair: &String| {
        let parts = pair.split_once('=').filter(|(key, _)| !key.is_empty());
        let (key, value) = parts.ok_or_else(|| {
            bad(
                TAGS,
                pair,
                "pairs such as key=value, with commas between them",
            )
        })?;
        Ok((key.to_owned(), value.to_owned()))
    };
    let tags = list(TAGS).unwrap_or_default();
    let tags: Result<_, _> = tags.iter().map(tag).collect();
    Ok(Deployment {
        tags: tags?,
        verifiers: verifiers?,
        name: text("TIELINE_DEPLOYMENT", "tieline"),
        bounds: Bounds {
            enrolled_tag: text("TIELINE_ENROLLED_TAG", "tieline:enrolled"),
            service_owners: list("TIELINE_SERVICE_OWNERS"),
            zone_suffixes: zone_suffixes.transpose()?,
            dms_classes: list("TIELINE_DMS_INSTANCE_CLASSES"),
            dms_storage_gib: most
                .parse()
                .map_err(|_| bad(storage, &most, "a number of GiB"))?,
            role_prefix: text("TIELINE_SECRET_ACCESS_ROLE_PREFIX", ""),
        },
    })
}

/// `sam local invoke` passes an empty variable where the template's parameter is empty.
fn endpoint_url(found: Option<String>) -> Result<Option<String>, BadVariable> {
    let Some(url) = found.filter(|url| !url.is_empty()) else {
        return Ok(None);
    };
    if url
        .parse()
        .is_ok_and(|url| tieline_https::may_be_asked(&url))
    {
        return Ok(Some(url));
    }
    Err(BadVariable {
        name: "TIELINE_ENDPOINT_URL",
        found: Some(url),
        expected: "an https:// URL, or an http:// URL of localhost, 127.0.0.1 or 172.16.0.0/12",
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Settings, BadVariable> {
        let map: HashMap<&str, &str> = pairs.iter().copied().collect();
        Settings::read(|name| map.get(name).map(|text| (*text).to_owned()))
    }

    #[test]
    fn an_empty_endpoint_url_is_none() {
        let settings = read(&[("AWS_REGION", "us-east-1"), ("TIELINE_ENDPOINT_URL", "")]).unwrap();

        assert_eq!(settings.endpoint_url, None);
    }

    #[test]
    fn an_endpoint_that_no_key_is_sent_to_is_refused_at_once() {
        for (url, fits) in [
            ("http://127.0.0.1:4599", true),
            ("https://world.example", true),
            ("http://host.docker.internal:4599", false),
            ("127.0.0.1:4599", false),
        ] {
            let pairs = [("AWS_REGION", "us-east-1"), ("TIELINE_ENDPOINT_URL", url)];
            assert_eq!(read(&pairs).is_ok(), fits, "{url}");
        }
    }

    #[test]
    fn a_list_that_is_empty_allows_everything_and_one_that_cannot_be_read_is_refused() {
        let suffixes = "TIELINE_PRIVATE_ZONE_SUFFIXES";
        let bounds = |text| {
            let read = read(&[("AWS_REGION", "us-east-1"), (suffixes, text)]);
            read.map(|settings| settings.deployment.bounds.zone_suffixes)
        };
        assert_eq!(bounds("").unwrap(), None);
        let two = bounds("corp.example, db.example").unwrap().unwrap();
        assert_eq!(two.len(), 2);
        assert!(bounds("corp.example,*.x").is_err());
    }

    #[test]
    fn what_is_not_set_has_a_default_and_what_is_wrong_is_named() {
        let settings =
            read(&[("AWS_REGION", "us-east-1"), ("TIELINE_SETTLE_SECONDS", "7")]).unwrap();
        assert_eq!(settings.limits.phase.as_secs(), 1200);
        assert_eq!(settings.endpoint_url, None);
        assert_eq!(settings.limits.settle.as_secs(), 7);

        let error = read(&[
            ("AWS_REGION", "us-east-1"),
            ("TIELINE_SETTLE_SECONDS", "soon"),
        ])
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "the environment variable TIELINE_SETTLE_SECONDS is Some(\"soon\"), expected a number of seconds"
        );
        assert!(read(&[]).is_err());
    }
}
