//! What the deployment does not allow. Whoever may put an event on the bus uses the functions' rights, and gets no more than
//! the stack and the owners of VPCs and secrets allow. IAM says the same wherever it knows a condition for it.
//!
//! A cleanup is not held to it: what was allowed when it was made is removed.

use futures_util::future::join_all;

use super::Check;
use crate::deployment::{ENROLLED, SECRET_VPCS, serves_vpc};
use crate::ids::{SecretArn, VpcId};
use crate::outside::{Outside, Reply, Service, Tags, Vpc};
use crate::parts::Part;
use crate::problem::Problem;
use crate::refusals::{not_enrolled, owner_not_allowed, secret_of_another_vpc};
use crate::request::Request;

/// Secrets that are for other VPCs. They are not used, also not to look at anything.
pub(super) async fn secrets(outside: &Outside<'_>, request: &Request) -> Reply<Vec<Problem>> {
    let vpc = request.shape.network.as_ref().map(|named| &named.vpc_id);
    let all = request.shape.target.kind().secrets();
    let looks = all.iter().map(|(path, secret)| async move {
        let problem = match outside.secrets.tags(secret).await {
            Ok(Some(tags)) => of_another_vpc(secret, &tags, vpc),
            // Whoever reads it says so.
            Ok(None) => None,
            Err(error) => Some(error.credentials_problem().ok_or(error)?),
        };
        Ok(problem.map(|problem| problem.about(*path)))
    });
    let found: Reply<Vec<Option<Problem>>> = join_all(looks).await.into_iter().collect();
    Ok(found?.into_iter().flatten().collect())
}

fn of_another_vpc(secret: &SecretArn, tags: &Tags, vpc: Option<&VpcId>) -> Option<Problem> {
    let only = tags.get(SECRET_VPCS)?;
    let serves = serves_vpc(only, vpc.map(VpcId::as_str));
    (!serves).then(|| secret_of_another_vpc(secret, vpc, only))
}

impl Check<'_> {
    /// Whether this is a request, and no cleanup.
    pub(super) fn is_bounded(&self) -> bool {
        self.maker == self.execution.id
    }

    /// Further VPCs take part as well, and the service is of an owner that the deployment allows.
    pub(super) fn check_bounds(
        &mut self,
        service: Option<&Service>,
        also_from: &[(VpcId, Vpc)],
        parts: &[Part],
    ) {
        for (id, vpc) in also_from {
            self.check_vpc(id, &vpc.tags, "$.target");
        }
        if !self.is_bounded() {
            return;
        }
        let bounds = &self.outside.deployment.bounds;
        if let Some(service) = service
            && !bounds.allows_owner(&service.owner)
        {
            let allowed = bounds.service_owners.as_deref().unwrap_or_default();
            self.problems
                .push(owner_not_allowed(&service.name, &service.owner, allowed));
        }
        // What others call their services is theirs to say, and proves nothing.
        let of_aws = service.filter(|service| service.owner == "amazon");
        let names = of_aws.map_or(&[][..], |service| &service.private_dns_names);
        let exceeding = parts
            .iter()
            .flat_map(|part| part.kind().exceeds(bounds, names));
        self.problems.extend(exceeding);
    }

    /// A VPC that the request names takes part.
    pub(super) fn check_vpc(&mut self, vpc: &VpcId, tags: &Tags, path: &str) {
        let tag = &self.outside.deployment.bounds.enrolled_tag;
        let is_enrolled = tags.get(tag).is_some_and(|value| value == ENROLLED);
        if self.is_bounded() && !is_enrolled {
            let problem = not_enrolled(vpc, &self.request.shape.region, tag);
            self.problems.push(problem.about(path));
        }
    }
}
