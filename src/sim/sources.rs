//! Arrivals: each source brings its jobs, the same under every strategy.
//!
//! A job's shape is drawn whole when it arrives, in a fixed order, whatever becomes of the job: so
//! a strategy that finishes it later or drops it shifts no later draw. Only the next arrival of
//! each source is in the agenda.

use crate::engine::agenda::Place;
use crate::engine::law::Law;
use crate::engine::random::{Purpose, Seeds, Stream};
use crate::engine::time::{Time, rounded};
use crate::model::slab::NONE;
use crate::workload::class::Shape;
use crate::workload::source::{Arrivals, TracePlan};
use crate::workload::trace::{Reader, Resampled, Rows};

use super::core::{Core, Facts, Kind};
use super::failure::Fallible;
use super::records::Record;

/// All sources of a replication.
pub struct Sources {
    sources: Vec<Source>,
    /// The source whose arrival comes next.
    next: u32,
    /// Whether arrivals after the last measured one may be left out.
    stops_early: bool,
}

struct Source {
    feed: Feed,
    first_class: u32,
    classes: u32,
    stream: Stream,
    /// The source among the entities.
    entity: u32,
    /// Place of its next arrival among the events; [`Place::NEVER`] if there is none.
    next: Place,
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
    pub fn open(core: &mut Core<'_>, seeds: Seeds, stops_early: bool) -> Fallible<Sources> {
        let setup = core.setup;
        let mut sources = Vec::with_capacity(setup.sources.len());
        for (entity, source) in (0u32..).zip(&setup.sources) {
            let mut source = Source {
                feed: Feed::open(&source.arrivals, seeds, &source.name)?,
                first_class: source.first_class,
                classes: source.classes,
                stream: seeds.stream(Purpose::Workload, &source.name),
                entity,
                next: Place::NEVER,
                number: 0,
                digest: 0,
            };
            source.advance(match setup.sources[entity as usize].arrivals {
                Arrivals::Batch { at, .. } => at,
                _ => Time::ZERO,
            })?;
            sources.push(source);
        }
        let mut sources = Sources {
            sources,
            next: 0,
            stops_early,
        };
        sources.find_next(core);
        Ok(sources)
    }

    /// Finds the source whose arrival comes next. A source has one next arrival at a time, so that
    /// they need no list.
    fn find_next(&mut self, core: &mut Core<'_>) {
        let mut next = Place::NEVER;
        for source in &self.sources {
            if source.next < next {
                (next, self.next) = (source.next, source.entity);
            }
        }
        core.agenda.expect(next);
    }

    /// The next job arrives, unless none needs to arrive any more.
    ///
    /// # Errors
    /// A trace cannot be read any more.
    pub fn arrive(&mut self, core: &mut Core<'_>) -> Fallible<Option<u32>> {
        let now = core.now();
        // At the very instant of the window's end an arrival may still complete in the window.
        if self.stops_early && core.window.has_passed(now) {
            self.sources[self.next as usize].next = Place::NEVER;
            self.find_next(core);
            return Ok(None);
        }
        let source = &mut self.sources[self.next as usize];
        let id = source.create(core);
        source.advance(now)?;
        let (entity, is_dry) = (self.next as usize, source.next == Place::NEVER);
        self.find_next(core);
        let next = core.agenda.outside().time;
        let job = core.records.job_mut(id);
        let opens = !core.window.has_opened();
        job.measured = core.window.arrive(now, job.class, next);
        if job.measured {
            self.sources[entity].digest_job(core, id);
            if opens {
                core.open_window();
            }
        }
        if is_dry {
            let source = &self.sources[entity];
            let classes = source.first_class..source.first_class + source.classes;
            core.window.run_dry(now, classes);
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
    fn open(arrivals: &Arrivals, seeds: Seeds, name: &str) -> Fallible<Feed> {
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

fn open_rows(plan: &TracePlan, seeds: Seeds, name: &str) -> Fallible<Rows> {
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
    /// Finds the arrival after the present one, at `now`.
    #[inline]
    fn advance(&mut self, now: Time) -> Fallible {
        let next = match &self.feed {
            Feed::Renewal(interval) => {
                Some(now + Time::from_secs(interval.sample(&mut self.stream)))
            }
            _ => self.advance_other(now)?,
        };
        self.next = match next {
            Some(next) => Place::new(next, Kind::Arrival as u8, self.entity, 0),
            None => Place::NEVER,
        };
        Ok(())
    }

    fn advance_other(&mut self, now: Time) -> Fallible<Option<Time>> {
        Ok(match &mut self.feed {
            Feed::Renewal(_) => None,
            Feed::Batch(left) => {
                let more = *left > 0;
                *left -= u64::from(more);
                more.then_some(now)
            }
            Feed::Trace { rows, row, .. } => rows.next()?.map(|read| {
                row.label = read.label;
                row.tasks = read.tasks;
                row.works.clear();
                row.works.extend_from_slice(read.works);
                row.demand.clear();
                row.demand.extend_from_slice(read.demand);
                read.arrival
            }),
        })
    }

    /// The job that arrives now, with its tasks.
    #[inline]
    fn create(&mut self, core: &mut Core<'_>) -> u32 {
        let class = self.first_class + self.label();
        let (now, id) = (core.now(), core.records.claim());
        let Record { task, job } = &mut core.records[id];
        job.renew(self.number, class, now);
        self.number += 1;
        let facts = &core.facts[class as usize];
        if let Some(work) = facts.only {
            let work = work.sample(&mut self.stream);
            task.renew(id, 0, facts.slots, work, now);
            job.split(1, Time::from_secs(work) + facts.overhead);
            core.totals.tasks_arrived += 1;
        } else {
            self.split(core, id);
        }
        id
    }

    /// Which of its classes the next job is of.
    #[inline]
    fn label(&self) -> u32 {
        match &self.feed {
            Feed::Trace { row, .. } => row.label,
            _ => 0,
        }
    }

    fn split(&mut self, core: &mut Core<'_>, id: u32) {
        let Facts { stage, tasks, .. } = core.facts[core.records.job(id).class as usize];
        match (&stage.shape, &mut self.feed) {
            (Shape::Tasks { count, work }, _) => {
                let count = tasks.unwrap_or_else(|| count.sample_count(&mut self.stream));
                add_tasks(core, id, count, |_| {
                    work.sample(&mut self.stream)
                });
            }
            (Shape::Split { work, into }, _) => {
                let whole = work.sample(&mut self.stream);
                let into = into.sample_count(&mut self.stream);
                add_tasks(core, id, into, |_| whole / f64::from(into));
            }
            (Shape::Trace, Feed::Trace { row, resources, .. }) => {
                let work = |task: u32| {
                    if let [each] = row.works[..] {
                        each
                    } else {
                        row.works[task as usize]
                    }
                };
                if !row.demand.is_empty() {
                    own_demand(core, id, resources, &row.demand);
                }
                add_tasks(core, id, row.tasks, work);
            }
            (Shape::Trace, _) => {}
        }
    }

    fn digest_job(&mut self, core: &Core<'_>, id: u32) {
        let job = core.records.job(id);
        let facts = &core.facts[job.class as usize];
        let mut digest = mix(mix(self.digest, job.arrival.0), u64::from(job.class));
        for &units in core.demands.row(job.demand) {
            digest = mix(digest, units);
        }
        let mut task = id;
        while task != NONE {
            digest = mix(digest, facts.seconds(core.records.task(task).work).to_bits());
            task = core.records.task(task).sibling;
        }
        self.digest = digest;
    }
}

/// Makes the `count` tasks of a job, of which the first has the job's number.
fn add_tasks(core: &mut Core<'_>, id: u32, count: u32, mut work: impl FnMut(u32) -> f64) {
    let facts = core.facts[core.records.job(id).class as usize];
    let (now, slots) = (core.now(), core.demands.slots(core.records.job(id).demand));
    let (mut last, mut longest) = (id, 0.0f64);
    for index in 0..count {
        let work = work(index);
        longest = longest.max(work);
        let task = if index == 0 { id } else { core.records.claim() };
        core.records.task_mut(last).sibling = task;
        core.records
            .task_mut(task)
            .renew(id, index, slots, work, now);
        last = task;
    }
    core.records
        .job_mut(id)
        .split(count, Time(rounded(longest * facts.nanos)) + facts.overhead);
    core.totals.tasks_arrived += u64::from(count);
}

fn own_demand(core: &mut Core<'_>, id: u32, resources: &[usize], amounts: &[f64]) {
    let row = core.demands.own(core.records.job(id).class);
    for (&dimension, &amount) in resources.iter().zip(amounts) {
        let units = core.setup.cluster.dimensions[dimension].units(amount);
        core.demands.set(row, dimension, units);
    }
    core.records.job_mut(id).demand = row;
}

/// A running digest: order matters, and a change of any bit changes about half of the result.
fn mix(digest: u64, value: u64) -> u64 {
    let product =
        u128::from(digest ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    (product as u64 ^ (product >> 64) as u64).wrapping_add(0x2545_f491_4f6c_dd1d)
}
