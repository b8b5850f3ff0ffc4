//! Tokens: what the lexer makes of the text, what layout and the word pass make of it, and what the
//! grammar reads.
//!
//! Every token keeps its bytes in the text; layout tokens are empty spans at the place where they act.

/// A token and its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    /// What it is.
    pub(super) tok: Tok,
    /// First byte.
    pub(super) start: u32,
    /// One past the last byte.
    pub(super) end: u32,
    /// Whether nothing but blanks and comments stands before it on its line.
    pub(super) first: bool,
}

macro_rules! tokens {
    (
        values { $($value:ident($ty:ty) = $value_text:literal,)* }
        plain { $($plain:ident = $text:literal,)* }
    ) => {
        /// The kinds of token.
        #[derive(Clone, Debug, PartialEq)]
        pub(in crate::syntax) enum Tok {
            $(#[doc = $value_text] $value($ty),)*
            $(#[doc = $text] $plain,)*
        }

        impl Tok {
            /// The token as the grammar spells it.
            pub(super) fn spelling(&self) -> &'static str {
                match self {
                    $(Self::$value(_) => $value_text,)*
                    $(Self::$plain => $text,)*
                }
            }
        }
    };
}

tokens! {
    values {
        Name(String) = "NAME",
        Str(String) = "STR",
        Int(i64) = "INT",
        Float(f64) = "FLOAT",
        Duration(i64) = "DURATION",
        Timestamp(i64) = "TIMESTAMP",
        FText(String) = "FTEXT",
    }
    plain {
        // 9223372036854775808: a number only behind a minus.
        IntMin = "INTMIN",
        FOpen = "FOPEN",
        FClose = "FCLOSE",
        HoleOpen = "HOLE{",
        HoleClose = "}HOLE",
        Newline = "NEWLINE",
        Indent = "INDENT",
        Dedent = "DEDENT",
        // A nested line that did not parse, in its stead.
        Broken = "BROKEN",
        LParen = "(",
        RParen = ")",
        LBracket = "[",
        RBracket = "]",
        LBrace = "{",
        RBrace = "}",
        // The opening bracket of `(a, b) => ..`.
        LambdaParen = "LAMBDA(",
        Comma = ",",
        Colon = ":",
        Semicolon = ";",
        Dot = ".",
        // The point before a stream operator.
        StreamDot = "STREAM.",
        Question = "?",
        Coalesce = "??",
        Plus = "+",
        Minus = "-",
        Dash = "DASH",
        Star = "*",
        Slash = "/",
        Percent = "%",
        Power = "**",
        Shl = "<<",
        Shr = ">>",
        Amp = "&",
        Caret = "^",
        Pipe = "|",
        Tilde = "~",
        EqEq = "==",
        NotEq = "!=",
        Lt = "<",
        Le = "<=",
        Gt = ">",
        Ge = ">=",
        Assign = "=",
        Walrus = ":=",
        PlusEq = "+=",
        MinusEq = "-=",
        StarEq = "*=",
        SlashEq = "/=",
        PercentEq = "%=",
        DotDot = "..",
        DotDotEq = "..=",
        Arrow = "->",
        FatArrow = "=>",
        // Hard keywords.
        And = "and",
        Or = "or",
        Not = "not",
        In = "in",
        Is = "is",
        True = "true",
        False = "false",
        Null = "null",
        If = "if",
        Then = "then",
        Elif = "elif",
        Else = "else",
        Match = "match",
        For = "for",
        While = "while",
        Break = "break",
        Continue = "continue",
        Return = "return",
        Let = "let",
        Var = "var",
        // Words that are keywords only in their place; the word pass decides.
        Event = "event",
        Stream = "stream",
        Pattern = "pattern",
        Config = "config",
        EmbeddingConfig = "embedding_config",
        Connector = "connector",
        Import = "import",
        Type = "type",
        Const = "const",
        Fn = "fn",
        Param = "param",
        Extends = "extends",
        From = "from",
        As = "as",
        Where = "where",
        Within = "within",
        // `within` that ends a pattern statement and bounds the whole pattern.
        TailWithin = "TAIL within",
        Partition = "partition",
        By = "by",
        On = "on",
        Asc = "asc",
        Desc = "desc",
        All = "all",
        Next = "next",
        Each = "each",
        Seq = "SEQ",
        AndOf = "AND",
        OrOf = "OR",
        Merge = "merge",
        Join = "join",
        LeftJoin = "left_join",
        RightJoin = "right_join",
        FullJoin = "full_join",
        AsofJoin = "asof_join",
        Timer = "timer",
        Emit = "emit",
        Raise = "raise",
        Try = "try",
        Catch = "catch",
        Finally = "finally",
    }
}

impl Tok {
    /// The hard keyword a word is, if it is one.
    pub(super) fn hard_keyword(word: &str) -> Option<Self> {
        Some(match word {
            "and" => Self::And,
            "or" => Self::Or,
            "not" => Self::Not,
            "in" => Self::In,
            "is" => Self::Is,
            "true" => Self::True,
            "false" => Self::False,
            "null" => Self::Null,
            "if" => Self::If,
            "then" => Self::Then,
            "elif" => Self::Elif,
            "else" => Self::Else,
            "match" => Self::Match,
            "for" => Self::For,
            "while" => Self::While,
            "break" => Self::Break,
            "continue" => Self::Continue,
            "return" => Self::Return,
            "let" => Self::Let,
            "var" => Self::Var,
            _ => return None,
        })
    }

    /// The statement a word begins when it is the first of a line at the top.
    pub(super) fn statement_keyword(word: &str) -> Option<Self> {
        Some(match word {
            "event" => Self::Event,
            "stream" => Self::Stream,
            "pattern" => Self::Pattern,
            "config" => Self::Config,
            "embedding_config" => Self::EmbeddingConfig,
            "connector" => Self::Connector,
            "import" => Self::Import,
            "type" => Self::Type,
            "const" => Self::Const,
            "fn" => Self::Fn,
            "param" => Self::Param,
            _ => return None,
        })
    }

    /// Whether the token is a word that is always a keyword.
    pub(super) fn is_hard_keyword(&self) -> bool {
        Self::hard_keyword(self.spelling()).is_some()
    }

    /// Whether it opens a bracket.
    pub(super) fn opens(&self) -> bool {
        matches!(
            self,
            Self::LParen | Self::LambdaParen | Self::LBracket | Self::LBrace | Self::FOpen | Self::HoleOpen
        )
    }

    /// Whether it closes a bracket.
    pub(super) fn closes(&self) -> bool {
        matches!(
            self,
            Self::RParen | Self::RBracket | Self::RBrace | Self::FClose | Self::HoleClose
        )
    }

    /// Whether an opening bracket is closed by `close`.
    pub(super) fn closed_by(&self, close: &Self) -> bool {
        matches!(
            (self, close),
            (Self::LParen | Self::LambdaParen, Self::RParen)
                | (Self::LBracket, Self::RBracket)
                | (Self::LBrace, Self::RBrace)
                | (Self::FOpen, Self::FClose)
                | (Self::HoleOpen, Self::HoleClose)
        )
    }
}
