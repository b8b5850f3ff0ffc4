//! What holds of the line of every record.

use super::super::exact::MAX_DEPTH;
use super::super::fault::Fault;
use crate::data::BadCause;

/// Where the object of a line begins and ends.
///
/// Checks what holds of every record, whatever is wanted of it: one object, its strings ended, its
/// brackets balanced and not too deep. `brackets` are those of the line.
pub(in crate::read::json) fn frame(
    text: &[u8],
    line: (usize, usize),
    brackets: &[u32],
    odd: bool,
) -> Result<(), Fault> {
    let (start, end) = line;
    if text[start] != b'{' {
        return Err(Fault::malformed(start, "a record is a JSON object"));
    }
    if odd {
        return Err(Fault::malformed(end, "a string does not end"));
    }
    if let [_, close] = brackets
        && *close as usize + 1 == end
        && text[end - 1] == b'}'
    {
        return Ok(());
    }
    balanced(text, end, brackets)
}

/// Checks brackets. The kinds of the open ones are bits of a number.
fn balanced(text: &[u8], end: usize, brackets: &[u32]) -> Result<(), Fault> {
    const { assert!(MAX_DEPTH <= 128) };
    let (mut kinds, mut depth) = (0_u128, 0);
    for (nth, at) in brackets.iter().map(|at| *at as usize).enumerate() {
        let byte = text[at];
        let square = u128::from(byte & 0x20 == 0);
        if matches!(byte, b'{' | b'[') {
            depth += 1;
            if depth > MAX_DEPTH {
                let reason = format!("nested deeper than {}", MAX_DEPTH);
                return Err(Fault::new(at, BadCause::TooDeep, reason));
            }
            kinds = kinds << 1 | square;
            continue;
        }
        if kinds & 1 != square || depth == 0 {
            return Err(Fault::malformed(at, "a bracket closes what was not opened"));
        }
        kinds >>= 1;
        depth -= 1;
        if depth == 0 && (at + 1 != end || nth + 1 != brackets.len()) {
            return Err(Fault::malformed(at + 1, "something follows the object"));
        }
    }
    if depth > 0 {
        return Err(Fault::malformed(end, "the object does not end"));
    }
    Ok(())
}
