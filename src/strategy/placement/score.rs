//! The node with the least of an expression that the user writes, among those that pass a filter: the
//! filter and score of cluster schedulers (Kubernetes' scheduling framework; Mesos' and OpenStack's weighers),
//! as arithmetic.

use std::cmp::Ordering;

use schemars::JsonSchema;
use serde::Deserialize;

use super::power_of_d::draw_distinct;
use crate::engine::quantity::Whole;
use crate::engine::random::Draw;
use crate::model::ids::NodeId;
use crate::strategy::expression::{self, Expression};
use crate::strategy::{self, Ask, Blueprint, Eligible, Key, Placement, Problem, Reports, View};

/// The eligible node with the smallest value of an expression over its attributes and the task's.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Score {
    /// What is to be least. Of a node: `tasks`, `work` (seconds left, by slot), `utilization` (largest share
    /// held), `speed`, `slots`, `id`; of both: `ratio` (largest share held with the task), `fits` (1 or
    /// 0); of the task: `task_work` (seconds at speed 1), `job_tasks`, `priority`.
    pub least: Expression<Name>,
    /// Which nodes may be chosen: those where this is not 0; all if there is none.
    pub r#where: Option<Expression<Name>>,
    /// Number of nodes drawn at random that are looked at; all if 0.
    pub d: Whole,
}

/// What an expression may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// Tasks running, queued and travelling to it.
    Tasks,
    /// Seconds of service left, by slot.
    Work,
    /// The largest share of a slot or resource capacity that is held.
    Utilization,
    /// The same with the task.
    Ratio,
    /// 1 if the task fits beside what is held, else 0.
    Fits,
    /// Speed.
    Speed,
    /// Slots; unlimited ones count as 1.
    Slots,
    /// Number of the node, in file order from 0.
    Id,
    /// The task's work, seconds at speed 1.
    TaskWork,
    /// Number of the job's tasks.
    JobTasks,
    /// The class's priority.
    Priority,
}

impl expression::Names for Name {
    const ALL: &'static [(&'static str, Name)] = &[
        ("tasks", Name::Tasks),
        ("work", Name::Work),
        ("utilization", Name::Utilization),
        ("ratio", Name::Ratio),
        ("fits", Name::Fits),
        ("speed", Name::Speed),
        ("slots", Name::Slots),
        ("id", Name::Id),
        ("task_work", Name::TaskWork),
        ("job_tasks", Name::JobTasks),
        ("priority", Name::Priority),
    ];
}

impl Name {
    fn of(self, ask: &Ask<'_>, view: &View<'_>, node: NodeId) -> f64 {
        let layout = view.layout();
        match self {
            Name::Tasks => f64::from(view.tasks(node)),
            Name::Work => Key::Work.of(node, view).as_f64() / 1e9,
            Name::Utilization => view.load(node).as_f64(),
            Name::Ratio => view.ratio(node, ask.demand).as_f64(),
            Name::Fits => f64::from(u8::from(view.fits(node, ask.demand))),
            Name::Speed => layout.factor(node),
            Name::Slots => layout.slot_weight(node) as f64,
            Name::Id => f64::from(node.0),
            Name::TaskWork => ask.work,
            Name::JobTasks => f64::from(ask.tasks),
            Name::Priority => ask.priority as f64,
        }
    }
}

impl Default for Score {
    /// The fewest tasks for its speed.
    fn default() -> Score {
        let expression = Expression::read("(tasks + 1) / (speed * slots)");
        Score {
            least: expression.unwrap_or_else(|_| Expression::name(Name::Tasks)),
            r#where: None,
            d: Whole(0.0),
        }
    }
}

/// Most nodes drawn.
const MOST: f64 = 100_000.0;

impl Blueprint for Score {
    fn build(&self, _: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
        if self.d.0 > MOST {
            return Err(format!("`d` must be at most {MOST}; 0 looks at all nodes"));
        }
        Ok(Box::new(Scored {
            parameters: self.clone(),
            drawn: Vec::new(),
        }))
    }

    fn looks(&self, nodes: u32) -> f64 {
        match self.d.0 {
            0.0 => 2.0 * f64::from(nodes),
            d => 2.0 * d,
        }
    }
}

struct Scored {
    parameters: Score,
    drawn: Vec<u32>,
}

/// A value in order; what is no number comes last.
#[derive(Clone, Copy, PartialEq)]
struct Value(f64);

impl Eq for Value {}

impl Ord for Value {
    fn cmp(&self, other: &Value) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Value) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Scored {
    fn value(&self, ask: &Ask<'_>, view: &View<'_>, node: NodeId) -> Value {
        let value = self.parameters.least.value(|name| name.of(ask, view, node));
        // Of zeros and of what is no number there is one each.
        Value(if value.is_nan() {
            f64::NAN
        } else {
            value + 0.0
        })
    }

    fn passes(&self, ask: &Ask<'_>, view: &View<'_>, node: NodeId) -> bool {
        let filter = self.parameters.r#where.as_ref();
        filter.is_none_or(|filter| {
            let value = filter.value(|name| name.of(ask, view, node));
            value != 0.0 && !value.is_nan()
        })
    }
}

impl Placement for Scored {
    fn candidates(&mut self, ask: &Ask<'_>, _: &View<'_>, rng: &mut Draw, named: &mut Vec<NodeId>) {
        if self.parameters.d.0 > 0.0 {
            let d = self.parameters.d.get() as u32;
            draw_distinct(d, ask.nodes.count(), &mut self.drawn, rng);
            named.extend(self.drawn.iter().map(|&rank| ask.nodes.nth(rank)));
        }
    }

    fn place(&mut self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        let passing = ask
            .nodes
            .iter()
            .filter(|node| self.passes(ask, view, *node));
        let value = |node| self.value(ask, view, node);
        let best = view.least_of(passing, value, ask, rng);
        best.or_else(|| view.least_of(ask.nodes.iter(), value, ask, rng))
    }

    fn reports(&self) -> Reports {
        match self.parameters.d.0 {
            0.0 => Reports::Loads,
            _ => Reports::None,
        }
    }

    fn score(&self, ask: &Ask<'_>, view: &View<'_>, node: NodeId) -> Option<strategy::Score> {
        let passes = self.passes(ask, view, node);
        passes.then(|| strategy::Score::smaller(self.value(ask, view, node).0))
    }
}
