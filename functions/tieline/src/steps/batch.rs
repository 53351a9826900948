//! Many executions, some of them in each step: Step Functions allows an account 250 looks at one of them at once, and then 10 a second
//! (developer guide, "Service quotas": `DescribeExecution`; some more in three Regions).

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::execution::LookedUpTo;
use crate::outside::{CallError, Reply};
use crate::time::Time;

/// How many are looked at in one step.
const MANY: usize = 200;

/// After how many seconds as many may be looked at again.
pub(super) const REFILL: u64 = 20;

/// How far they were looked at, by what was looked for.
pub(super) type Looked = BTreeMap<String, LookedUpTo>;

/// Those that one step looks at, the oldest first: what began before something else is a set that does not grow, so its youngest come
/// last, by when Step Functions lists all of them.
pub(super) struct Batch {
    key: String,
    all: usize,
    to_look: VecDeque<LookedUpTo>,
    later: usize,
    /// Whether they are all that there is. Then each step looks at all of them: one that had ended may run again.
    is_whole: bool,
    current: Option<LookedUpTo>,
    up_to: Option<LookedUpTo>,
    is_held: bool,
    taken: usize,
}

impl Batch {
    /// Those among executions (or their ends) that were not looked at before.
    pub(super) fn of(
        key: String,
        all: impl IntoIterator<Item = (String, Time)>,
        looked: &Looked,
    ) -> Self {
        let all = all.into_iter().map(|(arn, at)| LookedUpTo { at, arn });
        let mut all: Vec<LookedUpTo> = all.collect();
        all.sort();
        all.dedup();
        let count = all.len();
        let is_whole = count <= MANY;
        let up_to = looked.get(&key).filter(|_| !is_whole).cloned();
        all.retain(|one| up_to.as_ref().is_none_or(|up_to| one > up_to));
        let later = all.len().saturating_sub(MANY);
        all.truncate(MANY);
        Self {
            key,
            all: count,
            to_look: all.into(),
            later,
            is_whole,
            current: None,
            up_to,
            is_held: false,
            taken: 0,
        }
    }

    /// The next one, which is to be looked at now.
    pub(super) fn take(&mut self) -> Option<(String, Time)> {
        self.current = self.to_look.pop_front();
        self.taken += 1;
        let one = self.current.as_ref()?;
        Some((one.arn.clone(), one.at))
    }

    /// Nobody has to look at that one again.
    pub(super) fn passes(&mut self) {
        let passed = self.current.take().filter(|_| !self.is_held);
        if passed.is_some() {
            self.up_to = passed;
        }
    }

    /// It is what was looked for, or not known: it is looked at again, and so are those behind it.
    pub(super) fn holds(&mut self) {
        self.is_held = true;
    }

    /// Step Functions asks for time. The looks before count all the same, if there were some and a later step need not repeat them.
    ///
    /// # Errors
    ///
    /// The same error where they do not.
    pub(super) fn put_off(&mut self, error: CallError) -> Reply<()> {
        if self.is_whole || self.taken < 2 {
            return Err(error);
        }
        self.later += self.to_look.len() + 1;
        self.to_look.clear();
        Ok(())
    }

    /// How many there are in all, looked at or not.
    pub(super) fn all(&self) -> usize {
        self.all
    }

    /// How many are left for another step.
    pub(super) fn left(&self) -> usize {
        self.later + self.to_look.len()
    }

    pub(super) fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Remembers how far it came. Those of the last `late` are looked at again: one that is older may be listed after them.
    pub(super) fn note(self, looked: &mut Looked, now: Time, late: Duration) {
        let late = u64::try_from(late.as_millis()).unwrap_or(u64::MAX);
        let listed = LookedUpTo {
            at: Time(now.0.saturating_sub(late)),
            arn: String::new(),
        };
        match self.up_to.filter(|_| !self.is_whole) {
            Some(up_to) => looked.insert(self.key, up_to.min(listed)),
            None => looked.remove(&self.key),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATE: Duration = Duration::from_secs(180);

    fn executions(count: u64) -> Vec<(String, Time)> {
        let all = (0..count).rev();
        all.map(|at| (format!("arn:{at:04}"), Time(at))).collect()
    }

    /// Which are looked at in a step: the first and the last of them, how many, and how many are left.
    fn step(
        looked: &mut Looked,
        count: u64,
        now: u64,
        held: Option<u64>,
    ) -> (u64, u64, u64, usize) {
        let mut batch = Batch::of("a".to_owned(), executions(count), looked);
        let mut seen = Vec::new();
        while let Some((_, at)) = batch.take() {
            seen.push(at.0);
            match held == Some(at.0) {
                true => batch.holds(),
                false => batch.passes(),
            }
        }
        let left = batch.left();
        batch.note(looked, Time(now), LATE);
        let ends = |at: Option<&u64>| at.copied().unwrap_or(u64::MAX);
        let many = u64::try_from(seen.len()).unwrap();
        (ends(seen.first()), ends(seen.last()), many, left)
    }

    #[test]
    fn each_is_looked_at_once_where_they_are_many() {
        let mut looked = Looked::new();
        let later = 1_000_000;
        assert_eq!(step(&mut looked, 700, later, None), (0, 199, 200, 500));
        assert_eq!(step(&mut looked, 700, later, None), (200, 399, 200, 300));
        assert_eq!(step(&mut looked, 700, later, None), (400, 599, 200, 100));
        assert_eq!(step(&mut looked, 700, later, None), (600, 699, 100, 0));
        // Somebody began since.
        assert_eq!(step(&mut looked, 702, later, None), (700, 701, 2, 0));
    }

    #[test]
    fn all_are_looked_at_each_time_where_they_are_few() {
        let mut looked = Looked::new();
        for _ in 0..2 {
            assert_eq!(step(&mut looked, 200, 1_000_000, None), (0, 199, 200, 0));
            assert!(looked.is_empty());
        }
    }

    #[test]
    fn what_was_found_and_what_may_be_listed_late_is_looked_at_again() {
        let mut looked = Looked::new();
        let later = 1_000_000;
        assert_eq!(step(&mut looked, 202, later, Some(10)), (0, 199, 200, 2));
        assert_eq!(step(&mut looked, 202, later, None), (10, 201, 192, 0));

        let mut looked = Looked::new();
        let soon = 180_000 + 100;
        assert_eq!(step(&mut looked, 202, soon, None), (0, 199, 200, 2));
        assert_eq!(step(&mut looked, 202, soon, None), (100, 201, 102, 0));
    }

    #[test]
    fn looks_before_a_throttle_count_where_they_are_many() {
        let error = || CallError::unavailable("states:DescribeExecution", "throttled");
        let mut looked = Looked::new();
        let mut batch = Batch::of("a".to_owned(), executions(400), &looked);
        batch.take();
        assert!(batch.put_off(error()).is_err());
        let mut batch = Batch::of("a".to_owned(), executions(400), &looked);
        for _ in 0..50 {
            batch.take();
            batch.passes();
        }
        batch.take();
        assert!(batch.put_off(error()).is_ok());
        assert_eq!((batch.take(), batch.left()), (None, 350));
        batch.note(&mut looked, Time(1_000_000), LATE);
        assert_eq!(looked["a"].at, Time(49));

        let mut batch = Batch::of("a".to_owned(), executions(3), &looked);
        for _ in 0..2 {
            batch.take();
            batch.passes();
        }
        assert!(batch.put_off(error()).is_err());
    }
}
