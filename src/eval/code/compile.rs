//! Statements and expressions to operations over registers.

use indexmap::IndexMap;

use super::{CODE, Compiled, Emission, Inner, Op, Ops, Reg};
use crate::data::Value;
use crate::data::value::FixedHasher;
use crate::eval::program::{Prepared, prepare};
use crate::ir::{self, BinaryOp, Expr, ExprId, Exprs, LocalId, Stmt, UnaryOp};

/// Compiles all functions.
pub(super) fn all(code: &ir::Code, max_steps: u64, each: bool) -> Compiled {
    let mut prepared = IndexMap::default();
    for at in 0..code.exprs.len() as u32 {
        if let Some(made) = prepare(&code.exprs, ExprId(at)) {
            prepared.insert(ExprId(at), made);
        }
    }
    let functions = code.functions.iter();
    Compiled {
        functions: functions.map(|function| one(code, &prepared, function)).collect(),
        globals: code
            .globals
            .iter()
            .map(|global| (global.local, global.init.clone()))
            .collect(),
        prepared,
        max_steps,
        each,
    }
}

fn one(code: &ir::Code, prepared: &IndexMap<ExprId, Prepared, FixedHasher>, function: &ir::Function) -> Ops {
    let mut compiler = Compiler {
        code,
        exprs: &code.exprs,
        prepared,
        made: Ops {
            name: function.name.clone(),
            params: function.params.len() as Reg,
            ..Ops::default()
        },
        registers: IndexMap::default(),
        next: 0,
        bound: 0,
        exits: Vec::new(),
        lambdas: Vec::new(),
    };
    for param in &function.params {
        compiler.bind(*param);
    }
    compiler.block(&function.body);
    let null = compiler.temp();
    compiler.constant(null, Value::Null);
    compiler.push(Op::Return(null));
    compiler.bodies();
    compiler.made
}

/// What a statement that leaves has to pass.
enum Exit {
    /// A loop: where `continue` goes, the jumps of `break`.
    Loop(u32, Vec<usize>),
    /// A `try` whose handler is in force.
    Try,
    /// A `finally` that must run.
    Finally(Vec<Stmt>),
}

struct Compiler<'c> {
    code: &'c ir::Code,
    exprs: &'c Exprs,
    prepared: &'c IndexMap<ExprId, Prepared, FixedHasher>,
    made: Ops,
    registers: IndexMap<LocalId, Reg, FixedHasher>,
    next: Reg,
    /// Behind the registers of all locals.
    bound: Reg,
    exits: Vec<Exit>,
    /// Bodies of lambdas that are compiled behind the function.
    lambdas: Vec<(usize, ExprId)>,
}

impl Compiler<'_> {
    fn push(&mut self, op: Op) -> usize {
        self.made.ops.push(op);
        self.made.ops.len() - 1
    }

    fn here(&self) -> u32 {
        self.made.ops.len() as u32
    }

    /// Lets a jump go to the place reached.
    fn land(&mut self, jump: usize) {
        let here = self.here();
        if let Op::Jump(to)
        | Op::Unless(_, to, _)
        | Op::When(_, to, _)
        | Op::Found(_, to)
        | Op::Next(.., to, _)
        | Op::NextInt(.., to)
        | Op::Try(to, _) = &mut self.made.ops[jump]
        {
            *to = here;
        }
    }

    fn temp(&mut self) -> Reg {
        let reg = self.next;
        self.next = self.next.saturating_add(1);
        self.made.registers = self.made.registers.max(self.next);
        reg
    }

    fn temps(&mut self, n: usize) -> Reg {
        let first = self.next;
        for _ in 0..n {
            self.temp();
        }
        first
    }

    /// The register of a local; it has one from here on.
    fn bind(&mut self, local: LocalId) -> Reg {
        if let Some(&reg) = self.registers.get(&local) {
            return reg;
        }
        let reg = self.temp();
        self.keep(local, reg);
        reg
    }

    fn keep(&mut self, local: LocalId, reg: Reg) {
        self.registers.insert(local, reg);
        self.bound = self.bound.max(reg.saturating_add(1));
    }

    fn global(&self, local: LocalId) -> Option<u32> {
        let globals = self.code.globals.iter();
        globals
            .enumerate()
            .find(|(_, global)| global.local == local)
            .map(|(at, _)| at as u32)
    }

    fn constant(&mut self, to: Reg, value: Value) {
        self.made.consts.push(value);
        let at = self.made.consts.len() as u32 - 1;
        self.push(Op::Const(to, at));
    }

    fn text(&mut self, text: &str) -> u32 {
        self.made.consts.push(Value::str(text));
        self.made.consts.len() as u32 - 1
    }

    /// Compiles lambdas' bodies, which may have lambdas in turn.
    fn bodies(&mut self) {
        while let Some((at, body)) = self.lambdas.pop() {
            self.made.lambdas[at].start = self.here();
            // A body runs in the middle of an expression, whose values must not be written over.
            self.next = self.made.registers;
            let value = self.value(body);
            self.push(Op::Yield(value));
        }
    }

    fn block(&mut self, stmts: &[Stmt]) {
        for stmt in stmts {
            self.scoped(|own| own.stmt(stmt));
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::Set(local, value) => match self.global(*local) {
                Some(global) => {
                    let value = self.value(*value);
                    self.push(Op::Store(global, value));
                }
                None => {
                    // The value may read what the name stood for before.
                    let reg = self.bind(*local);
                    self.into(*value, reg);
                }
            },
            Stmt::SetPart(local, parts, value) => self.set_part(*local, parts, *value),
            Stmt::Eval(value) => {
                self.value(*value);
            }
            Stmt::If(condition, then, other) => {
                let no = self.unless(*condition);
                self.block(then);
                if other.is_empty() {
                    self.land(no);
                } else {
                    let end = self.push(Op::Jump(0));
                    self.land(no);
                    self.block(other);
                    self.land(end);
                }
            }
            Stmt::While(condition, body) => {
                let start = self.here();
                let out = self.unless(*condition);
                self.turn(start, body);
                self.push(Op::Jump(start));
                self.leave_loop(out);
            }
            Stmt::For(names, items, body) => self.each(names, *items, body),
            Stmt::Break => self.leave(false),
            Stmt::Continue => self.leave(true),
            Stmt::Return(value) => {
                let reg = self.temp();
                match value {
                    Some(value) => self.into(*value, reg),
                    None => self.constant(reg, Value::Null),
                }
                self.run_exits(0);
                self.push(Op::Return(reg));
            }
            Stmt::Emit(event, fields) => {
                let first = self.temps(fields.len());
                for (at, (_, value)) in fields.iter().enumerate() {
                    self.into(*value, first + at as Reg);
                }
                let names = fields.iter().map(|(name, _)| Value::str(name)).collect();
                self.made.emissions.push(Emission { event: *event, names });
                let at = self.made.emissions.len() as u32 - 1;
                self.push(Op::Emit(at, first, fields.len() as Reg));
            }
            Stmt::Raise(value) => {
                let reg = self.value(*value);
                self.push(Op::Raise(reg, mark(*value)));
            }
            Stmt::Try(body, catch, last) => self.attempt(body, catch.as_ref(), last),
        }
    }

    /// Runs `inner`; the registers it took for intermediate values are free again.
    fn scoped(&mut self, inner: impl FnOnce(&mut Self)) {
        let before = self.next;
        inner(self);
        // Locals bound inside keep theirs.
        self.next = before.max(self.bound);
    }

    /// The body of a loop.
    fn turn(&mut self, start: u32, body: &[Stmt]) {
        self.exits.push(Exit::Loop(start, Vec::new()));
        self.block(body);
    }

    /// Lets the end of a loop, and its `break`s, come here.
    fn leave_loop(&mut self, out: usize) {
        self.land(out);
        if let Some(Exit::Loop(_, breaks)) = self.exits.pop() {
            breaks.into_iter().for_each(|jump| self.land(jump));
        }
    }

    /// `break` and `continue`.
    fn leave(&mut self, again: bool) {
        let Some(at) = self.exits.iter().rposition(|exit| matches!(exit, Exit::Loop(..))) else {
            return;
        };
        self.run_exits(at + 1);
        let jump = self.push(Op::Jump(0));
        if let Exit::Loop(start, breaks) = &mut self.exits[at] {
            if again {
                let start = *start;
                self.made.ops[jump] = Op::Jump(start);
            } else {
                breaks.push(jump);
            }
        }
    }

    /// What must be done on the way out of everything from `from` on, innermost first.
    fn run_exits(&mut self, from: usize) {
        let mut passed = Vec::new();
        while self.exits.len() > from
            && let Some(exit) = self.exits.pop()
        {
            match &exit {
                Exit::Try => {
                    self.push(Op::EndTry);
                }
                Exit::Finally(last) => self.block(last),
                Exit::Loop(..) => {}
            }
            passed.push(exit);
        }
        self.exits.extend(passed.into_iter().rev());
    }

    fn attempt(&mut self, body: &[Stmt], catch: Option<&(Option<LocalId>, Vec<Stmt>)>, last: &[Stmt]) {
        let held = self.temp();
        let outer = (!last.is_empty()).then(|| {
            let attempt = self.push(Op::Try(0, held));
            self.exits.push(Exit::Finally(last.to_vec()));
            self.exits.push(Exit::Try);
            attempt
        });
        match catch {
            Some((name, handler)) => {
                let reg = match name {
                    Some(name) => self.bind(*name),
                    None => self.temp(),
                };
                let attempt = self.push(Op::Try(0, reg));
                self.exits.push(Exit::Try);
                self.block(body);
                self.exits.pop();
                self.push(Op::EndTry);
                let end = self.push(Op::Jump(0));
                self.land(attempt);
                self.block(handler);
                self.land(end);
            }
            None => self.block(body),
        }
        if let Some(attempt) = outer {
            self.exits.pop();
            self.exits.pop();
            self.push(Op::EndTry);
            self.block(last);
            let end = self.push(Op::Jump(0));
            self.land(attempt);
            self.block(last);
            self.push(Op::Again(held));
            self.land(end);
        }
    }

    fn each(&mut self, names: &[LocalId], items: ExprId, body: &[Stmt]) {
        if let Expr::Range(from, to, inclusive) = self.exprs.get(items)
            && let [name] = names
        {
            // The counter, and the end.
            let counter = self.temps(2);
            self.into(*from, counter);
            self.into(*to, counter + 1);
            let target = self.bind(*name);
            self.push(Op::LoopRange(counter, counter + 1, *inclusive, mark(items)));
            let start = self.here();
            let out = self.push(Op::NextInt(target, counter, 0));
            self.turn(start, body);
            self.push(Op::Jump(start));
            return self.leave_loop(out);
        }
        // The list, and the counter.
        let list = self.temps(2);
        self.into(items, list);
        self.push(Op::Loop(list, list, mark(items)));
        // Names of one loop stand side by side; a `finally` is compiled several times, with the same ones.
        let known = names.first().and_then(|name| self.registers.get(name).copied());
        let first = known.unwrap_or_else(|| {
            let first = self.next;
            for name in names {
                let reg = self.temp();
                self.keep(*name, reg);
            }
            first
        });
        let start = self.here();
        let out = self.push(Op::Next(first, names.len() as Reg, list, 0, mark(items)));
        self.turn(start, body);
        self.push(Op::Jump(start));
        self.leave_loop(out);
    }

    fn set_part(&mut self, local: LocalId, parts: &[ExprId], value: ExprId) {
        let first = self.temps(parts.len());
        for (at, part) in parts.iter().enumerate() {
            self.into(*part, first + at as Reg);
        }
        let value = self.value(value);
        let node = mark(*parts.last().unwrap_or(&ExprId(0)));
        match self.global(local) {
            Some(global) => {
                let base = self.temp();
                self.push(Op::Load(base, global));
                self.push(Op::SetPart(base, first, parts.len() as Reg, value, node));
                self.push(Op::Store(global, base));
            }
            None => {
                let base = self.bind(local);
                self.push(Op::SetPart(base, first, parts.len() as Reg, value, node));
            }
        }
    }

    /// A jump that is taken where a condition is not true.
    fn unless(&mut self, condition: ExprId) -> usize {
        let before = self.next;
        let reg = self.value(condition);
        self.next = before.max(self.bound);
        self.push(Op::Unless(reg, 0, mark(condition)))
    }

    /// The register that holds the value of an expression.
    fn value(&mut self, id: ExprId) -> Reg {
        if let Expr::Local(local) = self.exprs.get(id)
            && self.global(*local).is_none()
        {
            return self.bind(*local);
        }
        let reg = self.temp();
        self.into(id, reg);
        reg
    }

    fn values(&mut self, ids: &[ExprId]) -> Reg {
        let first = self.temps(ids.len());
        for (at, id) in ids.iter().enumerate() {
            self.into(*id, first + at as Reg);
        }
        first
    }

    /// Puts the value of an expression into a register.
    fn into(&mut self, id: ExprId, to: Reg) {
        let node = mark(id);
        match self.exprs.get(id) {
            Expr::Lit(value) => self.constant(to, value.clone()),
            // What a body takes from around it is a parameter.
            Expr::Field(_) | Expr::Pseudo(_) | Expr::Row | Expr::Attend(..) => self.constant(to, Value::Null),
            Expr::Local(local) => match self.global(*local) {
                Some(global) => {
                    self.push(Op::Load(to, global));
                }
                None => {
                    let from = self.bind(*local);
                    if from != to {
                        self.push(Op::Move(to, from));
                    }
                }
            },
            Expr::Let(local, value, body) => {
                let reg = self.bind(*local);
                self.into(*value, reg);
                self.into(*body, to);
            }
            Expr::Unary(UnaryOp::Not, a) => {
                let a = self.value(*a);
                self.push(Op::Not(to, a, mark_of(self.exprs, id)));
            }
            Expr::Unary(op, a) => {
                let a = self.value(*a);
                self.push(Op::Unary(*op, to, a, node));
            }
            Expr::Binary(op, a, b) => self.binary(*op, (*a, *b), id, to),
            Expr::If(c, a, b) => {
                let no = self.unless(*c);
                self.into(*a, to);
                let end = self.push(Op::Jump(0));
                self.land(no);
                self.into(*b, to);
                self.land(end);
            }
            Expr::Is(a, test) => {
                let a = self.value(*a);
                self.push(Op::Is(to, a, test.clone()));
            }
            Expr::Get(a, name) => {
                let a = self.value(*a);
                let name = self.text(name);
                self.push(Op::Get(to, a, name));
            }
            Expr::Index(a, at) => {
                let (a, at) = (self.value(*a), self.value(*at));
                self.push(Op::Index(to, a, at, node));
            }
            Expr::Slice(a, from, to_) => {
                let all: Vec<ExprId> = std::iter::once(*a).chain(*from).chain(*to_).collect();
                let first = self.values(&all);
                self.push(Op::Slice(to, first, from.is_some(), to_.is_some(), node));
            }
            Expr::List(items) => {
                let first = self.values(items);
                self.push(Op::List(to, first, items.len() as Reg, node));
            }
            Expr::Map(entries) => {
                let flat: Vec<ExprId> = entries.iter().flat_map(|(key, value)| [*key, *value]).collect();
                let first = self.values(&flat);
                self.push(Op::Map(to, first, flat.len() as Reg, node));
            }
            Expr::Range(a, b, inclusive) => {
                let (a, b) = (self.value(*a), self.value(*b));
                self.push(Op::Range(to, a, b, *inclusive, node));
            }
            Expr::Interp(parts) => {
                let first = self.values(parts);
                self.push(Op::Interp(to, first, parts.len() as Reg));
            }
            Expr::Invoke(function, args) => {
                let first = self.values(args);
                self.push(Op::Invoke(*function, to, first, args.len() as Reg));
            }
            Expr::Call(ir::Builtin::Coalesce | ir::Builtin::IfNull, args, _) => {
                let held = self.temp();
                let mut jumps = Vec::new();
                for arg in args {
                    self.into(*arg, held);
                    jumps.push(self.push(Op::Found(held, 0)));
                }
                jumps.into_iter().for_each(|jump| self.land(jump));
                self.push(Op::Move(to, held));
            }
            Expr::Call(builtin, args, lambdas) => {
                let first = self.values(args);
                let count = args.len() as Reg;
                let Some(lambda) = lambdas.first() else {
                    self.push(Op::Call(*builtin, to, first, count, id));
                    return;
                };
                let params = lambda.params.iter().map(|param| self.bind(*param)).collect();
                self.made.lambdas.push(Inner { params, start: 0 });
                let at = self.made.lambdas.len() - 1;
                self.lambdas.push((at, lambda.body));
                self.push(Op::CallLambda(*builtin, to, first, count, at as u32, id));
            }
        }
    }

    fn binary(&mut self, op: BinaryOp, (a, b): (ExprId, ExprId), id: ExprId, to: Reg) {
        match op {
            BinaryOp::And | BinaryOp::Or => {
                // The right side may write what the left is kept in.
                let held = self.temp();
                self.into(a, held);
                self.push(Op::Truth(held, held, mark(a)));
                let end = self.push(match op {
                    BinaryOp::And => Op::Unless(held, 0, mark(a)),
                    _ => Op::When(held, 0, mark(a)),
                });
                self.into(b, held);
                self.push(Op::Truth(held, held, mark(b)));
                self.land(end);
                self.push(Op::Move(to, held));
            }
            BinaryOp::Coalesce => {
                let held = self.temp();
                self.into(a, held);
                let end = self.push(Op::Found(held, 0));
                self.into(b, held);
                self.land(end);
                self.push(Op::Move(to, held));
            }
            BinaryOp::In => {
                let value = self.value(a);
                if let Expr::Range(from, upto, inclusive) = self.exprs.get(b) {
                    let first = self.values(&[*from, *upto]);
                    self.push(Op::InRange(to, value, first, *inclusive, mark(id)));
                } else if matches!(self.prepared.get(&id), Some(Prepared::Members(_))) {
                    self.push(Op::Member(to, value, id));
                } else {
                    let list = self.value(b);
                    self.push(Op::In(to, value, list, mark(id)));
                }
            }
            _ => {
                let a = self.value(a);
                let b = self.value(b);
                self.push(Op::Binary(op, to, a, b, mark(id)));
            }
        }
    }
}

/// A node as counts have it.
fn mark(id: ExprId) -> ExprId {
    ExprId(id.0 | CODE)
}

/// The operand of a `not`, at which its error is counted.
fn mark_of(exprs: &Exprs, id: ExprId) -> ExprId {
    mark(exprs.operands(id).first().copied().unwrap_or(id))
}
