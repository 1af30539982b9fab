//! What a search found, in words and as a table.
//!
//! An answer never stands alone: beside the value is what was seen at both ends of the bracket, so that a
//! reader can tell "fails at 30, holds at 31" from "not told at 30". Where nothing was shown to hold it says
//! from where on it never does.

use std::collections::BTreeMap;

use super::{Find, Grid};
use crate::experiment::find::Bracket;
use crate::experiment::find::best::Best;
use crate::metrics::columns::MetricRef;
use crate::report::cells::summary_cell;
use crate::report::scales::scale;
use crate::results::{Cell, Status};
use crate::text::{
    GLUE, LINE, apart, blanks, column_widths, folded, plain_percent, printable, significant,
    thousands, width, wrapped,
};

/// Longest name of a strategy in the table.
const NAME: usize = 24;

/// What a search is about.
#[derive(Clone, Copy)]
pub struct About<'a> {
    pub find: &'a Find,
    pub grid: Grid<'a>,
    /// What is looked at.
    pub metrics: &'a [MetricRef],
    /// Looks and replications that it took.
    pub spent: (u64, u64),
    /// Jobs a second at the ends, where more nodes get more jobs.
    pub follows: Option<[f64; 2]>,
}

/// What was found of a search, in words.
pub struct Answer {
    pub strategy: String,
    pub value: String,
    /// What an hour of the nodes costs at the value.
    pub price: Option<String>,
    pub evidence: String,
    /// Marks of the evidence's figures, each with why: (mark, reason).
    pub marks: Vec<(Status, String)>,
}

/// What was found at each value, of each strategy that was looked at.
pub type Seen = BTreeMap<usize, Vec<Cell>>;

/// An answer in the making.
pub struct Told {
    /// The values of which one is the answer, from and to.
    pub span: Option<[usize; 2]>,
    /// That value in words.
    pub value: String,
    /// What shows it.
    pub evidence: String,
    /// The values whose figures are told.
    pub shown: Vec<usize>,
}

/// A bracket with its evidence.
pub fn of_bracket(search: About<'_>, found: Bracket, seen: &Seen) -> Told {
    let (first, last) = (0, search.grid.last);
    let text = |number: usize| search.grid.text(number);
    let whole = |value: String, word: &str| {
        let [one, other] = [first, last].map(|number| at(search, seen, number));
        Told {
            span: None,
            value,
            evidence: format!("{word} at {one} and at {other}"),
            shown: vec![first, last],
        }
    };
    match found {
        Bracket::Everywhere => whole("everywhere".to_owned(), "holds"),
        Bracket::Never => whole(format!("never up to {}", text(last)), "fails"),
        Bracket::Unknown => whole("not told".to_owned(), "open"),
        Bracket::Smallest { fails, holds } => {
            let value = match (fails, holds) {
                (Some(fails), Some(holds)) => within(search, [fails + 1, holds]),
                (None, holds) => format!("at most {}", text(holds.unwrap_or(last))),
                (Some(fails), None) => format!("above {}, if any", text(fails)),
            };
            let span = holds.map(|holds| [fails.map_or(holds, |fails| fails + 1), holds]);
            let ends = [("fails up to", fails), ("holds from", holds)];
            of_ends(search, seen, (span, value), ends)
        }
        Bracket::Largest { holds, fails } => {
            let value = match (holds, fails) {
                (Some(holds), Some(fails)) => within(search, [holds, fails - 1]),
                (Some(holds), None) => format!("at least {}", text(holds)),
                (None, fails) => format!("below {}, if any", text(fails.unwrap_or(first))),
            };
            let span = holds.map(|holds| [holds, fails.map_or(holds, |fails| fails - 1)]);
            let ends = [("holds up to", holds), ("fails from", fails)];
            of_ends(search, seen, (span, value), ends)
        }
    }
}

/// The answer is one of these values: "19", "19 or 20", "19 to 24".
fn within(search: About<'_>, span: [usize; 2]) -> String {
    let [one, other] = span.map(|number| search.grid.text(number));
    match span[1] - span[0] {
        0 => one,
        1 => format!("{one} or {other}"),
        _ => format!("{one} to {other}"),
    }
}

/// A bracket with two ends, each with what is true there, one of which may be the open end of the grid.
fn of_ends(
    search: About<'_>,
    seen: &Seen,
    (span, value): (Option<[usize; 2]>, String),
    [(below, low), (above, high)]: [(&str, Option<usize>); 2],
) -> Told {
    let at = |number: usize| at(search, seen, number);
    let (first, last) = (0, search.grid.last);
    let told = [end(below, low, &at, first), end(above, high, &at, last)];
    Told {
        span,
        value,
        evidence: told.join(", ") + open_between(low, high),
        shown: vec![low.unwrap_or(first), high.unwrap_or(last)],
    }
}

/// "fails up to 30 (unstable)", or "not told at 2 (n/a)" of the end of the grid.
fn end(word: &str, found: Option<usize>, at: &dyn Fn(usize) -> String, edge: usize) -> String {
    match found {
        Some(number) => format!("{word} {}", at(number)),
        None => format!("not told at {}", at(edge)),
    }
}

/// Values between the ends that are neither shown to hold nor to fail.
fn open_between(low: Option<usize>, high: Option<usize>) -> &'static str {
    match low.zip(high) {
        Some((low, high)) if high - low > 1 => "; open between",
        _ => "",
    }
}

/// The best value, and what is not shown to be worse.
pub fn of_best(search: About<'_>, found: Option<Best>, seen: &Seen) -> Told {
    let at = |number: usize| at(search, seen, number);
    let last = search.grid.last;
    let Some(best) = found else {
        let said = format!("no figure at {} nor at {}", at(0), at(last));
        return Told {
            span: None,
            value: "not told".to_owned(),
            evidence: said,
            shown: vec![0, last],
        };
    };
    let text = |number: usize| search.grid.text(number);
    let range = match best.from == best.to {
        true => String::new(),
        false => format!(
            "; not told from it: {} to {}",
            text(best.from),
            text(best.to)
        ),
    };
    let below = best.from.checked_sub(1);
    let above = Some(best.to + 1).filter(|above| *above <= last);
    let beside: Vec<usize> = below.into_iter().chain(above).collect();
    let worse: Vec<String> = beside.iter().map(|number| at(*number)).collect();
    let worse = match worse.is_empty() {
        true => String::new(),
        false => format!("; worse at {}", worse.join(" and ")),
    };
    Told {
        span: Some([best.value; 2]),
        value: text(best.value),
        evidence: format!("best at {}{range}{worse}", at(best.value)),
        shown: [vec![best.value], beside].concat(),
    }
}

/// "30 (14.4 ms ± 0.8)".
fn at(search: About<'_>, seen: &Seen, number: usize) -> String {
    let figure = |cell: &Cell, metric: &MetricRef| {
        let figure = cell.get(metric);
        let mean = figure.and_then(|figure| figure.mean);
        summary_cell(figure, &scale(&metric.metric, mean))
    };
    let cells = seen.get(&number).into_iter().flatten();
    let figures = cells.flat_map(|cell| search.metrics.iter().map(move |m| figure(cell, m)));
    let figures: Vec<String> = figures.collect();
    format!("{} ({})", search.grid.text(number), figures.join(" and "))
}

/// The marks of the figures that are told, each with its value and why.
pub fn marks(search: About<'_>, shown: &[usize], seen: &Seen) -> Vec<(Status, String)> {
    let mut marks = Vec::new();
    for number in shown {
        let cells = seen.get(number).into_iter().flatten();
        let figures = cells.flat_map(|cell| search.metrics.iter().filter_map(|m| cell.get(m)));
        let marked = figures.filter(|figure| !figure.note.is_empty());
        marks.extend(marked.map(|figure| {
            let (key, value) = (&figure.key, search.grid.text(*number));
            (figure.status, format!("{key} at {value}: {}", figure.note))
        }));
    }
    marks
}

/// That jobs come faster where there is more to serve them, so that the search does not ask how much is needed.
fn following(search: About<'_>) -> Option<String> {
    let rates = search.follows?.map(|rate| significant(rate, 3));
    let [first, last] = [0, search.grid.last].map(|at| search.grid.text(at));
    Some(format!(
        "warning: jobs come faster where there is more to serve them, {} a second at {first} and {} at {last}, as `workload.load` is set; to ask how much the same jobs need, leave it out and give arrivals a rate: jobs.NAME.arrivals.poisson.rate",
        rates[0], rates[1]
    ))
}

/// A line for each mark of the table: the first figure that has it.
fn footnotes(answers: &[Answer]) -> Vec<String> {
    let mut lines: Vec<(Status, String)> = Vec::new();
    for answer in answers {
        for (status, why) in &answer.marks {
            if lines.iter().all(|(known, _)| known != status) {
                let (word, name) = (status.word(), &answer.strategy);
                lines.push((*status, format!("{word}: `{name}`, {}", printable(why))));
            }
        }
    }
    lines.into_iter().map(|(_, line)| line).collect()
}

/// The answers as a table, with what was searched and what it took.
pub fn table(search: About<'_>, answers: &[Answer]) -> String {
    let find = search.find;
    let has_price = answers.iter().any(|answer| answer.price.is_some());
    let price = |text: &str| has_price.then(|| text.to_owned());
    let line = |answer: &Answer| row(answer, price(answer.price.as_deref().unwrap_or("-")));
    let head = Answer {
        strategy: "strategy".to_owned(),
        value: find.key().to_owned(),
        price: None,
        evidence: "evidence".to_owned(),
        marks: Vec::new(),
    };
    let rows = std::iter::once(row(&head, price("price an hour")));
    let mut rows: Vec<Vec<String>> = rows.chain(answers.iter().map(line)).collect();
    let names: Vec<&String> = answers.iter().map(|answer| &answer.strategy).collect();
    for (row, name) in rows[1..].iter_mut().zip(apart(&names, NAME)) {
        row[0] = name;
    }
    let what = format!("{}: where {}", find.key(), what(search));
    let mut prose = vec![String::new()];
    prose.extend(following(search));
    prose.extend(footnotes(answers));
    prose.extend([spent(search), taken(find).to_owned()]);
    let lines = [printable(&what), String::new()].map(|line| folded(&line));
    let table = in_lines(&rows).into_iter().map(|line| line + "\n");
    let lines = lines.into_iter().chain(table);
    lines.chain(prose.iter().map(|line| folded(line))).collect()
}

/// Rows as lines, the last cell of each folded where it would not fit.
fn in_lines(rows: &[Vec<String>]) -> Vec<String> {
    let mut widths = column_widths(rows);
    widths.pop();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths);
        let before: String = cells
            .map(|(cell, to)| format!("{cell}{}  ", blanks(cell, *to)))
            .collect();
        let evidence = row.last().map_or("", String::as_str);
        let evidence = in_parts(evidence, LINE.saturating_sub(width(&before)));
        wrapped(&evidence, &before, &" ".repeat(width(&before)))
    };
    rows.iter().flat_map(line).collect()
}

/// `evidence` with ends of line between what was seen only, as far as a part fits into `room`.
fn in_parts(evidence: &str, room: usize) -> String {
    let parts = evidence.replace(", ", ",\n").replace("; ", ";\n");
    let parts = parts.split('\n').map(|part| match width(part) <= room {
        true => part.replace(' ', &GLUE.to_string()),
        false => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join(" ")
}

fn row(answer: &Answer, price: Option<String>) -> Vec<String> {
    let first = [answer.strategy.clone(), answer.value.clone()].into_iter();
    let cells = first.chain(price).chain([answer.evidence.clone()]);
    cells.collect()
}

/// What is searched for, in words.
fn what(search: About<'_>) -> String {
    let find = search.find;
    let first = search.metrics.first();
    let metric = first.map_or(String::new(), ToString::to_string);
    let is_lower = first.is_none_or(|first| first.metric.reads_lower_better());
    let side = if is_lower { "below" } else { "above" };
    match (&find.best, &find.cross[..]) {
        (Some(_), _) => format!("{metric} is best"),
        (None, [one, other]) => format!("{metric} of `{one}` is {side} that of `{other}`"),
        _ => {
            let conditions = find.until.iter().map(|condition| condition.text.as_str());
            conditions.collect::<Vec<_>>().join(" and ")
        }
    }
}

/// How many values there are, and what the search took of looks and replications.
fn spent(search: About<'_>) -> String {
    let (looks, replications) = search.spent;
    let grid = &search.grid;
    format!(
        "{} values from {} to {}; {looks} looks, {} replications; {} for all looks together (± is that of a figure alone)",
        thousands(grid.last as u64 + 1),
        grid.text(0),
        grid.text(grid.last),
        thousands(replications),
        plain_percent(search.find.confidence)
    )
}

/// What is taken for granted.
fn taken(find: &Find) -> &'static str {
    match find.best {
        Some(_) => {
            "the metric is taken to have one best place, and to get worse away from it; all values see the same random numbers"
        }
        None => {
            "what is found at the ends is taken to hold beyond them; all values see the same random numbers"
        }
    }
}

/// The answers as CSV.
pub fn csv(answers: &[Answer]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let rows = answers.iter().map(|answer| {
        let price = answer.price.as_deref().unwrap_or_default();
        [&answer.strategy, &answer.value, price, &answer.evidence]
    });
    let written = writer.write_record(["strategy", "value", "price_an_hour", "evidence"]);
    let written = rows.fold(written, |before, row| {
        before.and_then(|()| writer.write_record(row))
    });
    // Writing to memory cannot fail.
    let bytes = written.ok().and_then(|()| writer.into_inner().ok());
    String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
}
