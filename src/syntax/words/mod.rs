//! Which words are keywords here, and which points belong to the stream: a pass over one statement.
//!
//! Few words are always keywords. Every other one is a keyword only in its place, and the place is
//! seen from the tokens around it: a clause word stands behind something that ends an operand (where
//! no expression could go on with a name), a modifier before a name where a step begins, a statement
//! word first on its line. Behind a point, and before the colon of an argument, record, field or map,
//! every word is a name.
//!
//! Each token is looked at once, with the one before it and at most three behind it.

mod place;

use super::operators::is_operator;
use super::steps;
use super::token::{Tok, Token};
use crate::diag::{Code, Diagnostic, FileId, Span};
use place::{Level, ends_operand};

/// Marks the keywords of a statement. Errors are those that are certain from the words alone.
pub(super) fn mark(file: FileId, text: &str, tokens: &mut Vec<Token>) -> Vec<Diagnostic> {
    let closers = closers(tokens);
    let mut words = Words {
        file,
        text,
        closers,
        kind: Tok::Newline,
        levels: vec![Level::default()],
        doomed: Vec::new(),
        errors: Vec::new(),
    };
    steps::count(tokens.len());
    for at in 0..tokens.len() {
        words.token(tokens, at);
    }
    let mut doomed = std::mem::take(&mut words.doomed).into_iter().peekable();
    let mut index = 0;
    tokens.retain(|_| {
        let drop = doomed.next_if_eq(&index).is_some();
        index += 1;
        !drop
    });
    words.errors
}

/// For each opening bracket, the index of what closes it (0 elsewhere). Layout has balanced them.
fn closers(tokens: &[Token]) -> Vec<usize> {
    let mut closers = vec![0; tokens.len()];
    let mut open = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if token.tok.opens() {
            open.push(at);
        } else if token.tok.closes()
            && let Some(opener) = open.pop()
        {
            closers[opener] = at;
        }
    }
    closers
}

struct Words<'t> {
    file: FileId,
    text: &'t str,
    closers: Vec<usize>,
    /// The word that begins the statement.
    kind: Tok,
    /// One for each open bracket, and the statement's own. Never empty.
    levels: Vec<Level>,
    /// Tokens to leave out, in order.
    doomed: Vec<usize>,
    errors: Vec<Diagnostic>,
}

impl Words<'_> {
    fn level(&mut self) -> &mut Level {
        if self.levels.is_empty() {
            self.levels.push(Level::default());
        }
        let last = self.levels.len() - 1;
        &mut self.levels[last]
    }

    fn word(&self, token: &Token) -> &str {
        self.text.get(token.start as usize..token.end as usize).unwrap_or("")
    }

    fn span(&self, token: &Token) -> Span {
        Span::new(self.file, token.start as usize, token.end as usize)
    }

    fn token(&mut self, tokens: &mut [Token], at: usize) {
        let before = at.checked_sub(1).map(|before| tokens[before].tok.clone());
        let is_word = matches!(tokens[at].tok, Tok::Name(_)) || tokens[at].tok.is_hard_keyword();
        if is_word && self.is_name(tokens, at, before.as_ref()) {
            let name = match &tokens[at].tok {
                Tok::Name(name) => name.clone(),
                _ => self.word(&tokens[at]).to_owned(),
            };
            tokens[at].tok = Tok::Name(name);
        } else if matches!(tokens[at].tok, Tok::Name(_)) && !self.word(&tokens[at]).starts_with('`') {
            self.soft(tokens, at, before.as_ref());
        }
        match tokens[at].tok {
            Tok::Dot if self.kind == Tok::Stream && self.continues_stream(tokens, at) => {
                tokens[at].tok = Tok::StreamDot;
            }
            // First on a line of a block it is a tuple that an arm of `match` is about.
            Tok::LParen
                if !matches!(before, Some(Tok::Newline | Tok::Indent))
                    && matches!(tokens.get(self.closers[at] + 1), Some(next) if next.tok == Tok::FatArrow)
                    && self.closers[at] > at =>
            {
                tokens[at].tok = Tok::LambdaParen;
            }
            _ => {}
        }
        self.enter(&tokens[at].tok, before.as_ref());
    }

    /// Whether a word is a name because of the point before it or the colon behind it.
    fn is_name(&self, tokens: &[Token], at: usize, before: Option<&Tok>) -> bool {
        if matches!(before, Some(Tok::Dot | Tok::StreamDot)) {
            return true;
        }
        if !matches!(tokens.get(at + 1), Some(next) if next.tok == Tok::Colon) {
            return false;
        }
        let nested = self.levels.len() > 1;
        match before {
            Some(Tok::LParen | Tok::LBrace | Tok::Comma | Tok::LambdaParen) => nested,
            Some(Tok::Colon) => nested && self.level_ref().is_some_and(|level| !level.brackets),
            Some(Tok::Newline | Tok::Indent | Tok::Dash) => {
                matches!(self.kind, Tok::Event | Tok::Config | Tok::EmbeddingConfig)
            }
            _ => false,
        }
    }

    fn level_ref(&self) -> Option<&Level> {
        self.levels.last()
    }

    /// Decides about a word that is no hard keyword.
    fn soft(&mut self, tokens: &mut [Token], at: usize, before: Option<&Tok>) {
        let word = self.word(&tokens[at]).to_owned();
        let next = tokens.get(at + 1).map(|next| next.tok.clone());
        let keyword = match before {
            None => Tok::statement_keyword(&word),
            Some(before) => self
                .entry_word(&word, before, next.as_ref())
                .or_else(|| self.clause_word(&word, before, tokens, at))
                .or_else(|| self.step_word(&word, next.as_ref())),
        };
        if before.is_none()
            && let Some(kind) = &keyword
        {
            self.kind = kind.clone();
        }
        if word == "from" && keyword.is_none() && self.source_twice(tokens, at, next.as_ref()) {
            return;
        }
        if keyword.is_none() && before.is_some() {
            self.check_reserved(&word, tokens, at);
        }
        if let Some(keyword) = keyword {
            tokens[at].tok = keyword;
        }
    }

    /// Words that begin an entry of a block or the body of a lambda.
    fn entry_word(&self, word: &str, before: &Tok, next: Option<&Tok>) -> Option<Tok> {
        let starts = matches!(before, Tok::Newline | Tok::Indent | Tok::Dedent | Tok::FatArrow);
        match (word, next) {
            ("try", Some(Tok::Colon)) => Some(Tok::Try),
            ("catch", Some(Tok::Colon | Tok::Name(_))) if *before == Tok::Dedent => Some(Tok::Catch),
            ("finally", Some(Tok::Colon)) if *before == Tok::Dedent => Some(Tok::Finally),
            ("emit", Some(Tok::Name(_))) if starts => Some(Tok::Emit),
            ("const", Some(Tok::Name(_))) if starts => Some(Tok::Const),
            ("raise", Some(next)) if starts && begins_operand(next) => Some(Tok::Raise),
            _ => None,
        }
    }

    /// Words that stand behind an operand.
    fn clause_word(&self, word: &str, before: &Tok, tokens: &[Token], at: usize) -> Option<Tok> {
        if *before == Tok::Partition {
            return (word == "by").then_some(Tok::By);
        }
        let level = self.level_ref()?;
        if !ends_operand(before, level, &self.kind) {
            return None;
        }
        let next = tokens.get(at + 1).map(|next| &next.tok);
        Some(match word {
            "where" => Tok::Where,
            "as" => Tok::As,
            "from" => Tok::From,
            "extends" if self.kind == Tok::Event => Tok::Extends,
            "on" if level.inputs => Tok::On,
            "asc" if matches!(next, Some(Tok::Comma | Tok::RParen)) => Tok::Asc,
            "desc" if matches!(next, Some(Tok::Comma | Tok::RParen)) => Tok::Desc,
            "within" if self.kind == Tok::Pattern && self.levels.len() == 1 && self.is_tail(tokens, at) => {
                Tok::TailWithin
            }
            "within" => Tok::Within,
            "partition" if self.kind == Tok::Pattern => Tok::Partition,
            _ => return None,
        })
    }

    /// Whether the `within` here is the last clause but `partition by`.
    fn is_tail(&self, tokens: &[Token], at: usize) -> bool {
        match tokens.get(at + 2) {
            Some(Token { tok: Tok::Newline, .. }) | None => true,
            Some(after) => self.word(after) == "partition",
        }
    }

    /// Words that begin a step or a source.
    fn step_word(&self, word: &str, next: Option<&Tok>) -> Option<Tok> {
        let level = self.level_ref().filter(|level| level.step)?;
        let bracket = next == Some(&Tok::LParen);
        let named = match next {
            Some(Tok::Name(next)) => !matches!(next.as_str(), "where" | "as" | "within"),
            Some(Tok::Not) => true,
            _ => false,
        };
        Some(match word {
            "all" if named => Tok::All,
            "next" if named => Tok::Next,
            "each" if named => Tok::Each,
            "NOT" if named => Tok::Not,
            "SEQ" if bracket => Tok::Seq,
            "AND" if bracket => Tok::AndOf,
            "OR" if bracket => Tok::OrOf,
            "stream" if level.inputs && named => Tok::Stream,
            "merge" if level.source && bracket => Tok::Merge,
            "join" if level.source && bracket => Tok::Join,
            "left_join" if level.source && bracket => Tok::LeftJoin,
            "right_join" if level.source && bracket => Tok::RightJoin,
            "full_join" if level.source && bracket => Tok::FullJoin,
            "asof_join" if level.source && bracket => Tok::AsofJoin,
            "timer" if level.source && bracket => Tok::Timer,
            _ => return None,
        })
    }

    /// `stream X = from Y`
    fn source_twice(&mut self, tokens: &[Token], at: usize, next: Option<&Tok>) -> bool {
        let level = self.level_ref().is_some_and(|level| level.source);
        let named = matches!(next, Some(Tok::Name(_) | Tok::LParen));
        let Some(equals) = at.checked_sub(1).and_then(|before| tokens.get(before)) else {
            return false;
        };
        if !level || !named || equals.tok != Tok::Assign {
            return false;
        }
        let span = self.span(&tokens[at]);
        let both = self.span(equals).to(span);
        self.errors.push(
            Diagnostic::new(
                Code::FromAfterEquals,
                span,
                "a source follows either `=` or `from`, not both",
            )
            .label("not needed behind `=`")
            .fix("keep `from` only", both, "from"),
        );
        self.doomed.push(at);
        true
    }

    /// A step's type may not be a word of the pattern language.
    fn check_reserved(&mut self, word: &str, tokens: &[Token], at: usize) {
        let step = self.level_ref().is_some_and(|level| level.step);
        if !step || !matches!(word, "where" | "as" | "within" | "all" | "next" | "each" | "partition") {
            return;
        }
        let span = self.span(&tokens[at]);
        self.errors.push(
            Diagnostic::new(
                Code::KeywordAsName,
                span,
                format!("`{word}` is a word of patterns and cannot stand here as an event's name"),
            )
            .label("the name of an event or stream is expected here")
            .help(format!(
                "an event that is really called so is written in backticks: `` `{word}` ``"
            )),
        );
    }

    /// Whether a point continues the stream.
    fn continues_stream(&self, tokens: &[Token], at: usize) -> bool {
        let Some(level) = self.level_ref().filter(|level| level.stream) else {
            return false;
        };
        if level.operators || (tokens[at].first && self.levels.len() == 1) {
            return true;
        }
        let Some(name) = tokens.get(at + 1) else { return false };
        match tokens.get(at + 2).map(|after| &after.tok) {
            Some(Tok::LParen) => !level.condition || is_operator(self.word(name)),
            Some(Tok::Name(after)) => after == "as" && self.word(name) == "emit",
            _ => false,
        }
    }

    /// Keeps account of where we are, behind a token.
    fn enter(&mut self, tok: &Tok, before: Option<&Tok>) {
        let kind = self.kind.clone();
        let open = self.levels.len();
        let level = self.level();
        if tok.opens() {
            let inner = Level::within(level, tok, before);
            self.level().step = false;
            self.levels.push(inner);
        } else if tok.closes() {
            if open > 1 {
                self.levels.pop();
            }
            let level = self.level();
            level.step = false;
            level.source = false;
        } else {
            level.after(tok, &kind, open == 1);
        }
    }
}

/// Whether an expression can begin with the token, as far as `raise` is concerned.
fn begins_operand(tok: &Tok) -> bool {
    matches!(
        tok,
        Tok::Name(_)
            | Tok::Str(_)
            | Tok::Int(_)
            | Tok::Float(_)
            | Tok::Duration(_)
            | Tok::Timestamp(_)
            | Tok::FOpen
            | Tok::LBrace
            | Tok::LParen
            | Tok::True
            | Tok::False
            | Tok::Null
            | Tok::If
            | Tok::Not
    )
}
