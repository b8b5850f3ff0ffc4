//! Every diagnostic code, in ranges by stage; a code is never reused.
//!
//! `VPL01xx` text and grammar, `VPL02xx` names, types and schemas, `VPL03xx` streams and operators,
//! `VPL04xx` not supported, `VPL05xx` configuration and command line, `VPL06xx` warnings and notes.

use super::Severity;

macro_rules! codes {
    ($($variant:ident = $number:literal, $severity:ident, $title:literal, $text:literal;)*) => {
        /// A diagnostic code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Code {
            $(#[doc = $title] $variant = $number,)*
        }

        impl Code {
            /// All codes, in order.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// How grave a diagnostic of this code is.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Code::$variant => Severity::$severity,)* }
            }

            /// What the code stands for, in a few words.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Code::$variant => $title,)* }
            }

            /// The paragraph that `varpulis explain CODE` prints (plain text, may hold an example).
            #[must_use]
            pub fn explanation(self) -> &'static str {
                match self { $(Code::$variant => $text,)* }
            }
        }
    };
}

codes! {
    // 01xx: text and grammar
    UnexpectedToken = 101, Error, "unexpected token",
        "The parser met something that cannot stand at this place.";

    // 02xx: names, types, schemas
    UnknownField = 203, Error, "unknown field",
        "A declared event has no field of this name.";

    // 04xx: not supported
    NotSupported = 401, Error, "not supported yet",
        "The construct is part of the language, but this version does not execute it.";

    // 06xx: warnings and notes
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VPL{:04}", *self as u16)
    }
}

impl std::str::FromStr for Code {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let number = text
            .strip_prefix("VPL")
            .or_else(|| text.strip_prefix("vpl"))
            .unwrap_or(text);
        let number: u16 = number.parse().map_err(|_| ())?;
        Self::ALL.iter().copied().find(|&code| code as u16 == number).ok_or(())
    }
}
