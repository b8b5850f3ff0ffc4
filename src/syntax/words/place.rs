//! Where in a statement a token stands, as far as it decides about words.

use crate::syntax::token::Tok;

/// One open bracket, or the statement itself.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Level {
    /// Steps and operators stand here, not the insides of an expression.
    pub(super) stream: bool,
    /// Inside `merge(` or a join.
    pub(super) inputs: bool,
    /// Inside a group of steps, or `SEQ(` and its kin.
    pub(super) group: bool,
    /// Inside `[`.
    pub(super) brackets: bool,
    /// A step begins here.
    pub(super) step: bool,
    /// A source begins here.
    pub(super) source: bool,
    /// In the condition of a step.
    pub(super) condition: bool,
    /// Behind the first operator of the stream.
    pub(super) operators: bool,
}

impl Level {
    /// The level inside a bracket that opens in `self`.
    pub(super) fn within(outer: &Self, opener: &Tok, before: Option<&Tok>) -> Self {
        let brackets = *opener == Tok::LBracket;
        let inputs = matches!(
            before,
            Some(Tok::Merge | Tok::Join | Tok::LeftJoin | Tok::RightJoin | Tok::FullJoin | Tok::AsofJoin)
        );
        let group = matches!(before, Some(Tok::Seq | Tok::AndOf | Tok::OrOf))
            || (outer.stream && outer.step && *opener == Tok::LParen);
        Self {
            stream: inputs || group,
            inputs,
            group: group && !inputs,
            brackets,
            step: inputs || group,
            source: inputs,
            ..Self::default()
        }
    }

    /// What a token that is no bracket changes. `base`: the level is the statement's own.
    pub(super) fn after(&mut self, tok: &Tok, kind: &Tok, base: bool) {
        let was_step = std::mem::take(&mut self.step);
        self.source = false;
        match tok {
            Tok::Assign | Tok::From if base && !self.stream && matches!(kind, Tok::Stream | Tok::Pattern) => {
                self.stream = true;
                self.begin(*kind == Tok::Stream);
            }
            Tok::Assign | Tok::From if self.inputs => self.begin(true),
            Tok::Comma if self.inputs => {
                self.operators = false;
                self.begin(true);
            }
            Tok::Comma if self.group => self.begin(false),
            Tok::Arrow if self.stream => self.begin(false),
            Tok::And | Tok::Or if self.stream && !self.condition && !self.operators => self.begin(false),
            Tok::All | Tok::Next | Tok::Each | Tok::Not => self.step = was_step,
            Tok::Where => self.condition = true,
            Tok::On => {
                self.condition = true;
                self.operators = false;
            }
            Tok::As | Tok::Within | Tok::TailWithin => self.condition = false,
            Tok::By => self.condition = true,
            Tok::StreamDot => {
                self.condition = false;
                self.operators = true;
            }
            _ => {}
        }
    }

    fn begin(&mut self, source: bool) {
        self.step = true;
        self.source = source;
        self.condition = false;
    }
}

/// Whether a token ends an operand, so that a name behind it cannot belong to the same expression.
pub(super) fn ends_operand(tok: &Tok, level: &Level, kind: &Tok) -> bool {
    match tok {
        Tok::Name(_)
        | Tok::Str(_)
        | Tok::Int(_)
        | Tok::Float(_)
        | Tok::Duration(_)
        | Tok::Timestamp(_)
        | Tok::IntMin
        | Tok::FClose
        | Tok::True
        | Tok::False
        | Tok::Null
        | Tok::RParen
        | Tok::RBracket
        | Tok::RBrace => true,
        // Quantifiers of steps.
        Tok::Plus | Tok::Star | Tok::Question if level.stream => !level.condition && !level.operators,
        // The ends of types.
        Tok::Question | Tok::Gt | Tok::Shr => *kind == Tok::Event,
        _ => false,
    }
}
