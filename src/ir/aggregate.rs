//! The catalogue of aggregate functions (LANGUAGE.md, section 7): names, arguments, results, and a
//! line of the manual each.
//!
//! Nulls are skipped by all but `count()` and `collect()` of whole rows.

use super::builtin::ParamType;
use crate::data::Type;

/// What an aggregate function's last, constant argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AggParam {
    /// There is none.
    None,
    /// A share, 0 to 1.
    Share,
    /// A positive number of rows or values.
    Count,
}

/// How the type of a result follows from the arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gives {
    /// `int`
    Int,
    /// `bool`
    Bool,
    /// `float?`
    Float,
    /// The type of the first argument, or null.
    First,
    /// Its type where that adds up: `int`, `float`, `duration`; or null.
    Sum,
    /// `float`, of durations `duration`; or null.
    Mean,
    /// A list of the first argument's type.
    List,
}

macro_rules! catalogue {
    ($($variant:ident $name:literal; $params:expr, $required:literal, $param:ident, $gives:ident, $usage:literal, $doc:literal;)*) => {
        /// An aggregate function.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum AggFunction {
            $(#[doc = concat!("`", $usage, "`: ", $doc, ".")] $variant,)*
        }

        impl AggFunction {
            /// All aggregate functions, in the order of the manual.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The function of a name.
            #[must_use]
            pub fn lookup(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// Its name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// How it is called, for the manual: `percentile(x, p)`.
            #[must_use]
            pub fn usage(self) -> &'static str {
                match self { $(Self::$variant => $usage,)* }
            }

            /// What it gives, in one line, for the manual.
            #[must_use]
            pub fn doc(self) -> &'static str {
                match self { $(Self::$variant => $doc,)* }
            }

            /// What its arguments over a row may be, without the constant one.
            #[must_use]
            pub fn params(self) -> &'static [ParamType] {
                use ParamType::*;
                match self { $(Self::$variant => $params,)* }
            }

            /// How many of them must be given.
            #[must_use]
            pub fn required(self) -> usize {
                match self { $(Self::$variant => $required,)* }
            }

            /// Its constant argument, which comes last.
            #[must_use]
            pub fn param(self) -> AggParam {
                match self { $(Self::$variant => AggParam::$param,)* }
            }

            fn gives(self) -> Gives {
                match self { $(Self::$variant => Gives::$gives,)* }
            }
        }
    };
}

catalogue! {
    Count "count"; &[Any], 0, None, Int, "count([x])", "the number of rows, or of those where `x` is not null";
    Sum "sum"; &[Measure], 1, None, Sum, "sum(x)", "the exact sum of numbers or durations, of floats rounded once; null of nothing";
    Avg "avg"; &[Measure], 1, None, Mean, "avg(x)", "the mean: the exact sum over the count, rounded once";
    Min "min"; &[Any], 1, None, First, "min(x)", "the least value";
    Max "max"; &[Any], 1, None, First, "max(x)", "the greatest value";
    First "first"; &[Any], 1, None, First, "first(x)", "`x` of the first row where it is not null";
    Last "last"; &[Any], 1, None, First, "last(x)", "`x` of the last row where it is not null";
    Stddev "stddev"; &[Number], 1, None, Float, "stddev(x)", "the standard deviation of a sample (n-1); null of fewer than two values";
    Variance "variance"; &[Number], 1, None, Float, "variance(x)", "the variance of a sample (n-1)";
    StddevPop "stddev_pop"; &[Number], 1, None, Float, "stddev_pop(x)", "the standard deviation of a whole population (n)";
    VariancePop "variance_pop"; &[Number], 1, None, Float, "variance_pop(x)", "the variance of a whole population (n)";
    Median "median"; &[Measure], 1, None, Mean, "median(x)", "the exact median of numbers or durations; between two middle values their mean";
    Percentile "percentile"; &[Measure], 1, Share, Mean, "percentile(x, p)", "the exact percentile of numbers or durations, `p` from 0 to 1, with linear interpolation";
    ApproxPercentile "approx_percentile"; &[Number], 1, Share, Float, "approx_percentile(x, p)", "the percentile with a relative error of at most 1 %, in little memory (DDSketch)";
    Mode "mode"; &[Any], 1, None, First, "mode(x)", "the most frequent value; of several the one that came first";
    Collect "collect"; &[Any], 0, None, List, "collect([x])", "the list of values in order; without argument of whole rows";
    Distinct "distinct"; &[Any], 1, None, List, "distinct(x)", "the list of different values, in order of first appearance";
    CountDistinct "count_distinct"; &[Any], 1, None, Int, "count_distinct(x)", "the number of different values; `count(distinct(x))` is the same";
    ApproxCountDistinct "approx_count_distinct"; &[Any], 1, None, Int, "approx_count_distinct(x)", "about the number of different values, in little memory (HyperLogLog of 2^14 registers)";
    Any "any"; &[Bool], 1, None, Bool, "any(c)", "whether it is true in some row";
    All "all"; &[Bool], 1, None, Bool, "all(c)", "whether it is true in every row";
    CountIf "count_if"; &[Bool], 1, None, Int, "count_if(c)", "the number of rows in which it is true";
    ArgMin "arg_min"; &[Any, Any], 2, None, First, "arg_min(x, by)", "`x` of the first row with the smallest `by`";
    ArgMax "arg_max"; &[Any, Any], 2, None, First, "arg_max(x, by)", "`x` of the first row with the largest `by`";
    Ema "ema"; &[Number], 1, Count, Float, "ema(x, n)", "the exponential moving average with alpha 2/(n+1), begun with the first value";
    LinearTrend "linear_trend"; &[Number], 1, None, Float, "linear_trend(x)", "the least-squares slope per second of event time";
    Corr "corr"; &[Number, Number], 2, None, Float, "corr(x, y)", "Pearson's correlation";
    Covar "covar"; &[Number, Number], 2, None, Float, "covar(x, y)", "the covariance of a sample (n-1)";
    Top "top"; &[Any], 1, Count, List, "top(x, n)", "the `n` most frequent values, most frequent first, ties in order of appearance";
}

impl AggFunction {
    /// What a call gives for arguments of these types (without the constant one).
    #[must_use]
    pub fn result_type(self, args: &[Type]) -> Type {
        let first = args.first().map(|ty| ty.non_null().clone()).unwrap_or_default();
        let or_null = |ty: Type| match ty {
            Type::Any | Type::Null => Type::Any,
            plain => Type::Optional(Box::new(plain)),
        };
        match self.gives() {
            Gives::Int => Type::Int,
            Gives::Bool => Type::Bool,
            Gives::Float => or_null(Type::Float),
            Gives::First => or_null(first),
            Gives::Sum => or_null(first),
            Gives::Mean => match first {
                Type::Int | Type::Float => or_null(Type::Float),
                other => or_null(other),
            },
            Gives::List => Type::List(Box::new(first)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AggFunction, AggParam};
    use crate::data::Type;

    #[test]
    fn names_are_found_and_calls_shown() {
        for &function in AggFunction::ALL {
            assert_eq!(AggFunction::lookup(function.name()), Some(function));
            assert!(function.usage().starts_with(&format!("{}(", function.name())));
            let shown = function.usage().matches(',').count() + 1;
            let constant = usize::from(function.param() != AggParam::None);
            assert_eq!(shown, function.params().len() + constant, "{}", function.usage());
            assert!(function.required() <= function.params().len());
        }
        assert_eq!(AggFunction::lookup("nothing"), None);
    }

    #[test]
    fn results_follow_from_arguments() {
        let optional = |ty: Type| Type::Optional(Box::new(ty));
        let of = |function: AggFunction, ty: Type| function.result_type(&[ty]);
        assert_eq!(of(AggFunction::Sum, Type::Int), optional(Type::Int));
        assert_eq!(of(AggFunction::Sum, optional(Type::Duration)), optional(Type::Duration));
        assert_eq!(of(AggFunction::Avg, Type::Int), optional(Type::Float));
        assert_eq!(of(AggFunction::Avg, Type::Duration), optional(Type::Duration));
        assert_eq!(of(AggFunction::Max, Type::Any), Type::Any);
        assert_eq!(of(AggFunction::Count, Type::Str), Type::Int);
        assert_eq!(AggFunction::Count.result_type(&[]), Type::Int);
        assert_eq!(
            of(AggFunction::Distinct, optional(Type::Str)),
            Type::List(Box::new(Type::Str))
        );
        assert_eq!(of(AggFunction::Median, Type::Int), optional(Type::Float));
        assert_eq!(of(AggFunction::Median, Type::Duration), optional(Type::Duration));
    }
}
