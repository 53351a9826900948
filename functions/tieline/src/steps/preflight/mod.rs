mod answer;
mod bounds;
mod change;
mod clean_up;
mod looks;
mod network;
mod reach;
mod remove;
mod requested;
mod service;
mod serving;
mod status;
mod subnets;
mod surroundings;
mod tags;

use futures_util::future::join_all;

use crate::endpoint::{EndpointPlan, Form};
use crate::execution::{EndedExecution, Execution};
use crate::ids::{Addressing, GroupId, Region};
use crate::options::Verify;
use crate::outside::{Endpoint, Outside, Reply, Service};
use crate::ownership::Owner;
use crate::parts::{Part, PartContext};
use crate::plan::{Plan, Verifier};
use crate::problem::{Code, Problem};
use crate::question;
use crate::refusals::{deploy_verifier, no_verifier};
use crate::removal;
use crate::request::{self, Request};
use crate::result::Left;
use crate::steps::check;
use crate::targets::{ConnectedThrough, EndpointSpec, Resolved};
use crate::workflow::{StepInput, StepResult};

use answer::Answer;
use looks::{Looks, Network, Side, Target};
use serving::Chosen;
use surroundings::OWN_VPC;

/// Carries the step out. `here` is the Region that this deployment serves.
///
/// # Errors
///
/// `Tieline.Unavailable` if a service has not answered for too long, `Tieline.Rejected` if it refuses to be asked.
pub async fn handle(outside: &Outside<'_>, here: &Region, input: StepInput) -> StepResult {
    super::with_patience(outside, input, async |input| match &input.check {
        Some(_) => check::look(outside, input).await,
        None => step(outside, here, input).await,
    })
    .await
}

async fn step(outside: &Outside<'_>, here: &Region, input: StepInput) -> StepResult {
    if let Some(ended) = EndedExecution::read(&input.input) {
        if input.execution.connects.is_some() {
            return remove::ended(outside, here, input, ended).await;
        }
        return clean_up::step(outside, here, input, ended).await;
    }
    let removes = input.execution.connects.is_some();
    if removal::is_one(&input.input) != removes {
        let answer = Answer::new(outside, input.execution, input.progress, &input.input);
        let id = request::request_id(&input.input);
        let problem = Problem::at("$", wrong_machine(removes));
        return Ok(answer.refuse(vec![problem], Left::default(), id.as_ref()));
    }
    if let Some(removal) = removal::read(&input.input, here) {
        let answer = Answer::new(outside, input.execution, input.progress, &input.input);
        return match removal {
            Ok(removal) => remove::step(outside, answer, removal, &[]).await,
            Err(problems) => {
                let id = request::request_id(&input.input);
                Ok(answer.refuse(problems, Left::default(), id.as_ref()))
            }
        };
    }
    if let Some(question) = question::read(&input.input, here) {
        let answer = Answer::new(outside, input.execution, input.progress, &input.input);
        return match question {
            Ok(id) => Ok(status::step(answer, here, id).await?),
            Err(problems) => Ok(answer.refuse(problems, Left::default(), None)),
        };
    }
    requested::step(outside, here, input).await
}

fn wrong_machine(removes: bool) -> String {
    let (this, other) = match removes {
        true => ("removes connections", "makes them"),
        false => ("makes connections", "removes them"),
    };
    format!("this state machine {this}: put the event on the bus, or start the one that {other}")
}

/// Whether an endpoint is not what it was when the request was confirmed on it.
fn is_other_than_marked(owner: &Owner, endpoint: &Endpoint) -> bool {
    let built = owner.built_on(&endpoint.tags);
    built.is_none_or(|built| built != Form::of(endpoint).built())
}

/// As many warnings as a person reads.
const MOST_WARNINGS: usize = 20;

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
    /// The execution that makes what is planned: this one, or the one that is cleaned up after.
    maker: &'a str,
    /// Those that it cleans up after, as marks name them.
    goes_on_for: Vec<String>,
    problems: Vec<Problem>,
    /// What may keep clients from it, and may be meant so.
    warnings: Vec<Problem>,
    /// Whether a connection of the request is confirmed already.
    stands: bool,
    /// Whether the groups let in only a part of the request's VPC.
    keeps_own_out: bool,
    /// What the marks say of the parameters before, where what is there is changed.
    fingerprint_before: Option<String>,
    /// The group of our own, where a change takes or leaves it.
    own_group: Option<GroupId>,
    /// Whether what is confirmed is not what it was then: perhaps a change is under way.
    drifts: bool,
}

impl<'a> Check<'a> {
    fn new(outside: &'a Outside<'a>, request: &'a Request, execution: &'a Execution) -> Self {
        Self {
            outside,
            request,
            maker: &execution.id,
            goes_on_for: Vec::new(),
            execution,
            problems: Vec::new(),
            warnings: Vec::new(),
            stands: false,
            keeps_own_out: false,
            fingerprint_before: None,
            own_group: None,
            drifts: false,
        }
    }

    fn owner(&self) -> Owner {
        let (execution, deployment) = (self.execution, self.outside.deployment);
        let owner = self
            .request
            .owner(deployment, execution.account(), self.maker, &execution.id);
        Owner {
            fingerprint_before: self.fingerprint_before.clone(),
            ..owner.going_on_for(&self.goes_on_for)
        }
    }

    /// How the endpoint is to be reached.
    fn addressing(&self) -> Addressing {
        let named = self.request.shape.network.as_ref();
        named.map_or_else(Addressing::default, |named| named.addressing)
    }

    /// Notes a problem at a place of the request.
    fn note(&mut self, path: &str, code: Code, message: impl Into<String>, fix: impl Into<String>) {
        self.problems
            .push(Problem::new(code, message, fix).about(path));
    }

    /// Judges everything that can be looked at, also when a part of it is missing.
    async fn run(&mut self) -> Reply<Outcome> {
        let looks = looks::look(
            self.outside,
            self.request,
            self.execution,
            self.is_bounded(),
        )
        .await?;
        let Looks {
            network,
            target,
            holders,
            quota,
        } = looks;
        let owner = self.owner();
        self.stands = holders.as_ref().is_ok_and(|all| {
            let alive = all.iter().filter(|one| !one.state.is_dead());
            alive
                .into_iter()
                .any(|one| owner.is_confirmed_on(&one.tags))
        });
        self.drifts = holders.as_ref().is_ok_and(|all| {
            let mut alive = all.iter().filter(|one| !one.state.is_dead());
            alive.any(|one| owner.is_confirmed_on(&one.tags) && is_other_than_marked(&owner, one))
        });
        if let (true, Ok(holders)) = (self.request.changes, &holders) {
            self.note_before(holders, &owner);
        }
        self.check_network(network.as_ref());
        let (resolved, service, also_from) = match target {
            Target::Resolved {
                resolved,
                service,
                also_from,
            } => (resolved, service, also_from),
            // What the request names is checked all the same.
            Target::NotYet(problem) => {
                self.check_named(network.as_ref(), &self.request.shape.target.kind().ports());
                return Ok(Outcome::NotYet(problem));
            }
            Target::Refused(problems) => {
                self.problems.extend(problems);
                self.check_named(network.as_ref(), &self.request.shape.target.kind().ports());
                return Ok(Outcome::Refused);
            }
        };
        let Resolved {
            endpoint: spec,
            parts,
            about,
            ..
        } = *resolved;
        let mut plan = Plan {
            owner: self.owner(),
            target: self.request.shape.target.clone(),
            endpoint: None,
            parts,
            about,
            warnings: Vec::new(),
            on_failure: self.request.on_failure,
            change: None,
            verifier: self.verifier(),
        };
        let also_from = also_from?;
        self.check_bounds(service.as_ref(), &also_from, &plan.parts);
        self.check_families(network.as_ref(), &also_from);
        self.check_names_of_zones(&plan.parts);
        plan.complete_marks();
        let Some(spec) = spec else {
            if self.request.changes && !self.change_without_endpoint(&mut plan).await? {
                return Ok(Outcome::Refused);
            }
            self.check_request_id(&holders?, &plan.owner, None);
            self.check_parts(&plan, None).await?;
            plan.warnings = std::mem::take(&mut self.warnings);
            limit(&mut plan.warnings);
            return Ok(Outcome::Planned(Box::new(plan)));
        };
        let both = Both {
            network: network.as_ref(),
            service: service.as_ref(),
            also_from: also_from
                .into_iter()
                .flat_map(|(_, vpc)| vpc.blocks(self.addressing().ip_address_type))
                .collect(),
            holders,
            quota,
        };
        let Some((mut endpoint, chosen)) = self.endpoint(&plan.owner, spec, both)? else {
            // What stands in the way of the parts is named all the same.
            if network.is_some() {
                self.check_parts(&plan, None).await?;
            }
            return Ok(Outcome::Refused);
        };
        match (&chosen.found, network.as_ref()) {
            (Some(there), Some(network)) if self.request.changes => {
                plan.change = self.change(&plan.owner, &mut endpoint, there, network);
            }
            (Some(there), _) => self.check_sharing(&plan.owner, &mut endpoint, there),
            (None, _) => {}
        }
        for part in &mut plan.parts {
            if let Part::PrivateZone(zone) = part {
                zone.name_zones(&endpoint.zones);
            }
        }
        // The marks say these names as well.
        plan.complete_marks();
        plan.endpoint = Some(endpoint);
        if let (Some(there), true) = (&chosen.found, plan.change.is_some()) {
            self.change_parts(&mut plan, Some(there)).await?;
        }
        if let Verifier::Function { doubtful, .. } = &mut plan.verifier {
            *doubtful = self.keeps_own_out;
        }
        self.check_parts(&plan, chosen.found.as_ref()).await?;
        let is_named = plan
            .parts
            .iter()
            .any(|part| matches!(part, Part::PrivateZone(_)))
            || plan
                .endpoint
                .as_ref()
                .is_some_and(|wanted| wanted.private_dns.is_some());
        if let Some(network) = network.as_ref().filter(|_| is_named) {
            self.check_resolvers(network);
        }
        if let Some(network) = network.as_ref() {
            self.check_companions(network);
        }
        plan.warnings = std::mem::take(&mut self.warnings);
        limit(&mut plan.warnings);
        Ok(Outcome::Planned(Box::new(plan)))
    }

    /// The endpoint that the target wants, planned; none if something stands in its way.
    fn endpoint(
        &mut self,
        owner: &Owner,
        spec: EndpointSpec,
        both: Both<'_>,
    ) -> Reply<Option<(EndpointPlan, Chosen)>> {
        let ports = [&[spec.port.into()], &spec.further_ports[..]].concat();
        let Some(service) = both.service else {
            let problem = self.service_unknown(&spec.service);
            self.problems.push(problem);
            self.check_named(both.network, &ports);
            return Ok(None);
        };
        self.check_service(service);
        let private_dns = self.private_dns(service, spec.host.clone());
        if let Some(dns) = &private_dns {
            self.check_names(&dns.names, OWN_VPC);
        }
        let Some(network) = both.network else {
            return Ok(None);
        };
        let side = Side {
            network,
            service,
            ports: &ports,
            also_from: &both.also_from,
        };
        let (holders, place) = (both.holders?, (&network.vpc, service));
        if self.request.changes {
            self.check_connected(&holders, owner, place);
        } else {
            self.check_request_id(&holders, owner, Some(place));
        }
        let chosen = self.serving(owner, &side, both.quota)?;
        if chosen.needs_names(self.request) {
            self.check_hosted_zones(network, service)?;
        }
        let zones = self.availability_zones(&side, &chosen)?;
        let groups = self.groups(&side, &chosen);
        let (Some(zones), Some(groups)) = (zones, groups) else {
            return Ok(None);
        };
        self.check_acls(&side, &zones);
        let named_by_zone = spec.host.filter(|_| spec.named_by_zone);
        let host = private_dns
            .as_ref()
            .and_then(|dns| dns.host.clone().or_else(|| dns.names.first().cloned()));
        let plan = EndpointPlan {
            vpc_id: network.vpc.clone(),
            service: service.name.clone(),
            service_owner: service.owner.clone(),
            owner_pays: service.owner_pays,
            port: spec.port,
            further_ports: spec.further_ports,
            serving: chosen.endpoint.clone(),
            zones,
            addressing: self.addressing(),
            groups,
            host: host.or(named_by_zone),
            private_dns,
            policy: self.request.shape.policy.clone(),
            acceptance_hours: spec.acceptance_hours,
            differs: Vec::new(),
        };
        Ok(Some((plan, chosen)))
    }

    /// Who tries the connection.
    fn verifier(&mut self) -> Verifier {
        let target = &self.request.shape.target;
        let through = target.facts().connected_through;
        let network = self.request.shape.network.as_ref();
        let Some(network) = network.filter(|_| through == ConnectedThrough::Endpoint) else {
            return Verifier::nobody("it has no endpoint of its own in a VPC of yours");
        };
        let must = self.request.verify == Verify::Required;
        let (vpc, region) = (&network.vpc_id, &self.request.shape.region);
        if self.request.verify == Verify::Skip {
            return Verifier::nobody("the request says \"verify\": \"skip\"");
        }
        if !self.execution.may_verify() {
            return Verifier::nobody("the execution began before there were verifiers");
        }
        if let Some(arn) = self.outside.deployment.verifier_in(vpc) {
            let arn = arn.clone();
            return Verifier::Function {
                arn,
                must,
                doubtful: false,
            };
        }
        let why = format!("this Tieline has no verifier in {vpc}");
        if must {
            self.problems.push(no_verifier(&why, vpc, region));
        }
        Verifier::nobody(format!("{why}: {}", deploy_verifier(vpc, region)))
    }

    /// Asks every part what stands in its way.
    async fn check_parts(&mut self, plan: &Plan, endpoint: Option<&Endpoint>) -> Reply<()> {
        let context = PartContext {
            wanted: plan.endpoint.as_ref(),
            endpoint,
            endpoint_id: endpoint.map(|endpoint| &endpoint.id),
            change: plan.change.as_ref(),
            ..PartContext::of(self.outside, &plan.owner)
        };
        let warnings = plan.parts.iter().map(|part| part.kind().warns(&context));
        self.warnings.extend(warnings.flatten());
        let checks = plan.parts.iter().map(|part| part.kind().check(&context));
        for checked in join_all(checks).await {
            match checked {
                Ok(problems) => self.problems.extend(problems),
                Err(error) => match error.credentials_problem() {
                    Some(problem) => self.problems.push(problem),
                    None => return Err(error),
                },
            }
        }
        Ok(())
    }
}

/// Warnings travel with the plan, and a state hands on 256 KiB at most.
fn limit(warnings: &mut Vec<Problem>) {
    let more = warnings.len().saturating_sub(MOST_WARNINGS);
    warnings.truncate(MOST_WARNINGS);
    if let Some(last) = warnings.last_mut().filter(|_| more > 0) {
        last.message = format!("{} (and {more} more warnings)", last.message);
    }
}

/// Both sides of an endpoint, as far as they are there.
struct Both<'a> {
    network: Option<&'a Network>,
    service: Option<&'a Service>,
    /// Address blocks of further VPCs.
    also_from: Vec<String>,
    holders: Reply<Vec<Endpoint>>,
    quota: Reply<Option<u32>>,
}
