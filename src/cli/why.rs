//! `varpulis why`: a run that writes no rows, and says how far a stream came.

use super::args::WhyArguments;
use super::ran::Ran;
use super::run::replayed;
use super::{Exit, complain, print, why_json, why_text};
use crate::diag::nearest;
use crate::ir::{Op, Pattern, Query, Selection, StreamId};
use crate::matcher::trace::{Question, key_names, widen};

/// How many of the nearest misses `--trace` shows.
const MISSES: usize = 3;

/// What was typed about a stream.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// None: all streams that write, as far as they can be watched.
    stream: Option<String>,
    keys: Vec<(Option<String>, String)>,
    at: Option<i64>,
    misses: usize,
}

impl Asked {
    /// Of `--trace STREAM[=[NAME=]KEY]`.
    pub(super) fn of_traces(typed: &[String]) -> Vec<Self> {
        let asked = |text: &String| {
            let (stream, key) = text
                .split_once('=')
                .map_or((text.as_str(), None), |(a, b)| (a, Some(b)));
            let key = key.map(|key| match key.split_once('=') {
                Some((name, value)) => (Some(name.to_owned()), value.to_owned()),
                None => (None, key.to_owned()),
            });
            Self {
                stream: Some(stream.to_owned()),
                keys: key.into_iter().collect(),
                at: None,
                misses: MISSES,
            }
        };
        typed.iter().map(asked).collect()
    }

    fn of_why(arguments: &WhyArguments) -> Result<Vec<Self>, Exit> {
        let key = |text: &String| match text.split_once('=') {
            Some((name, value)) => Ok((Some(name.to_owned()), value.to_owned())),
            None => {
                complain(format_args!("`--key {text}`: write it as NAME=VALUE"));
                Err(Exit::Usage)
            }
        };
        let keys = arguments.key.iter().map(key).collect::<Result<Vec<_>, _>>()?;
        let of = |stream: Option<String>| Self {
            stream,
            keys: keys.clone(),
            at: arguments.at,
            misses: arguments.misses,
        };
        Ok(if arguments.stream.is_empty() {
            vec![of(None)]
        } else {
            arguments.stream.iter().cloned().map(Some).map(of).collect()
        })
    }
}

/// Says why streams did not fire.
pub(super) fn why(arguments: &WhyArguments) -> Exit {
    match answered(arguments) {
        Ok(exit) | Err(exit) => exit,
    }
}

fn answered(arguments: &WhyArguments) -> Result<Exit, Exit> {
    let asked = Asked::of_why(arguments)?;
    let ran: Ran = replayed(&arguments.run(), &asked, true)?;
    if ran.report.bad.total() > 0 {
        eprintln!(
            "note: {} records cannot be read; `varpulis run` says why",
            ran.report.bad.total()
        );
    }
    print(&if arguments.json {
        why_json::json(&ran)
    } else {
        why_text::text(&ran)
    });
    Ok(ran.exit())
}

/// Checks what was asked against a program, and prepares that for it.
/// `dry`: nothing is written, so that a stream may be watched that nobody reads.
pub(super) fn questions(query: &mut Query, asked: &[Asked], dry: bool) -> Result<Vec<Question>, Exit> {
    let mut all: Vec<Question> = Vec::new();
    for one in asked {
        for stream in streams(query, one)? {
            let name = query.streams[stream.0 as usize].name.clone();
            if all.iter().any(|known| known.stream == name) {
                complain(format_args!("`{name}` is asked about twice: once will do"));
                return Err(Exit::Usage);
            }
            query.streams[stream.0 as usize].writes |= dry;
            widen(query, stream);
            check_keys(query, stream, &one.keys)?;
            all.push(Question {
                stream: name,
                keys: one.keys.clone(),
                at: one.at,
                misses: one.misses,
            });
        }
    }
    Ok(all)
}

/// Refuses to watch streams that are not run.
pub(super) fn refuse_idle(query: &Query, questions: &[Question]) -> Result<(), Exit> {
    let idle = |question: &&Question| {
        let of = query.streams.iter().find(|stream| stream.name == question.stream);
        of.is_none_or(|stream| stream.sources.is_empty())
    };
    let Some(Question { stream, .. }) = questions.iter().find(idle) else {
        return Ok(());
    };
    complain(format_args!(
        "`{stream}` writes nothing and nobody reads it, so that it is not run; `varpulis why` tells about it"
    ));
    Err(Exit::Usage)
}

fn pattern(query: &Query, stream: StreamId) -> Option<&Pattern> {
    let ops = query.streams[stream.0 as usize].ops.iter();
    ops.into_iter().find_map(|operator| match &operator.op {
        Op::Pattern(pattern) => Some(&**pattern),
        _ => None,
    })
}

fn takes_all(query: &Query, stream: StreamId) -> bool {
    pattern(query, stream).is_some_and(|pattern| pattern.select == Selection::Any)
}

/// The streams that are asked about.
fn streams(query: &Query, asked: &Asked) -> Result<Vec<StreamId>, Exit> {
    let ids = (0..query.streams.len()).map(|at| StreamId(at as u32));
    let Some(name) = &asked.stream else {
        let writes = |id: &StreamId| {
            let stream = &query.streams[id.0 as usize];
            stream.writes || !stream.targets.is_empty()
        };
        return Ok(ids.filter(|id| writes(id) && !takes_all(query, *id)).collect());
    };
    let Some(found) = ids.clone().find(|id| query.streams[id.0 as usize].name == *name) else {
        let names = query.streams.iter().map(|stream| stream.name.as_str());
        let hint = nearest(name, names).map_or(String::new(), |name| format!("; did you mean `{name}`?"));
        complain(format_args!("there is no stream `{name}`{hint}"));
        return Err(Exit::Usage);
    };
    if takes_all(query, found) {
        complain(format_args!(
            "`{name}` takes all combinations (`.stam()`): there are no runs that end; ask about it without `.stam()` \
             and `.trend_aggregate`"
        ));
        return Err(Exit::Usage);
    }
    Ok(vec![found])
}

fn check_keys(query: &Query, stream: StreamId, keys: &[(Option<String>, String)]) -> Result<(), Exit> {
    if keys.is_empty() {
        return Ok(());
    }
    let name = &query.streams[stream.0 as usize].name;
    let Some(pattern) = pattern(query, stream) else {
        complain(format_args!("`{name}` has no pattern, so that nothing in it has a key"));
        return Err(Exit::Usage);
    };
    let names = key_names(query, pattern);
    for (key, value) in keys {
        match key {
            None if pattern.keys == 0 => {
                complain(format_args!(
                    "`{name}` has no partition: write `{name}=NAME={value}` with one of {}",
                    listed(&names)
                ));
                return Err(Exit::Usage);
            }
            Some(key) if !names.contains(key) => {
                complain(format_args!(
                    "`{key}` is no key of `{name}`; there are {}",
                    listed(&names)
                ));
                return Err(Exit::Usage);
            }
            _ => {}
        }
    }
    Ok(())
}

fn listed(names: &[String]) -> String {
    match names {
        [] => "none".to_owned(),
        names => names
            .iter()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(", "),
    }
}
