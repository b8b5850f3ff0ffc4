//! Programs that use every construct of the language parse, and give the trees they should.

use varpulis::diag::FileId;
use varpulis::syntax::parse;

fn program(name: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata/lang")
        .join(name);
    std::fs::read_to_string(&path).expect("the program is there")
}

#[test]
fn every_program_parses() {
    for name in ["streams.vpl", "patterns.vpl", "code.vpl", "config.vpl"] {
        let text = program(name);
        let parsed = parse(FileId(0), &text);
        for d in &parsed.diagnostics {
            let at = d.primary.span.start as usize;
            let line = text[..at].matches('\n').count() + 1;
            println!(
                "{name}:{line}: {} {} [{}] {:?}",
                d.code,
                d.message,
                d.primary.text,
                &text[d.primary.span.range()]
            );
        }
        assert!(parsed.diagnostics.is_empty(), "{name}");
    }
}
