//! What an endpoint was when it was confirmed, as its marks say it in digests, and how it differs from that now.

use super::Form;
use crate::json::{canonical, policy};
use crate::outside::Endpoint;
use crate::problem::short;

/// How requests call an endpoint's groups.
pub const GROUPS: &str = "network.securityGroupIds";

/// An endpoint has one subnet a zone, and no Region has so many zones.
const MOST_SUBNETS: usize = 12;

impl Form {
    /// What an endpoint was when it was confirmed, in four digests of four digits: its subnets, groups, policy and names. From
    /// them can be told later which of these has changed.
    pub fn built(&self) -> String {
        let said = [
            listed(&self.subnets, " "),
            listed(&self.groups, " "),
            policy::canonical(self.policy.as_deref()),
            format!("{} {}", self.private_dns, self.inbound_only),
        ];
        said.map(|text| digest(&text)).join("-")
    }

    /// Which of its fields are others than these digests say, as requests call them, each with its value.
    pub fn drift(&self, built: &str) -> Vec<(&'static str, String)> {
        let is = self.built();
        let fields = [
            ("network.subnetIds", listed(&self.subnets, ", ")),
            (GROUPS, listed(&self.groups, ", ")),
            (
                "policy",
                short(self.policy.as_deref().unwrap_or("full"), 200),
            ),
            ("privateDns", self.private_dns.to_string()),
        ];
        let differ = built
            .split('-')
            .zip(is.split('-'))
            .map(|(was, is)| was != is);
        let both = differ.zip(fields);
        both.filter(|(differs, _)| *differs)
            .map(|(_, field)| field)
            .collect()
    }

    /// Whether its groups are those that these digests say.
    pub fn has_groups_of(&self, built: &str) -> bool {
        !self.drift(built).iter().any(|(field, _)| *field == GROUPS)
    }

    /// Whether it lacks a subnet that it had when it was confirmed: no choice of those that it has now is what it had then.
    pub fn has_lost_subnets(&self, built: &str) -> bool {
        let all = Vec::from_iter(&self.subnets);
        let was = built.split('-').next().unwrap_or_default();
        let is_it = |chosen: usize| {
            let some = all.iter().enumerate();
            let some = some.filter(|(at, _)| chosen & (1 << at) != 0);
            digest(&listed(some.map(|(_, id)| *id), " ")) == was
        };
        all.len() <= MOST_SUBNETS && !(0..1_usize << all.len()).any(is_it)
    }
}

fn listed<'i>(ids: impl IntoIterator<Item = &'i String>, between: &str) -> String {
    Vec::from_iter(ids.into_iter().map(String::as_str)).join(between)
}

fn digest(text: &str) -> String {
    canonical::digest(&[text])[..4].to_owned()
}

/// Which of its fields an endpoint has changed in since it was confirmed, as requests call them, each with its value now.
pub fn drift(built: &str, endpoint: &Endpoint) -> Vec<(&'static str, String)> {
    Form::of(endpoint).drift(built)
}

#[cfg(test)]
mod tests {
    use super::super::change::tests::form;
    use super::*;

    #[test]
    fn what_was_lost_is_told_from_what_came() {
        let built = form(&["a", "b"], &["g"]).built();
        for (subnets, has_lost) in [
            (&["a", "b"][..], false),
            (&["b", "c", "a"], false),
            (&["a"], true),
            (&["a", "c"], true),
            (&[], true),
        ] {
            let now = form(subnets, &["g"]);
            assert_eq!(now.has_lost_subnets(&built), has_lost, "{subnets:?}");
        }
    }

    #[test]
    fn each_field_differs_by_itself() {
        let built = form(&["a", "b"], &["g"]).built();
        assert_eq!(form(&["a", "b"], &["g"]).drift(&built), []);
        let other = form(&["a", "b"], &["g", "h"]);
        assert_eq!(other.drift(&built), [(GROUPS, "g, h".to_owned())]);
        assert!(!other.has_groups_of(&built));
        assert!(form(&["a"], &["g"]).has_groups_of(&built));
    }
}
