//! Route 53: private hosted zones.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::{Value, json};
use tieline::outside::CallError;
use tieline::ids::VpcId;
use tieline::outside::Route53;
use tieline::outside::route53::{HostedZone, VpcZone, ZoneName};
use world::model::route53;

use super::{done, gone, tag_list, tags, text};
use crate::outside::Simulated;

/// The Region that everything is in.
const REGION: &str = "us-east-1";

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
        let vpcs = answer["VPCs"].as_array().into_iter().flatten();
        Ok(Some(HostedZone {
            id: id.to_owned(),
            name: plain(&answer["HostedZone"]["Name"]),
            comment: text(&answer["HostedZone"]["Config"]["Comment"]),
            vpcs: vpcs.map(|vpc| text(&vpc["VPCId"])).collect(),
            tags: tags(&tagged["ResourceTagSet"]["Tags"]),
            names: all
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
