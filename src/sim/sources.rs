//! Arrivals: each source brings its jobs, the same under every strategy.
//!
//! A job's shape is drawn whole when it arrives, in a fixed order, whatever becomes of the job: so
//! a strategy that finishes it later or drops it shifts no later draw. Only the next arrival of
//! each source is in the agenda.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::engine::agenda::Place;
use crate::engine::law::{Law, exponential};
use crate::engine::random::{Key, Purpose, Seeds, Stream, unit};
use crate::engine::time::Time;
use crate::model::slab::NONE;
use crate::workload::class::{Shape, Stage};
use crate::workload::source::{self as workload, Arrivals, Clients, Phases, TracePlan, Wave};
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
    pub stops_early: bool,
    /// Whether jobs may be drawn ahead.
    may_stock: bool,
    /// Jobs drawn before they arrive.
    pub stock: Stock,
}

/// Jobs of the only source, drawn ahead of their arrivals, where all are of one shape and come at
/// independent intervals.
#[derive(Default)]
pub struct Stock {
    /// When they arrive.
    pub arrivals: Vec<Time>,
    /// Works of their tasks, and how many each job has.
    pub works: Vec<f64>,
    pub each: usize,
    /// The next of them.
    pub at: usize,
    /// Their class, and the number of the first.
    pub class: u32,
    pub first: u64,
    /// The digest of the source before each and after the last, if all are measured.
    digests: Vec<u64>,
    /// The source before they were drawn.
    before: Option<(Stream, Place)>,
}

/// Jobs that are drawn ahead at most, and works of their tasks, unless one job has more.
const AHEAD: usize = 256;
const MOST_WORKS: usize = 4096;

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
    /// Lists for a function's own use: works of a stage, and ends of the stages of a job at best.
    works: Vec<f64>,
    paths: Vec<Time>,
}

enum Feed {
    Renewal(Law),
    Batch(u64),
    Trace {
        rows: Rows,
        row: Buffered,
        resources: Vec<usize>,
    },
    Phases(Phased),
    Wave(Wave),
    Closed(Thinking),
}

/// Where arrivals at changing rates have come to.
struct Phased {
    plan: Phases,
    /// The phase at hand, and when it ends; none before the first.
    at: Option<(usize, Time)>,
}

/// Clients that think, and the one whose job comes next.
///
/// Job `k` of client `c` of `n` has the number k n + c, by which all that is random about it is drawn:
/// whatever becomes of other jobs, its time to think and its shape are the same.
struct Thinking {
    clients: Clients,
    class: u32,
    key: Key,
    /// When the next job of each comes, and its number; all but the next of all.
    coming: BinaryHeap<Reverse<(Time, u64)>>,
    next: Option<(Time, u64)>,
    arrived: u64,
}

/// A job that has arrived, and of which no record is made.
#[derive(Clone, Copy)]
pub struct Drawn {
    /// Its source.
    pub source: u32,
    /// Index of its class.
    pub class: u32,
    /// Which job of its source it is, from 0.
    pub number: u64,
}

/// A trace's row that has been read ahead, so that the next arrival is known.
#[derive(Default)]
struct Buffered {
    label: u32,
    tasks: u32,
    works: Vec<f64>,
    estimate: f64,
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
                feed: Feed::open(source, seeds)?,
                first_class: source.first_class,
                classes: source.classes,
                stream: seeds.stream(Purpose::Workload, &source.name),
                entity,
                next: Place::NEVER,
                number: 0,
                digest: 0,
                works: Vec::new(),
                paths: Vec::new(),
            };
            source.advance(match setup.sources[entity as usize].arrivals {
                Arrivals::Batch { at, .. } => at,
                _ => Time::ZERO,
            })?;
            sources.push(source);
        }
        let mut sources = Sources {
            may_stock: may_stock(core, &sources),
            sources,
            next: 0,
            stops_early,
            stock: Stock::default(),
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
        let (entity, is_stocked) = (self.next as usize, self.stock_up(core) > 0);
        let id = match is_stocked {
            true => self.create_from_stock(core),
            false => self.create(core)?,
        };
        if let Some(estimates) = &mut core.estimates {
            estimates.note_job(core.records.job(id), core.records.from_task_on(id));
        }
        let next = core.agenda.outside().time;
        let job = core.records.job_mut(id);
        let opens = !core.window.has_opened();
        job.measured = core.window.arrive(now, job.class, next);
        if job.measured {
            match is_stocked {
                true => self.digest_from_stock(core),
                false => self.sources[entity].digest_job(core, id),
            }
            if opens {
                core.open_window(now);
            }
        }
        self.end_dry(core, entity);
        Ok(Some(id))
    }

    fn create(&mut self, core: &mut Core<'_>) -> Fallible<u32> {
        let id = self.sources[self.next as usize].create(core);
        self.advance(core)?;
        Ok(id)
    }

    /// The next job of the stock arrives, with its tasks.
    #[inline(always)]
    fn create_from_stock(&mut self, core: &mut Core<'_>) -> u32 {
        let stock = &mut self.stock;
        let number = stock.first + stock.at as u64;
        let id = begin(core, stock.class, number);
        match *stock.works(stock.at..stock.at + 1) {
            [work] => be_alone(core, id, work),
            ref works => add_tasks(core, id, works.len() as u32, |at| works[at as usize]),
        }
        stock.at += 1;
        self.expect_from_stock(core);
        id
    }

    /// The job of the stock that has just arrived is measured.
    #[inline(always)]
    fn digest_from_stock(&mut self, core: &Core<'_>) {
        let (stock, digest) = (&mut self.stock, &mut self.sources[0].digest);
        *digest = stock.digest_after(core, *digest, stock.at - 1..stock.at);
    }

    /// The next job arrives, of which no record is made; these are the works of its tasks.
    ///
    /// # Errors
    /// A trace cannot be read any more.
    #[inline(always)]
    pub fn draw(&mut self, core: &mut Core<'_>, works: &mut Vec<f64>) -> Fallible<Drawn> {
        if self.stock.left() > 0 {
            return Ok(self.draw_from_stock(core, works));
        }
        self.stock.before = None;
        let drawn = self.sources[self.next as usize].draw(core, works);
        core.totals.tasks_arrived += works.len() as u64;
        self.advance(core)?;
        Ok(drawn)
    }

    /// Draws jobs ahead, if there are none left and it may be done; tells how many there are.
    #[inline]
    pub fn stock_up(&mut self, core: &Core<'_>) -> usize {
        if self.may_stock && self.stock.left() == 0 {
            self.fill_stock(core);
        }
        self.stock.left()
    }

    #[inline(never)]
    fn fill_stock(&mut self, core: &Core<'_>) {
        let [source] = &mut self.sources[..] else {
            return;
        };
        let facts = &core.facts[source.first_class as usize];
        if let (Feed::Renewal(interval), Some(tasks @ 1..), Shape::Tasks { work, .. }) =
            (&source.feed, facts.tasks, &facts.stage.shape)
        {
            let stock = &mut self.stock;
            stock.before = Some((source.stream.clone(), source.next));
            (stock.each, stock.class, stock.first) =
                (tasks as usize, source.first_class, source.number);
            let digesting = Digesting::of(core, source.first_class);
            stock.digests.clear();
            stock.digests.push(source.digest);
            let laws = [interval, work];
            let next = stock.fill(&mut source.stream, source.next.time, laws, &digesting);
            source.next = Place::new(next, Kind::Arrival as u8, source.entity, 0);
            source.number += stock.arrivals.len() as u64;
        }
    }

    /// So many jobs of the stock have arrived, none of which is told otherwise; `digest` is that of the
    /// source now.
    pub fn take_from_stock(&mut self, core: &mut Core<'_>, jobs: usize, digest: u64) {
        self.sources[0].digest = digest;
        self.stock.at += jobs;
        core.totals.tasks_arrived += (jobs * self.stock.each) as u64;
        self.expect_from_stock(core);
    }

    fn expect_from_stock(&self, core: &mut Core<'_>) {
        let (stock, next) = (&self.stock, self.sources[0].next);
        let next = stock
            .arrivals
            .get(stock.at)
            .map_or(next, |&time| Place::new(time, Kind::Arrival as u8, 0, 0));
        core.agenda.expect(next);
    }

    #[inline(never)]
    fn draw_from_stock(&mut self, core: &mut Core<'_>, works: &mut Vec<f64>) -> Drawn {
        let stock = &self.stock;
        works.clear();
        works.extend_from_slice(stock.works(stock.at..stock.at + 1));
        let (class, number) = (stock.class, stock.first + stock.at as u64);
        self.stock.at += 1;
        core.totals.tasks_arrived += works.len() as u64;
        self.expect_from_stock(core);
        Drawn {
            source: 0,
            class,
            number,
        }
    }

    /// What is left of the stock has not been drawn.
    ///
    /// # Errors
    /// None: its source cannot fail.
    pub fn give_back_stock(&mut self, core: &mut Core<'_>) -> Fallible {
        let Some((stream, next)) = self.stock.before.take() else {
            return Ok(());
        };
        let (source, stock) = (&mut self.sources[0], std::mem::take(&mut self.stock));
        (source.stream, source.next, source.number) = (stream, next, stock.first);
        let mut works = Vec::new();
        for &arrival in &stock.arrivals[..stock.at] {
            source.draw(core, &mut works);
            source.advance(arrival)?;
        }
        self.find_next(core);
        Ok(())
    }

    /// True if the job of the stock after that one arrives with it.
    pub fn arrives_with_next(&self, at: usize) -> bool {
        let (arrivals, after) = (&self.stock.arrivals, self.sources[0].next.time);
        arrivals[at] == arrivals.get(at + 1).copied().unwrap_or(after)
    }

    /// The digest of the measured jobs of the only source.
    pub fn digest_of_stock(&self) -> u64 {
        self.sources[0].digest
    }

    /// True if to count that job changes more than counts: the number of jobs in the system is looked
    /// at.
    #[inline]
    pub fn may_mark(&self, core: &Core<'_>, drawn: Drawn) -> bool {
        let next = core.agenda.outside().time;
        core.window.may_mark(core.now(), drawn.class, next) || self.is_dry(drawn.source)
    }

    /// That job counts, if it does; tells whether it is measured.
    #[inline(always)]
    pub fn count(&mut self, core: &mut Core<'_>, drawn: Drawn, works: &[f64]) -> bool {
        let (now, next) = (core.now(), core.agenda.outside().time);
        let opens = !core.window.has_opened();
        let is_measured = core.window.arrive(now, drawn.class, next);
        if is_measured {
            let facts = &core.facts[drawn.class as usize];
            let demand = core.demands.row(facts.demand);
            let works = works.iter().map(|work| facts.seconds(*work));
            self.sources[drawn.source as usize].digest(now, drawn.class, demand, works);
            if opens {
                core.open_window(now);
            }
        }
        self.end_dry(core, drawn.source as usize);
        is_measured
    }

    /// The source whose job has just arrived finds its next.
    #[inline(always)]
    fn advance(&mut self, core: &mut Core<'_>) -> Fallible {
        self.sources[self.next as usize].advance(core.now())?;
        self.find_next(core);
        Ok(())
    }

    #[inline]
    fn is_dry(&self, source: u32) -> bool {
        self.sources[source as usize].next == Place::NEVER
    }

    /// What it means for the window that a source may bring no further jobs.
    #[inline]
    fn end_dry(&self, core: &mut Core<'_>, source: usize) {
        let source = &self.sources[source];
        if source.next == Place::NEVER {
            let classes = source.first_class..source.first_class + source.classes;
            core.window.run_dry(core.now(), classes);
        }
    }

    /// A digest of all measured jobs: arrivals, counts, works and demands.
    pub fn digest(&self) -> u64 {
        self.sources
            .iter()
            .fold(0, |digest, source| mix(digest, source.digest))
    }

    /// Jobs that have arrived.
    pub fn jobs(&self) -> u64 {
        let of = |source: &Source| match &source.feed {
            Feed::Closed(thinking) => thinking.arrived,
            _ => source.number,
        };
        self.sources.iter().map(of).sum::<u64>() - self.stock.left() as u64
    }

    /// Job `number` of `class`, which came at `arrival`, has left the system: its client, if it has one,
    /// thinks.
    #[cold]
    pub fn resume_client(&mut self, core: &mut Core<'_>, class: u32, number: u64, arrival: Time) {
        let now = core.now();
        let of_class = |source: &&mut Source| source.first_class == class;
        let source = self.sources.iter_mut().find(of_class);
        if let Some(source) = source
            && let Feed::Closed(thinking) = &mut source.feed
        {
            let number = number + u64::from(thinking.clients.count);
            let mut next = now + thinking.think(number);
            if next == arrival {
                next += Time(1); // or an instant would never end
            }
            thinking.come(next, number);
            source.expect_client();
            self.find_next(core);
        }
    }
}

impl Stock {
    /// Jobs that have not arrived.
    #[inline]
    fn left(&self) -> usize {
        self.arrivals.len() - self.at
    }

    /// Works of the tasks of some of the jobs.
    #[inline]
    pub fn works(&self, jobs: std::ops::Range<usize>) -> &[f64] {
        &self.works[jobs.start * self.each..jobs.end * self.each]
    }

    /// Draws jobs, of which the first arrives at `next`; tells when the one after the last does.
    fn fill(
        &mut self,
        from: &mut Stream,
        next: Time,
        laws: [&Law; 2],
        digesting: &Digesting<'_>,
    ) -> Time {
        match laws {
            // The usual ones, of which the program knows at each draw what they are.
            [&Law::Exponential { mean }, &Law::Exponential { mean: work }] => {
                let laws = [mean, work].map(|mean| move |rng: &mut Stream| exponential(mean, rng));
                self.fill_by(from, next, laws, digesting)
            }
            laws => {
                let laws = laws.map(|law| move |rng: &mut Stream| law.sample(rng));
                self.fill_by(from, next, laws, digesting)
            }
        }
    }

    /// A digest waits for the one before: it costs next to nothing beside draws, which do not.
    #[inline(always)]
    fn fill_by(
        &mut self,
        from: &mut Stream,
        mut next: Time,
        [interval, work]: [impl Fn(&mut Stream) -> f64; 2],
        digesting: &Digesting<'_>,
    ) -> Time {
        let mut stream = from.clone();
        let mut digest = self.digests[0];
        let jobs = AHEAD.min(MOST_WORKS / self.each).max(1);
        self.arrivals.resize(jobs, Time::ZERO);
        self.works.resize(jobs * self.each, 0.0);
        self.digests.resize(jobs + 1, 0);
        self.at = 0;
        let mut works = self.works.iter_mut();
        for (arrival, after) in self.arrivals.iter_mut().zip(&mut self.digests[1..]) {
            *arrival = next;
            digest = digesting.begin(digest, next);
            for each in works.by_ref().take(self.each) {
                *each = work(&mut stream);
                digest = digesting.add(digest, *each);
            }
            *after = digest;
            next += Time::from_secs(interval(&mut stream));
        }
        *from = stream;
        next
    }

    /// The digest after some of the jobs, if it is `before` them.
    #[inline]
    pub fn digest_after(
        &mut self,
        core: &Core<'_>,
        before: u64,
        jobs: std::ops::Range<usize>,
    ) -> u64 {
        if self.digests[jobs.start] != before {
            self.digest_anew(&Digesting::of(core, self.class), jobs.start, before);
        }
        self.digests[jobs.end]
    }

    /// The digest before the job at `first` is another.
    #[cold]
    fn digest_anew(&mut self, digesting: &Digesting<'_>, first: usize, digest: u64) {
        self.digests[first] = digest;
        for job in first..self.arrivals.len() {
            let begun = digesting.begin(self.digests[job], self.arrivals[job]);
            let works = self.works[job * self.each..][..self.each].iter();
            self.digests[job + 1] = works.fold(begun, |digest, work| digesting.add(digest, *work));
        }
    }
}

/// How the jobs of a class are added to a digest.
struct Digesting<'a> {
    kind: u64,
    facts: &'a Facts<'a>,
}

impl<'a> Digesting<'a> {
    fn of(core: &'a Core<'_>, class: u32) -> Digesting<'a> {
        let facts = &core.facts[class as usize];
        Digesting {
            kind: digest_kind(class, core.demands.row(facts.demand)),
            facts,
        }
    }

    /// The digest `before` a job, with all of it but its works.
    #[inline(always)]
    fn begin(&self, before: u64, arrival: Time) -> u64 {
        digest_head(before, arrival, self.kind)
    }

    /// The same with a work.
    #[inline(always)]
    fn add(&self, digest: u64, work: f64) -> u64 {
        mix(digest, self.facts.seconds(work).to_bits())
    }
}

impl Feed {
    /// The state of a source at the start, with streams of its own: what one source draws changes no other.
    fn open(source: &workload::Source, seeds: Seeds) -> Fallible<Feed> {
        Ok(match &source.arrivals {
            Arrivals::Renewal { interval } => Feed::Renewal(interval.clone()),
            Arrivals::Batch { jobs, .. } => Feed::Batch(*jobs),
            Arrivals::Trace(plan) => Feed::Trace {
                rows: open_rows(plan, seeds, &source.name)?,
                row: Buffered::default(),
                resources: plan.resources.clone(),
            },
            Arrivals::Phases(plan) => Feed::Phases(Phased {
                plan: plan.clone(),
                at: None,
            }),
            Arrivals::Wave(wave) => Feed::Wave(wave.clone()),
            Arrivals::Closed(clients) => {
                let key = seeds.key(Purpose::Client);
                Feed::Closed(Thinking::new(clients.clone(), source.first_class, key))
            }
        })
    }
}

impl Phased {
    /// The first arrival after `now`. A phase's end forgets the arrival that it cuts off, as exponential
    /// times do.
    fn after(&mut self, now: Time, stream: &mut Stream) -> Time {
        let (mut at, mut end) = self.at.unwrap_or_else(|| self.begin(stream));
        let mut from = now;
        let phases = &self.plan.phases;
        loop {
            let wait = Law::Exponential {
                mean: 1.0 / phases[at].rate,
            };
            let next = match phases[at].rate > 0.0 {
                true => from + Time::from_secs(wait.sample(stream)),
                false => Time::MAX,
            };
            if next <= end {
                self.at = Some((at, end));
                return next;
            }
            (from, at) = (end, (at + 1) % phases.len());
            end += Time::from_secs(phases[at].lasts.sample(stream));
        }
    }

    /// The phase at 0, and its end.
    fn begin(&self, stream: &mut Stream) -> (usize, Time) {
        let phases = &self.plan.phases;
        let mut at = 0;
        if self.plan.is_stationary {
            let lengths = || phases.iter().map(|phase| phase.lasts.mean());
            let mut left = unit(stream) * lengths().sum::<f64>();
            for (place, length) in lengths().enumerate() {
                at = place;
                left -= length;
                if left < 0.0 {
                    break;
                }
            }
        }
        (at, Time::from_secs(phases[at].lasts.sample(stream)))
    }
}

/// The first arrival after `now`, by thinning (Lewis & Shedler 1979): of Poisson arrivals at the largest
/// rate each stays with the probability that the rate then has of it.
fn on_wave(wave: &Wave, now: Time, stream: &mut Stream) -> Time {
    let most = 1.0 + wave.amplitude;
    let wait = Law::Exponential {
        mean: 1.0 / (wave.rate * most),
    };
    let mut next = now;
    loop {
        next += Time::from_secs(wait.sample(stream));
        let turn = 2.0 * std::f64::consts::PI * (next.as_secs() / wave.period);
        if unit(stream) * most < 1.0 + wave.amplitude * libm::sin(turn) || next == Time::MAX {
            return next;
        }
    }
}

impl Thinking {
    /// All clients think before their first jobs.
    fn new(clients: Clients, class: u32, key: Key) -> Thinking {
        let count = clients.count;
        let mut thinking = Thinking {
            clients,
            class,
            key,
            coming: BinaryHeap::with_capacity(count as usize + 1),
            next: None,
            arrived: 0,
        };
        for number in 0..u64::from(count) {
            let first = thinking.think(number);
            thinking.come(first, number);
        }
        thinking
    }

    /// The time to think before job `number`.
    fn think(&self, number: u64) -> Time {
        let mut draw = self.key.draw(self.class, number, 0, 0, 0);
        Time::from_secs(self.clients.think.sample(&mut draw))
    }

    fn come(&mut self, time: Time, number: u64) {
        self.coming.push(Reverse((time, number)));
    }

    /// Finds who comes next, of those together the one with the lowest number.
    fn turn(&mut self) -> Option<(Time, u64)> {
        if let Some(next) = self.next.take() {
            self.coming.push(Reverse(next));
        }
        self.next = self.coming.pop().map(|Reverse(next)| next);
        self.next
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

    #[inline(never)]
    fn advance_other(&mut self, now: Time) -> Fallible<Option<Time>> {
        Ok(match &mut self.feed {
            Feed::Renewal(_) => None,
            Feed::Phases(phased) => Some(phased.after(now, &mut self.stream)),
            Feed::Wave(wave) => Some(on_wave(wave, now, &mut self.stream)),
            Feed::Closed(thinking) => {
                thinking.arrived += u64::from(thinking.next.take().is_some());
                return Ok(self.expect_client());
            }
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
                row.estimate = read.estimate;
                row.demand.clear();
                row.demand.extend_from_slice(read.demand);
                read.arrival
            }),
        })
    }

    /// Turns to the client whose job comes next: its shape is drawn from a stream of its own.
    fn expect_client(&mut self) -> Option<Time> {
        let Feed::Closed(thinking) = &mut self.feed else {
            return None;
        };
        let (time, number) = thinking.turn()?;
        self.number = number;
        self.stream = thinking.key.draw(thinking.class, number, 0, 0, 1).stream();
        self.next = Place::new(time, Kind::Arrival as u8, self.entity, 0);
        Some(time)
    }

    /// The job that arrives now, with its tasks.
    #[inline]
    fn create(&mut self, core: &mut Core<'_>) -> u32 {
        let class = self.first_class + self.label();
        let id = begin(core, class, self.number);
        self.number += 1;
        match core.facts[class as usize].only {
            Some(work) => be_alone(core, id, work.sample(&mut self.stream)),
            None => self.split(core, id),
        }
        id
    }

    /// The works of the tasks of the job that arrives now, of which no record is made.
    #[inline]
    fn draw(&mut self, core: &Core<'_>, works: &mut Vec<f64>) -> Drawn {
        let (class, number) = (self.first_class + self.label(), self.number);
        self.number += 1;
        works.clear();
        match core.facts[class as usize].only {
            Some(work) => works.push(work.sample(&mut self.stream)),
            None => self.draw_several(core.facts[class as usize].stage, works),
        }
        Drawn {
            source: self.entity,
            class,
            number,
        }
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
        let facts = core.facts[core.records.job(id).class as usize];
        if facts.is_staged {
            return self.split_stages(core, id);
        }
        let Facts { stage, tasks, .. } = facts;
        match (&stage.shape, &mut self.feed) {
            (Shape::Tasks { count, work }, _) => {
                let count = tasks.unwrap_or_else(|| count.sample_count(&mut self.stream));
                add_tasks(core, id, count, |_| work.sample(&mut self.stream));
            }
            (Shape::Split { work, into }, _) => {
                let whole = work.sample(&mut self.stream);
                let into = into.sample_count(&mut self.stream);
                add_tasks(core, id, into, |index| stage.part(whole, into, index));
            }
            (Shape::Trace, Feed::Trace { row, resources, .. }) => {
                let work = |task: u32| {
                    if let [each] = row.works[..] {
                        each
                    } else {
                        row.works[task as usize]
                    }
                };
                core.records.job_mut(id).estimate = row.estimate;
                if !row.demand.is_empty() {
                    own_demand(core, id, resources, &row.demand);
                }
                add_tasks(core, id, row.tasks, work);
            }
            (Shape::Trace, _) => {}
        }
    }

    /// The tasks of all stages of a job; those that wait for others sleep.
    #[cold]
    fn split_stages(&mut self, core: &mut Core<'_>, id: u32) {
        let (now, class) = (
            core.now(),
            &core.setup.classes[core.records.job(id).class as usize],
        );
        let row = core.stages.claim(class, now);
        let (mut last, mut all) = (NONE, 0);
        self.paths.clear();
        for (at, stage) in class.stages.iter().enumerate() {
            self.draw_works(stage);
            let count = self.works.len() as u32;
            let first = if last == NONE {
                id
            } else {
                core.records.claim()
            };
            last = self.add_stage(core, (id, at), (last, first));
            core.stages.set_tasks(row, at, first, count);
            let before = stage.after.iter().map(|&before| self.paths[before]).max();
            let longest = self.works.iter().copied().fold(0.0, f64::max);
            let own = Time::from_secs(longest) + stage.overhead;
            self.paths.push(before.unwrap_or_default() + own);
            all += count;
        }
        let longest = self.paths.iter().max().copied().unwrap_or_default();
        let job = core.records.job_mut(id);
        job.split(all, longest);
        job.stages = row;
        core.totals.tasks_arrived += u64::from(all);
    }

    /// Makes the tasks, whose works are drawn, of the stage at `at` of a job, `first` the first, behind
    /// `last`; tells the new last one.
    fn add_stage(
        &self,
        core: &mut Core<'_>,
        (id, at): (u32, usize),
        (mut last, first): (u32, u32),
    ) -> u32 {
        let now = core.now();
        let job = core.records.job(id);
        let slots = core.demands.slots(job.demand + at as u32);
        let waits = !core.setup.classes[job.class as usize].stages[at]
            .after
            .is_empty();
        for (index, &work) in (0u32..).zip(&self.works) {
            let task = if index == 0 {
                first
            } else {
                core.records.claim()
            };
            if last != NONE {
                core.records.task_mut(last).sibling = task;
            }
            let record = core.records.task_mut(task);
            record.renew(id, index, slots, work, now);
            record.stage = at as u16;
            if waits {
                record.sleep();
            }
            last = task;
        }
        last
    }

    #[inline(never)]
    fn draw_several(&mut self, stage: &Stage, works: &mut Vec<f64>) {
        self.draw_works(stage);
        works.extend_from_slice(&self.works);
        if let Feed::Trace { row, .. } = &self.feed {
            match row.works[..] {
                [work] => works.extend((0..row.tasks).map(|_| work)),
                _ => works.extend_from_slice(&row.works),
            }
        }
    }

    /// Draws the works of a stage's tasks.
    fn draw_works(&mut self, stage: &Stage) {
        self.works.clear();
        match &stage.shape {
            Shape::Tasks { count, work } => {
                let count = count.sample_count(&mut self.stream);
                for _ in 0..count {
                    self.works.push(work.sample(&mut self.stream));
                }
            }
            Shape::Split { work, into } => {
                let whole = work.sample(&mut self.stream);
                let into = into.sample_count(&mut self.stream);
                let part = |index| stage.part(whole, into, index);
                self.works.extend((0..into).map(part));
            }
            Shape::Trace => {} // has one stage
        }
    }

    /// Adds a measured job to the digest by which runs are proved to have had equal jobs.
    fn digest_job(&mut self, core: &Core<'_>, id: u32) {
        let job = core.records.job(id);
        let facts = &core.facts[job.class as usize];
        let tasks = core.records.from_task_on(id);
        let works = tasks.map(|task| facts.seconds(task.work));
        self.digest(job.arrival, job.class, core.demands.row(job.demand), works);
    }

    #[inline]
    fn digest(
        &mut self,
        arrival: Time,
        class: u32,
        demand: &[u64],
        works: impl Iterator<Item = f64>,
    ) {
        self.digest = digest(self.digest, arrival, class, demand, works);
    }
}

/// The digest `before` a job, with that.
#[inline(always)]
fn digest(
    before: u64,
    arrival: Time,
    class: u32,
    demand: &[u64],
    works: impl Iterator<Item = f64>,
) -> u64 {
    let head = digest_head(before, arrival, digest_kind(class, demand));
    works.fold(head, |digest, work| mix(digest, work.to_bits()))
}

#[inline(always)]
fn digest_head(before: u64, arrival: Time, kind: u64) -> u64 {
    mix(before.wrapping_add(kind), arrival.0)
}

/// The digest of what is the same for many jobs: their class and demand.
#[inline]
fn digest_kind(class: u32, demand: &[u64]) -> u64 {
    let class = mix(ODD, u64::from(class));
    demand
        .iter()
        .fold(class, |digest, &units| mix(digest, units))
}

/// True if jobs may be drawn before they arrive: they are of one source and one shape, and come at
/// independent intervals.
fn may_stock(core: &Core<'_>, sources: &[Source]) -> bool {
    let [source] = sources else {
        return false;
    };
    let facts = &core.facts[source.first_class as usize];
    matches!(source.feed, Feed::Renewal(_))
        && facts.tasks.is_some_and(|tasks| tasks > 0)
        && matches!(facts.stage.shape, Shape::Tasks { .. })
}

/// A record for job `number` of `class`, which arrives now.
#[inline(always)]
fn begin(core: &mut Core<'_>, class: u32, number: u64) -> u32 {
    let (now, id) = (core.now(), core.records.claim());
    let demand = core.facts[class as usize].demand;
    core.records.job_mut(id).renew(number, class, demand, now);
    id
}

/// A job consists of one task, with that work.
#[inline(always)]
fn be_alone(core: &mut Core<'_>, id: u32, work: f64) {
    let now = core.now();
    let Record { task, job } = &mut core.records[id];
    let facts = &core.facts[job.class as usize];
    task.renew(id, 0, facts.slots, work, now);
    job.split(1, Time::from_secs(work) + facts.overhead);
    core.totals.tasks_arrived += 1;
}

/// Makes the `count` tasks of a job, of which the first has the job's number.
fn add_tasks(core: &mut Core<'_>, id: u32, count: u32, mut work: impl FnMut(u32) -> f64) {
    let (now, job) = (core.now(), core.records.job(id));
    let facts = &core.facts[job.class as usize];
    let (slots, records) = (core.demands.slots(job.demand), &mut core.records);
    let mut longest = 0.0f64;
    let mut task = id;
    for index in 0..count {
        let (work, next) = (
            work(index),
            match index + 1 == count {
                true => NONE,
                false => records.claim(),
            },
        );
        longest = longest.max(work);
        let record = records.task_mut(task);
        record.renew(id, index, slots, work, now);
        record.sibling = next;
        task = next;
    }
    let ideal = facts.time(longest) + facts.overhead;
    records.job_mut(id).split(count, ideal);
    core.totals.tasks_arrived += u64::from(count);
    if let Some(need) = facts.need {
        suffice(core, id, need.min(count));
    }
}

/// Only `need` results of a job are needed: at best those of its shortest tasks.
#[cold]
fn suffice(core: &mut Core<'_>, id: u32, need: u32) {
    let facts = &core.facts[core.records.job(id).class as usize];
    let tasks = core.records.from_task_on(id);
    let mut works: Vec<f64> = tasks.map(|task| task.work).collect();
    let (_, longest, _) = works.select_nth_unstable_by(need as usize - 1, f64::total_cmp);
    let ideal = facts.time(*longest) + facts.overhead;
    let job = core.records.job_mut(id);
    (job.need, job.ideal) = (need, ideal);
}

fn own_demand(core: &mut Core<'_>, id: u32, resources: &[usize], amounts: &[f64]) {
    let row = core.demands.own(core.records.job(id).demand);
    for (&dimension, &amount) in resources.iter().zip(amounts) {
        let units = core.setup.cluster.dimensions[dimension].units(amount);
        core.demands.set(row, dimension, units);
    }
    core.records.job_mut(id).demand = row;
}

/// Any odd number whose bits look random: 2^64 / pi.
const ODD: u64 = 0x517c_c1b7_2722_0a95;

/// A running digest: order matters, and each step could be undone, so that a change of one value always shows.
#[inline(always)]
fn mix(digest: u64, value: u64) -> u64 {
    (digest ^ value).wrapping_mul(ODD).rotate_left(29)
}
