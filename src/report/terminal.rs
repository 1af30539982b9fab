//! The comparison as a terminal shows it, at most 80 columns wide.
//!
//! A narrow table is read at once, a wrapped one not at all. So groups of columns stay together and
//! are stacked where they do not fit, names are cut (never figures), and a sweep of more than a few
//! points becomes a matrix of verdicts, with the values left to the CSV tables. Colour repeats what
//! a word says already: nothing is lost in a log file or to a reader who does not see colours.

use std::ops::Range;

use super::advice::advice;
use super::cells::{change, summary_cell};
use super::grid::together;
use super::lookup::Lookup;
use super::verdict_text::{best, extent, marks, open, parts_that_differ, verdict_cell, word};
use crate::metrics::columns::MetricRef;
use crate::results::{Best, ComparisonRow, Results, Verdict};
use crate::text::{LINE, Scale, apart, blanks, plain_percent, printable, shorten, width, wrapped};

/// Up to so many points have a block each; more are shown as a matrix, if not all is asked for.
const MOST_BLOCKS: usize = 2;
/// Up to so many points are columns with values; more are rows of verdicts.
const MOST_COLUMNS: usize = 16;
/// Rows of a matrix at most.
const MOST_ROWS: usize = 40;
/// A name or header is shortened beyond this.
const NAME: usize = 28;

/// How the answer is told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told<'a> {
    /// Where the page is, to be named last.
    pub report_path: Option<&'a str>,
    /// ANSI colours for the verdicts' words; nothing is said by colour alone.
    pub color: bool,
    /// A block for every point, with all intervals.
    pub all: bool,
}

/// The whole answer of a run: title, tables, what differs, margin, warnings and the report's path.
pub fn comparison(results: &Results, told: Told<'_>) -> String {
    let tables = Lookup::new(results);
    let mut lines = wrapped(&printable(&results.meta.title), "", "");
    lines.extend(wrapped(&extent(&tables), "", ""));
    lines.push(String::new());
    let in_blocks = told.all || tables.points() <= MOST_BLOCKS;
    let best = if in_blocks { best(&tables) } else { Vec::new() };
    let best: Vec<String> = best.iter().map(|text| text.replace('`', "")).collect();
    lines.extend(best.iter().flat_map(|text| wrapped(text, "", "  ")));
    lines.extend(best.first().map(|_| String::new()));
    lines.extend(tables_of(&tables, in_blocks, told.color));
    lines.extend(footer(&tables));
    lines.extend(told.report_path.map(String::from));
    let ended = |line: &String| format!("{}\n", line.trim_end());
    lines.iter().map(ended).collect()
}

/// The tables in the form that suits the number of points: a block a point, a matrix a metric, or one strategy
/// alone.
fn tables_of(tables: &Lookup, in_blocks: bool, color: bool) -> Vec<String> {
    let points = tables.points();
    let stars = crate::results::best(tables.results);
    let blocks = |more| (0..points).map(|at| block(tables, at, more)).collect();
    let swept = |metric| roomy(|more| sweep(tables, metric, &stars, more));
    let verdicts = |metric| roomy(|more| vec![matrix(tables, metric, more)]);
    let grids: Vec<Grid> = match (tables.strategies().len(), in_blocks) {
        (0 | 1, _) => roomy(|more| vec![points_by_metric(tables, more)]),
        (_, true) => roomy(blocks),
        _ if points <= MOST_COLUMNS => shown_metrics(tables).flat_map(swept).collect(),
        _ => tables.meta().decide_on.iter().flat_map(verdicts).collect(),
    };
    let least = grids.iter().map(Grid::fitting).min().unwrap_or(1);
    let together = |grid: &Grid| if in_blocks { least } else { grid.fitting() };
    let lines = |grid: &Grid| grid.lines(together(grid), color);
    let lines = grids.iter().flat_map(lines);
    let is_short = !in_blocks && tables.strategies().len() > 1;
    lines.chain(more_told(is_short, points)).collect()
}

/// Grids whose names are cut as little as leaves as many columns side by side as the shortest names do; they
/// are made with so many columns more for each name.
fn roomy(grids: impl Fn(usize) -> Vec<Grid>) -> Vec<Grid> {
    const MORE: [usize; 6] = [40, 32, 24, 16, 8, 4];
    let least = grids(0);
    let fits = |grids: &Vec<Grid>| {
        let mut pairs = grids.iter().zip(&least);
        pairs.all(|(wide, narrow)| wide.fitting() == narrow.fitting() && wide.width() <= LINE)
    };
    MORE.into_iter().map(&grids).find(fits).unwrap_or(least)
}

/// What a matrix leaves out, and how to see it.
fn more_told(is_short: bool, points: usize) -> Vec<String> {
    let more = "all values and intervals: --all, summary.csv and comparisons.csv";
    let starred = "* the best of its column, or not told from it";
    let lines = [starred, more].into_iter().map(str::to_owned);
    let lines = lines.skip(usize::from(points > MOST_COLUMNS));
    lines.filter(|_| is_short).collect()
}

/// The metrics that decide, then those that are shown beside them.
fn shown_metrics<'a>(tables: &Lookup<'a>) -> impl Iterator<Item = &'a MetricRef> {
    let meta = tables.meta();
    let is_new = |metric: &&MetricRef| !meta.decide_on.contains(metric);
    meta.decide_on.iter().chain(meta.show.iter().filter(is_new))
}

/// A cell and the verdict whose colour it takes.
#[derive(Clone, Default)]
struct Cell(String, Option<Verdict>);

impl Cell {
    fn plain(text: impl Into<String>) -> Cell {
        Cell(text.into(), None)
    }

    fn width(&self) -> usize {
        width(&self.0)
    }

    /// The text with blanks up to a width; colour codes take no columns.
    fn padded(&self, width: usize, color: bool) -> String {
        let blanks = blanks(&self.0, width);
        let code = match self.1 {
            Some(Verdict::Better | Verdict::Stable) => "32",
            Some(Verdict::Worse) => "31",
            Some(Verdict::NotComparable | Verdict::Unstable) => "33",
            _ => "",
        };
        match color && !code.is_empty() {
            true => format!("\u{1b}[{code}m{}\u{1b}[0m{blanks}", self.0),
            false => format!("{}{blanks}", self.0),
        }
    }
}

/// Columns that stay together: a header row, then a row for each name.
type Group = Vec<Vec<Cell>>;

/// A table that is stacked where it is too wide: each block repeats the names.
struct Grid {
    /// What all of it is about.
    title: String,
    names: Vec<Cell>,
    groups: Vec<Group>,
    more: Option<String>,
}

impl Grid {
    fn name_width(&self) -> usize {
        self.names.iter().map(Cell::width).max().unwrap_or(0)
    }

    /// The width of the widest block with so many groups side by side.
    fn width_with(&self, together: usize) -> usize {
        let blocks = self.groups.chunks(together);
        let widths = blocks.map(|groups| groups.iter().map(width_of).sum::<usize>());
        self.name_width() + widths.max().unwrap_or(0)
    }

    /// The most groups side by side with which no block is too wide; at least 1.
    fn fitting(&self) -> usize {
        let fits = |count: &usize| self.width_with(*count) <= LINE;
        (1..=self.groups.len()).rev().find(fits).unwrap_or(1)
    }

    /// The width of its widest block.
    fn width(&self) -> usize {
        self.width_with(self.fitting())
    }

    /// The table with `together` groups side by side.
    fn lines(&self, together: usize, color: bool) -> Vec<String> {
        let mut lines = match self.title.is_empty() {
            true => Vec::new(),
            false => wrapped(&self.title, "", "  "),
        };
        for groups in self.groups.chunks(together) {
            lines.extend(self.block(groups, self.name_width(), color));
            lines.extend(self.more.clone());
            lines.push(String::new());
        }
        lines
    }

    /// Groups side by side as lines, each column as wide as its widest cell.
    fn block(&self, groups: &[Group], name_width: usize, color: bool) -> Vec<String> {
        let widths: Vec<Vec<usize>> = groups.iter().map(column_widths).collect();
        let line = |row: usize| {
            let mut line = self.names[row].padded(name_width, color);
            for (group, widths) in groups.iter().zip(&widths) {
                if row == 0 && has_wide_head(group) {
                    line += gap(0);
                    line += &group[0][0].padded(width_of(group) - gap(0).len(), color);
                    continue;
                }
                for (column, (cell, width)) in group[row].iter().zip(widths).enumerate() {
                    line += gap(column);
                    line += &cell.padded(*width, color);
                }
            }
            line.trim_end().to_string()
        };
        (0..self.names.len()).map(line).collect()
    }
}

/// Blanks before a group's column: the verdict (its third) stands close to its interval.
fn gap(column: usize) -> &'static str {
    if column == 2 { " " } else { "  " }
}

/// Whether the head of the first column stands above all of them.
fn has_wide_head(group: &Group) -> bool {
    let others = group.first().and_then(|head| head.get(1..));
    others.is_some_and(|others| others.iter().all(|cell| cell.0.is_empty()))
}

/// The widest cell of each column; the last is as wide as a head above all of them needs.
fn column_widths(group: &Group) -> Vec<usize> {
    let Some((head, rows)) = group.split_first() else {
        return Vec::new();
    };
    let is_wide = has_wide_head(group);
    let head_width = |column: usize| if is_wide { 0 } else { head[column].width() };
    let widest = |column: usize| {
        let cells = rows.iter().map(|row| row[column].width());
        cells.fold(head_width(column), usize::max)
    };
    let mut widths: Vec<usize> = (0..head.len()).map(widest).collect();
    let columns = widths.iter().enumerate();
    let all: usize = columns.map(|(at, width)| gap(at).len() + width).sum();
    let missing = (gap(0).len() + head[0].width()).saturating_sub(all);
    if let Some(last) = widths.last_mut().filter(|_| is_wide) {
        *last += missing;
    }
    widths
}

fn width_of(group: &Group) -> usize {
    let widths = column_widths(group).into_iter().enumerate();
    let widths = widths.map(|(column, width)| width + gap(column).len());
    widths.sum()
}

/// One point: a row a strategy, three columns a deciding metric.
fn block(tables: &Lookup, point: usize, more: usize) -> Grid {
    const MARK: &str = " (baseline)";
    let marked = tables.short_strategies(NAME + more - MARK.len());
    let names = tables.short_strategies(NAME + more);
    let strategy = |strategy: usize| match strategy == tables.baseline() {
        true => Cell::plain(format!("{}{MARK}", marked[strategy])),
        false => Cell::plain(names[strategy].clone()),
    };
    let heads = metric_heads(tables, NAME + more);
    let metrics = shown_metrics(tables).zip(heads);
    let against = &tables.short_strategies(16 + more)[tables.baseline()];
    let heads = |head| [head, format!("vs {against}")];
    let groups = metrics.map(|(metric, head)| columns(tables, point, metric, heads(head)));
    Grid {
        title: tables.assignments(point),
        names: below(Cell::plain("strategy"), tables.strategies().map(strategy)),
        groups: groups.collect(),
        more: None,
    }
}

/// The names of the metrics that are shown, cut where that leaves them apart.
fn metric_heads(tables: &Lookup, width: usize) -> Vec<String> {
    let names = shown_metrics(tables).map(|metric| printable(&metric.to_string()));
    apart(&Vec::from_iter(names), width)
}

/// Value, change and verdict of one metric at one point, below the heads of value and change.
fn columns(tables: &Lookup, point: usize, metric: &MetricRef, heads: [String; 2]) -> Group {
    let scale = tables.scale(metric, point..point + 1);
    let decides = tables.meta().decide_on.contains(metric);
    let [head, against] = heads.map(Cell::plain);
    let against = if decides { against } else { Cell::default() };
    let head = vec![head, against, Cell::default()];
    let row = |strategy: usize| {
        let figure = tables.cell(point, strategy).get(metric);
        let value = Cell::plain(summary_cell(figure, &scale));
        let [change, verdict] = compared(tables.comparison(point, strategy, metric), &scale);
        vec![value, change, verdict]
    };
    below(head, tables.strategies().map(row))
}

fn compared(row: Option<&ComparisonRow>, scale: &Scale) -> [Cell; 2] {
    let Some(row) = row else {
        return Default::default();
    };
    let verdict = Cell(word(row.verdict).into(), Some(row.verdict));
    [Cell::plain(change(row, scale)), verdict]
}

/// One strategy alone: a row a point, a column a deciding metric.
fn points_by_metric(tables: &Lookup, wider: usize) -> Grid {
    let shown = 0..tables.points().min(MOST_ROWS);
    let short = labels(tables, shown.clone(), NAME + wider);
    let names = tables.short_strategies(NAME + wider);
    let name = || names.first().map_or_else(Cell::default, Cell::plain);
    let label = |point: usize| match &short[point] {
        label if label.is_empty() => name(),
        label => Cell::plain(label.clone()),
    };
    let group = |(metric, head): (&MetricRef, String)| -> Group {
        let scale = tables.scale(metric, 0..tables.points());
        let figure = |point| tables.cell(point, 0).get(metric);
        let cell = |point| vec![Cell::plain(summary_cell(figure(point), &scale))];
        below(vec![Cell::plain(head)], shown.clone().map(cell))
    };
    let metrics = shown_metrics(tables).zip(metric_heads(tables, NAME + wider));
    let head = Some(name()).filter(|_| tables.points() > 1);
    Grid {
        title: String::new(),
        names: below(head.unwrap_or_default(), shown.clone().map(label)),
        groups: metrics.map(group).collect(),
        more: more(tables),
    }
}

/// The names of points, cut to `width` columns where that leaves them apart.
fn labels(tables: &Lookup, points: Range<usize>, width: usize) -> Vec<String> {
    let labels: Vec<String> = points.map(|point| tables.point_label(point)).collect();
    apart(&labels, width)
}

/// A column: its head and what stands below it.
fn below<T>(head: T, rows: impl Iterator<Item = T>) -> Vec<T> {
    std::iter::once(head).chain(rows).collect()
}

/// Some points: a row a strategy, a column a value of the last key that is swept (and those that go with it),
/// value and change in each cell; a table for each combination of the other keys.
fn sweep(tables: &Lookup, metric: &MetricRef, best: &[Best], more: usize) -> Vec<Grid> {
    let meta = tables.meta();
    let across = together(meta, meta.sweep.len().saturating_sub(1));
    let points: Vec<usize> = (0..tables.points()).collect();
    let others = |point: &usize| tables.label_of(*point, |key| !across.contains(&key));
    let tables_of = points.chunk_by(|one, next| others(one) == others(next));
    let grid = |points: &[usize]| {
        let head = |point: &usize| tables.label_of(*point, |key| across.contains(&key));
        let heads: Vec<String> = points.iter().map(head).collect();
        let heads = apart(&heads, 22 + more);
        let columns = points.iter().copied().zip(heads);
        let others = others(&points[0]);
        swept(tables, metric, (&others, columns), best, (&across, more))
    };
    tables_of.map(grid).collect()
}

/// The table of a metric at points with their heads, which have other keys in common.
fn swept(
    tables: &Lookup,
    metric: &MetricRef,
    (others, columns): (&str, impl Iterator<Item = (usize, String)>),
    best: &[Best],
    (across, more): (&[usize], usize),
) -> Grid {
    let scale = tables.scale(metric, 0..tables.points());
    let group = |(point, head): (usize, String)| -> Group {
        let head = vec![Cell::plain(head), Cell::default()];
        let cell = |strategy| in_sweep(tables, metric, (point, strategy), &scale, best);
        below(head, tables.strategies().map(cell))
    };
    let at = if others.is_empty() { "" } else { " at " };
    let sweep = &tables.meta().sweep;
    let keys = across.iter().filter_map(|key| sweep.get(*key));
    let key = keys.map(String::as_str).collect::<Vec<_>>().join(" and ");
    let metric = printable(&metric.to_string());
    let names = tables.short_strategies(20 + more);
    let corner = Cell::plain(shorten(&metric, 22 + more));
    Grid {
        title: printable(&format!("{metric} by {key}{at}{others}")),
        names: below(corner, names.iter().map(Cell::plain)),
        groups: columns.map(group).collect(),
        more: None,
    }
}

/// Value and change of a strategy at a point, with a star where it may be the best.
fn in_sweep(
    tables: &Lookup,
    metric: &MetricRef,
    (point, strategy): (usize, usize),
    scale: &Scale,
    best: &[Best],
) -> Vec<Cell> {
    let value = summary_cell(tables.cell(point, strategy).get(metric), scale);
    let is_here = |best: &&Best| best.point == point && best.metric == *metric;
    let mut found = best.iter().filter(is_here);
    let is_top = found.any(|best| best.may_be_best(strategy));
    let star = if is_top { "*" } else { "" };
    let row = tables.comparison(point, strategy, metric);
    let change = match (strategy == tables.baseline(), row) {
        (true, _) => Cell::plain("baseline"),
        (false, None) => Cell::default(),
        (false, row) => Cell(verdict_cell(row), row.map(|row| row.verdict)),
    };
    vec![Cell::plain(format!("{value}{star}")), change]
}

/// Many points: a row a point, a column a strategy, verdicts with their relative change.
fn matrix(tables: &Lookup, metric: &MetricRef, wider: usize) -> Grid {
    let shown = 0..tables.points().min(MOST_ROWS);
    let baseline = tables.baseline();
    let names = tables.short_strategies(20 + wider);
    let group = |strategy: usize| -> Group {
        let head = Cell::plain(names[strategy].clone());
        let cell = |point| {
            let row = tables.comparison(point, strategy, metric);
            vec![Cell(verdict_cell(row), row.map(|row| row.verdict))]
        };
        below(vec![head], shown.clone().map(cell))
    };
    let metric = shorten(&printable(&metric.to_string()), NAME + wider);
    let against = &tables.short_strategies(12 + wider)[baseline];
    let head = format!("{metric} vs {against}");
    let labels = labels(tables, shown.clone(), NAME + 8 + wider).into_iter();
    let others = tables.strategies().filter(|s| *s != baseline);
    Grid {
        title: String::new(),
        names: below(Cell::plain(head), labels.map(Cell::plain)),
        groups: others.map(group).collect(),
        more: more(tables),
    }
}

fn more(tables: &Lookup) -> Option<String> {
    let hidden = tables.points().saturating_sub(MOST_ROWS);
    (hidden > 0).then(|| format!("... and {hidden} more points"))
}

/// What is told once below the tables: open questions, marks, what differs, intervals, warnings.
fn footer(tables: &Lookup) -> Vec<String> {
    let meta = tables.meta();
    let marked = |mark, text: &String| format!("{mark}: {}", printable(text));
    let mut texts = open(tables);
    texts.extend(marks(tables));
    texts.extend(advice(tables));
    texts.extend([parts_that_differ(tables), intervals(tables)]);
    texts.extend(meta.warnings.iter().map(|text| marked("warning", text)));
    texts.extend(meta.notes.iter().map(|text| marked("note", text)));
    texts.retain(|text| !text.is_empty());
    let lines = texts.iter().flat_map(|text| wrapped(text, "", ""));
    lines.collect()
}

/// How the intervals are to be read.
fn intervals(tables: &Lookup) -> String {
    let meta = tables.meta();
    let Some(intervals) = tables.intervals() else {
        let replications = meta.replications_text();
        return format!("± is half of the 95 % interval over {replications}");
    };
    let margin = plain_percent(meta.margin);
    format!("margin {margin}; {intervals}; paired on equal jobs")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::report::says;
    use crate::results::sample::Sample;

    fn comparison(results: &Results, path: Option<&str>, color: bool) -> String {
        let told = Told {
            report_path: path,
            color,
            all: false,
        };
        super::comparison(results, told)
    }

    /// Prints the short form of a sample; no line of it is too wide.
    fn narrow(sample: &Sample) -> String {
        let text = comparison(&sample.results(), Some("output/x/report.html"), false);
        assert!(widest(&text) <= LINE, "{} columns:\n{text}", widest(&text));
        text
    }

    fn widest(text: &str) -> usize {
        let widths = text.lines().map(|line| line.chars().count());
        widths.max().unwrap_or(0)
    }

    fn line_of<'a>(text: &'a str, start: &str) -> &'a str {
        let mut lines = text.lines();
        lines.find(|line| line.starts_with(start)).expect(start)
    }

    #[test]
    fn no_line_is_wider_than_80_columns() {
        let many: Vec<f64> = (1..=60).map(|k| 0.015 * f64::from(k)).collect();
        let mut long = Sample::loads(&[0.5, 0.8], 12);
        long.meta.strategies[0].name = "n".repeat(90);
        long.meta.baseline = "n".repeat(90);
        long.meta.title = "word ".repeat(60) + &"x".repeat(250);
        let metrics = "response_p99 response_mean batch.response_p90 slowdown_mean".split(' ');
        long.meta.decide_on = metrics.map(|name| name.parse().unwrap()).collect();
        narrow(&long);
        narrow(&Sample::loads(&many, 12));
        narrow(&Sample::loads(&[0.8], 1));
        narrow(&Sample::loads(&many, 1));
        narrow(&Sample::troubled());
    }

    #[test]
    fn a_block_holds_value_change_and_verdict() {
        let text = narrow(&Sample::loads(&[0.5, 0.8], 3));
        let row = line_of(&text, "two-choices ");
        says(row, &[" ms ± ", " % [-"]);
        assert!(row.ends_with(" better"), "{row}");
        says(&text, &["random (baseline)", "vs random"]);
        let parts = "strategies differ in: placement, view.  Same for all: 10 dispatchers";
        let margin = "margin 2 %; intervals 95 % for all 8 comparisons together; paired on";
        says(&text, &[parts, margin]);
        assert!(text.ends_with("output/x/report.html\n"));
    }

    #[test]
    fn colour_adds_nothing_but_escapes() {
        let results = Sample::troubled().results();
        let [plain, colored] = [false, true].map(|color| comparison(&results, None, color));
        let mut stripped = colored.clone();
        for code in ["\u{1b}[32m", "\u{1b}[31m", "\u{1b}[33m", "\u{1b}[0m"] {
            stripped = stripped.replace(code, "");
        }
        assert_ne!(plain, colored);
        assert_eq!(plain.replace(' ', ""), stripped.replace(' ', ""));
    }

    #[test]
    fn missing_figures_are_words() {
        let text = narrow(&Sample::troubled());
        says(&text, &["unstable", "n/a", ">= ", "note: the two classes"]);
        says(&text, &["warning: utilization of gen1"]);
    }

    #[test]
    fn control_characters_never_reach_the_terminal() {
        let mut sample = Sample::loads(&[0.5, 0.8], 2);
        sample.meta.title = "a\u{1b}[2Jb".into();
        sample.meta.strategies[1].name = "c\u{1b}[31md".into();
        assert!(!narrow(&sample).contains('\u{1b}'));
    }

    #[test]
    fn a_sweep_is_a_matrix_and_all_of_it_on_request() {
        let sample = Sample::loads(&[0.5, 0.7, 0.9], 5);
        let short = narrow(&sample);
        let row = line_of(&short, "least-loaded");
        assert!(
            row.matches(" better").count() > 1 && row.contains('*'),
            "{row}"
        );
        says(&short, &["* the best of its column", "baseline"]);
        let told = Told {
            all: true,
            ..Told::default()
        };
        let all = super::comparison(&sample.results(), told);
        assert!(all.lines().count() > short.lines().count() && widest(&all) <= LINE);
        says(&all, &["best on response_p99 at load 0.9"]);
    }

    /// Three by three words, one of them a table: all values, a table for each of the first key, heads in full.
    #[test]
    fn a_sweep_of_two_keys_has_a_table_for_each_value_of_the_first() {
        let mut sample = Sample::loads(&[0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9], 3);
        let keys = ["scheduling.view", "jobs.query.work"];
        sample.meta.sweep = keys.map(String::from).into();
        let view = "{ periodic = { every = \"50ms\" } }";
        let work = "{ exponential = { mean = \"10ms\" } }";
        let views = ["\"fresh\"", view, "\"probe\""].into_iter();
        let points = views.flat_map(|view| ["\"10ms\"", work, "\"20ms\""].map(|work| [view, work]));
        let points = points.map(|point| point.map(str::to_owned).into());
        sample.meta.points = points.collect();
        let text = narrow(&sample);
        let title = "response_p99 by jobs.query.work at view periodic every 50ms";
        says(&text, &[title]);
        for head in ["work 10ms", "work exponential mean 10ms", "work 20ms"] {
            let found = text.matches(head).count();
            assert_eq!(found, 3 * sample.meta.decide_on.len(), "{head}: {text}");
        }
        says(line_of(&text, "random"), &[" ms ± "]);
        assert!(!text.contains('…'), "{text}");
    }

    /// Names of strategies and metrics are cut only where the line has no room for them.
    #[test]
    fn a_line_with_room_cuts_nothing() {
        let mut sample = Sample::loads(&[0.1, 0.2, 0.3, 0.4, 0.5], 2);
        let name = "power-of-two-choices-with-a-view";
        sample.meta.strategies[1].name = name.into();
        says(&narrow(&sample), &[name]);
        sample.meta.strategies[1].name = name.repeat(3);
        says(&narrow(&sample), &["…"]);
    }

    #[test]
    fn metrics_are_shown_beside_those_that_decide() {
        let mut sample = Sample::loads(&[0.8], 3);
        sample.meta.show = vec!["response_p90".parse().unwrap()];
        let text = narrow(&sample);
        let mut lines = text.lines();
        let head = lines.find(|line| line.contains("response_p90")).unwrap();
        assert!(!head.ends_with("vs random"), "{head}");
    }
}
