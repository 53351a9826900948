//! Faults at every call: for each target and each of the machines, everything that may go wrong at each call in turn, and
//! pairs of that by chance.

use world::gate::FaultKind;

use crate::cast::{FORMS, Member, TARGETS};
use crate::life::{Hand, Life, Step};
use crate::play::play;
use crate::weather;

/// What is done to a connection while things go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Connect,
    Change,
    Remove,
    /// It was changed by hand, where it has an endpoint of its own, and everything is checked.
    Check,
}

impl Deed {
    const ALL: [Self; 4] = [Self::Connect, Self::Change, Self::Remove, Self::Check];

    fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Change => "change",
            Self::Remove => "remove",
            Self::Check => "check",
        }
    }
}

/// Where faults are placed: a target, and what is done to it.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    target: &'static str,
    deed: Deed,
    /// How many calls that takes when nothing goes wrong.
    calls: u32,
}

impl Place {
    /// Every place whose name begins so.
    #[must_use]
    pub fn all(beginning: &str) -> Vec<Self> {
        let of_target = |target| {
            let deeds = Deed::ALL.into_iter();
            deeds.map(move |deed| Self {
                target,
                deed,
                calls: 0,
            })
        };
        let all = TARGETS.into_iter().flat_map(of_target);
        let possible =
            all.filter(|one| one.deed != Deed::Change || is_changed_in_place(one.target));
        let named = possible.filter(|one| one.name().starts_with(beginning));
        named.map(Self::counted).collect()
    }

    /// The place of a life's name, and the rest of that.
    #[must_use]
    pub fn named(name: &str) -> Option<(Self, &str)> {
        let (place, rest) = name.rsplit_once('/')?;
        let place = Self::all(place).into_iter().next()?;
        Some((place, rest))
    }

    fn counted(self) -> Self {
        let calm = play(&self.life("calm".to_owned(), Vec::new()));
        assert_eq!(calm.broken, None, "{self:?}");
        let calls = u32::try_from(calm.calls_of_last_step).expect("few");
        Self { calls, ..self }
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.target, self.deed.name())
    }

    /// Everything that may go wrong here with one call.
    pub fn singles(self) -> impl Iterator<Item = Life> {
        (1..=self.calls).flat_map(move |nth| {
            weather::kinds().map(move |kind| {
                let name = format!("{nth}.{}", word(kind));
                self.life(name, vec![(nth, kind)])
            })
        })
    }

    /// Two of these by chance.
    #[must_use]
    pub fn pair(self, seed: u64) -> Life {
        let mut dice = fastrand::Rng::with_seed(seed);
        let mut fault = || (dice.u32(1..=self.calls + 10), weather::by_chance(&mut dice));
        let both = vec![fault(), fault()];
        let life = self.life(format!("pair-{seed}"), both);
        Life { seed, ..life }
    }

    /// The life of the rest of a name.
    #[must_use]
    pub fn life_of(self, rest: &str) -> Option<Life> {
        match rest.strip_prefix("pair-") {
            Some(seed) => Some(self.pair(seed.parse().ok()?)),
            None => {
                let name = format!("{}/{rest}", self.name());
                self.singles().find(|life| life.name == name)
            }
        }
    }

    fn life(self, name: String, faults: Vec<(u32, (FaultKind, u32))>) -> Life {
        let (who, form) = (0, FORMS.len() - 1);
        let steps = match self.deed {
            Deed::Connect => vec![Step::Request { who, form }],
            Deed::Change => vec![
                Step::Request { who, form: 0 },
                Step::Rest,
                Step::Change { who, form },
            ],
            Deed::Remove => vec![
                Step::Request { who, form },
                Step::Rest,
                Step::Remove { who, form },
            ],
            Deed::Check => vec![
                Step::Request { who, form },
                Step::Rest,
                Step::Drift {
                    who,
                    hand: Hand::Group,
                },
                Step::Check,
            ],
        };
        let last = steps.len() - 1;
        Life {
            name: format!("{}/{name}", self.name()),
            seed: 1,
            cast: vec![Member::of("orders", self.target)],
            ends_well: !faults.iter().any(|(_, (kind, _))| weather::is_final(*kind)),
            faults: faults
                .into_iter()
                .map(|(nth, kind)| (last, weather::at("*", nth, kind)))
                .collect(),
            steps,
            outcomes: Vec::new(),
        }
    }
}

/// Whether there is something that can be changed in place.
fn is_changed_in_place(target: &str) -> bool {
    target != "tidb-cloud-to-confluent"
}

fn word((kind, count): (FaultKind, u32)) -> String {
    let kind = format!("{kind:?}");
    let kind = kind.split_whitespace().next().unwrap_or_default();
    format!("{kind}.{count}")
}
