//! The schemas of the details that [`crate::result`] makes. Each of them, and each object in it, will get further fields.

use serde_json::{Value, json};

use super::{EventSchema, Object, each, event, name, port, text};
use crate::ids::{EndpointId, GroupId, RequestId, SubnetId, VpcId};
use crate::problem::Code;

/// The schema of every result.
pub(super) fn schemas() -> [EventSchema; 4] {
    [planned(), ready(), failed(), awaiting()]
}

fn planned() -> EventSchema {
    let plan = Object::open("What the same request without dryRun would make")
        .required("parts", list(part(), "What it is made of beside the endpoint, in the order in which it is made"))
        .required("tags", texts("The tags of what is made"))
        .optional("endpoint", serving())
        .optional("serviceName", text("The endpoint service's full name"))
        .optional("vpcId", name::<VpcId>("The VPC"))
        .optional("port", port("The TCP port that clients connect to"))
        .optional("furtherPorts", list(port("each"), "Further TCP ports that they need"))
        .optional("zones", list(zone().build(), "Where the endpoint has a network interface, one a zone"))
        .optional("securityGroups", groups())
        .optional("privateDns", nullable(private_dns()))
        .optional("policy", json!({"description": "What may be done through it: \"full\", or an object with the document as a text", "type": ["string", "object"]}))
        .optional(
            "acceptanceHours",
            json!({"description": "How long the service's owner may take to accept it, in hours; null if nobody has to", "type": ["integer", "null"], "minimum": 1}),
        );
    let detail = of_a_plan("Everything was checked, nothing was written", Code::Planned)
        .required("plan", plan.build())
        .required("cost", cost());
    event("planned.v1.json", "Private Connection Planned", detail)
}

fn ready() -> EventSchema {
    let connection = Object::open("How to connect")
        .required("host", text("The host name"))
        .required("port", port("The TCP port"))
        .required("command", text("A command to paste into a shell"))
        .optional("note", text("What one has to know about it"));
    let placed = zone().required(
        "privateIp",
        nullable(text("The private IPv4 address in it")),
    );
    let endpoint = Object::open("The interface endpoint, as it was read back; none for targets without one")
        .required("id", name::<EndpointId>("Its id"))
        .required("serviceName", text("The endpoint service's full name"))
        .required("vpcId", text("Its VPC"))
        .required("adopted", json!({"description": "Whether it is not Tieline's, and was only looked at", "type": "boolean"}))
        .required("dnsNames", list(any_text(), "Its own DNS names"))
        .required("privateDnsNames", list(any_text(), "The target's names that lead to it"))
        .required("zones", list(placed.build(), "Where it has a network interface"))
        .required("securityGroupIds", list(any_text(), "Its security groups"))
        .required("policy", json!({"description": "Its policy; null for full access", "type": ["object", "null"]}))
        .required("tags", texts("Its tags, without those of other requests"))
        .required("requests", list(any_text(), "Every request that it serves"));
    let detail = of_a_plan("The connection is there", Code::Connected)
        .required("connection", connection.build())
        .required("verified", texts("What was looked at, layer by layer, and what was not"))
        .required("cost", cost())
        .optional("endpoint", endpoint.build())
        .optional(
            "parts",
            json!({"description": "What else it is made of, by kind", "type": "object", "additionalProperties": {"type": "object"}}),
        )
        .optional("about", json!({"description": "What the target says of itself", "type": "object"}));
    event("ready.v1.json", "Private Connection Ready", detail)
}

fn failed() -> EventSchema {
    let problem = Object::open("One thing that is wrong")
        .required("code", any_code("The reason code"))
        .required("message", text("What is wrong, in a sentence"))
        .required(
            "fix",
            text("What to do about it: a command wherever there is one"),
        )
        .optional("path", text("Where in the request it is, as a JSON path"));
    let detail = Object::open("The connection does not work, and this is why")
        .required(
            "requestId",
            nullable(name::<RequestId>("The request; null if it names none")),
        )
        .required("code", any_code("The reason code of the first problem"))
        .required(
            "problems",
            list(
                problem.build(),
                "Everything that is wrong, at most 50 of it",
            ),
        )
        .required(
            "leftBehind",
            list(
                text("each"),
                "What this request made and could not be removed, or was to be kept",
            ),
        );
    event(
        "failed.v1.json",
        "Private Connection Failed",
        of_an_execution(detail),
    )
}

fn awaiting() -> EventSchema {
    let acceptance = Object::open("Who has to accept the connection, and how")
        .required("endpointId", name::<EndpointId>("The endpoint that waits"))
        .required("serviceName", text("The endpoint service's full name"))
        .required("owner", text("The account that owns the service"))
        .required("command", text("The command with which the owner accepts"))
        .required("since", time("Since when it waits"))
        .required(
            "until",
            time("When the request fails unless it was accepted"),
        );
    let detail = of_a_plan(
        "A person has to act: the service's owner has to accept the connection",
        Code::AwaitingAcceptance,
    )
    .required("acceptance", acceptance.build())
    .required("cost", cost());
    event(
        "awaiting-acceptance.v1.json",
        "Private Connection Awaiting Acceptance",
        detail,
    )
}

/// What every result says that knows its plan.
fn of_a_plan(about: &str, code: Code) -> Object {
    let target = Object::open("What is connected to").required("kind", text("The kind of target"));
    let detail = Object::open(about)
        .required("requestId", name::<RequestId>("The request"))
        .required("target", target.build())
        .required(
            "code",
            json!({"description": "The reason code", "const": code.as_str()}),
        );
    of_an_execution(detail)
}

/// What every result says.
fn of_an_execution(detail: Object) -> Object {
    let phase = Object::open("A phase")
        .required("phase", text("Its name, such as create"))
        .required("seconds", seconds("number", "How long it took, in seconds"));
    let execution = Object::open("The execution of the state machine")
        .required("id", text("Its ARN"))
        .required("url", text("Where the console shows it"));
    detail
        .required("message", text("What happened, in a sentence"))
        .required(
            "nextStep",
            text("What to do next: a command wherever there is one"),
        )
        .required(
            "phases",
            list(phase.build(), "How long each phase took that is over"),
        )
        .required(
            "seconds",
            seconds("integer", "How long the request took until now, in seconds"),
        )
        .required("execution", execution.build())
}

/// The list only grows, like the one in the code.
fn any_code(about: &str) -> Value {
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    json!({"description": about, "enum": codes})
}

fn serving() -> Value {
    Object::open("Which endpoint serves the request")
        .required("is", json!({"description": "A new one, one of Tieline's, or one that is not", "enum": ["new", "ours", "adopted"]}))
        .optional("id", name::<EndpointId>("The one that is there already"))
        .build()
}

fn part() -> Value {
    Object::open("A part")
        .required("kind", text("Its kind"))
        .build()
}

fn zone() -> Object {
    Object::open("A zone")
        .required("zoneId", text("Its id, the same in every account"))
        .required("zoneName", text("Its name in this account"))
        .required("subnetId", name::<SubnetId>("The subnet in it"))
}

fn groups() -> Value {
    Object::open("The endpoint's security groups")
        .required("are", json!({"description": "Those named, a group of Tieline's own, or those that an adopted endpoint has", "enum": ["named", "own", "kept"]}))
        .optional("ids", list(each::<GroupId>(), "Those named"))
        .optional("name", text("The name of Tieline's own"))
        .optional("cidrs", list(any_text(), "The blocks of addresses that Tieline's own lets in"))
        .build()
}

fn private_dns() -> Value {
    Object::open("The names that will lead to the endpoint; null if none will")
        .required("host", text("The one to connect to"))
        .required("names", list(any_text(), "All of them"))
        .optional("inboundOnly", json!({"description": "Whether they serve inbound Resolver endpoints only", "type": "boolean"}))
        .build()
}

fn cost() -> Value {
    Object::open("What it costs, as far as public price lists say")
        .required(
            "usdPerMonth",
            json!({"description": "US dollars a month of 730 hours; null if no list says it", "type": ["number", "null"], "minimum": 0}),
        )
        .required("basis", text("How that was reckoned, and what is not in it"))
        .build()
}

fn any_text() -> Value {
    json!({"type": "string"})
}

fn list(items: Value, about: &str) -> Value {
    json!({"description": about, "type": "array", "items": items})
}

fn texts(about: &str) -> Value {
    json!({"description": about, "type": "object", "additionalProperties": {"type": "string"}})
}

fn time(about: &str) -> Value {
    json!({"description": about, "type": "string", "format": "date-time"})
}

fn seconds(kind: &str, about: &str) -> Value {
    json!({"description": about, "type": kind, "minimum": 0})
}

/// The same, or null.
fn nullable(mut schema: Value) -> Value {
    schema["type"] = json!([schema["type"], "null"]);
    schema
}
