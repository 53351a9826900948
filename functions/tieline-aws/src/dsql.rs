//! Aurora DSQL's control API.

use async_trait::async_trait;
use aws_sdk_dsql::Client;
use tieline::ids::ClusterId;
use tieline::outside::{ClusterService, Dsql, Reply};

use crate::answer::{ask, there};
use crate::sdk::{Sdk, client};

#[derive(Debug)]
pub(crate) struct AwsDsql(Client);

impl AwsDsql {
    pub(crate) fn new(sdk: &Sdk) -> Self {
        Self(client!(aws_sdk_dsql, sdk))
    }
}

#[async_trait]
impl Dsql for AwsDsql {
    async fn cluster_status(&self, id: &ClusterId) -> Reply<Option<String>> {
        let call = self.0.get_cluster().identifier(id.as_str());
        let cluster = there(ask("dsql:GetCluster", call.send()).await)?;
        Ok(cluster.map(|cluster| cluster.status().as_str().to_owned()))
    }

    async fn cluster_service(&self, id: &ClusterId) -> Reply<ClusterService> {
        let call = self
            .0
            .get_vpc_endpoint_service_name()
            .identifier(id.as_str());
        let answer = ask("dsql:GetVpcEndpointServiceName", call.send()).await?;
        Ok(ClusterService {
            name: answer.service_name().to_owned(),
            host: answer.cluster_vpc_endpoint().map(str::to_owned),
        })
    }
}
