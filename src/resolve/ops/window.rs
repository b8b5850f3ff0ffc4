//! `.window`, `.session_window`: how rows are cut into windows.

use super::args::{self, Args};
use crate::data::{FieldId, Path, Type, Value};
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::{Op, Window};
use crate::resolve::context::Cx;
use crate::resolve::flow::{Flow, Open};
use crate::resolve::types::{shown, type_of};
use crate::resolve::walk::{mentions, walk};
use crate::syntax::ast::{ArgValue, Expr, ExprKind, Operator};

const EXAMPLE: &str = ".window(5m)";
const NAMES: &[&str] = &[
    "sliding", "slide", "every", "bounds", "align", "offset", "partial", "session",
];

/// `.window(...)`, with the operators that follow it.
pub(super) fn window(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator, rest: &[Operator]) {
    if let Some(open) = flow.window {
        let message = "a window cannot be cut into windows again";
        cx.say(
            Diagnostic::new(Code::MisplacedOperator, operator.name.span, message)
                .also(open.span, "the window in force")
                .help("aggregate the first one before: `.window(1m).aggregate(n: count()).window(1h)`"),
        );
        return;
    }
    let window = if operator.name.name == "session_window" {
        session_window(cx, flow, operator)
    } else {
        any_window(cx, flow, operator)
    };
    let Some(window) = window else {
        // What follows is looked at as if a window were there.
        let (size, gap) = (1, 1);
        let closed = Window::Time {
            size,
            slide: gap,
            offset: 0,
            align_first: false,
        };
        flow.window = Some(open(closed, operator.span, false));
        return;
    };
    let fused = is_fused(window, rest);
    let aggregates = rest.first().is_some_and(|next| next.name.name == "aggregate");
    if !fused && !aggregates && matches!(window, Window::Trailing { .. }) {
        trailing_needs_aggregate(cx, operator, rest);
    }
    flow.window = Some(open(window, operator.span, false));
    flow.leave_aggregation();
    flow.aggregated = None;
    if !fused {
        place(cx, flow);
    }
}

fn open(window: Window, span: Span, placed: bool) -> Open {
    Open { window, span, placed }
}

/// Lets the rows of each window come together from here on.
pub(super) fn place(cx: &mut Cx<'_>, flow: &mut Flow) {
    let Some(open) = &mut flow.window else { return };
    if open.placed {
        return;
    }
    open.placed = true;
    let (window, span) = (open.window, open.span);
    let (start, end) = (name_field(cx, "window_start"), name_field(cx, "window_end"));
    flow.push(Op::Window { window, start, end }, span);
    if has_times(window) {
        flow.add(&[("window_start", Type::Timestamp), ("window_end", Type::Timestamp)]);
    }
}

/// The field of a one-key path.
pub(super) fn name_field(cx: &mut Cx<'_>, name: &str) -> FieldId {
    cx.query.fields.intern(Path::key(name))
}

/// Whether windows have a start and an end in time.
pub(super) fn has_times(window: Window) -> bool {
    !matches!(window, Window::Count { .. })
}

/// Whether the aggregation can make the windows itself: nothing but filters stands before it, and
/// they may as well stand before the window. They may not where the rows that they drop decide how
/// windows are cut, or where they ask for the window.
fn is_fused(window: Window, rest: &[Operator]) -> bool {
    let may_filter = matches!(window, Window::Time { align_first: false, .. });
    for operator in rest {
        match operator.name.name.as_str() {
            "aggregate" => return !calls(operator, "lead"),
            "where" | "filter" if may_filter && !asks_for_window(operator) && !calls(operator, "lead") => {}
            "partition_by" if may_filter => {}
            "context" | "watermark" | "allowed_lateness" => {}
            _ => return false,
        }
    }
    false
}

fn exprs(operator: &Operator) -> impl Iterator<Item = &Expr> {
    operator.args.iter().filter_map(|arg| match &arg.value {
        ArgValue::Expr(expr) | ArgValue::Sorted(expr, _) => Some(expr),
        ArgValue::Step(_) => None,
    })
}

fn asks_for_window(operator: &Operator) -> bool {
    exprs(operator).any(|expr| mentions(expr, &["window_start", "window_end"]))
}

/// Whether a function is called in the arguments of an operator.
pub(super) fn calls(operator: &Operator, function: &str) -> bool {
    let mut found = false;
    for expr in exprs(operator) {
        walk(expr, &mut |expr, _| {
            found |= crate::resolve::walk::plain_call(expr).is_some_and(|(name, _)| name.name == function);
            !found
        });
    }
    found
}

fn trailing_needs_aggregate(cx: &mut Cx<'_>, operator: &Operator, rest: &[Operator]) {
    let message = "a window of `every: event` needs `.aggregate` directly after it";
    let mut diagnostic = Diagnostic::new(Code::BadWindow, operator.span, message);
    let between = rest
        .iter()
        .take_while(|operator| operator.name.name != "aggregate")
        .count();
    diagnostic = if between < rest.len() {
        diagnostic
            .also(rest[0].name.span, "stands between")
            .help("what chooses or changes rows belongs before `.window`, what looks at the result after `.aggregate`")
    } else {
        diagnostic.help("for each event it holds the events before it: `.aggregate(n: count())`")
    };
    cx.say(diagnostic);
}

/// `.session_window(gap: 30m)`
fn session_window(cx: &mut Cx<'_>, flow: &Flow, operator: &Operator) -> Option<Window> {
    let example = ".session_window(gap: 30m)";
    let args = args::sort(cx, operator, &["gap"]);
    let expr = match args.get("gap") {
        Some(expr) => {
            args.no_plain(cx, example);
            expr
        }
        None => args.only(cx, example)?,
    };
    let gap = positive(cx, flow.module, expr, "the gap of a session")?;
    Some(Window::Session { gap })
}

/// A window's length.
#[derive(Clone, Copy, PartialEq)]
enum Size {
    Time(i64),
    Rows(u64),
}

fn any_window(cx: &mut Cx<'_>, flow: &Flow, operator: &Operator) -> Option<Window> {
    let args = args::sort(cx, operator, NAMES);
    if let Some(session) = args.get("session") {
        if let Some(expr) = args.plain.first() {
            let message = "a session has no length, only a gap";
            cx.say(Diagnostic::new(Code::BadWindow, expr.span, message).help("write `.window(session: 30m)`"));
            return None;
        }
        only_with(cx, &args, &["session"], "a session");
        let gap = positive(cx, flow.module, session, "the gap of a session")?;
        return Some(Window::Session { gap });
    }
    let length = args.only(cx, EXAMPLE)?;
    let size = size(cx, flow, length, "a window")?;
    match (size, args.get("every")) {
        (_, Some(every)) => trailing(cx, flow, &args, size, every),
        (Size::Time(size), None) => time_window(cx, flow, &args, size),
        (Size::Rows(size), None) => {
            only_with(cx, &args, &["sliding", "slide", "partial"], "a window of rows");
            let slide = match slide(cx, flow, &args, Size::Rows(size))? {
                Size::Rows(slide) => slide,
                Size::Time(_) => return None,
            };
            let partial = match args.get("partial") {
                Some(expr) => args::flag(cx, flow.module, expr)?,
                None => false,
            };
            Some(Window::Count { size, slide, partial })
        }
    }
}

fn time_window(cx: &mut Cx<'_>, flow: &Flow, args: &Args<'_>, size: i64) -> Option<Window> {
    let allowed = ["sliding", "slide", "align", "offset"];
    only_with(cx, args, &allowed, "a window of time");
    let slide = match slide(cx, flow, args, Size::Time(size))? {
        Size::Time(slide) => slide,
        Size::Rows(_) => return None,
    };
    let align_first = match args.get("align") {
        Some(expr) => word(cx, flow, expr, &["first", "epoch"])? == "first",
        None => false,
    };
    let offset = match args.get("offset") {
        Some(expr) => offset(cx, flow, expr, slide, align_first)?,
        None => 0,
    };
    if args.get("align").is_none() && args.get("offset").is_none() {
        note_alignment(cx, args, size == slide);
    }
    Some(Window::Time {
        size,
        slide,
        offset,
        align_first,
    })
}

/// Programs of the public engine may rely on where it lets windows begin.
fn note_alignment(cx: &mut Cx<'_>, args: &Args<'_>, tumbling: bool) {
    let Some(span) = args.plain.first().map(|expr| expr.span) else {
        return;
    };
    let epoch = "`align: \"epoch\"` says that the clock is meant, and ends this note";
    if tumbling {
        cx.note_difference(
            "tumbling windows",
            span,
            "windows are aligned to the clock; the public engine begins the first one at the first event",
            &format!("`align: \"first\"` does so here; {epoch}"),
        );
    } else {
        cx.note_difference(
            "sliding windows",
            span,
            "windows lie on the grid of the clock, without their end; the public engine closes one at every event",
            &format!("for a window at every event write `every: event`; {epoch}"),
        );
    }
}

fn offset(cx: &mut Cx<'_>, flow: &Flow, expr: &Expr, slide: i64, align_first: bool) -> Option<i64> {
    let offset = args::duration(cx, flow.module, expr)?;
    if align_first {
        let message =
            "`offset` shifts windows that are aligned to the clock; `align: \"first\"` begins them at the first event";
        cx.say(Diagnostic::new(Code::BadWindow, expr.span, message).help("give one of the two"));
        return None;
    }
    if offset >= slide {
        let (offset, slide) = (span_of_time(offset), span_of_time(slide));
        let message = format!("an offset of {offset} is no shift within a grid of {slide}");
        cx.say(
            Diagnostic::new(Code::BadWindow, expr.span, message)
                .label(format!("the grid repeats every {slide}: the offset is less than that")),
        );
        return None;
    }
    Some(offset)
}

/// `every: event`
fn trailing(cx: &mut Cx<'_>, flow: &Flow, args: &Args<'_>, size: Size, every: &Expr) -> Option<Window> {
    if !is_word(every, "event") {
        let diagnostic = Diagnostic::new(Code::BadWindow, every.span, "`every` knows one word: `every: event`");
        cx.say(match every.kind {
            ExprKind::Lit(Value::Duration(_) | Value::Int(_)) => {
                let step = cx.sources.slice(every.span).to_owned();
                diagnostic.help(format!("for windows that begin every so often write `sliding: {step}`"))
            }
            _ => diagnostic.help("a window for each event, of the time before it: `.window(5m, every: event)`"),
        });
        return None;
    }
    only_with(cx, args, &["every", "bounds"], "a window of `every: event`");
    let Size::Time(size) = size else {
        let span = args.plain.first().map_or(every.span, |expr| expr.span);
        cx.say(
            Diagnostic::new(Code::BadWindow, span, "a window of `every: event` has a length in time")
                .help("for the last 100 rows at each row write `.window(100, sliding: 1)`"),
        );
        return None;
    };
    let closed = match args.get("bounds") {
        Some(expr) => word(cx, flow, expr, &["closed", "half_open"])? == "closed",
        None => false,
    };
    Some(Window::Trailing { size, closed })
}

/// Says that an argument has no meaning for this kind of window.
fn only_with(cx: &mut Cx<'_>, args: &Args<'_>, allowed: &[&str], kind: &str) {
    for (name, _) in &args.named {
        if allowed.contains(&name.name.as_str()) {
            continue;
        }
        let message = format!("`{}` has no meaning for {kind}", name.name);
        let help = match name.name.as_str() {
            "bounds" => "it belongs to `every: event`: `.window(5m, every: event, bounds: \"closed\")`",
            "partial" => {
                "it belongs to windows of rows: `.window(100, partial: true)`; the last window of time is always emitted"
            }
            "align" | "offset" => "it belongs to windows of time: `.window(1h, offset: 30m)`",
            "sliding" | "slide" => "it belongs to windows of time or rows: `.window(5m, sliding: 1m)`",
            _ => "take it out",
        };
        cx.say(Diagnostic::new(Code::BadWindow, name.span, message).help(help));
    }
}

/// From one window to the next; as long as the window itself where nothing is said.
fn slide(cx: &mut Cx<'_>, flow: &Flow, args: &Args<'_>, of: Size) -> Option<Size> {
    if let (Some(_), Some(again)) = (args.get("sliding"), args.get("slide")) {
        cx.say(Diagnostic::new(
            Code::BadWindow,
            again.span,
            "`slide` is another name for `sliding`; give one of them",
        ));
        return None;
    }
    let Some(expr) = args.get("sliding").or_else(|| args.get("slide")) else {
        return Some(of);
    };
    let slide = size(cx, flow, expr, "the step of a window")?;
    let (message, help) = match (of, slide) {
        (Size::Time(size), Size::Time(slide)) if slide <= size => return Some(Size::Time(slide)),
        (Size::Rows(size), Size::Rows(slide)) if slide <= size => return Some(Size::Rows(slide)),
        (Size::Time(_), Size::Rows(_)) => ("a window of time slides by time", "for example `sliding: 1m`"),
        (Size::Rows(_), Size::Time(_)) => ("a window of rows slides by rows", "for example `sliding: 10`"),
        _ => (
            "the step is longer than the window",
            "rows between two windows would be in none; filter them out, or make the window longer",
        ),
    };
    cx.say(Diagnostic::new(Code::BadWindow, expr.span, message).help(help));
    None
}

fn size(cx: &mut Cx<'_>, flow: &Flow, expr: &Expr, what: &str) -> Option<Size> {
    let value = cx.constant_expr(flow.module, expr)?;
    match value {
        Value::Duration(ns) if ns > 0 => return Some(Size::Time(ns)),
        Value::Int(n) if n > 0 => return Some(Size::Rows(n.cast_unsigned())),
        _ => {}
    }
    let message = match value {
        Value::Duration(0) | Value::Int(0) => format!("{what} of length zero holds nothing"),
        Value::Duration(_) | Value::Int(_) => format!("{what} cannot be of negative length"),
        ref other => format!(
            "{what} is a duration or a number of rows, not {}",
            shown(&type_of(other))
        ),
    };
    cx.say(Diagnostic::new(Code::BadWindow, expr.span, message).help("for example `.window(5m)` or `.window(100)`"));
    None
}

/// A positive duration.
pub(in crate::resolve) fn positive(cx: &mut Cx<'_>, module: usize, expr: &Expr, what: &str) -> Option<i64> {
    let ns = args::duration(cx, module, expr)?;
    if ns == 0 {
        let message = format!("{what} must be longer than zero");
        cx.say(Diagnostic::new(Code::OperatorArguments, expr.span, message));
        return None;
    }
    Some(ns)
}

/// Whether an argument is this word, bare or as text.
fn is_word(expr: &Expr, word: &str) -> bool {
    match &expr.kind {
        ExprKind::Name(name) => name.name == word,
        ExprKind::Lit(Value::Str(text)) => **text == *word,
        _ => false,
    }
}

/// One of some words, as text.
fn word(cx: &mut Cx<'_>, flow: &Flow, expr: &Expr, words: &'static [&'static str]) -> Option<&'static str> {
    let found = match &expr.kind {
        ExprKind::Name(name) if cx.lookup(flow.module, &name.name).is_none() => name.name.clone(),
        _ => args::text(cx, flow.module, expr)?,
    };
    let known = words.iter().find(|word| **word == found).copied();
    if known.is_none() {
        let quoted: Vec<String> = words.iter().map(|word| format!("`\"{word}\"`")).collect();
        let message = format!("`{found}` is none of the words that may stand here");
        let diagnostic = Diagnostic::new(Code::BadWindow, expr.span, message);
        cx.say(diagnostic.help(format!("the words are {}", quoted.join(" and "))));
    }
    known
}

/// A duration as programs write it.
fn span_of_time(ns: i64) -> String {
    let units = [
        ("d", 86_400_000_000_000),
        ("h", 3_600_000_000_000),
        ("m", 60_000_000_000),
        ("s", 1_000_000_000),
        ("ms", 1_000_000),
        ("us", 1_000),
    ];
    let unit = units.iter().find(|(_, length)| ns != 0 && ns % length == 0);
    unit.map_or_else(|| format!("{ns}ns"), |(name, length)| format!("{}{name}", ns / length))
}
