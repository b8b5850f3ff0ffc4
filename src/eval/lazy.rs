//! List functions over the events of an attention window, item by item: nothing is built that nobody
//! keeps, and `events.pairs().filter(..).count() > 3` stops at the fourth.
//!
//! What is never looked at cannot fail: an item behind the stop counts no evaluation error.

use crate::data::Value;
use crate::ir::{BinaryOp, Builtin, Expr, ExprId, Lambda};

use super::errors::{Fail, Outcome};
use super::scalar::Scalar;

/// What a list expression turned out to be.
enum Walked {
    /// A list; its items were visited, perhaps not all.
    List,
    /// Null, also after an error that was counted.
    Null,
    /// Something else.
    Other(Value),
}

/// Takes an item; false to stop.
type Visit<'v, 'e> = &'v mut dyn FnMut(&mut Scalar<'e>, Value) -> bool;

impl<'e> Scalar<'e> {
    /// The value of a call of a list function that need not see its list as a whole; none for others.
    pub(super) fn lazily(&mut self, builtin: Builtin, args: &[ExprId], lambdas: &'e [Lambda]) -> Option<Outcome> {
        let &[list] = args else { return None };
        let lambda = lambdas.first();
        Some(match (builtin, lambda) {
            (Builtin::Count, _) | (Builtin::Len, None) => self.counted(builtin, list, lambda, u64::MAX),
            (Builtin::Any | Builtin::All, Some(lambda)) => self.any(list, lambda, builtin == Builtin::Any),
            (Builtin::First, _) => self.first(list, lambda),
            (Builtin::Filter | Builtin::Map, Some(_)) | (Builtin::Pairs, None) => self.collected(builtin, list, lambda),
            _ => return None,
        })
    }

    /// `count(..) > 3` and its like: counts no further than the comparison asks.
    pub(super) fn compared(&mut self, op: BinaryOp, a: ExprId, b: ExprId) -> Option<Outcome> {
        let program = self.program();
        let Expr::Lit(Value::Int(limit)) = program.exprs.get(b) else {
            return None;
        };
        let Expr::Call(builtin @ (Builtin::Count | Builtin::Len), args, lambdas) = program.exprs.get(a) else {
            return None;
        };
        let &[list] = args.as_slice() else { return None };
        let enough = match op {
            BinaryOp::Gt | BinaryOp::Le => limit.saturating_add(1),
            BinaryOp::Ge | BinaryOp::Lt => *limit,
            _ => return None,
        };
        let most = u64::try_from(enough).unwrap_or(0).max(1);
        let outcome = self.counted(*builtin, list, lambdas.first(), most);
        let count = self.settle(a, outcome);
        Some(super::compare::compare(op, &count, &Value::Int(*limit)))
    }

    fn counted(&mut self, builtin: Builtin, list: ExprId, lambda: Option<&'e Lambda>, most: u64) -> Outcome {
        if builtin == Builtin::Len
            && let Some(length) = self.length(list)
        {
            return Ok(Value::Int(length as i64));
        }
        let mut count = 0;
        let own = lambda.and_then(|lambda| Some((lambda, self.pairs_for(list, lambda)?)));
        if let Some((lambda, pairs)) = own.or_else(|| self.kept_pairs(list, lambda)) {
            let walked = self.paired(pairs, &mut |own, a, b| {
                count += u64::from(own.holds_both(lambda, a, b));
                count < most
            });
            return finish(walked, None, || Value::Int(count as i64), false);
        }
        let mut failed = None;
        let walked = self.each(list, &mut |own, item| {
            let counts = match lambda {
                Some(lambda) => own.holds(lambda, &item),
                None => Ok(builtin == Builtin::Len || !item.is_null()),
            };
            match counts {
                Ok(counts) => count += u64::from(counts),
                Err(fail) => failed = Some(fail),
            }
            failed.is_none() && count < most
        });
        finish(walked, failed, || Value::Int(count as i64), builtin == Builtin::Len)
    }

    fn any(&mut self, list: ExprId, lambda: &'e Lambda, asked: bool) -> Outcome {
        let mut found = false;
        let mut failed = None;
        let walked = self.each(list, &mut |own, item| {
            match own.holds(lambda, &item) {
                Ok(truth) => found = truth == asked,
                Err(fail) => failed = Some(fail),
            }
            failed.is_none() && !found
        });
        finish(walked, failed, || Value::Bool(found == asked), false)
    }

    fn first(&mut self, list: ExprId, lambda: Option<&'e Lambda>) -> Outcome {
        let mut first = Value::Null;
        let mut failed = None;
        let walked = self.each(list, &mut |own, item| {
            match lambda.map_or(Ok(true), |lambda| own.holds(lambda, &item)) {
                Ok(false) => return true,
                Ok(true) => first = item,
                Err(fail) => failed = Some(fail),
            }
            false
        });
        finish(walked, failed, || first, false)
    }

    fn collected(&mut self, builtin: Builtin, list: ExprId, lambda: Option<&'e Lambda>) -> Outcome {
        let mut items = Vec::new();
        let mut failed = None;
        let walked = self.produced(builtin, list, lambda, &mut failed, &mut |_, item| {
            items.push(item);
            true
        });
        finish(walked, failed, || Value::list(items), false)
    }

    /// Visits the items of a list expression.
    fn each(&mut self, id: ExprId, visit: Visit<'_, 'e>) -> Walked {
        let program = self.program();
        if let Expr::Local(local) = program.exprs.get(id)
            && let Some(length) = self.window_length(*local)
        {
            for at in 0..length {
                let item = self.window_event(at);
                if !visit(self, item) {
                    break;
                }
            }
            return Walked::List;
        }
        if let Expr::Call(builtin @ (Builtin::Filter | Builtin::Map | Builtin::Pairs), args, lambdas) =
            program.exprs.get(id)
            && let &[list] = args.as_slice()
        {
            let mut failed = None;
            let walked = self.produced(*builtin, list, lambdas.first(), &mut failed, visit);
            return match finish(walked, failed, || Value::Bool(true), false) {
                Ok(Value::Null) => Walked::Null,
                Ok(_) => Walked::List,
                outcome => {
                    self.settle(id, outcome);
                    Walked::Null
                }
            };
        }
        match self.eval(id) {
            Value::List(items) => {
                for item in items.iter() {
                    if !visit(self, item.clone()) {
                        break;
                    }
                }
                Walked::List
            }
            Value::Null => Walked::Null,
            other => Walked::Other(other),
        }
    }

    /// Visits what `filter`, `map` or `pairs` makes of a list.
    fn produced(
        &mut self,
        builtin: Builtin,
        list: ExprId,
        lambda: Option<&'e Lambda>,
        failed: &mut Option<Fail>,
        visit: Visit<'_, 'e>,
    ) -> Walked {
        let Some(lambda) = lambda else {
            return self.paired(list, &mut |own, a, b| visit(own, pair(a, b)));
        };
        if builtin == Builtin::Filter
            && let Some(list) = self.pairs_for(list, lambda)
        {
            // Only the pairs that are kept become values.
            return self.paired(list, &mut |own, a, b| {
                !own.holds_both(lambda, a, b) || visit(own, pair(a, b))
            });
        }
        self.each(list, &mut |own, item| {
            let next = if builtin == Builtin::Map {
                own.value_of(lambda, &item).map(Some)
            } else {
                own.holds(lambda, &item).map(|truth| truth.then_some(item))
            };
            match next {
                Ok(Some(item)) => visit(own, item),
                Ok(None) => true,
                Err(fail) => {
                    *failed = Some(fail);
                    false
                }
            }
        })
    }

    /// Visits all pairs of items, each with one that comes later.
    fn paired(&mut self, list: ExprId, visit: &mut dyn FnMut(&mut Scalar<'e>, &Value, &Value) -> bool) -> Walked {
        let mut items = Vec::new();
        let walked = self.each(list, &mut |_, item| {
            items.push(item);
            true
        });
        for (at, first) in items.iter().enumerate() {
            for second in &items[at + 1..] {
                if !visit(self, first, second) {
                    return walked;
                }
            }
        }
        walked
    }

    /// `xs.pairs().filter((a, b) => ..)` of which nothing more is asked: the lambda and the list.
    fn kept_pairs(&self, list: ExprId, lambda: Option<&Lambda>) -> Option<(&'e Lambda, ExprId)> {
        let Expr::Call(Builtin::Filter, args, lambdas) = self.program().exprs.get(list) else {
            return None;
        };
        let (own, pairs) = (lambdas.first()?, *args.first()?);
        lambda.is_none().then(|| Some((own, self.pairs_for(pairs, own)?)))?
    }

    /// The list of whose items `list` is the pairs, where a lambda takes both of a pair.
    fn pairs_for(&self, list: ExprId, lambda: &Lambda) -> Option<ExprId> {
        match self.program().exprs.get(list) {
            Expr::Call(Builtin::Pairs, args, _) if lambda.params.len() == 2 => args.first().copied(),
            _ => None,
        }
    }

    /// How many items a list has, where that is known without looking at them.
    fn length(&self, id: ExprId) -> Option<usize> {
        match self.program().exprs.get(id) {
            Expr::Local(local) => self.window_length(*local),
            _ => None,
        }
    }
}

fn pair(a: &Value, b: &Value) -> Value {
    Value::list(vec![a.clone(), b.clone()])
}

/// The outcome of a walk.
fn finish(walked: Walked, failed: Option<Fail>, value: impl FnOnce() -> Value, of_text: bool) -> Outcome {
    match (walked, failed) {
        (_, Some(fail)) => Err(fail),
        (Walked::List, None) => Ok(value()),
        (Walked::Null, None) => Ok(Value::Null),
        // `len` is of texts and maps too.
        (Walked::Other(other), None) if of_text => super::collections::call(Builtin::Len, &[other]),
        (Walked::Other(other), None) => Err(Fail::no(&other, "list")),
    }
}
