//! Lambdas: of list functions over values, of operators over the row at hand.

use super::{Local, Lower};
use crate::data::Type;
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::{ExprId, Lambda};
use crate::resolve::types::fits;
use crate::syntax::ast::{FnParam, LambdaBody};

impl Lower<'_, '_> {
    /// A lambda whose parameters are values of these types.
    pub(in crate::resolve) fn lambda(
        &mut self,
        params: &[FnParam],
        body: &LambdaBody,
        types: &[Type],
        span: Span,
    ) -> Lambda {
        if params.is_empty() {
            self.cx.say(
                Diagnostic::new(Code::LambdaPlace, span, "the lambda takes no parameter")
                    .help("name the item: `x => ..`"),
            );
        }
        let before = self.locals.len();
        let mut ids = Vec::with_capacity(params.len());
        for (param, given) in params.iter().zip(types) {
            let id = self.cx.local();
            let ty = self.param_type(param, given);
            self.locals.push((param.name.name.clone(), Local::Value(id, ty)));
            ids.push(id);
        }
        let body = self.body(body);
        self.locals.truncate(before);
        Lambda { params: ids, body }
    }

    fn param_type(&mut self, param: &FnParam, given: &Type) -> Type {
        let Some(written) = &param.ty else {
            return given.clone();
        };
        let wanted = self.cx.ty(self.module, written);
        if !fits(given, &wanted) {
            let message = format!("`{}` is declared as `{wanted}`, but it is `{given}`", param.name.name);
            self.cx.say(Diagnostic::new(Code::TypeMismatch, written.span, message));
        }
        wanted
    }

    /// A lambda over the row at hand, as operators take it: its parameter is the row.
    pub(in crate::resolve) fn row_lambda(&mut self, params: &[FnParam], body: &LambdaBody, span: Span) -> ExprId {
        let [param] = params else {
            return self.say_and_poison(
                Diagnostic::new(Code::LambdaPlace, span, "this lambda takes one parameter, the row")
                    .help("write it as `e => ..`"),
            );
        };
        if let Some(written) = &param.ty {
            // An event's name, for readers: the row's fields are known without it.
            self.cx.ty(self.module, written);
        }
        self.with(&param.name.name, Local::Row, |lower| lower.body(body))
    }
}
