//! What an attention window keeps of each event as a record: the fields that lambdas read, or, where
//! an event is used as a value, all of it.

use indexmap::IndexMap;

use crate::data::{Path, PathSeg, Type, Value};
use crate::diag::Span;
use crate::ir::{Attend, Attention, Builtin, Expr, ExprId, Exprs, Lambda, LocalId};
use crate::resolve::context::Cx;
use crate::resolve::expr::pseudo;
use crate::resolve::row::Row;

/// What of an expression's value are events.
#[derive(Clone, Debug, PartialEq)]
enum Shape {
    /// None.
    Plain,
    /// It is one.
    Event,
    /// A record `{event, score}` of one.
    Scored,
    /// A list of such.
    Many(Box<Shape>),
}

/// A list; of none that are events it is plain.
fn many(item: Shape) -> Shape {
    match item {
        Shape::Plain => Shape::Plain,
        item => Shape::Many(Box::new(item)),
    }
}

/// The expression that gives the record of an event, of rows as they come to the window; none where nothing
/// needs one.
pub(super) fn record(cx: &mut Cx<'_>, row: &Row, attention: &Attention, span: Span) -> Option<ExprId> {
    let mut reads = Reads {
        exprs: &cx.query.exprs,
        events: attention.events,
        bound: Vec::new(),
        paths: Vec::new(),
        whole: false,
        any: false,
    };
    for step in &attention.steps {
        for root in step.expressions() {
            if reads.shape(root) != Shape::Plain {
                reads.whole = true;
            }
        }
    }
    let Reads { paths, whole, any, .. } = reads;
    if !any {
        return None;
    }
    let pseudo = |path: &Vec<String>| path.len() == 1 && pseudo(&path[0]).is_some();
    let (own, paths): (Vec<_>, Vec<_>) = paths.into_iter().partition(pseudo);
    if !whole {
        return Some(of_paths(cx, row, &paths, &own, span));
    }
    let all = of_all(cx, row, span);
    if own.is_empty() {
        return Some(all);
    }
    let own = of_paths(cx, row, &[], &own, span);
    Some(merged(cx, all, own, span))
}

/// All of the event, with the fields of its declaration as they are declared.
fn of_all(cx: &mut Cx<'_>, row: &Row, span: Span) -> ExprId {
    let Some(event) = row.event() else {
        let ty = row.ty(cx);
        return cx.query.exprs.push(Expr::Row, ty, span);
    };
    let fields: Vec<(String, Type)> = cx
        .event(event)
        .fields
        .iter()
        .map(|field| (field.name.clone(), field.ty.clone()))
        .collect();
    let all = Type::Map(Box::new(Type::Str), Box::default());
    let whole = cx.query.exprs.push(Expr::Row, all.clone(), span);
    let entries = fields
        .into_iter()
        .map(|(name, ty)| entry(cx, &name, Path::key(&name), ty, span))
        .collect();
    let declared = cx.query.exprs.push(Expr::Map(entries), all.clone(), span);
    merged(cx, whole, declared, span)
}

/// Two records as one.
fn merged(cx: &mut Cx<'_>, first: ExprId, second: ExprId, span: Span) -> ExprId {
    let ty = Type::Map(Box::new(Type::Str), Box::default());
    let merge = Expr::Call(Builtin::Merge, vec![first, second], Vec::new());
    cx.query.exprs.push(merge, ty, span)
}

/// The fields that are read, and those that every event has by itself: `_time` and its like.
fn of_paths(cx: &mut Cx<'_>, row: &Row, paths: &[Vec<String>], own: &[Vec<String>], span: Span) -> ExprId {
    let mut wanted: IndexMap<String, Path> = IndexMap::new();
    for path in paths {
        let Some(first) = path.first() else { continue };
        // Below a field that is declared or computed, a path goes by the field's own value.
        let open = matches!(row.find(cx, first), crate::resolve::row::Found::Maybe);
        if open {
            let whole = Path(path.iter().map(|name| PathSeg::Key(name.clone())).collect());
            wanted.entry(path.join(".")).or_insert(whole);
        } else {
            wanted.entry(first.clone()).or_insert_with(|| Path::key(first));
        }
    }
    let mut entries: Vec<(ExprId, ExprId)> = wanted
        .into_iter()
        .map(|(name, path)| entry(cx, &name, path, Type::Any, span))
        .collect();
    let mut named: Vec<&str> = own.iter().map(|path| path[0].as_str()).collect();
    named.sort_unstable();
    named.dedup();
    for name in named {
        let Some((which, ty)) = pseudo(name) else { continue };
        let key = cx.query.exprs.push(Expr::Lit(Value::str(name)), Type::Str, span);
        entries.push((key, cx.query.exprs.push(Expr::Pseudo(which), ty, span)));
    }
    let ty = Type::Map(Box::new(Type::Str), Box::default());
    cx.query.exprs.push(Expr::Map(entries), ty, span)
}

fn entry(cx: &mut Cx<'_>, name: &str, path: Path, ty: Type, span: Span) -> (ExprId, ExprId) {
    let key = cx.query.exprs.push(Expr::Lit(Value::str(name)), Type::Str, span);
    let field = cx.query.fields.intern(path);
    (key, cx.query.exprs.push(Expr::Field(field), ty, span))
}

/// Follows events through expressions.
struct Reads<'q> {
    exprs: &'q Exprs,
    events: LocalId,
    bound: Vec<(LocalId, Shape)>,
    paths: Vec<Vec<String>>,
    whole: bool,
    any: bool,
}

impl Reads<'_> {
    /// What of a value are events; events that get lost in another value are needed whole.
    fn shape(&mut self, id: ExprId) -> Shape {
        let exprs = self.exprs;
        match exprs.get(id) {
            Expr::Local(local) if *local == self.events => {
                self.any = true;
                Shape::Many(Box::new(Shape::Event))
            }
            Expr::Local(local) => {
                let bound = self.bound.iter().rev().find(|(known, _)| known == local);
                bound.map_or(Shape::Plain, |(_, shape)| shape.clone())
            }
            Expr::Row => {
                self.any = true;
                Shape::Event
            }
            Expr::Let(local, value, body) => {
                let shape = self.shape(*value);
                self.within(&[(*local, shape)], *body)
            }
            Expr::Get(..) => self.get(id),
            Expr::If(condition, a, b) => {
                self.plain(*condition);
                let (a, b) = (self.shape(*a), self.shape(*b));
                if a != b {
                    self.lost(&a);
                    self.lost(&b);
                    return Shape::Plain;
                }
                a
            }
            Expr::Index(of, at) => {
                self.plain(*at);
                match self.shape(*of) {
                    Shape::Many(item) => *item,
                    other => {
                        self.lost(&other);
                        Shape::Plain
                    }
                }
            }
            Expr::Slice(of, from, to) => {
                from.iter().chain(to).for_each(|bound| self.plain(*bound));
                self.shape(*of)
            }
            Expr::Is(of, _) => {
                self.shape(*of);
                Shape::Plain
            }
            Expr::Attend(what, args, lambdas) => self.attend(*what, args, lambdas),
            Expr::Call(builtin, args, lambdas) => self.call(*builtin, args, lambdas),
            _ => {
                for operand in exprs.operands(id) {
                    self.plain(operand);
                }
                Shape::Plain
            }
        }
    }

    /// `e.a.b`
    fn get(&mut self, id: ExprId) -> Shape {
        let mut names = Vec::new();
        let mut base = id;
        while let Expr::Get(of, name) = self.exprs.get(base) {
            names.push(name.clone());
            base = *of;
        }
        names.reverse();
        match self.shape(base) {
            Shape::Event => self.paths.push(names),
            Shape::Scored if names[0] == "event" && names.len() > 1 => self.paths.push(names.split_off(1)),
            Shape::Scored if names[0] == "event" => return Shape::Event,
            Shape::Scored => {}
            other => self.lost(&other),
        }
        Shape::Plain
    }

    fn attend(&mut self, what: Attend, args: &[ExprId], lambdas: &[Lambda]) -> Shape {
        if matches!(what, Attend::Novelty(_)) {
            // It is of the event at hand, which needs no record for that.
            return Shape::Plain;
        }
        // An argument that is an event is known by which it is, not by what it holds.
        let shapes: Vec<Shape> = args.iter().map(|arg| self.shape(*arg)).collect();
        self.any |= !args.is_empty();
        for lambda in lambdas {
            self.lambda(lambda, &Shape::Event);
        }
        match what {
            Attend::Top => Shape::Many(Box::new(Shape::Scored)),
            Attend::Clusters => many(shapes.into_iter().next().unwrap_or(Shape::Plain)),
            _ => Shape::Plain,
        }
    }

    fn call(&mut self, builtin: Builtin, args: &[ExprId], lambdas: &[Lambda]) -> Shape {
        use Builtin as B;
        let mut shapes = args.iter().map(|arg| self.shape(*arg)).collect::<Vec<_>>().into_iter();
        let first = shapes.next().unwrap_or(Shape::Plain);
        shapes.for_each(|shape| self.lost(&shape));
        let Shape::Many(item) = &first else {
            self.lost(&first);
            for lambda in lambdas {
                self.lambda(lambda, &Shape::Plain);
            }
            return Shape::Plain;
        };
        let values: Vec<Shape> = lambdas.iter().map(|lambda| self.lambda(lambda, item)).collect();
        let value = values.into_iter().next();
        match builtin {
            B::Map => many(value.unwrap_or_else(|| (**item).clone())),
            B::FlatMap => value.unwrap_or(Shape::Plain),
            _ if value.as_ref().is_some_and(|value| *value != Shape::Plain) => {
                self.whole = true;
                Shape::Plain
            }
            B::Filter | B::SortBy | B::Head | B::Tail | B::Reverse => first.clone(),
            B::First | B::Last => (**item).clone(),
            B::Min | B::Max if !lambdas.is_empty() => (**item).clone(),
            B::Pairs | B::Window => Shape::Many(Box::new(first.clone())),
            B::Len | B::Any | B::All | B::Count => Shape::Plain,
            B::Sum | B::Avg | B::Stddev | B::Median | B::LinearTrend if !lambdas.is_empty() => Shape::Plain,
            _ => {
                self.lost(&first);
                Shape::Plain
            }
        }
    }

    /// The shape of a lambda's value for items of a shape.
    fn lambda(&mut self, lambda: &Lambda, item: &Shape) -> Shape {
        let bound: Vec<(LocalId, Shape)> = match (lambda.params.as_slice(), item) {
            ([one], item) => vec![(*one, item.clone())],
            (several, Shape::Many(inner)) => several.iter().map(|param| (*param, (**inner).clone())).collect(),
            (several, other) => {
                self.lost(other);
                several.iter().map(|param| (*param, Shape::Plain)).collect()
            }
        };
        self.within(&bound, lambda.body)
    }

    fn within(&mut self, bound: &[(LocalId, Shape)], body: ExprId) -> Shape {
        let before = self.bound.len();
        self.bound.extend_from_slice(bound);
        let shape = self.shape(body);
        self.bound.truncate(before);
        shape
    }

    /// An operand whose events, if it has any, become part of something else.
    fn plain(&mut self, id: ExprId) {
        let shape = self.shape(id);
        self.lost(&shape);
    }

    fn lost(&mut self, shape: &Shape) {
        self.whole |= *shape != Shape::Plain;
    }
}
