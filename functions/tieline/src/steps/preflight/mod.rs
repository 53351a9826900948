//! *Check the request*: reads it, looks at everything it touches, and turns it into a plan. It only reads.
//!
//! Every problem is named at once, each with a code, a sentence and the command that fixes it.

mod network;
mod serving;

use crate::ended::EndedExecution;
use crate::error::{CallError, Rejection, StepError};
use crate::ids::Region;
use crate::outside::{Endpoint, Outside, Service};
use crate::parts::PartContext;
use crate::plan::{EndpointPlan, Plan, PrivateDns, REQUEST};
use crate::problem::{Code, Problem};
use crate::progress::{Phase, Progress};
use crate::request::{self, Policy, Request};
use crate::result;
use crate::step::{Execution, NextState, StepInput, StepOutput, pause};
use crate::targets::{EndpointSpec, FindContext, Resolution, Resolved};

use network::{Network, Side};
use serving::Chosen;

/// Carries the step out. `here` is the Region that this deployment serves.
///
/// # Errors
///
/// `Tieline.Retryable` if AWS does not answer, `Tieline.Rejected` if it refuses to be asked.
pub async fn handle(
    outside: &Outside<'_>,
    here: &Region,
    input: StepInput,
) -> Result<StepOutput, StepError> {
    super::patiently(outside, input, async |input| {
        step(outside, here, input).await
    })
    .await
}

async fn step(
    outside: &Outside<'_>,
    here: &Region,
    input: StepInput,
) -> Result<StepOutput, StepError> {
    let progress = Progress::begin(&input.execution);
    let ended = EndedExecution::read(&input.input);
    let asked = ended
        .as_ref()
        .map_or(input.input, |ended| ended.input.clone());
    let id = request::request_id(&asked);
    let request = match Request::read(asked, here) {
        Ok(request) => request,
        Err(problems) => {
            let problems = ended
                .iter()
                .map(EndedExecution::problem)
                .chain(problems)
                .collect();
            return Ok(refuse(
                outside,
                problems,
                id.as_ref(),
                progress,
                &input.execution,
            ));
        }
    };
    let mut check = Check {
        outside,
        request: &request,
        execution: &input.execution,
        cleaning: ended.is_some(),
        problems: Vec::new(),
    };
    let outcome = check.run().await?;
    let problems = check.problems;
    match outcome {
        // What the execution made that ended is planned again and undone, also if it could not be made today.
        Outcome::Planned(plan) if ended.is_some() => {
            let rejection = Rejection {
                problems: ended.iter().map(EndedExecution::problem).collect(),
            };
            let mut progress = progress;
            progress.failure = Some(rejection);
            Ok(StepOutput::go(NextState::RollBack, *plan, progress))
        }
        _ if ended.is_some() => Ok(unplanned(
            outside,
            ended
                .iter()
                .map(EndedExecution::problem)
                .chain(problems)
                .collect(),
            &request,
            progress,
            &input.execution,
        )),
        _ if !problems.is_empty() => Ok(refuse(
            outside,
            problems,
            Some(&request.request_id),
            progress,
            &input.execution,
        )),
        Outcome::NotYet(problem) => Ok(not_yet(
            outside,
            problem,
            &request,
            progress,
            &input.execution,
        )),
        Outcome::Planned(plan) if request.dry_run => {
            let now = outside.clock.now();
            let mut progress = progress;
            progress.close(now);
            let event = result::planned(&plan, &progress, &input.execution, now);
            Ok(StepOutput::end(
                NextState::AnnouncePlan,
                Some(*plan),
                progress,
                event,
            ))
        }
        Outcome::Planned(plan) => {
            let mut progress = progress;
            progress.enter(Phase::Create, outside.clock.now());
            Ok(StepOutput::go(NextState::Create, *plan, progress))
        }
        Outcome::Refused => Err(StepError::rejected(Problem::new(
            Code::StepFailed,
            "preflight refused the request and found no problem",
            "report this: it is a defect of Tieline",
        ))),
    }
}

/// How a check ends.
enum Outcome {
    Planned(Box<Plan>),
    NotYet(Problem),
    /// The check could not be finished because of the problems it found.
    Refused,
}

/// One check of one request.
struct Check<'a> {
    outside: &'a Outside<'a>,
    request: &'a Request,
    execution: &'a Execution,
    /// Whether what an ended execution made is to be found: looks that only warn could keep that from happening.
    cleaning: bool,
    problems: Vec<Problem>,
}

impl Check<'_> {
    /// Looks at everything that can be looked at, also when a part of it is missing.
    async fn run(&mut self) -> Result<Outcome, CallError> {
        let network = match &self.request.network {
            Some(named) => self.network(named).await?,
            None => None,
        };
        let asked = FindContext {
            request: self.request,
            account: self.execution.account(),
        };
        let found = match self
            .request
            .target
            .kind()
            .find(self.outside, &asked)
            .await?
        {
            Resolution::Resolved(found) => *found,
            Resolution::NotYet(problem) => {
                self.check_named(network.as_ref(), &self.request.target.kind().ports());
                return Ok(Outcome::NotYet(problem));
            }
            Resolution::Refused(problems) => {
                self.problems.extend(problems);
                self.check_named(network.as_ref(), &self.request.target.kind().ports());
                return Ok(Outcome::Refused);
            }
        };
        let Resolved {
            wanted,
            parts,
            about,
        } = found;
        let mut plan = Plan {
            request_id: self.request.request_id.clone(),
            fingerprint: self.request.fingerprint(),
            account: self.execution.account().to_owned(),
            region: self.request.region.clone(),
            target: self.request.target.clone(),
            endpoint: None,
            parts,
            about,
            tags: self.tags(),
            adopt: self.request.adopt,
            on_failure: self.request.on_failure,
        };
        let mut there = None;
        if let Some(wanted) = wanted {
            let Some((endpoint, chosen)) = self.endpoint(network.as_ref(), wanted).await? else {
                // What stands in the way of the parts is named all the same.
                if network.is_some() {
                    self.check_parts(&plan, None).await?;
                }
                return Ok(Outcome::Refused);
            };
            plan.endpoint = Some(endpoint);
            there = chosen.found;
        } else {
            self.check_request_id(None).await?;
        }
        if let Some(endpoint) = &there {
            self.check_sharing(&plan, endpoint);
        }
        self.check_parts(&plan, there.as_ref()).await?;
        Ok(Outcome::Planned(Box::new(plan)))
    }

    /// The endpoint that the target wants, planned; none if something stands in its way.
    async fn endpoint(
        &mut self,
        network: Option<&Network>,
        wanted: EndpointSpec,
    ) -> Result<Option<(EndpointPlan, Chosen)>, CallError> {
        let ports = [&[wanted.port], &wanted.further_ports[..]].concat();
        let service = self.outside.ec2.service(&wanted.service).await?;
        let Some(service) = service else {
            let problem = self.service_unknown(&wanted.service);
            self.problems.push(problem);
            self.check_named(network, &ports);
            return Ok(None);
        };
        self.check_service(&service);
        let private_dns = self.private_dns(&service, wanted.host.clone());
        let Some(network) = network else {
            return Ok(None);
        };
        let mut also_from = Vec::new();
        for vpc in wanted.also_from.iter().filter(|vpc| **vpc != network.vpc) {
            // One that is not there is the zone's problem to tell.
            let there = self.outside.ec2.vpc(vpc).await?;
            also_from.extend(there.into_iter().flat_map(|vpc| vpc.cidrs));
        }
        let side = Side {
            network,
            service: &service,
            ports: &ports,
            also_from: &also_from,
        };
        let chosen = self.serving(&side).await?;
        if !self.cleaning && chosen.needs_names(self.request) {
            self.check_zones(&side).await?;
        }
        let zones = self.zones(&side, &chosen);
        let groups = self.groups(&side, &chosen);
        let (Some(zones), Some(groups)) = (zones, groups) else {
            return Ok(None);
        };
        let named_by_zone = wanted.host.filter(|_| wanted.named_by_zone);
        let host = private_dns.as_ref().map(|dns| dns.host.clone());
        let plan = EndpointPlan {
            vpc_id: network.vpc.clone(),
            service: service.name.clone(),
            service_owner: service.owner.clone(),
            port: wanted.port,
            further_ports: wanted.further_ports,
            serving: chosen.endpoint.clone(),
            zones,
            groups,
            host: host.or(named_by_zone),
            private_dns,
            policy: self.request.policy.clone(),
            acceptance_hours: wanted.acceptance_hours,
        };
        Ok(Some((plan, chosen)))
    }

    /// Asks every part what stands in its way.
    async fn check_parts(
        &mut self,
        plan: &Plan,
        endpoint: Option<&Endpoint>,
    ) -> Result<(), CallError> {
        let at = PartContext {
            outside: self.outside,
            plan,
            endpoint,
            endpoint_id: endpoint.map(|endpoint| &endpoint.id),
        };
        for part in &plan.parts {
            match part.kind().check(&at).await {
                Ok(problems) => self.problems.extend(problems),
                Err(error) => match error.credentials_problem() {
                    Some(problem) => self.problems.push(problem),
                    None => return Err(error),
                },
            }
        }
        Ok(())
    }

    /// The caller's tags, and a name for the console unless the caller gives one.
    fn tags(&self) -> std::collections::BTreeMap<String, String> {
        let mut tags = self.request.tags.clone();
        tags.entry("Name".to_owned())
            .or_insert_with(|| format!("tieline {}", self.request.request_id));
        tags
    }

    fn check_service(&mut self, service: &Service) {
        let name = &service.name;
        if !service.interface {
            self.problems.push(
                Problem::new(
                    Code::ServiceNotInterface,
                    format!("{name} cannot be had as an interface endpoint"),
                    format!("see its types: {}", self.describe_service(name)),
                )
                .about("$.target"),
            );
        }
        if self.request.target.kind().inbound_only() && !service.gateway_too {
            self.problems.push(
                Problem::new(
                    Code::GatewayEndpointMissing,
                    format!("{name} has no gateway endpoints, so its names cannot be for inbound resolvers only"),
                    "leave inboundResolverOnly out",
                )
                .about("$.target.inboundResolverOnly"),
            );
        }
        if !service.policy_supported && self.request.policy != Policy::Full {
            self.problems.push(
                Problem::new(
                    Code::PolicyUnsupported,
                    format!("{name} does not take endpoint policies"),
                    "leave policy out, or send \"policy\": \"full\"",
                )
                .about("$.policy"),
            );
        }
    }

    fn private_dns(&mut self, service: &Service, host: Option<String>) -> Option<PrivateDns> {
        if !self.request.private_dns {
            return None;
        }
        let name = &service.name;
        let Some(first) = service.private_dns_names.first() else {
            self.problems.push(
                Problem::new(
                    Code::PrivateDnsUnavailable,
                    format!("{name} has no private DNS name"),
                    "send \"privateDns\": false and connect to the endpoint's own name",
                )
                .about("$.privateDns"),
            );
            return None;
        };
        if !service.private_dns_verified {
            self.problems.push(
                Problem::new(
                    Code::PrivateDnsUnverified,
                    format!("the owner of {name} has not proven that {first} is theirs"),
                    "ask the owner to verify the name, or send \"privateDns\": false",
                )
                .about("$.privateDns"),
            );
        }
        Some(PrivateDns {
            host: host.unwrap_or_else(|| first.trim_start_matches("*.").to_owned()),
            names: service.private_dns_names.clone(),
            inbound_only: service
                .gateway_too
                .then(|| self.request.target.kind().inbound_only()),
        })
    }

    fn service_unknown(&self, name: &str) -> Problem {
        Problem::new(
            Code::ServiceNotFound,
            format!("EC2 knows no endpoint service {name} that this account may use"),
            format!("see what there is: {}", self.describe_service(name)),
        )
        .about("$.target")
    }

    fn describe_service(&self, name: &str) -> String {
        let region = &self.request.region;
        format!(
            "aws ec2 describe-vpc-endpoint-services --region {region} --filters Name=service-name,Values={name}"
        )
    }
}

/// An execution ended, and what it may have made cannot be looked for, because its target cannot be found now.
fn unplanned(
    outside: &Outside<'_>,
    mut problems: Vec<Problem>,
    request: &Request,
    mut progress: Progress,
    execution: &Execution,
) -> StepOutput {
    let id = &request.request_id;
    let left = format!(
        "perhaps what it made: look for the tag {REQUEST}{id}, and for \"tieline {id}\" in names at vendors"
    );
    problems.push(Problem::new(
        Code::RollBackIncomplete,
        "what the execution made could not be looked for",
        "put right what stands in the way and send the same event again, or remove by hand what carries the request's id",
    ));
    let now = outside.clock.now();
    progress.close(now);
    let event = result::failed(
        &Rejection { problems },
        &[left],
        Some(id),
        &progress,
        execution,
        now,
    );
    StepOutput::end(NextState::AnnounceFailure, None, progress, event)
}

fn refuse(
    outside: &Outside<'_>,
    problems: Vec<Problem>,
    id: Option<&crate::ids::RequestId>,
    mut progress: Progress,
    execution: &Execution,
) -> StepOutput {
    let now = outside.clock.now();
    progress.close(now);
    let event = result::failed(&Rejection { problems }, &[], id, &progress, execution, now);
    StepOutput::end(NextState::AnnounceFailure, None, progress, event)
}

/// The target will be there: wait for it, unless it has taken too long already.
fn not_yet(
    outside: &Outside<'_>,
    problem: Problem,
    request: &Request,
    progress: Progress,
    execution: &Execution,
) -> StepOutput {
    let waited = outside.clock.now().since(execution.started());
    if request.dry_run || waited >= outside.limits.phase {
        return refuse(
            outside,
            vec![problem],
            Some(&request.request_id),
            progress,
            execution,
        );
    }
    StepOutput {
        next: NextState::WaitForTarget,
        wait_seconds: Some(pause(waited.as_secs())),
        waiting_for: Some(problem.message),
        plan: None,
        progress,
        result: None,
    }
}
