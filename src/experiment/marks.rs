//! Marks: why a figure is not to be relied on, and what would help.
//!
//! A figure without a mark has an interval that holds the truth as often as it says. Where a run
//! cannot know that much, it says so, with a cure in numbers. What is known before the run comes
//! first, as a sample that missed the rare event looks calm.

use crate::metrics::columns::Column;
use crate::metrics::figures::Missing;
use crate::metrics::registry::{Kind, Needs, Scope};
use crate::results::{Status, WOULD_DO};
use crate::sim::setup::Measure;
use crate::stats::events::{FEWEST, replications_after, replications_of};
use crate::stats::growth::{Course, Growth, Memory};
use crate::stats::pseudo;
use crate::text::{counted, rounded_up, significant, toml_number};

use super::prior::Heavy;
use super::replications::{Jackknife, Replications};

/// Slowest jobs seen independently, for each of R J (1-r)^2 / v (1-q), at least.
const SEEN: f64 = 0.6;

/// A status and, unless the figure stands, why and what would help.
pub type Mark = (Status, String);

/// The marks of one strategy's figures at one point.
pub struct Marks<'a> {
    cell: &'a Replications,
    heavy: Option<Heavy>,
    /// Of all figures that need a steady state.
    pub growth: Option<Mark>,
}

impl<'a> Marks<'a> {
    /// Of the replications of `cell`.
    pub fn of(cell: &'a Replications) -> Marks<'a> {
        let heavy = cell.prior.heavy(cell.replications(), cell.jobs());
        let growth = growth(cell, heavy.is_some());
        Marks {
            cell,
            heavy,
            growth,
        }
    }

    /// Whether the number in system grows without end.
    pub fn is_unstable(&self) -> bool {
        self.growth
            .as_ref()
            .is_some_and(|(status, _)| *status == Status::Unstable)
    }

    /// The mark of a column, of which this was `found`.
    pub fn mark(&self, column: usize, found: Option<&Jackknife>) -> Mark {
        let key = &self.cell.columns[column];
        let row = key.key.row();
        let growth = self.growth.clone().filter(|_| row.needs != Needs::Nothing);
        let is_mean = row.needs == Needs::AllJobs && row.kind != Kind::Quantile;
        let heavy = || {
            self.heavy
                .as_ref()
                .filter(|_| is_mean)
                .map(|heavy| self.of_heavy(heavy))
        };
        if self.is_unstable()
            && let Some(growth) = growth
        {
            return growth;
        }
        if let Some(missing) = self.cell.missing(column) {
            return (Status::NotAvailable, self.of_missing(key, missing));
        }
        if self.cell.is_censored(column) && row.needs == Needs::AllJobs {
            let why =
                "jobs were not finished when the run ended; a longer run.drain would let them";
            return (Status::Censored, why.to_owned());
        }
        let thin = || self.thin(key, found?);
        heavy()
            .or(growth)
            .or_else(thin)
            .unwrap_or_else(|| self.standing(column))
    }

    fn standing(&self, column: usize) -> Mark {
        let values = self.cell.values(column);
        let is_same = values.len() > 1 && values.iter().all(|value| *value == values[0]);
        let is_exact = self.cell.prior.repeats_one_workload && is_same;
        let status = if is_exact { Status::Exact } else { Status::Ok };
        (status, String::new())
    }

    /// That a mean depends on values so rare that the run has hardly seen them, with the length that would do.
    fn of_heavy(&self, heavy: &Heavy) -> Mark {
        let what = heavy.what;
        let note = match heavy.jobs {
            Some(jobs) => format!(
                "what its error depends on lies in values of {what} that hardly any of the jobs had; {}{WOULD_DO}",
                self.longer(jobs / self.cell.jobs(), true)
            ),
            None => format!(
                "{what} has so heavy a tail that no run length gives its mean an interval; judge the p50, p90 or p99 response time, or bound the law"
            ),
        };
        (Status::Heavy, note)
    }

    /// Too few independent events: seen, or, from fewer than 3 replications, to be expected.
    fn thin(&self, key: &Column, found: &Jackknife) -> Option<Mark> {
        if key.key.metric.counts_misses() && found.figure == 0.0 {
            let jobs = (self.cell.jobs() * self.cell.replications() as f64).round() as u64;
            return Some((
                Status::Thin,
                format!("0 of {} missed", counted(jobs, "job")),
            ));
        }
        if found.is_at_edge {
            let note = format!(
                "so many jobs have just this value that the quantile may as well be the next one; {} would tell, or judge another quantile",
                self.longer(4.0, true)
            );
            return Some((Status::Thin, note));
        }
        let (events, expected) = self.events(key, found);
        if events >= FEWEST {
            return None;
        }
        let row = key.key.row();
        let is_of_trace = row.kind == Kind::Mean && !self.cell.prior.is_of_laws;
        let status = if is_of_trace {
            Status::Heavy
        } else {
            Status::Thin
        };
        let cure = match self.factor(events, expected) {
            Some(factor) => self.longer(factor, row.scope == Scope::Jobs) + WOULD_DO,
            None => "judge a commoner quantile".to_owned(),
        };
        let note = format!(
            "only {} independent events are behind it, and 10 are the least; {cure}",
            significant(events, 2),
        );
        Some((status, note))
    }

    /// By what a run of so few events is to be longer; by so few as two, what is expected is asked, too.
    fn factor(&self, events: f64, expected: Option<f64>) -> Option<f64> {
        let has = self.cell.replications();
        let each = expected.map(|events| events / has as f64);
        let needed = match has < pseudo::FEWEST {
            true => replications_of(each.unwrap_or(events / has as f64))?,
            false => {
                let by_load = each.filter(|_| events < 3.0).map(replications_of);
                replications_after(has, events)?.max(by_load.unwrap_or(Some(0))?)
            }
        };
        Some(needed as f64 / has as f64)
    }

    /// Independent events behind a figure: of so many replications as tell, else as expected; and those
    /// that are expected, where that is known.
    fn events(&self, key: &Column, found: &Jackknife) -> (f64, Option<f64>) {
        let metric = &key.key.metric;
        let share = match metric.quantile() {
            Some((_, permille)) => 1.0 - permille as f64 / 1000.0,
            None if metric.is_of_slowest() => 0.01,
            None if metric.counts_misses() => found.figure.min(1.0 - found.figure),
            None => 1.0,
        };
        let expected = Some(share).filter(|share| *share < 0.5);
        let expected = expected.and_then(|share| self.expected(share));
        match expected {
            Some(events) if self.cell.replications() < pseudo::FEWEST => (events, expected),
            _ => (found.events, expected),
        }
    }

    /// Independent events that the slowest `share` has at this load.
    fn expected(&self, share: f64) -> Option<f64> {
        let known = self.cell.prior.known.as_ref()?;
        let scale = known.memory.scale() / known.queues;
        let jobs = self.cell.jobs() * self.cell.replications() as f64;
        (scale > 0.0).then(|| SEEN * jobs / scale * share)
    }

    /// The keys that make the run `factor` times as long.
    fn longer(&self, factor: f64, with_replications: bool) -> String {
        let replications = rounded_up(self.cell.replications() as f64 * factor.max(1.0));
        let more = format!("run.replications = {}", toml_number(replications));
        let jobs = match self.cell.prior.measure {
            Measure::Jobs { .. } => format!(
                "run.jobs = {}",
                toml_number(rounded_up(self.cell.jobs() * factor))
            ),
            Measure::Until(time) | Measure::Leaving(time) => format!(
                "run.until = {}",
                toml_number(rounded_up(time.as_secs() * factor))
            ),
            Measure::All => return more,
        };
        if with_replications {
            format!("{jobs} or {more}")
        } else {
            jobs
        }
    }

    /// Why there is no value, with the key that would give one.
    fn of_missing(&self, key: &Column, missing: Missing) -> String {
        match missing {
            Missing::Jobs => "no job of this kind was measured, or none that has work".to_owned(),
            Missing::Unfinished => {
                "jobs were not finished when the run ended; a longer run.drain would let them"
                    .to_owned()
            }
            Missing::Enough => self.of_enough(key),
            Missing::Objective => "no class has an objective (jobs.NAME.slo)".to_owned(),
            Missing::End => "the workload has no end".to_owned(),
            Missing::Window => "the window has no length".to_owned(),
            Missing::Capacity => "no node has this dimension limited".to_owned(),
            Missing::Instants => "the nodes were never looked at in the window".to_owned(),
            Missing::Tasks => "no task was placed or ended in the window".to_owned(),
            Missing::Regret => "not recorded: `--record regret` does".to_owned(),
            Missing::Power => "nothing says what nodes draw (nodes.NAME.power)".to_owned(),
        }
    }

    /// How many jobs the quantile would take: ten beyond it in each replication.
    fn of_enough(&self, key: &Column) -> String {
        let permille = key
            .key
            .metric
            .quantile()
            .map_or(990, |(_, permille)| permille);
        let needed = 10_000u64.div_ceil(1000 - permille);
        let why = format!(
            "fewer than {} of its kind were measured in a replication",
            counted(needed, "job")
        );
        match (self.cell.prior.measure, key.class_index()) {
            (Measure::Jobs { .. }, None) => {
                format!("{why}; run.jobs = {} would do", toml_number(needed as f64))
            }
            _ => format!("{why}; a longer run would do"),
        }
    }
}

/// The mark of what has no steady state, or has not reached it.
fn growth(cell: &Replications, is_heavy: bool) -> Option<Mark> {
    let known = cell.prior.known.as_ref();
    if let Some(over) = known
        .map(|known| &known.busiest)
        .filter(|busiest| busiest.load >= 1.0)
    {
        let note = format!(
            "the load of {} is {}: {} is asked for than can be served, and jobs pile up",
            over.place,
            significant(over.load, 3),
            if over.load > 1.0 { "more" } else { "no less" }
        );
        return Some((Status::Unstable, note));
    }
    if cell.is_runaway {
        let note = "more jobs were in the system than run.max-in-system lets pile up";
        return Some((Status::Unstable, note.to_owned()));
    }
    let known = known.filter(|_| !cell.thirds.is_empty())?;
    let course = Course {
        memory: known.memory,
        is_heavy,
        jobs: cell.jobs(),
        warmup: cell.prior.warmup,
        thirds: &cell.thirds,
    };
    match course.growth() {
        Growth::None => None,
        Growth::Growing => Some((Status::Growing, of_growing(cell, &known.memory))),
        Growth::Unstable => {
            let note = "the number of jobs in the system kept rising through a run that is long for its load";
            Some((Status::Unstable, note.to_owned()))
        }
    }
}

/// That the start from empty is not forgotten, with the time that forgetting takes at this load.
fn of_growing(cell: &Replications, memory: &Memory) -> String {
    let seconds = significant(cell.window(), 3);
    let load = significant(memory.load, 3);
    let warmup = match cell.prior.warmup.round() as u64 {
        0 => "no warm-up".to_owned(),
        jobs => format!("a warm-up of {}", counted(jobs, "job")),
    };
    let why = format!(
        "the empty start is not forgotten after {warmup} and {seconds} measured seconds at load {load}"
    );
    if !memory.scale().is_finite() {
        return format!(
            "{why}; the work has no finite variance, with which it is forgotten very slowly"
        );
    }
    // Where the run is as long as it should be and rises all the same, twice as much.
    let warmup = memory
        .warmup()
        .max(2.0 * cell.prior.warmup)
        .max(cell.jobs() / 10.0);
    let more = format!("{why}; warmup.jobs = {}", toml_number(rounded_up(warmup)));
    match memory.run() {
        jobs if jobs > cell.jobs() => format!(
            "{more} or run.jobs = {} would do",
            toml_number(rounded_up(jobs))
        ),
        _ => format!("{more} would do"),
    }
}
