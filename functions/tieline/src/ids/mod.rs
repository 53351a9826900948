//! Names that cannot be wrong: each type has one way in, [`std::str::FromStr`], and says what it wants.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::schema::{Named, Shape};

/// Text that is not what a name of this kind looks like.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {expected}")]
pub struct Malformed {
    text: String,
    expected: &'static str,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $shape:expr, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as AWS writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Named for $name {
            const EXPECTED: &'static str = $expected;
            const SHAPE: Shape = $shape;
        }

        impl FromStr for $name {
            type Err = Malformed;

            fn from_str(text: &str) -> Result<Self, Malformed> {
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    // A name is short; what is not one may be anything, so it is not repeated whole.
                    let text = text.chars().take(80).collect();
                    Err(Malformed { text, expected: $expected })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = Malformed;

            fn try_from(text: String) -> Result<Self, Malformed> {
                text.parse()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// The caller's name for a connection; it becomes part of a tag key on the endpoint.
    RequestId,
    "a request id: 1 to 64 of A-Z a-z 0-9 . _ -",
    Shape::of("^[A-Za-z0-9._-]{1,64}$"),
    |text| (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
);
id!(
    /// A Region such as `us-east-1`.
    Region,
    "a Region such as us-east-1",
    Shape::of("^[a-z]+(-[a-z]+)+-[1-9]$"),
    |text| {
        let parts: Vec<&str> = text.split('-').collect();
        let word = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
        let number = |part: &str| matches!(part.as_bytes(), [b'1'..=b'9']);
        match parts.as_slice() {
            [words @ .., last] => words.len() >= 2 && words.iter().all(|part| word(part)) && number(last),
            [] => false,
        }
    }
);
id!(
    /// A VPC.
    VpcId,
    "a VPC id: vpc- and 8 or 17 of 0-9 a-f",
    Shape::of("^vpc-([0-9a-f]{8}|[0-9a-f]{17})$"),
    |text| resource(text, "vpc-")
);
id!(
    /// A subnet.
    SubnetId,
    "a subnet id: subnet- and 8 or 17 of 0-9 a-f",
    Shape::of("^subnet-([0-9a-f]{8}|[0-9a-f]{17})$"),
    |text| resource(text, "subnet-")
);
id!(
    /// A security group.
    GroupId,
    "a security group id: sg- and 8 or 17 of 0-9 a-f",
    Shape::of("^sg-([0-9a-f]{8}|[0-9a-f]{17})$"),
    |text| resource(text, "sg-")
);
id!(
    /// A VPC endpoint.
    EndpointId,
    "a VPC endpoint id: vpce- and 8 or 17 of 0-9 a-f",
    Shape::of("^vpce-([0-9a-f]{8}|[0-9a-f]{17})$"),
    |text| resource(text, "vpce-")
);
id!(
    /// An Aurora DSQL cluster.
    ClusterId,
    "an Aurora DSQL cluster id: 26 of a-z 0-9",
    Shape::of("^[a-z0-9]{26}$"),
    |text| text.len() == 26 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
);
id!(
    /// The part of an AWS service's endpoint service name behind `com.amazonaws.<region>.`.
    ServiceSuffix,
    "an AWS service's short name such as monitoring or ecr.api",
    Shape::of("^[a-z0-9][a-z0-9._-]{0,99}$").never(r"^com\.amazonaws\."),
    |text| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._".contains(&byte);
        (1..=100).contains(&text.len())
            && text.bytes().all(plain)
            && text.as_bytes()[0].is_ascii_alphanumeric()
            && !text.starts_with("com.amazonaws.")
    }
);

id!(
    /// The full name of an endpoint service.
    ServiceName,
    "an endpoint service's full name such as com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0",
    Shape::of(
        r"^(com\.amazonaws\.[a-z0-9_-]*\.|cn\.com\.amazonaws\.|aws\.[a-z0-9_-]*\.[a-z0-9_-]*\.)[a-z0-9._-]*$"
    )
    .most(255),
    |text| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._".contains(&byte);
        text.len() <= 255 && text.split('.').count() >= 4 && text.bytes().all(plain)
            && (text.starts_with("com.amazonaws.") || text.starts_with("cn.com.amazonaws.") || text.starts_with("aws."))
    }
);
id!(
    /// A TiDB Cloud cluster or node group.
    TidbId,
    "a TiDB Cloud id: 1 to 32 digits",
    Shape::of("^[0-9]{1,32}$"),
    |text| (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
);
id!(
    /// A Confluent Cloud environment or network.
    ConfluentId,
    "a Confluent Cloud id such as env-xk27rp or n-pr1jy6",
    Shape::of("^[A-Za-z0-9]+(-[A-Za-z0-9]+)+$").most(64),
    |text| {
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        text.len() <= 64 && text.contains('-') && text.split('-').all(plain)
    }
);
id!(
    /// A secret of AWS Secrets Manager.
    SecretArn,
    "the ARN of a Secrets Manager secret: arn:aws:secretsmanager:<region>:<account>:secret:<name>",
    Shape::of("^arn:aws[!-9;-~]*:secretsmanager:[!-9;-~]*:[0-9]{12}:secret:[!-~]+$").most(2048),
    |text| arn(text, "secretsmanager", "secret:")
);
id!(
    /// An IAM role.
    RoleArn,
    "the ARN of an IAM role: arn:aws:iam::<account>:role/<name>",
    Shape::of("^arn:aws[!-9;-~]*:iam:[!-9;-~]*:[0-9]{12}:role/[!-~]+$").most(2048),
    |text| arn(text, "iam", "role/")
);
id!(
    /// A replication instance of AWS DMS.
    InstanceArn,
    "the ARN of a DMS replication instance: arn:aws:dms:<region>:<account>:rep:<name>",
    Shape::of("^arn:aws[!-9;-~]*:dms:[!-9;-~]*:[0-9]{12}:rep:[!-~]+$").most(2048),
    |text| arn(text, "dms", "rep:")
);
id!(
    /// A DNS domain.
    Domain,
    "a domain in lower case such as privatelink.example.com, without a dot at its end",
    Shape::of(
        r"^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)+$"
    )
    .most(253),
    |text| text.len() <= 253 && text.contains('.') && text.split('.').all(label)
);
id!(
    /// A name in a domain, perhaps a wildcard.
    RecordName,
    "a name in the zone such as db, *.db or *",
    Shape::of(
        r"^(\*|(\*\.)?[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*)$"
    )
    .most(200),
    |text| {
        let rest = text.strip_prefix("*.").unwrap_or(text);
        text == "*" || (text.len() <= 200 && rest.split('.').all(label))
    }
);

/// One label of a DNS name.
fn label(text: &str) -> bool {
    let plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    (1..=63).contains(&text.len())
        && text.bytes().all(plain)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// An ARN of a service whose resource begins with `kind`.
fn arn(text: &str, service: &str, kind: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [prefix, partition, there, _, account, resource] = parts.as_slice() else {
        return false;
    };
    let printable = |byte: u8| byte.is_ascii_graphic();
    *prefix == "arn"
        && partition.starts_with("aws")
        && *there == service
        && account.len() == 12
        && account.bytes().all(|byte| byte.is_ascii_digit())
        && resource
            .strip_prefix(kind)
            .is_some_and(|name| !name.is_empty())
        && text.len() <= 2048
        && text.bytes().all(printable)
}

/// EC2's ids: a prefix and 17 hexadecimal digits, or 8 for what was made before 2016.
fn resource(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|digits| {
        matches!(digits.len(), 8 | 17)
            && digits
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_as_it_is_or_refused_with_what_is_wanted() {
        assert_eq!(
            "vpc-0f3a9c51d7e2b8640".parse::<VpcId>().unwrap().as_str(),
            "vpc-0f3a9c51d7e2b8640"
        );
        assert_eq!(
            "vpc-1".parse::<VpcId>().unwrap_err().to_string(),
            "\"vpc-1\" is not a VPC id: vpc- and 8 or 17 of 0-9 a-f"
        );
    }

    #[test]
    fn each_kind_of_name_has_its_own_shape() {
        for (good, bad) in [
            ("us-east-1", "us-east"),
            ("us-gov-west-1", "US-east-1"),
            ("ap-southeast-3", "mars"),
        ] {
            assert!(good.parse::<Region>().is_ok(), "{good}");
            assert!(bad.parse::<Region>().is_err(), "{bad}");
        }
        assert!("orders-prod".parse::<RequestId>().is_ok());
        assert!("orders/prod".parse::<RequestId>().is_err());
        assert!("a".repeat(65).parse::<RequestId>().is_err());
        assert!("subnet-0A1c5e7092b4d6f81".parse::<SubnetId>().is_err());
        assert!("ecr.api".parse::<ServiceSuffix>().is_ok());
        assert!(
            "com.amazonaws.us-east-1.s3"
                .parse::<ServiceSuffix>()
                .is_err()
        );
    }
}
