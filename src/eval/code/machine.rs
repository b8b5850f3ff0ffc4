//! Runs compiled functions.

use super::quick::{MOST_NESTED, nests, part_of, quick, size, slow, wraps};
use super::{CODE, Compiled, Emitted, FUNCTION, MAX_CALLS, Op, Raised, Reg, parts};
use crate::data::{Key, Value};
use crate::eval::errors::{Errors, Fail};
use crate::eval::patterns::Patterns;
use crate::eval::program::Prepared;
use crate::eval::{arithmetic, call, collections, convert, scalar, strings};
use crate::ir::{ExprId, FunctionId};

/// About how many items or bytes of a new value are a step, so that steps bound memory too.
const GRAIN: usize = 64;

/// A call that is open.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub(super) function: u32,
    pub(super) base: usize,
    pub(super) pc: usize,
    /// The register of the caller that gets the value, from the bottom of the stack.
    pub(super) to: usize,
}

/// A `try` that is in force.
#[derive(Clone, Copy)]
struct Attempt {
    /// How many frames there are in its function.
    frames: usize,
    pc: usize,
    to: usize,
}

/// Runs functions for one row after the other.
pub(in crate::eval) struct Machine<'m> {
    pub(super) code: &'m Compiled,
    errors: &'m mut Errors,
    patterns: &'m mut Patterns,
    row: u32,
    steps: u64,
    pub(super) stack: Vec<Value>,
    pub(super) frames: Vec<Frame>,
    attempts: Vec<Attempt>,
    /// Where what was caught was raised, by the register that holds it.
    origins: Vec<(usize, ExprId)>,
    /// List functions that are open, each in a lambda of the one before.
    pub(super) lambdas: usize,
    /// What a lambda has raised, on its way out of the list function.
    pub(super) raised: Option<Raised>,
}

impl<'m> Machine<'m> {
    pub(in crate::eval) fn new(code: &'m Compiled, errors: &'m mut Errors, patterns: &'m mut Patterns) -> Self {
        Self {
            code,
            errors,
            patterns,
            row: 0,
            steps: code.max_steps,
            stack: Vec::new(),
            frames: Vec::new(),
            attempts: Vec::new(),
            origins: Vec::new(),
            lambdas: 0,
            raised: None,
        }
    }

    /// The value of a call in a row; null, and a failure of the row, where something was raised.
    pub(in crate::eval) fn call(&mut self, function: FunctionId, args: &[Value], row: u32) -> Value {
        self.row = row;
        self.steps = self.code.max_steps;
        self.stack.clear();
        self.frames.clear();
        self.attempts.clear();
        self.origins.clear();
        self.lambdas = 0;
        self.raised = None;
        self.stack.extend_from_slice(args);
        match self.enter(function, 0, args.len(), 0).and_then(|()| self.run()) {
            Ok(value) => value,
            Err(raised) => {
                self.errors.raise(self.row, &raised);
                Value::Null
            }
        }
    }

    /// Opens a frame over arguments that lie on the top of the stack.
    fn enter(&mut self, function: FunctionId, base: usize, args: usize, to: usize) -> Result<(), Box<Raised>> {
        let Some(ops) = self.code.functions.get(function.0 as usize) else {
            return Ok(());
        };
        if self.frames.len() >= MAX_CALLS {
            let message = format!("`{}` calls itself too deep: {MAX_CALLS} calls are open", ops.name);
            return Err(over(message, function.0));
        }
        self.step(1, function.0)?;
        let params = ops.params as usize;
        if args > params {
            self.stack.truncate(base + params);
        }
        self.stack
            .resize(base + (ops.registers as usize).max(params), Value::Null);
        self.frames.push(Frame {
            function: function.0,
            base,
            pc: 0,
            to,
        });
        Ok(())
    }

    /// Counts steps.
    pub(super) fn step(&mut self, n: u64, function: u32) -> Result<(), Box<Raised>> {
        match self.steps.checked_sub(n) {
            Some(left) => {
                self.steps = left;
                Ok(())
            }
            None => {
                let message = format!(
                    "`{}` takes more than {} steps for one event (`--max-steps`)",
                    self.code.functions[function as usize].name, self.code.max_steps
                );
                Err(over(message, function))
            }
        }
    }

    /// Runs until the frame that is on top is left.
    pub(super) fn run(&mut self) -> Result<Value, Box<Raised>> {
        let floor = self.frames.len();
        let attempts = self.attempts.len();
        loop {
            match self.go(floor) {
                Ok(value) => return Ok(value),
                Err(raised) => self.unwind(raised, floor, attempts)?,
            }
        }
    }

    /// Goes to the `catch` of what was raised; fails where there is none above the floor.
    fn unwind(&mut self, raised: Box<Raised>, floor: usize, attempts: usize) -> Result<(), Box<Raised>> {
        if !raised.fatal
            && self.attempts.len() > attempts
            && let Some(attempt) = self.attempts.pop()
        {
            self.frames.truncate(attempt.frames);
            if let Some(frame) = self.frames.last_mut() {
                frame.pc = attempt.pc;
                let ops = &self.code.functions[frame.function as usize];
                self.stack.resize(frame.base + ops.registers as usize, Value::Null);
            }
            // A `finally` raises it again, from where it was raised first.
            self.origins.retain(|(slot, _)| *slot != attempt.to);
            self.origins.push((attempt.to, raised.node));
            self.stack[attempt.to] = raised.value;
            return Ok(());
        }
        self.attempts.truncate(attempts);
        self.frames.truncate(floor.saturating_sub(1));
        Err(raised)
    }

    #[allow(clippy::too_many_lines, reason = "one arm for each operation")]
    fn go(&mut self, floor: usize) -> Result<Value, Box<Raised>> {
        let code = self.code;
        let Some(mut frame) = self.frames.last().copied() else {
            return Ok(Value::Null);
        };
        let mut ops = &code.functions[frame.function as usize];
        macro_rules! at {
            ($reg:expr) => {
                self.stack[frame.base + $reg as usize]
            };
        }
        macro_rules! settle {
            ($to:expr, $node:expr, $outcome:expr) => {{
                let outcome = $outcome;
                at!($to) = match outcome {
                    Ok(value) => value,
                    Err(fail) => self.fail($node, fail),
                };
            }};
        }
        macro_rules! save {
            ($pc:expr) => {
                if let Some(top) = self.frames.last_mut() {
                    top.pc = $pc;
                }
            };
        }
        loop {
            let Some(op) = ops.ops.get(frame.pc) else {
                return Ok(Value::Null);
            };
            frame.pc += 1;
            match *op {
                Op::Const(to, at) => at!(to) = ops.consts[at as usize].clone(),
                Op::Move(to, from) => at!(to) = at!(from).clone(),
                Op::Unary(op, to, a, node) => settle!(to, node, arithmetic::unary(op, &at!(a))),
                Op::Binary(op, to, a, b, node) => {
                    let (x, y) = (&at!(a), &at!(b));
                    if let Some(value) = quick(op, x, y) {
                        at!(to) = value;
                    } else {
                        settle!(to, node, slow(op, x, y));
                        let size = size(&at!(to));
                        if size > GRAIN {
                            save!(frame.pc);
                            self.step((size / GRAIN) as u64, frame.function)?;
                        }
                    }
                }
                Op::In(to, a, b, node) => settle!(to, node, collections::contains(&at!(a), &at!(b))),
                Op::InRange(to, a, first, inclusive, node) => {
                    settle!(
                        to,
                        node,
                        collections::in_range(&at!(a), &at!(first), &at!(first + 1), inclusive)
                    );
                }
                Op::Member(to, a, node) => {
                    let found = match code.prepared.get(&node) {
                        Some(Prepared::Members(members)) => members.has(&at!(a)),
                        _ => false,
                    };
                    at!(to) = Value::Bool(found);
                }
                Op::Truth(to, a, node) => {
                    let truth = self.truth(frame.base + a as usize, node);
                    at!(to) = Value::Bool(truth);
                }
                Op::Not(to, a, node) => {
                    let truth = self.truth(frame.base + a as usize, node);
                    at!(to) = Value::Bool(!truth);
                }
                Op::Is(to, a, ref test) => at!(to) = Value::Bool(scalar::is(&at!(a), test)),
                Op::Get(to, a, name) => {
                    let name = match &ops.consts[name as usize] {
                        Value::Str(name) => &**name,
                        _ => "",
                    };
                    let value = convert::member(&at!(a), &[name]);
                    at!(to) = value;
                }
                Op::Index(to, a, b, node) => settle!(to, node, collections::index(&at!(a), &at!(b))),
                Op::Slice(to, first, from, upto, node) => {
                    let start = from.then(|| &at!(first + 1));
                    let end = upto.then(|| &at!(first + 1 + Reg::from(from)));
                    settle!(to, node, collections::slice(&at!(first), start, end));
                }
                Op::List(to, first, count, node) => {
                    let items = self.some(frame.base, first, count);
                    let made = part_of(items).map(|()| items.iter().cloned().collect());
                    settle!(to, node, made);
                }
                Op::Map(to, first, count, node) => {
                    let items = self.some(frame.base, first, count);
                    let pairs = items.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone()));
                    let made = part_of(items).map(|()| collections::map_of(pairs));
                    settle!(to, node, made);
                }
                Op::Range(to, a, b, inclusive, node) => {
                    settle!(to, node, collections::range(&at!(a), &at!(b), inclusive));
                    let size = size(&at!(to));
                    save!(frame.pc);
                    self.step((size / GRAIN) as u64, frame.function)?;
                }
                Op::Interp(to, first, count) => {
                    let texts: String = self
                        .some(frame.base, first, count)
                        .iter()
                        .map(strings::to_text)
                        .collect();
                    save!(frame.pc);
                    self.step((texts.len() / GRAIN) as u64, frame.function)?;
                    at!(to) = Value::str(&texts);
                }
                Op::Call(builtin, to, first, count, node) => {
                    let matcher = match code.prepared.get(&node) {
                        Some(Prepared::Matcher(matcher)) => Some(matcher),
                        _ => None,
                    };
                    let start = frame.base + first as usize;
                    let args = &self.stack[start..start + count as usize];
                    let outcome = call::call(builtin, args, matcher, self.patterns);
                    let outcome = outcome.and_then(|value| match wraps(builtin) {
                        true => part_of(std::slice::from_ref(&value)).map(|()| value),
                        false => Ok(value),
                    });
                    let node = ExprId(node.0 | CODE);
                    settle!(to, node, outcome);
                    let size = size(&at!(to));
                    if size > GRAIN {
                        save!(frame.pc);
                        self.step((size / GRAIN) as u64, frame.function)?;
                    }
                }
                Op::CallLambda(builtin, to, first, count, lambda, node) => {
                    save!(frame.pc);
                    let args = self.some(frame.base, first, count).to_vec();
                    let outcome = self.list_function(builtin, &args, frame, lambda, ExprId(node.0 | CODE))?;
                    settle!(to, ExprId(node.0 | CODE), outcome);
                }
                Op::Invoke(function, to, first, count) => {
                    save!(frame.pc);
                    let base = frame.base + ops.registers as usize;
                    self.stack.truncate(base);
                    let start = frame.base + first as usize;
                    self.stack.extend_from_within(start..start + count as usize);
                    self.enter(function, base, count as usize, frame.base + to as usize)?;
                    let Some(top) = self.frames.last() else {
                        return Ok(Value::Null);
                    };
                    frame = *top;
                    ops = &code.functions[frame.function as usize];
                }
                Op::Load(to, global) => {
                    let value = self.errors.effects.globals.get(global as usize).cloned();
                    at!(to) = value.unwrap_or_default();
                }
                Op::Store(global, from) => {
                    let value = at!(from).clone();
                    if let Some(slot) = self.errors.effects.globals.get_mut(global as usize) {
                        *slot = value;
                    }
                }
                Op::Jump(to) => {
                    if (to as usize) < frame.pc {
                        save!(frame.pc);
                        self.step(1, frame.function)?;
                    }
                    frame.pc = to as usize;
                }
                Op::Unless(a, to, node) => {
                    let truth = match &at!(a) {
                        Value::Bool(truth) => *truth,
                        _ => self.truth(frame.base + a as usize, node),
                    };
                    if !truth {
                        frame.pc = to as usize;
                    }
                }
                Op::When(a, to, node) => {
                    if self.truth(frame.base + a as usize, node) {
                        frame.pc = to as usize;
                    }
                }
                Op::Found(a, to) => {
                    if !at!(a).is_null() {
                        frame.pc = to as usize;
                    }
                }
                Op::Loop(to, a, node) => {
                    let items = match &at!(a) {
                        Value::List(_) => at!(a).clone(),
                        Value::Map(entries) => entries.keys().map(|key| key.0.clone()).collect(),
                        Value::Null => Value::list(Vec::new()),
                        other => {
                            let fail = Fail::no(other, "list or map");
                            self.fail(node, fail);
                            Value::list(Vec::new())
                        }
                    };
                    at!(to) = items;
                    at!(to + 1) = Value::Int(0);
                }
                Op::LoopRange(from, to, inclusive, node) => {
                    let ends = match (&at!(from), &at!(to)) {
                        (Value::Int(from), Value::Int(to)) => Some((*from, *to, inclusive && from <= to)),
                        (Value::Null, _) | (_, Value::Null) => None,
                        (Value::Int(_), other) | (other, _) => {
                            let fail = Fail::no(other, "int");
                            self.fail(node, fail);
                            None
                        }
                    };
                    // The last integer goes along; an empty range ends before it begins.
                    let (next, last) = match ends {
                        Some((from, to, true)) => (Value::Int(from), Value::Int(to)),
                        Some((from, to, false)) if from < to => (Value::Int(from), Value::Int(to - 1)),
                        _ => (Value::Null, Value::Null),
                    };
                    at!(from) = next;
                    at!(to) = last;
                }
                Op::Next(first, count, list, to, node) => {
                    let next = match (&at!(list), &at!(list + 1)) {
                        (Value::List(items), Value::Int(at)) => {
                            items.get(*at as usize).map(|item| (item.clone(), Value::Int(at + 1)))
                        }
                        _ => None,
                    };
                    match next {
                        None => frame.pc = to as usize,
                        Some((item, after)) => {
                            at!(list + 1) = after;
                            self.spread(item, frame.base + first as usize, count as usize, node);
                        }
                    }
                }
                Op::NextInt(target, counter, to) => match (&at!(counter), &at!(counter + 1)) {
                    (Value::Int(next), Value::Int(last)) => {
                        let (next, last) = (*next, *last);
                        at!(counter) = if next == last {
                            Value::Null
                        } else {
                            Value::Int(next + 1)
                        };
                        at!(target) = Value::Int(next);
                    }
                    _ => frame.pc = to as usize,
                },
                Op::SetPart(base, first, count, value, node) => {
                    let parts = self.some(frame.base, first, count).to_vec();
                    let new = at!(value).clone();
                    let mut whole = std::mem::take(&mut at!(base));
                    let outcome = match nests(&new, MOST_NESTED.saturating_sub(parts.len())) {
                        false => parts::set(&mut whole, &parts, new),
                        true => part_of(&[new]).and(Err("lists and maps nest too deep".into())),
                    };
                    at!(base) = whole;
                    if let Err(fail) = outcome {
                        self.fail(node, fail);
                    }
                }
                Op::Emit(emission, first, count) => {
                    let emission = &ops.emissions[emission as usize];
                    let values = self.some(frame.base, first, count).iter();
                    let names = emission.names.iter();
                    let entries = names
                        .zip(values)
                        .map(|(name, value)| (Key(name.clone()), value.clone()));
                    let emitted = Emitted {
                        event: emission.event,
                        value: Value::map(entries),
                    };
                    self.errors.effects.emitted.push(emitted);
                    save!(frame.pc);
                    self.step(1, frame.function)?;
                }
                Op::Raise(from, node) => {
                    save!(frame.pc);
                    return Err(Box::new(Raised {
                        node,
                        value: at!(from).clone(),
                        fatal: false,
                    }));
                }
                Op::Try(pc, to) => self.attempts.push(Attempt {
                    frames: self.frames.len(),
                    pc: pc as usize,
                    to: frame.base + to as usize,
                }),
                Op::EndTry => {
                    self.attempts.pop();
                }
                Op::Again(from) => {
                    save!(frame.pc);
                    let slot = frame.base + from as usize;
                    let origin = self.origins.iter().rev().find(|(of, _)| *of == slot);
                    return Err(Box::new(Raised {
                        node: origin.map_or(ExprId(CODE), |(_, node)| *node),
                        value: at!(from).clone(),
                        fatal: false,
                    }));
                }
                Op::Return(from) => {
                    let value = std::mem::take(&mut at!(from));
                    self.frames.pop();
                    if self.frames.len() < floor {
                        return Ok(value);
                    }
                    let Some(top) = self.frames.last() else {
                        return Ok(value);
                    };
                    let to = frame.to;
                    frame = *top;
                    ops = &code.functions[frame.function as usize];
                    self.stack.truncate(frame.base + ops.registers as usize);
                    self.stack[to] = value;
                }
                Op::Yield(from) => return Ok(at!(from).clone()),
            }
        }
    }

    /// Counts an evaluation error; null stands for its value.
    pub(super) fn fail(&mut self, node: ExprId, fail: Fail) -> Value {
        self.errors.add(node, self.row, 1, || fail.0);
        Value::Null
    }

    fn truth(&mut self, at: usize, node: ExprId) -> bool {
        match &self.stack[at] {
            Value::Bool(truth) => *truth,
            Value::Null => false,
            other => {
                let fail = Fail::no(other, "bool");
                self.fail(node, fail);
                false
            }
        }
    }

    fn some(&self, base: usize, first: Reg, count: Reg) -> &[Value] {
        let start = base + first as usize;
        &self.stack[start..start + count as usize]
    }

    /// An item into registers: taken apart where there are several.
    fn spread(&mut self, item: Value, to: usize, count: usize, node: ExprId) {
        if count == 1 {
            self.stack[to] = item;
            return;
        }
        match collections::take_apart(&item, count) {
            Ok(parts) => {
                for (at, part) in parts.iter().enumerate() {
                    self.stack[to + at] = part.clone();
                }
            }
            Err(fail) => {
                self.fail(node, fail);
                self.stack[to..to + count].fill(Value::Null);
            }
        }
    }
}

/// A bound was exceeded in a function.
pub(super) fn over(message: String, function: u32) -> Box<Raised> {
    Box::new(Raised {
        node: ExprId(CODE | FUNCTION | function),
        value: Value::str(&message),
        fatal: true,
    })
}
