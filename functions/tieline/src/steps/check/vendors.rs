//! What vendors say of confirmed connections, and whether they still take the keys: in each check a few questions, in turn. Marks on the
//! endpoints say what is asked and which secret holds the key; who has the same is asked about once.

use std::collections::BTreeMap;
use std::time::Duration;

use super::leaving::leaves;
use super::turns::in_turn;
use crate::execution::Execution;
use crate::ids::SecretArn;
use crate::json::canonical;
use crate::outside::tidb_cloud::{NodeGroupId, is_going};
use crate::outside::{CallError, Endpoint, Outside, READ_SECRET, Reply, State};
use crate::ownership::{AtVendor, built_in, holders};
use crate::steps::runs::{self, WorkedOn};
use crate::time::Time;
use crate::workflow::{Check, VendorSeen, VendorWrong};

/// After so long nothing more is asked: one call may take most of what an invocation has.
const PATIENCE: Duration = Duration::from_secs(8);

/// What is known of a connection at its vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Vendor {
    Fine,
    Wrong(VendorWrong),
    /// It was not asked in this check, there is none, or its answer is neither.
    Unknown,
}

impl Vendor {
    pub(super) fn of(endpoint: &Endpoint, mark: &str, seen: &[VendorSeen]) -> Self {
        let Some(word) = AtVendor::word_in(mark) else {
            // Nobody is asked any more, so nothing is wrong that anybody knows of.
            return Self::Fine;
        };
        let mut its = seen.iter();
        let its = its.find(|one| one.word == word && one.endpoints.contains(&endpoint.id));
        match its.map(|one| &one.wrong) {
            None => Self::Unknown,
            Some(None) => Self::Fine,
            Some(Some(wrong)) => Self::Wrong(wrong.clone()),
        }
    }

    /// What a mark says of it.
    pub(super) fn digest(&self, before: String) -> String {
        match self {
            Self::Fine => String::new(),
            Self::Wrong(wrong) => {
                let (field, now) = wrong.drift();
                canonical::digest(&[field, now])[..4].to_owned()
            }
            Self::Unknown => before,
        }
    }

    fn wrong(now: String) -> Self {
        Self::Wrong(VendorWrong::Vendor(now))
    }
}

/// What a vendor is asked, and about which endpoints.
pub(super) struct Question<'e> {
    word: &'e str,
    at: AtVendor,
    endpoints: Vec<&'e Endpoint>,
}

impl Question<'_> {
    /// The same answer, or one of its own, for each endpoint.
    fn answered(&self, answer: impl Fn(&Endpoint) -> Vendor) -> Vec<VendorSeen> {
        let mut all: Vec<VendorSeen> = Vec::new();
        for endpoint in &self.endpoints {
            let wrong = match answer(endpoint) {
                Vendor::Fine => None,
                Vendor::Wrong(wrong) => Some(wrong),
                Vendor::Unknown => continue,
            };
            let id = endpoint.id.clone();
            match all.iter_mut().find(|seen| seen.wrong == wrong) {
                Some(seen) => seen.endpoints.push(id),
                None => all.push(VendorSeen {
                    word: self.word.to_owned(),
                    endpoints: vec![id],
                    wrong,
                }),
            }
        }
        all
    }
}

/// What is asked in this check.
pub(super) fn questions<'e>(
    execution: &Execution,
    ours: &'e [Endpoint],
    check: &Check,
) -> Vec<Question<'e>> {
    let secrets = execution.secrets();
    let mut all: BTreeMap<&str, Question<'e>> = BTreeMap::new();
    let there = ours.iter().filter(|one| one.state == State::Available);
    for endpoint in there {
        let stays =
            holders(&endpoint.tags).filter(|(request, _)| !leaves(endpoint, request, check));
        let confirmed = stays.filter(|(_, mark)| built_in(mark).is_some());
        for word in confirmed.filter_map(|(_, mark)| AtVendor::word_in(mark)) {
            let Some(at) = AtVendor::of_word(word, &secrets) else {
                continue;
            };
            let question = all.entry(word).or_insert_with(|| Question {
                word,
                at,
                endpoints: Vec::new(),
            });
            if !question.endpoints.iter().any(|one| one.id == endpoint.id) {
                question.endpoints.push(endpoint);
            }
        }
    }
    in_turn(all.into_values().collect(), execution.started())
}

/// Asks. What is not answered tells nothing, and keeps nobody from the rest of the check. What somebody works on may be anything: not
/// done before it is known who does.
pub(super) async fn ask(
    outside: &Outside<'_>,
    execution: &Execution,
    questions: Vec<Question<'_>>,
    check: &mut Check,
    began: Time,
) -> Reply<bool> {
    let worked_on = match runs::worked_on(outside, execution, check).await? {
        WorkedOn::These(all) => all,
        WorkedOn::Unknown => {
            check.leave_untried("TiDB Cloud (it is not known who works on what connects to it)");
            return Ok(true);
        }
        WorkedOn::Later => return Ok(false),
    };
    let is_free = |one: &&Endpoint| !holders(&one.tags).any(|(id, _)| worked_on.has(id));
    let mut refused: BTreeMap<SecretArn, VendorWrong> = BTreeMap::new();
    for mut question in questions {
        question.endpoints.retain(is_free);
        if question.endpoints.is_empty() {
            continue;
        }
        let key = question.at.key().clone();
        if let Some(wrong) = refused.get(&key) {
            let seen = question.answered(|_| Vendor::Wrong(wrong.clone()));
            check.vendors.extend(seen);
            continue;
        }
        if outside.clock.now().since(began) > PATIENCE {
            let why = "TiDB Cloud, of some connections (it takes its time)";
            check.untried.push(why.to_owned());
            break;
        }
        let error = match ask_one(outside, &question).await {
            Ok(seen) => {
                check.vendors.extend(seen);
                continue;
            }
            Err(error) => error,
        };
        if let Some(wrong) = of_key(&key, &error) {
            let seen = question.answered(|_| Vendor::Wrong(wrong.clone()));
            check.vendors.extend(seen);
            if error.is_of_key() {
                refused.insert(key, wrong);
            }
            continue;
        }
        check.untried.push(format!("TiDB Cloud ({error})"));
        if !matches!(error, CallError::Refused { .. }) {
            break;
        }
    }
    Ok(true)
}

/// What is wrong with the key, if the call failed for that. The words are the same each time, and none of them is the vendor's.
fn of_key(key: &SecretArn, error: &CallError) -> Option<VendorWrong> {
    error.credentials_problem()?;
    let code = error.code()?;
    let now = match error.action() {
        READ_SECRET => format!("no key can be read from {key} ({code})"),
        _ => format!("TiDB Cloud refuses the key in {key} ({code})"),
    };
    Some(VendorWrong::Key(now))
}

async fn ask_one(outside: &Outside<'_>, question: &Question<'_>) -> Reply<Vec<VendorSeen>> {
    let tidb = outside.tidb_cloud;
    match &question.at {
        AtVendor::Serverless(of) => {
            let id = &of.cluster;
            let found = tidb.serverless_cluster(of).await?;
            Ok(question.answered(|endpoint| match &found {
                None => Vendor::wrong(format!("TiDB Cloud knows no cluster {id}")),
                Some(cluster) if is_going(&cluster.state) => {
                    Vendor::wrong(format!("cluster {id} is {}", cluster.state))
                }
                Some(cluster) => match &cluster.private {
                    None => Vendor::Unknown,
                    Some(private) if private.service == endpoint.service => Vendor::Fine,
                    Some(private) => Vendor::wrong(format!(
                        "the endpoint service of cluster {id} is {}",
                        private.service
                    )),
                },
            }))
        }
        AtVendor::Dedicated(at) => {
            let NodeGroupId { cluster, group } = &at.group;
            let listed = match tidb.registrations(at).await {
                // A secret may be missing as well.
                Err(error) if error.is_missing() && !error.is_of_key() => {
                    let now =
                        format!("TiDB Cloud knows no node group {group} of cluster {cluster}");
                    return Ok(question.answered(|_| Vendor::wrong(now.clone())));
                }
                listed => listed?,
            };
            Ok(question.answered(|endpoint| {
                let id = endpoint.id.as_str();
                let its = listed.iter().find(|one| one.endpoint_id == id);
                match its.map_or("DISCOVERED", |one| one.state.as_str()) {
                    "ACTIVE" => Vendor::Fine,
                    // TiDB Cloud sees it at most, and nobody has registered it.
                    "DISCOVERED" => {
                        Vendor::wrong(format!("it is not registered at cluster {cluster}"))
                    }
                    state @ ("FAILED" | "DELETING") => {
                        Vendor::wrong(format!("cluster {cluster} has it as {state}"))
                    }
                    // It is at work on it; or a word that nobody documents.
                    _ => Vendor::Unknown,
                }
            }))
        }
    }
}
