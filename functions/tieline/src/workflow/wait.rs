//! How long to wait before the next look.

use std::time::Duration;

/// The longest wait between two looks, in seconds.
pub const LONGEST_POLL: u64 = 60;

/// The same while a person must act.
pub const LONGEST_FOR_A_PERSON: u64 = 300;

/// In which share of its phase what was tried has to work, or the verifier to answer.
pub(super) const SOON: u32 = 4;

/// A tenth of the time already waited, at least 5 s and at most `longest`, so that success is noticed at most a tenth late
/// and the number of looks stays logarithmic.
pub fn wait_seconds(waited: Duration, longest: u64) -> u64 {
    (waited.as_secs() / 10).clamp(5, longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_with_the_time_already_waited() {
        let waits = [0, 49, 50, 300, 600, 100_000]
            .map(|waited| wait_seconds(Duration::from_secs(waited), LONGEST_POLL));

        assert_eq!(waits, [5, 5, 5, 30, 60, 60]);
        let person = wait_seconds(Duration::from_secs(100_000), LONGEST_FOR_A_PERSON);
        assert_eq!(person, 300);
    }
}
