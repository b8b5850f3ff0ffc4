mod eval_builtins;
mod eval_support;
