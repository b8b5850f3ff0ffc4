//! Every diagnostic code, in ranges by stage; a code is never reused.
//!
//! `VPL01xx` text and grammar, `VPL02xx` names, types and schemas, `VPL03xx` streams and operators,
//! `VPL04xx` not supported, `VPL05xx` configuration and command line, `VPL06xx` warnings and notes.

use super::Severity;

macro_rules! codes {
    ($($variant:ident = $number:literal, $severity:ident, $title:literal, $text:literal;)*) => {
        /// A diagnostic code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Code {
            $(#[doc = $title] $variant = $number,)*
        }

        impl Code {
            /// All codes, in order.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// How grave a diagnostic of this code is.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Code::$variant => Severity::$severity,)* }
            }

            /// What the code stands for, in a few words.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Code::$variant => $title,)* }
            }

            /// The paragraph that `varpulis explain CODE` prints (plain text, may hold an example).
            #[must_use]
            pub fn explanation(self) -> &'static str {
                match self { $(Code::$variant => $text,)* }
            }
        }
    };
}

codes! {
    // 01xx: text and grammar
    UnexpectedToken = 101, Error, "unexpected token",
        "The parser met something that cannot stand at this place. The label names what could: `stream X = A .where()` has a closing bracket where an expression is expected. Look also at what stands just before: often a comma, a bracket or an operator is missing there.";
    UnexpectedCharacter = 102, Error, "unexpected character",
        "Outside of strings and comments a program is made of ASCII letters, digits, `_` and the signs of the language. Any other name is written in backticks: `` `größe` ``, `` `@timestamp` ``. Characters that only look like a sign of the language, such as a long dash or a no-break space, come from word processors; retype them.";
    UnclosedString = 103, Error, "unclosed string",
        "A string ends with the quote it began with, on the same line. A line break inside a string is written `\\n`; a quote inside `\"..\"` is written `\\\"`.";
    UnclosedBracket = 104, Error, "unclosed bracket",
        "Every `(`, `[` and `{` is closed by its partner. The first label shows the bracket that is never closed, the second the place where at last it should have been: the beginning of the next statement, another bracket's end, or the end of the program.";
    StrayBracket = 105, Error, "stray closing bracket",
        "A `)`, `]` or `}` closes nothing, or not what was opened last: `f(a])`. Take it away or open its partner.";
    BadEscape = 106, Error, "unknown escape",
        "In `\"..\"` and `f\"..\"` a backslash begins one of the escapes `\\n \\t \\r \\0 \\\\ \\\" \\u{e9}`; in an f-string a brace is doubled to mean itself. Regular expressions are easier to read as raw strings, which have no escapes: `r\"\\d+\"` or `'\\d+'`.";
    BadNumber = 107, Error, "malformed number",
        "A number is `42`, `1_000`, `0xff`, `3.14` or `1e9`, and fits 64 bits. Letters right behind a number make it a duration, so they must be units of time; a duration has no fraction: an hour and a half is `1h30m`. A name cannot begin with a digit, except in backticks.";
    UnknownUnit = 108, Error, "unknown unit of time",
        "The units of durations are `ns us ms s m h d w`: `5m` is five minutes, `1h30m` an hour and a half. Long names like `5mins` are not units.";
    BadTimestamp = 109, Error, "malformed timestamp",
        "A timestamp is `@2026-01-23`, `@2026-01-23T10:00:00Z` or `@2026-01-23T10:00:00.123+02:00`: a date that exists, and after `T` a time of day with an optional zone (UTC without one). A field that is called `@timestamp` is written in backticks.";
    MixedTabs = 110, Error, "tabs mixed with spaces",
        "Within one statement lines are indented with tabs or with spaces, never with both: how wide a tab is depends on the editor, so the columns of the two cannot be compared. Spaces are the better choice.";
    BadIndentation = 111, Error, "inconsistent indentation",
        "A line begins in the column of the block it belongs to. A deeper line continues the line before it, a line further left closes blocks and must then stand in the column of one that is still open. The message names both columns.";
    MissingBlock = 112, Error, "missing block",
        "A line that ends with `:` (or a lambda's `=>`) opens a block, and the lines below it must be indented deeper than it. An event without fields is declared without a colon: `event Ping`.";
    AssignInCondition = 113, Error, "`=` in a condition",
        "`=` gives a value to a name; `==` compares two values. `where user = \"root\"` is meant to be `where user == \"root\"`.";
    ForeignOperator = 114, Error, "operator of another language",
        "The logical operators are the words `and`, `or` and `not`, as in `where not a and b`; equality is `==` and `!=`. `&&`, `||`, `!`, `===` and `<>` come from other languages.";
    MissingColon = 115, Error, "missing colon",
        "The first line of an `event`, `fn`, `if`, `for`, `while`, `match`, `try` or `config` ends with `:` when a block follows. Without it the indented lines below would be read as its continuation.";
    FromAfterEquals = 116, Error, "`from` after `=`",
        "A stream is declared as `stream X = Y` or as `stream X from Y`. The two mean the same; they do not go together.";
    Semicolon = 117, Error, "semicolon at the end of a line",
        "Statements end with their line, so no `;` is needed. Only in a block in braces does `;` separate: `e => { let n = e.x; n + 1 }`.";
    ElseIf = 118, Error, "`else if`",
        "A further condition of an `if` block is `elif`: `if a: .. elif b: .. else: ..`.";
    SingleQuoteEscape = 119, Error, "escape in single quotes",
        "A string in single quotes is raw: a backslash in it is a backslash, also before a quote, so that `'don\\'t'` ends after `don\\`. A quote is doubled there, as in SQL: `'don''t'`.";
    ThinArrow = 120, Error, "`->` in a lambda",
        "A lambda is `x => x + 1`. The thin arrow `->` joins the steps of a pattern: `Login -> Transfer`.";
    SmartQuotes = 121, Error, "typographic quotes",
        "Word processors and chat programs turn straight quotes into typographic ones. Strings stand between straight quotes: `\"text\"`.";
    KeywordAsName = 122, Error, "keyword used as a name",
        "Few words are always keywords: `and or not in is true false null if then elif else match for while break continue return let var`; an event in a pattern may not be called `where as within all not next each any and or partition` either. Any name at all can be written in backticks: `` `match` ``.";
    TooDeep = 123, Error, "nested too deeply",
        "Brackets, blocks and operators of one statement are nested deeper than the fixed limit of 256 levels. Long chains of `and` and `or` do not count, and `x in [..]` is shorter still. Give parts of the expression names with `let`, or move them into a `fn`.";
    TooManyErrors = 124, Note, "too many errors",
        "Only the first errors of a text are shown. Most often the rest follows from them, or the file is no VarpulisQL program at all.";
    NotAStatement = 125, Error, "not a statement",
        "At the top, a program is made of statements that begin with one of `import type const let var param fn event stream pattern config embedding_config connector`, each at the start of a line. Loops, conditions and expressions belong in the body of a `fn` or in the operators of a stream.";
    UnclosedComment = 126, Error, "unclosed comment",
        "A comment that begins with `/*` ends with `*/`. A comment to the end of the line begins with `#`.";
    ClauseTwice = 127, Error, "clause given twice",
        "A step of a pattern has at most one `where`, one `as` and one `within`, in any order; the bracketed `Type[cond]` is a `where` too. Join conditions with `and`.";
    BadQuantifier = 128, Error, "impossible repetition",
        "In `{n,m}` n is at most m, and m at least 1. `X{0}` says nothing; that no X may come is written `not X`.";
    NotAssignable = 129, Error, "cannot be assigned to",
        "Left of `=` stands a variable, a field or an element: `n = 1`, `state.count += 1`, `xs[0] = 2`. To compare, write `==`.";
    NotAStep = 130, Error, "clause on an expression",
        "`where`, `as` and `within` in the argument of an operator belong behind the name of an event or stream: `.not(Logout where user == l.user)`.";

    // 02xx: names, types, schemas
    UnknownName = 201, Error, "unknown name",
        r#"Nothing is known by this name at a place where no event is at hand: in a constant, a
parameter's default or a setting. Only constants and parameters may be named there.

    const LIMIT = treshold * 2      # nothing is called `treshold`

Mend: name a constant that is declared.

    const threshold = 100
    const LIMIT = threshold * 2"#;
    UnknownEvent = 202, Error, "unknown event",
        r#"`extends` and `.validate` need an event that the program declares.

    event AdminLogin extends Logn:  # no event `Logn` is declared
        ticket: str

Mend: declare the event, or correct the name."#;
    UnknownField = 203, Error, "unknown field",
        r#"The row at hand has no field of this name: the event's declaration does not name it, or an
operator before (`.select`, `.map`, `.emit`) has left it out. A misspelt field would silently be
null in every row, so it is an error.

    event Login:
        user: str
        ip: str
    stream Root = Login .where(usr == "root")   # `Login` has no field `usr`

Mend: correct the name, declare the field, or, for a field that the declaration is not to check,
write its name in backticks (with a warning).

    stream Root = Login .where(user == "root")"#;
    UnknownFunction = 204, Error, "unknown function",
        r#"No function has this name. `s.upper()` and `upper(s)` are the same call.

    .where(startswith(path, "/tmp"))

Mend: `.where(starts_with(path, "/tmp"))`. The functions are listed in varpulisql(7)."#;
    UnknownImport = 205, Error, "unknown import",
        r#"A name of the form `lib.Name` refers to an import that is not there, or to something that the
imported file does not declare.

    import "common.vpl" as lib
    stream X = lib.Logins           # common.vpl declares no `Logins`

Mend: correct the name. A name that itself holds a point is written in backticks: `auth.login`."#;
    DeclaredTwice = 206, Error, "declared twice",
        r#"Events, streams, constants, types, functions and patterns of one file share one space of names.

    event Login: user: str
    stream Login = Login            # the event has the name already

Mend: give one of them another name."#;
    ExtendsCycle = 207, Error, "events extend each other",
        r#"An event cannot extend itself, directly or by way of others.

    event A extends B
    event B extends A

Mend: put the shared fields into an event of their own, and let both extend it."#;
    DuplicateField = 208, Error, "field declared twice",
        r#"An event names each of its fields once. An event that extends another may repeat a field only
with the same type, since whoever reads the base reads this event too.

    event Login:
        user: str
        user: str?

Mend: take one of them out."#;
    ReservedName = 209, Error, "reserved name",
        r#"`any`, and the pseudo-fields `_time _type _seq _source _partition` that every event has, cannot
be declared.

    event Login:
        _time: timestamp

Mend: choose another name, and say where the log has the value.

    event Login:
        at: timestamp from "_time""#;
    UnknownType = 210, Error, "unknown type",
        r#"No type has this name. The basic types are `int float bool str timestamp duration any`; lists are
`[T]`, maps `{K: V}`, optional values `T?`.

    event Login:
        user: string                # text is `str` here

Mend: `user: str`."#;
    TypeMismatch = 211, Error, "types do not fit",
        r#"An operator is applied to values it is not made for, or a value is not of the declared type.

    .emit(text: "user " + uid)      # `uid` is an int

Mend: convert one side.

    .emit(text: "user " + str(uid))
    .emit(text: f"user {uid}")"#;
    UnlikeComparison = 212, Error, "comparison of unlike types",
        r#"The two sides are of types that are never equal and have no order. Such a comparison is always
false (`!=`: always true), which is hardly meant.

    .where(status == "200")         # `status` is an int

Mend: `.where(status == 200)`."#;
    ConditionNotBool = 213, Error, "condition is no bool",
        r#"Conditions are true or false; numbers and texts do not count as either.

    .where(error_count)

Mend: say what is asked.

    .where(error_count > 0)"#;
    WrongArgumentType = 214, Error, "argument of the wrong type",
        r#"A function takes another type at this place.

    .where(lower(port) == "ssh")    # `port` is an int

Mend: convert the argument, `lower(str(port))`, or use another function."#;
    WrongArgumentCount = 215, Error, "wrong number of arguments",
        r#"A function is called with too few or too many arguments, or without the lambda it needs.

    .emit(parts: split(path))

Mend: `split(path, "/")`. Aggregates over the rows of a window (`count()`) belong into `.aggregate`."#;
    UnknownArgument = 216, Error, "unknown argument",
        r#"An operator has no argument of this name, or a function is given one by name.

    .distinct(user, withn: 1h)

Mend: `.distinct(user, within: 1h)`."#;
    NotConstant = 217, Error, "not a constant",
        r#"The value must be known before the run: it may not depend on an event, on chance, or on itself.

    const A = B + 1
    const B = A + 1

Mend: break the circle; compute what depends on an event where the event is."#;
    ConstantFails = 218, Error, "constant cannot be computed",
        r#"Evaluating the constant gives an error: an overflow, an integer division by zero, a conversion.

    const RATE = 1 % 0

Mend: correct the expression."#;
    WrongKind = 219, Error, "name of the wrong kind",
        r#"The name is known, but as something else: a constant where a stream is needed, a stream where a
value is needed.

    const Limit = 10
    stream X = Limit

Mend: name something of the right kind."#;
    ImportUnreadable = 220, Error, "import cannot be read",
        r#"The imported file is not there or cannot be read. Paths are relative to the importing file.

    import "lib/comon.vpl" as common

Mend: correct the path."#;
    ImportCycle = 221, Error, "imports go round in a circle",
        r#"A file imports itself, directly or by way of others.

    # a.vpl
    import "b.vpl" as b
    # b.vpl
    import "a.vpl" as a

Mend: move what both need into a third file that imports neither."#;
    BadTypeTest = 222, Error, "type that `is` cannot ask for",
        r#"`is` asks which type a value has; no value is of type `any`, `T?` or `Stream<E>` and no other.

    .where(x is int?)

Mend: `.where(x is int or x == null)`."#;
    LambdaPlace = 223, Error, "lambda out of place",
        r#"A lambda is an argument of list functions and of some operators, never a value; and `.map` and
`.flat_map` take nothing else.

    .map(user)

Mend: `.map(e => { user: e.user })`."#;
    ClaimedTwice = 224, Error, "records claimed by two events",
        r#"Each record is of one event. Two events with the same name of type in the log, by their own names
or by `from`, would both claim it.

    event Login from "auth":
        user: str
    event Logout from "auth":
        user: str

Mend: declare the event once, and tell the records apart by conditions of streams."#;
    BadPattern = 225, Error, "pattern is not valid",
        r#"The pattern is not a regular expression of the Rust `regex` crate, which has no look-around and no
back-references; or the network of a `cidr_match` is none.

    .where(regex_match(cmd, "(?!sudo)"))
    .where(cidr_match(ip, "10.0.0.0/33"))

Mend: write the expression without them, for example `not regex_match(cmd, "sudo")`; write a network
as `10.0.0.0/8` or `2001:db8::/32`."#;
    EventMisfit = 226, Error, "row does not fit the event",
        r#"`.emit as T` makes events of a declared type: all its required fields must be there, of their
types, and no others.

    event Alert:
        user: str
        score: float
    stream X = Login .emit as Alert (user: user)    # `score` is missing

Mend: `.emit as Alert (user: user, score: 1.0)`."#;
    EnvPlace = 227, Error, "`env` out of place",
        r#"What a stream does must not depend on the machine, so `env("NAME")` may stand in `connector` and
`config` only.

    .where(user == env("ADMIN"))

Mend: a parameter, set with `--param admin=root`.

    param admin: str
    stream X = Login .where(user == admin)"#;
    BadFieldPath = 228, Error, "not a path to a field",
        r#"`from "a.b.c"` names keys with points between them; a key may not be empty.

    event Login:
        user: str from "actor..name"

Mend: `from "actor.name"`."#;
    BlockWithoutValue = 229, Error, "block without a value",
        r#"The block of a lambda or of a match arm is a row of bindings and a last expression, which is its
value.

    .map(e =>
        let n = e.amount * 2
    )

Mend: end it with the value.

    .map(e =>
        let n = e.amount * 2
        { twice: n }
    )"#;

    FunctionPlace = 230, Error, "function out of place",
        r#"Aggregates (`count`, `percentile` ..) are of the rows of a window and stand in `.aggregate`; they
cannot be of each other. Row functions (`lag`, `lead`, `row_number`, `rank`) look at rows near this one
and stand in the arguments of a stream's operators; `lead` only between `.window` and `.aggregate`.

    stream X = Trade .select(p95: percentile(price, 0.95))
    stream Y = Trade .select(next: lead(price))

Mend: aggregate over a window, and look back rather than ahead.

    stream X = Trade .window(5m) .aggregate(p95: percentile(price, 0.95))
    stream Y = Trade .select(change: price - lag(price))"#;
    NeedsInput = 231, Error, "input of a join not named",
        r#"The rows of a join hold a record of each input. A bare name is read only where exactly one input is
known to have the field.

    stream J = join(stream O from Order, stream P from Payment on O.id == P.order_id)
        .window(5m)
        .emit(amount: amount)       # of the order or of the payment?

Mend: `.emit(amount: O.amount)`."#;
    NeedsStep = 232, Error, "step of a pattern not named",
        r#"The rows behind a pattern hold a record of each named step, and the keys of its partition. A bare name
does not say of which event it is.

    stream S = Login as l -> Transfer as t
        .partition_by(user)
        .within(5m)
        .emit(amount: amount)       # of the login or of the transfer?

Mend: `.emit(amount: t.amount)`."#;
    StatementPlace = 233, Error, "statement out of place",
        r#"`break` and `continue` stand in loops; `emit` stands where rows can be made: in `.process(e => ..)`, in
`.on_error((error, e) => ..)`, and in functions that these call.

    stream X = Trade .map(e => { emit Big(price: e.price) })

Mend: `.process(e => { emit Big(price: e.price) })`."#;

    // 03xx: streams and operators
    StreamCycle = 301, Error, "streams read each other in a circle",
        r#"A stream cannot read its own rows, directly, by way of other streams, or as events that
`.emit as` makes.

    stream A = B .where(x > 1)
    stream B = A .where(x > 2)

Mend: let one of them read an event of the log."#;
    UnknownOperator = 302, Error, "unknown operator",
        r#"There is no stream operator of this name.

    stream X = Login .wher(user == "root")

Mend: `.where(user == "root")`. The operators are listed in varpulisql(7)."#;
    OperatorArguments = 303, Error, "arguments do not fit the operator",
        r#"An operator is given too few or too many arguments, or one of another kind than it takes.

    .limit("ten")
    .distinct(user, within: 60)     # 60 what?

Mend: `.limit(10)`, `.distinct(user, within: 60s)`."#;
    NeedsName = 304, Error, "field needs a name",
        r#"A computed field has no name of its own; only a plain field has.

    .emit(user, upper(host))

Mend: `.emit(user, host: upper(host))`."#;
    DuplicateColumn = 305, Error, "field given twice",
        r#"The fields of a row, and the keys of a map, have different names.

    .emit(user: a.user, user: b.user)

Mend: give one of them another name."#;
    MisplacedOperator = 306, Error, "operator out of place",
        r#"The operator belongs to something that is not before it: `.within` to a pattern, `.having` to
`.aggregate`, `as T` to `.emit`.

    stream X = Login .within(5m)

Mend: write the pattern, or take the operator out."#;
    BadOutput = 307, Error, "not an output",
        r#"`.to` takes paths whose ending names the format, or a declared connector.

    .to("alerts.txt")

Mend: `.to("alerts.jsonl")`."#;

    BadWindow = 308, Error, "not a window",
        r#"Windows have a positive length, in time or in rows, and a step that is no longer than it. `align`
and `offset` belong to windows of time, `partial` to windows of rows, `bounds` to `every: event`, and
a window of `every: event` is aggregated directly.

    .window(5m, sliding: 10m)
    .window(100, offset: 30m)

Mend: `.window(10m, sliding: 5m)`, `.window(1h, offset: 30m)`."#;
    BadJoin = 309, Error, "not a join",
        r#"A join has two inputs or more (outer and as-of joins exactly two) with names of their own, says with
`on` which rows belong together, and directly after it how far apart in time they may lie: `.window`,
for `asof_join` `.within`.

    stream J = join(stream A from Order, stream B from Payment on A.id == B.order_id)

Mend: without a bound every row would have to be kept to the end of the log.

    stream J = join(stream A from Order, stream B from Payment on A.id == B.order_id) .window(5m)"#;
    BadTable = 310, Error, "not a lookup",
        r#"`.enrich` looks up a key in a table that a connector names, and adds the fields that it is told to:
the columns of the table are not known before the run.

    connector Users = file(path: "users.csv", key: "id")
    stream X = Login .enrich(Users, key: user)

Mend: `.enrich(Users, key: user, fields: [department])`."#;

    BadSequence = 311, Error, "not a sequence pattern",
        r#"The steps of a pattern, or what stands behind it, do not go together: an absence in last place that
does not say for how long, a name that two steps have, all combinations without a bound in time.

    stream S = Order as o -> not Payment where order == o.id

Mend: `-> not Payment where order == o.id within 1h`. varpulisql(7) has the rules."#;

    // 04xx: not supported
    BadAttention = 312, Error, "not an attention window",
        r#"An attention window compares events by their features. These come from the declaration of the event,
or from an `embedding_config` that names them; events of which nothing is declared need one.

    embedding_config:
        numeric_features:
            - { field: "amount", transform: "log_scale" }
    stream Odd = Payment .attention_window(count: 200) .where(attention_novelty(event) > 0.995)"#;
    NotSupported = 401, Error, "not supported yet",
        r#"The construct is part of the language, and the program may well be right, but this version does
not execute it. It is refused rather than ignored, so that no result is wrong in silence.

    connector K = kafka(brokers: "localhost:9092")

README.md lists what does not run, and why."#;

    // 05xx: configuration and command line
    UnknownConfigKey = 501, Error, "unknown configuration",
        r#"There is no setting of this name.

    config:
        paralelism: 4

Mend: `parallelism: 4`."#;
    BadConfigValue = 502, Error, "configuration of the wrong kind",
        r#"The setting takes another kind of value.

    config:
        watermark: 10

Mend: `watermark: 10s`."#;
    NotInReplay = 503, Error, "makes no sense in a replay",
        r#"The setting is one of a running service: a port to listen on, a broker to connect to. A replay has
none, and refuses it rather than ignoring it.

    config:
        metrics_port: 9090

Mend: take it out, or run with `--lenient`, which turns such refusals into warnings so that programs
of a running service can be replayed unchanged."#;
    ConfigTwice = 504, Error, "configured twice",
        r#"A setting is given once in a program, its imports included.

    config:
        mode: "throughput"
        mode: "balanced"

Mend: take one out."#;
    UnknownParam = 505, Error, "unknown parameter",
        r#"`--param` names something that the program does not declare with `param`.

    varpulis run query.vpl --param treshold=5

Mend: correct the name."#;
    MissingParam = 506, Error, "parameter without a value",
        r#"A parameter without a default must be set from outside.

    param threshold: int

Mend: `varpulis run query.vpl --param threshold=500`, or `param threshold: int = 500`."#;
    BadParamValue = 507, Error, "parameter of the wrong type",
        r#"The value given with `--param` is not of the declared type.

    param window: duration = 5m
    varpulis run query.vpl --param window=5

Mend: `--param window=5m`."#;

    // 06xx: warnings and notes
    UnusedStream = 601, Warning, "unused stream",
        r#"While any stream of a program emits, only those that do are written; this one neither emits nor is
read by another.

    stream Big = Trade .where(amount > 10_000)
    stream Small = Trade .where(amount < 10) .emit()

Mend: add `.emit()`, or take the stream out."#;
    UnusedName = 602, Warning, "unused name",
        r#"A constant, parameter or alias is declared and never used.

    let threshold = 100
    stream Big = Trade .where(amount > 10_000)

Mend: use it, or take it out."#;
    Shadowed = 603, Warning, "field hides a constant",
        r#"A declared field has the name of a constant; at this place the field is meant.

    let amount = 100
    event Trade: amount: float
    stream Big = Trade .where(amount > 10)

Mend: give the constant another name."#;
    DiffersFromPublic = 604, Note, "differs from the public engine",
        r#"The construct means something else here than in the public Varpulis engine, on purpose. It is said
once, with the first place.

    .emit(half: count / 2)          # 3 / 2 is 1.5 here, 1 there

The list of differences and their reasons is in varpulisql(7)."#;
    ConstantCondition = 605, Warning, "always the same",
        r#"A condition does not depend on the row, or a match arm is never reached.

    .where(1 > 2)

Mend: correct the condition. Conditions of parameters alone are not warned of."#;
    UndeclaredField = 606, Warning, "field that the declaration does not name",
        r#"A name in backticks reads a field that the event's declaration does not name: as it is found,
unchecked, null where it is missing.

    event Login: user: str
    stream X = Login .emit(user: user, agent: `user_agent`)

Mend: declare the field, `user_agent: str?`, to have it checked."#;
    NearlyDeclared = 607, Warning, "nearly the name of something declared",
        r#"A stream reads an event that is not declared, which is allowed, but whose name is nearly that of
something that is.

    event Login: user: str
    stream X = Logn                 # reads records of type `Logn`

Mend: correct the name, or declare the event."#;
    LastRowValue = 608, Warning, "value of the last row",
        r#"In `.aggregate` a field that stands outside of any aggregate function, and is no key of the partition,
has many values; the one of the last row is taken.

    stream X = Login .window(5m) .aggregate(user: user, n: count())

Mend: say so, `user: last(user)`, or have a row for each: `.partition_by(user)` before the window."#;
    UnboundedPattern = 609, Warning, "pattern without a bound in time",
        r#"Nothing says how far apart the first and the last event of a match may lie: what has once begun is
kept to the end of the log, and may match a year later.

    stream S = Login as l -> Logout where user == l.user

Mend: `.within(12h)` directly behind the pattern. The summary of a run says how many were waiting at
the end."#;
    Unreachable = 610, Warning, "without effect",
        r#"A statement that is never reached, because the one before it leaves, or a value that is computed and
thrown away.

    fn f(x):
        return x
        x + 1

Mend: take it out."#;
    FewerHeads = 611, Note, "fewer heads than asked for",
        r#"Each head of an attention window has at least one feature of the embedding, so there are no more heads
than features.

    .attention_window(duration: 30s, heads: 8, embedding: { numeric_features: [{ field: "amount" }] })

Mend: ask for as many heads as there are features, or fewer."#;
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VPL{:04}", *self as u16)
    }
}

impl std::str::FromStr for Code {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let number = text
            .strip_prefix("VPL")
            .or_else(|| text.strip_prefix("vpl"))
            .unwrap_or(text);
        let number: u16 = number.parse().map_err(|_| ())?;
        Self::ALL.iter().copied().find(|&code| code as u16 == number).ok_or(())
    }
}
