//! Counts of the work done, so that a test can hold that it is linear without a clock. They exist in
//! unit tests only; elsewhere counting is nothing.

#[cfg(test)]
thread_local! {
    static STEPS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Counts `n` bytes or tokens looked at.
#[inline]
pub(super) fn count(n: usize) {
    #[cfg(test)]
    STEPS.with(|steps| steps.set(steps.get() + n));
    #[cfg(not(test))]
    let _ = n;
}

#[cfg(test)]
mod tests {
    use super::STEPS;
    use crate::diag::FileId;

    fn steps(text: &str) -> usize {
        STEPS.with(|steps| steps.set(0));
        let _ = crate::syntax::parse(FileId(0), text);
        STEPS.with(std::cell::Cell::get)
    }

    /// Texts of about `n` pieces, chosen to provoke repeated work.
    fn texts(n: usize) -> Vec<String> {
        let many = |piece: &str| piece.repeat(n);
        vec![
            many("stream X = A .where(x > 1)\n"),
            many("stream X = A .where(x > )\n"),
            many("what is this\n"),
            format!("fn f(x):\n{}", many("    let = x\n")),
            format!("stream X = A\n{}", many("    .where(x > 1)\n")),
            format!("stream X = A .where({})\n", many("x or ")),
            format!("let x = {}", many("(")),
            format!("let x = {}{}", many("("), " ".repeat(n)),
            format!("let x = {}", many("([{ ")),
            format!("let x = 1{}", many(")")),
            format!("let x = {}", many("f(x => {")),
            format!("config:\n    a:\n        {}", many("- ")),
            format!("config:\n    a: {}", many("- ")),
            format!("let x = [{}]\n", many("a, ")),
            format!("let x = [\n{}]\n", many("    a,\n")),
            many("\"abc\n"),
            many("f\"{"),
            many("f\"{x} "),
            many("/*"),
            many("'a''"),
            many("“"),
            many("é"),
            many("1h"),
            many("a"),
            many("\t \n"),
            many(" "),
            format!("fn f(x):\n{}", many("  if x:\n")),
            format!("let x = f(y =>\n{})\n", many("    g(y)\n")),
            format!("pattern P = {}A\n", many("A -> ")),
        ]
    }

    #[test]
    fn twice_the_text_is_twice_the_work() {
        for (one, two) in texts(1_000).iter().zip(texts(2_000)) {
            let (small, large) = (steps(one), steps(&two));
            let shown: String = one.chars().take(30).collect();
            assert!(large <= 2 * small + small / 5 + 2_000, "{shown:?}: {small} and {large}");
        }
    }
}
