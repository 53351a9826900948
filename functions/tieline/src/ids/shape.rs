//! The shapes of names: JSON Schema's words for what the parsers in [`crate::ids`] take.

/// A name with a shape that JSON Schema can state as well.
pub trait Named {
    /// What is wanted, for a sentence.
    const EXPECTED: &'static str;

    /// The same as the parser, in JSON Schema's words.
    const SHAPE: Shape;
}

/// What a name looks like. A test holds it against the parser.
///
/// The patterns use only what every regular expression dialect has: no look-around, no class names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// A pattern of the whole text.
    pub pattern: &'static str,
    /// The most characters, where the pattern does not say it.
    pub most: Option<usize>,
    /// A pattern that must not be found.
    pub never: Option<&'static str>,
}

impl Shape {
    /// A whole text of this pattern.
    pub(crate) const fn of(pattern: &'static str) -> Self {
        Self {
            pattern,
            most: None,
            never: None,
        }
    }

    /// The same with at most so many characters.
    pub(crate) const fn most(self, characters: usize) -> Self {
        Self {
            most: Some(characters),
            ..self
        }
    }

    /// The same, and nothing of this pattern in it.
    pub(crate) const fn never(self, pattern: &'static str) -> Self {
        Self {
            never: Some(pattern),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;
    use crate::ids::*;

    /// One of every kind, and what nearly is one.
    const SAMPLES: &[&str] = &[
        "",
        "a",
        "orders-prod_1.x",
        "us-east-1",
        "us-gov-west-1",
        "us-east-0",
        "vpc-0f3a9c51d7e2b8640",
        "vpc-0f3a9c51",
        "subnet-0a1c5e7092b4d6f81",
        "sg-0a7b3c9d5e1f24680",
        "vpce-0a7b3c9d5e1f24680",
        "k3abtwmzqhv5xn7rjd2yfe6upi",
        "ecr.api",
        "com.amazonaws.us-east-1.s3",
        "com.amazonaws.",
        "com.amazonaws..",
        "cn.com.amazonaws.cn-north-1.s3",
        "cn.com.amazonaws.",
        "aws.api.us-east-1.x",
        "aws.a.b",
        "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0",
        "10357519063427187436",
        "env-xk27rp",
        "n-Pr1-jy6",
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:tieline/tidb-cloud-Xk2Lq9",
        "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:a:b",
        "arn:aws:iam::123456789012:role/path/dms",
        "arn:aws:dms:us-east-1:123456789012:rep:ABC",
        "arn:aws:dms:us-east-1:123456789012:rep:",
        "privatelink.example.com",
        "_tls.x-y.example",
        "*",
        "*.db",
        "*.use1-az1",
        "**",
    ];

    /// Every sample, all that one change makes of it, and texts around the limits of length.
    fn texts() -> Vec<String> {
        let mut texts: Vec<String> = SAMPLES.iter().map(|&text| text.to_owned()).collect();
        for sample in SAMPLES {
            for at in 0..=sample.len() {
                let (before, after) = sample.split_at(at);
                texts.push(format!("{before}{}", after.get(1..).unwrap_or_default()));
                for strange in ["-", ".", ":", "*", "_", "/", "A", "z", "0", " ", "\n", "é"] {
                    texts.push(format!("{before}{strange}{after}"));
                }
            }
        }
        let limits = [26, 32, 63, 64, 100, 200, 253, 255, 2048];
        for length in limits.iter().flat_map(|limit| limit - 1..=limit + 1) {
            for (begin, unit) in [
                ("", "a"),
                ("", "1"),
                ("a-", "b"),
                ("", "b.c"),
                ("a", "b.c"),
                ("*.", "d.e"),
                ("com.amazonaws.vpce.", "x"),
                ("arn:aws:iam::123456789012:role/", "r"),
                ("arn:aws:dms::123456789012:rep:", "r"),
                ("arn:aws:secretsmanager::123456789012:secret:", "s"),
            ] {
                let text = format!("{begin}{}", unit.repeat(length));
                texts.push(text[..length.max(begin.len())].to_owned());
            }
        }
        texts
    }

    fn agrees<T: Named + FromStr>(texts: &[String]) {
        let pattern = regex::Regex::new(T::SHAPE.pattern).unwrap();
        let never = T::SHAPE
            .never
            .map(|never| regex::Regex::new(never).unwrap());
        let fits = |text: &str| {
            pattern.is_match(text)
                && T::SHAPE
                    .most
                    .is_none_or(|most| text.chars().count() <= most)
                && !never.as_ref().is_some_and(|never| never.is_match(text))
        };
        let good = texts.iter().filter(|text| fits(text)).count();
        assert!(good > 1, "no sample is {}", T::EXPECTED);
        for text in texts {
            assert_eq!(
                text.parse::<T>().is_ok(),
                fits(text),
                "{text:?}: {}",
                T::EXPECTED
            );
        }
    }

    #[test]
    fn the_shape_in_a_schema_is_what_the_parser_takes() {
        let texts = texts();

        agrees::<RequestId>(&texts);
        agrees::<Region>(&texts);
        agrees::<VpcId>(&texts);
        agrees::<SubnetId>(&texts);
        agrees::<GroupId>(&texts);
        agrees::<EndpointId>(&texts);
        agrees::<ClusterId>(&texts);
        agrees::<ServiceSuffix>(&texts);
        agrees::<ServiceName>(&texts);
        agrees::<TidbId>(&texts);
        agrees::<ConfluentId>(&texts);
        agrees::<SecretArn>(&texts);
        agrees::<RoleArn>(&texts);
        agrees::<InstanceArn>(&texts);
        agrees::<Domain>(&texts);
        agrees::<RecordName>(&texts);
    }
}
