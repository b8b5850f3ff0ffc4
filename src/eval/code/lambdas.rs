//! List functions in functions: their lambdas run in the function's frame.

use super::machine::{Frame, Machine, over};
use super::quick::{part_of, wraps};
use super::{MAX_LAMBDAS, Raised};
use crate::data::Value;
use crate::eval::collections;
use crate::eval::errors::{Fail, Outcome};
use crate::eval::lambda::{self, Apply};
use crate::ir::{Builtin, ExprId};

impl Machine<'_> {
    /// The value of a list function with a lambda.
    pub(super) fn list_function(
        &mut self,
        builtin: Builtin,
        args: &[Value],
        frame: Frame,
        lambda: u32,
        node: ExprId,
    ) -> Result<Outcome, Box<Raised>> {
        if args.iter().any(Value::is_null) {
            return Ok(Ok(Value::Null));
        }
        if self.lambdas == MAX_LAMBDAS {
            let message = format!(
                "`{}` nests list functions too deep: {MAX_LAMBDAS} are open",
                self.code.functions[frame.function as usize].name
            );
            return Err(over(message, frame.function));
        }
        self.lambdas += 1;
        let outcome = lambda::call(
            builtin,
            args,
            true,
            &mut Applied {
                machine: self,
                frame,
                lambda,
                node,
            },
        );
        self.lambdas -= 1;
        match self.raised.take() {
            Some(raised) => Err(Box::new(raised)),
            None => Ok(outcome.and_then(|value| match wraps(builtin) {
                true => part_of(std::slice::from_ref(&value)).map(|()| value),
                false => Ok(value),
            })),
        }
    }
}

/// A lambda of a function, in the function's frame.
struct Applied<'a, 'm> {
    machine: &'a mut Machine<'m>,
    frame: Frame,
    lambda: u32,
    node: ExprId,
}

impl Apply for Applied<'_, '_> {
    fn value(&mut self, item: &Value) -> Outcome {
        let code = self.machine.code;
        let ops = &code.functions[self.frame.function as usize];
        let inner = &ops.lambdas[self.lambda as usize];
        let result = self.machine.step(1, self.frame.function);
        let result = result.and_then(|()| {
            match inner.params.as_slice() {
                [one] => self.machine.stack[self.frame.base + *one as usize] = item.clone(),
                several => match collections::take_apart(item, several.len()) {
                    Ok(parts) => {
                        for (reg, part) in several.iter().zip(parts.iter()) {
                            self.machine.stack[self.frame.base + *reg as usize] = part.clone();
                        }
                    }
                    Err(fail) => return Ok(Err(fail)),
                },
            }
            let frame = Frame {
                pc: inner.start as usize,
                ..self.frame
            };
            self.machine.frames.push(frame);
            let value = self.machine.run();
            let base = self.frame.base + ops.registers as usize;
            if value.is_ok() {
                self.machine.frames.pop();
            }
            self.machine.stack.resize(base, Value::Null);
            value.map(Ok)
        });
        match result {
            Ok(outcome) => outcome,
            Err(raised) => {
                self.machine.raised = Some(*raised);
                Err(Fail(String::new()))
            }
        }
    }

    fn truth(&mut self, item: &Value) -> Result<bool, Fail> {
        match self.value(item)? {
            Value::Bool(truth) => Ok(truth),
            Value::Null => Ok(false),
            other => {
                // Counted where the interpreter counts it: at the function.
                self.machine.fail(self.node, Fail::no(&other, "bool"));
                Ok(false)
            }
        }
    }
}
