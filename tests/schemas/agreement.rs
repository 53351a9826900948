//! What the schema of requests says of one is what the parser says.

use std::collections::BTreeSet;

use jsonschema::Validator;
use serde_json::{Value, json};
use tests::{files, json as read, request};
use tieline::ids::Region;
use tieline::problem::Problem;
use tieline::request::{REQUESTED, Request};

use crate::{complaints, mutants, schema_of, validator};

/// What a schema cannot say: the request passes it, and then the parser has this problem.
struct OnlyTheParser {
    why: &'static str,
    path: &'static str,
    says: &'static str,
    /// A change that makes a good request one of these.
    make: fn(&mut Value),
}

const ONLY_THE_PARSER: &[OnlyTheParser] = &[
    OnlyTheParser {
        why: "a schema is the same in every Region",
        path: "$.region",
        says: "this Tieline serves us-east-1",
        make: |request| request["region"] = json!("eu-west-1"),
    },
    OnlyTheParser {
        why: "a schema does not compare two fields",
        path: "$.target.furtherPorts",
        says: "furtherPorts repeats port",
        make: |request| {
            request["target"] = json!({"kind": "endpoint-service", "port": 443, "furtherPorts": [443],
                "service": "com.amazonaws.vpce.us-east-1.vpce-svc-0e85ac29b1637fd48"});
        },
    },
    OnlyTheParser {
        why: "validators do not agree about patterns that name all letters of Unicode",
        path: "$.tags[\"team\"]",
        says: "tags are made of",
        make: |request| request["tags"] = json!({"team": "a&b"}),
    },
    OnlyTheParser {
        why: "a schema does not look into a text",
        path: "$.policy",
        says: "or a policy document in JSON",
        make: |request| request["policy"] = json!("{"),
    },
    OnlyTheParser {
        why: "a schema does not look into a text",
        path: "$.policy",
        says: "expected a policy document with a Statement, found an object",
        make: |request| request["policy"] = json!("{}"),
    },
    OnlyTheParser {
        why: "a schema does not know how long an object is as a text",
        path: "$.policy",
        says: "the policy has",
        make: |request| request["policy"] = json!({"Statement": [{"Sid": "x".repeat(20_480)}]}),
    },
    OnlyTheParser {
        why: "a schema does not know how long all of it is as a text",
        path: "$",
        says: "the event has",
        make: |request| {
            request["policy"] = json!(format!("{}{{\"Statement\": []}}", " ".repeat(100_000)))
        },
    },
    OnlyTheParser {
        why: "in JSON Schema 443.0 is a whole number",
        path: "$.target.port",
        says: "expected a port from 1 to 65535",
        make: |request| {
            request["target"] = json!({"kind": "aws-service", "service": "s3", "port": 443.0})
        },
    },
    OnlyTheParser {
        why: "a schema does not compare two fields",
        path: "$.target.zoneVpcIds",
        says: "the endpoint's private DNS serves its own VPC",
        make: |asked| {
            *asked = request("aurora-dsql-private-zone");
            asked["target"]["zoneVpcIds"] = json!([asked["network"]["vpcId"]]);
        },
    },
    OnlyTheParser {
        why: "in JSON Schema 72.0 is a whole number",
        path: "$.target.acceptanceHours",
        says: "expected a whole number from 1 to 168",
        make: |asked| {
            *asked = request("endpoint-service");
            asked["target"]["acceptanceHours"] = json!(72.0);
        },
    },
];

impl OnlyTheParser {
    /// Whether it is this of which the parser complains. No mutant has a number with a needless fraction.
    fn is(&self, problem: &Problem, request: &Value) -> bool {
        let path = problem.path.as_deref().unwrap_or_default();
        let (path, own) = (path.split('[').next(), self.path.split('[').next());
        let other_cause = match own {
            Some("$.policy") => !request["policy"].is_string() && self.says.starts_with("expected"),
            Some("$.target.port" | "$.target.acceptanceHours") => true,
            _ => false,
        };
        path == own && problem.message.contains(self.says) && !other_cause
    }
}

fn here() -> Region {
    "us-east-1".parse().expect("a Region")
}

/// Why parser and schema disagree about a request, if they do, and otherwise whether it is good.
fn verdict(validator: &Validator, request: Value) -> Result<bool, String> {
    match (
        Request::read(request.clone(), &here()),
        validator.is_valid(&request),
    ) {
        (Ok(_), true) => Ok(true),
        (Err(_), false) => Ok(false),
        (Ok(_), false) => Err(format!(
            "only the schema refuses {request}: {:?}",
            complaints(validator, &request)
        )),
        (Err(problems), true) => {
            let known = |problem: &Problem| {
                ONLY_THE_PARSER
                    .iter()
                    .any(|rule| rule.is(problem, &request))
            };
            if problems.iter().all(known) {
                Ok(false)
            } else {
                Err(format!("only the parser refuses {request}: {problems:?}"))
            }
        }
    }
}

/// What schema and parser say of requests that were changed.
struct Heard {
    validator: Validator,
    good: usize,
    bad: usize,
    wrong: Vec<String>,
}

impl Heard {
    fn new(schema: &Value) -> Self {
        Self {
            validator: validator(schema),
            good: 0,
            bad: 0,
            wrong: Vec::new(),
        }
    }

    fn hear(&mut self, mutant: Value) {
        match verdict(&self.validator, mutant) {
            Ok(true) => self.good += 1,
            Ok(false) => self.bad += 1,
            Err(why) => self.wrong.push(why),
        }
    }

    fn assert_agreement(&self, good: usize, bad: usize) {
        let wrong = &self.wrong;
        assert!(
            wrong.is_empty(),
            "{} of them, such as\n{}",
            wrong.len(),
            wrong[..wrong.len().min(8)].join("\n")
        );
        assert!(
            self.good > good && self.bad > bad,
            "{} good, {} bad",
            self.good,
            self.bad
        );
    }
}

fn fields(schema: &Value) -> BTreeSet<String> {
    let mut fields = BTreeSet::from(["unknown".to_owned(), "Statement".to_owned()]);
    mutants::fields_of(schema, &mut fields);
    fields
}

#[test]
fn schema_and_parser_agree_about_every_change_of_every_request() {
    let schema = schema_of(REQUESTED);
    let fields = fields(&schema);
    let mut heard = Heard::new(&schema);
    for file in files("events/requests") {
        mutants::of(&read(&file), &fields, &mut |mutant| heard.hear(mutant));
    }

    heard.assert_agreement(5_000, 200_000);
}

#[test]
fn schema_and_parser_agree_about_several_changes_at_once() {
    let schema = schema_of(REQUESTED);
    let fields = Vec::from_iter(fields(&schema));
    let mut heard = Heard::new(&schema);
    let mut dice = fastrand::Rng::with_seed(1);
    for file in files("events/requests") {
        let original = read(&file);
        for _ in 0..500 {
            let mut mutant = original.clone();
            for _ in 0..dice.usize(2..=4) {
                mutant = mutants::by_chance(&mutant, &fields, &mut dice);
                heard.hear(mutant.clone());
            }
        }
    }

    heard.assert_agreement(200, 18_000);
}

#[test]
fn what_only_the_parser_knows_passes_the_schema() {
    let validator = validator(&schema_of(REQUESTED));
    for rule in ONLY_THE_PARSER {
        let mut request = request("aurora-dsql");
        (rule.make)(&mut request);

        let problems = Request::read(request.clone(), &here()).unwrap_err();

        assert_eq!(complaints(&validator, &request), [""; 0], "{}", rule.why);
        let [problem] = &problems[..] else {
            panic!("{}: {problems:?}", rule.why)
        };
        assert_eq!(problem.path.as_deref(), Some(rule.path), "{}", rule.why);
        assert!(
            problem.message.contains(rule.says),
            "{}: {}",
            rule.why,
            problem.message
        );
    }
}
