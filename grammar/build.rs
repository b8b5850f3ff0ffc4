//! Generates the parser from `varpulisql.lalrpop` into `OUT_DIR`.

fn main() {
    println!("cargo:rerun-if-changed=grammar/varpulisql.lalrpop");
    let out = std::env::var("OUT_DIR").map(std::path::PathBuf::from);
    let done = out.map_err(Into::into).and_then(|out| {
        lalrpop::Configuration::new()
            .set_out_dir(out)
            .emit_rerun_directives(false)
            .process_file("grammar/varpulisql.lalrpop")
    });
    if let Err(error) = done {
        eprintln!("{error}");
        std::process::exit(1);
    }
}
