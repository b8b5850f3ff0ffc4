//! The catalogue of builtin functions: names, parameters, results, and a line of the manual each.
//!
//! Invariant: every function of LANGUAGE.md section 13, and every list function of section 10, is an
//! entry here; the evaluator runs every entry (a test calls each). `now` is no entry: it is the
//! pseudo-field `_time`. Unless its line says otherwise, a function of a null argument is null, and a
//! function of an argument of the wrong type is an evaluation error.

use crate::data::Type;

/// What a builtin takes and gives.
#[derive(Clone, Debug)]
pub struct Signature {
    /// Types of the arguments that are no lambdas; the last repeats when `variadic`.
    pub params: &'static [ParamType],
    /// How many of them must be given.
    pub required: usize,
    /// Whether the last may be given any number of times.
    pub variadic: bool,
    /// How many parameters each lambda argument takes (they follow the other arguments; a method's
    /// receiver is the first argument). Where 1 is given, a lambda of several parameters takes each
    /// item apart, which must then be a tuple of as many: `pairs().filter((a, b) => ..)`.
    pub lambdas: &'static [usize],
    /// How many of the lambdas must be given.
    pub lambdas_required: usize,
    /// What it gives, where that does not depend on the arguments (see [`Builtin::result_type`]).
    pub result: Type,
}

/// What an argument may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamType {
    /// Anything.
    Any,
    /// Text.
    Str,
    /// An integer.
    Int,
    /// An integer or a float.
    Number,
    /// A number or a duration.
    Measure,
    /// A bool.
    Bool,
    /// A timestamp.
    Timestamp,
    /// A duration.
    Duration,
    /// A list.
    List,
    /// A map.
    Map,
    /// Text, list or map.
    Collection,
}

/// How the type of a result follows from the arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gives {
    /// Not known.
    Any,
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
    /// That of the first argument.
    First,
    /// `int` of ints, `float` of numbers.
    Number,
    /// The items of the first argument, or null.
    Item,
    /// The common type of all arguments.
    Common,
    /// A list of what the lambda gives, or of the items without one.
    Mapped,
    /// The items of the list that the lambda gives, or of the list's items.
    Flattened,
    /// The items, or the arguments themselves when there are several; of lambdas, the items still.
    Extreme,
    /// What the lambda gives, or the item, summed.
    Sum,
    /// `[str]`
    Texts,
    /// `[any]`
    List,
    /// A list of the first argument's type.
    Lists,
    /// `[(T, T)]`
    Pairs,
    /// `[(int, T)]`
    Numbered,
    /// `[(A, B, ..)]`
    Zipped,
    /// `{K: [T]}`
    Groups,
}

/// The shape of a call.
#[derive(Clone, Copy, Debug)]
struct Shape {
    params: &'static [ParamType],
    required: usize,
    variadic: bool,
    lambdas: &'static [usize],
    lambdas_required: usize,
}

const fn takes(params: &'static [ParamType], required: usize) -> Shape {
    Shape {
        params,
        required,
        variadic: false,
        lambdas: &[],
        lambdas_required: 0,
    }
}

impl Shape {
    /// The last parameter may repeat.
    const fn variadic(mut self) -> Self {
        self.variadic = true;
        self
    }

    /// A lambda of one parameter must follow.
    const fn lambda(mut self) -> Self {
        self.lambdas = &[1];
        self.lambdas_required = 1;
        self
    }

    /// A lambda of one parameter may follow.
    const fn maybe_lambda(mut self) -> Self {
        self.lambdas = &[1];
        self
    }
}

macro_rules! catalogue {
    ($($variant:ident $name:literal $(/ $alias:literal)* ; $shape:expr, $gives:ident, $usage:literal, $doc:literal;)*) => {
        /// A builtin function.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Builtin {
            $(#[doc = concat!("`", $usage, "`: ", $doc)] $variant,)*
        }

        impl Builtin {
            /// All builtins, in the order of the manual.
            pub const ALL: &'static [Builtin] = &[$(Builtin::$variant),*];

            /// The builtin of a name, aliases included (`to_string` is `str`).
            #[must_use]
            pub fn lookup(name: &str) -> Option<Self> {
                match name {
                    $($name $(| $alias)* => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// Its name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Its other names.
            #[must_use]
            pub fn aliases(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($alias),*],)* }
            }

            /// How it is called, for the manual: `substr(s, start, [n])`.
            #[must_use]
            pub fn usage(self) -> &'static str {
                match self { $(Self::$variant => $usage,)* }
            }

            /// What it does, in one line, for the manual.
            #[must_use]
            pub fn doc(self) -> &'static str {
                match self { $(Self::$variant => $doc,)* }
            }

            fn shape(self) -> Shape {
                use ParamType::*;
                match self { $(Self::$variant => $shape,)* }
            }

            fn gives(self) -> Gives {
                match self { $(Self::$variant => Gives::$gives,)* }
            }
        }
    };
}

catalogue! {
    // Text
    Len "len"; takes(&[Collection], 1), Int, "len(x)", "the number of characters of a text, items of a list (nulls too), or entries of a map";
    Upper "upper"; takes(&[Str], 1), Str, "upper(s)", "the text in upper case, by Unicode";
    Lower "lower"; takes(&[Str], 1), Str, "lower(s)", "the text in lower case, by Unicode";
    Trim "trim"; takes(&[Str], 1), Str, "trim(s)", "the text without white space at both ends";
    Split "split"; takes(&[Str, Str], 2), Texts, "split(s, sep)", "the parts between the separators; an empty separator gives the characters";
    Join "join"; takes(&[List, Str], 1), Str, "join(list, [sep])", "the items as text with the separator between; nulls are left out";
    Contains "contains"; takes(&[Collection, Any], 2), Bool, "contains(x, y)", "whether a text has the part, a list the item, or a map the key";
    StartsWith "starts_with"; takes(&[Str, Str], 2), Bool, "starts_with(s, prefix)", "whether the text begins so";
    EndsWith "ends_with"; takes(&[Str, Str], 2), Bool, "ends_with(s, suffix)", "whether the text ends so";
    Replace "replace"; takes(&[Str, Str, Str], 3), Str, "replace(s, from, to)", "the text with every `from` replaced; plain text, no pattern";
    RegexMatch "regex_match"; takes(&[Str, Str], 2), Bool, "regex_match(s, pattern)", "whether the regular expression (of the Rust `regex` crate) matches anywhere in the text";
    RegexExtract "regex_extract"; takes(&[Str, Str, Any], 2), Str, "regex_extract(s, pattern, [group])", "the text of a group, by number or name (default: the first group, the whole match if there is none); null when nothing matches";
    Substr "substr"; takes(&[Str, Int, Int], 2), Str, "substr(s, start, [n])", "n characters (default: the rest) from a start, 0-based, negative from the end; what lies outside is left out";
    Format "format"; takes(&[Str, Any], 1).variadic(), Str, "format(pattern, ...)", "the pattern with `{}`, `{0}` and `{:.2}` (fraction digits) filled in; `{{` and `}}` are braces; null arguments read `null`";
    Like "like"; takes(&[Str, Str], 2), Bool, "like(s, pattern)", "whether the whole text fits: `%` any text, `_` one character, `\\` takes the next as it is";
    Ilike "ilike"; takes(&[Str, Str], 2), Bool, "ilike(s, pattern)", "`like` without regard to case";
    Wildcard "wildcard"; takes(&[Str, Str], 2).variadic(), Bool, "wildcard(s, pattern, ...)", "whether the whole text fits one of the patterns: `*` any text, `?` one character; upper and lower case differ";
    CidrMatch "cidr_match"; takes(&[Str, Str], 2).variadic(), Bool, "cidr_match(ip, net, ...)", "whether the address lies in one of the networks (or is the address); text that is no address lies in none; an IPv4 address in IPv6 form counts as IPv4";
    Base64Decode "base64_decode"; takes(&[Str], 1), Str, "base64_decode(s)", "the text behind base64, of the usual or the URL alphabet, padded or not; bytes that are not UTF-8 become U+FFFD";
    UrlDecode "url_decode"; takes(&[Str], 1), Str, "url_decode(s)", "the text with `%xx` decoded (`+` stays); bytes that are not UTF-8 become U+FFFD";
    Levenshtein "levenshtein"; takes(&[Str, Str], 2), Int, "levenshtein(a, b)", "how many characters to insert, delete or replace to get from one to the other";

    // Math
    Abs "abs"; takes(&[Any], 1), First, "abs(x)", "the absolute value of a number or duration";
    Round "round"; takes(&[Number, Int], 1), Number, "round(x, [digits])", "to the nearest integer, or so many fraction digits, halves away from zero; a float stays a float";
    Floor "floor"; takes(&[Number], 1), First, "floor(x)", "down to an integer; a float stays a float";
    Ceil "ceil"; takes(&[Number], 1), First, "ceil(x)", "up to an integer; a float stays a float";
    Sqrt "sqrt"; takes(&[Number], 1), Float, "sqrt(x)", "the square root; NaN of negative numbers";
    Pow "pow"; takes(&[Number, Number], 2), Any, "pow(x, y)", "the same as `x ** y`";
    Log "log" / "ln"; takes(&[Number, Number], 1), Float, "log(x, [base])", "the natural logarithm, or that of a base";
    Log2 "log2"; takes(&[Number], 1), Float, "log2(x)", "the logarithm to base 2";
    Log10 "log10"; takes(&[Number], 1), Float, "log10(x)", "the logarithm to base 10";
    Exp "exp"; takes(&[Number], 1), Float, "exp(x)", "e to the power of x";
    Sin "sin"; takes(&[Number], 1), Float, "sin(x)", "the sine; x in radians";
    Cos "cos"; takes(&[Number], 1), Float, "cos(x)", "the cosine; x in radians";
    Tan "tan"; takes(&[Number], 1), Float, "tan(x)", "the tangent; x in radians";
    Atan2 "atan2"; takes(&[Number, Number], 2), Float, "atan2(y, x)", "the angle of the point (x, y) in radians";
    Sign "sign"; takes(&[Any], 1), Int, "sign(x)", "-1, 0 or 1 for a number or duration; null for NaN";
    Clamp "clamp"; takes(&[Any, Any, Any], 3), Common, "clamp(x, low, high)", "x, but no less than low and no more than high; low above high is an error";
    Min "min"; takes(&[Any], 1).variadic().maybe_lambda(), Extreme, "min(x, y, ...) or min(list, [key])", "the least; of a list the least item that is not null (by key), null when there is none; NaN is greater than every number";
    Max "max"; takes(&[Any], 1).variadic().maybe_lambda(), Extreme, "max(x, y, ...) or max(list, [key])", "the greatest, likewise; of equal ones the first";
    Div "div"; takes(&[Number, Number], 2), Number, "div(a, b)", "the quotient without its fraction (toward zero); of floats a float";

    // Time
    Timestamp "timestamp"; takes(&[Any], 1), Timestamp, "timestamp(x)", "the time written in a text, or a number of seconds, milliseconds, microseconds, nanoseconds since 1970 or Windows FILETIME, by magnitude";
    Year "year"; takes(&[Timestamp], 1), Int, "year(ts)", "the year, in UTC as all of these";
    Month "month"; takes(&[Timestamp], 1), Int, "month(ts)", "the month, 1 to 12";
    Day "day"; takes(&[Timestamp], 1), Int, "day(ts)", "the day of the month, 1 to 31";
    Hour "hour"; takes(&[Timestamp], 1), Int, "hour(ts)", "the hour, 0 to 23";
    Minute "minute"; takes(&[Timestamp], 1), Int, "minute(ts)", "the minute, 0 to 59";
    Second "second"; takes(&[Timestamp], 1), Int, "second(ts)", "the second, 0 to 59";
    DayOfWeek "day_of_week"; takes(&[Timestamp], 1), Int, "day_of_week(ts)", "the day of the week, 1 Monday to 7 Sunday (ISO 8601)";
    FormatTs "format_ts"; takes(&[Timestamp, Str], 2), Str, "format_ts(ts, pattern)", "the time in UTC by a strftime pattern: `%Y %m %d %H %M %S %f %j %a %A %b %B %p %I %F %T %s %z %%` and the like";
    Trunc "trunc"; takes(&[Timestamp, Duration], 2), Timestamp, "trunc(ts, d)", "the time down to a multiple of d since 1970; d must be positive";
    DurationBetween "duration_between"; takes(&[Timestamp, Timestamp], 2), Duration, "duration_between(a, b)", "from a to b: `b - a`";
    DurationSeconds "duration_seconds"; takes(&[Duration], 1), Float, "duration_seconds(d)", "the duration in seconds";

    // Lists and maps
    Filter "filter"; takes(&[List], 1).lambda(), First, "filter(list, x => cond)", "the items for which the condition is true";
    Map "map"; takes(&[List], 1).lambda(), Mapped, "map(list, x => y)", "what the lambda makes of each item";
    FlatMap "flat_map"; takes(&[List], 1).lambda(), Flattened, "flat_map(list, x => list)", "the lists that the lambda makes of the items, joined";
    Any "any"; takes(&[List], 1).maybe_lambda(), Bool, "any(list, [x => cond])", "whether it is true for an item; stops at the first";
    All "all"; takes(&[List], 1).maybe_lambda(), Bool, "all(list, [x => cond])", "whether it is true for all items; stops at the first for which it is not";
    Count "count"; takes(&[List], 1).maybe_lambda(), Int, "count(list, [x => cond])", "the number of items that are not null, or for which the condition is true";
    Sum "sum"; takes(&[List], 1).maybe_lambda(), Sum, "sum(list, [x => y])", "the sum of numbers or durations, floats exactly and rounded once; nulls are skipped; 0 of nothing";
    Avg "avg"; takes(&[List], 1).maybe_lambda(), Any, "avg(list, [x => y])", "the mean of numbers or durations; nulls are skipped; null of nothing";
    Stddev "stddev"; takes(&[List], 1).maybe_lambda(), Float, "stddev(list, [x => y])", "the standard deviation of a sample (n-1); null of fewer than two numbers";
    Median "median"; takes(&[List], 1).maybe_lambda(), Float, "median(list, [x => y])", "the median; between two middle numbers their mean; null of nothing";
    First "first"; takes(&[List], 1).maybe_lambda(), Item, "first(list, [x => cond])", "the first item (for which the condition is true); null when there is none";
    Last "last"; takes(&[List], 1).maybe_lambda(), Item, "last(list, [x => cond])", "the last item, likewise";
    Head "head"; takes(&[List, Int], 2), First, "head(list, n)", "the first n items, or all when there are fewer";
    Tail "tail"; takes(&[List, Int], 2), First, "tail(list, n)", "the last n items, or all when there are fewer";
    Sort "sort"; takes(&[List], 1), First, "sort(list)", "the items in ascending order, nulls last; items of unlike types are an error";
    SortBy "sort_by"; takes(&[List], 1).lambda(), First, "sort_by(list, x => key)", "the items in ascending order of their keys, equal ones in the order they had, null keys last";
    Reverse "reverse"; takes(&[Collection], 1), First, "reverse(x)", "the items of a list, or the characters of a text, in reverse order";
    Flatten "flatten"; takes(&[List], 1), Flattened, "flatten(list)", "the lists among the items replaced by their items, one level deep";
    Zip "zip"; takes(&[List, List], 2).variadic(), Zipped, "zip(a, b, ...)", "tuples of the items at equal places, as many as the shortest has";
    Enumerate "enumerate"; takes(&[List], 1), Numbered, "enumerate(list)", "tuples of place, from 0, and item";
    Pairs "pairs"; takes(&[List], 1), Pairs, "pairs(list)", "tuples of every two items, the earlier first, in order of the first, then the second";
    Distinct "distinct"; takes(&[List], 1).maybe_lambda(), First, "distinct(list, [x => key])", "the first item of each value (of each key), in order; nulls are skipped";
    GroupBy "group_by"; takes(&[List], 1).lambda(), Groups, "group_by(list, x => key)", "a map from key to the list of its items, in order of the first; null is a key";
    LinearTrend "linear_trend"; takes(&[List], 1).maybe_lambda(), Float, "linear_trend(list, [x => y])", "the least-squares slope of numbers per place, or of (timestamp, number) tuples per second; null of fewer than two";
    Window "window"; takes(&[List, Int, Int], 2), Lists, "window(list, n, [step])", "the lists of n neighbours, the first of each `step` (default 1) places after the one before";
    Keys "keys"; takes(&[Map], 1), List, "keys(map)", "the keys, in order";
    Values "values"; takes(&[Map], 1), List, "values(map)", "the values, in order of their keys";
    Get "get"; takes(&[Collection, Any, Any], 2), Any, "get(x, key, [default])", "the value of a key of a map, the item at a place of a list, or the character of a text; the default (null) where there is none";
    Merge "merge"; takes(&[Map, Map], 2).variadic(), First, "merge(a, b, ...)", "a map of all entries; of equal keys the last value counts, at the place of the first";

    // Other
    Coalesce "coalesce"; takes(&[Any], 1).variadic(), Common, "coalesce(x, y, ...)", "the first that is not null; those after it are not evaluated";
    IfNull "if_null"; takes(&[Any, Any], 2), Common, "if_null(x, y)", "the same as `x ?? y`";
    IsNull "is_null"; takes(&[Any], 1), Bool, "is_null(x)", "whether it is null";
    IsNotNull "is_not_null"; takes(&[Any], 1), Bool, "is_not_null(x)", "whether it is not null";
    Typeof "typeof"; takes(&[Any], 1), Str, "typeof(x)", "the type's name: `null bool int float str timestamp duration list map`";
    Hash "hash"; takes(&[Any], 1), Int, "hash(x)", "a number that is equal for equal values, the same in every run and version (64-bit FNV-1a, see the manual); null has one too";
    Uuid "uuid"; takes(&[], 0), Str, "uuid()", "a random UUID (version 4), the same in every run with the same seed";
    Random "random"; takes(&[], 0), Float, "random()", "a random number from 0 to below 1, the same in every run with the same seed";
    RandomInt "random_int"; takes(&[Int, Int], 2), Int, "random_int(low, high)", "a random integer from low to high, both included, the same in every run with the same seed";
    Int "int" / "to_int"; takes(&[Any], 1), Int, "int(x)", "an integer: of a float without its fraction, of a text in decimal, of a bool 0 or 1, of a time or duration its whole seconds";
    Float "float" / "to_float"; takes(&[Any], 1), Float, "float(x)", "a float: of a text in decimal, of a bool 0 or 1, of a time or duration its seconds";
    Str "str" / "to_string"; takes(&[Any], 1), Str, "str(x)", "the value as text; lists and maps as JSON";
    Bool "bool" / "to_bool"; takes(&[Any], 1), Bool, "bool(x)", "a bool: of a number whether it is not 0, of a text `true`, `false`, `1`, `0` without regard to case";
    TryInt "try_int"; takes(&[Any], 1), Int, "try_int(x)", "`int(x)`, but null where that fails";
    TryFloat "try_float"; takes(&[Any], 1), Float, "try_float(x)", "`float(x)`, but null where that fails";
}

impl Builtin {
    /// What it takes and gives.
    #[must_use]
    pub fn signature(self) -> Signature {
        let shape = self.shape();
        Signature {
            params: shape.params,
            required: shape.required,
            variadic: shape.variadic,
            lambdas: shape.lambdas,
            lambdas_required: shape.lambdas_required,
            result: self.fixed_result().unwrap_or_default(),
        }
    }

    /// Whether a call may differ from another with the same arguments on the same row (`random`).
    /// Such a call has a hidden first argument, an int literal: the key of its draws.
    #[must_use]
    pub fn is_volatile(self) -> bool {
        matches!(self, Self::Uuid | Self::Random | Self::RandomInt)
    }

    /// Whether the function takes null as a value like any other, instead of giving null for it.
    #[must_use]
    pub fn takes_nulls(self) -> bool {
        matches!(
            self,
            Self::Coalesce
                | Self::IfNull
                | Self::IsNull
                | Self::IsNotNull
                | Self::Typeof
                | Self::Hash
                | Self::Format
                | Self::Get
        )
    }

    /// The types of a lambda's `n` parameters, given the types of the arguments before it.
    #[must_use]
    pub fn lambda_params(self, args: &[Type], n: usize) -> Vec<Type> {
        let item = item_of(args.first());
        match item.non_null() {
            _ if n == 1 => vec![item],
            Type::Tuple(items) if items.len() == n => items.clone(),
            Type::List(inner) => vec![(**inner).clone(); n],
            _ => vec![Type::Any; n],
        }
    }

    /// What a call gives for arguments of these types: first those that are no lambdas (without the
    /// hidden one of volatile functions), then what the lambdas give.
    #[must_use]
    pub fn result_type(self, args: &[Type]) -> Type {
        let plain = self.plain_result(args);
        let lambdas = self.shape().lambdas.len();
        let direct = &args[..args.len().saturating_sub(lambdas).max(1).min(args.len())];
        let strict = !self.takes_nulls() && direct.iter().any(Type::nullable);
        match plain {
            Type::Any | Type::Null | Type::Optional(_) => plain,
            other if strict || self.may_fail() => Type::Optional(Box::new(other)),
            other => other,
        }
    }

    /// Whether well-typed arguments may still give null.
    fn may_fail(self) -> bool {
        matches!(
            self,
            Self::Int
                | Self::Float
                | Self::Bool
                | Self::TryInt
                | Self::TryFloat
                | Self::Timestamp
                | Self::RegexExtract
                | Self::Base64Decode
                | Self::Sign
                | Self::Stddev
                | Self::Median
                | Self::LinearTrend
                | Self::Div
                | Self::Clamp
                | Self::Min
                | Self::Max
                | Self::Sum
        )
    }

    fn fixed_result(self) -> Option<Type> {
        Some(match self.gives() {
            Gives::Bool => Type::Bool,
            Gives::Int => Type::Int,
            Gives::Float => Type::Float,
            Gives::Str => Type::Str,
            Gives::Timestamp => Type::Timestamp,
            Gives::Duration => Type::Duration,
            Gives::Texts => list_of(Type::Str),
            Gives::List => list_of(Type::Any),
            _ => return None,
        })
    }

    fn plain_result(self, args: &[Type]) -> Type {
        if let Some(fixed) = self.fixed_result() {
            return fixed;
        }
        let first = args.first().map(|ty| ty.non_null().clone()).unwrap_or_default();
        let item = item_of(args.first());
        let lambda = args.get(1).cloned();
        match self.gives() {
            Gives::First => first,
            Gives::Number => numbers(args),
            Gives::Item => optional(item),
            Gives::Common => common(args),
            Gives::Mapped => list_of(lambda.unwrap_or(item)),
            Gives::Flattened => list_of(item_of(Some(&lambda.unwrap_or(item)))),
            Gives::Extreme if matches!(first, Type::List(_) | Type::Tuple(_)) => optional(item),
            Gives::Extreme => common(args),
            Gives::Sum => match lambda.unwrap_or(item).non_null() {
                ty @ (Type::Int | Type::Float | Type::Duration) => ty.clone(),
                _ => Type::Any,
            },
            Gives::Lists => list_of(first),
            Gives::Pairs => list_of(Type::Tuple(vec![item.clone(), item])),
            Gives::Numbered => list_of(Type::Tuple(vec![Type::Int, item])),
            Gives::Zipped => list_of(Type::Tuple(args.iter().map(|ty| item_of(Some(ty))).collect())),
            Gives::Groups => Type::Map(Box::new(lambda.unwrap_or_default()), Box::new(list_of(item))),
            _ => Type::Any,
        }
    }
}

fn list_of(item: Type) -> Type {
    Type::List(Box::new(item))
}

fn optional(ty: Type) -> Type {
    match ty {
        Type::Any | Type::Null | Type::Optional(_) => ty,
        other => Type::Optional(Box::new(other)),
    }
}

/// The type of a list's items.
fn item_of(list: Option<&Type>) -> Type {
    match list.map(Type::non_null) {
        Some(Type::List(item)) => (**item).clone(),
        Some(Type::Tuple(items)) => common(items),
        _ => Type::Any,
    }
}

fn numbers(args: &[Type]) -> Type {
    let plain = |ty: &Type| ty.non_null().clone();
    match args.iter().map(plain).collect::<Vec<_>>() {
        types if types.iter().all(|ty| *ty == Type::Int) => Type::Int,
        types if types.iter().all(|ty| matches!(ty, Type::Int | Type::Float)) && types[0] == Type::Float => Type::Float,
        _ => Type::Any,
    }
}

/// The one type of all, if there is one; nulls aside.
fn common(args: &[Type]) -> Type {
    let mut types = args.iter().map(Type::non_null).filter(|ty| **ty != Type::Null);
    let Some(first) = types.next() else {
        return Type::Null;
    };
    if !types.all(|ty| ty == first) {
        return Type::Any;
    }
    let all_null = args.iter().all(Type::nullable);
    if all_null {
        optional(first.clone())
    } else {
        first.clone()
    }
}
