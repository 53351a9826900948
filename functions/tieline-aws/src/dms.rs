//! AWS Database Migration Service, and the one IAM role that it needs.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_databasemigration::Client;
use aws_sdk_databasemigration::operation::describe_endpoints::DescribeEndpointsOutput;
use aws_sdk_databasemigration::operation::describe_replication_instances::DescribeReplicationInstancesOutput;
use aws_sdk_databasemigration::types::{
    DmsSslModeValue, Filter, MySqlSettings, ReplicationEndpointTypeValue, ReplicationInstance, Tag,
};
use tieline::ids::{SecretArn, SubnetId};
use tieline::outside::dms::{
    DmsCertificate, DmsEndpoint, DmsThing, Instance, NewDmsEndpoint, NewInstance, SecretAddress,
    Size, SubnetGroup, Test,
};
use tieline::outside::{Dms, Reply, Tags};

use crate::answer::{ask, gone_is_fine, incomplete, required, there};
use crate::sdk::{Sdk, client};
use crate::secrets::AwsSecrets;

/// How many things are asked about at once whose tags are wanted. That `ListTagsForResource` has no limit of its own below that is
/// not verified.
const TAGS_AT_ONCE: usize = 50;

/// The role's name is fixed, and one in each account (DMS User Guide, "Creating the IAM roles to use with AWS DMS").
const VPC_ROLE: &str = "dms-vpc-role";

#[derive(Debug)]
pub(crate) struct AwsDms {
    client: Client,
    iam: aws_sdk_iam::Client,
    secrets: AwsSecrets,
}

impl AwsDms {
    pub(crate) fn new(sdk: &Sdk, secrets: AwsSecrets) -> Self {
        Self {
            client: client!(aws_sdk_databasemigration, sdk),
            iam: client!(aws_sdk_iam, sdk),
            secrets,
        }
    }

    /// The tags of what was just described, or `None` if it is gone in the meantime.
    async fn tags(&self, arn: &str) -> Reply<Option<Tags>> {
        let call = self.client.list_tags_for_resource().resource_arn(arn);
        let answer = there(ask("dms:ListTagsForResource", call.send()).await)?;
        let pair = |tag: &Tag| Some((tag.key()?.to_owned(), tag.value()?.to_owned()));
        Ok(answer.map(|answer| answer.tag_list().iter().filter_map(pair).collect()))
    }

    /// Things with the tags of all of them. One that goes meanwhile is an error for all.
    async fn with_tags(&self, mut found: Vec<DmsThing>) -> Reply<Vec<DmsThing>> {
        for some in found.chunks_mut(TAGS_AT_ONCE) {
            let arns = some.iter().map(|one| one.arn.clone()).collect();
            let call = self.client.list_tags_for_resource();
            let call = call.set_resource_arn_list(Some(arns));
            let answer = ask("dms:ListTagsForResource", call.send()).await?;
            let mut tags: BTreeMap<&str, Tags> = BTreeMap::new();
            for tag in answer.tag_list() {
                if let (Some(arn), Some(key)) = (tag.resource_arn(), tag.key()) {
                    let value = tag.value().unwrap_or_default();
                    let of_one = tags.entry(arn).or_default();
                    of_one.insert(key.to_owned(), value.to_owned());
                }
            }
            for one in some {
                one.tags = tags.remove(one.arn.as_str()).unwrap_or_default();
            }
        }
        Ok(found)
    }
}

fn tag_list(tags: &Tags) -> Option<Vec<Tag>> {
    let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
    Some(tags.iter().map(tag).collect())
}

fn size(instance: &ReplicationInstance) -> Size {
    let class = instance.replication_instance_class();
    Size {
        class: class.unwrap_or_default().to_owned(),
        storage: u32::try_from(instance.allocated_storage()).unwrap_or_default(),
    }
}

fn filter(action: &'static str, name: &str, value: &str) -> Reply<Filter> {
    let filter = Filter::builder().name(name).values(value).build();
    filter.map_err(incomplete(action))
}

#[async_trait]
impl Dms for AwsDms {
    async fn has_vpc_role(&self) -> Reply<bool> {
        let call = self.iam.get_role().role_name(VPC_ROLE);
        let Some(answer) = there(ask("iam:GetRole", call.send()).await)? else {
            return Ok(false);
        };
        let trust = answer
            .role()
            .and_then(|role| role.assume_role_policy_document());
        // IAM percent-encodes the document; the service's name has no character that this touches.
        Ok(trust.is_some_and(|trust| trust.contains("dms.amazonaws.com")))
    }

    async fn secret_address(&self, secret: &SecretArn) -> Reply<SecretAddress> {
        self.secrets.address(secret).await
    }

    async fn subnet_group(&self, id: &str, arn: &str) -> Reply<Option<SubnetGroup>> {
        const ACTION: &str = "dms:DescribeReplicationSubnetGroups";
        let call = self
            .client
            .describe_replication_subnet_groups()
            .filters(filter(ACTION, "replication-subnet-group-id", id)?);
        let found = there(ask(ACTION, call.send()).await)?;
        let Some(group) =
            found.and_then(|found| found.replication_subnet_groups?.into_iter().next())
        else {
            return Ok(None);
        };
        let subnets = group.subnets().iter();
        let subnet_ids = subnets.filter_map(|subnet| subnet.subnet_identifier.clone());
        let tags = self.tags(arn).await?;
        Ok(tags.map(|tags| SubnetGroup {
            subnet_ids: subnet_ids.collect(),
            vpc: group.vpc_id.clone().unwrap_or_default(),
            tags,
        }))
    }

    async fn create_subnet_group(
        &self,
        id: &str,
        description: &str,
        subnets: &[SubnetId],
        tags: &Tags,
    ) -> Reply<()> {
        let subnets = subnets.iter().map(ToString::to_string);
        let call = self
            .client
            .create_replication_subnet_group()
            .replication_subnet_group_identifier(id)
            .replication_subnet_group_description(description)
            .set_subnet_ids(Some(subnets.collect()))
            .set_tags(tag_list(tags));
        ask("dms:CreateReplicationSubnetGroup", call.send())
            .await
            .map(drop)
    }

    async fn delete_subnet_group(&self, id: &str) -> Reply<()> {
        let call = self
            .client
            .delete_replication_subnet_group()
            .replication_subnet_group_identifier(id);
        gone_is_fine(ask("dms:DeleteReplicationSubnetGroup", call.send()).await)
    }

    async fn instance(&self, id: &str) -> Reply<Option<Instance>> {
        const ACTION: &str = "dms:DescribeReplicationInstances";
        let name = if id.starts_with("arn:") {
            "replication-instance-arn"
        } else {
            "replication-instance-id"
        };
        let call = self
            .client
            .describe_replication_instances()
            .filters(filter(ACTION, name, id)?);
        let found = there(ask(ACTION, call.send()).await)?;
        let Some(instance) =
            found.and_then(|found| found.replication_instances?.into_iter().next())
        else {
            return Ok(None);
        };
        let size = size(&instance);
        let arn = required(ACTION, "ARN", instance.replication_instance_arn)?;
        let status = required(ACTION, "status", instance.replication_instance_status)?;
        let vpc = instance
            .replication_subnet_group
            .and_then(|group| group.vpc_id);
        let private_ips = instance.replication_instance_private_ip_addresses;
        let tags = self.tags(&arn).await?;
        Ok(tags.map(|tags| Instance {
            arn,
            status,
            vpc: vpc.unwrap_or_default(),
            size,
            private_ips: private_ips.unwrap_or_default(),
            tags,
        }))
    }

    async fn instances(&self, beginning: &str) -> Reply<Vec<DmsThing>> {
        let call = self.client.describe_replication_instances();
        let pages = call.into_paginator().send();
        let pages = ask("dms:DescribeReplicationInstances", pages.try_collect()).await;
        let pages: Vec<DescribeReplicationInstancesOutput> = there(pages)?.unwrap_or_default();
        let all = pages.iter().flat_map(|page| page.replication_instances());
        let all = all.filter_map(|one| {
            let status = one.replication_instance_status().unwrap_or_default();
            Some(DmsThing {
                id: one.replication_instance_identifier()?.to_owned(),
                arn: one.replication_instance_arn()?.to_owned(),
                status: status.to_owned(),
                size: Some(size(one)),
                tags: Tags::new(),
            })
        });
        let ours = all.filter(|one| one.id.starts_with(beginning));
        self.with_tags(ours.collect()).await
    }

    async fn create_instance(&self, new: &NewInstance, tags: &Tags) -> Reply<()> {
        let groups = new.groups.iter().map(ToString::to_string).collect();
        let call = self
            .client
            .create_replication_instance()
            .replication_instance_identifier(&new.id)
            .replication_instance_class(&new.class)
            .set_engine_version(new.engine_version.clone())
            .multi_az(new.multi_az)
            .allocated_storage(i32::try_from(new.storage).unwrap_or(i32::MAX))
            .replication_subnet_group_identifier(&new.subnet_group)
            .set_vpc_security_group_ids((!new.groups.is_empty()).then_some(groups))
            // Left out, DMS would put it on the internet.
            .publicly_accessible(false)
            .set_tags(tag_list(tags));
        ask("dms:CreateReplicationInstance", call.send())
            .await
            .map(drop)
    }

    async fn modify_instance(
        &self,
        arn: &str,
        class: Option<&str>,
        storage: Option<u32>,
    ) -> Reply<()> {
        let storage = storage.map(|gib| i32::try_from(gib).unwrap_or(i32::MAX));
        let call = self
            .client
            .modify_replication_instance()
            .replication_instance_arn(arn)
            .set_replication_instance_class(class.map(str::to_owned))
            .set_allocated_storage(storage)
            // Left out, it would wait for the next maintenance window.
            .apply_immediately(true);
        ask("dms:ModifyReplicationInstance", call.send())
            .await
            .map(drop)
    }

    async fn delete_instance(&self, arn: &str) -> Reply<()> {
        let call = self
            .client
            .delete_replication_instance()
            .replication_instance_arn(arn);
        gone_is_fine(ask("dms:DeleteReplicationInstance", call.send()).await)
    }

    async fn certificate(&self, id: &str) -> Reply<Option<DmsCertificate>> {
        const ACTION: &str = "dms:DescribeCertificates";
        let call =
            self.client
                .describe_certificates()
                .filters(filter(ACTION, "certificate-id", id)?);
        let found = there(ask(ACTION, call.send()).await)?;
        let Some(certificate) = found.and_then(|found| found.certificates?.into_iter().next())
        else {
            return Ok(None);
        };
        let arn = required(ACTION, "ARN", certificate.certificate_arn)?;
        let tags = self.tags(&arn).await?;
        Ok(tags.map(|tags| DmsCertificate { arn, tags }))
    }

    async fn import_certificate(&self, id: &str, pem: &str, tags: &Tags) -> Reply<()> {
        let call = self
            .client
            .import_certificate()
            .certificate_identifier(id)
            .certificate_pem(pem)
            .set_tags(tag_list(tags));
        ask("dms:ImportCertificate", call.send()).await.map(drop)
    }

    async fn delete_certificate(&self, arn: &str) -> Reply<()> {
        let call = self.client.delete_certificate().certificate_arn(arn);
        gone_is_fine(ask("dms:DeleteCertificate", call.send()).await)
    }

    async fn endpoint(&self, id: &str) -> Reply<Option<DmsEndpoint>> {
        const ACTION: &str = "dms:DescribeEndpoints";
        let call = self
            .client
            .describe_endpoints()
            .filters(filter(ACTION, "endpoint-id", id)?);
        let found = there(ask(ACTION, call.send()).await)?;
        let Some(endpoint) = found.and_then(|found| found.endpoints?.into_iter().next()) else {
            return Ok(None);
        };
        let arn = required(ACTION, "ARN", endpoint.endpoint_arn)?;
        let status = required(ACTION, "status", endpoint.status)?;
        let tags = self.tags(&arn).await?;
        Ok(tags.map(|tags| DmsEndpoint { arn, status, tags }))
    }

    async fn endpoints(&self, beginning: &str) -> Reply<Vec<DmsThing>> {
        let call = self.client.describe_endpoints();
        let pages = call.into_paginator().send();
        let pages = ask("dms:DescribeEndpoints", pages.try_collect()).await;
        let pages: Vec<DescribeEndpointsOutput> = there(pages)?.unwrap_or_default();
        let all = pages.iter().flat_map(|page| page.endpoints());
        let all = all.filter_map(|one| {
            Some(DmsThing {
                id: one.endpoint_identifier()?.to_owned(),
                arn: one.endpoint_arn()?.to_owned(),
                status: one.status().unwrap_or_default().to_owned(),
                size: None,
                tags: Tags::new(),
            })
        });
        let ours = all.filter(|one| one.id.starts_with(beginning));
        self.with_tags(ours.collect()).await
    }

    async fn create_endpoint(
        &self,
        new: &NewDmsEndpoint,
        certificate_arn: Option<&str>,
        tags: &Tags,
    ) -> Reply<()> {
        let settings = MySqlSettings::builder()
            .secrets_manager_secret_id(new.secret.as_str())
            .secrets_manager_access_role_arn(new.secret_role.as_str())
            .build();
        let kind = if new.is_source {
            ReplicationEndpointTypeValue::Source
        } else {
            ReplicationEndpointTypeValue::Target
        };
        let call = self
            .client
            .create_endpoint()
            .endpoint_identifier(&new.id)
            .endpoint_type(kind)
            .engine_name("mysql")
            .my_sql_settings(settings)
            .ssl_mode(DmsSslModeValue::from(new.ssl_mode.as_str()))
            .set_certificate_arn(certificate_arn.map(str::to_owned))
            .set_extra_connection_attributes(new.attributes.clone())
            .set_tags(tag_list(tags));
        ask("dms:CreateEndpoint", call.send()).await.map(drop)
    }

    async fn delete_endpoint(&self, arn: &str) -> Reply<()> {
        let call = self.client.delete_endpoint().endpoint_arn(arn);
        gone_is_fine(ask("dms:DeleteEndpoint", call.send()).await)
    }

    async fn test(&self, instance: &str, endpoint: &str) -> Reply<Option<Test>> {
        const ACTION: &str = "dms:DescribeConnections";
        let call = self
            .client
            .describe_connections()
            .filters(filter(ACTION, "endpoint-arn", endpoint)?)
            .filters(filter(ACTION, "replication-instance-arn", instance)?);
        let found = there(ask(ACTION, call.send()).await)?;
        let Some(connection) = found.and_then(|found| found.connections?.into_iter().next()) else {
            return Ok(None);
        };
        Ok(Some(Test {
            status: required(ACTION, "status", connection.status)?,
            message: connection.last_failure_message.unwrap_or_default(),
        }))
    }

    async fn start_test(&self, instance: &str, endpoint: &str) -> Reply<()> {
        let call = self
            .client
            .test_connection()
            .replication_instance_arn(instance)
            .endpoint_arn(endpoint);
        ask("dms:TestConnection", call.send()).await.map(drop)
    }

    async fn delete_test(&self, instance: &str, endpoint: &str) -> Reply<()> {
        let call = self
            .client
            .delete_connection()
            .replication_instance_arn(instance)
            .endpoint_arn(endpoint);
        gone_is_fine(ask("dms:DeleteConnection", call.send()).await)
    }

    async fn tag(&self, arn: &str, tags: &Tags) -> Reply<()> {
        let call = self
            .client
            .add_tags_to_resource()
            .resource_arn(arn)
            .set_tags(tag_list(tags));
        ask("dms:AddTagsToResource", call.send()).await.map(drop)
    }
}
