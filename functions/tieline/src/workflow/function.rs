//! The Lambda functions: the one list of them.

use strum::{IntoStaticStr, VariantArray};

/// A function, which carries out one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case", const_into_str)]
pub enum Function {
    Preflight,
    CreateEndpoint,
    StatusPolling,
    EnableDns,
    ConfirmConnection,
    DeleteEndpoint,
}

impl Function {
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The name of its package and its folder.
    pub const fn name(self) -> &'static str {
        self.into_str()
    }

    /// Its logical id in the template.
    pub fn logical_id(self) -> String {
        let words = self.name().split('-').map(|word| {
            let (first, rest) = word.split_at(1);
            format!("{}{rest}", first.to_ascii_uppercase())
        });
        words.chain(["Function".to_owned()]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logical_id_is_the_name_in_another_case() {
        assert_eq!(Function::EnableDns.logical_id(), "EnableDnsFunction");
    }
}
