//! Names that cannot be wrong: each type has one way in, [`std::str::FromStr`], and says what it wants.

mod addressing;
mod ports;
mod shape;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

pub use addressing::{Addressing, DnsRecordIpType, IpAddressType};
pub use ports::Ports;
pub use shape::{Named, Shape};

/// Text that is not what a name of this kind looks like.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {expected}")]
pub struct Malformed {
    text: String,
    expected: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident: $expected:literal = $shape:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Named for $name {
            const EXPECTED: &'static str = $expected;

            fn shape() -> &'static Shape {
                static SHAPE: Shape = $shape;
                &SHAPE
            }
        }

        impl FromStr for $name {
            type Err = Malformed;

            fn from_str(text: &str) -> Result<Self, Malformed> {
                if Self::shape().fits(text) {
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

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                Self::shape().schema().into()
            }
        }
    )+};
}

ids! {
    /// The caller's name for a connection; it becomes part of a tag key on the endpoint.
    RequestId: "a request id: 1 to 64 of A-Z a-z 0-9 . _ -" = Shape::of("^[A-Za-z0-9._-]{1,64}$");
    /// A Region such as `us-east-1`.
    Region: "a Region such as us-east-1" = Shape::of("^[a-z]+(-[a-z]+)+-[1-9]$");
    VpcId: "a VPC id: vpc- and 8 or 17 of 0-9 a-f" = Shape::of("^vpc-([0-9a-f]{8}|[0-9a-f]{17})$");
    SubnetId: "a subnet id: subnet- and 8 or 17 of 0-9 a-f" = Shape::of("^subnet-([0-9a-f]{8}|[0-9a-f]{17})$");
    GroupId: "a security group id: sg- and 8 or 17 of 0-9 a-f" = Shape::of("^sg-([0-9a-f]{8}|[0-9a-f]{17})$");
    EndpointId: "a VPC endpoint id: vpce- and 8 or 17 of 0-9 a-f" = Shape::of("^vpce-([0-9a-f]{8}|[0-9a-f]{17})$");
    ClusterId: "an Aurora DSQL cluster id: 26 of a-z 0-9" = Shape::of("^[a-z0-9]{26}$");
    /// The part of an AWS service's endpoint service name behind `com.amazonaws.<region>.`.
    ServiceSuffix: "an AWS service's short name such as monitoring or ecr.api"
        = Shape::of("^[a-z0-9][a-z0-9._-]{0,99}$").never(r"^(com\.amazonaws|vpce)\.");
    /// The full name of an endpoint service.
    ServiceName: "an endpoint service's full name such as com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0"
        = Shape::of(r"^[a-z0-9][a-z0-9_-]*(\.[a-z0-9_-]+)+$").at_most(255);
    /// The id of an availability zone. Its name (`us-east-1a`) means another zone in every account.
    ZoneId: "a zone's id such as use1-az4" = Shape::of("^[a-z0-9-]+-az[0-9]+$");
    /// A TiDB Cloud cluster or node group.
    TidbId: "a TiDB Cloud id: 1 to 32 digits" = Shape::of("^[0-9]{1,32}$");
    /// A Confluent Cloud environment or network.
    ConfluentId: "a Confluent Cloud id such as env-xk27rp or n-pr1jy6"
        = Shape::of("^[A-Za-z0-9]+(-[A-Za-z0-9]+)+$").at_most(64);
    SecretArn: "the ARN of a Secrets Manager secret: arn:<partition>:secretsmanager:<region>:<account>:secret:<name>"
        = Shape::of("^arn:aws[!-9;-~]*:secretsmanager:[!-9;-~]*:[0-9]{12}:secret:[!-~]+$").at_most(2048);
    RoleArn: "the ARN of an IAM role: arn:<partition>:iam::<account>:role/<name>"
        = Shape::of("^arn:aws[!-9;-~]*:iam:[!-9;-~]*:[0-9]{12}:role/[!-~]+$").at_most(2048);
    Pem: "certificates in PEM: -----BEGIN CERTIFICATE-----, base64 and -----END CERTIFICATE-----"
        = Shape::of("^([ \\t\\r\\n]*-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\\r\\n]+-----END CERTIFICATE-----)+[ \\t\\r\\n]*$").at_most(8192);
    FunctionArn: "the ARN of a Lambda function: arn:<partition>:lambda:<region>:<account>:function:<name>"
        = Shape::of("^arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]{1,64}$");
    InstanceArn: "the ARN of a DMS replication instance: arn:<partition>:dms:<region>:<account>:rep:<name>"
        = Shape::of("^arn:aws[!-9;-~]*:dms:[!-9;-~]*:[0-9]{12}:rep:[!-~]+$").at_most(2048);
    Domain: "a domain in lower case such as privatelink.example.com, without a dot at its end"
        = Shape::of(r"^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)+$").at_most(253);
    RecordName: "a name in the zone such as db, *.db, * or @ for the zone's own name"
        = Shape::of(r"^(@|\*|(\*\.)?[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*)$").at_most(200);
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

    /// Names of a kind that are good, and what nearly is one.
    fn tells_apart<T: FromStr<Err = Malformed>>(good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(text.parse::<T>().is_ok(), "{text:?} is good");
        }
        for text in bad {
            let error = text.parse::<T>().err();
            assert!(error.is_some(), "{text:?} is bad");
        }
    }

    #[test]
    fn each_kind_of_name_has_its_own_shape() {
        let long = |beginning: &str, unit: &str, length: usize| {
            let text = format!("{beginning}{}", unit.repeat(length));
            text[..length].to_owned()
        };
        tells_apart::<RequestId>(
            &["orders-prod", "orders_1.x", &long("", "a", 64)],
            &["", "orders/prod", "é", "a\n", &long("", "a", 65)],
        );
        tells_apart::<Region>(
            &["us-east-1", "us-gov-west-1", "ap-southeast-3"],
            &[
                "us-east",
                "US-east-1",
                "mars",
                "us-east-0",
                "us-east-10",
                "us--east-1",
            ],
        );
        tells_apart::<VpcId>(
            &["vpc-0f3a9c51d7e2b8640", "vpc-0f3a9c51"],
            &[
                "vpc-1",
                "vpc-0F3a9c51d7e2b8640",
                "vpc-0f3a9c51d7e2b864",
                "subnet-0f3a9c51",
            ],
        );
        tells_apart::<SubnetId>(&["subnet-0a1c5e7092b4d6f81"], &["subnet-0A1c5e7092b4d6f81"]);
        tells_apart::<GroupId>(&["sg-0a7b3c9d5e1f24680"], &["sg-", "sg-0a7b3c9d5e1f24680 "]);
        tells_apart::<EndpointId>(&["vpce-0a7b3c9d5e1f24680"], &["vpc-0a7b3c9d5e1f24680"]);
        tells_apart::<ClusterId>(
            &["k3abtwmzqhv5xn7rjd2yfe6upi"],
            &["K3abtwmzqhv5xn7rjd2yfe6upi", "k3abtwmzqhv5xn7rjd2yfe6up"],
        );
        tells_apart::<ServiceSuffix>(
            &["monitoring", "ecr.api", &long("", "a", 100)],
            &[
                "com.amazonaws.us-east-1.s3",
                ".ecr",
                "S3",
                &long("", "a", 101),
            ],
        );
        tells_apart::<ServiceName>(
            &[
                "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0",
                "cn.com.amazonaws.cn-north-1.s3",
                "aws.api.us-east-1.x",
                "com.amazonaws.route53",
                "com.amazonaws.s3-global.accesspoint",
                "org.example.a.b",
                &long("com.amazonaws.vpce.", "x", 255),
            ],
            &[
                "com.amazonaws.",
                "route53",
                "com.amazonaws.Route53",
                "com.amazonaws.*",
                &long("com.amazonaws.vpce.", "x", 256),
            ],
        );
        tells_apart::<ZoneId>(
            &["use1-az4", "usw2-lax1-az1"],
            &["us-east-1a", "-az1", "use1-az", "use1-azb", "USE1-az4"],
        );
        tells_apart::<TidbId>(
            &["10357519063427187436", &long("", "1", 32)],
            &["", "1a", &long("", "1", 33)],
        );
        tells_apart::<ConfluentId>(
            &["env-xk27rp", "n-Pr1-jy6", &long("a-", "b", 64)],
            &["env", "-a", "a-", "a--b", &long("a-", "b", 65)],
        );
        let secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:";
        tells_apart::<SecretArn>(
            &[
                "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:a:b",
                &long(secret, "s", 2048),
            ],
            &[
                secret,
                "arn:aws:secretsmanager:us-east-1:12345678901:secret:a",
                &long(secret, "s", 2049),
            ],
        );
        tells_apart::<RoleArn>(
            &["arn:aws-us-gov:iam::123456789012:role/path/dms"],
            &[
                "arn:aws:iam::123456789012:user/dms",
                "arn:aws:iam::123456789012:role/",
            ],
        );
        tells_apart::<InstanceArn>(
            &["arn:aws:dms:us-east-1:123456789012:rep:ABC"],
            &[
                "arn:aws:dms:us-east-1:123456789012:rep:",
                "arn:aws:dms:us-east-1:123456789012:task:A",
            ],
        );
        tells_apart::<Domain>(
            &[
                "privatelink.example.com",
                "_tls.x-y.example",
                &long("a", "b.c", 253),
            ],
            &[
                "example",
                "a..b",
                "-a.b",
                "A.b",
                "a.b.",
                &long("a", "b.c", 254),
                &long("a.", "b", 66),
            ],
        );
        tells_apart::<RecordName>(
            &["*", "*.db", "db", "*.use1-az1"],
            &["**", "*.", "a.*", "-db", "db-", ""],
        );
    }
}
