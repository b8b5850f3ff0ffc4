//! What programs become: the IR in a compact form, written out.

#![allow(clippy::unwrap_used, reason = "tests")]

use varpulis::diag::{MessageFormat, SourceMap, render};
use varpulis::resolve::{Options, compile};

use crate::resolve_support::{dump, resolved, streams, streams_with};

#[test]
fn a_filter_over_an_undeclared_event() {
    assert_eq!(
        streams(
            r#"
stream Failed = Login as l
    .where(outcome == "failure" and l.actor.ip != null and tags[0] == "x")
    .emit(user: actor.user.name, ip: l.ip)
"#
        ),
        r#"Failed <- type Login writes
  where (And (And (Eq outcome "failure") (Not (is Null actor.ip))) (Eq tags[0] "x"))
  emit user: actor.user.name, ip: ip
"#
    );
}

#[test]
fn a_declared_event_and_what_extends_it() {
    let text = r#"
event Login:
    user: str from "actor.user.name"
    meta: { os: str, seen: timestamp }
    n: int?

event Admin extends Login from "auth.admin":
    ticket: str

stream A = Login .where(user == "root" and meta.os == "linux" and meta.seen > @2026-01-23) .emit(n: n + 1)
stream B = Admin .emit(user, ticket)
"#;
    assert_eq!(
        streams(text),
        r#"A <- event Login writes
  where (And (And (Eq user "root") (Eq meta.os "linux")) (Gt (get meta seen) 2026-01-23T00:00:00Z))
  emit n: (Add n 1)
B <- event auth.admin writes
  emit user: user, ticket: ticket
"#
    );
    let query = resolved(text, &[]).0.query.unwrap();
    let fields: Vec<String> = query.events[1]
        .fields
        .iter()
        .map(|field| format!("{} {} {} {}", field.name, field.path, field.ty, field.required))
        .collect();
    assert_eq!(
        fields,
        [
            "user actor.user.name str true",
            "meta meta {os: str, seen: timestamp} true",
            "n n int false",
            "ticket ticket str true"
        ]
    );
}

#[test]
fn streams_of_streams_in_any_order() {
    assert_eq!(
        streams(
            r#"
stream Out = merge(Big, stream Small from Trade where amount < 10, any) .emit(amount: amount)
stream Big = Trade .where(amount > 10_000) .select(amount, fee: amount * 0.1)
"#
        ),
        r#"Out.Small <- type Trade
  where (Lt amount 10)
Out <- stream Big, stream Out.Small, any writes
  emit amount: amount
Big <- type Trade
  where (Gt amount 10000)
  select amount: amount, fee: (Mul amount 0.1)
"#
    );
}

#[test]
fn without_emit_the_last_streams_write() {
    assert_eq!(
        streams("stream A = X\nstream B = A\nstream C = any\n"),
        "A <- type X\nB <- stream A writes\nC <- any writes\n"
    );
    assert_eq!(
        streams("stream A = X .print()\nstream C = A .to(\"c.jsonl.zst\")\n"),
        "A <- type X\n  print \nC <- stream A to c.jsonl.zst\n"
    );
}

#[test]
fn operators_that_run() {
    assert_eq!(
        streams(
            r#"
stream X = Login
    .watermark(out_of_order: 10s)
    .allowed_lateness(1m)
    .context(fast)
    .partition_by(user, upper(host))
    .filter(e => e.n > 1)
    .distinct(user, within: 1h)
    .distinct(user, host)
    .distinct()
    .limit(10)
    .collect()
    .tap(log: "seen", sample: 0.5)
    .tap(metrics: counter: "n", histogram: "size")
    .tap(trace: name: "t")
    .print("user", user)
    .print()
    .log("odd", level: "warn")
    .map(e => { user: e.user, all: e })
    .flat_map(e => e.all.items)
    .emit()
"#
        ),
        r#"X <- type Login writes
  watermark 10000000000
  allowed_lateness 60000000000
  partition_by user: user, upper(host): (upper host)
  where (Gt n 1)
  distinct user within Some(3600000000000)
  distinct [user host] within None
  distinct row within None
  limit 10
  collect
  log info "seen" 0.5
  metrics Some("n") Some("size of size")
  trace t 1
  print "user", user
  print 
  log warn "odd" 1
  select user: user, all: row
  flat_map (get all items)
  emit row
"#
    );
}

#[test]
fn expressions() {
    assert_eq!(
        streams(
            r#"
stream X = E .emit(
    chain: 0 < a + 1 < b,
    null_test: null != x,
    inside: user not in ["a", "b"],
    range: n in 1..=5,
    slice: name[1:3],
    method: name.upper().len(),
    text: f"user {user}",
    pick: if n > 1 then "a" elif n > 2 then "b" else "c",
    rest: x ?? -1,
    test: x is not int,
    now: now(),
    pseudo: [_time, _type, _seq, _source],
    big: items.filter(i => i.price > 10).map(i => i.price * 2),
    pairs: items.pairs().filter((a, b) => a.x == b.x),
    dynamic: items[n],
    odd: `winlog.event_id`
)
"#
        ),
        r#"X <- type E writes
  emit chain: (let $0 (Add a 1) (And (Lt 0 $0) (Lt $0 b))), null_test: (Not (is Null x)), inside: (Not (In user ["a" "b"])), range: (In n (..= 1 5)), slice: (slice name 1 3), method: (len (upper name)), text: (f "user " user), pick: (if (Gt n 1) "a" (if (Gt n 2) "b" "c")), rest: (Coalesce x -1), test: (Not (is Int x)), now: _Time, pseudo: [_Time _Type _Seq _Source], big: (map (filter items $1 => (Gt (get $1 price) 10)) $2 => (Mul (get $2 price) 2)), pairs: (filter (pairs items) $3 $4 => (Eq (get $3 x) (get $4 x))), dynamic: (index items n), odd: winlog.event_id
"#
    );
}

#[test]
fn blocks_and_matches() {
    assert_eq!(
        streams(
            r#"
stream X = E
    .map(e =>
        let double = e.n * 2
        let more = double + 1
        { n: more, kind: match e.side:
            "b" | "buy" => 1
            2..5 => 2
            null => 3
            _ => 4
        }
    )
    .emit(n: n, kind: kind)
"#
        ),
        r#"X <- type E writes
  map (let $0 (Mul n 2) (let $1 (Add $0 1) {"n": $1, "kind": (let $2 side (if (Or (Eq $2 "b") (Eq $2 "buy")) 1 (if (In $2 (.. 2 5)) 2 (if (is Null $2) 3 4))))}))
  emit n: n, kind: kind
"#
    );
}

#[test]
fn constants_and_parameters() {
    let text = r#"
const HIGH = BASE * 2
let BASE = 50
const NAMES = { "a": 1.5, b: 2 }
param user: str = "root"
param wait: duration = 5m
param since: timestamp = @2026-01-01
param rates: [float] = [1, 2]
param plain = 3
stream X = E
    .where(n > HIGH and who == user and at > since and plain > 2)
    .distinct(n, within: wait)
    .emit(rate: NAMES["a"], rates: rates)
"#;
    assert_eq!(
        streams(text),
        r#"X <- type E writes
  where (And (And (And (Gt n 100) (Eq who "root")) (Gt at 2026-01-01T00:00:00Z)) (Gt 3 2))
  distinct n within Some(300000000000)
  emit rate: (index {"a":1.5,"b":2} "a"), rates: [1.0,2.0]
"#
    );
    let params = [
        ("user", "admin; 1"),
        ("wait", "1h30m"),
        ("since", "2026-02-01"),
        ("rates", "[3]"),
        ("plain", "-4"),
    ];
    assert_eq!(
        streams_with(text, &params),
        r#"X <- type E writes
  where (And (And (And (Gt n 100) (Eq who "admin; 1")) (Gt at 2026-02-01T00:00:00Z)) (Gt -4 2))
  distinct n within Some(5400000000000)
  emit rate: (index {"a":1.5,"b":2} "a"), rates: [3.0]
"#
    );
}

#[test]
fn random_draws_have_keys_of_their_own() {
    let dumped = streams("stream X = E .emit(a: random(), b: random(), c: random_int(1, 6))\n");
    let keys: Vec<&str> = dumped.split("(random").skip(1).collect();
    assert_eq!(keys.len(), 3);
    assert_ne!(keys[0].split(')').next(), keys[1].split(')').next());
    assert_eq!(
        dumped,
        streams("stream X = E .emit(a: random(), b: random(), c: random_int(1, 6))\n")
    );
}

#[test]
fn emit_as_feeds_streams_that_read_the_type() {
    let text = r#"
stream A = Login .emit as Alert (user: user)
stream B = Alert .emit(who: user)
"#;
    assert_eq!(
        streams(text),
        "A <- type Login writes\n  emit as Alert user: user\nB <- type Alert writes\n  emit who: user\n"
    );
}

#[test]
fn imports_by_name() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("lib")).unwrap();
    std::fs::write(
        dir.path().join("lib/common.vpl"),
        "event Login from \"auth.login\":\n    user: str\nconst LIMIT = 10\nstream Root = Login .where(user == \"root\")\n",
    )
    .unwrap();
    let main = dir.path().join("main.vpl");
    let text = "import \"lib/common.vpl\" as lib\n\
                stream X = lib.Root .emit(user: user, n: lib.LIMIT)\n\
                stream Y = lib.Login as l .where(l.user != \"x\") .emit(user: user)\n";
    let mut sources = SourceMap::default();
    let id = sources.add(&main, text);
    let resolved = compile(&mut sources, id, &Options::default());
    assert_eq!(render(&sources, &resolved.diagnostics, MessageFormat::Short, false), "");
    assert_eq!(
        dump(&resolved.query.unwrap()),
        r#"lib.Root <- event auth.login
  where (Eq user "root")
X <- stream lib.Root writes
  emit user: user, n: 10
Y <- event auth.login writes
  where (Ne user "x")
  emit user: user
"#
    );
}

#[test]
fn configuration() {
    let text = "config:\n    mode: throughput\n    watermark: 10s\n    parallelism: 4\n\
                stream X = E .emit(a: a)\n";
    let (resolved, said) = resolved(text, &[]);
    assert_eq!(said, "");
    let config: Vec<String> = resolved
        .config
        .iter()
        .map(|(key, value)| format!("{key} {value:?}"))
        .collect();
    assert_eq!(
        config,
        [
            "mode Str(\"throughput\")",
            "watermark.out_of_order Duration(10000000000)",
            "parallelism Int(4)"
        ]
    );
}

#[test]
fn one_error_does_not_become_many() {
    let text = r#"
const BAD = nothing + 1
event Login:
    user: str
stream A = Login .where(usr.x.y > 1 and upper(usr) == 3 and BAD > 1) .select(z: usr, user)
stream B = A .where(z.a > 1 and z + 1 == "x") .emit(z: z)
"#;
    let (_, said) = resolved(text, &[]);
    assert_eq!(
        said,
        "q.vpl:2:13: error[VPL0201]: unknown name `nothing`\n\
         q.vpl:5:25: error[VPL0203]: `Login` has no field `usr`\n\
         q.vpl:5:47: error[VPL0203]: `Login` has no field `usr`\n\
         q.vpl:5:52: error[VPL0212]: `str` is compared with `int`\n\
         q.vpl:5:81: error[VPL0203]: `Login` has no field `usr`\n"
    );
}
