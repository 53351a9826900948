//! What a roll back has to remove: everything that this request made, as EC2 and the vendors show it now.

use crate::execution::Progress;
use crate::ids::EndpointId;
use crate::outside::{Endpoint, Group};
use crate::parts::Part;
use crate::plan::Plan;
use crate::time::Time;

/// What is to become of an endpoint that this request holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// It is confirmed, by this or by another run of the request.
    Stays,
    /// Another execution of an equal request is at work on it.
    IsAnothers,
    /// Other requests hold it. Whoever leaves says so first: the last two may be leaving at the same moment.
    LosesTags,
    /// Nobody else holds it. It is said first that nobody is to claim it any more.
    Closes,
    /// That was said, and calls that began before may still have to show.
    IsClosing,
    /// Somebody holds it all the same: it stays with them.
    Reopens,
    IsDeleted,
    IsGoing,
    IsGone,
}

/// What comes before anything else of a connection goes that clients use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum First {
    #[default]
    Nothing,
    /// It is said that nobody is to claim the endpoint any more.
    Close,
    /// Claims from before that may still have to show.
    Settle,
    /// The names that lead to the endpoint go off.
    NamesOff(EndpointId),
    /// That was ordered.
    NamesGoOff,
}

/// What this request made, as EC2 and the vendors show it now.
#[derive(Debug, Default)]
pub struct Inventory {
    pub first: First,
    /// What else the connection is made of. It is removed first, the last made part before the others.
    pub parts: Remaining,
    pub endpoints: Vec<(Endpoint, Disposition)>,
    /// The endpoint that the request had and that does not carry its tags: adopted, or lent by other requests.
    pub lent: Option<Endpoint>,
    /// The group of our own, if nobody needs it.
    pub group: Option<Group>,
    /// Whether another execution of an equal request is in its check: it may come to need what is there.
    pub is_one_checking: bool,
}

/// What is left of a plan's parts.
#[derive(Debug, Default)]
pub struct Remaining {
    /// What is to be removed, in the order in which it was made.
    pub parts: Vec<RemainingPart>,
    /// The part on which the request is marked as ready.
    pub confirmed: Option<String>,
    /// What may not be looked at, and why.
    pub unseen: Vec<String>,
    /// Whether the request's mark may be on one of these: then all the others are among them.
    pub may_be_marked: bool,
    /// What could not be looked at now, and why.
    pub silent: Vec<String>,
    /// What another execution of an equal request goes on with.
    pub anothers: Vec<String>,
    /// What the request had a part in and others keep.
    pub stays: Vec<StayingPart>,
    /// What leads to what goes, and of which nothing says that it is ours.
    pub behind: Vec<StayingPart>,
    /// What is there in the place of a part, and does not say that it is the request's.
    pub foreign: Vec<StayingPart>,
}

/// A part that is to be removed.
#[derive(Debug)]
pub struct RemainingPart {
    pub part: Part,
    /// Whether it is being removed already.
    pub is_going: bool,
    /// From when on a look tells whether it may go, where claims from before may still have to show.
    pub settles: Option<Time>,
    /// What of it goes, each in words: where others keep the rest, less than all of it.
    pub goes: Vec<String>,
}

/// A part that stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StayingPart {
    /// What it is called where it goes.
    pub name: String,
    /// The same, and with whom it stays, or why.
    pub words: String,
}

impl Remaining {
    /// Whether something is still to be removed, or may be.
    pub fn is_to_go(&self) -> bool {
        !self.parts.is_empty() || !self.silent.is_empty()
    }

    /// The part to remove next, if that has to be ordered. The one before it has to wait: it may still be needed. And
    /// nothing is removed while one is silent: the mark may be on it, or it may still need the others.
    pub fn next(&self) -> Option<&RemainingPart> {
        self.parts
            .last()
            .filter(|last| self.silent.is_empty() && !last.is_going)
    }

    /// From when on a look tells more of the part that goes next.
    pub fn settles(&self) -> Option<Time> {
        self.parts.last().and_then(|last| last.settles)
    }
}

impl Inventory {
    /// The endpoint that this request's parts belong to: the one that is alive, or the last one that was.
    pub fn endpoint(&self) -> Option<&Endpoint> {
        let last = self.endpoints.last();
        self.alive()
            .or(self.lent.as_ref())
            .or(last.map(|(endpoint, _)| endpoint))
    }

    /// The id of that endpoint, also when EC2 does not show it any more.
    pub fn endpoint_id<'a>(&'a self, progress: &'a Progress) -> Option<&'a EndpointId> {
        let shown = self.endpoint().map(|endpoint| &endpoint.id);
        shown.or(progress.endpoint.as_ref())
    }

    /// What is still there, for a person to read.
    pub fn left_over(&self) -> Vec<String> {
        let stays = |name: &dyn std::fmt::Display| {
            format!("{name} (it was marked as ready: it stays until it is removed)")
        };
        let goes_on = |name: &dyn std::fmt::Display| {
            format!("{name} (another execution of the same request goes on with it)")
        };
        let endpoints =
            self.endpoints
                .iter()
                .filter_map(|(endpoint, disposition)| match disposition {
                    Disposition::Stays => Some(stays(&endpoint.id)),
                    Disposition::IsAnothers => Some(goes_on(&endpoint.id)),
                    Disposition::LosesTags
                    | Disposition::Closes
                    | Disposition::IsClosing
                    | Disposition::Reopens
                    | Disposition::IsDeleted
                    | Disposition::IsGoing => Some(endpoint.id.to_string()),
                    Disposition::IsGone => None,
                });
        let confirmed = self.parts.confirmed.iter().map(|name| stays(name));
        let anothers = self.parts.anothers.iter().map(|name| goes_on(name));
        let unseen = self
            .parts
            .unseen
            .iter()
            .chain(&self.parts.silent)
            .map(|what| format!("perhaps {what}"));
        self.parts
            .parts
            .iter()
            .map(|left| left.part.kind().name())
            .chain(confirmed)
            .chain(anothers)
            .chain(unseen)
            .chain(self.parts.behind.iter().map(|one| one.words.clone()))
            .chain(endpoints)
            .chain(self.group.iter().map(|group| group.id.to_string()))
            .collect()
    }

    /// The endpoint of this request that is confirmed.
    pub fn confirmed(&self) -> Option<&Endpoint> {
        let stays =
            |(_, disposition): &&(Endpoint, Disposition)| *disposition == Disposition::Stays;
        self.endpoints
            .iter()
            .find(stays)
            .map(|(endpoint, _)| endpoint)
    }

    /// Whether a confirmed connection of this request is among it. One that its service's owner has rejected since is none any more.
    pub fn has_confirmed(&self) -> bool {
        let endpoint = self.confirmed();
        self.parts.confirmed.is_some() || endpoint.is_some_and(|one| !one.state.is_dead())
    }

    pub fn is_to_go(&self) -> bool {
        self.parts.is_to_go() || self.group.is_some() || !self.endpoints_are_gone()
    }

    /// Whether another execution of an equal request goes on with some of it.
    pub fn is_left_to_another(&self) -> bool {
        let anothers =
            |(_, disposition): &(Endpoint, Disposition)| *disposition == Disposition::IsAnothers;
        !self.parts.anothers.is_empty() || self.endpoints.iter().any(anothers)
    }

    /// Whether no endpoint needs the group of our own any more.
    pub fn endpoints_are_gone(&self) -> bool {
        self.endpoints.iter().all(|(_, disposition)| {
            matches!(
                disposition,
                Disposition::IsGone | Disposition::Stays | Disposition::IsAnothers
            )
        })
    }

    /// The one that is neither gone nor going.
    pub fn alive(&self) -> Option<&Endpoint> {
        let mut all = self.endpoints.iter();
        let alive = all.find(|(_, disposition)| {
            !matches!(disposition, Disposition::IsGone | Disposition::IsGoing)
        });
        alive.map(|(endpoint, _)| endpoint)
    }

    /// Whether something has to be ordered. `patient`: the endpoint waits for its names and its parts.
    pub fn wants_a_call(&self, patient: bool) -> bool {
        match self.first {
            First::Close => return true,
            First::NamesOff(_) if patient => return true,
            First::Settle => return false,
            First::NamesGoOff if patient => return false,
            First::NamesOff(_) | First::NamesGoOff | First::Nothing => {}
        }
        if self.parts.next().is_some() {
            return true;
        }
        if self.parts.is_to_go() && patient {
            return false;
        }
        self.endpoints.iter().any(|(_, disposition)| {
            matches!(
                disposition,
                Disposition::LosesTags
                    | Disposition::Closes
                    | Disposition::Reopens
                    | Disposition::IsDeleted
            )
        }) || (self.group.is_some() && self.endpoints_are_gone())
    }

    /// Whether the endpoint that the run requested last was seen, so that no late answer can bring another.
    pub fn is_accounted_for(&self, plan: &Plan, progress: &Progress) -> bool {
        let seen = |id: &EndpointId| {
            self.endpoints
                .iter()
                .any(|(endpoint, _)| endpoint.id == *id)
        };
        plan.is_adopted() || progress.endpoint.as_ref().is_some_and(seen)
    }
}
