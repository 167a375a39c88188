//! Names of the variants of an enum, from one list.

/// A name that no variant of an enum has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} `{name}`, expected one of {}", known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))]
#[non_exhaustive]
pub struct UnknownName {
    /// The word for the enum in errors.
    pub what: &'static str,
    /// The name.
    pub name: String,
    /// The known names.
    pub known: Vec<&'static str>,
}

impl UnknownName {
    /// An error about the name `name` of a `what`.
    pub fn new(what: &'static str, name: &str, known: Vec<&'static str>) -> Self {
        Self { what, name: name.to_string(), known }
    }
}

/// Gives an enum without fields the names of its variants: `ALL`, `name`, `from_name`, `Display` and `FromStr`.
#[doc(hidden)]
#[macro_export]
macro_rules! names {
    ($of:ident, $what:literal { $($variant:ident = $name:literal),* $(,)? }) => {
        impl $of {
            /// All variants.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$variant),*];

            /// The name in files and records.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The variant with this name.
            pub fn from_name(name: &str) -> ::std::option::Option<Self> {
                Self::ALL.into_iter().find(|one| one.name() == name)
            }
        }

        impl ::std::fmt::Display for $of {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl ::std::str::FromStr for $of {
            type Err = $crate::UnknownName;

            fn from_str(name: &str) -> ::std::result::Result<Self, $crate::UnknownName> {
                Self::from_name(name)
                    .ok_or_else(|| $crate::UnknownName::new($what, name, Self::ALL.map(Self::name).to_vec()))
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use std::fmt::{Debug, Display};
    use std::str::FromStr;

    use super::UnknownName;
    use crate::moments::{Incomplete, Precision};
    use crate::{Coordinates, Termination};

    fn lead_back<T: Copy + Debug + PartialEq + Display + FromStr<Err = UnknownName>>(all: &[T]) {
        for one in all {
            assert_eq!(one.to_string().parse(), Ok(*one));
        }
        assert!(!all.is_empty() && "none of them".parse::<T>().is_err());
    }

    #[test]
    fn every_name_leads_back() {
        lead_back(&Coordinates::ALL);
        lead_back(&Termination::ALL);
        lead_back(&Incomplete::ALL);
        lead_back(&Precision::ALL);
        for one in Termination::ALL {
            assert_eq!(serde_json::to_string(&one).expect("serialises"), format!("\"{one}\""));
        }
        assert_eq!(format!("{:>10}|", Coordinates::Input), "     input|");
        assert_eq!(
            "triple".parse::<Precision>().expect_err("no such").to_string(),
            "unknown precision `triple`, expected one of `double`, `single`"
        );
    }
}
