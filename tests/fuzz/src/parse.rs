//! Any text: the parser neither panics nor points outside of it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use varpulis::diag::FileId;
use varpulis::syntax::parse;

fuzz_target!(|text: &str| {
    let parsed = parse(FileId(0), text);
    for diagnostic in &parsed.diagnostics {
        assert!(text.get(diagnostic.primary.span.range()).is_some());
        for label in &diagnostic.secondary {
            assert!(text.get(label.span.range()).is_some());
        }
    }
    for item in &parsed.program.items {
        assert!(text.get(item.span.range()).is_some());
    }
});
