//! What binds to what: each expression, and the same with every bracket written.

use std::fmt::Write;

use varpulis::diag::FileId;
use varpulis::syntax::ast::{
    Arg, ArgValue, Expr, ExprKind, ItemKind, LambdaBody, PatternExpr, PatternKind, Source, StepExpr, StmtKind,
};
use varpulis::syntax::parse;

/// The form of an expression, fully bracketed.
fn form(e: &Expr) -> String {
    let list = |items: &[Expr]| items.iter().map(form).collect::<Vec<_>>().join(", ");
    match &e.kind {
        ExprKind::Lit(value) => format!("{value:?}")
            .replace("Str(", "")
            .replace("Int(", "")
            .replace(')', ""),
        ExprKind::Name(ident) => ident.name.clone(),
        ExprKind::Field(of, ident) => format!("{}.{}", form(of), ident.name),
        ExprKind::Index(of, at) => format!("{}[{}]", form(of), form(at)),
        ExprKind::Slice(of, a, b) => {
            let side = |e: &Option<Box<Expr>>| e.as_deref().map_or(String::new(), form);
            format!("{}[{}:{}]", form(of), side(a), side(b))
        }
        ExprKind::Call(of, args) => format!("{}({})", form(of), args.iter().map(arg).collect::<Vec<_>>().join(", ")),
        ExprKind::Unary(op, e) => format!("({op:?} {})", form(e)),
        ExprKind::Binary(op, _, a, b) => format!("({} {op:?} {})", form(a), form(b)),
        ExprKind::Compare(first, rest) => {
            let rest: Vec<String> = rest.iter().map(|(op, _, e)| format!("{op:?} {}", form(e))).collect();
            format!("({} {})", form(first), rest.join(" "))
        }
        ExprKind::Is(e, not, ty) => format!("({} is{} {:?})", form(e), if *not { " not" } else { "" }, type_name(ty)),
        ExprKind::If(c, a, b) => format!("(if {} then {} else {})", form(c), form(a), form(b)),
        ExprKind::Match(on, arms) => format!("(match {} {})", form(on), arms.len()),
        ExprKind::Lambda(params, body) => {
            let params: Vec<&str> = params.iter().map(|param| param.name.name.as_str()).collect();
            format!("({} => {})", params.join(" "), lambda_body(body))
        }
        ExprKind::Range(a, b, inclusive) => format!("({}..{}{})", form(a), if *inclusive { "=" } else { "" }, form(b)),
        ExprKind::List(items) => format!("[{}]", list(items)),
        ExprKind::Tuple(items) => format!("tuple({})", list(items)),
        ExprKind::Map(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|e| format!("{}: {}", form(&e.key), form(&e.value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        ExprKind::Interp(parts) => format!("interp{}", parts.len()),
        ExprKind::Block(block) => format!("<block {}>", block.stmts.len()),
    }
}

fn type_name(ty: &varpulis::syntax::ast::TypeExpr) -> String {
    match &ty.kind {
        varpulis::syntax::ast::TypeExprKind::Name(path) => path[0].name.clone(),
        varpulis::syntax::ast::TypeExprKind::Optional(of) => format!("{}?", type_name(of)),
        other => format!("{other:?}"),
    }
}

fn lambda_body(body: &LambdaBody) -> String {
    match body {
        LambdaBody::Expr(e) => form(e),
        LambdaBody::Block(block) => {
            let mut out = String::from("<");
            for stmt in &block.stmts {
                let _ = match &stmt.kind {
                    StmtKind::Expr(e) => write!(out, "{};", form(e)),
                    StmtKind::Binding(b) => write!(out, "let {} = {};", b.name.name, form(&b.value)),
                    StmtKind::If(arms, last) => write!(out, "if/{}/{};", arms.len(), last.is_some()),
                    StmtKind::Match(_, arms) => write!(out, "match/{};", arms.len()),
                    StmtKind::Emit(ty, args) => write!(out, "emit {}/{};", ty.name, args.len()),
                    StmtKind::Raise(e) => write!(out, "raise {};", form(e)),
                    StmtKind::For(names, _, body) => write!(out, "for/{}/{};", names.len(), body.stmts.len()),
                    StmtKind::Try(_, catch, last) => write!(out, "try/{}/{};", catch.is_some(), last.is_some()),
                    _ => write!(out, "other;"),
                };
            }
            out + ">"
        }
    }
}

fn arg(arg: &Arg) -> String {
    let names: String = arg.names.iter().map(|name| format!("{}: ", name.name)).collect();
    let value = match &arg.value {
        ArgValue::Expr(e) => form(e),
        ArgValue::Sorted(e, desc) => format!("{} {}", form(e), if *desc { "desc" } else { "asc" }),
        ArgValue::Step(s) => step(s),
    };
    names + &value
}

fn step(s: &StepExpr) -> String {
    let mut out = String::new();
    for (modifier, _) in &s.modifiers {
        let _ = write!(out, "{modifier:?} ");
    }
    let path: Vec<&str> = s.ty.iter().map(|ident| ident.name.as_str()).collect();
    out += &path.join(".");
    if let Some(q) = s.quantifier {
        let _ = write!(
            out,
            "{{{},{}}}",
            q.min,
            q.max.map_or(String::new(), |max| max.to_string())
        );
    }
    if let Some(e) = &s.condition {
        let _ = write!(out, " where {}", form(e));
    }
    if let Some(alias) = &s.alias {
        let _ = write!(out, " as {}", alias.name);
    }
    if let Some(e) = &s.within {
        let _ = write!(out, " within {}", form(e));
    }
    out
}

fn pattern(p: &PatternExpr) -> String {
    let all = |kind: &str, parts: &[PatternExpr]| {
        let parts: Vec<String> = parts.iter().map(pattern).collect();
        format!("{kind}({})", parts.join("; "))
    };
    match &p.kind {
        PatternKind::Step(s) => step(s),
        PatternKind::Seq(parts) => all("seq", parts),
        PatternKind::And(parts) => all("and", parts),
        PatternKind::Or(parts) => all("or", parts),
        PatternKind::Group(of, q) => {
            let q = q.map_or(String::new(), |q| format!("{{{},{:?}}}", q.min, q.max));
            format!("[{}]{q}", pattern(of))
        }
    }
}

/// A whole statement, in short.
fn statement(text: &str) -> String {
    let parsed = parse(FileId(0), text);
    assert!(parsed.diagnostics.is_empty(), "{text}: {:?}", parsed.diagnostics);
    let [item] = parsed.program.items.as_slice() else {
        panic!("{text}: {} statements", parsed.program.items.len())
    };
    match &item.kind {
        ItemKind::Binding(binding) => form(&binding.value),
        ItemKind::Pattern(p) => {
            let within = p
                .within
                .as_ref()
                .map_or(String::new(), |e| format!(" | within {}", form(e)));
            let keys: Vec<String> = p.partition_by.iter().map(form).collect();
            let keys = if keys.is_empty() {
                String::new()
            } else {
                format!(" | by {}", keys.join(", "))
            };
            format!("{}{within}{keys}", pattern(&p.pattern))
        }
        ItemKind::Stream(s) => {
            let mut out = match &s.body.source {
                Source::Pattern(p) => pattern(p),
                Source::Merge(inputs, _) => format!("merge/{}", inputs.len()),
                Source::Join(kind, inputs, _) => format!("{kind:?}/{}", inputs.len()),
                Source::Timer(args, _) => format!("timer/{}", args.len()),
            };
            for op in &s.body.operators {
                let args: Vec<String> = op.args.iter().map(arg).collect();
                let ty = op
                    .as_type
                    .as_ref()
                    .map_or(String::new(), |ty| format!(" as {}", ty.name));
                let _ = write!(out, " | {}{ty}({})", op.name.name, args.join(", "));
            }
            out
        }
        other => format!("{other:?}"),
    }
}

#[track_caller]
fn reads(text: &str, expected: &str) {
    assert_eq!(statement(text), expected, "{text}");
}

#[track_caller]
fn binds(text: &str, expected: &str) {
    reads(&format!("let x = {text}\n"), expected);
}

#[test]
fn operators_bind_as_the_manual_says() {
    binds("a + b * c - d", "((a Add (b Mul c)) Sub d)");
    binds("a - b - c", "((a Sub b) Sub c)");
    binds("2 ** 3 ** 4", "(2 Pow (3 Pow 4))");
    binds("-a ** -b", "(Neg (a Pow (Neg b)))");
    binds("~-a.b[0]", "(BitNot (Neg a.b[0]))");
    binds(
        "a | b ^ c & d << e + f",
        "(a BitOr (b BitXor (c BitAnd (d Shl (e Add f)))))",
    );
    binds("a < b <= c", "(a Lt b Le c)");
    binds("(a < b) < c", "((a Lt b) Lt c)");
    binds("not a == b and c", "((Not (a Eq b)) And c)");
    binds("a not in b or not c in d", "((a NotIn b) Or (Not (c In d)))");
    binds("a and b or c and d", "((a And b) Or (c And d))");
    binds("a or b ?? c", "((a Or b) Coalesce c)");
    binds("a ?? b ?? c", "((a Coalesce b) Coalesce c)");
    binds("x is int and y is not str?", "((x is \"int\") And (y is not \"str?\"))");
    binds("x in 0..n | 1", "(x In (0..(n BitOr 1)))");
    binds("0..=10", "(0..=10)");
    binds("if a then b else c ?? d", "(if a then b else (c Coalesce d))");
    binds(
        "if a then b elif c then d else e",
        "(if a then b else (if c then d else e))",
    );
    binds("x => y => x + y", "(x => (y => (x Add y)))");
    binds("(a, b) => a", "(a b => a)");
    binds("() => 1", "( => 1)");
    binds("(a, b)", "tuple(a, b)");
    binds("(a,)", "tuple(a)");
    binds("((a))", "a");
    binds("a?.b.in", "a.b.in");
    binds("f(where: 1, if: 2)(3)", "f(where: 1, if: 2)(3)");
    binds("xs[1:3][:2][0:][:]", "xs[1:3][:2][0:][:]");
    binds("x => {}", "(x => {})");
    binds("x => { a: 1 }", "(x => {\"a\": 1})");
    binds("x => { a; b }", "(x => <a;b;>)");
    binds("-9223372036854775808", "-9223372036854775808");
    binds("1.max(2)", "1.max(2)");
    binds("1h30m", "Duration(5400000000000");
}

#[test]
fn conditions_reach_as_far_as_they_can() {
    reads(
        "stream X = A where a and b as c -> B\n",
        "seq(A where (a And b) as c; B)",
    );
    reads("stream X = A where a as c and B\n", "and(A where a as c; B)");
    reads("stream X = A[a] and B or C -> D\n", "seq(or(and(A where a; B); C); D)");
    reads("stream X = A where a.b(1) .where(c)\n", "A where a.b(1) | where(c)");
    reads("stream X = A where a.map(1)\n", "A where a | map(1)");
    reads("stream X = A where (a.map(1))\n", "A where a.map(1)");
    reads("stream X = A where a\n.b(1)\n  .c()\n", "A where a | b(1) | c()");
    reads("stream X = A?.within(5m)\n", "A{0,1} | within(Duration(300000000000)");
    reads(
        "stream X = A+ where where where_ == 1\n"
            .replace("where where", "where")
            .as_str(),
        "A{1,} where (where_ Eq 1)",
    );
    reads(
        "stream X = A where within > as and where\n",
        "A where ((within Gt as) And where)",
    );
    reads(
        "stream X = A where a * where > 1 as w\n",
        "A where ((a Mul where) Gt 1) as w",
    );
}

#[test]
fn words_are_keywords_only_in_their_place() {
    reads("stream from from from\n", "from");
    reads(
        "stream X = all A -> next B -> each C -> not D\n",
        "seq(All A; Next B; Each C; Not D)",
    );
    reads(
        "stream X = A .order_by(asc asc, desc desc, x)\n",
        "A | order_by(asc asc, desc desc, x)",
    );
    reads("stream X = A .emit as as (as: as)\n", "A | emit as as(as: as)");
    reads("stream X = merge(stream, stream stream from A)\n", "merge/2");
    reads("stream X = join\n", "join");
    reads("let y = merge(join(a), timer(1))\n", "merge(join(a), timer(1))");
    reads("stream X = A .not(B where a as b)\n", "A | not(B where a as b)");
    reads(
        "stream X = A .tap(metrics: counter: \"n\")\n",
        "A | tap(metrics: counter: \"n\")",
    );
}

#[test]
fn a_within_at_the_end_bounds_the_pattern() {
    reads(
        "pattern P = A -> B within 5m\n",
        "seq(A; B) | within Duration(300000000000",
    );
    reads(
        "pattern P = A -> (B within 5m)\n",
        "seq(A; [B within Duration(300000000000])",
    );
    reads(
        "pattern P = A -> not B within 5m\n",
        "seq(A; Not B within Duration(300000000000)",
    );
    reads(
        "pattern P = A -> B within d as b partition by k, l\n",
        "seq(A; B as b) | within d | by k, l",
    );
    reads(
        "pattern P = SEQ(A, NOT B, C) within d partition by k\n",
        "seq(A; Not B; C) | within d | by k",
    );
    reads(
        "stream X = A -> B within 5m\n",
        "seq(A; B within Duration(300000000000)",
    );
}

#[test]
fn lambda_blocks_end_with_their_bracket() {
    reads(
        "stream X = A .map(e =>\n    let y = e\n    y\n  )\n",
        "A | map((e => <let y = e;y;>))",
    );
    reads("stream X = A .f(e =>\n    y\n  , z)\n", "A | f((e => <y;>), z)");
    reads(
        "stream X = A .f(e => if a:\n      1\n    else:\n      2\n  , z)\n",
        "A | f((e => <block 1>), z)",
    );
    reads(
        "stream X = A .f(e =>\n    for a, b in xs:\n      g(a)\n    match e:\n      1 => 2\n    h(e))\n",
        "A | f((e => <for/2/1;match/1;h(e);>))",
    );
    reads(
        "stream X = A .on_error((error, e) => emit T(a: 1))\n",
        "A | on_error((error e => <emit T/1;>))",
    );
    reads(
        "stream X = A .map(e => {\n  let y = e\n  y })\n",
        "A | map((e => <let y = e;y;>))",
    );
    reads(
        "stream X = A .f(match e:\n    1 => 2\n    _ => 3\n)\n",
        "A | f((match e 2))",
    );
}
