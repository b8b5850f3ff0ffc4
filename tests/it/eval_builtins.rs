//! Every builtin on a table of examples: arguments, then the result, or the error behind a null.
//!
//! Each line is evaluated as a constant, over typed columns, over mixed columns, and by the
//! interpreter, and must give the same every time.

use std::collections::BTreeSet;

use varpulis::data::{Column, Value};
use varpulis::eval::{self, EvalErrors, Evaluator, Program};
use varpulis::ir::{BinaryOp, Builtin, ExprId, LocalId};

use crate::eval_support::{Build, IntoValue, Table, list, map, mixed, same, secs, ts, v};

/// What a line expects.
enum Want {
    Value(Value),
    Error(&'static str),
}

impl<T: IntoValue> From<T> for Want {
    fn from(value: T) -> Self {
        Self::Value(value.value())
    }
}

fn err(message: &'static str) -> Want {
    Want::Error(message)
}

type Body = fn(&mut Build, &[LocalId]) -> ExprId;

struct Line {
    builtin: Builtin,
    args: Vec<Value>,
    lambda: Option<(usize, Body)>,
    want: Want,
}

macro_rules! lines {
    ($($builtin:ident($($arg:expr),* $(; $params:literal, $body:expr)?) => $want:expr;)*) => {
        vec![$(Line {
            builtin: Builtin::$builtin,
            args: vec![$(v($arg)),*],
            lambda: lines!(@lambda $($params, $body)?),
            want: Want::from($want),
        }),*]
    };
    (@lambda) => { None };
    (@lambda $params:literal, $body:expr) => { Some(($params, $body)) };
}

/// `x > 1`
fn over_one(b: &mut Build, x: &[LocalId]) -> ExprId {
    let (x, one) = (b.local(x[0]), b.lit(1));
    b.bin(BinaryOp::Gt, x, one)
}

/// `-x`
fn negative(b: &mut Build, x: &[LocalId]) -> ExprId {
    let x = b.local(x[0]);
    b.push(varpulis::ir::Expr::Unary(varpulis::ir::UnaryOp::Neg, x))
}

/// `x`
fn itself(b: &mut Build, x: &[LocalId]) -> ExprId {
    b.local(x[0])
}

/// `x % 2`
fn parity(b: &mut Build, x: &[LocalId]) -> ExprId {
    let (x, two) = (b.local(x[0]), b.lit(2));
    b.bin(BinaryOp::Rem, x, two)
}

/// `[x, x]`
fn twice(b: &mut Build, x: &[LocalId]) -> ExprId {
    let (one, other) = (b.local(x[0]), b.local(x[0]));
    b.push(varpulis::ir::Expr::List(vec![one, other]))
}

/// `x + y`
fn added(b: &mut Build, xy: &[LocalId]) -> ExprId {
    let (x, y) = (b.local(xy[0]), b.local(xy[1]));
    b.bin(BinaryOp::Add, x, y)
}

const NOON: &str = "2024-02-29T12:34:56.789Z";

fn text_lines() -> Vec<Line> {
    lines! {
        Len("") => 0;
        Len("grüße") => 5;
        Len(list![1, ()]) => 2;
        Len(map! {"a" => 1}) => 1;
        Len(()) => ();
        Len(5) => err("`5` is no str, list or map");
        Upper("straße") => "STRASSE";
        Upper("abc-Z") => "ABC-Z";
        Upper(()) => ();
        Upper(1) => err("`1` is no str");
        Lower("ÄBC") => "äbc";
        Lower("ABC") => "abc";
        Trim(" \t a b\n") => "a b";
        Split("a,b,,c", ",") => ["a", "b", "", "c"];
        Split("", ",") => [""];
        Split("añ", "") => ["a", "ñ"];
        Split("a", ()) => ();
        Join(["a", "b"], "-") => "a-b";
        Join(list![1, (), 2.5, true], ", ") => "1, 2.5, true";
        Join(["a", "b"]) => "ab";
        Join("ab", "-") => err("`ab` is no list");
        Contains("powershell -enc", "-enc") => true;
        Contains("abc", "") => true;
        Contains("abc", "x") => false;
        Contains("abc", 1) => err("`1` is no str");
        Contains([1, 2], 2.0) => true;
        Contains([1, 2], "2") => false;
        Contains(map! {"a" => 1}, "a") => true;
        Contains(map! {"a" => 1}, "b") => false;
        Contains((), "a") => ();
        StartsWith("C:\\Windows", "C:\\") => true;
        StartsWith("abc", "b") => false;
        StartsWith((), "b") => ();
        EndsWith("cmd.exe", ".exe") => true;
        EndsWith("cmd.exe", ".dll") => false;
        EndsWith(1, ".dll") => err("`1` is no str");
        Replace("aXbX", "X", "--") => "a--b--";
        Replace("abc", "", ".") => ".a.b.c.";
        RegexMatch("user=admin", r"user=\w+") => true;
        RegexMatch("user=", r"user=\w+") => false;
        RegexMatch((), r"a") => ();
        RegexMatch("a", "(") => err("no regular expression: unclosed group");
        RegexExtract("user=admin id=7", r"id=(\d+)") => "7";
        RegexExtract("user=admin id=7", r"\d") => "7";
        RegexExtract("user=admin id=7", r"(\w+)=(\w+)", 2) => "admin";
        RegexExtract("user=admin", r"(?<key>\w+)=(?<value>\w+)", "value") => "admin";
        RegexExtract("none", r"id=(\d+)") => ();
        RegexExtract("id=1", r"id=(\d+)", 2) => err("the pattern has no group `2`");
        RegexExtract("id=1", r"id=(\d+)", "x") => err("the pattern has no group `x`");
        Substr("detection", 0, 6) => "detect";
        Substr("detection", 6) => "ion";
        Substr("detection", -3) => "ion";
        Substr("detection", -3, 2) => "io";
        Substr("grüße", 2, 2) => "üß";
        Substr("abc", 5, 2) => "";
        Substr("abc", -5, 3) => "a";
        Substr("abc", 0, -1) => err("a length of -1 characters");
        Substr("abc", ()) => ();
        Format("user {} from {}", "ann", list![1, "x"]) => "user ann from [1,\"x\"]";
        Format("{1} {0} {{}} {}", "a", "b") => "b a {} a";
        Format("{:.2} {}", 1.005, ()) => "1.00 null";
        Format("{:.1f}", 2) => "2.0";
        Format("plain") => "plain";
        Format((), 1) => err("the pattern is null");
        Format("{} {}", 1) => err("the pattern asks for argument 1, there are 1");
        Format("{", 1) => err("the pattern has a lone `{`");
        Format("a}", 1) => err("the pattern has a lone `}`");
        Format("{:x}", 1) => err("the pattern has an unknown `{:x}`");
        Like("powershell.exe", "power%.exe") => true;
        Like("powershell.exe", "POWER%") => false;
        Like("a_c", r"a\_c") => true;
        Like("abc", r"a\_c") => false;
        Like("ab", "a_") => true;
        Like((), "a_") => ();
        Ilike("PowerShell.EXE", "power%.exe") => true;
        Ilike("x", "power%") => false;
        Wildcard("cmd.exe", "*.exe") => true;
        Wildcard("cmd.EXE", "*.exe") => false;
        Wildcard("cmd.dll", "*.exe", "c?d.*") => true;
        Wildcard("a[1]", "a[?]") => true;
        Wildcard(7, "*") => err("`7` is no str");
        CidrMatch("10.1.2.3", "10.0.0.0/8") => true;
        CidrMatch("11.1.2.3", "10.0.0.0/8", "11.1.2.3") => true;
        CidrMatch("11.1.2.4", "10.0.0.0/8", "11.1.2.3") => false;
        CidrMatch("::ffff:10.1.2.3", "10.0.0.0/8") => true;
        CidrMatch("fe80::1", "fe80::/10") => true;
        CidrMatch("host-7", "10.0.0.0/8") => false;
        CidrMatch((), "10.0.0.0/8") => ();
        CidrMatch("10.1.2.3", "10.0.0.0/40") =>
            err("`10.0.0.0/40` is no network (like `10.0.0.0/8`) and no address");
        Base64Decode("aGVsbG8=") => "hello";
        Base64Decode("aGVsbG8") => "hello";
        Base64Decode("_-4") => "\u{fffd}\u{fffd}";
        Base64Decode("?") => err("`?` is no base64");
        UrlDecode("a%20b+c%2Fd%zz") => "a b+c/d%zz";
        Levenshtein("kitten", "sitting") => 3;
        Levenshtein("grün", "grun") => 1;
        Levenshtein("a", ()) => ();
    }
}

fn math_lines() -> Vec<Line> {
    lines! {
        Abs(-3) => 3;
        Abs(-3.5) => 3.5;
        Abs(secs(-2.0)) => secs(2.0);
        Abs(i64::MIN) => err("the absolute value of `-9223372036854775808` overflows");
        Abs("x") => err("`x` is no number or duration");
        Abs(()) => ();
        Round(2.5) => 3.0;
        Round(-2.5) => -3.0;
        Round(7) => 7;
        Round(2.675, 2) => 2.68;
        Round(1249, -2) => 1200;
        Round(-1250, -2) => -1300;
        Round(5, -30) => 0;
        Round("x") => err("`x` is no number");
        Floor(-1.5) => -2.0;
        Floor(3) => 3;
        Ceil(1.2) => 2.0;
        Ceil(()) => ();
        Sqrt(9) => 3.0;
        Sqrt(2.25) => 1.5;
        Sqrt(-1.0) => f64::NAN;
        Pow(2, 10) => 1024;
        Pow(2, -1) => 0.5;
        Pow(2.0, 0.5) => std::f64::consts::SQRT_2;
        Pow(10, 19) => err("`10 ** 19` overflows");
        Log(1) => 0.0;
        Log(8, 2) => 3.0;
        Log(1000, 10) => 3.0;
        Log(0) => f64::NEG_INFINITY;
        Log2(8) => 3.0;
        Log10(0.01) => -2.0;
        Exp(0) => 1.0;
        Exp(1) => 2.718_281_828_459_045_5;
        Sin(0.0) => 0.0;
        Cos(0) => 1.0;
        Tan(0.0) => 0.0;
        Atan2(1, 1) => std::f64::consts::FRAC_PI_4;
        Sign(-3.5) => -1;
        Sign(0) => 0;
        Sign(secs(3.0)) => 1;
        Sign(f64::NAN) => ();
        Clamp(5, 0, 3) => 3;
        Clamp(-5, 0, 3) => 0;
        Clamp(1.5, 0, 3) => 1.5;
        Clamp(1, 3, 0) => err("`3` is above `0`");
        Clamp("x", 3, 4) => err("`x` (str) and `3` (int) have no order");
        Min(3, 1.5) => 1.5;
        Min([3, 1, 2]) => 1;
        Min(list![(), 4, f64::NAN]) => 4;
        Min(list![]) => ();
        Min(1, ()) => ();
        Min(1, "a") => err("`a` (str) and `1` (int) have no order");
        Min([1, -3, 2]; 1, negative) => 2;
        Max(3, 1.5) => 3;
        Max(["a", "c", "b"]) => "c";
        Max(list![1, f64::NAN]) => f64::NAN;
        Max([1, -3, 2]; 1, negative) => -3;
        Max(7) => 7;
        Div(7, 2) => 3;
        Div(-7, 2) => -3;
        Div(7.5, 2) => 3.0;
        Div(7, 0) => err("division by zero");
        Div(7, 0.0) => f64::INFINITY;
        Div(i64::MIN, -1) => err("`div(-9223372036854775808, -1)` overflows");
    }
}

fn time_lines() -> Vec<Line> {
    lines! {
        Timestamp("2024-02-29 12:34:56.789+00:00") => ts(NOON);
        Timestamp(1_700_000_000) => ts("2023-11-14T22:13:20Z");
        Timestamp(1_700_000_000_123) => ts("2023-11-14T22:13:20.123Z");
        Timestamp(1_700_000_000_123_456) => ts("2023-11-14T22:13:20.123456Z");
        Timestamp(133_444_736_000_000_000) => ts("2023-11-14T22:13:20Z");
        Timestamp(1_700_000_000_123_456_789) => ts("2023-11-14T22:13:20.123456789Z");
        Timestamp(1_700_000_000.25) => ts("2023-11-14T22:13:20.25Z");
        Timestamp("yesterday") => err("`yesterday` is no timestamp");
        Timestamp(ts(NOON)) => ts(NOON);
        Timestamp(()) => ();
        Year(ts(NOON)) => 2024;
        Year("2024") => err("`2024` is no timestamp");
        Year(()) => ();
        Month(ts(NOON)) => 2;
        Day(ts(NOON)) => 29;
        Hour(ts(NOON)) => 12;
        Minute(ts(NOON)) => 34;
        Second(ts(NOON)) => 56;
        Second(ts("1969-12-31T23:59:59.5Z")) => 59;
        DayOfWeek(ts(NOON)) => 4;
        DayOfWeek(ts("1969-12-28")) => 7;
        FormatTs(ts(NOON), "%Y-%m-%d %H:%M:%S %a %j") => "2024-02-29 12:34:56 Thu 060";
        FormatTs(ts(NOON), "%s %z %%") => "1709210096 +0000 %";
        FormatTs((), "%Y") => ();
        FormatTs(ts(NOON), 5) => err("`5` is no str");
        Trunc(ts(NOON), secs(3600.0)) => ts("2024-02-29T12:00:00Z");
        Trunc(ts("1969-12-31T23:59:59Z"), secs(60.0)) => ts("1969-12-31T23:59:00Z");
        Trunc(ts(NOON), secs(0.0)) => err("times are cut to a positive duration only");
        DurationBetween(ts("2024-02-29T12:34:00Z"), ts(NOON)) => secs(56.789);
        DurationBetween(ts(NOON), ()) => ();
        DurationSeconds(secs(1.5)) => 1.5;
        DurationSeconds(3) => err("`3` is no duration");
    }
}

fn list_lines() -> Vec<Line> {
    lines! {
        Filter([1, 2, 3]; 1, over_one) => [2, 3];
        Filter(list![1, ()]; 1, over_one) => list![];
        Filter((); 1, over_one) => ();
        Filter(5; 1, over_one) => err("`5` is no list");
        Map([1, 2]; 1, negative) => [-1, -2];
        Map(list![list![1, 2], list![3, 4]]; 2, added) => [3, 7];
        Map([1]; 2, added) => err("`1` is no tuple of 2");
        FlatMap([1, 2]; 1, twice) => [1, 1, 2, 2];
        FlatMap([1]; 1, itself) => err("`1` is no list");
        Any([1, 2]; 1, over_one) => true;
        Any([1]; 1, over_one) => false;
        Any(list![false, ()]) => false;
        Any([1]) => err("`1` is no bool");
        All([2, 3]; 1, over_one) => true;
        All([1, 3]; 1, over_one) => false;
        All(list![]) => true;
        All(list![true, ()]) => false;
        Count(list![1, (), 3]) => 2;
        Count([1, 2, 3]; 1, over_one) => 2;
        Sum([1, 2, 3]) => 6;
        Sum(list![1, (), 0.5]) => 1.5;
        Sum([0.1, 0.2, 0.3, -0.3, -0.2, -0.1]) => 0.0;
        Sum(list![]) => 0;
        Sum(list![secs(1.0), secs(2.0)]) => secs(3.0);
        Sum([i64::MAX, 1]) => err("the sum overflows");
        Sum([i64::MAX, 1, -1]) => i64::MAX;
        Sum(["a"]) => err("`a` is no number");
        Sum([1, 2]; 1, negative) => -3;
        Avg([1, 2]) => 1.5;
        Avg(list![()]) => ();
        Avg(list![secs(1.0), secs(2.0)]) => secs(1.5);
        Avg([1, 3]; 1, negative) => -2.0;
        Stddev([2, 4, 4, 4, 5, 5, 7, 9]) => 2.138_089_935_299_395;
        Stddev([1]) => ();
        Median([3, 1, 2]) => 2.0;
        Median([4, 1, 2, 3]) => 2.5;
        Median(list![]) => ();
        First([1, 2]) => 1;
        First(list![]) => ();
        First([1, 2, 3]; 1, over_one) => 2;
        Last([1, 2]) => 2;
        Last([2, 3, 1]; 1, over_one) => 3;
        Last([1]; 1, over_one) => ();
        Head([1, 2, 3], 2) => [1, 2];
        Head([1], 5) => [1];
        Head([1], -1) => err("-1 items");
        Tail([1, 2, 3], 2) => [2, 3];
        Tail([1], 0) => list![];
        Sort(list![3, 1.5, (), 2]) => list![1.5, 2, 3, ()];
        Sort(list!["b", 1]) => err("`1` (int) and `b` (str) have no order");
        Sort(list![list![2, "a"], list![1, "b"]]) => list![list![1, "b"], list![2, "a"]];
        SortBy([1, 3, 2]; 1, negative) => [3, 2, 1];
        SortBy([1, 2, 3, 4]; 1, parity) => [2, 4, 1, 3];
        Reverse([1, 2]) => [2, 1];
        Reverse("añ") => "ña";
        Reverse(1) => err("`1` is no list");
        Flatten(list![list![1, 2], 3, list![list![4]]]) => list![1, 2, 3, list![4]];
        Zip([1, 2], ["a", "b"]) => list![list![1, "a"], list![2, "b"]];
        Zip([1, 2], ["a"], [true, false]) => list![list![1, "a", true]];
        Enumerate(["a", "b"]) => list![list![0, "a"], list![1, "b"]];
        Pairs([1, 2, 3]) => list![list![1, 2], list![1, 3], list![2, 3]];
        Pairs([1]) => list![];
        Distinct(list![1, 2, 1.0, (), 2]) => [1, 2];
        Distinct([1, 2, 3, 4]; 1, parity) => [1, 2];
        GroupBy([1, 2, 3]; 1, parity) => map! {1 => [1, 3], 0 => [2]};
        LinearTrend([1, 3, 5]) => 2.0;
        LinearTrend(list![list![ts("2024-01-01"), 1], list![ts("2024-01-01T00:00:10Z"), 6]]) => 0.5;
        LinearTrend([1]) => ();
        LinearTrend([1, 2]; 1, negative) => -1.0;
        Window([1, 2, 3], 2) => list![list![1, 2], list![2, 3]];
        Window([1, 2, 3, 4, 5], 2, 2) => list![list![1, 2], list![3, 4]];
        Window([1], 2) => list![];
        Window([1], 0) => err("a window's size and step must be positive");
        Keys(map! {"b" => 1, "a" => 2}) => ["b", "a"];
        Keys([1]) => err("`[1]` is no map");
        Values(map! {"b" => 1, "a" => 2}) => [1, 2];
        Get(map! {"a" => 1}, "a") => 1;
        Get(map! {"a" => 1}, "b", 0) => 0;
        Get(map! {1 => "x"}, 1.0) => "x";
        Get([1, 2], -1) => 2;
        Get([1, 2], 5) => ();
        Get("abc", 1) => "b";
        Get((), "a", 7) => 7;
        Get(1, "a") => err("`1` is no str, list or map");
        Merge(map! {"a" => 1, "b" => 2}, map! {"a" => 3, "c" => 4}) => map! {"a" => 3, "b" => 2, "c" => 4};
        Merge(map! {"a" => 1}, ()) => ();
    }
}

fn other_lines() -> Vec<Line> {
    lines! {
        Coalesce((), (), 3) => 3;
        Coalesce((), "x", 3) => "x";
        Coalesce(()) => ();
        IfNull((), 1) => 1;
        IfNull(2, 1) => 2;
        IsNull(()) => true;
        IsNull(0) => false;
        IsNotNull(()) => false;
        IsNotNull("") => true;
        Typeof(1) => "int";
        Typeof(()) => "null";
        Typeof(map! {}) => "map";
        Typeof(ts(NOON)) => "timestamp";
        Hash("a") => 586_962_220_959_696_054;
        Hash(1) => -1_306_494_776_482_804_796;
        Hash(1.0) => -1_306_494_776_482_804_796;
        Hash(()) => -5_808_590_958_014_384_161;
        Int(" -42 ") => -42;
        Int(2.9) => 2;
        Int(-2.9) => -2;
        Int(true) => 1;
        Int(ts("1970-01-01T00:01:00.5Z")) => 60;
        Int("4x") => err("`4x` is no int");
        Int(1e30) => err("`1e30` is no int");
        Int([1]) => err("`[1]` is no int");
        Int(()) => ();
        Float("1.5e3") => 1500.0;
        Float(2) => 2.0;
        Float(secs(1.5)) => 1.5;
        Float("x") => err("`x` is no float");
        Str(1) => "1";
        Str(1.0) => "1.0";
        Str("a") => "a";
        Str(list![1, "a"]) => "[1,\"a\"]";
        Str(ts("2024-01-01")) => "2024-01-01T00:00:00Z";
        Str(()) => ();
        Bool("TRUE") => true;
        Bool(0) => false;
        Bool(0.5) => true;
        Bool("yes") => err("`yes` is no bool");
        TryInt("4x") => ();
        TryInt("4") => 4;
        TryFloat("") => ();
        TryFloat("1") => 1.0;
    }
}

fn all_lines() -> Vec<Line> {
    [text_lines(), math_lines(), time_lines(), list_lines(), other_lines()]
        .into_iter()
        .flatten()
        .collect()
}

impl Line {
    /// The call with its arguments as `arg` gives them.
    fn build(&self, b: &mut Build, mut arg: impl FnMut(&mut Build, usize, &Value) -> ExprId) -> ExprId {
        let args = self
            .args
            .iter()
            .enumerate()
            .map(|(at, value)| arg(b, at, value))
            .collect();
        match self.lambda {
            None => b.call(self.builtin, args),
            Some((params, body)) => b.call_with(self.builtin, args, params, body),
        }
    }

    /// Says what differs from what is expected.
    fn check(&self, what: &str, node: ExprId, rows: u64, got: &[Value], errors: &[EvalErrors]) -> Vec<String> {
        let place = format!("{}{:?}, {what}", self.builtin.name(), self.args);
        let (value, message) = match &self.want {
            Want::Value(value) => (value.clone(), None),
            Want::Error(message) => (Value::Null, Some(*message)),
        };
        let found: Vec<_> = errors
            .iter()
            .map(|e| (e.node, e.count, e.first_row, e.message.as_str()))
            .collect();
        let wanted: Vec<_> = message.iter().map(|message| (node, rows, 0, *message)).collect();
        let wrong = got.iter().find(|got| !same(got, &value));
        let values = wrong.map(|got| format!("{place}: {got:?}, not {value:?}"));
        let errors = (found != wanted).then(|| format!("{place}: {found:?}, not {wanted:?}"));
        values.into_iter().chain(errors).collect()
    }

    fn check_columns(&self, what: &str, column: fn(Vec<Value>) -> Column) -> Vec<String> {
        let mut b = Build::default();
        let call = self.build(&mut b, |b, at, _| b.field(at as u32));
        let columns = self.args.iter().map(|value| column(vec![value.clone(), value.clone()]));
        let mut columns: Vec<Column> = columns.collect();
        columns.push(Column::nulls(2));
        let table = Table::new(columns);
        let program = Program::new(&b.exprs, &[call], 0);
        let mut evaluator = Evaluator::new(&program, &table);
        let got = evaluator.eval(call, None);
        let values = [got.value(0), got.value(1)];
        let mut failures = self.check(what, call, 2, &values, &evaluator.take_errors());
        let (reference, errors) = eval::reference(&program, &table, call);
        failures.extend(self.check("one row at a time", call, 2, &[reference.value(0)], &errors));
        failures
    }
}

#[test]
fn every_line_holds() {
    let mut failures = Vec::new();
    for line in all_lines() {
        failures.extend(line.check_columns("typed columns", Column::from_values));
        failures.extend(line.check_columns("mixed columns", mixed));

        let mut b = Build::default();
        let call = line.build(&mut b, |b, _, value| b.lit(value.clone()));
        let table = Table::of(vec![vec![v(1), v(2)]]);
        let program = Program::new(&b.exprs, &[call], 0);
        let mut evaluator = Evaluator::new(&program, &table);
        let got = evaluator.eval(call, None);
        failures.extend(line.check("constants", call, 2, &[got.value(1)], &evaluator.take_errors()));
        let folded = eval::constant(&b.exprs, call);
        match &line.want {
            Want::Value(value) => assert!(folded.is_some_and(|got| same(&got, value)), "{}", line.builtin.name()),
            Want::Error(_) => assert_eq!(folded, None, "{}", line.builtin.name()),
        }

        // Patterns constant, subjects a column.
        let mut b = Build::default();
        let call = line.build(
            &mut b,
            |b, at, value| if at == 0 { b.field(0) } else { b.lit(value.clone()) },
        );
        let subject = line.args[0].clone();
        let table = Table::of(vec![vec![subject.clone(), subject, Value::Null]]);
        let program = Program::new(&b.exprs, &[call], 0);
        let mut evaluator = Evaluator::new(&program, &table);
        let got = evaluator.eval(call, Some(&[0, 1]));
        let both = [got.value(0), got.value(1)];
        failures.extend(line.check("constant patterns", call, 2, &both, &evaluator.take_errors()));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_builtin_has_a_line() {
    let mut seen: BTreeSet<Builtin> = all_lines().iter().map(|line| line.builtin).collect();
    // Drawn, not computed: see `random_draws_repeat`.
    seen.extend([Builtin::Random, Builtin::RandomInt, Builtin::Uuid]);
    let missing: Vec<_> = Builtin::ALL.iter().filter(|builtin| !seen.contains(builtin)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn names_are_unique_and_found() {
    let mut names = BTreeSet::new();
    for &builtin in Builtin::ALL {
        for name in std::iter::once(&builtin.name()).chain(builtin.aliases()) {
            assert!(names.insert(*name), "`{name}` twice");
            assert_eq!(Builtin::lookup(name), Some(builtin));
        }
        assert!(builtin.usage().starts_with(builtin.name()), "{builtin:?}");
        assert!(
            !builtin.doc().is_empty() && !builtin.doc().ends_with('.'),
            "{builtin:?}"
        );
        let signature = builtin.signature();
        assert!(signature.required <= signature.params.len(), "{builtin:?}");
        assert!(signature.lambdas_required <= signature.lambdas.len(), "{builtin:?}");
    }
    assert_eq!(Builtin::lookup("to_string"), Some(Builtin::Str));
    assert_eq!(Builtin::lookup("nope"), None);
}

#[test]
fn random_draws_repeat() {
    let draw = |builtin: Builtin, key: i64, seed: u64, args: &[i64]| {
        let mut b = Build::default();
        let mut ids = vec![b.lit(key)];
        ids.extend(args.iter().map(|arg| b.lit(*arg)).collect::<Vec<_>>());
        let call = b.call(builtin, ids);
        let table = Table::of(vec![vec![v(0); 200]]);
        let program = Program::new(&b.exprs, &[call], seed);
        let mut evaluator = Evaluator::new(&program, &table);
        let column = evaluator.eval(call, None);
        let (reference, _) = eval::reference(&program, &table, call);
        let values: Vec<Value> = (0..200).map(|row| column.value(row)).collect();
        assert!((0..200).all(|row| reference.value(row) == column.value(row)));
        (values, evaluator.take_errors())
    };
    let (floats, _) = draw(Builtin::Random, 1, 7, &[]);
    assert_eq!(floats, draw(Builtin::Random, 1, 7, &[]).0);
    assert_ne!(floats, draw(Builtin::Random, 2, 7, &[]).0);
    assert_ne!(floats, draw(Builtin::Random, 1, 8, &[]).0);
    assert!(
        floats
            .iter()
            .all(|value| matches!(value, Value::Float(f) if (0.0..1.0).contains(f)))
    );
    let (ints, _) = draw(Builtin::RandomInt, 1, 7, &[-1, 1]);
    let distinct: BTreeSet<i64> = ints
        .iter()
        .map(|value| if let Value::Int(i) = value { *i } else { 99 })
        .collect();
    assert_eq!(distinct, BTreeSet::from([-1, 0, 1]));
    let (_, errors) = draw(Builtin::RandomInt, 1, 7, &[2, 1]);
    assert_eq!(errors[0].message, "there is no integer from 2 to 1");
    let (uuids, _) = draw(Builtin::Uuid, 1, 7, &[]);
    assert_eq!(uuids[0], v("8b8aec98-d54a-4c47-8ab4-1030c456fc99"));
}

#[test]
fn bad_patterns_are_found_before_the_run() {
    assert_eq!(eval::check_pattern(Builtin::Like, "a%"), Ok(()));
    assert_eq!(eval::check_pattern(Builtin::Upper, "("), Ok(()));
    assert_eq!(
        eval::check_pattern(Builtin::RegexMatch, "a("),
        Err("no regular expression: unclosed group".to_owned())
    );
}
