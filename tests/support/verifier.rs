//! The verifier that is shipped, in a subnet of the world: its network is the model's data plane, without sockets.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_ec2::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_async::time::SharedTimeSource;
use serde_json::Value;
use tokio::io::duplex;
use tokio::time::Instant;
use verify_connection::{Logins, Net, Place, Stream, Verifier};
use world::model::network::DescribeSubnets;
use world::plane::{self, Dial, public_authority};
use world::scenario::{CLUSTER, GROUP, SUBNETS, VPC};

use crate::simulated::{Shared, pass};
use crate::wire::ToWorld;

/// The verifier of the VPC.
pub(crate) const ARN: &str =
    "arn:aws:lambda:us-east-1:123456789012:function:tieline-verify-vpc-0f3a9c51d7e2b8640";

/// How long one that was not used for weeks takes to wake up.
pub(crate) const WAKING: Duration = Duration::from_secs(90);

/// The verifier in the VPC.
pub(crate) struct InVpc {
    verifier: Verifier,
    awake_from: Instant,
}

impl InVpc {
    pub(crate) fn new(shared: &Arc<Shared>, waking: Duration, has_ipv6: bool) -> Self {
        let place = Place {
            vpc_id: VPC.to_owned(),
            // In a zone that DSQL's service is not in: nothing is in the same subnet.
            subnet_ids: vec![SUBNETS[3].to_owned()],
            security_group_ids: vec![GROUP.to_owned()],
        };
        let key = Credentials::new("AKIDWORLD", "secret", None, None, "world");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(key))
            .time_source(SharedTimeSource::new(ToWorld::to(shared)))
            .build();
        let cluster = format!("arn:aws:dsql:us-east-1:123456789012:cluster/{CLUSTER}");
        let logins = Logins::new(vec![cluster], "admin".to_owned(), config);
        let net = Box::new(Plane {
            shared: Arc::clone(shared),
            has_ipv6,
        });
        Self {
            verifier: Verifier::new(net, place, logins, public_authority().to_owned()),
            awake_from: Instant::now() + waking,
        }
    }

    pub(crate) async fn invoke(&self, payload: Value) -> Result<Value, (String, String)> {
        if Instant::now() < self.awake_from {
            // Lambda developer guide, "Lambda function states". How Step Functions calls it is not verified.
            let cause = "The operation cannot be performed at this time. The function is currently in the following state: Pending";
            return Err((
                "Lambda.ResourceConflictException".to_owned(),
                cause.to_owned(),
            ));
        }
        let trial = serde_json::from_value(payload).expect("a trial");
        let report = self.verifier.try_out(&trial).await;
        Ok(serde_json::to_value(report).expect("JSON"))
    }
}

struct Plane {
    shared: Arc<Shared>,
    has_ipv6: bool,
}

#[async_trait]
impl Net for Plane {
    async fn resolve(&self, name: &str) -> Result<Vec<IpAddr>, String> {
        pass(Duration::from_millis(3)).await;
        let found = self.shared.world().look_up_all(SUBNETS[3], name);
        if found.is_empty() {
            return Err("no such name".to_owned());
        }
        Ok(found)
    }

    async fn cannot_reach(&self, to: IpAddr) -> Option<String> {
        let own = DescribeSubnets {
            subnet_ids: vec![SUBNETS[3].to_owned()],
            ..DescribeSubnets::default()
        };
        let own = self
            .shared
            .world()
            .arrange(own)
            .expect("the subnet")
            .subnets;
        let has_ipv6 = !own[0].ipv6_cidr_block_association_set.is_empty() && self.has_ipv6;
        let is_lacking = to.is_ipv6() && !has_ipv6;
        is_lacking.then(|| "the verifier has no IPv6 address".to_owned())
    }

    async fn connect(&self, to: SocketAddr) -> Result<(Box<dyn Stream>, Option<IpAddr>), String> {
        pass(Duration::from_millis(2)).await;
        let place = plane::Place {
            subnet_id: SUBNETS[3].to_owned(),
            group_ids: vec![GROUP.to_owned()],
        };
        let dial = self.shared.world().dial(&place, to.ip(), to.port());
        match dial {
            Dial::Silence => std::future::pending().await,
            Dial::Open(from, listener) => {
                let (ours, theirs) = duplex(16 << 10);
                tokio::spawn(plane::serve(listener, theirs));
                Ok((Box::new(ours), Some(from)))
            }
        }
    }
}
