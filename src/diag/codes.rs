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
    BadTarget = 129, Error, "cannot be assigned to",
        "Left of `=` stands a variable, a field or an element: `n = 1`, `state.count += 1`, `xs[0] = 2`. To compare, write `==`.";
    NotAStep = 130, Error, "clause on an expression",
        "`where`, `as` and `within` in the argument of an operator belong behind the name of an event or stream: `.not(Logout where user == l.user)`.";

    // 02xx: names, types, schemas
    UnknownField = 203, Error, "unknown field",
        "A declared event has no field of this name.";

    // 04xx: not supported
    NotSupported = 401, Error, "not supported yet",
        "The construct is part of the language, but this version does not execute it.";

    // 06xx: warnings and notes
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
