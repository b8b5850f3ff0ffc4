//! Types, as the compiler knows them.

use std::fmt;

/// The type of an expression or field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Type {
    /// Known only when the value is there.
    #[default]
    Any,
    /// The type of `null`.
    Null,
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `float`
    Float,
    /// `str`
    Str,
    /// `timestamp`
    Timestamp,
    /// `duration`
    Duration,
    /// `[T]`
    List(Box<Type>),
    /// `{K: V}`
    Map(Box<Type>, Box<Type>),
    /// `(A, B)`
    Tuple(Vec<Type>),
    /// `{name: str, n: int}`
    Record(Vec<(String, Type)>),
    /// `T?`: of type `T`, or null
    Optional(Box<Type>),
    /// `Stream<E>`
    Stream(String),
}

impl Type {
    /// The type without `?`.
    #[must_use]
    pub fn non_null(&self) -> &Type {
        match self {
            Self::Optional(inner) => inner.non_null(),
            other => other,
        }
    }

    /// Whether values of the type may be null.
    #[must_use]
    pub fn nullable(&self) -> bool {
        matches!(self, Self::Any | Self::Null | Self::Optional(_))
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::Null => f.write_str("null"),
            Self::Bool => f.write_str("bool"),
            Self::Int => f.write_str("int"),
            Self::Float => f.write_str("float"),
            Self::Str => f.write_str("str"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Duration => f.write_str("duration"),
            Self::List(item) => write!(f, "[{item}]"),
            Self::Map(key, value) => write!(f, "{{{key}: {value}}}"),
            Self::Tuple(items) => write_list(f, "(", items.iter().map(|item| (None, item)), ")"),
            Self::Record(fields) => write_list(f, "{", fields.iter().map(|(name, ty)| (Some(name), ty)), "}"),
            Self::Optional(inner) => write!(f, "{inner}?"),
            Self::Stream(event) => write!(f, "Stream<{event}>"),
        }
    }
}

fn write_list<'a>(
    f: &mut fmt::Formatter<'_>,
    open: &str,
    items: impl Iterator<Item = (Option<&'a String>, &'a Type)>,
    close: &str,
) -> fmt::Result {
    f.write_str(open)?;
    for (at, (name, ty)) in items.enumerate() {
        if at > 0 {
            f.write_str(", ")?;
        }
        if let Some(name) = name {
            write!(f, "{name}: ")?;
        }
        write!(f, "{ty}")?;
    }
    f.write_str(close)
}
