//! Finding, opening and unpacking a trace file, and reading it line by line.
//!
//! Archives come as they were published (gzip, xz, with a byte order mark, with either line end),
//! and are read as they are: a copy unpacked by hand is a copy whose origin is soon forgotten.
//! Limits on the length of a line keep a file that is no text from filling the memory.

use super::problem::{Problem, nearest};
use crate::text::listed;
use flate2::bufread::MultiGzDecoder;
use lzma_rust2::XzReader;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// Bytes that are read at once.
const CHUNK: usize = 1 << 16;
/// Longest line, in bytes: a job of several million tasks.
const LONGEST: u64 = 1 << 26;
/// Most memory for unpacking xz, in KiB; `xz -9` needs 64 MiB.
const XZ_MEMORY: u32 = 1 << 20;

/// First bytes of forms that are not read, and what they are.
const FOREIGN: [(&[u8], &str); 6] = [
    (b"\x28\xb5\x2f\xfd", "packed by zstd"),
    (b"BZh", "packed by bzip2"),
    (b"PK\x03\x04", "a zip archive"),
    (b"PAR1", "a Parquet file"),
    (b"\xff\xfe", "text in UTF-16"),
    (b"\xfe\xff", "text in UTF-16"),
];

/// Finds a trace: `file` as a path from the scenario's folder; else in `traces_dir` or one of its
/// sub-folders, by its path or by its name alone.
///
/// # Errors
/// Nothing there (tells where it was looked for), a folder of that name, or several such files.
pub fn locate(
    file: &Path,
    scenario_dir: &Path,
    traces_dir: Option<&Path>,
) -> Result<PathBuf, Problem> {
    let beside = scenario_dir.join(file);
    if beside.is_file() {
        return Ok(beside);
    }
    let folders = folders(traces_dir);
    let name = Path::new(file.file_name().unwrap_or_default());
    for tail in [file, name] {
        let found = folders.iter().map(|dir| dir.join(tail));
        let mut found: Vec<PathBuf> = found.filter(|path| path.is_file()).collect();
        found.dedup(); // an absolute `file` replaces the folder
        match found.len() {
            0 => {}
            1 => return Ok(found.swap_remove(0)),
            _ => return Err(several(file, &found)),
        }
    }
    Err(missing(file, &beside, traces_dir, &folders))
}

/// `traces_dir` and its sub-folders, in order of their names.
fn folders(traces_dir: Option<&Path>) -> Vec<PathBuf> {
    let Some(top) = traces_dir else {
        return Vec::new();
    };
    let inside = entries(top).into_iter().filter(|path| path.is_dir());
    std::iter::once(top.to_path_buf()).chain(inside).collect()
}

/// What is in a folder, in order of names; nothing if it cannot be read.
fn entries(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    found.sort();
    found
}

fn several(file: &Path, found: &[PathBuf]) -> Problem {
    let names: Vec<String> = found
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let hint = format!("write {}", listed(&names, "or"));
    Problem::mistake(file, "there are several traces of this name").hint(hint)
}

fn missing(file: &Path, beside: &Path, traces_dir: Option<&Path>, folders: &[PathBuf]) -> Problem {
    if beside.is_dir() {
        return is_folder(file);
    }
    let shown = beside.display();
    let looked = match traces_dir {
        Some(dir) => format!("{shown} and {} with its sub-folders", dir.display()),
        None => format!("{shown}; no folder of traces is set"),
    };
    let message = format!("there is no such trace; looked for it at {looked}");
    let problem = Problem::mistake(file, message);
    let near = beside.parent().map(Path::to_path_buf);
    let files = near.iter().chain(folders).flat_map(|dir| entries(dir));
    let names: Vec<String> = files.filter_map(file_name).collect();
    let wanted = file.file_name().unwrap_or_default().to_string_lossy();
    match nearest(&wanted, names.iter().map(String::as_str)) {
        Some(name) => problem.hint(format!("did you mean `{name}`?")),
        None => problem,
    }
}

fn file_name(path: PathBuf) -> Option<String> {
    let name = path.file_name().filter(|_| path.is_file())?;
    Some(name.to_string_lossy().into_owned())
}

fn is_folder(path: &Path) -> Problem {
    Problem::mistake(path, "this is a folder, not a trace").hint("name a file in it")
}

/// The text of a trace file, unpacked if it is gzip or xz by its first bytes (not by its name).
pub(super) struct TraceFile {
    path: PathBuf,
    packing: Option<&'static str>,
    bytes: Box<dyn BufRead + Send>,
}

impl TraceFile {
    pub(super) fn open(path: &Path) -> Result<TraceFile, Problem> {
        let file = open_regular(path)?;
        TraceFile::of(path, BufReader::with_capacity(CHUNK, file))
    }

    /// The same of bytes that come from elsewhere; `path` names them.
    pub(super) fn of(
        path: &Path,
        mut file: impl BufRead + Send + 'static,
    ) -> Result<TraceFile, Problem> {
        let head = file
            .fill_buf()
            .map_err(|error| unreadable(path, None, &error))?;
        if let Some((_, what)) = FOREIGN.iter().find(|(magic, _)| head.starts_with(magic)) {
            let message = format!("this is {what}; a trace is plain text, gzip or xz");
            return Err(Problem::mistake(path, message));
        }
        let (packing, bytes): (_, Box<dyn BufRead + Send>) = if head.starts_with(b"\x1f\x8b") {
            let gzip = MultiGzDecoder::new(file);
            (
                Some("gzip"),
                Box::new(BufReader::with_capacity(CHUNK, gzip)),
            )
        } else if head.starts_with(b"\xfd7zXZ\0") {
            let xz = XzReader::new_mem_limit(file, true, XZ_MEMORY);
            (Some("xz"), Box::new(BufReader::with_capacity(CHUNK, xz)))
        } else {
            (None, Box::new(file))
        };
        Ok(TraceFile {
            path: path.to_path_buf(),
            packing,
            bytes,
        })
    }

    /// The file, its packing and its bytes, for a reader with a buffer of its own.
    pub(super) fn into_parts(self) -> (PathBuf, Option<&'static str>, Box<dyn BufRead + Send>) {
        (self.path, self.packing, self.bytes)
    }
}

/// Opens a file that can be read twice and has an end: no folder, device or pipe.
fn open_regular(path: &Path) -> Result<File, Problem> {
    if path.is_dir() {
        return Err(is_folder(path));
    }
    if path.exists() && !path.is_file() {
        let message = "this is no regular file but a device or a pipe";
        return Err(Problem::mistake(path, message).hint("copy its content to a file"));
    }
    File::open(path).map_err(|error| cannot_open(path, &error))
}

/// SHA-256 of a file as it stands, in hexadecimal.
pub(super) fn digest(path: &Path) -> Result<String, Problem> {
    let mut digest = Sha256::new();
    let mut file = BufReader::with_capacity(CHUNK, open_regular(path)?);
    loop {
        let chunk = file
            .fill_buf()
            .map_err(|error| unreadable(path, None, &error))?;
        if chunk.is_empty() {
            let digest = digest.finalize();
            return Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect());
        }
        digest.update(chunk);
        let read = chunk.len();
        file.consume(read);
    }
}

fn cannot_open(path: &Path, error: &io::Error) -> Problem {
    match error.kind() {
        ErrorKind::NotFound => Problem::mistake(path, "there is no such file")
            .hint("check the path; it starts at the scenario's folder"),
        ErrorKind::PermissionDenied => {
            Problem::mistake(path, "this trace may not be read (permission denied)")
        }
        _ => Problem::machine(path, format!("cannot open the trace: {error}")),
    }
}

/// A read failed: a packed file that is cut short or damaged is the user's to mend, the rest is not.
pub(super) fn unreadable(path: &Path, packing: Option<&'static str>, error: &io::Error) -> Problem {
    let again = "fetch or pack it again";
    let (said, hint) = match error.kind() {
        ErrorKind::UnexpectedEof => ("is cut short".to_owned(), again),
        ErrorKind::InvalidData | ErrorKind::InvalidInput => {
            (format!("is damaged ({error})"), again)
        }
        ErrorKind::Unsupported | ErrorKind::OutOfMemory => {
            let said = format!("cannot be unpacked ({error})");
            (said, "pack it again with usual settings")
        }
        _ => (String::new(), ""),
    };
    match packing {
        Some(packing) if !said.is_empty() => {
            Problem::mistake(path, format!("this {packing} file {said}")).hint(hint)
        }
        _ => Problem::machine(path, format!("cannot read the trace: {error}")),
    }
}

/// Lines of a trace, in one buffer that is used again.
pub(super) struct Lines {
    source: TraceFile,
    line: Vec<u8>,
    number: u64,
}

impl Lines {
    pub(super) fn new(source: TraceFile) -> Lines {
        Lines {
            source,
            line: Vec::new(),
            number: 0,
        }
    }

    /// Reads the next line; false at the end of the file.
    pub(super) fn advance(&mut self) -> Result<bool, Problem> {
        self.line.clear();
        let TraceFile {
            path,
            packing,
            bytes,
        } = &mut self.source;
        let read = bytes.take(LONGEST).read_until(b'\n', &mut self.line);
        let read = read.map_err(|error| unreadable(path, *packing, &error))?;
        self.number += 1;
        if read as u64 == LONGEST {
            let message = format!(
                "this line is longer than {} MiB; is the file text?",
                LONGEST >> 20
            );
            return Err(Problem::mistake(path, message).at(self.number, ""));
        }
        if self.number == 1 && self.line.starts_with(b"\xef\xbb\xbf") {
            self.line.drain(..3); // the byte order mark
        }
        Ok(read > 0)
    }

    /// The line without the spaces around it.
    pub(super) fn text(&self) -> &[u8] {
        self.line.trim_ascii()
    }

    /// Number of the line, from 1, and its text.
    pub(super) fn place(&self) -> (u64, String) {
        (
            self.number,
            String::from_utf8_lossy(self.text()).into_owned(),
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::io::Write;

    const TEXT: &str = "0 2 1.5 1 2\n10 1 3 3\n";

    fn gzip(text: &str) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(text.as_bytes()).unwrap();
        packer.finish().unwrap()
    }

    /// `TEXT`, packed by `xz -9`, in hexadecimal: the library is built without its packer.
    const XZ: &str = "fd377a585a000004e6d6b446020021011c00000010cf58cc01001430203220312e35203120320a31\
        302031203320330a0000000066bf94bdd67e75e900012d152f0b716d1fb6f37d010000000004595a";

    fn xz() -> Vec<u8> {
        (0..XZ.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&XZ[at..at + 2], 16).unwrap())
            .collect()
    }

    fn lines(bytes: &[u8]) -> Result<Vec<String>, Problem> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("trace");
        fs::write(&path, bytes).unwrap();
        let mut lines = Lines::new(TraceFile::open(&path)?);
        let mut read = Vec::new();
        while lines.advance()? {
            read.push(String::from_utf8_lossy(lines.text()).into_owned());
        }
        Ok(read)
    }

    #[test]
    fn plain_gzip_and_xz_read_the_same() {
        let expected = vec!["0 2 1.5 1 2".to_string(), "10 1 3 3".to_string()];
        for bytes in [TEXT.as_bytes(), &gzip(TEXT), &xz()] {
            assert_eq!(lines(bytes).unwrap(), expected);
        }
        let twice = [expected.clone(), expected].concat();
        assert_eq!(
            lines(&[gzip(TEXT), gzip(TEXT)].concat()).unwrap(),
            twice,
            "members one after another"
        );
        assert_eq!(
            lines(&[xz(), xz()].concat()).unwrap(),
            twice,
            "streams one after another"
        );
    }

    #[test]
    fn line_ends_and_byte_order_marks_do_not_matter() {
        assert_eq!(
            lines(b"\xef\xbb\xbf1 2\r\n\r\n 3 4").unwrap(),
            ["1 2", "", "3 4"]
        );
    }

    /// Every proper beginning that still shows what it is must be refused, never read as a whole.
    #[test]
    fn a_packed_file_that_is_cut_short_is_told() {
        for (whole, name, magic) in [(gzip(TEXT), "gzip", 2), (xz(), "xz", 6)] {
            for end in magic..whole.len() {
                let problem = lines(&whole[..end]).unwrap_err();
                assert!(problem.mistake);
                assert_eq!(
                    problem.message,
                    format!("this {name} file is cut short"),
                    "at byte {end}"
                );
            }
        }
    }

    #[test]
    fn a_damaged_or_foreign_file_is_told() {
        let mut damaged = gzip(TEXT);
        let end = damaged.len() - 6;
        damaged[end] ^= 1; // the checksum
        let problem = lines(&damaged).unwrap_err();
        assert!(
            problem.mistake && problem.message.contains("gzip file is damaged"),
            "{problem}"
        );
        let problem = lines(b"\x28\xb5\x2f\xfd....").unwrap_err();
        assert_eq!(
            problem.message,
            "this is packed by zstd; a trace is plain text, gzip or xz"
        );
    }

    fn tree() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["scenarios", "traces/a", "traces/b"] {
            fs::create_dir_all(dir.path().join(folder)).unwrap();
        }
        for file in [
            "scenarios/own.swf",
            "traces/a/log.swf.xz",
            "traces/a/same.tr",
            "traces/b/same.tr",
        ] {
            fs::write(dir.path().join(file), "").unwrap();
        }
        dir
    }

    #[test]
    fn a_trace_is_found_beside_the_scenario_or_in_the_folder_of_traces() {
        let dir = tree();
        let (scenarios, traces) = (dir.path().join("scenarios"), dir.path().join("traces"));
        let find = |file: &str| locate(Path::new(file), &scenarios, Some(&traces)).unwrap();
        assert_eq!(find("own.swf"), scenarios.join("own.swf"));
        for file in ["log.swf.xz", "a/log.swf.xz", "elsewhere/log.swf.xz"] {
            assert_eq!(find(file), traces.join("a/log.swf.xz"));
        }
        assert_eq!(find("b/same.tr"), traces.join("b/same.tr"));
        assert_eq!(
            find(&traces.join("b/same.tr").to_string_lossy()),
            traces.join("b/same.tr")
        );
    }

    #[test]
    fn what_cannot_be_found_says_where_it_was_looked_for() {
        let dir = tree();
        let (scenarios, traces) = (dir.path().join("scenarios"), dir.path().join("traces"));
        let find = |file: &str| locate(Path::new(file), &scenarios, Some(&traces)).unwrap_err();
        let problem = find("log.swf");
        assert!(
            problem.mistake && problem.message.contains(traces.to_str().unwrap()),
            "{problem}"
        );
        assert_eq!(problem.hint.unwrap(), "did you mean `log.swf.xz`?");
        assert_eq!(
            find("same.tr").message,
            "there are several traces of this name"
        );
        assert_eq!(find("../traces").message, "this is a folder, not a trace");
        let problem = locate(Path::new("x"), &scenarios, None).unwrap_err();
        assert!(
            problem.message.ends_with("no folder of traces is set"),
            "{problem}"
        );
    }

    #[test]
    fn a_folder_or_missing_file_cannot_be_opened() {
        let dir = tree();
        let open = |path: &Path| TraceFile::open(path).map(|_| ()).unwrap_err();
        assert_eq!(open(dir.path()).message, "this is a folder, not a trace");
        let problem = open(&dir.path().join("nothing"));
        assert!(problem.mistake && problem.message == "there is no such file");
    }

    #[test]
    fn a_failing_disk_is_not_the_users_mistake() {
        let problem = unreadable(
            Path::new("t"),
            Some("xz"),
            &io::Error::other("device fell off"),
        );
        assert!(!problem.mistake && problem.message.contains("device fell off"));
    }
}
