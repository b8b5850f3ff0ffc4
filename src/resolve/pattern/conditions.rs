//! Conditions of steps, split: what the event decides by itself, comparisons of one of its values with
//! one of an event bound before, and the rest.

use std::rc::Rc;

use super::shape::Context;
use super::{Build, elements, sequence};
use crate::data::{Path, PathSeg, Type, Value};
use crate::diag::{Code, Diagnostic, Span, nearest};
use crate::ir::{BinaryOp, Bound, Compare, Expr as Ir, ExprId, PatternRead, Rest, StepId, ValueId, Which};
use crate::resolve::context::{Cx, What, did_you_mean};
use crate::resolve::expr::{BOUND, COUNT, Given, Lower};
use crate::resolve::flow::Flow;
use crate::resolve::ops;
use crate::resolve::row::{Found, Matched, Row, Side};
use crate::resolve::walk::{first_name, walk};
use crate::syntax::ast::{self, CompareOp, Expr, ExprKind};

/// What a step's condition is lowered over.
pub(super) struct View {
    pub(super) module: usize,
    /// The event's own row, with the step's name where it stands for it.
    pub(super) own: Row,
    /// What was bound before; the step's own name, where it stands for the elements so far.
    bound: Rc<Matched>,
    own_list: Option<String>,
}

/// For each step the parts of its condition that read its own event only, and what they are read over.
pub(super) type Alone = Vec<(View, Vec<Expr>)>;

/// Lowers the conditions of all steps.
pub(super) fn all(cx: &mut Cx<'_>, build: &mut Build<'_>, contexts: &[Context]) -> Alone {
    let prepared = build.prepared.clone();
    let mut alone = Vec::with_capacity(contexts.len());
    for (id, context) in contexts.iter().enumerate() {
        let placed = &prepared.steps[id];
        let mut own = build.rows[placed.input].clone();
        if let Some(alias) = &placed.step.alias
            && context.own_list.is_none()
        {
            own.aliases.push((alias.name.clone(), alias.span));
        }
        let view = View {
            module: placed.module,
            own,
            bound: Rc::new(build.matched(context.visible.iter().copied().chain(context.own_list))),
            own_list: context.own_list.map(|alias| build.aliases[alias].name.clone()),
        };
        let mut parts = Vec::new();
        if let Some(condition) = &placed.step.condition {
            conjuncts(condition, &mut parts);
            parts.retain(|part| names_are_bound(cx, build, context, &view, part));
        }
        alone.push(split(cx, build, id, view, &parts));
    }
    alone
}

/// The parts of a conjunction, left to right.
fn conjuncts<'e>(condition: &'e Expr, parts: &mut Vec<&'e Expr>) {
    match &condition.kind {
        ExprKind::Binary(ast::BinaryOp::And, _, a, b) => {
            conjuncts(a, parts);
            conjuncts(b, parts);
        }
        _ => parts.push(condition),
    }
}

/// Says which names of other steps cannot be read at this place; whether there are none.
fn names_are_bound(cx: &mut Cx<'_>, build: &Build<'_>, context: &Context, view: &View, condition: &Expr) -> bool {
    let mut good = true;
    let own = |name: &str| view.own.aliases.iter().any(|(alias, _)| alias == name);
    walk(condition, &mut |expr, bound| {
        if let Some(name) = first_name(expr)
            && !bound.contains(&name.name.as_str())
            && !own(&name.name)
            && view.bound.side(&name.name).is_none()
            && build.aliases.iter().any(|alias| alias.name == name.name)
        {
            good = false;
            cx.say(if context.only_first {
                sequence(name.span, "what `.not` forbids may be compared with the first step only")
                    .help("a condition on the whole match comes behind the pattern: `.where(..)`; or `-> not C ->` between two steps")
            } else {
                sequence(name.span, format!("`{}` is not bound yet at this place", name.name))
                    .label("a later step, or one in any order, has this name")
                    .help("a condition reads its own event and the steps before it; what compares two stands at the later one")
            });
        }
        if let Some(name) = first_name(expr)
            && !matches!(expr.kind, ExprKind::Name(_))
            && !bound.contains(&name.name.as_str())
        {
            nearly_bound(cx, view, name);
        }
        true
    });
    good
}

/// The first name of a path that is nearly that of a step: most likely a slip, where nothing is known
/// of the event's fields.
fn nearly_bound(cx: &mut Cx<'_>, view: &View, name: &ast::Ident) {
    let known = view.own.aliases.iter().any(|(alias, _)| *alias == name.name) || view.bound.side(&name.name).is_some();
    if known || name.name.len() < 3 || view.own.find(cx, &name.name) != Found::Maybe {
        return;
    }
    let names = view.bound.sides.iter().map(|side| side.name.as_str());
    let Some(near) = nearest(&name.name, names).map(str::to_owned) else {
        return;
    };
    let message = format!("no step is called `{}`", name.name);
    let diagnostic = Diagnostic::new(Code::NearlyDeclared, name.span, message)
        .label("read as a field of the event, which nothing is known of");
    cx.say(did_you_mean(diagnostic, Some(&near), name.span));
}

/// What an expression reads.
#[derive(Default)]
struct Mentions {
    /// Names of the run.
    bound: Vec<String>,
    /// Something of the own event.
    own: bool,
    /// A random draw.
    random: Option<Span>,
}

fn mentions(cx: &Cx<'_>, view: &View, expr: &Expr) -> Mentions {
    let mut found = Mentions::default();
    walk(expr, &mut |expr, bound| {
        if let Some(name) = first_name(expr) {
            if bound.contains(&name.name.as_str()) {
                return true;
            }
            if view.bound.side(&name.name).is_some() {
                if !found.bound.contains(&name.name) {
                    found.bound.push(name.name.clone());
                }
            } else {
                found.own |= is_own(cx, view, &name.name);
            }
        }
        if let ExprKind::Call(callee, _) = &expr.kind
            && let ExprKind::Name(name) | ExprKind::Field(_, name) = &callee.kind
        {
            found.own |= name.name == "now";
            if crate::ir::Builtin::lookup(&name.name).is_some_and(crate::ir::Builtin::is_volatile) {
                found.random = found.random.or(Some(expr.span));
                found.own = true;
            }
        }
        true
    });
    found
}

/// Whether a name that the run has not bound is of the event, and no constant.
fn is_own(cx: &Cx<'_>, view: &View, name: &str) -> bool {
    let constant = cx
        .lookup(view.module, name)
        .is_some_and(|found| matches!(found.what, What::Constant(_)));
    let field = view.own.find(cx, name);
    let alias = view.own.aliases.iter().any(|(alias, _)| alias == name);
    alias || !((constant && !matches!(field, Found::Yes(_))) || cx.is_import(view.module, name))
}

fn split(cx: &mut Cx<'_>, build: &mut Build<'_>, id: StepId, view: View, parts: &[&Expr]) -> (View, Vec<Expr>) {
    let (mut alone, mut rest) = (Vec::new(), Vec::new());
    for part in parts {
        let reads = mentions(cx, &view, part);
        if reads.bound.is_empty() {
            alone.push((*part).clone());
            continue;
        }
        if let Some(span) = reads.random {
            cx.refuse(span, "a random draw in a condition that reads other steps");
            continue;
        }
        match compare(cx, build, (id, &view), part) {
            Some(compare) => build.steps[id].compare.push(compare),
            None => rest.push(*part),
        }
    }
    if let Some(condition) = conjunction(cx, &view, &alone) {
        build.steps[id].alone = Some(own_value(cx, build, id, condition));
    }
    if !rest.is_empty() {
        build.steps[id].rest = Some(self::rest(cx, build, id, &view, &rest));
    }
    (view, alone)
}

/// Conditions over the own event as one.
pub(super) fn conjunction(cx: &mut Cx<'_>, view: &View, parts: &[Expr]) -> Option<ExprId> {
    let flow = Flow::new(view.module, view.own.clone());
    let mut whole: Option<ExprId> = None;
    for part in parts {
        let one = ops::condition(cx, &flow, part);
        whole = Some(and(cx, whole, one));
    }
    whole
}

fn and(cx: &mut Cx<'_>, before: Option<ExprId>, one: ExprId) -> ExprId {
    let span = cx.query.exprs.span(one);
    match before {
        None => one,
        Some(before) => {
            let span = cx.query.exprs.span(before).to(span);
            cx.query
                .exprs
                .push(Ir::Binary(BinaryOp::And, before, one), Type::Bool, span)
        }
    }
}

fn own_value(cx: &mut Cx<'_>, build: &mut Build<'_>, id: StepId, value: ExprId) -> ValueId {
    let input = build.input_of[id];
    build.asker(cx).value(input, value)
}

/// The comparison of a value of the own event with one of an event bound before; none when it is more
/// than that.
fn compare(cx: &mut Cx<'_>, build: &mut Build<'_>, (id, view): (StepId, &View), part: &Expr) -> Option<Compare> {
    let ExprKind::Compare(a, more) = &part.kind else {
        return None;
    };
    let [(word, place, b)] = more.as_slice() else {
        return None;
    };
    let op = operator(*word)?;
    let is_null = |expr: &Expr| matches!(expr.kind, ExprKind::Lit(Value::Null));
    if is_null(a) || is_null(b) {
        return None;
    }
    let (left, right) = (mentions(cx, view, a), mentions(cx, view, b));
    let (own, other, turned) = match (left.bound.as_slice(), right.bound.as_slice()) {
        ([], [_]) if !right.own => (&**a, b, false),
        ([_], []) if !left.own => (b, &**a, true),
        _ => return None,
    };
    let name = left.bound.first().or(right.bound.first())?;
    let side = view.bound.side(name)?.clone();
    let (which, element) = if side.list {
        element(other, name)?
    } else {
        (Which::First, other.clone())
    };
    let mut of_other = side.row.clone();
    of_other.aliases.push((name.clone(), other.span));
    let mine = Lower::over(cx, view.module, &view.own).expr(own);
    let theirs = Lower::over(cx, view.module, &of_other).expr(&element);
    let (own_ty, other_ty) = (cx.query.exprs.ty(mine).clone(), cx.query.exprs.ty(theirs).clone());
    let (left, right) = if turned {
        ((&**a, &other_ty), (b, &own_ty))
    } else {
        ((&**a, &own_ty), (b, &other_ty))
    };
    Lower::over(cx, view.module, &view.own).check_comparison(*word, *place, left, right);
    let alias = build.aliases.iter().position(|alias| alias.name == *name)?;
    let own = own_value(cx, build, id, mine);
    let values = build.asker(cx).values(alias, theirs);
    Some(Compare {
        op: if turned { turn(op) } else { op },
        own,
        other: Bound { alias, which, values },
        span: part.span,
    })
}

fn operator(word: CompareOp) -> Option<BinaryOp> {
    Some(match word {
        CompareOp::Eq => BinaryOp::Eq,
        CompareOp::Ne => BinaryOp::Ne,
        CompareOp::Lt => BinaryOp::Lt,
        CompareOp::Le => BinaryOp::Le,
        CompareOp::Gt => BinaryOp::Gt,
        CompareOp::Ge => BinaryOp::Ge,
        CompareOp::In | CompareOp::NotIn => return None,
    })
}

/// The same comparison with its sides exchanged.
fn turn(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Lt => BinaryOp::Gt,
        BinaryOp::Le => BinaryOp::Ge,
        BinaryOp::Gt => BinaryOp::Lt,
        BinaryOp::Ge => BinaryOp::Le,
        other => other,
    }
}

/// `xs[0].f`, `first(xs.f)`, `xs[-1].f`, `last(xs.f)`: which element, and what of it, with the name
/// standing for the element.
fn element(expr: &Expr, name: &str) -> Option<(Which, Expr)> {
    if let ExprKind::Call(callee, args) = &expr.kind {
        let (word, value) = elements::of_the_list(callee, args)?;
        let which = match word {
            "first" => Which::First,
            "last" => Which::Last,
            _ => return None,
        };
        return (first_name(value)?.name == name && is_keys(value)).then(|| (which, value.clone()));
    }
    let mut which = None;
    let element = elements::replace_base(expr, &mut |base| match &base.kind {
        ExprKind::Index(of, index) if matches!(&of.kind, ExprKind::Name(of) if of.name == name) => {
            which = match elements::constant_index(index)? {
                0 => Some(Which::First),
                -1 => Some(Which::Last),
                _ => None,
            };
            which.map(|_| (**of).clone())
        }
        _ => None,
    })?;
    Some((which?, element))
}

/// Whether an expression is a name and keys below it.
fn is_keys(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Name(_) => true,
        ExprKind::Field(of, _) => is_keys(of),
        _ => false,
    }
}

/// What needs more than comparisons.
fn rest(cx: &mut Cx<'_>, build: &mut Build<'_>, id: StepId, view: &View, parts: &[&Expr]) -> Rest {
    let mut row = view.own.clone();
    row.bound = Some(view.bound.clone());
    let mut given = Given::default();
    for part in parts {
        elements::find(cx, view.module, &view.bound, part, Rc::make_mut(&mut given));
    }
    let mut whole: Option<ExprId> = None;
    for part in parts {
        let span = part.span;
        let list = view
            .own_list
            .as_ref()
            .filter(|name| elements::reads_elements(part, name));
        let none_yet = list.map(|name| {
            let path = Path(vec![
                PathSeg::Key(format!("{BOUND}{name}")),
                PathSeg::Key(COUNT.to_owned()),
            ]);
            let field = cx.query.fields.intern(path);
            let exprs = &mut cx.query.exprs;
            let count = exprs.push(Ir::Field(field), Type::Int, span);
            let zero = exprs.push(Ir::Lit(Value::Int(0)), Type::Int, span);
            exprs.push(Ir::Binary(BinaryOp::Eq, count, zero), Type::Bool, span)
        });
        let mut lower = Lower::over(cx, view.module, &row);
        lower.given = given.clone();
        let mut one = lower.condition(part);
        if let Some(none_yet) = none_yet {
            let or = Ir::Binary(BinaryOp::Or, none_yet, one);
            one = cx.query.exprs.push(or, Type::Bool, span);
        }
        whole = Some(and(cx, whole, one));
    }
    let condition = whole.unwrap_or(ExprId(0));
    reads(cx, build, id, view, condition)
}

/// What a condition reads of its own event and of the run.
fn reads(cx: &mut Cx<'_>, build: &mut Build<'_>, id: StepId, view: &View, condition: ExprId) -> Rest {
    let mut nodes = Vec::new();
    cx.query.exprs.walk(condition, &mut |node| nodes.push(node));
    let mut rest = Rest {
        condition,
        own: Vec::new(),
        pseudo: Vec::new(),
        whole: None,
        reads: Vec::new(),
    };
    for node in nodes {
        let (ty, span) = (cx.query.exprs.ty(node).clone(), cx.query.exprs.span(node));
        match cx.query.exprs.get(node).clone() {
            Ir::Field(field) => {
                if rest.own.iter().any(|(known, _)| *known == field)
                    || rest.reads.iter().any(|read| read.field == field)
                {
                    continue;
                }
                let path = cx.query.fields.path(field).clone();
                let how = match cx.elements.get(&field).cloned() {
                    Some(of) => build.asker(cx).aggregate(&of),
                    None => of_the_run(cx, build, view, &path, &ty, span),
                };
                match how {
                    Some(how) => rest.reads.push(PatternRead {
                        field,
                        name: None,
                        how,
                        span,
                    }),
                    None => {
                        let value = cx.query.exprs.push(Ir::Field(field), ty, span);
                        rest.own.push((field, own_value(cx, build, id, value)));
                    }
                }
            }
            Ir::Pseudo(which) if rest.pseudo.iter().all(|(known, _)| *known != which) => {
                let value = cx.query.exprs.push(Ir::Pseudo(which), ty, span);
                rest.pseudo.push((which, own_value(cx, build, id, value)));
            }
            Ir::Row if rest.whole.is_none() => {
                let value = cx.query.exprs.push(Ir::Row, ty, span);
                rest.whole = Some(own_value(cx, build, id, value));
            }
            _ => {}
        }
    }
    rest
}

/// What a path to something bound asks of the run; none for a field of the event.
fn of_the_run(
    cx: &mut Cx<'_>,
    build: &mut Build<'_>,
    view: &View,
    path: &Path,
    ty: &Type,
    span: Span,
) -> Option<crate::ir::How> {
    let Some(PathSeg::Key(first)) = path.0.first() else {
        return None;
    };
    let name = first.strip_prefix(BOUND)?;
    let list = view.bound.side(name).is_some_and(|side: &Side| side.list);
    let alias = build.aliases.iter().position(|alias| alias.name == name)?;
    let mut asker = build.asker(cx);
    Some(asker.path((alias, list), &path.0[1..], ty, span))
}
