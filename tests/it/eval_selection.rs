//! What is evaluated for which rows: fields are decoded, branches taken and errors counted only where
//! a value is still open.

use varpulis::data::Value;
use varpulis::eval::{self, EvalErrors, Evaluator, Program};
use varpulis::ir::{BinaryOp, Expr, ExprId};

use crate::eval_kernels::values;
use crate::eval_support::{Build, IntoValue, Table, list, map, v};

/// `field(a) == 1 and field(b) > 0 or field(c) == "x"`
fn three_conditions(b: &mut Build) -> ExprId {
    let (field, one) = (b.field(0), b.lit(1));
    let first = b.bin(BinaryOp::Eq, field, one);
    let (field, zero) = (b.field(1), b.lit(0));
    let second = b.bin(BinaryOp::Gt, field, zero);
    let both = b.bin(BinaryOp::And, first, second);
    let (field, x) = (b.field(2), b.lit("x"));
    let third = b.bin(BinaryOp::Eq, field, x);
    b.bin(BinaryOp::Or, both, third)
}

#[test]
fn fields_are_decoded_only_where_a_condition_is_still_open() {
    let mut b = Build::default();
    let condition = three_conditions(&mut b);
    let table = Table::of(vec![
        vec![v(1), v(2), v(1), v(2)],
        vec![v(5), v(5), v(-5), v(5)],
        vec![v("x"), v("x"), v("y"), v("z")],
    ]);
    let program = Program::new(&b.exprs, &[condition], 0);
    let mut evaluator = Evaluator::new(&program, &table);
    assert_eq!(evaluator.filter(condition, None), [0, 1]);
    assert_eq!(
        table.take_decoded(),
        [(0, None), (1, Some(vec![0, 2])), (2, Some(vec![1, 2, 3]))]
    );
    assert_eq!(evaluator.filter(condition, Some(&[1, 3])), [1]);
    // Fields read for more rows are taken from there, and row 3 never gets to field 1.
    assert_eq!(table.take_decoded(), []);
}

#[test]
fn a_field_is_decoded_once_for_the_rows_that_passed() {
    let mut b = Build::default();
    let condition = three_conditions(&mut b);
    let (x, y) = (b.field(2), b.field(2));
    let doubled = b.bin(BinaryOp::Add, x, y);
    let other = b.field(3);
    let table = Table::of(vec![
        vec![v(1), v(1), v(0)],
        vec![v(1), v(1), v(1)],
        vec![v("x"), v("y"), v("z")],
        vec![v(true), v(false), v(true)],
    ]);
    let program = Program::new(&b.exprs, &[condition, doubled, other], 0);
    let mut evaluator = Evaluator::new(&program, &table);
    let rows = evaluator.filter(condition, None);
    assert_eq!(rows, [0, 1]);
    table.take_decoded();
    assert_eq!(values(&evaluator.eval(doubled, Some(&rows))), [v("xx"), v("yy")]);
    assert_eq!(values(&evaluator.eval(other, Some(&rows))), [v(true), v(false)]);
    assert_eq!(table.take_decoded(), [(2, Some(vec![0, 1])), (3, Some(vec![0, 1]))]);
}

#[test]
fn branches_not_taken_neither_decode_nor_fail() {
    let mut b = Build::default();
    let (a, zero) = (b.field(0), b.lit(0));
    let nonzero = b.bin(BinaryOp::Ne, a, zero);
    let (one, a) = (b.lit(1), b.field(0));
    let inverse = b.bin(BinaryOp::Div, one, a);
    let other = b.field(1);
    let choice = b.push(Expr::If(nonzero, inverse, other));
    let table = Table::of(vec![vec![v(2), v(0), v(4)], vec![v("p"), v("q"), v("r")]]);
    let program = Program::new(&b.exprs, &[choice], 0);
    let mut evaluator = Evaluator::new(&program, &table);
    assert_eq!(values(&evaluator.eval(choice, None)), [v(0.5), v("q"), v(0.25)]);
    assert_eq!(evaluator.take_errors(), []);
    assert_eq!(table.take_decoded(), [(0, None), (1, Some(vec![1]))]);
}

#[test]
fn an_error_of_shared_work_counts_at_every_place() {
    let mut b = Build::default();
    let divide = |b: &mut Build| {
        let (one, a) = (b.lit(1), b.field(0));
        b.bin(BinaryOp::Div, one, a)
    };
    let (first, second) = (divide(&mut b), divide(&mut b));
    let table = Table::of(vec![vec![v(1), v(0), v(0)]]);
    let program = Program::new(&b.exprs, &[first, second], 0);
    let mut evaluator = Evaluator::new(&program, &table);
    evaluator.eval(first, None);
    evaluator.eval(second, None);
    let error = |node| EvalErrors {
        node,
        count: 2,
        first_row: 1,
        message: "division by zero".to_owned(),
    };
    assert_eq!(evaluator.take_errors(), [error(first), error(second)]);
    assert_eq!(table.take_decoded().len(), 1);
}

#[test]
fn rows_may_be_asked_for_in_any_order() {
    let mut b = Build::default();
    let (a, one) = (b.field(0), b.lit(1));
    let next = b.bin(BinaryOp::Add, a, one);
    let table = Table::of(vec![vec![v(10), v(20), v(30)]]);
    let program = Program::new(&b.exprs, &[next], 0);
    let mut evaluator = Evaluator::new(&program, &table);
    let got = evaluator.eval(next, Some(&[2, 0, 2]));
    assert_eq!(values(&got), [v(31), v(11), v(31)]);
    assert_eq!(values(&evaluator.eval(next, Some(&[]))), []);
}

#[test]
fn what_is_no_bool_is_an_error_of_the_condition() {
    let mut b = Build::default();
    let a = b.field(0);
    let table = Table::of(vec![vec![v(true), v(3), v("x"), v(())]]);
    let program = Program::new(&b.exprs, &[a], 0);
    let mut evaluator = Evaluator::new(&program, &table);
    assert_eq!(evaluator.filter(a, None), [0]);
    let errors = evaluator.take_errors();
    assert_eq!((errors[0].count, errors[0].first_row), (2, 1));
    assert_eq!(errors[0].message, "`3` is no bool");
}

#[test]
fn members_of_records_lists_and_flattened_keys() {
    let get = |value: Value, names: &[&str]| {
        let mut b = Build::default();
        let mut at = b.lit(value);
        for name in names {
            at = b.push(Expr::Get(at, (*name).to_owned()));
        }
        eval::constant(&b.exprs, at).unwrap()
    };
    let nested = map! {"a" => map! {"b" => map! {"c" => 1}, "x.y" => 2}};
    assert_eq!(get(nested.clone(), &["a", "b", "c"]), v(1));
    assert_eq!(get(nested.clone(), &["a", "x", "y"]), v(2));
    assert_eq!(get(nested.clone(), &["a", "z"]), v(()));
    assert_eq!(get(list![nested, 5], &["a", "b", "c"]), list![1, ()]);
    assert_eq!(get(5.value(), &["a"]), v(()));
}

#[test]
fn chained_values_beyond_exact_floats_compare_exactly() {
    let compare = |op, a: Value, b: Value| {
        let mut build = Build::default();
        let (a, b) = (build.lit(a), build.lit(b));
        let root = build.bin(op, a, b);
        eval::constant(&build.exprs, root)
    };
    let odd = (1_i64 << 53) + 1;
    assert_eq!(compare(BinaryOp::Eq, v(odd), v(odd as f64)), Some(v(false)));
    assert_eq!(compare(BinaryOp::Gt, v(odd), v(odd as f64)), Some(v(true)));
    assert_eq!(compare(BinaryOp::Eq, v(1), v(1.0)), Some(v(true)));
    assert_eq!(compare(BinaryOp::Eq, v(1), v("1")), Some(v(false)));
    assert_eq!(compare(BinaryOp::Lt, v(1), v("1")), None);
    assert_eq!(compare(BinaryOp::Lt, v("Z"), v("a")), Some(v(true)));
    assert_eq!(compare(BinaryOp::Eq, v(()), v(())), Some(v(false)));
    assert_eq!(compare(BinaryOp::Ne, v(()), v(1)), Some(v(true)));
}
