//! Values of expressions, column by column.

use crate::data::{Column, FieldId, Pseudo, Value};
use crate::ir::{BinaryOp, Builtin, Expr, ExprId, FunctionId, Lambda, LocalId, TypeTest, UnaryOp};

use super::code::Machine;
use super::errors::{Errors, Outcome};
use super::keep::Found;
use super::program::reads_of;
use super::random::{self, Place};
use super::scalar::{self, Leaves, Scalar};
use super::selection::Selection;
use super::{Evaluator, arithmetic, call, collections, compare, convert, kernels, strings};

impl Evaluator<'_> {
    /// The value of an expression in the selected rows.
    pub(super) fn column(&mut self, id: ExprId, selection: &Selection) -> Column {
        if selection.is_empty() {
            return Column::nulls(0);
        }
        let Some(number) = self.program.shared(id) else {
            return self.compute(id, selection);
        };
        if let Some(shared) = self.kept.shared(number, selection) {
            match &shared.result {
                Found::Column(column) => {
                    let shift = i64::from(id.0) - i64::from(shared.root);
                    self.errors.add_shifted(&shared.errors, shift);
                    return column.clone();
                }
                Found::Rows(_) => return self.compute(id, selection),
            }
        }
        let before = self.errors.set_aside();
        let column = self.compute(id, selection);
        let own = std::mem::replace(&mut self.errors, before);
        self.errors.add_shifted(&own, 0);
        self.kept
            .share(number, selection, Found::Column(column.clone()), own, id.0);
        column
    }

    fn compute(&mut self, id: ExprId, selection: &Selection) -> Column {
        let n = selection.len();
        let program = self.program;
        match program.exprs.get(id) {
            Expr::Lit(value) => Column::Const(value.clone(), n),
            Expr::Field(field) => self.field(*field, selection),
            Expr::Pseudo(which) => self.pseudo(*which, selection),
            Expr::Row => Column::from_values(selection.iter().map(|row| self.rows.whole(row)).collect()),
            Expr::Local(local) => self.local(*local, selection),
            Expr::Let(local, value, body) => {
                let value = self.column(*value, selection);
                self.locals.push((*local, selection.clone(), value));
                let result = self.column(*body, selection);
                self.locals.pop();
                result
            }
            Expr::Unary(UnaryOp::Not, _) | Expr::Binary(BinaryOp::And | BinaryOp::Or, _, _) => {
                let passed = self.select(id, selection);
                Column::Bool(selection.bits_of(&passed).into())
            }
            Expr::Unary(op, a) => {
                let a = self.column(*a, selection);
                self.by_row(id, selection, &[a], |args| arithmetic::unary(*op, &args[0]))
            }
            Expr::Binary(op, a, b) => self.binary(id, *op, (*a, *b), selection),
            Expr::If(c, a, b) => self.either(*c, *a, *b, selection),
            Expr::Is(a, test) => {
                let a = self.column(*a, selection);
                self.is(id, &a, test, selection)
            }
            Expr::Get(..) => {
                let (base, names) = scalar::chain(program, id);
                let base = self.column(base, selection);
                self.by_row(id, selection, &[base], |args| Ok(convert::member(&args[0], &names)))
            }
            Expr::Index(a, at) => {
                let columns = [self.column(*a, selection), self.column(*at, selection)];
                self.by_row(id, selection, &columns, |args| collections::index(&args[0], &args[1]))
            }
            Expr::Slice(a, from, to) => self.slice(id, *a, *from, *to, selection),
            Expr::List(items) => {
                let columns = self.columns(items, selection);
                self.by_row(id, selection, &columns, |args| Ok(args.iter().cloned().collect()))
            }
            Expr::Map(entries) => {
                let flat: Vec<ExprId> = entries.iter().flat_map(|(key, value)| [*key, *value]).collect();
                let columns = self.columns(&flat, selection);
                self.by_row(id, selection, &columns, |args| Ok(map_of(args)))
            }
            Expr::Range(from, to, inclusive) => {
                let columns = [self.column(*from, selection), self.column(*to, selection)];
                self.by_row(id, selection, &columns, |args| {
                    collections::range(&args[0], &args[1], *inclusive)
                })
            }
            Expr::Interp(parts) => {
                let columns = self.columns(parts, selection);
                self.by_row(id, selection, &columns, |args| {
                    Ok(Value::str(&args.iter().map(strings::to_text).collect::<String>()))
                })
            }
            // Attention windows evaluate their expressions event by event.
            Expr::Attend(..) => Column::nulls(n),
            Expr::Call(builtin, args, lambdas) => self.call(id, *builtin, args, lambdas, selection),
            Expr::Invoke(function, args) => self.invoke(*function, args, selection),
        }
    }

    fn columns(&mut self, ids: &[ExprId], selection: &Selection) -> Vec<Column> {
        ids.iter().map(|id| self.column(*id, selection)).collect()
    }

    fn field(&mut self, field: FieldId, selection: &Selection) -> Column {
        let rows = self.rows;
        self.kept
            .field(field, selection, || rows.column(field, selection.rows()))
    }

    fn pseudo(&mut self, which: Pseudo, selection: &Selection) -> Column {
        let rows = self.rows;
        self.kept
            .pseudo(which, selection, || rows.pseudo(which, selection.rows()))
    }

    /// A local in a selection that is that of its binding, or a part of it.
    fn local(&self, local: LocalId, selection: &Selection) -> Column {
        let Some((_, bound, column)) = self.locals.iter().rev().find(|(known, _, _)| *known == local) else {
            return Column::nulls(selection.len());
        };
        if bound.same(selection) {
            return column.clone();
        }
        let places = bound.places_of(selection);
        places.map_or_else(|| Column::nulls(selection.len()), |places| column.take(&places))
    }

    /// Applies a rule row by row; once if all columns are constant.
    fn by_row(
        &mut self,
        id: ExprId,
        selection: &Selection,
        columns: &[Column],
        rule: impl FnMut(&[Value]) -> Outcome,
    ) -> Column {
        by_row(&mut self.errors, id, selection, columns, rule)
    }

    fn binary(&mut self, id: ExprId, op: BinaryOp, (a, b): (ExprId, ExprId), selection: &Selection) -> Column {
        match op {
            BinaryOp::Coalesce => return self.coalesce(&[a, b], selection),
            BinaryOp::In => return self.is_in(id, a, b, selection),
            _ => {}
        }
        let columns = [self.column(a, selection), self.column(b, selection)];
        let [left, right] = &columns;
        match op {
            BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => {
                kernels::compare(op, left, right).unwrap_or_else(|| {
                    self.by_row(id, selection, &columns, |args| compare::compare(op, &args[0], &args[1]))
                })
            }
            _ => kernels::arithmetic(op, left, right).unwrap_or_else(|| {
                self.by_row(id, selection, &columns, |args| {
                    arithmetic::binary(op, &args[0], &args[1])
                })
            }),
        }
    }

    fn is_in(&mut self, id: ExprId, a: ExprId, b: ExprId, selection: &Selection) -> Column {
        let program = self.program;
        let value = self.column(a, selection);
        if let Expr::Range(from, to, inclusive) = program.exprs.get(b) {
            let columns = [value, self.column(*from, selection), self.column(*to, selection)];
            return kernels::in_range(&columns, *inclusive).unwrap_or_else(|| {
                self.by_row(id, selection, &columns, |args| {
                    collections::in_range(&args[0], &args[1], &args[2], *inclusive)
                })
            });
        }
        if let Some(members) = program.members(id) {
            return kernels::in_members(&value, members).unwrap_or_else(|| {
                self.by_row(id, selection, &[value], |args| Ok(Value::Bool(members.has(&args[0]))))
            });
        }
        let columns = [value, self.column(b, selection)];
        by_row(&mut self.errors, id, selection, &columns, |args| {
            collections::contains(&args[0], &args[1])
        })
    }

    /// Each branch is evaluated only in the rows that reach it.
    fn either(&mut self, c: ExprId, a: ExprId, b: ExprId, selection: &Selection) -> Column {
        let yes = self.select(c, selection);
        if yes.len() == selection.len() {
            return self.column(a, selection);
        }
        let no = selection.without(&yes);
        let (a, b) = (self.column(a, &yes), self.column(b, &no));
        kernels::merge(&selection.bits_of(&yes), &a, &b)
    }

    /// Each value is evaluated only in the rows in which those before it are null.
    fn coalesce(&mut self, args: &[ExprId], selection: &Selection) -> Column {
        let Some((first, others)) = args.split_first() else {
            return Column::nulls(selection.len());
        };
        let column = self.column(*first, selection);
        let found = kernels::not_null(&column);
        let present = found.count_set_bits();
        if others.is_empty() || present == selection.len() {
            return column;
        }
        let there: Vec<u32> = found.set_indices().map(|at| at as u32).collect();
        let rest = selection.without(&selection.keep(&found));
        let others = self.coalesce(others, &rest);
        kernels::merge(&found, &column.take(&there), &others)
    }

    fn is(&mut self, id: ExprId, column: &Column, test: &TypeTest, selection: &Selection) -> Column {
        if *test == TypeTest::Null {
            return Column::Bool((!&kernels::not_null(column)).into());
        }
        let columns = std::slice::from_ref(column);
        self.by_row(id, selection, columns, |args| {
            Ok(Value::Bool(scalar::is(&args[0], test)))
        })
    }

    fn slice(
        &mut self,
        id: ExprId,
        a: ExprId,
        from: Option<ExprId>,
        to: Option<ExprId>,
        selection: &Selection,
    ) -> Column {
        let mut columns = vec![self.column(a, selection)];
        columns.extend(from.map(|from| self.column(from, selection)));
        columns.extend(to.map(|to| self.column(to, selection)));
        self.by_row(id, selection, &columns, |args| {
            let end = to.map(|_| &args[args.len() - 1]);
            collections::slice(&args[0], from.map(|_| &args[1]), end)
        })
    }

    fn call(
        &mut self,
        id: ExprId,
        builtin: Builtin,
        args: &[ExprId],
        lambdas: &[Lambda],
        selection: &Selection,
    ) -> Column {
        if matches!(builtin, Builtin::Coalesce | Builtin::IfNull) {
            return self.coalesce(args, selection);
        }
        let columns = self.columns(args, selection);
        if builtin.is_volatile() {
            return self.draw(id, builtin, columns, selection);
        }
        if let Some(lambda) = lambdas.first() {
            return self.apply(id, builtin, &columns, lambda, selection);
        }
        let matcher = self.program.matcher(id);
        if let Some(column) = kernels::call(builtin, &columns, matcher) {
            return column;
        }
        let patterns = &mut self.patterns;
        by_row(&mut self.errors, id, selection, &columns, |args| {
            call::call(builtin, args, matcher, patterns)
        })
    }

    /// A function of the program, row by row.
    fn invoke(&mut self, function: FunctionId, args: &[ExprId], selection: &Selection) -> Column {
        let columns = self.columns(args, selection);
        let Some(code) = self.program.code() else {
            return Column::nulls(selection.len());
        };
        let mut machine = Machine::new(code, &mut self.errors, &mut self.patterns);
        let mut args = vec![Value::Null; columns.len()];
        let mut values = Vec::with_capacity(selection.len());
        for (at, row) in selection.iter().enumerate() {
            for (arg, column) in args.iter_mut().zip(&columns) {
                *arg = column.value(at);
            }
            values.push(machine.call(function, &args, row));
        }
        Column::from_values(values)
    }

    fn draw(&mut self, id: ExprId, builtin: Builtin, mut columns: Vec<Column>, selection: &Selection) -> Column {
        let given = columns.len();
        columns.extend([Pseudo::Input, Pseudo::Seq, Pseudo::Index].map(|which| self.pseudo(which, selection)));
        let seed = self.program.seed;
        let int = |value: &Value| if let Value::Int(i) = value { *i } else { 0 };
        self.by_row(id, selection, &columns, |args| {
            let place = Place {
                seed,
                key: if given == 0 { 0 } else { int(&args[0]) },
                row: [int(&args[given]), int(&args[given + 1]), int(&args[given + 2])],
                nth: 0,
            };
            random::draw(builtin, &args[1.min(given)..given], &place)
        })
    }

    /// A list function with a lambda: the fields that the lambda reads are columns, its body is
    /// interpreted for each item.
    fn apply(
        &mut self,
        id: ExprId,
        builtin: Builtin,
        args: &[Column],
        lambda: &Lambda,
        selection: &Selection,
    ) -> Column {
        let program = self.program;
        let made;
        let reads = match program.reads(id) {
            Some(reads) => reads,
            None => {
                made = reads_of(program.exprs, std::slice::from_ref(lambda));
                &made
            }
        };
        let mut leaves = Snapshot {
            rows: self.rows,
            fields: reads
                .fields
                .iter()
                .map(|&field| (field, self.field(field, selection)))
                .collect(),
            pseudos: reads
                .pseudos
                .iter()
                .map(|&which| (which, self.pseudo(which, selection)))
                .collect(),
            locals: reads
                .locals
                .iter()
                .map(|&local| (local, self.local(local, selection)))
                .collect(),
            at: 0,
            row: 0,
        };
        let mut values = Vec::with_capacity(selection.len());
        let mut items = vec![Value::Null; args.len()];
        for (at, row) in selection.iter().enumerate() {
            (leaves.at, leaves.row) = (at, row);
            for (item, column) in items.iter_mut().zip(args) {
                *item = column.value(at);
            }
            let outcome =
                Scalar::new(program, &leaves, row, &mut self.errors, &mut self.patterns).apply(builtin, &items, lambda);
            values.push(self.errors.settle(id, row, outcome));
        }
        Column::from_values(values)
    }
}

fn map_of(args: &[Value]) -> Value {
    collections::map_of(args.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())))
}

fn by_row(
    errors: &mut Errors,
    id: ExprId,
    selection: &Selection,
    columns: &[Column],
    mut rule: impl FnMut(&[Value]) -> Outcome,
) -> Column {
    let n = selection.len();
    if n == 0 {
        return Column::nulls(0);
    }
    let mut args: Vec<Value> = columns.iter().map(|column| column.value(0)).collect();
    let varying: Vec<usize> = (0..columns.len())
        .filter(|&at| !matches!(columns[at], Column::Const(..)))
        .collect();
    if varying.is_empty() {
        return match rule(&args) {
            Ok(value) => Column::Const(value, n),
            Err(fail) => {
                errors.add_all(id, (0..n).map(|at| selection.row(at)), &fail.0);
                Column::nulls(n)
            }
        };
    }
    let mut values = Vec::with_capacity(n);
    for at in 0..n {
        for &arg in &varying {
            args[arg] = columns[arg].value(at);
        }
        values.push(errors.settle(id, selection.row(at), rule(&args)));
    }
    Column::from_values(values)
}

/// What lambdas read of the row at hand, as columns over a selection.
struct Snapshot<'r> {
    rows: &'r dyn crate::data::Rows,
    fields: Vec<(FieldId, Column)>,
    pseudos: Vec<(Pseudo, Column)>,
    locals: Vec<(LocalId, Column)>,
    at: usize,
    row: u32,
}

impl Snapshot<'_> {
    fn find<K: PartialEq>(&self, columns: &[(K, Column)], key: K) -> Value {
        let found = columns.iter().find(|(known, _)| *known == key);
        found.map_or(Value::Null, |(_, column)| column.value(self.at))
    }
}

impl Leaves for Snapshot<'_> {
    fn field(&self, field: FieldId) -> Value {
        self.find(&self.fields, field)
    }

    fn pseudo(&self, which: Pseudo) -> Value {
        self.find(&self.pseudos, which)
    }

    fn whole(&self) -> Value {
        self.rows.whole(self.row)
    }

    fn local(&self, local: LocalId) -> Value {
        self.find(&self.locals, local)
    }
}
