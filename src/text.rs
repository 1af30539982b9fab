//! Words for people: numbers, units, lists and lengths, as every table, page and message writes them.
//!
//! All of it is here because the same figure must read the same on the terminal, on the page and
//! in a message, and because a reader compares texts by eye: a digit or a blank that differs looks
//! like a result that differs. Nothing here knows what is said; it only knows how.

use std::collections::BTreeSet;

use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm, core::display_width};

/// Columns of a terminal's line: what every window and log shows without folding it.
pub const LINE: usize = 80;

/// A whole number with commas between thousands: "1,000".
pub fn thousands(number: u64) -> String {
    with_commas(&number.to_string())
}

/// A whole number in a table, where four digits are read without a comma: "1000", "10,000".
pub fn count(number: u64) -> String {
    grouped(&number.to_string())
}

/// "1 job", "22,000 jobs".
pub fn counted(number: u64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", thousands(number))
}

/// `value` rounded up to two significant digits; what binary fractions add does not count.
pub fn rounded_up(value: f64) -> f64 {
    if value <= 0.0 || !value.is_finite() {
        return value;
    }
    let places = 1 - value.log10().floor() as i32;
    // A division by a power of ten of whole numbers rounds once, to the number as it is written.
    let scaled = (value * 10f64.powi(places) - 1e-9).ceil();
    if places > 0 {
        scaled / 10f64.powi(places)
    } else {
        scaled * 10f64.powi(-places)
    }
}

/// A number as a scenario file has it: `200_000`, `0.5`.
pub fn toml_number(value: f64) -> String {
    if value.fract() != 0.0 || value.abs() >= 1e18 {
        return value.to_string();
    }
    thousands(value as u64).replace(',', "_")
}

/// "1 strategy", "2 strategies": for nouns whose plural takes more than an s.
pub fn plural(number: usize, one: &str, many: &str) -> String {
    let noun = if number == 1 { one } else { many };
    format!("{} {noun}", count(number as u64))
}

/// A decimal number as text, its whole part with commas from five digits on.
fn grouped(number: &str) -> String {
    let (sign, digits) = number
        .strip_prefix('-')
        .map_or(("", number), |rest| ("-", rest));
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    if whole.len() < 5 || !whole.bytes().all(|b| b.is_ascii_digit()) {
        return number.to_owned();
    }
    format!("{sign}{}{fraction}", with_commas(whole))
}

/// Digits in threes from the right.
fn with_commas(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Decimals that show `digits` significant digits of `value`, between 0 and 12.
pub fn decimals_of(value: f64, digits: i32) -> i32 {
    if value == 0.0 || !value.is_finite() {
        return 0;
    }
    // Rounding may carry (0.96 to one digit is 1), so look at the value as it will be printed.
    let printed = format!("{:.*e}", (digits - 1).max(0) as usize, value.abs());
    let exponent = printed.rsplit('e').next().and_then(|e| e.parse().ok());
    (digits - 1 - exponent.unwrap_or(0)).clamp(0, 12)
}

/// `value` with `digits` significant digits, without an exponent between 1e-6 and 1e12.
pub fn significant(value: f64, digits: i32) -> String {
    if value != 0.0 && value.is_finite() && !(1e-6..1e12).contains(&value.abs()) {
        return format!("{value:.*e}", (digits - 1).max(0) as usize);
    }
    fixed(value, decimals_of(value, digits))
}

/// `value` with `decimals` decimals, thousands grouped from 10,000 on, and no negative zero; from
/// 1e15 on with an exponent.
pub fn fixed(value: f64, decimals: i32) -> String {
    if value.abs() >= 1e15 {
        return format!("{value:.2e}");
    }
    let text = format!("{value:.*}", decimals.max(0) as usize);
    match text.strip_prefix('-') {
        Some(zero) if is_zero(zero) => grouped(zero),
        _ => grouped(&text),
    }
}

fn is_zero(number: &str) -> bool {
    number.chars().all(|c| matches!(c, '0' | '.' | '-'))
}

/// "2 %", "0.5 %": a share given by a person, with no more digits than it has.
pub fn plain_percent(share: f64) -> String {
    let rounded = (share * 100.0 * 1e6).round() / 1e6;
    format!("{rounded} %")
}

/// A relative change in percent with its sign: `-0.704` is "-70.4" with `decimals` 1.
pub fn signed_percent(relative: f64, decimals: i32) -> String {
    let number = fixed(relative * 100.0, decimals);
    if is_zero(&number) || number.starts_with('-') {
        number
    } else {
        format!("+{number}")
    }
}

/// Decimals of percentages whose interval is `low..high` (relative, not percent).
pub fn percent_decimals(low: f64, high: f64) -> i32 {
    let half = (high - low).abs() * 50.0;
    let decimals = match half {
        0.0 => 1,
        _ => decimals_of(half, 1).min(3),
    };
    decimals_off_zero(low, high, decimals)
}

/// Percent below which a change may be what the machine's numbers were rounded by.
const ROUNDING: f64 = 1e-6;

/// `decimals` for percentages `low..high`, or more if the end next to 0 would read as 0 and is not: an interval
/// that excludes 0 must not look as if it did not.
fn decimals_off_zero(low: f64, high: f64, decimals: i32) -> i32 {
    let near = 100.0 * low.abs().min(high.abs());
    let excludes_zero = low.signum() == high.signum() && near > ROUNDING;
    match excludes_zero && is_zero(&fixed(near, decimals)) {
        true => decimals.max(decimals_of(near, 1)),
        false => decimals,
    }
}

/// A relative change in whole percent, with decimals only if it would read as 0 and is not: "-70", "+0.3".
pub fn short_percent(relative: f64) -> String {
    signed_percent(relative, decimals_off_zero(relative, relative, 0))
}

/// A relative change without an interval, in percent: "-70.4".
pub fn alone_percent(relative: f64) -> String {
    signed_percent(relative, percent_decimals(relative, relative))
}

/// A unit chosen for a set of values: a value is printed as `value / factor` followed by `unit`.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    /// Size of the unit in the values' own unit.
    pub factor: f64,
    /// Name of the unit; empty for a plain number.
    pub unit: String,
}

const TIME_UNITS: [(f64, &str); 6] = [
    (1e-9, "ns"),
    (1e-6, "us"),
    (1e-3, "ms"),
    (1.0, "s"),
    (60.0, "min"),
    (3600.0, "h"),
];

/// The seconds of a duration such as "50ms", in any unit that a scenario may give.
pub fn seconds(duration: &str) -> Option<f64> {
    const OTHERS: [(f64, &str); 2] = [(1e-6, "µs"), (86_400.0, "d")];
    let mut units = OTHERS.iter().chain(&TIME_UNITS);
    let strip = |(factor, unit): &(f64, &str)| Some((duration.strip_suffix(unit)?, *factor));
    let (number, factor) = units.find_map(strip)?;
    Some(number.trim().parse::<f64>().ok()? * factor)
}

/// "workload.load = 0.8, nodes.a.count = 3".
pub fn assignments(paths: &[String], values: &[String]) -> String {
    let pairs = paths.iter().zip(values);
    let pairs = pairs.map(|(path, value)| format!("{path} = {value}"));
    pairs.collect::<Vec<_>>().join(", ")
}

/// A value of a scenario file as people read it, safe to print: a text without its quotes, a table without its
/// marks: "fresh", "periodic every 50ms", "lognormal (mean 10ms, cv 2)".
pub fn plain_value(value: &str) -> String {
    let read = toml::from_str::<toml::Table>(&format!("it = {value}"));
    let read = read.ok().and_then(|mut read| read.remove("it"));
    let inner = || value.strip_prefix('"').and_then(|v| v.strip_suffix('"'));
    match read {
        Some(toml::Value::Table(table)) => printable(&without_marks(&table)),
        _ => printable(inner().unwrap_or(value)),
    }
}

/// "key value", in brackets where there are several.
fn without_marks(table: &toml::Table) -> String {
    let entry = |(key, value): (&String, &toml::Value)| match value {
        toml::Value::Table(table) => format!("{key} {}", without_marks(table)),
        toml::Value::String(text) => format!("{key} {text}"),
        other => format!("{key} {other}"),
    };
    let entries: Vec<String> = table.iter().map(entry).collect();
    match &entries[..] {
        [only] => only.clone(),
        all => format!("({})", all.join(", ")),
    }
}

/// What went wrong, without the system's number for it.
pub fn plain_error(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error")
        .next()
        .unwrap_or_default()
        .to_owned()
}

impl Scale {
    fn new(factor: f64, unit: &str) -> Scale {
        let unit = unit.to_owned();
        Scale { factor, unit }
    }

    /// Shares as percentages.
    pub fn percent() -> Scale {
        Scale::new(0.01, "%")
    }

    /// Numbers as they are; `unit` "1" says that they have none.
    pub fn plain(unit: &str) -> Scale {
        Scale::new(1.0, unit.trim_start_matches('1'))
    }

    /// A unit for seconds: the largest in which the smallest value is at least 1, or a larger one
    /// while the largest value would need four digits and the smallest stays at 0.1 or more.
    pub fn time(seconds: impl IntoIterator<Item = f64>) -> Scale {
        let sizes = seconds.into_iter().map(f64::abs);
        let sizes = sizes.filter(|v| v.is_finite() && *v > 0.0);
        let (low, high) = sizes.fold((f64::INFINITY, 0.0_f64), |(l, h), v| (l.min(v), h.max(v)));
        if high == 0.0 {
            return Scale::new(1.0, "s");
        }
        let fits = |at: &usize| TIME_UNITS[*at].0 <= low;
        let mut at = (0..TIME_UNITS.len()).rev().find(fits).unwrap_or(0);
        while at + 1 < TIME_UNITS.len() && must_grow(at, low, high) {
            at += 1;
        }
        Scale::new(TIME_UNITS[at].0, TIME_UNITS[at].1)
    }

    /// `number` (already scaled and formatted) with the unit.
    pub fn with_unit(&self, number: &str) -> String {
        format!("{number} {}", self.unit).trim_end().to_owned()
    }

    /// `title (unit)`, or the title alone for a plain number.
    pub fn axis_title(&self, title: &str) -> String {
        if self.unit.is_empty() {
            return title.to_owned();
        }
        format!("{title} ({})", self.unit)
    }

    /// `value` with three significant digits and the unit.
    pub fn value(&self, value: f64) -> String {
        self.with_unit(&significant(value / self.factor, 3))
    }

    /// `value ± half-width unit`, the digits of the value following its uncertainty:
    /// "438 ms ± 5". Without an interval, three significant digits.
    pub fn with_interval(&self, value: f64, interval: Option<(f64, f64)>) -> String {
        let half = interval.map_or(0.0, |(low, high)| (high - low) / 2.0) / self.factor;
        let scaled = value / self.factor;
        if half <= 0.0 || !half.is_finite() {
            return self.value(value);
        }
        let decimals = decimals_of(half, 1).min(decimals_of(scaled, 5));
        let mut shown = fixed(half, decimals);
        if is_zero(&shown) {
            shown = format!("<{}", fixed(0.1_f64.powi(decimals), decimals));
        }
        format!("{} ± {shown}", self.with_unit(&fixed(scaled, decimals)))
    }
}

fn must_grow(at: usize, low: f64, high: f64) -> bool {
    let next = TIME_UNITS[at + 1].0;
    let too_long = high / TIME_UNITS[at].0 >= 1000.0;
    too_long && low / next >= 0.1 || high / TIME_UNITS[at].0 >= 100_000.0
}

/// Names in backquotes, as [`listed`] without a word before the last: "`a`, `b`, `c`".
pub fn quoted<S: AsRef<str>>(names: &[S]) -> String {
    each_quoted(names).join(", ")
}

/// "`a`, `b` or `c`", with another word than "or" before the last; "none" without a name.
pub fn listed<S: AsRef<str>>(names: &[S], word: &str) -> String {
    match each_quoted(names).split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} {word} {last}", rest.join(", ")),
        None => "none".to_owned(),
    }
}

fn each_quoted<S: AsRef<str>>(names: &[S]) -> Vec<String> {
    let quoted = |name: &S| format!("`{}`", name.as_ref());
    names.iter().map(quoted).collect()
}

/// A span of time as people say it, in at most two units: "4.9 days", "3 h 20 min", "20 min 50 s",
/// "1.25 s", "250 us".
pub fn lasting(seconds: f64) -> String {
    let two = |whole: u64, per: u64, one: &str, other: &str| match whole % per {
        0 => format!("{} {one}", whole / per),
        rest => format!("{} {one} {rest} {other}", whole / per),
    };
    let whole = |unit: f64| libm::round(seconds / unit) as u64;
    match seconds {
        long if long >= 172_800.0 => {
            let days = libm::round(long / 8_640.0) / 10.0;
            match days < 1_000.0 {
                true => format!("{days} days"),
                false => format!("{} days", thousands(days as u64)),
            }
        }
        long if long >= 7_200.0 => two(whole(60.0), 60, "h", "min"),
        long if long >= 120.0 => two(whole(1.0), 60, "min", "s"),
        0.0 => "0 s".to_owned(),
        short => {
            let units = [(1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns")];
            let unit = units.into_iter().find(|(unit, _)| short >= *unit);
            let (unit, name) = unit.unwrap_or((1e-9, "ns"));
            format!("{} {name}", libm::round(short / unit * 1e3) / 1e3)
        }
    }
}

/// `text` without characters that neither a terminal nor an XML document may be given, nor a reader:
/// marks that turn the direction of writing show another text than there is.
pub fn printable(text: &str) -> String {
    text.chars().map(plain).collect()
}

/// `c`, or a blank for what may not be shown.
pub fn plain(c: char) -> char {
    let is_mark = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    match c.is_control() || is_mark || matches!(c, '\u{fffe}' | '\u{ffff}') {
        true => ' ',
        false => c,
    }
}

/// `text` cut to `width` characters, the last one an ellipsis where something is missing.
pub fn shorten(text: &str, width: usize) -> String {
    cut(text, width, 0)
}

/// Names that stand side by side, each cut to `width` columns where that leaves apart what is: at
/// the end, else in the middle, else at the start.
pub fn apart<S: AsRef<str>>(names: &[S], width: usize) -> Vec<String> {
    let cut = |tail| -> Vec<String> {
        let names = names.iter();
        names.map(|name| cut(name.as_ref(), width, tail)).collect()
    };
    let all: BTreeSet<&str> = names.iter().map(AsRef::as_ref).collect();
    let are_apart = |cut: &Vec<String>| cut.iter().collect::<BTreeSet<_>>().len() == all.len();
    let kept = width.saturating_sub(1);
    let tails = [0, kept / 3, kept * 2 / 3, kept];
    tails
        .into_iter()
        .map(cut)
        .find(are_apart)
        .unwrap_or_else(|| cut(0))
}

/// `text` in at most `width` columns; what is cut out leaves `tail` columns of its end.
fn cut(text: &str, width: usize, tail: usize) -> String {
    if self::width(text) <= width {
        return text.to_owned();
    }
    let head: String = first_columns(text.chars(), width.saturating_sub(tail + 1));
    let end: String = first_columns(text.chars().rev(), tail);
    let end: String = end.chars().rev().collect();
    format!("{}…{}", head.trim_end(), end.trim_start())
}

/// The first characters that fit into `most` columns.
fn first_columns(text: impl Iterator<Item = char>, most: usize) -> String {
    let mut used = 0;
    let fits = |c: &char| {
        used += width(c.encode_utf8(&mut [0; 4]));
        used <= most
    };
    text.take_while(fits).collect()
}

/// Columns that `text` takes on a terminal.
pub fn width(text: &str) -> usize {
    display_width(text)
}

/// `text` in lines of at most [`LINE`] columns, the first after `first` and the others after
/// `further`; broken at blanks, and in a word only where that is longer than a line.
pub fn wrapped(text: &str, first: &str, further: &str) -> Vec<String> {
    let options = at_blanks(first, further).break_words(true);
    let glued = glued(text);
    let lines = textwrap::wrap(&glued, options);
    lines.iter().map(|line| line.replace(GLUE, " ")).collect()
}

/// Stands for a blank at which no line may end.
pub const GLUE: char = '\u{a0}';

/// `text` with no end of line between a number and its unit, nor around `=` and `±`, nor in what
/// stands in backquotes, which is to be copied.
fn glued(text: &str) -> String {
    const UNITS: [&str; 12] = [
        "%",
        "s",
        "ms",
        "us",
        "ns",
        "min",
        "h",
        "days",
        "MB",
        "GB",
        "jobs",
        "replications",
    ];
    let is_number = |word: &str| word.ends_with(|c: char| c.is_ascii_digit());
    let bare = |word: &str| word.trim_end_matches([',', ';', '.', ':', ')']).to_owned();
    let is_unit = |word: &str| UNITS.contains(&&*bare(word));
    let is_sign = |word: &str| matches!(word, "=" | "±" | "+-");
    let words: Vec<&str> = text.split(' ').collect();
    let mut glued = String::new();
    let mut is_code = false;
    for (at, word) in words.iter().enumerate() {
        if at > 0 {
            let before = words[at - 1];
            is_code ^= before.matches('`').count() % 2 == 1;
            let holds =
                is_number(before) && is_unit(word) || is_sign(word) || is_sign(before) || is_code;
            glued.push(if holds { GLUE } else { ' ' });
        }
        glued += word;
    }
    glued
}

/// The words of `text` on lines of at most [`LINE`] columns, each after `indent` and with its end
/// of line. A word is never broken: it may be a path or a key that is to be copied.
pub fn paragraph(text: &str, indent: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.is_empty() {
        return String::new();
    }
    let options = at_blanks(indent, indent).break_words(false);
    textwrap::fill(&glued(&words.join(" ")), options).replace(GLUE, " ") + "\n"
}

/// `line` on lines of at most [`LINE`] columns, the further ones indented as the first and by two
/// more. A word is never broken.
pub fn folded(line: &str) -> String {
    let text = line.trim_start();
    let indent = &line[..line.len() - text.len()];
    let further = format!("{indent}  ");
    let options = at_blanks(indent, &further).break_words(false);
    textwrap::fill(&glued(text), options).replace(GLUE, " ") + "\n"
}

fn at_blanks<'a>(first: &'a str, further: &'a str) -> Options<'a> {
    Options::new(LINE)
        .initial_indent(first)
        .subsequent_indent(further)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit)
}

/// Rows as lines whose cells stand in columns, two blanks apart, the columns numbered in `right`
/// flush right.
pub fn aligned<R: AsRef<[String]>>(rows: &[R], right: &[usize]) -> Vec<String> {
    let widths = column_widths(rows);
    let line = |row: &R| {
        let cells = row.as_ref().iter().zip(&widths).enumerate();
        let cells = cells.map(|(column, (cell, &to))| match right.contains(&column) {
            true => format!("{}{cell}", blanks(cell, to)),
            false => format!("{cell}{}", blanks(cell, to)),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// The widest cell of each column.
pub fn column_widths<R: AsRef<[String]>>(rows: &[R]) -> Vec<usize> {
    let columns = rows.iter().map(|row| row.as_ref().len()).max().unwrap_or(0);
    let cell = |row: &R, column| {
        row.as_ref()
            .get(column)
            .map_or(0, |cell: &String| width(cell))
    };
    let widest = |column| rows.iter().map(|row| cell(row, column)).max();
    (0..columns)
        .map(|column| widest(column).unwrap_or(0))
        .collect()
}

/// The blanks that fill `cell` up to `to` columns.
pub fn blanks(cell: &str, to: usize) -> String {
    " ".repeat(to.saturating_sub(width(cell)))
}

/// The name among `known` that `wrong` was most likely meant to be: the nearest by edit distance (Damerau 1964;
/// Levenshtein 1966), where it is near enough.
pub fn nearest<'a, S: AsRef<str>>(wrong: &str, known: &'a [S]) -> Option<&'a str> {
    let simple = |name: &str| name.to_lowercase().replace(['_', ' '], "-");
    let wrong = simple(wrong);
    let score = |name: &str| {
        let name = simple(name);
        let distance = strsim::damerau_levenshtein(&wrong, &name);
        let most = wrong.chars().count().max(name.chars().count());
        let contained = most > 3
            && (name.starts_with(&format!("{wrong}-")) || name.ends_with(&format!("-{wrong}")));
        if contained {
            Some(1)
        } else {
            (distance * 5 <= most * 2 && distance < most).then_some(distance)
        }
    };
    let scored = known
        .iter()
        .filter_map(|name| Some((score(name.as_ref())?, name.as_ref())));
    scored.min_by_key(|(score, _)| *score).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    fn ms() -> Scale {
        Scale::new(1e-3, "ms")
    }

    #[test]
    fn values_of_a_file_are_read_without_their_marks() {
        for (value, read) in [
            ("0.80", "0.80"),
            ("\"fresh\"", "fresh"),
            ("{ periodic = { every = \"50ms\" } }", "periodic every 50ms"),
            ("{ power-of-d.d = 2 }", "power-of-d d 2"),
            (
                "{ lognormal = { mean = \"10ms\", cv = 2 } }",
                "lognormal (mean 10ms, cv 2)",
            ),
            ("{ not a table", "{ not a table"),
        ] {
            assert_eq!(plain_value(value), read);
        }
    }

    #[test]
    fn significant_digits_survive_carries_and_sizes() {
        let cases = [
            (0.0, "0"),
            (0.9996, "1.00"),
            (9.996, "10.0"),
            (1234.0, "1234"),
            (27_992.4, "27,992"),
            (0.001234, "0.00123"),
            (-0.5, "-0.500"),
        ];
        for (value, text) in cases {
            assert_eq!(significant(value, 3), text);
        }
    }

    #[test]
    fn the_interval_decides_the_digits() {
        assert_eq!(
            ms().with_interval(0.4382, Some((0.4332, 0.4432))),
            "438 ms ± 5"
        );
        assert_eq!(
            ms().with_interval(0.096_04, Some((0.095_64, 0.096_44))),
            "96.0 ms ± 0.4"
        );
        assert_eq!(
            ms().with_interval(0.1, Some((0.1 - 1e-12, 0.1 + 1e-12))),
            "100.00 ms ± <0.01"
        );
        assert_eq!(ms().with_interval(0.1, None), "100 ms");
    }

    #[test]
    fn one_unit_fits_a_column() {
        let unit = |values: &[f64]| Scale::time(values.iter().copied()).unit;
        assert_eq!(unit(&[0.438, 0.041]), "ms");
        assert_eq!(unit(&[12.0, 0.3]), "s");
        assert_eq!(unit(&[3e-6, 9e-6]), "us");
        assert_eq!(unit(&[7200.0, 30.0]), "min");
        assert_eq!(unit(&[0.096, 1.3]), "ms");
        assert_eq!(unit(&[0.0]), "s");
        assert_eq!(unit(&[90_000.0, 500_000.0]), "h");
    }

    #[test]
    fn long_names_end_in_an_ellipsis() {
        assert_eq!(shorten("join-idle-queue", 8), "join-id…");
        assert_eq!(shorten("random", 6), "random");
    }

    #[test]
    fn margins_have_no_binary_tails() {
        assert_eq!(plain_percent(0.07), "7 %");
        assert_eq!(plain_percent(0.005), "0.5 %");
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["a", "1", ""], ["µµ", "10", "x"]].map(|row| row.map(str::to_owned));
        assert_eq!(aligned(&rows, &[1]), ["a    1", "µµ  10  x"]);
    }

    #[test]
    fn names_are_cut_where_they_agree() {
        let names = [
            "power-of-two-with-replacement",
            "power-of-two-without-replacement",
        ];
        let cut = apart(&names, 22);
        assert!(
            cut[0] != cut[1] && cut.iter().all(|name| width(name) <= 22),
            "{cut:?}"
        );
        let laws = ["lognormal, cv = 1", "lognormal, cv = 4"];
        assert_eq!(apart(&laws, 10), ["lognor…= 1", "lognor…= 4"]);
        assert_eq!(apart(&["abcdef", "x"], 4), ["abc…", "x"]);
        let twice = [
            "two-choices-fresh",
            "two-choices-stale",
            "two-choices-fresh",
        ];
        let cut = apart(&twice, 10);
        assert_eq!(cut, ["two-ch…esh", "two-ch…ale", "two-ch…esh"]);
        assert_eq!(shorten("日本語日本語", 6), "日本…");
        assert_eq!(shorten("日本", 4), "日本");
    }

    #[test]
    fn a_number_stays_beside_its_unit() {
        let lead = "word ".repeat(14);
        for (text, last) in [
            ("at least 26 % behind", "26 % behind"),
            ("or run.jobs = 260_000 would", "run.jobs = 260_000 would"),
            ("of about 12 ms ± 3, or", "12 ms ± 3, or"),
            ("to run `a --set b=1` again", "`a --set b=1` again"),
        ] {
            let lines = wrapped(&format!("{lead}{text}"), "", "");
            assert_eq!((lines.len(), &*lines[1]), (2, last));
        }
    }

    #[test]
    fn spans_are_said_in_two_units_at_most() {
        for (seconds, said) in [
            (0.0, "0 s"),
            (2.5e-7, "250 ns"),
            (0.25, "250 ms"),
            (1.25, "1.25 s"),
            (1_250.179_3, "20 min 50 s"),
            (12_000.0, "3 h 20 min"),
            (7_200.0, "2 h"),
            (423_360.0, "4.9 days"),
            (4_230_144_000.0, "48,960 days"),
        ] {
            assert_eq!(lasting(seconds), said);
        }
    }

    #[test]
    fn thousands_are_grouped_from_four_digits_in_prose_and_from_five_in_tables() {
        assert_eq!(
            (thousands(999), count(9_999)),
            ("999".into(), "9999".into())
        );
        assert_eq!(
            (thousands(1_000), count(10_000)),
            ("1,000".into(), "10,000".into())
        );
        assert_eq!(
            counted(1, "job") + ", " + &counted(22_000, "job"),
            "1 job, 22,000 jobs"
        );
        assert_eq!(fixed(-1_234_567.25, 1), "-1,234,567.2");
        assert_eq!(fixed(-0.04, 1), "0.0");
    }

    #[test]
    fn lists_end_in_their_word() {
        assert_eq!(listed(&["a", "b", "c"], "or"), "`a`, `b` or `c`");
        assert_eq!(listed(&["a"], "or"), "`a`");
        assert_eq!(listed::<&str>(&[], "or"), "none");
    }

    #[test]
    fn only_lines_that_may_break_inside_a_word_do() {
        let long = "x".repeat(2 * LINE + 1);
        let lines = wrapped(&format!("a {long}"), "", "");
        let widths: Vec<usize> = lines.iter().map(|line| width(line)).collect();
        assert_eq!(widths, [1, LINE, LINE, 1]);
        let lines = wrapped(&format!("a {long}"), "", "  ");
        assert!(lines.iter().all(|line| width(line) <= LINE));
        assert_eq!(lines.concat().replace(' ', ""), format!("a{long}"));
        assert_eq!(
            paragraph(&format!("a  b {long}"), " "),
            format!(" a b\n {long}\n")
        );
        assert_eq!(paragraph(" ", "  "), "");
        let words = "a  b ".repeat(30);
        let lines = wrapped(&words, "", "  ");
        assert!(
            lines.len() == 2 && lines[1].starts_with("  a  b"),
            "{lines:?}"
        );
        assert!(lines.iter().all(|line| width(line) <= LINE));
    }

    #[test]
    fn only_alike_names_are_suggested() {
        assert_eq!(nearest("sped", &["count", "speed", "slots"]), Some("speed"));
        assert_eq!(
            nearest("first_fit", &["first-fit", "best-fit"]),
            Some("first-fit")
        );
        assert_eq!(nearest("colour", &["count", "speed", "slots"]), None);
        assert_eq!(
            nearest("decision", &["decision-time", "dispatchers"]),
            Some("decision-time")
        );
    }
}
