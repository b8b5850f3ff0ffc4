//! What the compiler makes of sequence patterns.

#![allow(clippy::unwrap_used, reason = "tests")]

use varpulis::ir::{Bound, How, Pattern, PatternRead, PatternStep, Query, Shape, Which};

use varpulis::diag::SourceMap;
use varpulis::plan::{ExplainFormat, Options, explain, plan};
use varpulis::resolve::compile;

use super::resolve_support::{expr, field, streams};

/// A pattern in a compact form, in lines.
pub(crate) fn text(query: &Query, pattern: &Pattern) -> String {
    let all = |ids: &[varpulis::ir::ExprId]| ids.iter().map(|id| expr(query, *id)).collect::<Vec<_>>().join(", ");
    let mut lines = vec![format!(
        "pattern {} within {:?} {:?} {:?} {:?}",
        shape(&pattern.shape),
        pattern.within,
        pattern.select,
        pattern.report,
        pattern.after
    )];
    for input in &pattern.inputs {
        let stream = &query.streams[input.stream.0 as usize].name;
        lines.push(format!(
            "  from {stream} by [{}]: {}",
            all(&input.keys),
            all(&input.values)
        ));
    }
    for (at, one) in pattern.steps.iter().enumerate() {
        lines.push(format!("  {at}: {}", step(query, pattern, one)));
    }
    if !pattern.absent.is_empty() {
        lines.push(format!("  none of {:?}", pattern.absent));
    }
    if let Some(filter) = pattern.filter {
        lines.push(format!("  where {}", expr(query, filter)));
    }
    lines.extend(
        pattern
            .reads
            .iter()
            .map(|one| format!("  {}", read(query, pattern, one))),
    );
    for call in &pattern.trends {
        lines.push(format!("  trend {:?} {:?}", call.function, call.over));
    }
    lines.join("\n  ")
}

fn shape(of: &Shape) -> String {
    let all = |parts: &[Shape], with: &str| format!("({})", parts.iter().map(shape).collect::<Vec<_>>().join(with));
    match of {
        Shape::Step(step) => step.to_string(),
        Shape::Absent(step) => format!("!{step}"),
        Shape::Seq(parts) => all(parts, " -> "),
        Shape::And(parts) => all(parts, " & "),
        Shape::Or(parts) => all(parts, " | "),
        Shape::Repeat(inner, min, max) => {
            format!(
                "{}{{{min},{}}}",
                shape(inner),
                max.map_or(String::new(), |max| max.to_string())
            )
        }
    }
}

fn step(query: &Query, pattern: &Pattern, of: &PatternStep) -> String {
    let input = &pattern.inputs[of.input];
    let value = |at: usize| expr(query, input.values[at]);
    let mut text = input.name.clone();
    if of.next {
        text = format!("next {text}");
    }
    if of.each {
        text = format!("each {text}");
    }
    if let Some(alias) = of.alias {
        let list = if pattern.aliases[alias].list { "[]" } else { "" };
        text += &format!(" as {}{list}", pattern.aliases[alias].name);
    }
    if let Some(within) = of.within {
        text += &format!(" within {within}");
    }
    if let Some(alone) = of.alone {
        text += &format!("; alone {}", value(alone));
    }
    for compare in &of.compare {
        let other = bound(query, pattern, &compare.other);
        text += &format!("; {} {:?} {other}", value(compare.own), compare.op);
    }
    if let Some(rest) = &of.rest {
        let own = rest
            .own
            .iter()
            .map(|(id, at)| format!("{} = {}", field(query, *id), value(*at)));
        let pseudo = rest.pseudo.iter().map(|(which, _)| format!("{which:?}"));
        let reads = rest.reads.iter().map(|one| read(query, pattern, one));
        let all: Vec<String> = own.chain(pseudo).chain(reads).collect();
        text += &format!("; rest {} with {}", expr(query, rest.condition), all.join(", "));
    }
    text
}

fn bound(query: &Query, pattern: &Pattern, of: &Bound) -> String {
    let which = match (pattern.aliases[of.alias].list, of.which) {
        (false, _) => "",
        (true, Which::First) => "[0]",
        (true, Which::Last) => "[-1]",
    };
    let values: Vec<String> = of
        .values
        .iter()
        .map(|(step, at)| {
            let input = pattern.steps[*step].input;
            format!("{step}.{}", expr(query, pattern.inputs[input].values[*at]))
        })
        .collect();
    format!("{}{which}({})", pattern.aliases[of.alias].name, values.join(" or "))
}

fn read(query: &Query, pattern: &Pattern, of: &PatternRead) -> String {
    let how = match &of.how {
        How::Key(at) => format!("key {at}"),
        How::One(of) => format!("one {}", bound(query, pattern, of)),
        How::Nth(of, at) => format!("nth {at} {}", bound(query, pattern, of)),
        How::Count(alias) => format!("count {}", pattern.aliases[*alias].name),
        How::List(of) => format!("list {}", bound(query, pattern, of)),
        How::Aggregate {
            function,
            param,
            alias,
            args,
        } => {
            let args: Vec<String> = args
                .iter()
                .map(|values| {
                    let (step, at) = values[0];
                    expr(query, pattern.inputs[pattern.steps[step].input].values[at])
                })
                .collect();
            format!(
                "{} of {} ({}) {param:?}",
                function.name(),
                pattern.aliases[*alias].name,
                args.join(", ")
            )
        }
        How::Start => "start".to_owned(),
        How::End => "end".to_owned(),
        How::Duration => "duration".to_owned(),
        How::Trend(at) => format!("trend {at}"),
    };
    let shown = of.name.as_ref().map_or(String::new(), |name| format!(" shown {name}"));
    format!("{}: {how}{shown}", field(query, of.field))
}

#[test]
fn a_burst_and_a_success() {
    let text = r#"
stream B = Login{3,} where outcome == "failure" as fails
    -> Login where outcome == "success" and ip == fails[0].ip as ok
    .partition_by(user)
    .within(5m)
    .emit(user: user, attempts: count(fails), first: fails[0]._time, ip: ok.ip, sum: sum(fails.n), took: match_duration)
"#;
    assert_eq!(
        streams(text),
        r#"B <- stream B.Login writes
  pattern (0{3,} -> 1) within Some(300000000000) Next Longest NoSkip
    from B.Login by [user]: (Eq outcome "failure"), ip, (Eq outcome "success"), _Time, n
    0: Login as fails[]; alone (Eq outcome "failure")
    1: Login as ok; alone (Eq outcome "success"); ip Eq fails[0](0.ip)
    user: key 0 shown user
    fails.#count: count fails
    fails[0].#_time: nth 0 fails[0](0._Time)
    ok.ip: one ok(1.ip)
    #elements0: sum of fails (n) Null
    match_duration: duration
  emit user: user, attempts: fails.#count, first: fails[0].#_time, ip: ok.ip, sum: #elements0, took: match_duration
B.Login <- type Login
  where (Or (Eq outcome "failure") (Eq outcome "success"))
"#
    );
}

#[test]
fn a_declared_pattern_read_twice() {
    let text = r#"
pattern Takeover = Login as l -> (PasswordChange as p or EmailChange as p) -> Purchase where amount > 10 as b
    within 30m partition by user
stream T = Takeover .not(Logout) .emit(user: l.user, amount: b.amount, how: p.how)
stream W = Takeover .after_match("skip_past_last") .where(b.amount > 100) .where(match_duration < 1m) .emit()
"#;
    assert_eq!(
        streams(text),
        r#"T <- stream T.Login, stream T.PasswordChange, stream T.EmailChange, stream T.Purchase, stream T.Logout writes
  pattern (0 -> (1 | 2) -> 3) within Some(1800000000000) Next Longest NoSkip
    from T.Login by [user]: user
    from T.PasswordChange by [user]: how
    from T.EmailChange by [user]: how
    from T.Purchase by [user]: (Gt amount 10), amount
    from T.Logout by [user]: 
    0: Login as l
    1: PasswordChange as p
    2: EmailChange as p
    3: Purchase as b; alone (Gt amount 10)
    4: Logout
    none of [4]
    user: key 0 shown user
    l.user: one l(0.user)
    b.amount: one b(3.amount)
    p.how: one p(1.how or 2.how)
  emit user: l.user, amount: b.amount, how: p.how
W <- stream W.Login, stream W.PasswordChange, stream W.EmailChange, stream W.Purchase writes
  pattern (0 -> (1 | 2) -> 3) within Some(1800000000000) Next Longest SkipPastLast
    from W.Login by [user]: row
    from W.PasswordChange by [user]: row
    from W.EmailChange by [user]: row
    from W.Purchase by [user]: (Gt amount 10), amount, row
    0: Login as l
    1: PasswordChange as p
    2: EmailChange as p
    3: Purchase as b; alone (Gt amount 10)
    where (And (Gt b.amount 100) (Lt match_duration 60.0))
    user: key 0 shown user
    b.amount: one b(3.amount)
    match_duration: duration
    l: one l(0.row) shown l
    p: one p(1.row or 2.row) shown p
    b: one b(3.row) shown b
  emit row
T.Login <- type Login
T.PasswordChange <- type PasswordChange
T.EmailChange <- type EmailChange
T.Purchase <- type Purchase
  where (Gt amount 10)
T.Logout <- type Logout
W.Login <- type Login
W.PasswordChange <- type PasswordChange
W.EmailChange <- type EmailChange
W.Purchase <- type Purchase
  where (Gt amount 10)
"#
    );
}

#[test]
fn conditions_come_apart() {
    let text = r#"
let most = 100
stream R = Tick as a
    -> Tick+ where price > xs[-1].price and a.price < price and price > most and sum(xs.price) < a.price * 2 + price
        and symbol == first(xs.symbol) and count(xs) < 3 and price * 2 != a.price + 1 as xs
    -> not Stop where tick == xs[-1].id and _time > a._time
    -> next Tick[price < len(xs.map(x => x.price))] as d
    .within(1m) .strict()
    .emit(n: xs.len(), all: xs.price, p: max(xs.price * most), top: top(xs.symbol, 2), last: last(xs.price), d: d)
"#;
    assert_eq!(
        streams(text),
        r#"R <- stream R.Tick, stream R.Stop writes
  pattern (0 -> 1{1,} -> !2 -> 3) within Some(60000000000) Strict Longest NoSkip
    from R.Tick by []: price, symbol, (Mul price 2), (Add price 1), (Gt price 100), id, _Time, row, (Mul price 100)
    from R.Stop by []: tick, _Time
    0: Tick as a
    1: Tick as xs[]; alone (Gt price 100); price Gt xs[-1](1.price); price Gt a(0.price); symbol Eq xs[0](1.symbol); (Mul price 2) Ne a(0.(Add price 1)); rest (And (Or (Eq #@xs.#count 0) (Lt #elements0 (Add (Mul #@a.price 2) price))) (Lt #@xs.#count 3)) with price = price, #@xs.#count: count xs, #elements0: sum of xs (price) Null, #@a.price: one a(0.price)
    2: Stop; tick Eq xs[-1](1.id); _Time Gt a(0._Time)
    3: next Tick as d; rest (Lt price (len (map #@xs $0 => (get $0 price)))) with price = price, #@xs: list xs[0](1.row)
    xs.#count: count xs
    xs.price: list xs[0](1.price)
    #elements1: max of xs ((Mul price 100)) Null
    #elements2: top of xs (symbol) Int(2)
    xs[-1].price: nth -1 xs[0](1.price)
    d: one d(3.row) shown d
  emit n: xs.#count, all: xs.price, p: #elements1, top: #elements2, last: xs[-1].price, d: d
R.Tick <- type Tick
R.Stop <- type Stop
"#
    );
}

#[test]
fn absences_and_words() {
    let text = r#"
stream A = not Beat where host == s.host within 5m -> Start where load > 1 as s -> each Step where host == s.host as e
    -> not Stop where host == s.host within 1h
    .within(1h)
    .emit(host: s.host, e: e)
"#;
    assert_eq!(
        streams(text),
        r#"A <- stream A.Beat, stream A.Start, stream A.Step, stream A.Stop writes
  pattern (!0 -> 1 -> 2 -> !3) within Some(3600000000000) Next Longest NoSkip
    from A.Beat by []: host
    from A.Start by []: host, (Gt load 1)
    from A.Step by []: host, row
    from A.Stop by []: host
    0: Beat within 300000000000; host Eq s(1.host)
    1: Start as s; alone (Gt load 1)
    2: each Step as e; host Eq s(1.host)
    3: Stop within 3600000000000; host Eq s(1.host)
    s.host: one s(1.host)
    e: one e(2.row) shown e
  emit host: s.host, e: e
A.Beat <- type Beat
A.Start <- type Start
  where (Gt load 1)
A.Step <- type Step
A.Stop <- type Stop
"#
    );
}

#[test]
fn what_is_reported() {
    let text = r#"
stream E = Login as l -> Transfer+ where user == l.user as ts .within(1h) .each() .emit(amount: ts.amount, l: l.ip)
stream S = ((A as a -> B where k == a[-1].k as b)+ and C as c) -> D? as d
    .partition_by(A: k, B: k, C: key, D: key) .within(1h) .subsets()
stream U = S .where(count(a) > 2) .emit(k: k, d: d.x, b: b[1].y)
"#;
    assert_eq!(
        streams(text),
        r#"E <- stream E.Login, stream E.Transfer writes
  pattern (0 -> 1{1,}) within Some(3600000000000) Next Each NoSkip
    from E.Login by []: user, ip
    from E.Transfer by []: user, amount
    0: Login as l
    1: Transfer as ts[]; user Eq l(0.user)
    ts.amount: one ts[0](1.amount)
    l.ip: one l(0.ip)
  emit amount: ts.amount, l: l.ip
S <- stream S.A, stream S.B, stream S.C, stream S.D
  pattern (((0 -> 1){1,} & 2) -> 3{0,1}) within Some(3600000000000) Next Subsets NoSkip
    from S.A by [k]: k
    from S.B by [k]: k, y
    from S.C by [key]: 
    from S.D by [key]: x
    0: A as a[]
    1: B as b[]; k Eq a[-1](0.k)
    2: C as c
    3: D as d
    k: key 0 shown k
    a.#count: count a
    d.x: one d(3.x)
    b.#count: count b
    b[1].y: nth 1 b[0](1.y)
U <- stream S writes
  where (Gt a.#count 2)
  emit k: k, d: d.x, b: (if (Ge b.#count 2) b[1].y (index (.. 0 b.#count) 1))
E.Login <- type Login
E.Transfer <- type Transfer
S.A <- type A
S.B <- type B
S.C <- type C
S.D <- type D
"#
    );
}

#[test]
fn trends() {
    let text = r#"
stream T = Stock+ where price > xs[-1].price as xs .partition_by(symbol) .within(10m) .stam()
    .trend_aggregate(n: count_trends(), e: count_events(xs), s: sum_trends(xs.price), least: min_trends(xs.price))
    .where(n > 3)
"#;
    assert_eq!(
        streams(text),
        r#"T <- stream T.Stock writes
  pattern 0{1,} within Some(600000000000) Any Longest NoSkip
    from T.Stock by [symbol]: price
    0: Stock as xs[]; price Gt xs[-1](0.price)
    symbol: key 0 shown symbol
    n: trend 0 shown n
    e: trend 1 shown e
    s: trend 2 shown s
    least: trend 3 shown least
    trend CountTrends None
    trend CountEvents Some((0, []))
    trend SumTrends Some((0, [(0, 0)]))
    trend MinTrends Some((0, [(0, 0)]))
  where (Gt n 3)
T.Stock <- type Stock
"#
    );
}

#[test]
fn patterns_of_patterns() {
    let text = r#"
stream Bursts = Login{3,} where ok == false as fails .partition_by(user) .within(1m)
stream P = Bursts as b -> Transfer where user == b.user and amount > count(b.fails) as t .within(1h)
    .emit(user: b.user, n: b.fails.len(), ip: b.fails[0].ip, t: t._time)
stream J = join(Bursts, stream O from Order on Bursts.user == O.user) .window(5m) .emit(u: Bursts.user, s: Bursts.match_start)
"#;
    assert_eq!(
        streams(text),
        r#"Bursts <- stream Bursts.Login
  pattern 0{3,} within Some(60000000000) Next Longest NoSkip
    from Bursts.Login by [user]: (Eq ok false), row, ip
    0: Login as fails[]; alone (Eq ok false)
    user: key 0 shown user
    match_start: start
    fails: list fails[0](0.row) shown fails
    fails[0].ip: nth 0 fails[0](0.ip)
P <- stream P.Bursts, stream P.Transfer writes
  pattern (0 -> 1) within Some(3600000000000) Next Longest NoSkip
    from P.Bursts by []: user, (count fails), fails, fails[0].ip
    from P.Transfer by []: user, amount, _Time
    0: Bursts as b
    1: Transfer as t; user Eq b(0.user); amount Gt b(0.(count fails))
    b.user: one b(0.user)
    b.fails: one b(0.fails)
    b.fails[0].ip: one b(0.fails[0].ip)
    t.#_time: one t(1._Time)
  emit user: b.user, n: (len b.fails), ip: b.fails[0].ip, t: t.#_time
J.1 <- stream Bursts
J.O <- type Order
J <- stream J.1, stream J.O writes
  join Inner within 300000000000 of Bursts from J.1 (Bursts.user = user, Bursts.match_start = match_start), O from J.O () on [0:user = 1:user] and none
  emit u: Bursts.user, s: Bursts.match_start
Bursts.Login <- type Login
  where (Eq ok false)
P.Bursts <- stream Bursts
P.Transfer <- type Transfer
"#
    );
}

#[test]
fn the_plan_says_how_a_step_finds_its_runs() {
    let text = r#"
stream S = not Beat within 5m -> Login where ok == false as l
    -> (Transfer where l.user == user and amount > 10 as t or Order as t)+
    -> not Logout where user == l.user
    -> Close where amount < sum(t.amount) + x as c
    .partition_by(host) .not(Stop) .within(1h30m) .subsets()
"#;
    let mut sources = SourceMap::default();
    let main = sources.add("q.vpl", text);
    let query = compile(&mut sources, main, &varpulis::resolve::Options::default())
        .query
        .unwrap();
    let plan = plan(query, &Options::default()).unwrap();
    let text = explain(&plan, &sources, ExplainFormat::Text, false);
    let from = text.find("takes").unwrap();
    let to = text.rfind("    -> output").unwrap();
    assert_eq!(
        &text[from..to],
        r#"takes not Beat -> Login as l -> (Transfer as t or Order as t)+ -> not Logout -> Close as c: skip till next match, within 1h30m, a row for each choice of elements
      by runs, listed by state and key
      reads Beat by host
      reads Login by host
      reads Transfer by host
      reads Order by host
      reads Logout by host
      reads Close by host
      reads Stop by host
      never Beat: within 5m
      Login as l: by itself ok == false
      Transfer as t: by itself amount > 10; hash key l.user == user
      Order as t
      never Logout: hash key user == l.user
      Close as c: evaluates amount < sum(t.amount) + x
      never Stop
"#
    );
}

#[test]
fn a_pattern_of_too_many_steps_is_refused() {
    let steps = vec!["A"; 501].join(" -> ");
    let (_, said) = super::resolve_support::resolved(&format!("stream S = {steps} .within(1h)\n"), &[]);
    assert_eq!(
        said,
        "q.vpl:1:12: error[VPL0311]: a pattern has at most 500 steps, this has 501\n"
    );
}
