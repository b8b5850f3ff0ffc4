//! Functions of the program: the code that runs them against a walk over the tree that they were drawn as, and
//! functions put in the place of their calls against functions that are called.

use std::path::Path;

use proptest::prelude::*;
use varpulis::data::Value;
use varpulis::diag::SourceMap;
use varpulis::eval::{Compiled, Program, Stepper};
use varpulis::ir::{Op, Query};
use varpulis::resolve;

/// Integers are kept below this, so that nothing overflows.
const MODULUS: i64 = 1009;

/// How many steps a call may take.
const STEPS: u64 = 100_000;

/// An expression of integers over the variables `v0`, `v1`, `v2`.
#[derive(Clone, Debug)]
enum Term {
    Number(i64),
    Variable(usize),
    Add(Box<Term>, Box<Term>),
    Sub(Box<Term>, Box<Term>),
    Mul(Box<Term>, Box<Term>),
    /// `if a < b then c else d`
    Less(Box<[Term; 4]>),
    /// `[a, b].sum(x => x + c)`
    Sum(Box<[Term; 3]>),
    /// The other function, of less depth.
    Other(Box<Term>, Box<Term>),
}

/// A statement.
#[derive(Clone, Debug)]
enum Line {
    Set(usize, Term),
    Add(usize, Term),
    If(Term, Term, Vec<Line>, Vec<Line>),
    /// `for i in 0..n: v = v + i` and a body
    For(usize, i64, Vec<Line>),
    /// `while w < n`, where `w` counts up.
    While(i64, Vec<Line>),
    Break(Term, Term),
    Continue(Term, Term),
    Return(Term),
    Raise(Term, Term),
    Try(Vec<Line>, usize, Vec<Line>, Vec<Line>),
}

fn term() -> impl Strategy<Value = Term> {
    let leaf = prop_oneof![
        (0..20_i64).prop_map(Term::Number),
        (0..3_usize).prop_map(Term::Variable)
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let two = || (inner.clone(), inner.clone());
        prop_oneof![
            two().prop_map(|(a, b)| Term::Add(a.into(), b.into())),
            two().prop_map(|(a, b)| Term::Sub(a.into(), b.into())),
            two().prop_map(|(a, b)| Term::Mul(a.into(), b.into())),
            [inner.clone(), inner.clone(), inner.clone(), inner.clone()].prop_map(|all| Term::Less(all.into())),
            [inner.clone(), inner.clone(), inner.clone()].prop_map(|all| Term::Sum(all.into())),
            two().prop_map(|(a, b)| Term::Other(a.into(), b.into())),
        ]
    })
}

fn line() -> impl Strategy<Value = Line> {
    let two = || (term(), term());
    let leaf = prop_oneof![
        4 => (0..3_usize, term()).prop_map(|(v, t)| Line::Set(v, t)),
        4 => (0..3_usize, term()).prop_map(|(v, t)| Line::Add(v, t)),
        1 => two().prop_map(|(a, b)| Line::Break(a, b)),
        1 => two().prop_map(|(a, b)| Line::Continue(a, b)),
        1 => term().prop_map(Line::Return),
        1 => two().prop_map(|(a, b)| Line::Raise(a, b)),
    ];
    leaf.prop_recursive(3, 24, 3, |inner| {
        let some = || prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            (term(), term(), some(), some()).prop_map(|(a, b, x, y)| Line::If(a, b, x, y)),
            (0..3_usize, 0..5_i64, some()).prop_map(|(v, n, body)| Line::For(v, n, body)),
            (0..5_i64, some()).prop_map(|(n, body)| Line::While(n, body)),
            (some(), 0..3_usize, some(), some()).prop_map(|(a, v, b, c)| Line::Try(a, v, b, c)),
        ]
    })
}

/// The text of a program, with names for what it counts with.
struct Text {
    out: String,
    /// Whether the other function is called.
    other: bool,
    names: usize,
    loops: usize,
    finals: usize,
}

impl Text {
    fn term(term: &Term, other: bool) -> String {
        let of = |term: &Term| Self::term(term, other);
        let kept = |text: String| format!("(({text}) % {MODULUS})");
        match term {
            Term::Number(n) => n.to_string(),
            Term::Variable(v) => format!("v{v}"),
            Term::Add(a, b) => kept(format!("{} + {}", of(a), of(b))),
            Term::Sub(a, b) => kept(format!("{} - {}", of(a), of(b))),
            Term::Mul(a, b) => kept(format!("{} * {}", of(a), of(b))),
            Term::Less(all) => {
                let [a, b, c, d] = &**all;
                format!("(if {} < {} then {} else {})", of(a), of(b), of(c), of(d))
            }
            Term::Sum(all) => {
                let [a, b, c] = &**all;
                kept(format!("[{}, {}].sum(x => x + {})", of(a), of(b), of(c)))
            }
            Term::Other(a, b) if other => format!("other({}, {})", of(a), of(b)),
            Term::Other(a, b) => kept(format!("{} + {}", of(a), of(b))),
        }
    }

    fn push(&mut self, depth: usize, text: &str) {
        self.out.push_str(&"    ".repeat(depth));
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn lines(&mut self, lines: &[Line], depth: usize) {
        for line in lines {
            self.line(line, depth);
        }
        self.push(depth, "v0 = v0");
    }

    fn line(&mut self, line: &Line, depth: usize) {
        let other = self.other;
        let of = |term: &Term| Self::term(term, other);
        match line {
            Line::Set(v, term) => self.push(depth, &format!("v{v} = {}", of(term))),
            Line::Add(v, term) => self.push(depth, &format!("v{v} += {}", of(term))),
            Line::If(a, b, yes, no) => {
                self.push(depth, &format!("if {} < {}:", of(a), of(b)));
                self.lines(yes, depth + 1);
                self.push(depth, "else:");
                self.lines(no, depth + 1);
            }
            Line::For(v, n, body) => {
                self.names += 1;
                let name = format!("i{}", self.names);
                self.push(depth, &format!("for {name} in 0..{n}:"));
                self.push(depth + 1, &format!("v{v} = (v{v} + {name}) % {MODULUS}"));
                self.loops += 1;
                self.lines(body, depth + 1);
                self.loops -= 1;
            }
            Line::While(n, body) => {
                self.names += 1;
                let name = format!("w{}", self.names);
                self.push(depth, &format!("var {name} = 0"));
                self.push(depth, &format!("while {name} < {n}:"));
                self.push(depth + 1, &format!("{name} += 1"));
                self.loops += 1;
                self.lines(body, depth + 1);
                self.loops -= 1;
            }
            Line::Break(a, b) | Line::Continue(a, b) => {
                let word = if matches!(line, Line::Break(..)) {
                    "break"
                } else {
                    "continue"
                };
                if self.loops > 0 {
                    self.push(depth, &format!("if {} < {}:", of(a), of(b)));
                    self.push(depth + 1, word);
                }
            }
            // Leaves only sometimes, so that what follows is reached.
            Line::Return(term) => {
                self.push(depth, "if v1 % 3 == 1:");
                self.push(depth + 1, &format!("return {}", of(term)));
            }
            Line::Raise(a, b) => {
                self.push(depth, &format!("if {} < {}:", of(a), of(b)));
                self.push(depth + 1, &format!("raise {}", of(a)));
            }
            Line::Try(body, v, catch, last) => {
                self.push(depth, "try:");
                self.lines(body, depth + 1);
                self.push(depth, "catch e:");
                self.push(depth + 1, &format!("v{v} = e"));
                self.lines(catch, depth + 1);
                if self.finals == 0 {
                    self.finals += 1;
                    self.push(depth, "finally:");
                    self.lines(last, depth + 1);
                    self.finals -= 1;
                }
            }
        }
    }
}

/// How a statement ends.
enum End {
    Through,
    Break,
    Continue,
    Return(i64),
    Raise(i64),
}

/// The walk over the tree.
struct Walk<'t> {
    v: [i64; 3],
    other: &'t [Line],
    in_other: bool,
    loops: usize,
    finals: usize,
}

impl Walk<'_> {
    fn term(&mut self, term: &Term) -> Result<i64, i64> {
        Ok(match term {
            Term::Number(n) => *n,
            Term::Variable(v) => self.v[*v],
            Term::Add(a, b) => (self.term(a)? + self.term(b)?) % MODULUS,
            Term::Sub(a, b) => (self.term(a)? - self.term(b)?) % MODULUS,
            Term::Mul(a, b) => (self.term(a)? * self.term(b)?) % MODULUS,
            Term::Less(all) => {
                let [a, b, c, d] = &**all;
                if self.term(a)? < self.term(b)? {
                    self.term(c)?
                } else {
                    self.term(d)?
                }
            }
            Term::Sum(all) => {
                let [a, b, c] = &**all;
                let (a, b) = (self.term(a)?, self.term(b)?);
                let first = self.term(c)?;
                let second = self.term(c)?;
                (a + first + b + second) % MODULUS
            }
            Term::Other(a, b) => {
                let (a, b) = (self.term(a)?, self.term(b)?);
                if self.in_other {
                    return Ok((a + b) % MODULUS);
                }
                let mut walk = Walk {
                    v: [a, b, 0],
                    other: self.other,
                    in_other: true,
                    loops: 0,
                    finals: 0,
                };
                return walk.function(self.other);
            }
        })
    }

    fn function(&mut self, lines: &[Line]) -> Result<i64, i64> {
        match self.lines(lines) {
            End::Return(value) => Ok(value),
            End::Raise(value) => Err(value),
            End::Through | End::Break | End::Continue => Ok(self.v[2] + 1),
        }
    }

    fn lines(&mut self, lines: &[Line]) -> End {
        for line in lines {
            match self.line(line) {
                End::Through => {}
                end => return end,
            }
        }
        End::Through
    }

    fn turn(&mut self, body: &[Line]) -> End {
        self.loops += 1;
        let end = self.lines(body);
        self.loops -= 1;
        end
    }

    fn line(&mut self, line: &Line) -> End {
        self.go(line).unwrap_or_else(End::Raise)
    }

    fn go(&mut self, line: &Line) -> Result<End, i64> {
        match line {
            Line::Set(v, term) => self.v[*v] = self.term(term)?,
            Line::Add(v, term) => self.v[*v] += self.term(term)?,
            Line::If(a, b, yes, no) => {
                let yes_it_is = self.term(a)? < self.term(b)?;
                return Ok(self.lines(if yes_it_is { yes } else { no }));
            }
            Line::For(v, n, body) => {
                for i in 0..*n {
                    self.v[*v] = (self.v[*v] + i) % MODULUS;
                    match self.turn(body) {
                        End::Through | End::Continue => {}
                        End::Break => break,
                        end => return Ok(end),
                    }
                }
            }
            Line::While(n, body) => {
                for _ in 0..*n {
                    match self.turn(body) {
                        End::Through | End::Continue => {}
                        End::Break => break,
                        end => return Ok(end),
                    }
                }
            }
            Line::Break(a, b) if self.loops > 0 && self.term(a)? < self.term(b)? => return Ok(End::Break),
            Line::Continue(a, b) if self.loops > 0 && self.term(a)? < self.term(b)? => return Ok(End::Continue),
            Line::Break(..) | Line::Continue(..) => {}
            Line::Return(term) => {
                if self.v[1] % 3 == 1 {
                    return Ok(End::Return(self.term(term)?));
                }
            }
            Line::Raise(a, b) => {
                let value = self.term(a)?;
                if value < self.term(b)? {
                    return Err(self.term(a)?);
                }
            }
            Line::Try(body, v, catch, last) => {
                let mut end = self.lines(body);
                if let End::Raise(value) = end {
                    self.v[*v] = value;
                    end = self.lines(catch);
                }
                if self.finals == 0 {
                    self.finals += 1;
                    let after = self.lines(last);
                    self.finals -= 1;
                    if !matches!(after, End::Through) {
                        return Ok(after);
                    }
                }
                return Ok(end);
            }
        }
        Ok(End::Through)
    }
}

/// Compiles a program.
fn compiled(text: &str, never_inline: bool) -> Query {
    let mut sources = SourceMap::default();
    let main = sources.add(Path::new("functions.vpl"), text.to_owned());
    let options = resolve::Options {
        never_inline,
        ..Default::default()
    };
    let resolved = resolve::compile(&mut sources, main, &options);
    resolved
        .query
        .unwrap_or_else(|| panic!("{text}\n{:#?}", resolved.diagnostics))
}

/// What each field of the program's only `.select` gives: its value, or what was raised.
fn given(query: &Query) -> Vec<Result<Value, Value>> {
    let Some(Op::Select(fields)) = query.streams[0].ops.first().map(|operator| &operator.op) else {
        panic!("the stream begins with `.select`");
    };
    let roots: Vec<_> = fields.iter().map(|named| named.value).collect();
    let code = Compiled::new(&query.code, STEPS, false);
    let program = Program::new(&query.exprs, &roots, 0).with_code(code);
    let one = |&root: &_| {
        let mut stepper = Stepper::new(&program, root);
        let stepped = stepper.step(&[], 0, &mut Vec::new());
        match stepped.failure {
            Some(failure) => Err(failure.raised.expect("only what is raised fails a row here")),
            None => Ok(stepped.value),
        }
    };
    roots.iter().map(one).collect()
}

/// Arguments of the calls.
const CALLS: [(i64, i64); 5] = [(0, 0), (1, 1), (7, 4), (-3, 100), (500, 2)];

fn calls() -> String {
    let call = |(at, (a, b)): (usize, &(i64, i64))| format!("r{at}: main({a}, {b})");
    let all: Vec<String> = CALLS.iter().enumerate().map(call).collect();
    format!("stream S = E .select({})\n", all.join(", "))
}

fn function(name: &str, lines: &[Line], other: bool) -> String {
    let mut text = Text {
        out: format!("fn {name}(a: int, b: int) -> int:\n    var v0 = a\n    var v1 = b\n    var v2 = 0\n"),
        other,
        names: 0,
        loops: 0,
        finals: 0,
    };
    text.lines(lines, 1);
    text.push(1, "return v2 + 1");
    text.out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn code_does_what_a_walk_over_the_tree_does(
        main in prop::collection::vec(line(), 1..6),
        other in prop::collection::vec(line(), 1..4),
    ) {
        let text = format!("{}\n{}\n{}", function("other", &other, false), function("main", &main, true), calls());
        let query = compiled(&text, false);
        let found = given(&query);
        for ((a, b), found) in CALLS.into_iter().zip(found) {
            let mut walk = Walk { v: [a, b, 0], other: &other, in_other: false, loops: 0, finals: 0 };
            let expected = walk.function(&main).map(Value::Int).map_err(Value::Int);
            prop_assert_eq!(found, expected, "main({}, {}) of\n{}", a, b, text);
        }
    }

    #[test]
    fn functions_in_the_place_of_their_calls_give_what_called_ones_give(
        main in term(),
        other in term(),
        (low, high) in (term(), term()),
    ) {
        let text = format!(
            "fn other(v0: int, v1: int, v2: int = 3) -> int:\n    let v3 = {}\n    v3 + 1\n\
             fn main(v0: int, v1: int, v2: int = 5) -> int:\n    if {} < {}:\n        return {}\n    else:\n        v0 - v1\n{}",
            Text::term(&other, false), Text::term(&low, true), Text::term(&high, true), Text::term(&main, true), calls()
        );
        let (inlined, called) = (compiled(&text, false), compiled(&text, true));
        prop_assert!(called.code.inlined.is_empty());
        prop_assert_eq!(given(&inlined), given(&called), "{}", text);
    }
}

#[test]
fn a_small_function_is_put_in_the_place_of_its_calls_and_a_large_one_is_not() {
    let small = "fn f(x: int) -> int = x * 2 + 1\nstream S = E .select(y: f(x), z: f(f(x)))\n";
    assert_eq!(compiled(small, false).code.inlined, vec![("f".to_owned(), 3)]);
    let mut doubling = "fn f0(x: int) -> int = x + 1\n".to_owned();
    for at in 1..40 {
        doubling += &format!("fn f{at}(x: int) -> int = f{0}(x) + f{0}(x + 1)\n", at - 1);
    }
    let query = compiled(&(doubling + "stream S = E .select(y: f39(x))\n"), false);
    assert!(
        query.exprs.len() + query.code.exprs.len() < 20_000,
        "calls must not grow without bound"
    );
}

#[test]
fn recursion_is_bounded_by_a_number_and_not_by_the_stack() {
    let text = "fn f(n: int) -> int:\n    if n == 0:\n        return 0\n    return 1 + f(n - 1)\n\
                fn g(n: int) -> int:\n    return [n].sum(x => if x == 0 then 0 else 1 + g(x - 1))\n\
                stream S = E .select(a: f(9000), b: f(20000), c: g(30), d: g(500))\n";
    let found = given(&compiled(text, false));
    assert_eq!(found[0], Ok(Value::Int(9000)));
    assert_eq!(
        found[1],
        Err(Value::str("`f` calls itself too deep: 10000 calls are open"))
    );
    assert_eq!(found[2], Ok(Value::Int(30)));
    assert_eq!(
        found[3],
        Err(Value::str("`g` nests list functions too deep: 64 are open"))
    );
}

#[test]
fn values_nest_only_so_deep() {
    let text = "fn f(n: int):\n    var x = []\n    for i in 0..n:\n        x = [x]\n    return x\n\
                fn g(n: int):\n    var x = [1]\n    for i in 0..n:\n        x = x.enumerate()\n    return x\n\
                stream S = E .select(a: f(3), b: f(50000) == null, c: g(50000) == null)\n";
    let found = given(&compiled(text, false));
    let list = |items: Vec<Value>| Value::list(items);
    assert_eq!(found[0], Ok(list(vec![list(vec![list(vec![list(vec![])])])])));
    // One level too many is null, and nesting begins anew.
    assert_eq!(found[1], Ok(Value::Bool(false)));
    assert_eq!(found[2], Ok(Value::Bool(true)));
}
