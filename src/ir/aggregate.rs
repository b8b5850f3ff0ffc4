//! The catalogue of aggregate functions (LANGUAGE.md, section 7).

/// An aggregate function. Nulls are skipped by all but `count()`, `first`, `last` and `collect` of
/// whole rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AggFunction {
    /// `count()`: rows; `count(x)`: those where `x` is not null.
    Count,
    /// `sum(x)`: exact; of floats rounded once.
    Sum,
    /// `avg(x)`: the exact sum over the count, rounded once.
    Avg,
    /// `min(x)`
    Min,
    /// `max(x)`
    Max,
    /// `first(x)`: of the first row where it is not null.
    First,
    /// `last(x)`: of the last row where it is not null.
    Last,
    /// `stddev(x)`: of a sample (n-1).
    Stddev,
    /// `variance(x)`: of a sample (n-1).
    Variance,
    /// `stddev_pop(x)`
    StddevPop,
    /// `variance_pop(x)`
    VariancePop,
    /// `median(x)`: exact.
    Median,
    /// `percentile(x, p)`: exact, with linear interpolation.
    Percentile,
    /// `approx_percentile(x, p)`: a DDSketch of 1 % relative error.
    ApproxPercentile,
    /// `mode(x)`: the most frequent; of several the one that came first.
    Mode,
    /// `collect(x)`: the list, in order. Without argument (then the row is the argument) of whole rows.
    Collect,
    /// `distinct(x)`: the list of different values, in order of first appearance.
    Distinct,
    /// `count_distinct(x)`, `count(distinct(x))`
    CountDistinct,
    /// `approx_count_distinct(x)`: a HyperLogLog of 2^14 registers.
    ApproxCountDistinct,
    /// `any(c)`: whether it is true in some row.
    Any,
    /// `all(c)`: whether it is true in every row.
    All,
    /// `count_if(c)`
    CountIf,
    /// `arg_min(x, by)`: `x` of the first row with the smallest `by`.
    ArgMin,
    /// `arg_max(x, by)`: `x` of the first row with the largest `by`.
    ArgMax,
    /// `ema(x, n)`: exponential moving average with alpha 2/(n+1), begun with the first value.
    Ema,
    /// `linear_trend(x)`: least-squares slope per second of event time.
    LinearTrend,
    /// `corr(x, y)`: Pearson's.
    Corr,
    /// `covar(x, y)`: of a sample (n-1).
    Covar,
    /// `top(x, n)`: the `n` most frequent values, most frequent first, ties in order of appearance.
    Top,
}
