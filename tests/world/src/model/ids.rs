//! Ids that look like AWS's and are the same in every run.

/// A source of ids.
#[derive(Debug, Clone, Default)]
pub struct Ids {
    made: u64,
}

impl Ids {
    /// A resource id: the prefix and 17 hexadecimal digits (EC2 user guide, "Resource IDs").
    pub(crate) fn resource(&mut self, prefix: &str) -> String {
        format!("{prefix}-0{:016x}", self.next())
    }

    /// The part of an endpoint's DNS name that follows its id, as `d849uc2p` (Aurora DSQL user
    /// guide's example).
    pub(crate) fn dns_hash(&mut self) -> String {
        self.letters(8)
    }

    /// A DSQL cluster id: 26 of `a-z0-9` (DSQL service model, `ClusterId`).
    pub(crate) fn cluster(&mut self) -> String {
        self.letters(26)
    }

    /// A code of capital letters and digits, as DMS, Route 53 and IAM have them in their ids.
    pub(crate) fn code(&mut self, length: usize) -> String {
        self.letters(length).to_uppercase()
    }

    /// A request id: a version 4 UUID in form.
    pub(crate) fn request(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            a >> 32,
            a & 0xffff,
            (a >> 16) & 0xfff,
            b >> 52,
            b & 0xffff_ffff_ffff
        )
    }

    /// A TiDB Cloud id: 19 digits.
    pub(crate) fn digits(&mut self) -> String {
        format!("1{:018}", self.next() % 1_000_000_000_000_000_000)
    }

    /// A trace id or a nonce: 32 hexadecimal digits.
    pub(crate) fn hexadecimal(&mut self) -> String {
        format!("{:016x}{:016x}", self.next(), self.next())
    }

    /// An id with a prefix and six letters and digits, as Confluent's `pla-xv9k2d`.
    pub(crate) fn short(&mut self, prefix: &str) -> String {
        format!("{prefix}-{}", self.letters(6))
    }

    fn letters(&mut self, count: usize) -> String {
        const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz234567";
        (0..count)
            .map(|_| char::from(ALPHABET[(self.next() % 32) as usize]))
            .collect()
    }

    /// The next number of the splitmix64 sequence: no two ids are alike, and none looks counted.
    fn next(&mut self) -> u64 {
        self.made += 1;
        let mut mixed = self.made.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
