//! AWS DMS, Route 53, IAM and Secrets Manager on the world's model, asked in AWS's own words.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tieline::error::{CallError, READ_SECRET};
use tieline::ids::{SecretArn, VpcId};
use tieline::outside::dms::{
    DmsCertificate, DmsEndpoint, Instance, NewDmsEndpoint, NewInstance, NewSubnetGroup,
    SecretAddress, SubnetGroup, Test,
};
use tieline::outside::route53::{HostedZone, VpcZone, ZoneName};
use tieline::outside::{Dms, Route53};
use tieline_vendors::Secrets;
use world::model::iam::GetRole;
use world::model::secrets::GetSecretValue;
use world::model::{dms, route53};
use world::{Operation, World};

use crate::outside::Simulated;

/// The Region that everything is in.
const REGION: &str = "us-east-1";

impl Simulated {
    /// Makes a call with its parameters as AWS names them; what the world does not know of them is a panic.
    fn ask<O>(&self, action: &'static str, parameters: Value) -> Result<Value, CallError>
    where
        O: Operation + DeserializeOwned,
    {
        let operation: O = serde_json::from_value(parameters)
            .unwrap_or_else(|error| panic!("{action} in the world: {error}"));
        let answer = self.call(action, |world: &mut World| world.call(operation.clone()))?;
        Ok(serde_json::to_value(answer).unwrap_or_default())
    }

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

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn texts(values: &Value) -> Vec<String> {
    values.as_array().into_iter().flatten().map(text).collect()
}

fn tags(list: &Value) -> BTreeMap<String, String> {
    let pairs = list.as_array().into_iter().flatten();
    pairs
        .map(|tag| (text(&tag["Key"]), text(&tag["Value"])))
        .collect()
}

fn tag_list(tags: &BTreeMap<String, String>) -> Value {
    tags.iter()
        .map(|(key, value)| json!({"Key": key, "Value": value}))
        .collect()
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

fn gone(answer: Result<Value, CallError>) -> Result<(), CallError> {
    match answer {
        Err(error) if !error.is_missing() => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn done(answer: Result<Value, CallError>) -> Result<(), CallError> {
    answer.map(|_| ())
}

#[async_trait]
impl Secrets for Simulated {
    async fn read(&self, arn: &SecretArn) -> Result<String, CallError> {
        let asked = json!({"SecretId": arn});
        let answer = self.ask::<GetSecretValue>(READ_SECRET, asked)?;
        Ok(text(&answer["SecretString"]))
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

fn plain(name: &Value) -> String {
    text(name).trim_end_matches('.').replace("\\052", "*")
}

fn bare(id: &Value) -> String {
    text(id).rsplit('/').next().unwrap_or_default().to_owned()
}

fn records(action: &str, names: &[ZoneName]) -> Value {
    let change = |name: &ZoneName| {
        json!({"Action": action, "ResourceRecordSet": {
            "Name": name.name, "Type": "CNAME", "TTL": name.ttl.to_string(),
            "ResourceRecords": [{"Value": name.leads_to}],
        }})
    };
    json!({"Changes": names.iter().map(change).collect::<Vec<_>>()})
}

#[async_trait]
impl Route53 for Simulated {
    async fn zones(&self, vpc: &VpcId) -> Result<Vec<VpcZone>, CallError> {
        let asked = json!({"VPCId": vpc, "VPCRegion": REGION});
        let answer =
            self.ask::<route53::ListHostedZonesByVPC>("route53:ListHostedZonesByVPC", asked)?;
        let zones = answer["HostedZoneSummaries"]
            .as_array()
            .into_iter()
            .flatten();
        Ok(zones
            .map(|zone| VpcZone {
                id: bare(&zone["HostedZoneId"]),
                name: plain(&zone["Name"]),
                owner: text(&zone["Owner"]["OwningAccount"]),
            })
            .collect())
    }

    async fn zone(&self, id: &str) -> Result<Option<HostedZone>, CallError> {
        let answer =
            match self.ask::<route53::GetHostedZone>("route53:GetHostedZone", json!({"Id": id})) {
                Ok(answer) => answer,
                Err(error) if error.is_missing() => return Ok(None),
                Err(error) => return Err(error),
            };
        let asked = json!({"ResourceType": "hostedzone", "ResourceId": id});
        let tagged =
            self.ask::<route53::ListTagsForResource>("route53:ListTagsForResource", asked)?;
        let asked = json!({"HostedZoneId": id});
        let listed =
            self.ask::<route53::ListResourceRecordSets>("route53:ListResourceRecordSets", asked)?;
        let all = listed["ResourceRecordSets"]
            .as_array()
            .into_iter()
            .flatten();
        let own: Vec<&Value> = all
            .filter(|set| set["Type"] != "NS" && set["Type"] != "SOA")
            .collect();
        let vpcs = answer["VPCs"].as_array().into_iter().flatten();
        Ok(Some(HostedZone {
            id: id.to_owned(),
            name: plain(&answer["HostedZone"]["Name"]),
            comment: text(&answer["HostedZone"]["Config"]["Comment"]),
            vpcs: vpcs.map(|vpc| text(&vpc["VPCId"])).collect(),
            tags: tags(&tagged["ResourceTagSet"]["Tags"]),
            has_others: own.iter().any(|set| set["Type"] != "CNAME"),
            names: own
                .iter()
                .filter(|set| set["Type"] == "CNAME")
                .map(|set| ZoneName {
                    name: plain(&set["Name"]),
                    leads_to: plain(&set["ResourceRecords"][0]["Value"]),
                    ttl: set["TTL"]
                        .as_u64()
                        .and_then(|ttl| u32::try_from(ttl).ok())
                        .unwrap_or_default(),
                })
                .collect(),
        }))
    }

    async fn create_zone(
        &self,
        name: &str,
        vpc: &VpcId,
        token: &str,
        comment: &str,
    ) -> Result<String, CallError> {
        let asked = json!({
            "Name": name,
            "VPC": {"VPCRegion": REGION, "VPCId": vpc},
            "CallerReference": token,
            "HostedZoneConfig": {"Comment": comment, "PrivateZone": "true"},
        });
        let answer = self.ask::<route53::CreateHostedZone>("route53:CreateHostedZone", asked)?;
        Ok(bare(&answer["HostedZone"]["Id"]))
    }

    async fn associate(&self, id: &str, vpc: &VpcId) -> Result<(), CallError> {
        let asked = json!({"HostedZoneId": id, "VPC": {"VPCRegion": REGION, "VPCId": vpc}});
        let answer = self.ask::<route53::AssociateVPCWithHostedZone>(
            "route53:AssociateVPCWithHostedZone",
            asked,
        );
        match answer {
            Err(error) if !error.is_duplicate() => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    async fn tag_zone(&self, id: &str, tags: &BTreeMap<String, String>) -> Result<(), CallError> {
        let asked =
            json!({"ResourceType": "hostedzone", "ResourceId": id, "AddTags": tag_list(tags)});
        done(self.ask::<route53::ChangeTagsForResource>("route53:ChangeTagsForResource", asked))
    }

    async fn untag_zone(&self, id: &str, keys: &[String]) -> Result<(), CallError> {
        let asked = json!({"ResourceType": "hostedzone", "ResourceId": id, "RemoveTagKeys": keys});
        done(self.ask::<route53::ChangeTagsForResource>("route53:ChangeTagsForResource", asked))
    }

    async fn put_names(&self, id: &str, names: &[ZoneName]) -> Result<(), CallError> {
        let asked = json!({"HostedZoneId": id, "ChangeBatch": records("UPSERT", names)});
        done(
            self.ask::<route53::ChangeResourceRecordSets>(
                "route53:ChangeResourceRecordSets",
                asked,
            ),
        )
    }

    async fn delete_names(&self, id: &str, names: &[ZoneName]) -> Result<(), CallError> {
        let asked = json!({"HostedZoneId": id, "ChangeBatch": records("DELETE", names)});
        done(
            self.ask::<route53::ChangeResourceRecordSets>(
                "route53:ChangeResourceRecordSets",
                asked,
            ),
        )
    }

    async fn delete_zone(&self, id: &str) -> Result<(), CallError> {
        gone(self.ask::<route53::DeleteHostedZone>("route53:DeleteHostedZone", json!({"Id": id})))
    }
}
