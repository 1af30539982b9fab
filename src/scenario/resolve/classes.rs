//! `[jobs.NAME]` as classes: shapes, demands, where they may run.

use super::check::Check;
use crate::engine::dist::Dist;
use crate::engine::law::Law;
use crate::engine::quantity::Quantity;
use crate::engine::time::Time;
use crate::model::cluster::{Cluster, SLOTS};
use crate::scenario::grammar::{Document, Jobs};
use crate::scenario::text::suggest;
use crate::workload::class::{self, Shape, Stage};

/// What the classes of one `jobs.NAME` have in common.
pub struct Common {
    stage: Stage,
    gather: class::Gather,
    slo: Option<Time>,
}

impl Common {
    /// The class called `name`.
    pub fn class(&self, name: String) -> class::Class {
        class::Class {
            name,
            stages: vec![self.stage.clone()],
            gather: self.gather.clone(),
            slo: self.slo,
        }
    }

    /// Demand of each task by dimension, in units.
    pub fn demand(&self) -> &[u64] {
        &self.stage.demand
    }

    /// For each node group, whether tasks may run there.
    pub fn allowed(&self) -> &[bool] {
        &self.stage.allowed
    }
}

/// What the classes of `jobs.NAME` have in common, if nothing of it is wrong.
pub fn common(check: &mut Check<'_>, name: &str, jobs: &Jobs, cluster: &Cluster) -> Option<Common> {
    let path = format!("jobs.{name}");
    let unknown = jobs.arrivals.is_none() && check.was_there(&format!("{path}.arrivals.trace"));
    let (shape, overhead) = if unknown {
        (None, None)
    } else if jobs.is_traced() {
        (trace_shape(check, &path, jobs), jobs.overhead)
    } else {
        (
            shape(check, &path, jobs),
            jobs.overhead
                .or(jobs.split.as_ref().map(|split| split.overhead)),
        )
    };
    let demand = demand(check, &path, jobs, cluster);
    let allowed = allowed(check, &path, jobs, cluster);
    let gather = gather(check, &path, jobs);
    let overhead = Time::from_secs(overhead.map_or(0.0, |overhead| overhead.0));
    Some(Common {
        stage: Stage {
            shape: shape?,
            overhead,
            demand: demand?,
            allowed: allowed?,
        },
        gather: gather?,
        slo: jobs.slo.map(|slo| Time::from_secs(slo.0)),
    })
}

/// The shape comes from the rows: keys of a shape contradict that.
fn trace_shape(check: &mut Check<'_>, path: &str, jobs: &Jobs) -> Option<Shape> {
    let given = [
        ("tasks", jobs.tasks.is_some()),
        ("work", jobs.work.is_some()),
        ("job-work", jobs.job_work.is_some()),
        ("split", jobs.split.is_some()),
    ];
    for (key, _) in given.iter().filter(|(_, given)| *given) {
        let said = format!("`{key}` has no effect: the trace gives the tasks and their work");
        check.error(&format!("{path}.{key}"), said, format!("remove `{key}`"));
    }
    Some(Shape::Trace)
}

fn shape(check: &mut Check<'_>, path: &str, jobs: &Jobs) -> Option<Shape> {
    if jobs.classes.is_some() {
        check.error(
            &format!("{path}.classes"),
            "`classes` sorts the jobs of a trace",
            "write a [jobs.NAME] for each class instead",
        );
    }
    if jobs.job_work.is_none() && jobs.split.is_none() {
        return independent(check, path, jobs);
    }
    for (key, given) in [
        ("tasks", jobs.tasks.is_some()),
        ("work", jobs.work.is_some()),
        ("overhead", jobs.overhead.is_some()),
    ] {
        if given {
            let hint = if key == "overhead" {
                "write split.overhead"
            } else {
                "keep either `tasks` and `work`, or `job-work` and `split`"
            };
            check.error(
                &format!("{path}.{key}"),
                format!("`{key}` stands beside `job-work` or `split`"),
                hint,
            );
        }
    }
    let Some(work) = &jobs.job_work else {
        check.lacks(
            path,
            "job-work",
            "`split` cuts the work of a whole job: add `job-work = ...`",
        );
        return None;
    };
    let work = check.law(&format!("{path}.job-work"), work);
    let Some(split) = &jobs.split else {
        check.lacks(
            path,
            "split",
            "say into how many tasks it is cut: add `split.into = ...`",
        );
        return None;
    };
    let into = count(check, &format!("{path}.split.into"), &split.into);
    Some(Shape::Split {
        work: work?,
        into: into?,
    })
}

fn independent(check: &mut Check<'_>, path: &str, jobs: &Jobs) -> Option<Shape> {
    let count = match &jobs.tasks {
        Some(tasks) => count(check, &format!("{path}.tasks"), tasks),
        None => Some(Law::Constant(1.0)),
    };
    let Some(work) = &jobs.work else {
        check.lacks(
            path,
            "work",
            "add the work of each task, for example `work.exponential.mean = \"10ms\"`",
        );
        return None;
    };
    let work = check.law(&format!("{path}.work"), work);
    Some(Shape::Tasks {
        count: count?,
        work: work?,
    })
}

/// Most tasks of a job, where the number is known.
const MOST_TASKS: f64 = 1e7;

fn count<Q: Quantity>(check: &mut Check<'_>, path: &str, count: &Dist<Q>) -> Option<Law> {
    let law = check.law(path, count)?;
    match law.constant() {
        Some(constant) if constant.fract() != 0.0 => {
            check.error(
                path,
                format!("{constant} is no number of tasks"),
                "write a whole number, or a law whose draws are rounded",
            );
            None
        }
        Some(constant) if constant > MOST_TASKS => {
            check.error(
                path,
                format!("{constant} tasks are too many for one job"),
                "write at most 10,000,000",
            );
            None
        }
        _ => Some(law),
    }
}

fn demand(check: &mut Check<'_>, path: &str, jobs: &Jobs, cluster: &Cluster) -> Option<Vec<u64>> {
    let mut units = vec![0; cluster.dimensions.len()];
    units[SLOTS] = 1;
    let mut right = true;
    for (resource, amount) in jobs.demand.iter() {
        let path = format!("{path}.demand.{resource}");
        match cluster
            .dimensions
            .iter()
            .position(|dimension| dimension.name == *resource)
        {
            Some(SLOTS) if amount.0 < 1.0 || amount.0.fract() != 0.0 || amount.0 > 1e9 => {
                check.error(
                    &path,
                    format!("{} is no number of slots", amount.0),
                    "write a whole number of at least 1",
                );
                right = false;
            }
            Some(at) => units[at] = cluster.dimensions[at].units(amount.0),
            None => {
                unknown_resource(check, &path, resource, cluster);
                right = false;
            }
        }
    }
    right.then_some(units)
}

/// Says that no node has the resource.
pub fn unknown_resource(check: &mut Check<'_>, path: &str, resource: &str, cluster: &Cluster) {
    let known: Vec<&str> = cluster
        .dimensions
        .iter()
        .map(|dimension| dimension.name.as_str())
        .collect();
    if check.is_cut("nodes") {
        return;
    }
    let hint = match suggest::nearest(resource, &known) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!(
            "give it to nodes by `resources.{resource} = ...`; they have {}",
            crate::text::listed(&known, "and")
        ),
    };
    check.error_key(path, format!("no node has the resource `{resource}`"), hint);
}

fn allowed(check: &mut Check<'_>, path: &str, jobs: &Jobs, cluster: &Cluster) -> Option<Vec<bool>> {
    let Some(wanted) = &jobs.nodes else {
        return Some(vec![true; cluster.groups.len()]);
    };
    let path = format!("{path}.nodes");
    let known: Vec<&str> = cluster
        .groups
        .iter()
        .map(|group| group.name.as_str())
        .collect();
    if wanted.is_empty() {
        check.error(
            &path,
            "no node is allowed",
            "name at least one group, or leave `nodes` out to allow all",
        );
        return None;
    }
    let mut right = true;
    for (at, name) in wanted.iter().enumerate() {
        if !known.contains(&name.as_str()) && !check.is_cut("nodes") {
            let hint = suggest::hint(name, &known, "node groups");
            check.error(
                &format!("{path}.{at}"),
                format!("there is no node group `{name}`"),
                hint,
            );
            right = false;
        }
    }
    right.then(|| {
        known
            .iter()
            .map(|group| wanted.iter().any(|name| name == group))
            .collect()
    })
}

fn gather(check: &mut Check<'_>, path: &str, jobs: &Jobs) -> Option<class::Gather> {
    let Some(gather) = &jobs.gather else {
        return Some(class::Gather::free());
    };
    let per_result = check.law(&format!("{path}.gather.per-result"), &gather.per_result);
    let work = check.law(&format!("{path}.gather.work"), &gather.work);
    Some(class::Gather {
        per_result: per_result?,
        work: work?,
    })
}

/// Checks that some node could ever hold a task of this demand; says which resource stands in the way.
pub fn fits(
    check: &mut Check<'_>,
    path: &str,
    class: &str,
    demand: &[u64],
    allowed: &[bool],
    cluster: &Cluster,
) {
    let groups = || {
        cluster
            .groups
            .iter()
            .zip(allowed)
            .filter(|(_, allowed)| **allowed)
            .map(|(group, _)| group)
    };
    if groups().any(|group| group.could_hold(demand)) {
        return;
    }
    let ratio = |has: Option<u64>, need: u64| match has {
        None => 0.0,
        Some(_) if need == 0 => 0.0,
        Some(has) => need as f64 / has as f64,
    };
    let worst = |group: &crate::model::cluster::Group| {
        let ratios = group
            .capacity
            .iter()
            .zip(demand)
            .map(|(has, need)| ratio(*has, *need))
            .enumerate();
        ratios.fold(
            (0, 0.0),
            |worst, next| if next.1 > worst.1 { next } else { worst },
        )
    };
    let Some(nearest) = groups().min_by(|a, b| worst(a).1.total_cmp(&worst(b).1)) else {
        return;
    };
    let dimension = &cluster.dimensions[worst(nearest).0];
    let at = worst(nearest).0;
    let has = dimension.amount(nearest.capacity[at].unwrap_or(0));
    let said = format!(
        "a task of class `{class}` fits on no node: it needs {} = {}, the nearest, `{}`, has {}",
        dimension.name,
        amount(dimension.amount(demand[at])),
        nearest.name,
        amount(has)
    );
    check.error(
        path,
        said,
        "lower the demand, or raise nodes.NAME.resources or slots",
    );
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

/// Checks the names of all `jobs.NAME`.
pub fn names(check: &mut Check<'_>, document: &Document) {
    if document.jobs.is_empty() {
        check.missing(
            "jobs",
            "the scenario has no jobs",
            "add a class, for example [jobs.request] with arrivals and work",
        );
    }
    for (name, jobs) in document.jobs.iter() {
        check.name("jobs", name);
        for (part, _) in jobs.classes.iter().flat_map(|classes| classes.parts.iter()) {
            check.name(&format!("jobs.{name}.classes"), part);
        }
        if jobs.arrivals.is_none() {
            check.lacks(
                &format!("jobs.{name}"),
                "arrivals",
                "add how its jobs arrive, for example `arrivals = \"poisson\"`",
            );
        }
    }
}
