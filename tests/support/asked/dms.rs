//! AWS DMS, and the IAM role that it needs.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::{Value, json};
use tieline::error::{CallError, READ_SECRET};
use tieline::ids::SecretArn;
use tieline::outside::Dms;
use tieline::outside::dms::{
    DmsCertificate, DmsEndpoint, Instance, NewDmsEndpoint, NewInstance, NewSubnetGroup,
    SecretAddress, SubnetGroup, Test,
};
use tieline_vendors::Secrets as _;
use world::model::dms;
use world::model::iam::GetRole;

use super::{done, gone, tag_list, tags, text, texts};
use crate::outside::Simulated;

impl Simulated {
    /// The tags of what was just described, or `None` if it is gone in the meantime.
    fn dms_tags(&self, arn: &Value) -> Result<Option<BTreeMap<String, String>>, CallError> {
        let asked = json!({"ResourceArn": arn});
        match self.ask::<dms::ListTagsForResource>("dms:ListTagsForResource", asked) {
            Ok(answer) => Ok(Some(tags(&answer["TagList"]))),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn by(name: &str, value: &str) -> Value {
    json!({"Filters": [{"Name": name, "Values": [value]}]})
}

/// The first of a list; DMS refuses to list what is not there.
fn first(answer: Result<Value, CallError>, list: &str) -> Result<Option<Value>, CallError> {
    match answer {
        Ok(answer) => Ok(answer[list].get(0).cloned()),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

#[async_trait]
impl Dms for Simulated {
    async fn has_vpc_role(&self) -> Result<bool, CallError> {
        let asked = json!({"RoleName": "dms-vpc-role"});
        match self.ask::<GetRole>("iam:GetRole", asked) {
            Ok(answer) => {
                let trust = text(&answer["Role"]["AssumeRolePolicyDocument"]);
                Ok(trust.contains("dms.amazonaws.com"))
            }
            Err(error) if error.is_missing() => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn secret_address(&self, secret: &SecretArn) -> Result<SecretAddress, CallError> {
        let secret = self.read(secret).await?;
        let Ok(fields) = serde_json::from_str::<Value>(&secret) else {
            return Err(CallError::Refused {
                action: READ_SECRET,
                code: "SecretMalformed".to_owned(),
                message: "it holds no JSON object".to_owned(),
            });
        };
        let port = fields["port"]
            .as_u64()
            .and_then(|port| u16::try_from(port).ok());
        Ok(SecretAddress {
            host: text(&fields["host"]),
            port: port.unwrap_or_default(),
        })
    }

    async fn subnet_group(&self, id: &str, arn: &str) -> Result<Option<SubnetGroup>, CallError> {
        let answer = self.ask::<dms::DescribeReplicationSubnetGroups>(
            "dms:DescribeReplicationSubnetGroups",
            by("replication-subnet-group-id", id),
        );
        let Some(group) = first(answer, "ReplicationSubnetGroups")? else {
            return Ok(None);
        };
        let subnets = group["Subnets"].as_array().into_iter().flatten();
        let Some(tags) = self.dms_tags(&json!(arn))? else {
            return Ok(None);
        };
        Ok(Some(SubnetGroup {
            vpc: text(&group["VpcId"]),
            subnet_ids: subnets.map(|one| text(&one["SubnetIdentifier"])).collect(),
            tags,
        }))
    }

    async fn create_subnet_group(&self, new: &NewSubnetGroup) -> Result<(), CallError> {
        let asked = json!({
            "ReplicationSubnetGroupIdentifier": new.id,
            "ReplicationSubnetGroupDescription": new.description,
            "SubnetIds": new.subnets,
            "Tags": tag_list(&new.tags),
        });
        done(
            self.ask::<dms::CreateReplicationSubnetGroup>(
                "dms:CreateReplicationSubnetGroup",
                asked,
            ),
        )
    }

    async fn delete_subnet_group(&self, id: &str) -> Result<(), CallError> {
        let asked = json!({"ReplicationSubnetGroupIdentifier": id});
        gone(
            self.ask::<dms::DeleteReplicationSubnetGroup>(
                "dms:DeleteReplicationSubnetGroup",
                asked,
            ),
        )
    }

    async fn instance(&self, id: &str) -> Result<Option<Instance>, CallError> {
        let name = if id.starts_with("arn:") {
            "replication-instance-arn"
        } else {
            "replication-instance-id"
        };
        let answer = self.ask::<dms::DescribeReplicationInstances>(
            "dms:DescribeReplicationInstances",
            by(name, id),
        );
        let Some(one) = first(answer, "ReplicationInstances")? else {
            return Ok(None);
        };
        let Some(tags) = self.dms_tags(&one["ReplicationInstanceArn"])? else {
            return Ok(None);
        };
        Ok(Some(Instance {
            status: text(&one["ReplicationInstanceStatus"]),
            vpc: text(&one["ReplicationSubnetGroup"]["VpcId"]),
            class: text(&one["ReplicationInstanceClass"]),
            private_ips: texts(&one["ReplicationInstancePrivateIpAddresses"]),
            tags,
            arn: text(&one["ReplicationInstanceArn"]),
        }))
    }

    async fn create_instance(&self, new: &NewInstance) -> Result<(), CallError> {
        let mut asked = json!({
            "ReplicationInstanceIdentifier": new.id,
            "ReplicationInstanceClass": new.class,
            "MultiAZ": new.multi_az,
            "AllocatedStorage": new.storage,
            "ReplicationSubnetGroupIdentifier": new.subnet_group,
            "VpcSecurityGroupIds": new.groups,
            "PubliclyAccessible": false,
            "Tags": tag_list(&new.tags),
        });
        if let Some(version) = &new.engine_version {
            asked["EngineVersion"] = json!(version);
        }
        done(self.ask::<dms::CreateReplicationInstance>("dms:CreateReplicationInstance", asked))
    }

    async fn delete_instance(&self, arn: &str) -> Result<(), CallError> {
        let asked = json!({"ReplicationInstanceArn": arn});
        gone(self.ask::<dms::DeleteReplicationInstance>("dms:DeleteReplicationInstance", asked))
    }

    async fn certificate(&self, id: &str) -> Result<Option<DmsCertificate>, CallError> {
        let answer = self
            .ask::<dms::DescribeCertificates>("dms:DescribeCertificates", by("certificate-id", id));
        let Some(one) = first(answer, "Certificates")? else {
            return Ok(None);
        };
        let Some(tags) = self.dms_tags(&one["CertificateArn"])? else {
            return Ok(None);
        };
        Ok(Some(DmsCertificate {
            tags,
            arn: text(&one["CertificateArn"]),
        }))
    }

    async fn import_certificate(
        &self,
        id: &str,
        pem: &str,
        tags: &BTreeMap<String, String>,
    ) -> Result<(), CallError> {
        let asked =
            json!({"CertificateIdentifier": id, "CertificatePem": pem, "Tags": tag_list(tags)});
        done(self.ask::<dms::ImportCertificate>("dms:ImportCertificate", asked))
    }

    async fn delete_certificate(&self, arn: &str) -> Result<(), CallError> {
        let asked = json!({"CertificateArn": arn});
        gone(self.ask::<dms::DeleteCertificate>("dms:DeleteCertificate", asked))
    }

    async fn endpoint(&self, id: &str) -> Result<Option<DmsEndpoint>, CallError> {
        let answer =
            self.ask::<dms::DescribeEndpoints>("dms:DescribeEndpoints", by("endpoint-id", id));
        let Some(one) = first(answer, "Endpoints")? else {
            return Ok(None);
        };
        let Some(tags) = self.dms_tags(&one["EndpointArn"])? else {
            return Ok(None);
        };
        Ok(Some(DmsEndpoint {
            status: text(&one["Status"]),
            tags,
            arn: text(&one["EndpointArn"]),
        }))
    }

    async fn create_endpoint(&self, new: &NewDmsEndpoint) -> Result<(), CallError> {
        let mut asked = json!({
            "EndpointIdentifier": new.id,
            "EndpointType": if new.is_source { "source" } else { "target" },
            "EngineName": "mysql",
            "MySQLSettings": {
                "SecretsManagerSecretId": new.secret,
                "SecretsManagerAccessRoleArn": new.secret_role,
            },
            "SslMode": new.ssl_mode,
            "Tags": tag_list(&new.tags),
        });
        if let Some(arn) = &new.certificate {
            asked["CertificateArn"] = json!(arn);
        }
        if let Some(attributes) = &new.attributes {
            asked["ExtraConnectionAttributes"] = json!(attributes);
        }
        done(self.ask::<dms::CreateEndpoint>("dms:CreateEndpoint", asked))
    }

    async fn delete_endpoint(&self, arn: &str) -> Result<(), CallError> {
        let asked = json!({"EndpointArn": arn});
        gone(self.ask::<dms::DeleteEndpoint>("dms:DeleteEndpoint", asked))
    }

    async fn test(&self, instance: &str, endpoint: &str) -> Result<Option<Test>, CallError> {
        let asked = json!({"Filters": [
            {"Name": "endpoint-arn", "Values": [endpoint]},
            {"Name": "replication-instance-arn", "Values": [instance]},
        ]});
        let answer = self.ask::<dms::DescribeConnections>("dms:DescribeConnections", asked);
        let found = first(answer, "Connections")?;
        Ok(found.map(|one| Test {
            status: text(&one["Status"]),
            message: text(&one["LastFailureMessage"]),
        }))
    }

    async fn start_test(&self, instance: &str, endpoint: &str) -> Result<(), CallError> {
        let asked = json!({"ReplicationInstanceArn": instance, "EndpointArn": endpoint});
        done(self.ask::<dms::TestConnection>("dms:TestConnection", asked))
    }

    async fn delete_test(&self, instance: &str, endpoint: &str) -> Result<(), CallError> {
        let asked = json!({"ReplicationInstanceArn": instance, "EndpointArn": endpoint});
        gone(self.ask::<dms::DeleteConnection>("dms:DeleteConnection", asked))
    }

    async fn tag(&self, arn: &str, tags: &BTreeMap<String, String>) -> Result<(), CallError> {
        let asked = json!({"ResourceArn": arn, "Tags": tag_list(tags)});
        done(self.ask::<dms::AddTagsToResource>("dms:AddTagsToResource", asked))
    }
}
