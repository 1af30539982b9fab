//! A stretch of one replication as a picture (a lane a slot of a node, a bar a task) and as trace events,
//! which Perfetto and chrome://tracing open.
//!
//! Shown are the attempts that completed, and decisions, in trace events also what befell nodes and attempts; a
//! node that serves several tasks at once has as many lanes as it needs. The format is that of the "Trace Event Format" (Google, 2016): complete events,
//! instants, counters and names of threads, times in microseconds.

use std::collections::BTreeSet;

use maud::{Markup, html};
use serde_json::{Map, Value, json};

use super::plot::axis::Axis;
use super::plot::palette::look;
use crate::experiment::trail::{Cut, IncidentTrail, TaskTrail, Trail};
use crate::metrics::jobs::PARTS;
use crate::text::{Scale, apart, printable};

/// What names are needed.
pub struct Names {
    /// Of nodes.
    pub nodes: Vec<String>,
    /// Of classes.
    pub classes: Vec<String>,
    /// Of what is shown.
    pub title: String,
}

impl Names {
    fn class(&self, task: &TaskTrail) -> &str {
        let class = self.classes.get(task.class as usize);
        class.map_or("", String::as_str)
    }
}

/// Lanes and bars of a picture at most.
pub const MOST: (usize, usize) = (200, 5_000);
const WIDTH: f64 = 1000.0;
const LEFT: f64 = 150.0;
const TOP: f64 = 64.0;
const LANE: f64 = 16.0;

/// Tasks by rising start, each with a lane of its node on which no two overlap; and the number of lanes
/// by node.
fn lanes(trail: &Trail, nodes: usize) -> (Vec<(&TaskTrail, usize)>, Vec<usize>) {
    let mut tasks: Vec<&TaskTrail> = trail.tasks.iter().collect();
    tasks.sort_by_key(|task| (task.start, task.end, task.class, task.job, task.task));
    let mut free: Vec<Vec<u64>> = vec![Vec::new(); nodes];
    let placed = tasks.into_iter().map(|task| {
        let lanes = &mut free[task.node];
        let found = lanes.iter().position(|end| *end <= task.start);
        let lane = found.unwrap_or_else(|| {
            lanes.push(0);
            lanes.len() - 1
        });
        lanes[lane] = task.end;
        (task, lane)
    });
    let placed = placed.collect();
    (placed, free.iter().map(Vec::len).collect())
}

/// The picture.
///
/// # Errors
/// There is more to draw than can be seen; what to do is said.
pub fn svg(trail: &Trail, cut: Cut, names: &Names) -> Result<String, String> {
    let (placed, lanes) = lanes(trail, names.nodes.len());
    let rows: usize = lanes.iter().map(|count| (*count).max(1)).sum();
    if rows > MOST.0 || placed.len() > MOST.1 {
        return Err(format!(
            "{rows} lanes and {} tasks are too many for a picture: cut less by --from and --to, or take --format json",
            placed.len()
        ));
    }
    let height = TOP + LANE * rows as f64 + 40.0;
    let area = format!("0 0 {WIDTH} {height}");
    let drawn = html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox=(area) width=(WIDTH) height=(height) font-family="system-ui, sans-serif" font-size="12" role="img" {
            title { (names.title) }
            rect width=(WIDTH) height=(height) fill="#fff" {}
            text x="8" y="20" font-size="14" font-weight="600" { (printable(&names.title)) }
            (legend(names))
            (axis(cut, height))
            (rows_of(names, &lanes))
            @for (task, lane) in &placed { (bar(task, top(&lanes, task.node, *lane), cut, names)) }
        }
    };
    Ok(drawn.into_string() + "\n")
}

fn top(lanes: &[usize], node: usize, lane: usize) -> f64 {
    TOP + LANE * row(lanes, node, lane) as f64
}

/// The number of a node's lane among all; a node without tasks has one, too.
fn row(lanes: &[usize], node: usize, lane: usize) -> usize {
    let before = lanes[..node].iter().map(|count| (*count).max(1));
    before.sum::<usize>() + lane
}

fn x(time: u64, cut: Cut) -> f64 {
    let since = time.clamp(cut.from, cut.to) - cut.from;
    let share = since as f64 / (cut.to - cut.from).max(1) as f64;
    LEFT + share * (WIDTH - LEFT - 16.0)
}

/// The colour of a class; black is left to baselines.
fn color(class: usize) -> String {
    format!("#{:06x}", look(1 + class).color)
}

fn legend(names: &Names) -> Markup {
    html! { @for (at, class) in apart(&names.classes, 18).iter().enumerate().take(6) {
        @let left = LEFT + 140.0 * at as f64;
        rect x=(left) y="32" width="10" height="10" fill=(color(at)) {}
        text x=(left + 15.0) y="41" { (printable(class)) }
    } }
}

/// Lines and labels at round times; that the cut does not begin at 0 is said.
fn axis(cut: Cut, height: f64) -> Markup {
    let [from, to] = [cut.from, cut.to].map(|ns| ns as f64 / 1e9);
    let scale = Scale::time([(to - from) / 5.0]);
    let axis = Axis::linear("", [from / scale.factor, to / scale.factor], false);
    let is_inside = |tick: &&(f64, String)| (from..=to).contains(&(tick.0 * scale.factor));
    let ticks = axis.ticks.iter().filter(is_inside);
    let bottom = height - 36.0;
    html! {
        @for (value, label) in ticks {
            @let at = x((value * scale.factor * 1e9) as u64, cut);
            line x1=(at) x2=(at) y1=(TOP - 4.0) y2=(bottom) stroke="#ddd" {}
            text x=(at) y=(bottom + 14.0) text-anchor="middle" fill="#595959" { (label) }
        }
        text x=((LEFT + WIDTH) / 2.0) y=(bottom + 30.0) text-anchor="middle" fill="#595959" { "simulated time (" (scale.unit) ")" @if cut.from > 0 { ", not from 0" } }
    }
}

fn rows_of(names: &Names, lanes: &[usize]) -> Markup {
    html! { @for (node, name) in apart(&names.nodes, 20).iter().enumerate() {
        @let y = top(lanes, node, 0);
        line x1="0" x2=(WIDTH) y1=(y) y2=(y) stroke="#ececec" {}
        text x="8" y=(y + 12.0) { (printable(name)) }
    } }
}

fn bar(task: &TaskTrail, y: f64, cut: Cut, names: &Names) -> Markup {
    let (left, right) = (x(task.start, cut), x(task.end, cut));
    let color = color(task.class as usize);
    html! { rect x=(format!("{left:.2}")) y=(y + 2.0) width=(format!("{:.2}", (right - left).max(0.4))) height=(LANE - 4.0) fill=(color) stroke="#fff" stroke-width="0.4" { title { (said(task, names)) } } }
}

/// What a bar says when it is pointed at.
fn said(task: &TaskTrail, names: &Names) -> String {
    let took = (task.end - task.start) as f64 / 1e9;
    let took = Scale::time([took]).value(took);
    let attempt = match task.attempts {
        0 | 1 => String::new(),
        number => format!(", attempt {number}"),
    };
    let (class, job, number) = (names.class(task), task.job, task.task);
    let said = format!("{class} job {job}, task {number}{attempt}: {took}");
    printable(&said)
}

/// Trace events as JSON; with a cluster of so many `slots`, also how many of them are in use.
pub fn trace(trail: &Trail, names: &Names, slots: Option<u64>) -> String {
    let (placed, mut lanes) = lanes(trail, names.nodes.len());
    for incident in &trail.incidents {
        lanes[incident.node] = lanes[incident.node].max(1);
    }
    let mut events = named(names, &lanes, trail);
    let slice = |(task, lane): &(&TaskTrail, usize)| {
        slice(task, thread(&lanes, task.node, *lane), trail, names)
    };
    events.extend(placed.iter().map(slice));
    events.extend(trail.decisions.iter().map(|decision| {
        let text = format!("job {}.{} to {}", decision.job, decision.task, names.nodes[decision.node]);
        json!({"ph": "i", "s": "t", "pid": 2, "tid": decision.dispatcher, "ts": micro(decision.time), "name": text, "cat": "decision"})
    }));
    let incident = |incident: &IncidentTrail| {
        let tid = thread(&lanes, incident.node, 0);
        json!({"ph": "i", "s": "t", "pid": 1, "tid": tid, "ts": micro(incident.time), "name": befell(incident), "cat": "incident"})
    };
    events.extend(trail.incidents.iter().map(incident));
    events.extend(counters(trail, slots));
    let whole = json!({"displayTimeUnit": "ms", "otherData": {"title": names.title}, "traceEvents": events});
    format!("{whole}\n")
}

/// What befell a node or an attempt, in words.
fn befell(incident: &IncidentTrail) -> String {
    let what = incident.what;
    match incident.of {
        Some((_, job, task)) => format!("{what}: job {job}.{task}"),
        None => what.to_owned(),
    }
}

fn micro(ns: u64) -> f64 {
    ns as f64 / 1e3
}

/// How long a slice is: half a nanosecond less than it was. Viewers take its end for the sum of two rounded
/// numbers; were that later than the next start, they would show the next slice within this one, and all that
/// follow.
fn duration(start: u64, end: u64) -> f64 {
    ((end - start) as f64 - 0.5).max(0.0) / 1e3
}

/// The number of a lane's track; numbers begin at 1.
fn thread(lanes: &[usize], node: usize, lane: usize) -> usize {
    1 + row(lanes, node, lane)
}

/// Names of the tracks.
fn named(names: &Names, lanes: &[usize], trail: &Trail) -> Vec<Value> {
    let name = |kind: &str, pid: u32, tid: usize, name: &str| json!({"ph": "M", "pid": pid, "tid": tid, "name": kind, "args": {"name": name}});
    let mut events = vec![
        name("process_name", 1, 0, "nodes"),
        name("process_name", 2, 0, "dispatchers"),
    ];
    for (node, text) in names.nodes.iter().enumerate() {
        for lane in 0..lanes[node] {
            let slot = match lanes[node] {
                1 => text.clone(),
                _ => format!("{text} slot {}", lane + 1),
            };
            events.push(name("thread_name", 1, thread(lanes, node, lane), &slot));
        }
    }
    let dispatchers = trail.decisions.iter().map(|decision| decision.dispatcher);
    let dispatchers: BTreeSet<u32> = dispatchers.collect();
    let dispatcher = |number: u32| {
        let text = format!("dispatcher {number}");
        name("thread_name", 2, number as usize, &text)
    };
    events.extend(dispatchers.into_iter().map(dispatcher));
    events
}

/// A completed attempt as a slice, with the blame of its job.
fn slice(task: &TaskTrail, tid: usize, trail: &Trail, names: &Names) -> Value {
    let class = names.class(task);
    let job = trail.jobs.get(&(task.class, task.job));
    let part = |(part, ns): (&&str, u64)| (format!("{part}_us"), json!(micro(ns)));
    let blame = job.map(|job| PARTS.iter().zip(job.blame).map(part).collect());
    let blame: Option<Map<String, Value>> = blame;
    json!({
        "ph": "X", "pid": 1, "tid": tid, "ts": micro(task.start), "dur": duration(task.start, task.end),
        "name": format!("{class} {}.{}", task.job, task.task), "cat": class,
        "args": {"job": task.job, "task": task.task, "class": class, "attempts": task.attempts,
                 "waited_us": micro(task.start.saturating_sub(task.arrival)), "blame_of_job": blame},
    })
}

/// Tasks that wait and that run, and the share of the slots that are in use, at each change.
fn counters(trail: &Trail, slots: Option<u64>) -> Vec<Value> {
    let mut changes: Vec<(u64, [i64; 3])> = Vec::new();
    for task in &trail.tasks {
        let used = i64::from(task.slots);
        changes.extend([
            (task.arrival, [1, 0, 0]),
            (task.start, [-1, 1, used]),
            (task.end, [0, -1, -used]),
        ]);
    }
    changes.sort_unstable();
    let mut now = [0; 3];
    let mut events: Vec<Value> = Vec::new();
    for same in changes.chunk_by(|a, b| a.0 == b.0) {
        for (_, change) in same {
            now.iter_mut().zip(change).for_each(|(now, by)| *now += by);
        }
        let (ts, [waiting, running, used]) = (micro(same[0].0), now);
        events.push(json!({"ph": "C", "pid": 1, "name": "tasks", "ts": ts, "args": {"waiting": waiting, "running": running}}));
        events.extend(slots.map(|slots| {
            let share = used as f64 / slots as f64;
            json!({"ph": "C", "pid": 1, "name": "utilization", "ts": ts, "args": {"slots in use": share}})
        }));
    }
    events
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Of tasks on a node, from a time to a time.
    fn trail(tasks: impl IntoIterator<Item = (usize, u64, u64)>) -> Trail {
        let task = |(job, (node, start, end))| TaskTrail {
            class: 0,
            job,
            task: 0,
            stage: 0,
            attempts: 1,
            slots: 1,
            node,
            arrival: start / 2,
            start,
            end,
        };
        Trail {
            tasks: (0..).zip(tasks).map(task).collect(),
            ..Trail::default()
        }
    }

    const FOUR: [(usize, u64, u64); 4] = [(0, 0, 10), (0, 5, 12), (0, 10, 20), (1, 2, 4)];

    fn names() -> Names {
        Names {
            nodes: vec!["n[0]".into(), "n[1]".into(), "n[2]".into()],
            classes: vec!["<job>".into()],
            title: "t".into(),
        }
    }

    #[test]
    fn no_two_tasks_of_a_lane_overlap() {
        let trail = trail(FOUR);
        let (placed, lanes) = lanes(&trail, 3);
        assert_eq!(lanes, [2, 1, 0], "two at once need two lanes");
        let lane = |job: u64| placed.iter().find(|(task, _)| task.job == job).unwrap().1;
        let three = [0, 1, 2].map(lane);
        assert_eq!(three, [0, 1, 0], "the third follows the first");
    }

    #[test]
    fn the_trace_is_json_with_every_task_once() {
        let text = trace(&trail(FOUR), &names(), Some(3));
        let events: Value = serde_json::from_str(&text).unwrap();
        let events = events["traceEvents"].as_array().unwrap();
        let slices: Vec<_> = events.iter().filter(|event| event["ph"] == "X").collect();
        assert_eq!(slices.len(), 4);
        let lasts = |slice: &&Value| slice["dur"].as_f64().unwrap() > 0.0;
        assert!(slices.iter().all(lasts));
        let counts = |event: &&Value| event["ph"] == "C" && event["name"] == "utilization";
        let shares: Vec<f64> = (events.iter().filter(counts))
            .map(|event| event["args"]["slots in use"].as_f64().unwrap() * 3.0)
            .collect();
        // Something changes at 0, 1, 2, 4, 5, 10, 12 and 20.
        assert_eq!(shares, [1.0, 1.0, 2.0, 1.0, 2.0, 2.0, 1.0, 0.0]);
        let tasks = |event: &&Value| event["name"] == "tasks";
        let last = &events.iter().rfind(tasks).unwrap()["args"];
        let none = json!({"waiting": 0, "running": 0});
        assert_eq!(*last, none, "all that came is gone");
    }

    #[test]
    fn the_picture_escapes_names_and_refuses_too_much() {
        let drawn = svg(&trail(FOUR), Cut { from: 0, to: 20 }, &names()).unwrap();
        assert!(drawn.contains("&lt;job&gt;") && !drawn.contains("<job>"));
        assert_eq!(drawn.matches("stroke-width=\"0.4\"").count(), 4);
        let many = trail((0..6_000).map(|k| (0, k, k + 1)));
        let refused = svg(&many, Cut { from: 0, to: 9_000 }, &names()).unwrap_err();
        assert!(refused.contains("--from and --to"), "{refused}");
    }
}
