//! Which format goes where: extensions, folders, what is refused.

use std::path::Path;

use varpulis::data::Type;
use varpulis::write::{Destination, Encoding, TableFile, check_one_schema};

use crate::sinks_support::{column, fields, types};

const CSV: Encoding = Encoding::Csv { delimiter: b',' };

#[test]
fn the_extension_says_the_format() {
    let of = |name: &str| Encoding::of(Path::new(name)).map_err(|error| error.to_string());
    assert_eq!(of("-"), Ok(Encoding::Jsonl));
    assert_eq!(of("x"), Ok(Encoding::Jsonl));
    assert_eq!(of("x.log.gz"), Ok(Encoding::Jsonl));
    assert_eq!(of("x.jsonl.zst"), Ok(Encoding::Jsonl));
    assert_eq!(of("a.b/x.CSV.gz"), Ok(CSV));
    assert_eq!(of("x.tsv"), Ok(Encoding::Csv { delimiter: b'\t' }));
    assert_eq!(of("x.parquet"), Ok(Encoding::Parquet));
    assert_eq!(of("x.arrow"), Ok(Encoding::Arrow));
    assert_eq!(of("x.feather"), Ok(Encoding::Arrow));
    assert_eq!(of("x.ipc"), Ok(Encoding::Arrow));
    assert_eq!(
        of("x.avro"),
        Err("cannot write `x.avro`: avro is not written; write .jsonl, .csv, .parquet or .arrow".to_owned())
    );
    assert_eq!(
        of("x.parquet.gz"),
        Err("cannot write `x.parquet.gz`: Parquet is compressed inside; write .parquet".to_owned())
    );
    assert_eq!(
        of("x.arrow.zst"),
        Err("cannot write `x.arrow.zst`: Arrow files are read in place and stay uncompressed; write .arrow".to_owned())
    );
}

#[test]
fn a_folder_has_a_file_for_every_stream() {
    let to = |output: &str, format| Destination::new(Path::new(output), format).unwrap();
    let place = |to: &Destination, stream| to.path(stream).to_string_lossy().into_owned();
    let folder = to("out/", None);
    assert!(folder.is_folder());
    assert_eq!(folder.encoding(), Encoding::Jsonl);
    assert_eq!(place(&folder, "S"), "out/S.jsonl");
    assert_eq!(place(&to("out/", Some(CSV)), "S"), "out/S.csv");
    assert_eq!(place(&to("out/", Encoding::named("parquet")), "S"), "out/S.parquet");
    assert_eq!(
        place(&to("out/", Some(Encoding::Arrow)), "a/../%"),
        "out/a%2F..%2F%25.arrow"
    );
    let file = to("x.tsv", Some(CSV));
    assert!(!file.is_folder());
    assert_eq!(file.encoding(), Encoding::Csv { delimiter: b'\t' });
    assert_eq!(place(&file, "S"), "x.tsv");
    assert_eq!(to("-", Some(CSV)).encoding(), CSV);
    assert_eq!(to("-", None).encoding(), Encoding::Jsonl);
    let clash = Destination::new(Path::new("x.csv"), Some(Encoding::Parquet)).unwrap_err();
    assert_eq!(
        clash.to_string(),
        "cannot write `x.csv`: its name says csv, `--output-format` says parquet; leave one of them out"
    );
    let dir = tempfile::tempdir().unwrap();
    let new = Destination::new(&dir.path().join("a/b/"), Some(CSV)).unwrap();
    new.create_folder().unwrap();
    assert!(dir.path().join("a/b").is_dir());
    assert!(Destination::new(&dir.path().join("a/b"), None).unwrap().is_folder());
}

#[test]
fn streams_share_a_typed_file_when_their_columns_are_the_same() {
    let one = types(&[("a", Type::Int), ("b", Type::Str)]);
    let maybe = types(&[("a", Type::Int), ("b", Type::Optional(Box::new(Type::Str)))]);
    let other = types(&[("a", Type::Int), ("c", Type::Str)]);
    let path = Path::new("x.parquet");
    let check = |encoding, streams: &[_]| check_one_schema(path, encoding, streams).map_err(|e| e.to_string());
    assert_eq!(check(Encoding::Parquet, &[]), Ok(()));
    assert_eq!(check(Encoding::Parquet, &[("A", None)]), Ok(()));
    assert_eq!(
        check(Encoding::Parquet, &[("A", Some(&one)), ("B", Some(&maybe))]),
        Ok(())
    );
    assert_eq!(
        check(Encoding::Jsonl, &[("A", Some(&one)), ("B", Some(&other))]),
        Ok(())
    );
    let wanted = "cannot write `x.parquet`: the streams `A` and `C` do not have the same columns, and a parquet file \
        has one set; write to a directory (`--output DIR/ --output-format parquet`), or give each a file with `.to`";
    assert_eq!(
        check(
            Encoding::Parquet,
            &[("A", Some(&one)), ("B", Some(&one)), ("C", Some(&other))]
        ),
        Err(wanted.to_owned())
    );
    assert!(check(CSV, &[("A", None), ("B", None)]).is_err());
}

#[test]
fn streams_that_share_a_file_keep_their_names() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.parquet");
    let columns = types(&[("n", Type::Int)]);
    let streams = ["A".to_owned(), "B".to_owned()];
    let mut file = TableFile::open_as(&path, Encoding::Parquet, &streams, Some(&columns)).unwrap();
    for (stream, n) in [(1, 10), (0, 20), (1, 30)] {
        let rows = fields(&[("n", vec![varpulis::data::Value::Int(n)])]);
        file.write_of(stream, &rows).unwrap();
    }
    file.finish().unwrap();
    assert_eq!(column(&path, "stream"), ["B", "A", "B"].map(varpulis::data::Value::str));
    assert_eq!(column(&path, "n"), [10, 20, 30].map(varpulis::data::Value::Int));
}

#[test]
fn parquet_does_not_go_to_stdout() {
    let error = TableFile::open_as(Path::new("-"), Encoding::Parquet, &["S".to_owned()], None)
        .err()
        .unwrap();
    assert_eq!(
        error.to_string(),
        "cannot write `-`: Parquet needs a file (`--output x.parquet`); to a pipe, write `--output-format arrow`"
    );
}
