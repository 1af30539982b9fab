//! Arrivals: each source brings its jobs, the same under every strategy.
//!
//! A job's shape is drawn whole when it arrives, in a fixed order, whatever becomes of the job: so
//! a strategy that finishes it later or drops it shifts no later draw. Only the next arrival of
//! each source is in the agenda.

use crate::engine::agenda::Place;
use crate::engine::law::Law;
use crate::engine::random::{Purpose, Seeds, Stream};
use crate::engine::time::Time;
use crate::model::slab::NONE;
use crate::workload::class::Shape;
use crate::workload::source::{Arrivals, TracePlan};
use crate::workload::trace::{Problem, Reader, Resampled, Rows};

use super::core::{Core, Kind};
use super::records::{Critical, Finishes, Job, Task};

/// All sources of a replication.
pub struct Sources {
    sources: Vec<Source>,
    /// Place of the earliest of the sources' next arrivals among the events, and its source. A
    /// source has one next arrival at a time, so that they need no list.
    next: (Place, u32),
    /// Whether arrivals after the last measured one may be left out.
    stops_early: bool,
}

struct Source {
    feed: Feed,
    first_class: u32,
    classes: u32,
    stream: Stream,
    /// The next arrival.
    next: Option<Time>,
    number: u64,
    digest: u64,
}

enum Feed {
    Renewal(Law),
    Batch(u64),
    Trace {
        rows: Rows,
        row: Buffered,
        resources: Vec<usize>,
    },
}

/// A trace's row that has been read ahead, so that the next arrival is known.
#[derive(Default)]
struct Buffered {
    label: u32,
    tasks: u32,
    works: Vec<f64>,
    demand: Vec<f64>,
}

impl Sources {
    /// Opens the sources of `setup` and schedules their first arrivals.
    ///
    /// # Errors
    /// A trace cannot be read.
    pub fn open(core: &mut Core<'_>, seeds: Seeds, stops_early: bool) -> Result<Sources, Problem> {
        let setup = core.setup;
        let mut sources = Vec::with_capacity(setup.sources.len());
        for source in &setup.sources {
            let mut source = Source {
                feed: Feed::open(&source.arrivals, seeds, &source.name)?,
                first_class: source.first_class,
                classes: source.classes,
                stream: seeds.stream(Purpose::Workload, &source.name),
                next: match source.arrivals {
                    Arrivals::Batch { at, .. } => Some(at),
                    _ => Some(Time::ZERO),
                },
                number: 0,
                digest: 0,
            };
            source.advance()?;
            sources.push(source);
        }
        let mut sources = Sources {
            sources,
            next: (Place::NEVER, 0),
            stops_early,
        };
        sources.find_next();
        Ok(sources)
    }

    /// Place of the next arrival among the events.
    #[inline]
    pub fn next(&self) -> Place {
        self.next.0
    }

    fn find_next(&mut self) {
        let places = (0u32..).zip(&self.sources).filter_map(|(entity, source)| {
            let place = Place::new(source.next?, Kind::Arrival as u8, entity, 0);
            Some((place, entity))
        });
        self.next = places.min().unwrap_or((Place::NEVER, 0));
    }

    /// The next job arrives, unless none needs to arrive any more.
    ///
    /// # Errors
    /// A trace cannot be read any more.
    pub fn arrive(&mut self, core: &mut Core<'_>) -> Result<Option<u32>, Problem> {
        let entity = self.next.1;
        // At the very instant of the window's end an arrival may still complete in the window.
        if self.stops_early && core.window.end.is_some_and(|end| core.now() > end) {
            self.sources[entity as usize].next = None;
            self.find_next();
            return Ok(None);
        }
        let source = &mut self.sources[entity as usize];
        let id = source.create(core);
        source.number += 1;
        source.advance()?;
        self.find_next();
        let next = (self.next.0 != Place::NEVER).then_some(self.next.0.time);
        let job = &mut core.jobs[id];
        let before = core.window.start;
        job.measured = core.window.arrive(job.arrival, job.class, next);
        if job.measured {
            self.sources[entity as usize].digest_job(core, id);
            if before.is_none() {
                core.open_window();
            }
        }
        let source = &self.sources[entity as usize];
        if source.next.is_none() {
            let end = source.first_class + source.classes;
            core.window
                .run_dry(core.agenda.now(), source.first_class..end);
        }
        Ok(Some(id))
    }

    /// A digest of all measured jobs: arrivals, counts, works and demands.
    pub fn digest(&self) -> u64 {
        self.sources
            .iter()
            .fold(0, |digest, source| mix(digest, source.digest))
    }

    /// Jobs that have arrived.
    pub fn jobs(&self) -> u64 {
        self.sources.iter().map(|source| source.number).sum()
    }
}

impl Feed {
    fn open(arrivals: &Arrivals, seeds: Seeds, name: &str) -> Result<Feed, Problem> {
        Ok(match arrivals {
            Arrivals::Renewal { interval } => Feed::Renewal(interval.clone()),
            Arrivals::Batch { jobs, .. } => Feed::Batch(*jobs),
            Arrivals::Trace(plan) => Feed::Trace {
                rows: open_rows(plan, seeds, name)?,
                row: Buffered::default(),
                resources: plan.resources.clone(),
            },
        })
    }
}

fn open_rows(plan: &TracePlan, seeds: Seeds, name: &str) -> Result<Rows, Problem> {
    Ok(match &plan.resample {
        None => Rows::Recorded(Box::new(Reader::open(
            &plan.spec,
            &plan.survey,
            plan.scale,
        )?)),
        Some(loaded) => {
            let key = seeds.key(Purpose::Resample);
            let mut draws = 0;
            let draw = |blocks: usize| {
                draws += 1;
                key.draw(name.len() as u32, draws, 0, 0, 0)
                    .below(blocks as u32) as usize
            };
            Rows::Resampled(Resampled::new(loaded.clone(), plan.scale, draw))
        }
    })
}

impl Source {
    /// Finds the arrival after the present one (`next`), or none.
    fn advance(&mut self) -> Result<(), Problem> {
        let now = self.next.unwrap_or_default();
        self.next = match &mut self.feed {
            Feed::Renewal(interval) => {
                Some(now + Time::from_secs(interval.sample(&mut self.stream)))
            }
            Feed::Batch(left) => {
                let more = *left > 0;
                *left -= u64::from(more);
                more.then_some(now)
            }
            Feed::Trace { rows, row, .. } => match rows.next()? {
                None => None,
                Some(read) => {
                    row.label = read.label;
                    row.tasks = read.tasks;
                    row.works.clear();
                    row.works.extend_from_slice(read.works);
                    row.demand.clear();
                    row.demand.extend_from_slice(read.demand);
                    Some(read.arrival)
                }
            },
        };
        Ok(())
    }

    /// The job that arrives now, with its tasks.
    fn create(&mut self, core: &mut Core<'_>) -> u32 {
        let class = self.first_class
            + if let Feed::Trace { row, .. } = &self.feed {
                row.label
            } else {
                0
            };
        let id = core.jobs.insert(Job {
            class,
            dispatcher: NONE,
            number: self.number,
            arrival: core.agenda.now(),
            demand: class,
            pool: NONE,
            measured: false,
            tasks: 0,
            first: NONE,
            undecided: NONE,
            next: NONE,
            ended: 0,
            served: 0,
            gathered: 0,
            finishes: Finishes::default(),
            critical: Critical::default(),
            ideal: Time::ZERO,
        });
        self.split(core, id);
        id
    }

    fn split(&mut self, core: &mut Core<'_>, id: u32) {
        let setup = core.setup;
        let stage = &setup.classes[core.jobs[id].class as usize].stages[0];
        match (&stage.shape, &mut self.feed) {
            (Shape::Tasks { count, work }, _) => {
                let count = count.sample_count(&mut self.stream);
                add_tasks(core, id, count, stage.overhead, |_| {
                    work.sample(&mut self.stream)
                });
            }
            (Shape::Split { work, into }, _) => {
                let whole = work.sample(&mut self.stream);
                let into = into.sample_count(&mut self.stream);
                add_tasks(core, id, into, stage.overhead, |_| whole / f64::from(into));
            }
            (Shape::Trace, Feed::Trace { row, resources, .. }) => {
                let work = |task: u32| {
                    if let [each] = row.works[..] {
                        each
                    } else {
                        row.works[task as usize]
                    }
                };
                add_tasks(core, id, row.tasks, stage.overhead, work);
                if !row.demand.is_empty() {
                    own_demand(core, id, resources, &row.demand);
                }
            }
            (Shape::Trace, _) => {}
        }
    }

    fn digest_job(&mut self, core: &Core<'_>, id: u32) {
        let job = &core.jobs[id];
        let mut digest = mix(mix(self.digest, job.arrival.0), u64::from(job.class));
        for &units in core.demands.row(job.demand) {
            digest = mix(digest, units);
        }
        let mut task = job.first;
        while task != NONE {
            digest = mix(digest, core.tasks[task].work.to_bits());
            task = core.tasks[task].next;
        }
        self.digest = digest;
    }
}

fn add_tasks(
    core: &mut Core<'_>,
    id: u32,
    count: u32,
    overhead: Time,
    mut work: impl FnMut(u32) -> f64,
) {
    let (mut first, mut last) = (NONE, NONE);
    let mut longest = 0.0f64;
    for index in 0..count {
        let work = work(index);
        longest = longest.max(work);
        let task = core.tasks.insert(Task {
            job: id,
            index,
            next: NONE,
            work,
            wait: Time::ZERO,
        });
        match last {
            NONE => first = task,
            last => core.tasks[last].next = task,
        }
        last = task;
    }
    let job = &mut core.jobs[id];
    job.tasks = count;
    (job.first, job.undecided) = (first, first);
    job.ideal = Time::from_secs(longest) + overhead;
    core.totals.tasks_arrived += u64::from(count);
}

fn own_demand(core: &mut Core<'_>, id: u32, resources: &[usize], amounts: &[f64]) {
    let row = core.demands.own(core.jobs[id].class);
    for (&dimension, &amount) in resources.iter().zip(amounts) {
        let units = core.setup.cluster.dimensions[dimension].units(amount);
        core.demands.set(row, dimension, units);
    }
    core.jobs[id].demand = row;
}

/// A running digest: order matters, and a change of any bit changes about half of the result.
fn mix(digest: u64, value: u64) -> u64 {
    let product =
        u128::from(digest ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    (product as u64 ^ (product >> 64) as u64).wrapping_add(0x2545_f491_4f6c_dd1d)
}
