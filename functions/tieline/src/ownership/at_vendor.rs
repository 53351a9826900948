//! What a vendor is asked about a confirmed connection, and with which secret's key: a word of its mark, since only its request says it.

use super::callers_tags::KEPT_FREE;
use super::is_confirmed;
use super::verified::LONGEST;
use crate::ids::SecretArn;
use crate::outside::tidb_cloud::{NodeGroupId, TidbCluster, TidbNodeGroup};

/// Begins that word; no other one does.
const VENDOR: char = 'k';

/// What stands behind that: for a Starter or Essential cluster, and for a node group of a Dedicated one.
const SERVERLESS: char = 's';
const DEDICATED: char = 'd';

/// Who is asked about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AtVendor {
    Serverless(TidbCluster),
    Dedicated(TidbNodeGroup),
}

impl AtVendor {
    /// The secret with the key.
    pub fn key(&self) -> &SecretArn {
        match self {
            Self::Serverless(of) => &of.key,
            Self::Dedicated(at) => &at.key,
        }
    }

    /// A confirmed connection's mark that says it, if there is room. `secrets` is what the ARNs of the account's secrets begin with: of
    /// others nothing is said, whose keys no function may read.
    pub fn noted_in(&self, mark: &str, secrets: &str) -> String {
        let with = self.word(secrets).map(|word| format!("{mark}.{word}"));
        let with = with.filter(|with| with.len() + KEPT_FREE <= LONGEST);
        with.unwrap_or_else(|| mark.to_owned())
    }

    fn word(&self, secrets: &str) -> Option<String> {
        let name = self.key().as_str().strip_prefix(secrets)?;
        // A point would end the word, and no secret's name has a colon (Secrets Manager API reference, `CreateSecret`).
        let name = (!name.contains(':')).then(|| name.replace('.', ":"))?;
        Some(match self {
            Self::Serverless(of) => format!("{VENDOR}{SERVERLESS}{}/{name}", of.cluster),
            Self::Dedicated(at) => {
                let NodeGroupId { cluster, group } = &at.group;
                format!("{VENDOR}{DEDICATED}{cluster}_{group}/{name}")
            }
        })
    }

    /// The word for it in the mark of a confirmed connection.
    pub fn word_in(mark: &str) -> Option<&str> {
        let mut words = mark.split('.').skip(2);
        let word = words.find(|word| word.starts_with(VENDOR));
        word.filter(|_| is_confirmed(mark))
    }

    /// What such a word says.
    pub fn of_word(word: &str, secrets: &str) -> Option<Self> {
        let (id, name) = word.strip_prefix(VENDOR)?.split_once('/')?;
        let name = name.replace(':', ".");
        let key: SecretArn = format!("{secrets}{name}").parse().ok()?;
        if let Some(cluster) = id.strip_prefix(SERVERLESS) {
            let cluster = cluster.parse().ok()?;
            return Some(Self::Serverless(TidbCluster { key, cluster }));
        }
        let (cluster, group) = id.strip_prefix(DEDICATED)?.split_once('_')?;
        let group = NodeGroupId {
            cluster: cluster.parse().ok()?,
            group: group.parse().ok()?,
        };
        Some(Self::Dedicated(TidbNodeGroup { key, group }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Noticed, built_in, since_in, tags_gone, with_noticed};
    use super::*;
    use crate::outside::Tags;

    const SECRETS: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:";
    const MARK: &str = "0123456789abcdef.ready.d1a2-3c4d-5e6f-7089";

    fn both(name: &str) -> [AtVendor; 2] {
        let key: SecretArn = format!("{SECRETS}{name}").parse().unwrap();
        let serverless = TidbCluster {
            key: key.clone(),
            cluster: "10357519063427187436".parse().unwrap(),
        };
        let group = NodeGroupId {
            cluster: "1379661944646413143".parse().unwrap(),
            group: "1916873312349872128".parse().unwrap(),
        };
        [
            AtVendor::Serverless(serverless),
            AtVendor::Dedicated(TidbNodeGroup { key, group }),
        ]
    }

    #[test]
    fn a_mark_says_who_is_asked_with_which_secret() {
        for at in both("tieline/tidb.cloud-d-Xk2Lq9") {
            let mark = at.noted_in(MARK, SECRETS);
            let word = AtVendor::word_in(&mark).unwrap();
            assert_eq!(AtVendor::of_word(word, SECRETS), Some(at));
            assert_eq!(built_in(&mark), built_in(MARK));
            // No other word is mistaken for it, nor it for another one.
            let noticed = Noticed {
                shown: "deadbeef".to_owned(),
                vendor: "1a2b".to_owned(),
                ..Noticed::default()
            };
            let told = with_noticed(&mark, &noticed);
            assert_eq!(AtVendor::word_in(&told), Some(word));
            assert_eq!(Noticed::in_mark(&told), noticed);
            assert_eq!(Noticed::in_mark(&mark), Noticed::default());
            assert_eq!(since_in(&mark), None);
            assert_eq!(tags_gone(&mark, &Tags::new()), 0);
        }
        assert_eq!(AtVendor::word_in(MARK), None);
        for word in ["ks/a", "kd1/a", "kx1/a", "ks1", "ks1/", "kd1_/a"] {
            assert_eq!(AtVendor::of_word(word, SECRETS), None, "{word}");
        }
    }

    #[test]
    fn without_room_or_for_a_secret_elsewhere_it_says_nothing() {
        let [at, _] = both("tieline/tidb-cloud-Xk2Lq9");
        let full = format!("{MARK}.{}", "z01234567-89ab".repeat(10));
        assert_eq!(at.noted_in(&full, SECRETS), full);
        let elsewhere = SECRETS.replace("us-east-1", "us-west-2");
        assert_eq!(at.noted_in(MARK, &elsewhere), MARK);
        let [colon, _] = both("a:b");
        assert_eq!(colon.noted_in(MARK, SECRETS), MARK);
    }
}
