//! An enum whose variants are modules of the same form.

/// Declares the module of each kind and an enum over the kinds: the kind's name tags it in JSON, and it can be asked for
/// whatever the trait asks of every kind.
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
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Self::$kind(_) => $name,)+
                }
            }
        }

        impl std::ops::Deref for $all {
            type Target = dyn $asked;

            fn deref(&self) -> &Self::Target {
                match self {
                    $(Self::$kind(one) => one,)+
                }
            }
        }
    };
}
