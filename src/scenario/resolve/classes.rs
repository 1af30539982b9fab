//! `[jobs.NAME]` as classes: how a job becomes tasks, what they demand, where they may run.
//!
//! The simulator counts demand in whole units of each dimension, so amounts are rounded here, once;
//! a task that no node could ever hold is an error of the file and not a task that waits for ever.
//!
//! The mean of a law of counts is bounded before anything is drawn: one mistyped zero would otherwise fill the
//! memory with tasks of a single job.

use super::check::Check;
use crate::engine::law::spec::LawSpec;
use crate::engine::law::{Law, MOST_COUNT};
use crate::engine::quantity::{Amount, Factor};
use crate::engine::time::Time;
use crate::model::cluster::{Cluster, Group, SLOTS, eligible};
use crate::scenario::grammar::{Arrivals, Jobs, Named, Processors};
use crate::scenario::text::suggest;
use crate::text::{listed, plural};
use crate::workload::class::{Class, Data, Gather, Shape, Stage};

/// Checks the names of all `jobs.NAME`, and that each has arrivals.
pub fn names(check: &mut Check<'_>, jobs: &Named<Jobs>) {
    let mut check = check.at("jobs");
    if jobs.is_empty() {
        let hint = "add a class, for example [jobs.request] with arrivals and work";
        check.error("the scenario has no jobs", hint);
    }
    for (name, jobs) in jobs.iter() {
        check.check_name(name);
        let mut check = check.name(name);
        for (part, _) in jobs.classes.iter().flat_map(|classes| classes.parts.iter()) {
            check.at("classes").check_name(part);
        }
        if jobs.arrivals.is_none() {
            let hint = "add how its jobs arrive, for example `arrivals = \"poisson\"`";
            check.lacks("arrivals", hint);
        }
    }
}

/// What the classes of one `jobs.NAME` have in common, if nothing of it is wrong: a class whose
/// name is yet to be given. Its stages are `staged`, if the jobs have several.
pub fn common(
    check: &mut Check<'_>,
    jobs: &Jobs,
    cluster: &Cluster,
    staged: Option<Option<Vec<Stage>>>,
) -> Option<Class> {
    // Arrivals that were cut out may have been a trace, which needs no work.
    let is_unknown = jobs.arrivals.is_none() && check.at("arrivals.trace").was_there();
    let stages = match (&jobs.arrivals, staged) {
        (_, Some(stages)) => stages,
        (None, _) if is_unknown => stage(check, jobs, cluster, |_, _| None).map(|only| vec![only]),
        (Some(Arrivals::Trace(_)), _) => {
            stage(check, jobs, cluster, |check, _| Some(traced(check))).map(|only| vec![only])
        }
        _ => stage(check, jobs, cluster, shape).map(|only| vec![only]),
    };
    let gather = gather(check, jobs);
    let stages = stages?;
    if let (
        Some(Gather {
            need: Some(need), ..
        }),
        [only],
    ) = (&gather, &stages[..])
    {
        enough(&mut check.at("gather.need"), *need, &only.shape);
    }
    let gang = gang(check, jobs, &stages, cluster)?;
    Some(Class {
        gang,
        name: String::new(),
        stages,
        gather: gather?,
        slo: jobs.slo.map(|slo| Time::from_secs(slo.0)),
        priority: jobs.priority.map_or(0, |priority| priority.0 as i64),
        transfer: [Time::ZERO; 2],
        data: data(check, jobs, cluster)?,
        key: key(check, jobs)?,
    })
}

/// Whether the tasks of a job start together; nothing if they never could.
fn gang(check: &mut Check<'_>, jobs: &Jobs, stages: &[Stage], cluster: &Cluster) -> Option<bool> {
    let is_traced = match &jobs.arrivals {
        Some(Arrivals::Trace(trace)) => trace.processors == Processors::Gang,
        _ => false,
    };
    if !jobs.gang && !is_traced {
        return Some(false);
    }
    let mut check = check.at("gang");
    let [stage] = stages else {
        let hint = "leave one of both out";
        check.error("a gang has one stage", hint);
        return None;
    };
    let (Shape::Tasks { count, .. } | Shape::Split { into: count, .. }) = &stage.shape else {
        return Some(true);
    };
    let room: u64 = eligible(&cluster.groups, &stage.allowed, &stage.demand)
        .zip(&cluster.groups)
        .filter(|(is_eligible, _)| *is_eligible)
        .map(|(_, group)| {
            group
                .copies(&stage.demand)
                .saturating_mul(u64::from(group.count))
        })
        .fold(0, u64::saturating_add);
    if let Some(tasks) = count
        .constant_count()
        .filter(|tasks| u64::from(*tasks) > room)
    {
        let title = format!("{tasks} tasks start together, and the nodes have room for {room}");
        check.error(title, "lower `tasks`, or raise nodes.NAME.count");
        return None;
    }
    Some(true)
}

/// A stage whose tasks are told by `jobs`, in the way that `shape` reads them.
pub fn stage(
    check: &mut Check<'_>,
    jobs: &Jobs,
    cluster: &Cluster,
    shape: impl Fn(&mut Check<'_>, &Jobs) -> Option<Shape>,
) -> Option<Stage> {
    let shape = shape(check, jobs);
    let split = jobs.split.as_ref();
    let overhead = jobs.overhead.or(split.map(|split| split.overhead));
    let demand = demand(check, &jobs.demand, cluster);
    let allowed = allowed(check, jobs.nodes.as_deref(), cluster);
    Some(Stage {
        name: String::new(),
        after: Vec::new(),
        shape: shape?,
        skew: split.map_or(0.0, |split| split.skew.0),
        overhead: Time::from_secs(overhead.map_or(0.0, |overhead| overhead.0)),
        demand: demand?,
        allowed: allowed?,
    })
}

/// Nodes over which data may be spread at most.
const MOST_SHARDS: u32 = 4_096;

/// Where the data of its tasks lie; `None` if that was said wrongly.
fn data(check: &mut Check<'_>, jobs: &Jobs, cluster: &Cluster) -> Option<Option<Data>> {
    let Some(replicas) = jobs.replicas else {
        if jobs.locality.is_some() {
            let hint = "add `replicas`: how many copies of the data there are";
            check
                .at("locality")
                .error("nothing says where data lie", hint);
        }
        return Some(None);
    };
    let nodes = cluster.count();
    let (title, hint) = match &jobs.arrivals {
        Some(Arrivals::Trace(_)) => ("the rows of a trace have no keys", "leave `replicas` out"),
        _ if !jobs.stages.is_empty() => ("stages have no keys", "leave `replicas` out"),
        _ if nodes > MOST_SHARDS => (
            "data can be spread over 4,096 nodes at most",
            "use fewer nodes, or leave `replicas` out",
        ),
        _ if replicas.get() > u64::from(nodes) => ("more copies than nodes", "lower it"),
        _ => {
            let key = match &jobs.key {
                Some(key) => Some(check.at("key").law(key)?),
                None => None,
            };
            let elsewhere = jobs
                .locality
                .map(|given| Time::from_secs(given.elsewhere.0));
            let replicas = replicas.get() as u32;
            return Some(Some(Data {
                key,
                replicas,
                elsewhere,
            }));
        }
    };
    check.at("replicas").error(title, hint);
    None
}

/// What each job is about; nothing where its key is that of its data. The outer nothing if that was
/// said wrongly.
#[allow(clippy::option_option)]
fn key(check: &mut Check<'_>, jobs: &Jobs) -> Option<Option<Law>> {
    match (&jobs.key, jobs.replicas) {
        (Some(key), None) => Some(Some(check.at("key").law(key)?)),
        _ => Some(None),
    }
}

/// The shape comes from the rows of a trace: keys of a shape contradict that.
fn traced(check: &mut Check<'_>) -> Shape {
    for key in ["tasks", "work", "job-work", "split"] {
        let mut check = check.at(key);
        if check.was_there() {
            let title = format!("`{key}` has no effect: the trace gives the tasks and their work");
            check.error(title, format!("remove `{key}`"));
        }
    }
    Shape::Trace
}

/// The tasks of a job, or of a stage, as they are drawn.
pub fn shape(check: &mut Check<'_>, jobs: &Jobs) -> Option<Shape> {
    if jobs.classes.is_some() {
        let hint = "write a [jobs.NAME] for each class instead";
        check
            .at("classes")
            .error("`classes` sorts the jobs of a trace", hint);
    }
    if jobs.job_work.is_none() && jobs.split.is_none() {
        independent(check, jobs)
    } else {
        split(check, jobs)
    }
}

/// A number of tasks with their own work.
fn independent(check: &mut Check<'_>, jobs: &Jobs) -> Option<Shape> {
    let count = match &jobs.tasks {
        Some(tasks) => count(&mut check.at("tasks"), tasks),
        None => Some(Law::Constant(1.0)),
    };
    let Some(work) = &jobs.work else {
        let hint = "add the work of each task, for example `work.exponential.mean = \"10ms\"`";
        check.lacks("work", hint);
        return None;
    };
    let (work, count) = (check.at("work").law(work)?, count?);
    Some(Shape::Tasks { count, work })
}

/// The work of a job cut into tasks.
fn split(check: &mut Check<'_>, jobs: &Jobs) -> Option<Shape> {
    let beside = "keep either `tasks` and `work`, or `job-work` and `split`";
    let keys = [
        ("tasks", beside),
        ("work", beside),
        ("overhead", "write split.overhead"),
    ];
    for (key, hint) in keys {
        let mut check = check.at(key);
        if check.was_there() {
            check.error(format!("`{key}` stands beside `job-work` or `split`"), hint);
        }
    }
    let Some(work) = &jobs.job_work else {
        let hint = "`split` cuts the work of a whole job: add `job-work = ...`";
        check.lacks("job-work", hint);
        return None;
    };
    let work = check.at("job-work").law(work);
    let Some(split) = &jobs.split else {
        check.lacks(
            "split",
            "say into how many tasks it is cut: add `split.into = ...`",
        );
        return None;
    };
    let (into, work) = (count(&mut check.at("split.into"), &split.into)?, work?);
    Some(Shape::Split { work, into })
}

/// How many tasks a job has: a whole number, or a law whose draws are rounded.
fn count(check: &mut Check<'_>, count: &LawSpec<Factor>) -> Option<Law> {
    let law = check.law(count)?;
    let (title, hint) = match law.constant() {
        Some(constant) if constant.fract() != 0.0 => (
            format!("{constant} is no number of tasks"),
            "write a whole number, or a law whose draws are rounded",
        ),
        _ if law.mean() <= f64::from(MOST_COUNT) => return Some(law),
        Some(constant) => (
            format!("{constant} tasks are too many for one job"),
            "write at most 10,000,000",
        ),
        None => (
            format!("{} tasks on average are too many for one job", law.mean()),
            "write a law with a mean of at most 10,000,000",
        ),
    };
    check.error(title, hint);
    None
}

/// Units of each dimension that a task holds.
fn demand(check: &mut Check<'_>, given: &Named<Amount>, cluster: &Cluster) -> Option<Vec<u64>> {
    let mut units = vec![0; cluster.dimensions.len()];
    units[SLOTS] = 1;
    let mut right = true;
    for (resource, amount) in given.iter() {
        let amount = amount.0;
        let mut check = check.at("demand");
        let mut check = check.name(resource);
        match cluster.dimension(resource) {
            Some(SLOTS) if amount < 1.0 || amount.fract() != 0.0 || amount > 1e9 => {
                let title = format!("{amount} is no number of slots");
                check.error(title, "write a whole number of at least 1");
                right = false;
            }
            Some(at) => units[at] = cluster.dimensions[at].units(amount),
            None => {
                unknown_resource(&mut check, resource, cluster);
                right = false;
            }
        }
    }
    right.then_some(units)
}

/// Says that no node has the resource.
pub fn unknown_resource(check: &mut Check<'_>, resource: &str, cluster: &Cluster) {
    let dimensions = cluster.dimensions.iter();
    let known: Vec<&str> = dimensions
        .map(|dimension| dimension.name.as_str())
        .collect();
    if check.is_cut_in("nodes") {
        return;
    }
    let hint = match suggest::nearest(resource, &known) {
        Some(name) => format!("did you mean `{name}`?"),
        None => {
            let known = listed(&known, "and");
            format!("give it to nodes by `resources.{resource} = ...`; they have {known}")
        }
    };
    check.error_key(format!("no node has the resource `{resource}`"), hint);
}

/// For each group of nodes, whether tasks may run there at all.
fn allowed(
    check: &mut Check<'_>,
    wanted: Option<&[String]>,
    cluster: &Cluster,
) -> Option<Vec<bool>> {
    let groups = cluster.groups.iter().map(|group| group.name.as_str());
    let known: Vec<&str> = groups.collect();
    let Some(wanted) = wanted else {
        return Some(vec![true; known.len()]);
    };
    let mut check = check.at("nodes");
    if wanted.is_empty() {
        let hint = "name at least one group, or leave `nodes` out to allow all";
        check.error("no node is allowed", hint);
        return None;
    }
    let mut right = true;
    for (at, name) in wanted.iter().enumerate() {
        right &= check.name(at).knows("nodes", name, &known);
    }
    let is_wanted = |group: &&str| wanted.iter().any(|name| name == group);
    right.then(|| known.iter().map(is_wanted).collect())
}

/// What collecting results costs at the dispatcher, and how many of them suffice; nothing of it if not said.
fn gather(check: &mut Check<'_>, jobs: &Jobs) -> Option<Gather> {
    let Some(gather) = &jobs.gather else {
        return Some(Gather::free());
    };
    let per_result = check.at("gather.per-result").law(&gather.per_result);
    let work = check.at("gather.work").law(&gather.work)?;
    let per_result = per_result?;
    let need = gather
        .need
        .map(|need| need.0.min(f64::from(u32::MAX)) as u32);
    Some(Gather {
        per_result,
        work,
        need,
    })
}

/// Says so if jobs never have as many tasks as are needed.
fn enough(check: &mut Check<'_>, need: u32, shape: &Shape) {
    let count = match shape {
        Shape::Tasks { count, .. } => count.constant_count(),
        Shape::Split { into, .. } => into.constant_count(),
        Shape::Trace => None,
    };
    if let Some(count) = count.filter(|count| *count < need) {
        let title = format!(
            "{need} results are needed of jobs of {}",
            plural(count as usize, "task", "tasks")
        );
        check.error(title, format!("write at most {count}"));
    }
}

/// True if some node could ever hold a task of this demand; else says which resource stands in the
/// way of a task of `whose`.
pub fn fits(
    check: &mut Check<'_>,
    whose: &str,
    demand: &[u64],
    allowed: &[bool],
    cluster: &Cluster,
) -> bool {
    if eligible(&cluster.groups, allowed, demand).any(|is| is) {
        return true;
    }
    let groups = cluster
        .groups
        .iter()
        .zip(allowed)
        .filter(|(_, allowed)| **allowed);
    let asked = groups.map(|(group, _)| (group, most_asked(group, demand)));
    let Some((nearest, (at, _))) = asked.min_by(|a, b| a.1.1.total_cmp(&b.1.1)) else {
        return false;
    };
    let dimension = &cluster.dimensions[at];
    let amount = |units: u64| amount(dimension.amount(units));
    let title = format!(
        "a task of {whose} fits on no node: it needs {} = {}, the nearest, `{}`, has {}",
        dimension.name,
        amount(demand[at]),
        nearest.name,
        amount(nearest.capacity[at].unwrap_or(0))
    );
    check.error(
        title,
        "lower the demand, or raise nodes.NAME.resources or slots",
    );
    false
}

/// The dimension of which the largest share of a node's capacity is demanded, and that share.
fn most_asked(group: &Group, demand: &[u64]) -> (usize, f64) {
    let share = |(has, need): (&Option<u64>, &u64)| match (has, need) {
        (None, _) | (_, 0) => 0.0,
        (Some(has), need) => *need as f64 / *has as f64,
    };
    let shares = group.capacity.iter().zip(demand).map(share).enumerate();
    shares.fold(
        (0, 0.0),
        |most, next| if next.1 > most.1 { next } else { most },
    )
}

/// An amount as people write it: large ones are sizes.
fn amount(value: f64) -> String {
    let gib = value / 1_073_741_824.0;
    if gib >= 0.1 {
        format!("{} GiB", (gib * 100.0).round() / 100.0)
    } else {
        value.to_string()
    }
}
