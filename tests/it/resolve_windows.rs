//! What windows, aggregations and what goes with them become.

use crate::resolve_support::{dump, resolved, streams, without_differences};

/// The operators of the only stream that a chain over trades makes.
fn chain(operators: &str) -> Vec<String> {
    let text = format!(
        "event Trade:\n    sym: str\n    price: float\n    volume: int\n    tags: [str]\nstream X = Trade {operators}\n"
    );
    let dumped = streams(&text);
    dumped.lines().skip(1).map(|line| line.trim().to_owned()).collect()
}

/// What is said of it, one line each.
fn said(operators: &str) -> String {
    let text = format!("stream X = Trade {operators}\n");
    without_differences(&resolved(&text, &[]).1)
}

#[test]
fn an_item_reads_the_ones_before_it() {
    assert_eq!(
        chain(
            ".partition_by(sym) .window(1m) .aggregate(n: count(), vwap: sum(price * volume) / sum(volume), twice: n * 2) .having(n > 1) .order_by(n desc) .limit(3) .emit(sym, window_start, vwap)"
        ),
        [
            "partition_by sym: sym",
            "aggregate Window(Time { size: 60000000000, slide: 60000000000, offset: 0, align_first: false }) by [sym=sym] window_start window_end revision: #agg0 = count(), #agg1 = sum((Mul price volume)), #agg2 = sum(volume)",
            "select sym: sym, window_start: window_start, window_end: window_end, #agg0: #agg0, #agg1: #agg1, #agg2: #agg2, revision: revision, n: #agg0, vwap: (Div #agg1 #agg2)",
            "select sym: sym, window_start: window_start, window_end: window_end, n: n, vwap: vwap, twice: (Mul n 2)",
            "where (Gt n 1)",
            "order_by n desc of AllOfWindow",
            "limit 3 of AllOfWindow",
            "emit sym: sym, window_start: window_start, vwap: vwap",
        ]
    );
}

#[test]
fn filters_behind_a_window_of_time_come_before_it() {
    assert_eq!(
        chain(
            ".window(5m, sliding: 1m, offset: 30s) .where(price > 1) .partition_by(sym) .filter(e => e.volume > 2) .aggregate(n: count())"
        ),
        [
            "where (Gt price 1)",
            "partition_by sym: sym",
            "where (Gt volume 2)",
            "aggregate Window(Time { size: 300000000000, slide: 60000000000, offset: 30000000000, align_first: false }) by [sym=sym] window_start window_end revision: #agg0 = count()",
            "select sym: sym, window_start: window_start, window_end: window_end, n: #agg0",
        ]
    );
}

#[test]
fn a_trailing_window_and_the_episodes_in_it() {
    assert_eq!(
        chain(
            r#".window(5m, every: event, bounds: "closed") .aggregate(users: count(distinct(sym))) .rising(users >= 5)"#
        ),
        [
            "aggregate Window(Trailing { size: 300000000000, closed: true }) by [] window_start window_end revision: #agg0 = count_distinct(sym)",
            "select window_start: window_start, window_end: window_end, users: #agg0",
            "rising (Ge users 5)",
        ]
    );
}

#[test]
fn windows_of_rows_are_joined_before_they_are_ordered() {
    assert_eq!(
        chain(
            ".window(100, partial: true) .aggregate(n: count(), a: avg(price), b: avg(price)) .order_by(a) .distinct(n)"
        ),
        [
            "aggregate Window(Count { size: 100, slide: 100, partial: true }) by [] window_start window_end revision: #agg0 = count(), #agg1 = avg(price)",
            "select n: #agg0, a: #agg1, b: #agg1",
            "order_by a",
            "distinct n within None",
        ]
    );
}

#[test]
fn sliding_windows_of_rows_per_key() {
    assert_eq!(
        chain(".partition_by(sym) .window(100, sliding: 10) .aggregate(n: count()) .limit(3) .order_by(n)"),
        [
            "partition_by sym: sym",
            "aggregate Window(Count { size: 100, slide: 10, partial: false }) by [sym=sym] window_start window_end revision: #agg0 = count()",
            "select sym: sym, n: #agg0",
            "collect",
            "limit 3",
            "order_by n",
        ]
    );
}

#[test]
fn a_session_per_key() {
    assert_eq!(
        chain(".partition_by(sym) .session_window(gap: 30m) .aggregate(n: count(), from: window_start) .where(n > 20)"),
        [
            "partition_by sym: sym",
            "aggregate Window(Session { gap: 1800000000000 }) by [sym=sym] window_start window_end revision: #agg0 = count()",
            "select sym: sym, window_start: window_start, window_end: window_end, n: #agg0, from: window_start",
            "where (Gt n 20)",
        ]
    );
}

#[test]
fn the_largest_rows_of_each_session() {
    assert_eq!(
        chain(
            ".window(session: 30m) .order_by(price desc) .limit(3) .aggregate(top: collect(price), whole: collect())"
        ),
        [
            "window Session { gap: 1800000000000 } window_start window_end",
            "order_by price desc of Window",
            "limit 3 of Window",
            "aggregate Collected by [] window_start window_end revision: #agg0 = collect(price), #agg1 = collect(row)",
            "select window_start: window_start, window_end: window_end, top: #agg0, whole: #agg1",
        ]
    );
}

#[test]
fn windows_that_begin_at_the_first_event_are_cut_before_filters() {
    assert_eq!(
        chain(r#".window(1h, align: "first") .where(price > 1) .aggregate(n: count())"#),
        [
            "window Time { size: 3600000000000, slide: 3600000000000, offset: 0, align_first: true } window_start window_end",
            "where (Gt price 1)",
            "aggregate Collected by [] window_start window_end revision: #agg0 = count()",
            "select window_start: window_start, window_end: window_end, n: #agg0",
        ]
    );
}

#[test]
fn a_filter_that_asks_for_the_window() {
    assert_eq!(
        chain(".window(1h) .where(price > 1 and window_start > @2026-01-01) .aggregate(n: count())"),
        [
            "window Time { size: 3600000000000, slide: 3600000000000, offset: 0, align_first: false } window_start window_end",
            "where (And (Gt price 1) (Gt window_start 2026-01-01T00:00:00Z))",
            "aggregate Collected by [] window_start window_end revision: #agg0 = count()",
            "select window_start: window_start, window_end: window_end, n: #agg0",
        ]
    );
}

#[test]
fn without_a_window_over_everything() {
    assert_eq!(
        chain(
            ".aggregate(n: count(), all: len(distinct(sym)), big: collect(price).filter(p => p > n).map(p => p * 2), first: first(_time)) .limit(1)"
        ),
        [
            "aggregate All { running: false } by [] window_start window_end revision: #agg0 = count(), #agg1 = distinct(sym), #agg2 = collect(price), #agg3 = first(_Time)",
            "select #agg0: #agg0, #agg1: #agg1, #agg2: #agg2, #agg3: #agg3, revision: revision, n: #agg0, all: (len #agg1)",
            "select n: n, all: all, big: (map (filter #agg2 $0 => (Gt $0 n)) $1 => (Mul $1 2)), first: #agg3",
            "limit 1 of AllOfWindow",
        ]
    );
}

#[test]
fn running_totals() {
    assert_eq!(
        chain(".partition_by(sym) .aggregate(n: count(), running: true) .limit(5)"),
        [
            "partition_by sym: sym",
            "aggregate All { running: true } by [sym=sym] window_start window_end revision: #agg0 = count()",
            "select sym: sym, n: #agg0",
            "collect",
            "limit 5",
        ]
    );
}

#[test]
fn items_that_have_the_name_of_a_key() {
    assert_eq!(
        chain(
            ".partition_by(sym, upper(sym)) .window(1m) .aggregate(sym: sym, window_start: str(window_start), n: count_if(price > 1), p: percentile(price, 0.95), e: ema(price, 10), t: top(sym, 3), key: _partition)"
        ),
        [
            "partition_by sym: sym, upper(sym): (upper sym)",
            "aggregate Window(Time { size: 60000000000, slide: 60000000000, offset: 0, align_first: false }) by [sym=sym, upper(sym)=upper(sym)] window_start window_end revision: #agg0 = count_if((Gt price 1)), #agg1 = percentile(price, Float(0.95)), #agg2 = ema(price, Int(10)), #agg3 = top(sym, Int(3))",
            "select upper(sym): upper(sym), window_end: window_end, sym: sym, window_start: (str window_start), n: #agg0, p: #agg1, e: #agg2, t: #agg3, key: [sym upper(sym)]",
        ]
    );
}

#[test]
fn row_functions_before_a_projection() {
    assert_eq!(
        chain(
            ".select(sym, change: price - lag(price), twice: lag(price, 2), again: lag(price) + lag(lag(price)), n: row_number(), r: rank(price))"
        ),
        [
            "rows #row0 = lag(price, 1), #row1 = lag(price, 2), #row2 = row_number(), #row3 = rank(price)",
            "rows #row4 = lag(#row0, 1)",
            "select sym: sym, change: (Sub price #row0), twice: #row1, again: (Add #row0 #row4), n: #row2, r: #row3",
        ]
    );
}

#[test]
fn a_row_function_of_a_lambdas_row() {
    assert_eq!(
        chain(".map(e => { d: e.price - lag(e.price) }) .where(d > 1)"),
        [
            "rows #row0 = lag(price, 1)",
            "select d: (Sub price #row0)",
            "where (Gt d 1)",
        ]
    );
}

#[test]
fn looking_ahead_within_a_window() {
    assert_eq!(
        chain(".window(1m) .select(price, next: lead(price)) .aggregate(n: count(), up: count_if(next > price))"),
        [
            "window Time { size: 60000000000, slide: 60000000000, offset: 0, align_first: false } window_start window_end",
            "rows #row0 = lead(price, 1)",
            "select price: price, next: #row0",
            "aggregate Collected by [] window_start window_end revision: #agg1 = count(), #agg2 = count_if((Gt next price))",
            "select window_start: window_start, window_end: window_end, n: #agg1, up: #agg2",
        ]
    );
}

#[test]
fn looking_ahead_in_an_aggregation() {
    assert_eq!(
        chain(".window(1m) .aggregate(up: count_if(lead(price) > price), start: window_start)"),
        [
            "window Time { size: 60000000000, slide: 60000000000, offset: 0, align_first: false } window_start window_end",
            "rows #row0 = lead(price, 1)",
            "aggregate Collected by [] window_start window_end revision: #agg1 = count_if((Gt #row0 price))",
            "select window_start: window_start, window_end: window_end, up: #agg1, start: window_start",
        ]
    );
}

#[test]
fn a_difference_within_an_aggregation() {
    assert_eq!(
        chain(".partition_by(sym) .window(1m) .aggregate(gap: max(_time - lag(_time)))"),
        [
            "partition_by sym: sym",
            "rows #row0 = lag(_Time, 1)",
            "aggregate Window(Time { size: 60000000000, slide: 60000000000, offset: 0, align_first: false }) by [sym=sym] window_start window_end revision: #agg1 = max((Sub _Time #row0))",
            "select sym: sym, window_start: window_start, window_end: window_end, gap: #agg1",
        ]
    );
}

#[test]
fn rising_and_throttled_alerts() {
    assert_eq!(
        chain(".partition_by(sym) .rising(price > lag(price)) .throttle(10m) .emit(sym, suppressed)"),
        [
            "partition_by sym: sym",
            "rows #row0 = lag(price, 1)",
            "rising (Gt price #row0)",
            "throttle 600000000000 suppressed",
            "emit sym: sym, suppressed: suppressed",
        ]
    );
}

#[test]
fn partitions_are_joined_again() {
    assert_eq!(
        chain(".partition_by(sym) .collect() .limit(3) .throttle(1s)"),
        [
            "partition_by sym: sym",
            "collect",
            "limit 3",
            "throttle 1000000000 suppressed",
        ]
    );
}

#[test]
fn the_first_row_of_each_value_in_each_window() {
    assert_eq!(
        chain(".window(1m) .distinct(sym) .select(sym)"),
        [
            "window Time { size: 60000000000, slide: 60000000000, offset: 0, align_first: false } window_start window_end",
            "distinct sym within None of Window",
            "select sym: sym",
        ]
    );
}

#[test]
fn late_events_make_revisions() {
    assert_eq!(
        chain(".allowed_lateness(1m) .window(1m) .aggregate(n: count()) .where(revision > 0)"),
        [
            "allowed_lateness 60000000000",
            "aggregate Window(Time { size: 60000000000, slide: 60000000000, offset: 0, align_first: false }) by [] window_start window_end revision: #agg0 = count()",
            "select window_start: window_start, window_end: window_end, n: #agg0, revision: revision",
            "where (Gt revision 0)",
        ]
    );
}

#[test]
fn without_lateness_the_revision_is_zero() {
    assert_eq!(
        chain(".window(1m) .aggregate(n: count()) .select(n, r: revision)"),
        [
            "aggregate Window(Time { size: 60000000000, slide: 60000000000, offset: 0, align_first: false }) by [] window_start window_end revision: #agg0 = count()",
            "select window_start: window_start, window_end: window_end, n: #agg0",
            "select n: n, r: 0",
        ]
    );
}

#[test]
fn list_functions_by_the_names_of_aggregates() {
    assert_eq!(
        chain(
            ".aggregate(m: min(min(price), 3), s: sum(if price > 1 then volume else 0), l: sum(tags.map(t => len(t)).head(2).count()))"
        ),
        [
            "aggregate All { running: false } by [] window_start window_end revision: #agg0 = min(price), #agg1 = sum((if (Gt price 1) volume 0)), #agg2 = sum((count (head (map tags $0 => (len $0)) 2)))",
            "select m: (min #agg0 3), s: #agg1, l: #agg2",
        ]
    );
}

#[test]
fn a_partition_ends_what_is_directly_behind_an_aggregation() {
    assert_eq!(
        chain(
            ".window(1m) .aggregate(n: count()) .select(n, hour: trunc(window_start, 1h)) .partition_by(hour) .limit(1)"
        ),
        [
            "aggregate Window(Time { size: 60000000000, slide: 60000000000, offset: 0, align_first: false }) by [] window_start window_end revision: #agg0 = count()",
            "select window_start: window_start, window_end: window_end, n: #agg0",
            "select n: n, hour: (trunc window_start 3600.0)",
            "partition_by hour: hour",
            "limit 1",
        ]
    );
}

#[test]
fn keys_of_an_order() {
    assert_eq!(
        chain(".order_by(price desc, lag(volume) asc, sym)"),
        ["rows #row0 = lag(volume, 1)", "order_by price desc, #row0, sym",]
    );
}

#[test]
fn functions_of_several_arguments() {
    assert_eq!(
        chain(
            ".aggregate(a: arg_max(sym, price), c: corr(price, volume), m: any(price > 1), s: stddev(price), l: linear_trend(price))"
        ),
        [
            "aggregate All { running: false } by [] window_start window_end revision: #agg0 = arg_max(sym, price), #agg1 = corr(price, volume), #agg2 = any((Gt price 1)), #agg3 = stddev(price), #agg4 = linear_trend(price)",
            "select a: #agg0, c: #agg1, m: #agg2, s: #agg3, l: #agg4",
        ]
    );
}

#[test]
fn names_without_a_call_are_the_last_rows() {
    assert_eq!(
        said(".window(1m) .aggregate(sym, place: meta.host[0].name, n: count())"),
        "q.vpl:1:41: warning[VPL0608]: `sym` is the value of the last row of the window here\n\
         q.vpl:1:53: warning[VPL0608]: `meta.host` is the value of the last row of the window here\n"
    );
}

#[test]
fn filters_stay_on_their_side_of_what_they_filter() {
    let text = r#"
stream A = Trade .window(1h) .where(window_start > @2026-01-01) .aggregate(n: count()) .where(n > 1 and window_end != null)
stream B = Trade .select(price, change: price - lag(price)) .where(price > 1) .throttle(1m) .select(price) .where(price > 2)
stream J = left_join(A, B on A.n == B.price) .window(1m) .where(A.n > 1) .select(n: A.n) .where(n > 2)
"#;
    let mut query = resolved(text, &[]).0.query.unwrap();
    varpulis::optimize::optimize(&mut query);
    assert_eq!(
        dump(&query),
        r"A <- type Trade
  window Time { size: 3600000000000, slide: 3600000000000, offset: 0, align_first: false } window_start window_end
  where (Gt window_start 2026-01-01T00:00:00Z)
  aggregate Collected by [] window_start window_end revision: #agg0 = count()
  where (Gt #agg0 1)
  where (Not (is Null window_end))
  select window_start: window_start, window_end: window_end, n: #agg0
B <- type Trade
  rows #row1 = lag(price, 1)
  select price: price, change: (Sub price #row1)
  where (Gt price 1)
  throttle 60000000000 suppressed
  where (Gt price 2)
  select price: price
J.1 <- stream A
J.2 <- stream B
J <- stream J.1, stream J.2 writes
  join Left within 60000000000 of A from J.1 (A.n = n), B from J.2 () on [0:n = 1:price] and none
  where (Gt A.n 1)
  where (Gt A.n 2)
  select n: A.n
"
    );
}

#[test]
fn what_windows_of_the_public_engine_do_is_noted_once() {
    let note = |operators: &str| resolved(&format!("stream X = Trade {operators} .aggregate(n: count())\n"), &[]).1;
    assert!(note(".window(1m)").contains("aligned to the clock"));
    assert!(note(".window(1m, sliding: 1s)").contains("on the grid of the clock"));
    for clear in [
        ".window(1m, align: \"epoch\")",
        ".window(1m, align: \"first\")",
        ".window(1m, sliding: 1s, align: \"epoch\")",
        ".window(1m, offset: 30s)",
        ".window(1m, every: event)",
        ".window(session: 1m)",
        ".window(100)",
    ] {
        assert_eq!(note(clear), "", "{clear}");
    }
}
