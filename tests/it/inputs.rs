//! Inputs: the same text gives the same morsels, whatever it comes from; what cannot be read is
//! refused in words.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;
use varpulis::data::BadCause;
use varpulis::read::{DecodePlan, Format, Input, InputSpec, Morsel, ReadError, ReadOptions};

const OPTIONS: ReadOptions = ReadOptions {
    morsel_bytes: 1 << 20,
    max_record_bytes: 16 << 20,
    mmap: true,
};

/// A folder for the files of one test.
struct Dir(tempfile::TempDir);

impl Dir {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

fn spec(path: &Path) -> InputSpec {
    InputSpec {
        path: path.to_owned(),
        ..InputSpec::default()
    }
}

fn open(path: &Path, options: &ReadOptions) -> Result<Input, ReadError> {
    Input::open(&spec(path), 0, options)
}

fn morsels(input: &mut Input) -> Result<Vec<Morsel>, ReadError> {
    std::iter::from_fn(|| input.next_morsel().transpose()).collect()
}

/// Where the morsels begin, and their text.
fn texts(path: &Path, options: &ReadOptions) -> Vec<(u64, String)> {
    morsels(&mut open(path, options).unwrap())
        .unwrap()
        .iter()
        .map(|morsel| (morsel.offset(), String::from_utf8_lossy(morsel.text()).into_owned()))
        .collect()
}

/// Why an input cannot be read, when it is opened or while it is read.
fn refused(path: &Path, options: &ReadOptions) -> String {
    match open(path, options) {
        Err(error) => error.reason,
        Ok(mut input) => morsels(&mut input).unwrap_err().reason,
    }
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(text).unwrap();
    out.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    zstd::encode_all(text, 1).unwrap()
}

fn bzip2(text: &[u8]) -> Vec<u8> {
    let mut out = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    out.write_all(text).unwrap();
    out.finish().unwrap()
}

/// A FIFO into which somebody writes `text`, a few bytes at a time.
#[cfg(unix)]
fn fifo(dir: &Dir, name: &str, text: Vec<u8>, steps: Vec<usize>) -> PathBuf {
    let path = dir.0.path().join(name);
    let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success());
    let to = path.clone();
    std::thread::spawn(move || {
        let mut pipe = fs::OpenOptions::new().write(true).open(to).unwrap();
        let mut rest = text.as_slice();
        for step in steps.into_iter().cycle() {
            let n = step.min(rest.len());
            pipe.write_all(&rest[..n]).unwrap();
            rest = &rest[n..];
            if rest.is_empty() {
                break;
            }
        }
    });
    path
}

/// Records, some of them longer than the morsels and than what is allowed.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        8 => "[a-z{}\": ]{0,12}",
        1 => "\r",
        1 => "[xé]{30,90}",
    ];
    (
        prop::collection::vec(line, 0..30),
        prop::sample::select(vec!["\n", "\r\n"]),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(lines, end, closed, bom)| {
            let mut text = if bom { "\u{feff}".to_owned() } else { String::new() };
            text += &lines.join(end);
            if closed {
                text += end;
            }
            text.into_bytes()
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Mapped, read, through a pipe in random portions, and compressed in every way: the same morsels.
    #[test]
    fn the_source_makes_no_difference(
        text in text(),
        morsel_bytes in 1_usize..60,
        max_record_bytes in 1_usize..70,
        steps in prop::collection::vec(1_usize..40, 1..5),
        at in any::<prop::sample::Index>(),
    ) {
        let dir = Dir::new();
        let mapped = ReadOptions { morsel_bytes, max_record_bytes, mmap: true };
        let streamed = ReadOptions { mmap: false, ..mapped };
        let plain = dir.file("x.jsonl", &text);
        let expected = texts(&plain, &mapped);
        prop_assert_eq!(&expected, &texts(&plain, &streamed));
        let (one, two) = text.split_at(at.index(text.len() + 1));
        for (name, compress) in [("x.gz", gzip as fn(&[u8]) -> Vec<u8>), ("x.zst", zstd), ("x.bz2", bzip2)] {
            let members = [compress(one), compress(two)].concat();
            prop_assert_eq!(&expected, &texts(&dir.file(name, &members), &mapped), "{}", name);
            // The first bytes tell as well as the name.
            prop_assert_eq!(&expected, &texts(&dir.file("x.log", &members), &mapped), "{}", name);
        }
        #[cfg(unix)]
        if !text.is_empty() {
            prop_assert_eq!(&expected, &texts(&fifo(&dir, "pipe", text.clone(), steps), &mapped));
        }
    }
}

#[test]
fn morsels_are_the_text() {
    let dir = Dir::new();
    let path = dir.file("x.jsonl", b"\xef\xbb\xbf{\"a\":1}\n{\"a\":2}\n\n{}");
    let small = ReadOptions {
        morsel_bytes: 3,
        ..OPTIONS
    };
    let expected = [(3, "{\"a\":1}\n"), (11, "{\"a\":2}\n"), (19, "\n{}")];
    assert_eq!(texts(&path, &small), expected.map(|(at, text)| (at, text.to_owned())));
    let mut input = open(&path, &small).unwrap();
    assert_eq!(input.name(), path.to_str().unwrap());
    assert_eq!(input.total_bytes(), Some(22));
    let consumed: Vec<u64> = morsels(&mut input).unwrap().iter().map(Morsel::consumed).collect();
    assert_eq!(consumed, [11, 19, 22]);
}

#[test]
fn compressed_inputs_count_compressed_bytes() {
    let dir = Dir::new();
    let bytes = gzip(&b"{\"a\": 1}\n".repeat(10_000));
    let mut input = open(&dir.file("x.jsonl.gz", &bytes), &OPTIONS).unwrap();
    let last = morsels(&mut input).unwrap().pop().unwrap();
    assert_eq!(
        (input.total_bytes(), last.consumed()),
        (Some(bytes.len() as u64), bytes.len() as u64)
    );
}

#[test]
fn empty_inputs_are_empty() {
    let dir = Dir::new();
    for name in ["x.jsonl", "x.gz", "x.zst", "x.bz2"] {
        assert_eq!(texts(&dir.file(name, b""), &OPTIONS), [], "{name}");
    }
    assert_eq!(texts(&dir.file("e.gz", &gzip(b"")), &OPTIONS), []);
    assert_eq!(texts(Path::new("/dev/null"), &OPTIONS), []);
}

#[test]
fn a_record_that_is_too_long_is_bad_and_the_rest_is_read() {
    let dir = Dir::new();
    let long = "x".repeat(200_000);
    let path = dir.file("x.jsonl", format!("{{}}\n{long}\r\n{{}}\n").as_bytes());
    for mmap in [true, false] {
        let options = ReadOptions {
            morsel_bytes: 10,
            max_record_bytes: 100,
            mmap,
        };
        let morsels = morsels(&mut open(&path, &options).unwrap()).unwrap();
        assert_eq!(morsels.len(), 3);
        assert_eq!((morsels[2].offset(), morsels[2].text()), (200_005, b"{}\n".as_slice()));
        let plan = Arc::new(DecodePlan {
            max_record_bytes: 100,
            ..DecodePlan::default()
        });
        let decoded = morsels[1].decode(&plan);
        assert_eq!((decoded.records, decoded.lines, decoded.bad.len()), (1, 1, 1));
        let bad = &decoded.bad[0];
        assert_eq!(
            (bad.cause, bad.position.offset, bad.text.len()),
            (BadCause::TooLong, 3, 100)
        );
        assert_eq!(bad.reason, "200000 bytes, and 100 is the limit");
    }
}

#[test]
fn what_is_not_read_is_refused_by_name() {
    let dir = Dir::new();
    let reason = |name: &str, bytes: &[u8]| refused(&dir.file(name, bytes), &OPTIONS);
    assert_eq!(
        reason("x.avro", b"Obj\x01...."),
        "it is an Avro file, which is not read; JSON lines, CSV and event text are, plain or as .gz, .zst or .bz2, and \
         Parquet and Arrow files"
    );
    assert!(reason("x.feather", b"FEA1....").starts_with("it is a Feather file of version 1, which is not read"));
    assert!(reason("x.parquet", b"PARE....").starts_with("it is an encrypted Parquet file, which is not read"));
    assert_eq!(
        reason("x.parquet", b"{}\n"),
        "it should be Parquet, its first bytes say something else"
    );
    assert_eq!(
        reason("x.csv", b"PAR1...."),
        "it should be CSV, its first bytes say Parquet"
    );
    assert_eq!(reason("x.arrow", b""), "it is empty, and no Arrow file is");
    assert_eq!(
        reason("x.parquet.gz", &gzip(b"PAR1....")),
        "a Parquet file inside a compressed one is not read (its pages can be compressed themselves); unpack it first"
    );
    assert!(reason("x.jsonl", b"\xff\xfe{\0").starts_with("it is UTF-16 text"));
    assert_eq!(
        reason("x.gz", b"{}\n"),
        "its name says gzip, its first bytes say something else"
    );
    assert_eq!(
        reason("x.zst", &gzip(b"{}")),
        "its name says zstd, its first bytes say gzip"
    );
    let whole = gzip(&b"{}\n".repeat(1000));
    assert_eq!(reason("cut.gz", &whole[..whole.len() - 9]), "its gzip data is cut off");
    let whole = zstd(&b"{}\n".repeat(1000));
    assert_eq!(reason("cut.zst", &whole[..whole.len() - 3]), "its zstd data is cut off");
    let whole = bzip2(&b"{}\n".repeat(1000));
    assert_eq!(
        reason("cut.bz2", &whole[..whole.len() - 3]),
        "its bzip2 data is cut off"
    );
    let mut broken = gzip(b"{}\n");
    broken.extend(b"a long tail of text");
    assert_eq!(reason("tail.gz", &broken), "bad gzip data: invalid gzip header");
    assert!(refused(dir.0.path(), &OPTIONS).starts_with("it is a directory; name its files"));
    assert_eq!(
        refused(&dir.0.path().join("nothing"), &OPTIONS),
        "there is no such file"
    );
}

#[test]
fn an_array_is_noted() {
    let dir = Dir::new();
    let notes = |text: &[u8]| open(&dir.file("x.json", text), &OPTIONS).unwrap().notes().to_vec();
    let note = ["begins like one JSON array, not JSON lines; `jq -c '.[]'` makes lines of it"];
    assert_eq!(notes(b"[\n  {\"a\": 1}\n]"), note);
    assert_eq!(notes(b"[{\"a\": 1}]"), note);
    assert_eq!(notes(b"[1]\n"), Vec::<String>::new());
}

/// A mapped file that shrinks gives an error, also when its text is touched where it is gone.
#[test]
fn a_file_that_shrinks_is_an_error() {
    let dir = Dir::new();
    let path = dir.file("x.jsonl", &b"{\"a\": 1}\n".repeat(1 << 18));
    let mut input = open(&path, &OPTIONS).unwrap();
    let first = input.next_morsel().unwrap().unwrap();
    let second = input.next_morsel().unwrap().unwrap();
    input.check().unwrap();
    fs::OpenOptions::new()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(4096)
        .unwrap();
    // The first page is still there, the second morsel reads as zeros.
    assert_eq!(&first.text()[..9], b"{\"a\": 1}\n");
    assert!(second.text().iter().all(|&byte| byte == 0));
    let error = input.next_morsel().unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot read `{}`: the file shrank while it was read", path.display())
    );
    // Even when the file has grown again.
    fs::write(&path, b"{\"a\": 1}\n".repeat(1 << 19)).unwrap();
    assert_eq!(input.check().unwrap_err().reason, "the file shrank while it was read");
}

/// What is resident does not grow with the file, as long as nobody keeps its text.
#[cfg(target_os = "linux")]
#[test]
fn pages_are_given_back() {
    let dir = Dir::new();
    let path = dir.file("x.jsonl", &b"{\"a\": 1}\n".repeat(8 << 20));
    let mut input = open(&path, &OPTIONS).unwrap();
    let mut most = 0;
    while let Some(morsel) = input.next_morsel().unwrap() {
        assert!(morsel.text().iter().filter(|&&byte| byte == b'\n').count() > 0);
        most = most.max(resident_of(&path));
    }
    assert!(most < 8 << 10, "{most} KiB of 72 MiB were resident");
}

/// How much of a mapping of `path` is resident in this process, in KiB.
#[cfg(target_os = "linux")]
fn resident_of(path: &Path) -> u64 {
    let maps = fs::read_to_string("/proc/self/smaps").unwrap();
    let ours = maps.split_once(path.to_str().unwrap()).unwrap().1;
    let line = ours.lines().find(|line| line.starts_with("Rss:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn the_command_line_names_inputs() {
    let dir = Dir::new();
    dir.file("b.jsonl", b"");
    dir.file("a.jsonl", b"");
    let text = format!("Login={}/*.jsonl", dir.0.path().display());
    let spec = InputSpec::parse(OsStr::new(&text), Format::Jsonl).unwrap();
    let found = varpulis::read::expand(&[spec]).unwrap();
    let names: Vec<_> = found
        .iter()
        .map(|spec| spec.path.file_name().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(names, ["a.jsonl", "b.jsonl"]);
    assert!(
        found
            .iter()
            .all(|spec| spec.event_type.as_deref() == Some("Login") && spec.format == Format::Jsonl)
    );
}
