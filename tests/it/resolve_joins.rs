//! What joins, lookups and timers become, and what is known of the rows that streams write.

use varpulis::data::Type;

use crate::resolve_support::{resolved, streams};

const EVENTS: &str = "\
event Order:
    id: int
    amount: float
    user: { name: str, seen: timestamp }
event Payment:
    order_id: int
    amount: float
    method: str
";

fn joined(text: &str) -> String {
    streams(&format!("{EVENTS}{text}"))
}

/// The columns of the rows of the last stream.
fn columns(text: &str) -> Option<Vec<String>> {
    let (resolved, said) = resolved(text, &[]);
    let query = resolved.query.unwrap_or_else(|| panic!("{said}"));
    let columns = query.streams.last()?.columns.as_ref()?;
    let shown = |(name, ty): &(String, Type)| format!("{name}: {ty}");
    Some(columns.iter().map(shown).collect())
}

#[test]
fn equalities_conditions_and_what_is_read() {
    assert_eq!(
        joined(
            r#"stream J = join(stream O from Order where amount > 1, stream P from Payment on O.id == P.order_id and P.amount < O.amount and method != "x") .window(5m) .where(O.user.name != "a" and O.user.seen > @2026-01-01 and P._time > O._time) .emit(id: O.id, method)
"#
        ),
        r#"J.O <- event Order
  where (Gt amount 1)
J.P <- event Payment
J <- stream J.O, stream J.P writes
  join Inner within 300000000000 of O from J.O (O.amount = amount, O.user.name = user.name, O.user = user, O.#_time = _Time, O.id = id), P from J.P (P.amount = amount, P.method = method, P.#_time = _Time) on [0:id = 1:order_id] and (And (Lt P.amount O.amount) (Ne P.method "x"))
  where (And (And (Ne O.user.name "a") (Gt (get O.user seen) 2026-01-01T00:00:00Z)) (Gt P.#_time O.#_time))
  emit id: O.id, method: P.method
"#
    );
}

#[test]
fn whole_records_where_they_are_asked_for() {
    assert_eq!(
        joined(
            r"stream J = left_join(Order, Payment as p on Order.id == p.order_id) .window(5m) .where(p == null)
"
        ),
        r"J.1 <- event Order
J.2 <- event Payment
J <- stream J.1, stream J.2 writes
  join Left within 300000000000 of Order from J.1 (Order = row), p from J.2 (p = row) on [0:id = 1:order_id] and none
  where (is Null p)
"
    );
}

#[test]
fn readers_of_readers() {
    assert_eq!(
        joined(
            r"stream J = full_join(stream O from Order, stream P from Payment on O.id == P.order_id) .window(5m)
stream K = J .where(O.amount > 1) .print(P.method) .limit(3)
stream L = merge(K, J) .partition_by(O.id) .window(1m) .aggregate(n: count(), total: sum(P.amount))
"
        ),
        r"J.O <- event Order
J.P <- event Payment
J <- stream J.O, stream J.P
  join Full within 300000000000 of O from J.O (O.amount = amount, O.id = id), P from J.P (P.method = method, P.amount = amount) on [0:id = 1:order_id] and none
K <- stream J
  where (Gt O.amount 1)
  print P.method
  limit 3
L <- stream K, stream J writes
  partition_by id: O.id
  aggregate Window(Time { size: 60000000000, slide: 60000000000, offset: 0, align_first: false }) by [id=id] window_start window_end revision: #agg0 = count(), #agg1 = sum(P.amount)
  select id: id, window_start: window_start, window_end: window_end, n: #agg0, total: #agg1
"
    );
}

#[test]
fn a_join_of_a_join() {
    assert_eq!(
        joined(
            r"stream J = join(A, B on A.k == B.k) .window(5m)
stream M = join(stream L from J, C on L.A.k == C.k and L.B.x.y > 1) .window(1m) .emit(a: L.A._seq, c: C.v)
"
        ),
        r"J.1 <- type A
J.2 <- type B
J <- stream J.1, stream J.2
  join Inner within 300000000000 of A from J.1 (A.#_seq = _Seq, A.k = k), B from J.2 (B.x.y = x.y) on [0:k = 1:k] and none
M.L <- stream J
M.2 <- type C
M <- stream M.L, stream M.2 writes
  join Inner within 60000000000 of L from M.L (L.B.x.y = B.x.y, L.A.#_seq = A.#_seq), C from M.2 (C.v = v) on [0:A.k = 1:k] and (Gt L.B.x.y 1)
  emit a: L.A.#_seq, c: C.v
"
    );
}

#[test]
fn three_inputs() {
    assert_eq!(
        joined(
            r"stream J = join(A, B, stream C2 from C on A.k == B.k and A.k == C2.k and A.x + B.x == C2.x) .window(5m) .emit(k: A.k)
"
        ),
        r"J.1 <- type A
J.2 <- type B
J.C2 <- type C
J <- stream J.1, stream J.2, stream J.C2 writes
  join Inner within 300000000000 of A from J.1 (A.x = x, A.k = k), B from J.2 (B.x = x), C2 from J.C2 (C2.x = x) on [0:k = 1:k, 0:k = 2:k] and (Eq (Add A.x B.x) C2.x)
  emit k: A.k
"
    );
}

#[test]
fn the_newest_at_or_before() {
    assert_eq!(
        joined(
            r"stream Q = asof_join(stream T from Trade, stream B from Quote on T.sym == B.sym) .within(10s) .emit(sym: T.sym, spread: B.ask - B.bid)
"
        ),
        r"Q.T <- type Trade
Q.B <- type Quote
Q <- stream Q.T, stream Q.B writes
  join Asof within 10000000000 of T from Q.T (T.sym = sym), B from Q.B (B.ask = ask, B.bid = bid) on [0:sym = 1:sym] and none
  emit sym: T.sym, spread: (Sub B.ask B.bid)
"
    );
}

#[test]
fn the_condition_as_an_operator() {
    assert_eq!(
        joined(
            r"stream Q = join(A, B) .on(A.k == B.k) .window(10s) .aggregate(n: count(), ks: collect(A.k))
"
        ),
        r"Q.1 <- type A
Q.2 <- type B
Q <- stream Q.1, stream Q.2 writes
  join Inner within 10000000000 of A from Q.1 (A.k = k), B from Q.2 () on [0:k = 1:k] and none
  aggregate All { running: false } by [] window_start window_end revision: #agg0 = count(), #agg1 = collect(A.k)
  select n: #agg0, ks: #agg1
"
    );
}

#[test]
fn every_pair() {
    assert_eq!(
        joined(
            r"stream Q = join(A, B on true) .window(10s) .distinct()
"
        ),
        r"Q.1 <- type A
Q.2 <- type B
Q <- stream Q.1, stream Q.2 writes
  join Inner within 10000000000 of A from Q.1 (A = row), B from Q.2 (B = row) on [] and none
  distinct row within None
"
    );
}

#[test]
fn inputs_that_are_streams_themselves() {
    assert_eq!(
        joined(
            r"stream Q = join(stream X = merge(A, B).where(k > 1), stream Y = join(A, B on A.k == B.k).window(1s) on X.k == Y.A.k) .window(10s) .emit(x: X.k, y: Y.B)
"
        ),
        r"Q.X <- type A, type B
  where (Gt k 1)
Q.Y.1 <- type A
Q.Y.2 <- type B
Q.Y <- stream Q.Y.1, stream Q.Y.2
  join Inner within 1000000000 of A from Q.Y.1 (A.k = k), B from Q.Y.2 (B = row) on [0:k = 1:k] and none
Q <- stream Q.X, stream Q.Y writes
  join Inner within 10000000000 of X from Q.X (X.k = k), Y from Q.Y (Y.B = B) on [0:k = 1:A.k] and none
  emit x: X.k, y: Y.B
"
    );
}

#[test]
fn a_timer() {
    assert_eq!(
        joined(
            r"stream T = timer(1m) .emit(at)
"
        ),
        r"T <- timer 60000000000 writes
  emit at: at
"
    );
}

#[test]
fn a_lookup() {
    assert_eq!(
        joined(
            r#"connector Users = file(path: "users.csv", key: "id")
stream X = Login .enrich(Users, key: user, fields: [department, "boss"]) .where(enrich_status == "missing" or department == "it")
"#
        ),
        r#"X <- type Login writes
  enrich Users users.csv by id = user fields department=department, boss=boss enrich_status
  where (Or (Eq enrich_status "missing") (Eq department "it"))
"#
    );
}

#[test]
fn columns_of_typed_outputs() {
    let known = [
        (
            "stream X = A .window(1m) .aggregate(n: count(), a: avg(x), s: sum(1), m: max(\"a\"), c: collect(_time))",
            Some(
                &[
                    "window_start: timestamp",
                    "window_end: timestamp",
                    "n: int",
                    "a: any",
                    "s: int?",
                    "m: str?",
                    "c: [timestamp]",
                ][..],
            ),
        ),
        (
            "event E:\n    x: int\n    y: int?\nstream X = E .select(x, y, z: x + 1) .throttle(1s)",
            Some(&["x: int", "y: int?", "z: int?", "suppressed: int"][..]),
        ),
        ("event E:\n    x: int\nstream X = E", None),
        (
            "event E:\n    x: int\nstream X = left_join(E, stream F from E on E.x == F.x) .window(1s)",
            Some(&["E: any", "F: any"][..]),
        ),
        (
            "stream A = E .emit(a: 1)\nstream B = E .emit(a: 1.5)\nstream X = merge(A, B)",
            Some(&["a: any"][..]),
        ),
        ("stream A = E .emit(a: 1)\nstream X = merge(A, E)", None),
        ("stream X = timer(1m)", Some(&["at: timestamp"][..])),
    ];
    for (text, expected) in known {
        let expected = expected.map(|columns: &[&str]| columns.iter().map(|&column| column.to_owned()).collect());
        assert_eq!(columns(text), expected, "{text}");
    }
}
