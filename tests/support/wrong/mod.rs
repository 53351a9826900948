//! Deliberately wrong variants of the protocols, as switches between the functions and the world: a test that guards a protocol has
//! to fail under the variants of it. What is wrong is made so from outside (a mark that is not shown, a wait that is an error), because
//! that is what the functions would have done had they not looked at the mark or asked for the wait.

mod calls;
mod steps;

use std::cell::Cell;
use std::panic::{catch_unwind, set_hook, take_hook};

pub(crate) use calls::{answer, call};
pub(crate) use steps::{event, step};

/// What is done wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// A clean up does not wait for calls in flight.
    NothingSettles,
    /// The last holder leaves without saying so first.
    LeavingIsNotSaid,
    /// Marks do not say which execution makes a thing, so that whoever cleans up does not know whom to ask first.
    MarksNameNoExecution,
    /// Nobody asks which executions run.
    NobodyElseRuns,
    /// An execution that has failed counts as one that is at work.
    FailuresAreAtWork,
    /// A clean up begins after a failure that was announced.
    FailedStartsFailed,
    /// A confirmed connection is taken for one that is being made.
    ConfirmationIsForgotten,
    /// What no request holds is removed by whoever fails.
    UnheldIsRemoved,
    /// No answer is an error and not a wait.
    OutagesAreErrors,
    /// Time in which a service only put us off counts against the phase.
    OutagesCount,
    /// Throttles are taken for refusals.
    ThrottlesAreRefusals,
    /// Two stacks use one token.
    TokensNameNoStack,
    /// Marks do not say whose stack a thing is.
    MarksNameNoStack,
    /// A result that is not taken is not tried again.
    ResultsAreTriedOnce,
    /// The results of one event have an id each.
    ResultsHaveIdsOfTheirOwn,
    /// Nobody counts the tags of what is shared.
    TagsAreNotCounted,
    /// Every VPC takes part.
    EveryVpcTakesPart,
    /// Every secret serves every VPC.
    SecretsServeEveryVpc,
    /// The caller's tags are on the endpoint only.
    OnlyEndpointsAreTagged,
    /// A zone has no record for its own name.
    ApexesAreLeftOut,
    /// All that is below a zone leads to the Regional name.
    BrokersAreOne,
    /// A name without its star is announced as a host.
    WildcardsAreHosts,
    /// Services have one form of name.
    ServicesAreGlued,
    /// Whatever a group lets in is everybody.
    EveryGroupIsOpen,
    /// A service has eight ports beside its first.
    PortsAreCutOff,
    /// No subnet says that it is for endpoints.
    SubnetsAreNotMarked,
    /// Network ACLs and resolvers are as VPCs begin with.
    SurroundingsAreUsual,
    /// Every route table leads out.
    EveryRouteLeadsOut,
    /// A key's refusal is taken for the secret's.
    KeysAreNotNamed,
    /// An endpoint has the addresses that EC2 gives it where nothing is said.
    AddressTypesAreLeftOut,
    /// Groups of our own let in blocks of IPv4 only.
    OnlyIpv4IsLetIn,
    /// Whom a prefix list lets in is everybody.
    PrefixListsAreEverybody,
    /// The names are switched on without a proof of the path.
    PathsCountAsProven,
    /// Names that are on count as resolving.
    NamesCountAsProven,
    /// Whoever answers counts, whatever certificate it has.
    CertificatesAreNotChecked,
    /// Whoever lets a connection in counts, whatever it says.
    ProtocolsAreNotSpoken,
    /// A verifier that does not answer at once never will.
    VerifiersAreAskedOnce,
    /// A removal takes an endpoint while names lead to it.
    NamesStayOn,
    /// A removal sees one of those who hold an endpoint, and no other.
    OthersAreNotSeen,
    /// A removal knows of the endpoint, and of nothing that belongs to it.
    PartsAreForgotten,
    /// A change takes away first, and then adds.
    NarrowsFirst,
    /// A change that failed is rolled back as if it had made the endpoint.
    ChangesAreForgotten,
    /// What was told of a connection is not noted.
    DegradedIsNotNoted,
    /// Marks do not say what was confirmed.
    DriftIsNotSeen,
}

thread_local! {
    static NOW: Cell<Option<Wrong>> = const { Cell::new(None) };
}

impl Wrong {
    /// It is done wrongly from now on, and what was done wrongly before is forgotten.
    fn begin(self) {
        calls::forget();
        NOW.set(Some(self));
    }

    /// Whether a test fails while this is done wrongly.
    pub fn is_noticed_by(self, test: fn()) -> bool {
        self.begin();
        let hook = take_hook();
        // What it says as it fails is of no interest.
        set_hook(Box::new(|_| {}));
        let failed = catch_unwind(test).is_err();
        set_hook(hook);
        NOW.set(None);
        failed
    }

    /// Does something while this is done wrongly.
    pub fn during<T>(self, work: impl FnOnce() -> T) -> T {
        self.begin();
        let done = work();
        NOW.set(None);
        done
    }

    pub(crate) fn is_now(self) -> bool {
        NOW.get() == Some(self)
    }
}
