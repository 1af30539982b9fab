//! The one table of metrics: name, unit, direction, kind, definition and how the value is found.
//! Tables, plots, verdicts, the gate and `equipoise list metrics` read it.
//!
//! A row whose name holds a `*` stands for many metrics: `response_p*` for every quantile,
//! `blame_*_mean` for every part of the response time, `utilization_*` for every dimension.

use super::distribution::Counted;
use super::figures::{Figure, Missing, Subject};
use super::jobs::{PARTS, slowdown};
use crate::text::nearest;

/// Which way a metric is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Smaller values.
    Lower,
    /// Larger values.
    Higher,
    /// Neither: it describes.
    Neither,
}

/// What a metric is taken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Jobs or tasks: of all and of each class.
    Jobs,
    /// Nodes: of all and of each node group.
    Nodes,
    /// Nodes: of all, and of a node group where it is asked for.
    Fleet,
    /// The whole run.
    Run,
}

/// What kind of number a metric is, which says how it is averaged, bounded and printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A mean over jobs, tasks or instants.
    Mean,
    /// A quantile over jobs or tasks.
    Quantile,
    /// A largest value.
    Extreme,
    /// A part of a whole, between 0 and 1.
    Share,
    /// A whole number of jobs or tasks.
    Count,
    /// One amount for each unit of another.
    Ratio,
}

/// What a replication must have for the metric to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// A steady state, and that every measured job is resolved.
    AllJobs,
    /// A steady state.
    SteadyState,
    /// Nothing: it is told even of an unstable strategy.
    Nothing,
}

/// What the `*` of a row stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// There is no `*`.
    One,
    /// There is none either, and tables show it only where it is asked for, or where a setup has
    /// what it tells of.
    Asked,
    /// Quantiles; those that tables show unasked, in thousandths.
    Quantiles(&'static [u64]),
    /// Parts of the response time.
    Parts,
    /// Dimensions of demand and capacity.
    Dimensions,
}

/// Which metric of a family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Member {
    /// The only one.
    Only,
    /// The quantile of so many thousandths.
    Permille(u64),
    /// The part of the response time, an index into [`PARTS`].
    Part(usize),
    /// The dimension of this name.
    Dimension(String),
}

/// Quantiles of the response time that tables show unasked, in thousandths.
pub const RESPONSE_QUANTILES: &[u64] = &[500, 900, 950, 990, 999];

/// `p99` or `p999`, as metrics are named after a quantile.
pub fn quantile_name(permille: u64) -> String {
    format!("p{}", Member::Permille(permille).text())
}

/// A row of the table.
#[derive(Debug)]
pub struct Row {
    /// Name, in snake_case.
    pub name: &'static str,
    /// What its `*` stands for.
    pub family: Family,
    /// Unit: `s`, `1` (a ratio), `1/s`, `jobs`, `tasks`, `messages`.
    pub unit: &'static str,
    /// Which way is better.
    pub better: Better,
    /// What it is taken of.
    pub scope: Scope,
    /// What kind of number it is.
    pub kind: Kind,
    /// When it stands.
    pub needs: Needs,
    /// Name for axes; empty where the name with blanks for underscores will do.
    title: &'static str,
    /// Definition, one sentence.
    definition: &'static str,
    value: fn(&Subject<'_>, &Member) -> Figure,
}

use Better::{Higher, Lower, Neither};
use Family::{Asked, Dimensions, One, Parts, Quantiles};
use Kind::{Count, Extreme, Mean, Quantile, Ratio, Share};
use Needs::{AllJobs, Nothing, SteadyState};
use Scope::{Fleet, Jobs, Nodes, Run};

macro_rules! table {
    ($($name:literal $family:expr, [$unit:literal, $better:ident, $scope:ident, $kind:ident, $needs:ident]
       $title:literal, $definition:literal, $value:expr;)*) => {
        &[$(Row {
            name: $name, family: $family, unit: $unit, better: $better, scope: $scope, kind: $kind,
            needs: $needs, title: $title, definition: $definition, value: $value,
        }),*]
    };
}

/// All metrics, in the order of the tables.
static TABLE: &[Row] = table! {
    "response_mean" One, ["s", Lower, Jobs, Mean, AllJobs] "mean response time",
        "Mean response time: completion of the job minus its arrival.",
        |of, _| of.mean(of.jobs.response_sum(), of.jobs.completed);
    "response_p*" Quantiles(RESPONSE_QUANTILES), ["s", Lower, Jobs, Quantile, AllJobs] "response time, p*",
        "* % quantile of the response time (nearest rank, of all replications together).",
        |of, q| of.quantile(&of.jobs.response, q.permille()).map(seconds);
    "response_max" One, ["s", Lower, Jobs, Extreme, AllJobs] "largest response time",
        "Largest response time.",
        |of, _| of.any_job().map(|jobs| seconds(jobs.response.most() as f64));
    "wait_mean" One, ["s", Lower, Jobs, Mean, AllJobs] "mean waiting time",
        "Mean waiting time of a task: from its readiness to its start, dispatch and network included.",
        |of, _| of.mean(of.jobs.wait_sum, of.jobs.wait.total());
    "wait_p*" Quantiles(&[990]), ["s", Lower, Jobs, Quantile, AllJobs] "waiting time, p*",
        "* % quantile of the waiting time of tasks.",
        // As with every quantile, it is the number of jobs that tells whether there are enough.
        |of, q| of.enough_jobs(q.permille()).and_then(|()| of.quantile(&of.jobs.wait, q.permille())).map(seconds);
    "slowdown_mean" One, ["1", Lower, Jobs, Mean, AllJobs] "mean slowdown",
        "Mean of response time / the job's longest task (work + overhead) at speed 1, which is the same under every strategy.",
        |of, _| of.jobs.slowdown_mean().ok_or(of.no_mean());
    "slowdown_p*" Quantiles(&[990]), ["1", Lower, Jobs, Quantile, AllJobs] "slowdown, p*",
        "* % quantile of the slowdown.",
        |of, q| of.quantile(&of.jobs.slowdown, q.permille()).map(slowdown);
    "straggler_wait_mean" One, ["s", Lower, Jobs, Mean, AllJobs] "",
        "Mean of the last minus the median task finish of a job.",
        |of, _| of.mean(of.jobs.straggler_wait_doubled, 2 * of.jobs.completed);
    "slo_attained" One, ["1", Higher, Jobs, Share, SteadyState] "jobs within their objective",
        "Share of measured jobs within their class's objective; failed, rejected and unfinished ones count as missed.",
        |of, _| share(of.jobs.on_time.into(), of.jobs.with_objective.into(), Missing::Objective);
    "throughput" One, ["1/s", Higher, Jobs, Ratio, Nothing] "throughput",
        "Jobs completed in the window, a second.",
        |of, _| of.window().map(|window| of.jobs.completions as f64 / window.as_secs());
    "jobs_completed" One, ["jobs", Neither, Jobs, Count, Nothing] "",
        "Measured jobs that completed.",
        |of, _| Ok(of.jobs.completed as f64);
    "jobs_failed" One, ["jobs", Lower, Jobs, Count, Nothing] "",
        "Measured jobs that failed.",
        |of, _| Ok(of.jobs.failed as f64);
    "jobs_rejected" One, ["jobs", Lower, Jobs, Count, Nothing] "",
        "Measured jobs that were turned away.",
        |of, _| Ok(of.jobs.rejected as f64);
    "jobs_unfinished" One, ["jobs", Lower, Jobs, Count, Nothing] "",
        "Measured jobs that were not resolved when the replication ended.",
        |of, _| Ok(of.jobs.unfinished as f64);
    "rejected_share" Asked, ["1", Lower, Jobs, Share, Nothing] "jobs turned away",
        "Share of measured jobs that were turned away.",
        |of, _| share(of.jobs.rejected.into(), of.jobs.measured().into(), Missing::Jobs);
    "goodput" Asked, ["1/s", Higher, Jobs, Ratio, Nothing] "goodput",
        "Jobs completed in the window within their class's objective, if it has one, a second.",
        |of, _| of.window().map(|window| of.jobs.good_completions as f64 / window.as_secs());
    "waited_share" Asked, ["1", Lower, Jobs, Share, AllJobs] "tasks that waited",
        "Share of tasks with a waiting time above 0.",
        |of, _| share(of.jobs.wait.above_zero().into(), of.jobs.wait.total().into(), of.no_mean());
    "makespan" One, ["s", Lower, Run, Extreme, SteadyState] "",
        "Last completion minus first arrival (finite workloads).",
        |of, _| of.makespan();
    "utilization" One, ["1", Neither, Nodes, Share, SteadyState] "",
        "Used share of the capacity of the busiest dimension over the window.",
        |of, _| of.busiest();
    "imbalance_cov" One, ["1", Lower, Run, Mean, SteadyState] "imbalance (coefficient of variation of node loads)",
        "Coefficient of variation over nodes of a node's load (the largest, over its slots and resources, of demand running, queued or travelling to it / capacity), averaged over random instants.",
        |of, _| of.observed().cov().ok_or(Missing::Instants);
    "imbalance_max_over_mean" One, ["1", Lower, Run, Mean, SteadyState] "imbalance (largest over mean node load)",
        "Largest / mean node load, averaged over the same instants.",
        |of, _| of.observed().max_over_mean().ok_or(Missing::Instants);
    "imbalance_jain" One, ["1", Higher, Run, Mean, SteadyState] "",
        "Jain's index of the node loads, averaged over the same instants; 1 is even.",
        |of, _| of.observed().jain().ok_or(Missing::Instants);
    "imbalance_work_cov" One, ["1", Lower, Run, Mean, SteadyState] "",
        "Coefficient of variation over nodes of the remaining work by slot, averaged over the same instants.",
        |of, _| of.observed().work_cov().ok_or(Missing::Instants);
    "node_utilization_gini" One, ["1", Lower, Run, Ratio, SteadyState] "",
        "Gini coefficient over nodes of each node's utilization in its own busiest dimension.",
        |of, _| Ok(of.gini());
    "idle_while_waiting" One, ["1", Lower, Run, Share, SteadyState] "",
        "min(free slots, waiting tasks) / slots, averaged over the same instants.",
        |of, _| of.observed().idle_while_waiting().ok_or(Missing::Capacity);
    "waste" One, ["1", Lower, Run, Share, SteadyState] "waste (share of slot-time)",
        "Slot-time of attempts that ended in the window without being used by a completed job / slot-time of all that ended in it.",
        |of, _| share(of.totals().wasted, of.totals().slot_time, Missing::Tasks);
    "messages_per_task" One, ["messages", Lower, Run, Ratio, SteadyState] "messages per task",
        "Messages for each task placed in the window: its placement, a probe and a reply for each node asked, the load or idle reports on which the placement relies, renewals of boards, and what dispatchers tell each other.",
        |of, _| share(of.totals().messages.into(), of.totals().placed.into(), Missing::Tasks);
    "tasks_retried" One, ["tasks", Neither, Run, Count, SteadyState] "",
        "Tasks of measured jobs that needed more than one attempt.",
        |of, _| Ok(of.totals().retried as f64);
    "tasks_stolen" One, ["tasks", Neither, Run, Count, SteadyState] "",
        "Tasks of measured jobs that moved to another node.",
        |_, _| Ok(0.0);
    "tasks_cancelled" One, ["tasks", Neither, Run, Count, SteadyState] "",
        "Tasks of measured jobs that were cancelled.",
        |of, _| Ok(of.totals().cancelled as f64);
    "dispatcher_utilization" One, ["1", Neither, Run, Share, SteadyState] "",
        "Share of the window in which the dispatchers were deciding.",
        |of, _| share(of.totals().deciding, of.server_time(), Missing::Window);
    "gatherer_utilization" One, ["1", Neither, Run, Share, SteadyState] "",
        "Share of the window in which the gatherers were gathering.",
        |of, _| share(of.totals().gathering, of.server_time(), Missing::Window);
    "availability" One, ["1", Higher, Fleet, Share, SteadyState] "",
        "Share of the window in which nodes were up.",
        |of, _| of.availability();
    "node_hours" Asked, ["h", Lower, Nodes, Ratio, SteadyState] "hours of nodes",
        "Hours of nodes in the window, each from when it is asked for (booting included) until it has left; failed ones count.",
        |of, _| of.node_hours(|_| 1.0);
    "price" Asked, ["1", Lower, Nodes, Ratio, SteadyState] "price",
        "Sum over nodes of their hours in the window x the price of an hour (nodes.NAME.price).",
        |of, _| of.node_hours(|group| group.price);
    "energy" Asked, ["J", Lower, Nodes, Ratio, SteadyState] "energy",
        "Joules that the nodes drew in the window: idle power while up or booting, and on top the difference to busy power x the used share of each node's own busiest dimension; nothing while down or not there.",
        |of, _| of.energy();
    "power" Asked, ["W", Lower, Nodes, Ratio, SteadyState] "mean power",
        "Energy drawn in the window / its length.",
        |of, _| Ok(of.energy()? / of.window()?.as_secs());
    "regret_mean" Asked, ["s", Lower, Run, Mean, SteadyState] "mean regret of decisions",
        "Mean regret of the decisions for measured jobs: the wait at the node that was taken minus the least wait at any eligible node, by the true state; only with --record regret.",
        |of, _| Ok(of.regret()?.regret_mean);
    "regret_p99" Asked, ["s", Lower, Run, Mean, SteadyState] "regret of decisions, p99",
        "99 % quantile of the regret of a replication's decisions, averaged over replications; only with --record regret.",
        |of, _| Ok(of.regret()?.regret_p99);
    "regret_max" Asked, ["s", Lower, Run, Extreme, SteadyState] "largest regret of a decision",
        "Largest regret of a replication's decisions, averaged over replications; only with --record regret.",
        |of, _| Ok(of.regret()?.regret_max);
    "regret_none_share" Asked, ["1", Higher, Run, Share, SteadyState] "decisions without regret",
        "Share of the decisions for a node where the task waits least; only with --record regret.",
        |of, _| Ok(of.regret()?.none_share);
    "blame_*_mean" Parts, ["s", Lower, Jobs, Mean, AllJobs] "",
        "Part of the response time, along the job's critical chain, spent in *; mean over all jobs.",
        |of, part| of.mean(of.jobs.blame_sum()[part.index()], of.jobs.completed);
    "blame_*_tail" Parts, ["s", Lower, Jobs, Mean, AllJobs] "",
        "Part of the response time, along the job's critical chain, spent in *; mean over the slowest 1 % of the jobs.",
        |of, part| of.jobs.blame_tail().map(|tail| tail[part.index()]).ok_or(of.no_tail());
    "utilization_*" Dimensions, ["1", Neither, Nodes, Share, SteadyState] "",
        "Used share of the capacity in * over the window, of the nodes that have it limited.",
        |of, dimension| of.utilization(dimension.name());
};

fn seconds(nanos: f64) -> f64 {
    nanos / 1e9
}

fn share(part: u128, whole: u128, missing: Missing) -> Figure {
    (whole > 0)
        .then(|| part as f64 / whole as f64)
        .ok_or(missing)
}

/// What the time of each of [`PARTS`] is spent in.
const MEANINGS: [&str; 7] = [
    "waiting for the dispatcher",
    "the decision",
    "the network (dispatch and result)",
    "waiting for a slot or a resource",
    "service",
    "lost attempts",
    "waiting for the gatherer and being gathered",
];

impl Member {
    /// The member that `text` names in place of the `*`.
    fn parse(family: Family, text: &str) -> Option<Member> {
        match family {
            One | Asked => text.is_empty().then_some(Member::Only),
            Quantiles(_) => permille(text).map(Member::Permille),
            Parts => {
                let index = PARTS.iter().position(|part| *part == text);
                index.map(Member::Part)
            }
            Dimensions => (!text.is_empty()).then(|| Member::Dimension(text.to_owned())),
        }
    }

    /// As it stands in names.
    fn text(&self) -> String {
        match self {
            Member::Only => String::new(),
            Member::Permille(permille) => match permille % 10 {
                0 => format!("{:02}", permille / 10),
                _ => format!("{permille:03}"),
            },
            Member::Part(part) => PARTS[*part].to_owned(),
            Member::Dimension(name) => name.clone(),
        }
    }

    /// As people say it.
    fn words(&self) -> String {
        match self {
            Member::Permille(permille) => (*permille as f64 / 10.0).to_string(),
            Member::Part(part) => MEANINGS[*part].to_owned(),
            _ => self.text(),
        }
    }

    /// The quantile in thousandths; 0 of what is none.
    pub(super) fn permille(&self) -> u64 {
        match self {
            Member::Permille(permille) => *permille,
            _ => 0,
        }
    }

    fn index(&self) -> usize {
        match self {
            Member::Part(part) => *part,
            _ => 0,
        }
    }

    fn name(&self) -> &str {
        match self {
            Member::Dimension(name) => name,
            _ => "",
        }
    }
}

/// `75` is 750 thousandths and `999` is 999; one quantile has one name, so `990` is none.
fn permille(digits: &str) -> Option<u64> {
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = digits.parse().ok().filter(|_| is_plain)?;
    let permille = match digits.len() {
        2 => number * 10,
        3 if !number.is_multiple_of(10) => number,
        _ => return None,
    };
    (permille > 0).then_some(permille)
}

/// One metric: a row of the table, and which of its family.
#[derive(Clone, Debug)]
pub struct Metric {
    name: String,
    /// Its facts.
    pub row: &'static Row,
    member: Member,
}

impl PartialEq for Metric {
    fn eq(&self, other: &Metric) -> bool {
        self.name == other.name
    }
}

impl Eq for Metric {}

impl Metric {
    fn new(row: &'static Row, member: Member) -> Metric {
        Metric {
            name: row.name.replacen('*', &member.text(), 1),
            row,
            member,
        }
    }

    /// The metric of this name; one named after a dimension whatever the dimension.
    pub fn find(name: &str) -> Option<Metric> {
        TABLE.iter().find_map(|row| {
            let (start, end) = row.name.split_once('*').unwrap_or((row.name, ""));
            let text = name.strip_prefix(start)?.strip_suffix(end)?;
            Some(Metric::new(row, Member::parse(row.family, text)?))
        })
    }

    /// What to do about a `name` that no metric has, where nodes have these dimensions (slots first).
    pub fn hint(name: &str, dimensions: &[String]) -> String {
        // A bare quantile or mean is of the response time, which is asked for most; 99.9 % is 999 permille.
        let plain = name.replace('.', "");
        let bare = [plain.clone(), format!("response_{plain}")];
        let bare = bare.into_iter().find(|name| Metric::find(name).is_some());
        let known = metrics(dimensions);
        let known: Vec<&str> = known.iter().map(Metric::name).collect();
        match bare.or_else(|| nearest(name, &known).map(str::to_owned)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "`equipoise list metrics` lists them".to_owned(),
        }
    }

    /// Its name in tables.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The dimension that it is named after, if it is.
    pub fn dimension(&self) -> Option<&str> {
        match &self.member {
            Member::Dimension(name) => Some(name),
            _ => None,
        }
    }

    /// Definition, one sentence.
    pub fn definition(&self) -> String {
        self.row.definition.replacen('*', &self.member.words(), 1)
    }

    /// Its name for axes, without a unit.
    pub fn title(&self) -> String {
        match self.row.title {
            "" => self.name.replace('_', " "),
            title => title.replacen('*', &self.member.words(), 1),
        }
    }

    /// Whether it is a response time, to which an objective applies.
    pub fn is_response_time(&self) -> bool {
        self.row.name.starts_with("response_")
    }

    /// What it is a quantile of, and which, in thousandths; `None` of what is no quantile.
    pub fn quantile(&self) -> Option<(Counted, u64)> {
        let counted = match self.row.name {
            "response_p*" => Counted::Response,
            "wait_p*" => Counted::Wait,
            "slowdown_p*" => Counted::Slowdown,
            _ => return None,
        };
        Some((counted, self.member.permille()))
    }

    /// The unit of its values.
    pub fn unit(&self) -> &'static str {
        self.row.unit
    }

    /// Whether its values are parts of a whole.
    pub fn is_share(&self) -> bool {
        self.row.kind == Kind::Share
    }

    /// `value` of its distribution, in its unit.
    pub fn in_unit(&self, value: f64) -> f64 {
        match self.row.unit {
            "s" => seconds(value),
            _ => slowdown(value),
        }
    }

    /// How much a replication's value weighs in that of all replications together.
    pub fn weight(&self, of: &Subject<'_>) -> f64 {
        let count = match (self.row.name, self.row.scope, self.row.kind) {
            ("wait_mean", ..) => of.jobs.wait.total(),
            ("slowdown_mean", ..) => of.jobs.slowdown.total(),
            ("slo_attained", ..) => of.jobs.with_objective,
            (_, Scope::Jobs, Kind::Mean) => of.jobs.completed,
            _ => 1,
        };
        count as f64
    }

    /// Whether a smaller figure is better, of what is compared; so it is taken where neither is.
    pub fn lower_is_better(&self) -> bool {
        self.row.better != Better::Higher || self.counts_misses()
    }

    /// 1 where a smaller figure is better, of what is compared, else -1: times it, those figures rise as they
    /// get worse.
    pub fn sign(&self) -> f64 {
        if self.lower_is_better() { 1.0 } else { -1.0 }
    }

    /// Whether a smaller figure is better, of what tables show: not of a share that is shown as what attained
    /// and compared as what missed.
    pub fn reads_lower_better(&self) -> bool {
        self.row.better != Better::Higher
    }

    /// Whether comparisons are of the share that missed: of 99.9 % against 99 % the misses are a tenth.
    pub fn counts_misses(&self) -> bool {
        self.row.name == "slo_attained"
    }

    /// Whether it is of the slowest hundredth of the jobs.
    pub fn is_of_slowest(&self) -> bool {
        self.row.name == "blame_*_tail"
    }

    /// Its value, or why there is none.
    ///
    /// # Errors
    /// What is missing.
    pub fn value(&self, of: &Subject<'_>) -> Figure {
        (self.row.value)(of, &self.member)
    }
}

/// The metrics that tables show unasked of a run whose dimensions (slots first) are named
/// `dimensions`.
pub fn metrics(dimensions: &[String]) -> Vec<Metric> {
    let members = |family| -> Vec<Member> {
        match family {
            One => vec![Member::Only],
            Asked => Vec::new(),
            Quantiles(shown) => shown.iter().copied().map(Member::Permille).collect(),
            Parts => (0..PARTS.len()).map(Member::Part).collect(),
            Dimensions => dimensions.iter().cloned().map(Member::Dimension).collect(),
        }
    };
    let of = |row: &'static Row| {
        let metric = move |member| Metric::new(row, member);
        members(row.family).into_iter().map(metric)
    };
    TABLE.iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        let dimensions = ["slots".to_owned(), "cpu".to_owned()];
        let mut names: Vec<String> = metrics(&dimensions)
            .into_iter()
            .map(|metric| metric.name)
            .collect();
        let count = names.len();
        for name in &names {
            assert_eq!(
                Metric::find(name).map(|found| found.name),
                Some(name.clone())
            );
        }
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
        assert_eq!(
            Metric::find("utilization_cpu").and_then(|m| m.dimension().map(str::to_owned)),
            Some("cpu".to_owned())
        );
    }

    #[test]
    fn any_quantile_is_a_metric_of_one_name() {
        for (name, permille) in [
            ("response_p75", 750),
            ("wait_p999", 999),
            ("slowdown_p05", 50),
            ("response_p001", 1),
        ] {
            let found = Metric::find(name);
            assert_eq!(found.map(|m| m.member.permille()), Some(permille), "{name}");
        }
        for name in [
            "response_p990",
            "response_p9",
            "response_p00",
            "wait_p9999",
            "wait_p+9",
            "response_pxx",
            "throughput_p50",
        ] {
            assert!(Metric::find(name).is_none(), "{name}");
        }
    }

    #[test]
    fn titles_and_definitions_name_the_member() {
        let title = |name: &str| Metric::find(name).map(|metric| metric.title());
        assert_eq!(
            title("response_p999").as_deref(),
            Some("response time, p99.9")
        );
        assert_eq!(title("wait_p99").as_deref(), Some("waiting time, p99"));
        assert_eq!(
            title("blame_queue_tail").as_deref(),
            Some("blame queue tail")
        );
        let definition = Metric::find("response_p75").map(|metric| metric.definition());
        assert_eq!(
            definition.as_deref(),
            Some(
                "75 % quantile of the response time (nearest rank, of all replications together)."
            )
        );
    }
}
