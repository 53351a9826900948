//! Who takes part in a life: requests for each kind of target, and what they ask for in each of their forms.

use serde_json::{Value, json};
use tests::request;
use world::scenario::{PEER_VPC, SUBNETS};

/// The requests of `events/requests` that stand for the kinds of targets; a kind that can have a private zone is there twice.
pub(crate) const TARGETS: [&str; 9] = [
    "aurora-dsql",
    "aurora-dsql-management",
    "aws-service-monitoring",
    "endpoint-service",
    "endpoint-service-private-zone",
    "tidb-cloud-dedicated",
    "tidb-cloud-serverless",
    "tidb-cloud-to-confluent",
    "dms-tidb-cloud",
];

/// A request that leaves private DNS alone: the names of a service can lead to one endpoint of a VPC only.
const WITHOUT_NAMES: &str = "aurora-dsql-no-dns";

/// A request that leaves everything open that can be left open.
pub(crate) const OPEN: &str = "aurora-dsql-minimal";

/// The subnets that the forms of a request have. From one to another something comes, something goes, or both.
pub(crate) const FORMS: [&[usize]; 3] = [&[0], &[0, 1], &[1, 2]];

/// The other stack in the account.
pub(crate) const ANOTHER: &str = "another";

/// One who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// Its request's id.
    pub id: &'static str,
    /// Its request in `events/requests`.
    pub target: &'static str,
    /// Whether it asks the other stack.
    pub elsewhere: bool,
    /// Whether it asks for a connection of the other VPC of the account, which has one subnet.
    pub in_peer: bool,
}

impl Member {
    pub(crate) fn of(id: &'static str, target: &'static str) -> Self {
        Self {
            id,
            target,
            elsewhere: false,
            in_peer: false,
        }
    }

    /// Who asks for a connection of the other VPC of the account.
    pub(crate) fn in_peer(id: &'static str, target: &'static str) -> Self {
        Self {
            in_peer: true,
            ..Self::of(id, target)
        }
    }

    /// Who asks the other stack for the same service, under an id that is used here as well.
    pub(crate) fn elsewhere() -> Self {
        Self {
            elsewhere: true,
            ..Self::of("orders", WITHOUT_NAMES)
        }
    }

    /// The stack that it asks.
    pub(crate) fn stack(self) -> &'static str {
        if self.elsewhere { ANOTHER } else { "tieline" }
    }

    /// Whether both have the same endpoint.
    pub(crate) fn shares_with(self, other: Self) -> bool {
        let place = |one: Self| (one.target, one.elsewhere, one.in_peer);
        place(self) == place(other)
    }

    /// Whether its endpoint is of a service whose owner is a person.
    pub(crate) fn is_of_partner(self) -> bool {
        self.target.starts_with("endpoint-service")
    }

    /// Whether its request can have all forms: AWS's own services are in all zones of the world.
    pub(crate) fn has_forms(self) -> bool {
        matches!(
            self.target,
            "aurora-dsql" | "aurora-dsql-management" | "aws-service-monitoring" | WITHOUT_NAMES
        )
    }

    /// Whether its request names no subnets of the VPC, in any of its forms.
    pub(crate) fn is_open(self) -> bool {
        self.target == OPEN && !self.in_peer
    }

    /// Its request in one of its forms.
    pub(crate) fn asked(self, form: usize) -> Value {
        let mut asked = request(self.target);
        asked["requestId"] = json!(self.id);
        if self.in_peer {
            asked["network"] = json!({"vpcId": PEER_VPC});
        } else if self.has_forms() {
            let subnets = FORMS[form].iter().map(|at| SUBNETS[*at]);
            asked["network"]["subnetIds"] = json!(subnets.collect::<Vec<_>>());
        } else if form == 0 {
            self.lessen(&mut asked);
        }
        asked
    }

    /// What it asks for first, where a request cannot have all forms.
    fn lessen(self, asked: &mut Value) {
        match self.target {
            "tidb-cloud-dedicated" => asked["network"]["subnetIds"] = json!(&SUBNETS[..2]),
            "tidb-cloud-serverless" => asked["tags"] = json!({"team": "catalog"}),
            "endpoint-service" => asked["network"]["subnetIds"] = json!(&SUBNETS[..1]),
            "endpoint-service-private-zone" => {
                let zone = &mut asked["target"]["privateZone"];
                zone["records"] = json!({"db": "regional", "replica": "use1-az6"});
            }
            "dms-tidb-cloud" => {
                asked["target"]["replicationInstance"]["class"] = json!("dms.r6i.large");
            }
            _ => {}
        }
    }

    /// The events of which one removes it, whatever form it has by now: with other parameters than it was made with it is refused.
    pub(crate) fn removals(self) -> Vec<Value> {
        if self.has_forms() {
            return vec![self.by_id()];
        }
        (0..FORMS.len()).map(|form| self.asked(form)).collect()
    }

    /// No more of a request than finds what carries marks.
    pub(crate) fn by_id(self) -> Value {
        json!({"requestId": self.id, "region": "us-east-1"})
    }
}
