//! **Which way of placing work on my nodes is best for my workload, and how sure am I?** equipoise
//! replays the *same* jobs through every strategy and answers with figures that carry their error bars.
//!
//! Most people use the command, `equipoise`, and scenario files; the `README` and the book in `docs/` are
//! about that. This page is for those who write an algorithm or a program of their own: all that it takes
//! is in [`prelude`].
//!
//! # A tutorial
//!
//! **1. A scenario.** A cluster, a workload and the strategies to choose between are a text in TOML. Read,
//! it is a list of points (here one, since nothing is swept) with one [`Setup`](prelude::Setup) a
//! strategy: everything that a replication needs.
//!
//! ```
//! use equipoise::prelude::*;
//!
//! const TEXT: &str = r#"
//!     title = "Does a second look pay?"
//!     run = { jobs = 4_000, warmup.jobs = 400, seed = 7 }
//!     nodes.node = { count = 10, slots = 2 }
//!     workload.load = 0.8
//!     jobs.job = { arrivals = "poisson", tasks = 1, work.exponential.mean = "10ms" }
//!     strategies.random.placement = "random"
//!     strategies.two-choices.placement.power-of-d.d = 2
//! "#;
//! let scenario = scenario(TEXT)?;
//! let [random, two_choices] = &scenario.points[0].setups[..] else { unreachable!() };
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **2. A replication.** [`run`](prelude::run) simulates one. The number of the replication picks its
//! random streams: replication 1 has the same arrivals, tasks and work under every strategy, so that
//! two strategies are compared on equal jobs and the luck of the draw cancels.
//!
//! ```
//! # use equipoise::prelude::*;
//! # const TEXT: &str = r#"
//! #     run = { jobs = 4_000, warmup.jobs = 400, seed = 7 }
//! #     nodes.node = { count = 10, slots = 2 }
//! #     workload.load = 0.8
//! #     jobs.job = { arrivals = "poisson", tasks = 1, work.exponential.mean = "10ms" }
//! #     strategies.random.placement = "random"
//! #     strategies.two-choices.placement.power-of-d.d = 2
//! # "#;
//! # let scenario = scenario(TEXT)?;
//! # let [random, two_choices] = &scenario.points[0].setups[..] else { unreachable!() };
//! let (one, two) = (run(random, 1, None)?, run(two_choices, 1, None)?);
//! assert_eq!(one.workload_digest, two.workload_digest);
//! // Seconds; `None` where too few jobs lie beyond the quantile.
//! let p99 = |figures: &Figures| figures.metric("response_p99");
//! assert!(p99(&two) < p99(&one));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **3. An algorithm.** A placement is two things: its parameters, which know how to
//! [build](prelude::Blueprint) it for a cluster, and the [rule](prelude::Placement) itself. The rule is
//! given what the strategy lets it see and a fresh generator for each decision, and nothing else: an
//! algorithm cannot look into the future, and one that draws more random numbers shifts nobody's luck.
//!
//! ```
//! # use equipoise::prelude::*;
//! # const TEXT: &str = r#"
//! #     run = { jobs = 4_000, warmup.jobs = 400, seed = 7 }
//! #     nodes.node = { count = 10, slots = 2 }
//! #     workload.load = 0.8
//! #     jobs.job = { arrivals = "poisson", tasks = 1, work.exponential.mean = "10ms" }
//! #     strategies.random.placement = "random"
//! # "#;
//! # let scenario = scenario(TEXT)?;
//! use std::sync::Arc;
//!
//! /// Of all nodes the one with the fewest tasks, each asked.
//! #[derive(Debug)]
//! struct AskAll;
//!
//! impl Blueprint for AskAll {
//!     fn build(&self, _: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
//!         Ok(Box::new(AskAll))
//!     }
//! }
//!
//! impl Placement for AskAll {
//!     fn place(&mut self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
//!         let tasks = |node| {
//!             view.probe(node); // a message, counted into what the strategy costs
//!             view.tasks(node)
//!         };
//!         view.least_of(ask.nodes.iter(), tasks, ask, rng)
//!     }
//! }
//!
//! let mut setup = scenario.points[0].setups[0].clone();
//! let before = run(&setup, 1, None)?;
//! setup.strategy.parts[0].placement = Arc::new(AskAll);
//! let after = run(&setup, 1, None)?;
//! assert!(after.metric("response_p50") < before.metric("response_p50"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Words
//!
//! The field's words, each with one meaning here:
//!
//! | word | meaning |
//! | --- | --- |
//! | job | what a user submits; it arrives at one instant, is split into tasks, and is complete when each of them is done and gathered |
//! | task | one piece of a job; runs on one node without being divided further |
//! | attempt | one try to run a task at a node |
//! | work | how much a task has to do, in seconds at speed 1; its service time is work / speed |
//! | demand | slots and resources that a task holds while it runs |
//! | node | a machine: speed, slots, capacities, a queue; nodes come in groups of equal ones |
//! | dispatcher | who places tasks: a fifo server with a decision time; one is a centralised scheduler, several a decentralised one |
//! | placement | the rule that picks a node for a task |
//! | strategy | a whole answer to "how do tasks get to nodes": placement, binding, dispatchers, ties; strategies are what is compared |
//! | view | what a dispatcher knows of the nodes when it decides |
//! | gather | collecting the results of a job's tasks, at a cost |
//! | response time | completion of a job minus its arrival |
//! | waiting time | from a task's readiness to the start of the attempt that completed |
//! | slowdown | response time / what the job would take alone at speed 1 |
//! | blame | the seven parts into which each response time splits exactly: dispatch, decision, network, queue, service, retry, gather |
//! | replication | one run with one set of random streams: the unit of statistical analysis |
//! | point | one cell of a sweep's grid |
//!
//! # What holds in every run
//!
//! - **Equal jobs.** Arrivals, shapes and works depend on the seed, the replication and the class's name
//!   only; what a decision draws is keyed by its task. No strategy, thread or order of events shifts them.
//! - **One order of events.** Time is a whole number of nanoseconds. Events of one instant go by kind,
//!   entity and order of scheduling, so the same setup gives the same bytes on every machine.
//! - **Nothing is lost.** Jobs, tasks and attempts are conserved, Little's law and the utilisation law
//!   hold exactly, the parts of blame add up; a run in which one of these fails ends with an error.
//!
//! Every rule, to the nanosecond, is on the page `docs/model.md`, whose examples are run by a test.
//!
//! # Features
//!
//! `cli` (the command) and `report` (terminal tables, plots, the page) are on by default. An algorithm's
//! author may leave both out with `default-features = false`, and compiles no plots then.
//!
//! # What may change
//!
//! What is in [`prelude`] and [`testing`] is the public interface. All other modules are public for the tests and the
//! benchmarks of this package only, and change without notice.

#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod decision_log;
#[doc(hidden)]
pub mod engine;
#[doc(hidden)]
pub mod experiment;
#[doc(hidden)]
#[doc(hidden)] // for tests and `fuzz/`
pub mod fuzz;

pub mod gate;
#[doc(hidden)]
pub mod metrics;
#[doc(hidden)]
pub mod model;
#[cfg(feature = "report")]
#[doc(hidden)]
pub mod report;
#[doc(hidden)]
pub mod results;
#[doc(hidden)]
pub mod scenario;
#[doc(hidden)]
pub mod sim;
#[doc(hidden)]
pub mod stats;
#[doc(hidden)]
pub mod strategy;
pub mod testing;
// (Without `report` there is less to be said.)
#[cfg_attr(not(feature = "report"), allow(dead_code))]
mod text;
#[doc(hidden)]
pub mod theory;
#[doc(hidden)]
pub mod workload;

/// The code in the book's page about placements is compiled.
#[cfg(doctest)]
#[doc = include_str!("../docs/how-to/placement.md")]
struct PageOfPlacements;

/// What a program of one's own needs: to write a placement, make a setup, run a replication and read
/// its figures.
pub mod prelude {
    #[cfg(feature = "cli")]
    #[doc(inline)]
    pub use crate::cli::{main, run_with};
    #[doc(inline)]
    pub use crate::engine::{law::Law, random::Draw, time::Time};
    #[doc(inline)]
    pub use crate::metrics::{figures::Figures, jobs::JobStats};
    #[doc(inline)]
    pub use crate::model::cluster::{Cluster, Dimension, Group, Speed};
    #[doc(inline)]
    pub use crate::model::{ids::NodeId, layout::Layout};
    #[doc(inline)]
    pub use crate::scenario::{Registry, Report, Scenario};
    #[doc(inline)]
    pub use crate::sim::setup::{Measure, Network, Setup, Stragglers, Warmup, Window};
    #[doc(inline)]
    pub use crate::sim::{Failure, run};
    #[doc(inline)]
    pub use crate::strategy::{
        Ask, Blueprint, Candidates, Eligible, Ended, How, Placement, Pool, Problem, View,
    };
    #[doc(inline)]
    pub use crate::strategy::{Better, Key, Order, Ratio, Reports, Score, Ties};
    #[doc(inline)]
    pub use crate::strategy::{Binding, InFlight, Parts, Strategy};
    #[doc(inline)]
    pub use crate::workload::class::{Class, Gather, Shape, Stage};
    #[doc(inline)]
    pub use crate::workload::source::{Arrivals, Source};

    /// The scenario of `text`; paths in it begin at the current folder.
    ///
    /// # Errors
    /// All mistakes of the text, each with its line and what to write instead.
    pub fn scenario(text: &str) -> Result<Scenario, Report> {
        use crate::scenario::{Files, read};
        let files = Files::new(std::path::Path::new("."), None);
        read(text, "scenario", &[], &files)
    }
}
