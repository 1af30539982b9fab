//! Delimited text: rows of cells between commas, semicolons, tabs or bars, as spreadsheets, databases
//! and batch systems write them. Traces and empirical laws are read by it.
//!
//! Quoting by RFC 4180, told with the line at which it goes wrong: common readers take whatever
//! follows a quote, and a file with one quote too many silently loses rows. The delimiter is found
//! in the first line. Limits on a cell and a row keep a file that is no text, or one made to harm,
//! from filling the memory.

use super::Problem;
use super::file::{TraceFile, unreadable};
use super::problem::nearest;
use crate::engine::column::Column;
use crate::text::listed;
use std::io::{BufRead, Cursor, Read};
use std::path::PathBuf;

/// What may stand between cells, and what it is called; the first is the usual one.
const DELIMITERS: [(u8, &str); 4] = [
    (b',', "commas"),
    (b';', "semicolons"),
    (b'\t', "tabs"),
    (b'|', "bars"),
];
/// Longest cell and row, in bytes.
const LONGEST_CELL: usize = 1 << 20;
const LONGEST_ROW: usize = 1 << 24;
/// Most cells of a row.
const MOST_CELLS: usize = 1 << 14;

/// The rows of a delimited file.
pub(super) struct Delimited {
    path: PathBuf,
    packing: Option<&'static str>,
    bytes: Box<dyn BufRead + Send>,
    lexer: Lexer,
    header: Option<Vec<String>>,
    width: usize,
}

impl Delimited {
    /// Opens a file of which these columns are wanted: by their names if its first row names the
    /// columns, by their numbers if it does not.
    ///
    /// # Errors
    /// The file cannot be read or is empty; its first row is no text; names stand beside numbers.
    pub(super) fn open(source: TraceFile, wanted: &[&Column]) -> Result<Delimited, Problem> {
        let (path, packing, mut bytes) = source.into_parts();
        let mut first = Vec::new();
        let read = bytes
            .by_ref()
            .take(LONGEST_ROW as u64)
            .read_until(b'\n', &mut first);
        read.map_err(|error| unreadable(&path, packing, &error))?;
        if first.starts_with(BYTE_ORDER_MARK) {
            first.drain(..BYTE_ORDER_MARK.len());
        }
        let mut table = Delimited {
            lexer: Lexer::new(delimiter(&first, wanted)),
            bytes: Box::new(Cursor::new(first).chain(bytes)),
            path,
            packing,
            header: None,
            width: 0,
        };
        let named = wanted
            .iter()
            .filter(|column| column.name().is_some())
            .count();
        if named == wanted.len() {
            table.header = Some(table.names()?);
        } else if named > 0 {
            let message = "some of its columns are given by name, others by number";
            let hint = "give all by name, or all by number (from 1) if no line names the columns";
            return Err(table.mistake(message).hint(hint));
        }
        Ok(table)
    }

    /// The names in the first row.
    fn names(&mut self) -> Result<Vec<String>, Problem> {
        if !self.read()? {
            return Err(self.mistake("the file is empty; its first line must name the columns"));
        }
        let name = |cell: &[u8]| std::str::from_utf8(cell).map(str::to_string);
        let names: Result<_, _> = self.lexer.row.iter().map(name).collect();
        names.map_err(|_| {
            self.mistake("the column names are not text in UTF-8")
                .at(1, "")
                .hint("save the file as UTF-8 text")
        })
    }

    /// Place of a wanted column.
    ///
    /// # Errors
    /// There is none of this name, or there are two.
    pub(super) fn place_of(&self, column: &Column) -> Result<usize, Problem> {
        let (header, name) = match (&self.header, column) {
            (Some(header), Column::Name(name)) => (header, name),
            (_, column) => return Ok(column.number().unwrap_or(1) as usize - 1),
        };
        let mut places = (0..header.len()).filter(|&place| header[place] == *name);
        match (places.next(), places.next()) {
            (Some(place), None) => Ok(place),
            (Some(_), Some(_)) => {
                let message = format!("there are two columns `{name}`");
                Err(self.mistake(message).at(1, &header.join(",")))
            }
            (None, _) => Err(self.no_column(header, name)),
        }
    }

    fn no_column(&self, header: &[String], name: &str) -> Problem {
        let known = listed(header, "and");
        let message = format!("there is no column `{name}`; its columns are {known}");
        let problem = self.mistake(message).at(1, &header.join(","));
        if header.iter().all(|name| name.parse::<f64>().is_ok()) {
            let hint = "its first line holds numbers: give columns by number (1, 2, ...), or put a line of names before it";
            return problem.hint(hint);
        }
        match nearest(name, header.iter().map(String::as_str)) {
            Some(near) => problem.hint(format!("did you mean `{near}`?")),
            None => problem,
        }
    }

    /// Reads the next row that is not blank; false at the end of the file.
    ///
    /// # Errors
    /// The file cannot be read, a quote is wrong, or a limit is passed.
    pub(super) fn read(&mut self) -> Result<bool, Problem> {
        self.lexer.begin();
        let mut is_whole = false;
        while !is_whole {
            let chunk = self.bytes.fill_buf();
            let chunk = chunk.map_err(|error| unreadable(&self.path, self.packing, &error))?;
            if chunk.is_empty() {
                is_whole = true;
                self.lexer.end().map_err(|wrong| wrong.told(&self.path))?;
            }
            let mut used = 0;
            while used < chunk.len() && !is_whole {
                let taken = self.lexer.take(chunk[used]);
                is_whole = taken.map_err(|wrong| wrong.told(&self.path))?;
                used += 1;
            }
            self.bytes.consume(used);
        }
        let cells = self.lexer.row.ends.len();
        self.width = if self.width == 0 { cells } else { self.width };
        Ok(cells > 0)
    }

    /// True if the row has as many cells as the first.
    pub(super) fn is_even(&self) -> bool {
        self.lexer.row.ends.len() == self.width
    }

    /// A cell of the row without the spaces around it; empty behind the last.
    pub(super) fn cell(&self, place: usize) -> &[u8] {
        match place < self.lexer.row.ends.len() {
            true => self.lexer.row.get(place).trim_ascii(),
            false => b"",
        }
    }

    /// Line at which the row starts, and its text.
    pub(super) fn line(&self) -> (u64, String) {
        let cells: Vec<_> = self.lexer.row.iter().map(String::from_utf8_lossy).collect();
        let delimiter = char::from(self.lexer.delimiter).to_string();
        (self.lexer.start, cells.join(&delimiter))
    }

    /// What the cell at this place is called.
    pub(super) fn field(&self, place: usize) -> String {
        match &self.header {
            Some(header) => format!("cell of column `{}`", header[place]),
            None => format!("cell of column {}", place + 1),
        }
    }

    /// What a row must look like.
    pub(super) fn shape(&self) -> String {
        let like = if self.header.is_some() {
            "header"
        } else {
            "first"
        };
        format!("a row of {} cells like the {like}", self.width)
    }

    /// What stands between its cells, if that is not what is usual.
    pub(super) fn delimiter(&self) -> Option<&'static str> {
        let mut others = DELIMITERS[1..].iter();
        others
            .find(|(byte, _)| *byte == self.lexer.delimiter)
            .map(|(_, name)| *name)
    }

    /// Something that the user can mend.
    pub(super) fn mistake(&self, message: impl Into<String>) -> Problem {
        Problem::mistake(&self.path, message)
    }
}

/// What stands between the cells of the first line: that by which it has the wanted columns, else
/// what makes most cells.
fn delimiter(line: &[u8], wanted: &[&Column]) -> u8 {
    let rows = DELIMITERS.map(|(byte, _)| (byte, cells_of(line, byte)));
    let has = |cells: &Cells, column: &&Column| match column {
        Column::Name(name) => cells.iter().any(|cell| cell == name.as_bytes()),
        Column::Number(number) => {
            let is_one = |cell: &[u8]| !DELIMITERS.iter().any(|(other, _)| cell.contains(other));
            cells.iter().nth(*number as usize - 1).is_some_and(is_one)
        }
    };
    let mut fitting = rows
        .iter()
        .filter(|(_, cells)| wanted.iter().all(|column| has(cells, column)));
    if let Some((byte, _)) = fitting.next() {
        return *byte;
    }
    let more = |best: (u8, usize), (byte, cells): &(u8, Cells)| match cells.ends.len() {
        more if more > best.1 => (*byte, more),
        _ => best,
    };
    rows.iter().fold((DELIMITERS[0].0, 0), more).0
}

/// The cells of the first line if this stands between them; none if it cannot.
fn cells_of(line: &[u8], delimiter: u8) -> Cells {
    let mut lexer = Lexer::new(delimiter);
    let read = line.iter().try_fold(false, |_, byte| lexer.take(*byte));
    match read.and_then(|is_whole| if is_whole { Ok(()) } else { lexer.end_cell() }) {
        Err(_) if lexer.row.ends.len() <= MOST_CELLS => Cells::default(),
        _ => lexer.row,
    }
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The cells of a row, one behind the other.
#[derive(Debug, Default)]
struct Cells {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Cells {
    fn get(&self, place: usize) -> &[u8] {
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[place]]
    }

    /// Where the cell starts that is not ended yet.
    fn open(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.ends.len()).map(|place| self.get(place).trim_ascii())
    }
}

/// Where in a cell the reader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// At its start, or behind spaces there.
    Start,
    /// In a cell without quotes.
    Plain,
    /// In a quoted cell.
    Quoted,
    /// Behind the quote that closed it, or is the first half of a doubled one.
    Closed,
}

/// Why bytes are no row.
#[derive(Debug, PartialEq, Eq)]
struct Wrong {
    line: u64,
    message: &'static str,
    hint: &'static str,
}

impl Wrong {
    fn told(self, path: &std::path::Path) -> Problem {
        Problem::mistake(path, self.message)
            .at(self.line, "")
            .hint(self.hint)
    }
}

/// Cuts bytes into the cells of a row.
#[derive(Debug)]
struct Lexer {
    delimiter: u8,
    row: Cells,
    at: At,
    /// Line on which the row starts, on which the last quote was opened, and of the next byte.
    start: u64,
    opened: u64,
    line: u64,
    /// The last byte was a return, with which a following line feed makes one end of line.
    after_return: bool,
}

impl Lexer {
    fn new(delimiter: u8) -> Lexer {
        Lexer {
            delimiter,
            row: Cells::default(),
            at: At::Start,
            start: 1,
            opened: 1,
            line: 1,
            after_return: false,
        }
    }

    /// Makes ready for the next row.
    fn begin(&mut self) {
        self.row.text.clear();
        self.row.ends.clear();
        self.at = At::Start;
        self.start = self.line;
    }

    /// Takes the next byte; true if it ends a row.
    fn take(&mut self, byte: u8) -> Result<bool, Wrong> {
        let is_second = std::mem::replace(&mut self.after_return, byte == b'\r') && byte == b'\n';
        if is_second && self.at != At::Quoted {
            return Ok(false);
        }
        self.line += u64::from(matches!(byte, b'\n' | b'\r') && !is_second);
        match (self.at, byte) {
            (At::Quoted, b'"') => self.at = At::Closed,
            (At::Quoted, _) => self.push(byte)?,
            (At::Closed, b'"') => {
                self.push(byte)?;
                self.at = At::Quoted;
            }
            (_, b'\n' | b'\r') => return self.end_line(),
            (_, byte) if byte == self.delimiter => self.end_cell()?,
            (At::Start, b'"') => self.open(),
            (At::Start | At::Closed, b' ' | b'\t') => {}
            (At::Closed, _) => return Err(self.wrong(self.opened, STRAY.0, STRAY.1)),
            (At::Plain, b'"') => return Err(self.wrong(self.line, INSIDE.0, INSIDE.1)),
            (At::Start | At::Plain, _) => {
                self.at = At::Plain;
                self.push(byte)?;
            }
        }
        Ok(false)
    }

    fn open(&mut self) {
        self.at = At::Quoted;
        self.opened = self.line;
    }

    fn push(&mut self, byte: u8) -> Result<(), Wrong> {
        self.row.text.push(byte);
        let length = self.row.text.len();
        let is_long = length - self.row.open() > LONGEST_CELL || length > LONGEST_ROW;
        match is_long {
            true => Err(self.wrong(self.start, LONG.0, LONG.1)),
            false => Ok(()),
        }
    }

    fn end_cell(&mut self) -> Result<(), Wrong> {
        self.row.ends.push(self.row.text.len());
        self.at = At::Start;
        match self.row.ends.len() > MOST_CELLS {
            true => Err(self.wrong(self.start, WIDE.0, WIDE.1)),
            false => Ok(()),
        }
    }

    /// Ends a row, unless the line is blank: then the next line is its start.
    fn end_line(&mut self) -> Result<bool, Wrong> {
        if self.at == At::Start && self.row.ends.is_empty() {
            self.begin();
            return Ok(false);
        }
        self.end_cell().map(|()| true)
    }

    /// The file ends.
    fn end(&mut self) -> Result<(), Wrong> {
        match self.at {
            At::Quoted => Err(self.wrong(self.opened, UNCLOSED.0, UNCLOSED.1)),
            At::Start if self.row.ends.is_empty() => Ok(()),
            _ => self.end_cell(),
        }
    }

    fn wrong(&self, line: u64, message: &'static str, hint: &'static str) -> Wrong {
        Wrong {
            line,
            message,
            hint,
        }
    }
}

/// What may be wrong, and what to do.
const UNCLOSED: (&str, &str) = (
    "the quote that opens on this line is never closed",
    "close it; a quote that belongs to the text is written twice: \"\"",
);
const STRAY: (&str, &str) = (
    "text follows the end of the quoted cell that opens on this line",
    "quote the whole cell; a quote that belongs to the text is written twice: \"\"",
);
const INSIDE: (&str, &str) = (
    "there is a quote inside a cell that is not quoted",
    "quote the whole cell, and write the quote that belongs to the text twice: \"\"",
);
const LONG: (&str, &str) = (
    "a cell of the row on this line is longer than 1 MiB, or the row than 16 MiB",
    "is the file text, and are its quotes closed?",
);
const WIDE: (&str, &str) = (
    "the row on this line has more than 16,384 cells",
    "is the file delimited text? See `format`",
);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn open(bytes: &[u8], wanted: &[&Column]) -> Result<Delimited, Problem> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("table");
        std::fs::write(&path, bytes).unwrap();
        Delimited::open(TraceFile::open(&path)?, wanted)
    }

    /// All rows of a file without a header, by their lines.
    fn rows(bytes: &[u8]) -> Result<Vec<(u64, Vec<String>)>, Problem> {
        let mut table = open(bytes, &[&Column::Number(1)])?;
        let mut rows = Vec::new();
        while table.read()? {
            let cells = table.lexer.row.iter();
            let cells = cells.map(|cell| String::from_utf8_lossy(cell).into_owned());
            rows.push((table.lexer.start, cells.collect()));
        }
        Ok(rows)
    }

    fn refused(bytes: &[u8]) -> (u64, String) {
        let problem = rows(bytes).unwrap_err();
        (problem.row.unwrap().line, problem.message)
    }

    #[test]
    fn cells_are_cut_as_rfc_4180_says() {
        let row = |line, cells: &[&str]| (line, cells.iter().map(|s| s.to_string()).collect());
        let text = b"\xef\xbb\xbf a ,\"b,\"\"c\"\"\nd\", \"e\" \r\n\r\n\n,\r1,,\"\"";
        let expected: Vec<(u64, Vec<String>)> = vec![
            row(1, &["a", "b,\"c\"\nd", "e"]),
            row(5, &["", ""]),
            row(6, &["1", "", ""]),
        ];
        assert_eq!(rows(text).unwrap(), expected);
        assert!(rows(b"").unwrap().is_empty() && rows(b"\n \n").unwrap().is_empty());
    }

    #[test]
    fn a_wrong_quote_is_told_with_its_line() {
        let told = |text: &str| refused(text.as_bytes());
        assert_eq!(told("1\n2,\"a\n3\n4\n"), (2, UNCLOSED.0.to_owned()));
        assert_eq!(told("1\n2,\"a\n3,\"c\n"), (2, STRAY.0.to_owned()));
        assert_eq!(told("1\n\n3\"5\n"), (3, INSIDE.0.to_owned()));
        assert_eq!(told("\"3\"5\n"), (1, STRAY.0.to_owned()));
    }

    #[test]
    fn long_cells_rows_and_wide_rows_are_refused() {
        let long = [b"1\n\"".to_vec(), vec![b'x'; LONGEST_CELL + 1]].concat();
        assert_eq!(refused(&long), (2, LONG.0.to_owned()));
        let cell = [vec![b'x'; LONGEST_CELL], b"\n,".to_vec()].concat();
        let cell = [
            b"\"".to_vec(),
            cell[..LONGEST_CELL].to_vec(),
            b"\",".to_vec(),
        ]
        .concat();
        assert_eq!(refused(&cell.repeat(20)), (1, LONG.0.to_owned()));
        assert_eq!(refused(&vec![b','; MOST_CELLS + 1]), (1, WIDE.0.to_owned()));
    }

    #[test]
    fn the_delimiter_is_what_gives_the_wanted_columns() {
        let name = |name: &str| Column::Name(name.to_owned());
        let (at, dur) = (name("at"), name("dur"));
        for (line, delimiter) in [
            ("at,dur", b','),
            ("at;dur\n", b';'),
            ("at\tdur;x;y;z", b';'),
            ("\"at\";\"dur\";\"a,b,c,d\"", b';'),
            ("at|x|dur", b'|'),
            ("a;b;c", b';'),
            ("x", b','),
        ] {
            assert_eq!(
                super::delimiter(line.as_bytes(), &[&at, &dur]),
                delimiter,
                "{line}"
            );
        }
        let numbers = [&Column::Number(1), &Column::Number(2)];
        assert_eq!(
            super::delimiter(b"0,5;1,5\n", &numbers),
            b',',
            "a decimal comma is told by the row"
        );
        assert_eq!(super::delimiter(b"0\t5.5", &numbers), b'\t');
    }

    proptest! {
        /// What is written with quotes where they are needed reads back.
        #[test]
        fn written_rows_read_back(
            rows in prop::collection::vec(prop::collection::vec("[a-z,;\"\n\r ]{0,6}", 1..5), 1..6),
        ) {
            let cell = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
            let line = |cells: &Vec<String>| cells.iter().map(cell).collect::<Vec<_>>().join(",") + "\n";
            let text: String = rows.iter().map(line).collect();
            let trimmed = |cells: &Vec<String>| cells.iter().map(|cell| cell.trim_matches([' ', '\n', '\r']).to_owned()).collect::<Vec<_>>();
            let expected: Vec<Vec<String>> = rows.iter().map(trimmed).collect();
            let read = self::rows(text.as_bytes()).unwrap().into_iter().map(|(_, cells)| cells);
            prop_assert_eq!(read.collect::<Vec<_>>(), expected);
        }
    }
}
