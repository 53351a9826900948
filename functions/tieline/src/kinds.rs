//! An enum whose variants are modules of the same form.

/// Declares an enum over kinds that live in modules of their own: the kind's name tags it in JSON, and `kind` hands out
/// what every kind can be asked for.
macro_rules! kinds {
    (
        $(#[$doc:meta])*
        pub enum $all:ident: $asked:ident {
            $($module:ident::$kind:ident = $name:literal,)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "kind")]
        pub enum $all {
            $(
                #[doc = concat!("`", $name, "`")]
                #[serde(rename = $name)]
                $kind($module::$kind),
            )+
        }

        impl $all {
            /// The name of its kind.
            pub fn kind_name(&self) -> &'static str {
                match self {
                    $(Self::$kind(_) => $name,)+
                }
            }

            /// What it says for itself, whatever its kind.
            pub fn kind(&self) -> &dyn $asked {
                match self {
                    $(Self::$kind(one) => one,)+
                }
            }
        }
    };
}
