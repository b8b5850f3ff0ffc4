//! Kernels over columns give what the interpreter gives row by row, values and errors alike.

use proptest::prelude::*;

use varpulis::data::{Column, Value};
use varpulis::eval::{self, EvalErrors, Evaluator, Program};
use varpulis::ir::{BinaryOp, Builtin, Expr, ExprId, LocalId, TypeTest, UnaryOp};

use crate::eval_support::{Build, Table, list, mixed, same, v};

/// How many rows the random tables have: more than one word of a bitmap.
const ROWS: usize = 70;

/// Decisions, taken one after another; zeros when they have run out.
struct Choices<'c> {
    all: &'c [u8],
    at: usize,
}

impl Choices<'_> {
    fn below(&mut self, n: usize) -> usize {
        let choice = self.all.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        usize::from(choice) % n
    }

    fn of<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// What an expression is meant to be; now and then it is something else, for the errors.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Int,
    Float,
    Str,
    Bool,
    Time,
    Span,
    List,
}

const KINDS: [Kind; 7] = [
    Kind::Int,
    Kind::Float,
    Kind::Str,
    Kind::Bool,
    Kind::Time,
    Kind::Span,
    Kind::List,
];

/// Values that meet at the edges.
fn value(kind: Kind, c: &mut Choices<'_>) -> Value {
    let big = 1_i64 << 53;
    match kind {
        Kind::Int => v(c.of(&[0, 1, -1, 2, 3, 7, 100, big, big + 1, i64::MAX, i64::MIN])),
        Kind::Float => v(c.of(&[
            0.0,
            -0.0,
            1.0,
            -1.5,
            2.0,
            0.1,
            big as f64,
            1e300,
            f64::NAN,
            f64::INFINITY,
        ])),
        Kind::Str => v(c.of(&[
            "",
            "a",
            "A",
            "abc",
            "abcabcabcabcd",
            "abcabcabcabce",
            "abcabcabcabc",
            "grün",
            "10.0.0.1",
            "7",
        ])),
        Kind::Bool => v(c.below(2) == 0),
        Kind::Time => Value::Timestamp(c.of(&[0, -1, 1_700_000_000_123_456_789, i64::MAX, i64::MIN])),
        Kind::Span => Value::Duration(c.of(&[0, 1, -1, 60_000_000_000, i64::MAX])),
        Kind::List => match c.below(4) {
            0 => list![],
            1 => v([1, 2, 3]),
            2 => list![(), 1, "a"],
            _ => v([2.5, -1.0]),
        },
    }
}

/// Field `2k` holds values of kind `k`, field `2k + 1` with nulls among them; the last is mixed.
fn table(c: &mut Choices<'_>) -> Vec<Column> {
    let mut columns = Vec::new();
    for kind in KINDS {
        for nulls in [false, true] {
            let mut cell = || {
                if nulls && c.below(3) == 0 {
                    Value::Null
                } else {
                    value(kind, c)
                }
            };
            columns.push(Column::from_values((0..ROWS).map(|_| cell()).collect()));
        }
    }
    let cells = (0..ROWS).map(|_| {
        let kind = c.of(&KINDS);
        if c.below(8) == 0 { Value::Null } else { value(kind, c) }
    });
    columns.push(mixed(cells.collect()));
    columns
}

struct Grow<'c> {
    b: Build,
    c: Choices<'c>,
    /// Locals in scope, with what they are.
    scope: Vec<(LocalId, Kind)>,
}

impl Grow<'_> {
    fn leaf(&mut self, kind: Kind) -> ExprId {
        let place = KINDS.iter().position(|known| *known == kind).unwrap() as u32;
        let bound: Vec<LocalId> = self
            .scope
            .iter()
            .filter(|(_, of)| *of == kind)
            .map(|(id, _)| *id)
            .collect();
        match self.c.below(12) {
            0..=3 => {
                let value = value(kind, &mut self.c);
                self.b.lit(value)
            }
            4 => self.b.lit(()),
            5 => self.b.field(2 * KINDS.len() as u32),
            6..=8 => self.b.field(2 * place + 1),
            9 | 10 if !bound.is_empty() => {
                let local = self.c.of(&bound);
                self.b.local(local)
            }
            _ => self.b.field(2 * place),
        }
    }

    /// An expression of a kind; one in sixteen is of another.
    fn grow(&mut self, kind: Kind, depth: usize) -> ExprId {
        let kind = if self.c.below(16) == 15 {
            self.c.of(&KINDS)
        } else {
            kind
        };
        if depth == 0 || self.c.below(5) == 0 {
            return self.leaf(kind);
        }
        match self.c.below(8) {
            0 => self.branch(kind, depth),
            1 => self.binding(kind, depth),
            2 => self.fallback(kind, depth),
            _ => match kind {
                Kind::Int => self.int(depth),
                Kind::Float => self.float(depth),
                Kind::Str => self.text(depth),
                Kind::Bool => self.condition(depth),
                Kind::Time => self.time(depth),
                Kind::Span => self.span(depth),
                Kind::List => self.list(depth),
            },
        }
    }

    fn branch(&mut self, kind: Kind, depth: usize) -> ExprId {
        let c = self.grow(Kind::Bool, depth - 1);
        let (a, b) = (self.grow(kind, depth - 1), self.grow(kind, depth - 1));
        self.b.push(Expr::If(c, a, b))
    }

    fn binding(&mut self, kind: Kind, depth: usize) -> ExprId {
        let of = self.c.of(&KINDS);
        let value = self.grow(of, depth - 1);
        let local = self.b.fresh();
        self.scope.push((local, of));
        let body = self.grow(kind, depth - 1);
        self.scope.pop();
        self.b.push(Expr::Let(local, value, body))
    }

    fn fallback(&mut self, kind: Kind, depth: usize) -> ExprId {
        let (a, b) = (self.grow(kind, depth - 1), self.grow(kind, depth - 1));
        match self.c.below(2) {
            0 => self.b.bin(BinaryOp::Coalesce, a, b),
            _ => self.b.call(Builtin::Coalesce, vec![a, b]),
        }
    }

    fn bin(&mut self, op: BinaryOp, kinds: (Kind, Kind), depth: usize) -> ExprId {
        let (a, b) = (self.grow(kinds.0, depth - 1), self.grow(kinds.1, depth - 1));
        self.b.bin(op, a, b)
    }

    fn call(&mut self, builtin: Builtin, kinds: &[Kind], depth: usize) -> ExprId {
        let args = kinds.iter().map(|kind| self.grow(*kind, depth - 1)).collect();
        self.b.call(builtin, args)
    }

    fn int(&mut self, depth: usize) -> ExprId {
        use BinaryOp::{Add, BitAnd, BitOr, BitXor, Mul, Pow, Rem, Shl, Shr, Sub};
        match self.c.below(6) {
            0..=2 => {
                let op = self.c.of(&[Add, Sub, Mul, Rem, Pow, Shl, Shr, BitAnd, BitOr, BitXor]);
                self.bin(op, (Kind::Int, Kind::Int), depth)
            }
            3 => {
                let a = self.grow(Kind::Int, depth - 1);
                let op = self.c.of(&[UnaryOp::Neg, UnaryOp::BitNot]);
                self.b.push(Expr::Unary(op, a))
            }
            4 => {
                let builtin = self.c.of(&[Builtin::Year, Builtin::Hour, Builtin::DayOfWeek]);
                self.call(builtin, &[Kind::Time], depth)
            }
            _ => {
                let (builtin, kind) = self.c.of(&[
                    (Builtin::Len, Kind::Str),
                    (Builtin::Len, Kind::List),
                    (Builtin::Int, Kind::Str),
                    (Builtin::Int, Kind::Float),
                    (Builtin::Sum, Kind::List),
                    (Builtin::Sign, Kind::Float),
                    (Builtin::Abs, Kind::Int),
                    (Builtin::Hash, Kind::Float),
                ]);
                self.call(builtin, &[kind], depth)
            }
        }
    }

    fn float(&mut self, depth: usize) -> ExprId {
        use BinaryOp::{Add, Div, Mul, Pow, Rem, Sub};
        match self.c.below(4) {
            0 | 1 => {
                let op = self.c.of(&[Add, Sub, Mul, Div, Rem, Pow]);
                let kinds = self.c.of(&[
                    (Kind::Float, Kind::Float),
                    (Kind::Int, Kind::Float),
                    (Kind::Float, Kind::Int),
                ]);
                self.bin(op, kinds, depth)
            }
            2 => self.bin(Div, (Kind::Int, Kind::Int), depth),
            _ => {
                let (builtin, kind) = self.c.of(&[
                    (Builtin::Sqrt, Kind::Float),
                    (Builtin::Sqrt, Kind::Int),
                    (Builtin::Round, Kind::Float),
                    (Builtin::Floor, Kind::Float),
                    (Builtin::Log, Kind::Float),
                    (Builtin::Exp, Kind::Float),
                    (Builtin::Float, Kind::Str),
                    (Builtin::Avg, Kind::List),
                    (Builtin::DurationSeconds, Kind::Span),
                ]);
                self.call(builtin, &[kind], depth)
            }
        }
    }

    fn text(&mut self, depth: usize) -> ExprId {
        match self.c.below(4) {
            0 => self.bin(BinaryOp::Add, (Kind::Str, Kind::Str), depth),
            1 => {
                let parts = (0..2).map(|_| {
                    let kind = self.c.of(&KINDS);
                    self.grow(kind, depth - 1)
                });
                let parts = parts.collect();
                self.b.push(Expr::Interp(parts))
            }
            2 => {
                let a = self.grow(Kind::Str, depth - 1);
                let at = self.grow(Kind::Int, depth - 1);
                match self.c.below(2) {
                    0 => self.b.push(Expr::Index(a, at)),
                    _ => self.b.push(Expr::Slice(a, Some(at), None)),
                }
            }
            _ => {
                let (builtin, kind) = self.c.of(&[
                    (Builtin::Upper, Kind::Str),
                    (Builtin::Lower, Kind::Str),
                    (Builtin::Trim, Kind::Str),
                    (Builtin::Str, Kind::Int),
                    (Builtin::Str, Kind::Str),
                    (Builtin::Typeof, Kind::List),
                ]);
                self.call(builtin, &[kind], depth)
            }
        }
    }

    fn condition(&mut self, depth: usize) -> ExprId {
        use BinaryOp::{And, Eq, Ge, Gt, Le, Lt, Ne, Or};
        match self.c.below(10) {
            0..=2 => {
                let op = self.c.of(&[And, Or]);
                self.bin(op, (Kind::Bool, Kind::Bool), depth)
            }
            3 => {
                let a = self.grow(Kind::Bool, depth - 1);
                self.b.push(Expr::Unary(UnaryOp::Not, a))
            }
            4 | 5 => {
                let op = self.c.of(&[Eq, Ne, Lt, Le, Gt, Ge]);
                let kind = self.c.of(&KINDS);
                self.bin(op, (kind, kind), depth)
            }
            6 => {
                let op = self.c.of(&[Eq, Ne, Lt, Le, Gt, Ge]);
                self.bin(op, (Kind::Int, Kind::Float), depth)
            }
            7 => self.within(depth),
            8 => self.pattern(depth),
            _ => {
                let kind = self.c.of(&KINDS);
                let a = self.grow(kind, depth - 1);
                let test = [TypeTest::Null, TypeTest::Int, TypeTest::Str][self.c.below(3)].clone();
                self.b.push(Expr::Is(a, test))
            }
        }
    }

    /// `x in y`, and `any` and `all` with lambdas.
    fn within(&mut self, depth: usize) -> ExprId {
        let kind = self.c.of(&[Kind::Int, Kind::Float, Kind::Str]);
        if self.c.below(4) == 3 {
            let list = self.grow(Kind::List, depth - 1);
            let item = self.b.fresh();
            self.scope.push((item, Kind::Int));
            let body = self.grow(Kind::Bool, depth - 1);
            self.scope.pop();
            let lambda = varpulis::ir::Lambda {
                params: vec![item],
                body,
            };
            let builtin = self.c.of(&[Builtin::Any, Builtin::All, Builtin::Count]);
            return self.b.push(Expr::Call(builtin, vec![list], vec![lambda]));
        }
        let value = self.grow(kind, depth - 1);
        let among = match self.c.below(4) {
            0 => {
                let (from, to) = (self.leaf(Kind::Int), self.leaf(Kind::Int));
                let inclusive = self.c.below(2) == 0;
                self.b.push(Expr::Range(from, to, inclusive))
            }
            1 => self.b.lit(list![1, 2.0, "a", "abcabcabcabcd", (), f64::NAN]),
            2 => self.b.lit("xabcabc7"),
            _ => self.grow(Kind::List, depth - 1),
        };
        self.b.bin(BinaryOp::In, value, among)
    }

    fn pattern(&mut self, depth: usize) -> ExprId {
        let (builtin, pattern) = self.c.of(&[
            (Builtin::Contains, "bca"),
            (Builtin::StartsWith, "abc"),
            (Builtin::EndsWith, "e"),
            (Builtin::Like, "%bc%"),
            (Builtin::Like, "a%c_"),
            (Builtin::Ilike, "A%"),
            (Builtin::Wildcard, "*c"),
            (Builtin::RegexMatch, "^a?b"),
            (Builtin::RegexMatch, "("),
            (Builtin::CidrMatch, "10.0.0.0/8"),
        ]);
        let subject = self.grow(Kind::Str, depth - 1);
        let pattern = match self.c.below(4) {
            0 => self.grow(Kind::Str, depth - 1),
            _ => self.b.lit(pattern),
        };
        self.b.call(builtin, vec![subject, pattern])
    }

    fn time(&mut self, depth: usize) -> ExprId {
        use BinaryOp::{Add, Sub};
        match self.c.below(3) {
            0 => {
                let op = self.c.of(&[Add, Sub]);
                self.bin(op, (Kind::Time, Kind::Span), depth)
            }
            1 => self.call(Builtin::Trunc, &[Kind::Time, Kind::Span], depth),
            _ => self.call(Builtin::Timestamp, &[Kind::Int], depth),
        }
    }

    fn span(&mut self, depth: usize) -> ExprId {
        use BinaryOp::{Add, Div, Mul, Sub};
        let (op, kinds) = self.c.of(&[
            (Sub, (Kind::Time, Kind::Time)),
            (Add, (Kind::Span, Kind::Span)),
            (Mul, (Kind::Span, Kind::Int)),
            (Mul, (Kind::Float, Kind::Span)),
            (Div, (Kind::Span, Kind::Span)),
            (Div, (Kind::Span, Kind::Int)),
        ]);
        self.bin(op, kinds, depth)
    }

    fn list(&mut self, depth: usize) -> ExprId {
        let (a, b) = (self.grow(Kind::Int, depth - 1), self.grow(Kind::Float, depth - 1));
        let items = self.b.push(Expr::List(vec![a, b]));
        match self.c.below(4) {
            0 => self.b.call(Builtin::Sort, vec![items]),
            1 => self.b.call(Builtin::Reverse, vec![items]),
            2 => {
                let item = self.b.fresh();
                self.scope.push((item, Kind::Float));
                let body = self.grow(Kind::Float, depth - 1);
                self.scope.pop();
                let lambda = varpulis::ir::Lambda {
                    params: vec![item],
                    body,
                };
                self.b.push(Expr::Call(Builtin::Map, vec![items], vec![lambda]))
            }
            _ => items,
        }
    }

    /// The same expression several times over, so that the evaluator shares it.
    fn again(&mut self, kind: Kind, depth: usize) -> [ExprId; 2] {
        let from = self.c.at;
        let first = self.grow(kind, depth);
        self.c.at = from;
        [first, self.grow(kind, depth)]
    }
}

fn assert_column(got: &Column, wanted: &[Value], what: &str) {
    assert_eq!(got.len(), wanted.len(), "{what}: length");
    for (row, wanted) in wanted.iter().enumerate() {
        let got = got.value(row);
        assert!(same(&got, wanted), "{what}, row {row}: {got:?}, not {wanted:?}");
    }
}

pub(crate) fn values(column: &Column) -> Vec<Value> {
    (0..column.len()).map(|row| column.value(row)).collect()
}

/// The errors of one tree.
fn of_tree(errors: &[EvalErrors], program: &Build, root: ExprId) -> Vec<EvalErrors> {
    let mut nodes = Vec::new();
    program.exprs.walk(root, &mut |id| nodes.push(id));
    errors
        .iter()
        .filter(|error| nodes.contains(&error.node))
        .cloned()
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn columns_are_rows(
        cells in proptest::collection::vec(any::<u8>(), 200..400),
        choices in proptest::collection::vec(any::<u8>(), 1..200),
        kind in 0..KINDS.len(),
        kept in proptest::collection::vec(any::<bool>(), ROWS),
    ) {
        // Cells are few choices, used again and again.
        let long: Vec<u8> = cells.iter().cycle().take(cells.len() * 20 + 7).copied().collect();
        let columns = table(&mut Choices { all: &long, at: 0 });
        let mut grow = Grow { b: Build::default(), c: Choices { all: &choices, at: 0 }, scope: Vec::new() };
        let roots = grow.again(KINDS[kind], 4);
        let condition = grow.grow(Kind::Bool, 4);
        let b = grow.b;
        let table = Table::new(columns.clone());
        let program = Program::new(&b.exprs, &[roots[0], roots[1], condition], 0);

        let mut evaluator = Evaluator::new(&program, &table);
        let all = [evaluator.eval(roots[0], None), evaluator.eval(roots[1], None)];
        let errors = evaluator.take_errors();
        for (root, column) in roots.iter().zip(&all) {
            let (wanted, wanted_errors) = eval::reference(&program, &table, *root);
            assert_column(column, &values(&wanted), "all rows");
            prop_assert_eq!(of_tree(&errors, &b, *root), wanted_errors);
        }

        let passed = evaluator.filter(condition, None);
        let errors = evaluator.take_errors();
        let (wanted, wanted_errors) = eval::reference(&program, &table, condition);
        let truths: Vec<u32> = (0..ROWS as u32).filter(|row| wanted.value(*row as usize) == Value::Bool(true)).collect();
        prop_assert_eq!(&passed, &truths);
        // What is no bool is an error of the condition, which its value alone is not.
        let inner = |errors: Vec<EvalErrors>| -> Vec<EvalErrors> {
            errors.into_iter().filter(|error| error.node != condition).collect()
        };
        prop_assert_eq!(inner(errors), inner(wanted_errors));

        // In some rows: as over a table of only those.
        let rows: Vec<u32> = (0..ROWS as u32).filter(|row| kept[*row as usize]).collect();
        let some = Table::new(columns.iter().map(|column| column.take(&rows)).collect());
        let (wanted, mut wanted_errors) = eval::reference(&program, &some, roots[0]);
        wanted_errors.iter_mut().for_each(|error| error.first_row = rows[error.first_row as usize]);
        let got = evaluator.eval(roots[0], Some(&rows));
        assert_column(&got, &values(&wanted), "some rows");
        prop_assert_eq!(evaluator.take_errors(), wanted_errors);
    }
}

/// All the values of a kind that [`value`] may give.
fn edges(kind: Kind) -> Vec<Value> {
    let all = (0..=255_u8).map(|choice| value(kind, &mut Choices { all: &[choice], at: 0 }));
    let mut edges: Vec<Value> = Vec::new();
    for value in all {
        if !edges.iter().any(|known| same(known, &value)) {
            edges.push(value);
        }
    }
    edges.push(Value::Null);
    edges
}

/// Evaluates `op` of every pair of edges of two kinds: column with column, and with each constant.
fn check_operator(op: BinaryOp, left: &[Value], right: &[Value]) {
    let pairs = left
        .iter()
        .flat_map(|a| right.iter().map(move |b| (a.clone(), b.clone())));
    let (a, b): (Vec<Value>, Vec<Value>) = pairs.unzip();
    let table = Table::of(vec![a, b]);
    let mut build = Build::default();
    let mut roots = Vec::new();
    let (a, b) = (build.field(0), build.field(1));
    roots.push(build.bin(op, a, b));
    for constant in right {
        let (a, b) = (build.field(0), build.lit(constant.clone()));
        roots.push(build.bin(op, a, b));
    }
    for constant in left {
        let (a, b) = (build.lit(constant.clone()), build.field(1));
        roots.push(build.bin(op, a, b));
    }
    let program = Program::new(&build.exprs, &roots, 0);
    for root in roots {
        let mut evaluator = Evaluator::new(&program, &table);
        let got = evaluator.eval(root, None);
        let (wanted, errors) = eval::reference(&program, &table, root);
        let what = format!("{op:?} of {:?}", build.exprs.get(root));
        assert_column(&got, &values(&wanted), &what);
        assert_eq!(evaluator.take_errors(), errors, "{what}");
    }
}

#[test]
fn every_operator_holds_at_every_edge() {
    use BinaryOp::{Add, BitAnd, BitOr, BitXor, Div, Eq, Ge, Gt, In, Le, Lt, Mul, Ne, Pow, Rem, Shl, Shr, Sub};
    let ops = [
        Add, Sub, Mul, Div, Rem, Pow, Shl, Shr, BitAnd, BitXor, BitOr, Eq, Ne, Lt, Le, Gt, Ge, In,
    ];
    for op in ops {
        for left in KINDS {
            for right in KINDS {
                check_operator(op, &edges(left), &edges(right));
            }
        }
    }
}
