//! "Did you mean": the nearest of the names that are there.
//!
//! Distance is Damerau-Levenshtein (a swap of neighbors is one slip); how much is forgiven grows
//! with the length of what was written. Cost: one distance per candidate, on errors only.

/// The candidate nearest to `name`, if it is near enough to be meant. Equality but for case wins over
/// any distance; of equal distances the one that comes first in the alphabet.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = name.to_lowercase();
    candidates
        .into_iter()
        .filter(|&candidate| candidate != name)
        .filter_map(|candidate| Some((distance(&folded, candidate)?, candidate)))
        .min()
        .map(|(_, candidate)| candidate)
}

/// How far a candidate is from the name, regardless of case; none if too far.
fn distance(folded: &str, candidate: &str) -> Option<usize> {
    let candidate = candidate.to_lowercase();
    const SEPARATORS: [char; 3] = ['_', '.', '-'];
    let lengths = (folded.chars().count(), candidate.chars().count());
    let slips = forgiven(lengths.0.max(lengths.1));
    // Two texts are at least as far apart as their lengths are; most candidates end here.
    let too_far = lengths.0.abs_diff(lengths.1) > slips;
    if too_far && !folded.contains(SEPARATORS) && !candidate.contains(SEPARATORS) {
        return None;
    }
    let plain = |text: &str| text.replace(SEPARATORS, "");
    if folded != candidate && plain(folded) == plain(&candidate) {
        return Some(1);
    }
    if too_far {
        return None;
    }
    let far = strsim::damerau_levenshtein(folded, &candidate);
    (far <= slips).then_some(far)
}

/// How many slips a name of this length may hold.
fn forgiven(length: usize) -> usize {
    match length {
        0..=1 => 0,
        2..=4 => 1,
        5..=8 => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn one_slip_is_forgiven() {
        assert_eq!(nearest("usre", ["user", "uses", "ip"]), Some("user"));
        assert_eq!(nearest("amout", ["amount", "account"]), Some("amount"));
    }

    #[test]
    fn case_alone_wins_over_everything() {
        assert_eq!(nearest("USER", ["uses", "User"]), Some("User"));
        assert_eq!(nearest("userId", ["user_id", "user_if"]), Some("user_id"));
    }

    #[test]
    fn too_far_is_nothing() {
        assert_eq!(nearest("x", ["y", "z"]), None);
        assert_eq!(nearest("source_ip", ["user", "amount"]), None);
        assert_eq!(nearest("ab", ["cd"]), None);
    }

    #[test]
    fn ties_go_to_the_alphabet_whatever_the_order() {
        assert_eq!(nearest("cat", ["hat", "bat"]), Some("bat"));
        assert_eq!(nearest("cat", ["bat", "hat"]), Some("bat"));
    }
}
