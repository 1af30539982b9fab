//! What may go wrong around a run, by accident or by intent: parts that are gone or altered, links
//! that lead elsewhere, folders that were moved. The place stays usable, and nothing else is touched.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::os::unix::fs::symlink;
use std::process::Stdio;
use std::time::Duration;

use crate::cli::{refused, stderr};
use crate::tool::{MIXED, Place, unfolded};

const RECORDED: [&str; 6] = [
    "run",
    "s.toml",
    "--out=out",
    "--record=jobs,tasks",
    "--set=run.replications=60",
    "--threads=1",
];

/// A run that was killed when it had finished some replications.
fn killed() -> Place {
    let place = Place::new(MIXED);
    let parts = place.path("out.writing/parts");
    let mut command = place.command(&RECORDED);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut child = child.unwrap();
    while std::fs::read_dir(&parts).map_or(0, Iterator::count) < 40 {
        std::thread::sleep(Duration::from_millis(5));
        assert!(child.try_wait().unwrap().is_none(), "too fast to be killed");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    place
}

/// A kill during the clean-up may leave a journal that speaks of parts which are gone; a disk may
/// alter one.
#[test]
fn parts_that_are_gone_or_altered_are_made_again() {
    let reference = Place::new(MIXED);
    reference.ok(&RECORDED);
    let spoil: [fn(&std::path::Path); 3] = [
        |parts| std::fs::remove_dir_all(parts).unwrap(),
        |parts| std::fs::remove_file(parts.join("jobs.0.0.1.part")).unwrap(),
        |parts| {
            let part = parts.join("tasks.0.0.1.part");
            let mut bytes = std::fs::read(&part).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            std::fs::write(&part, bytes).unwrap();
        },
    ];
    for spoil in spoil {
        let place = killed();
        spoil(&place.path("out.writing/parts"));
        place.ok(&RECORDED);
        assert!(place.results("out") == reference.results("out"));
        assert!(!place.path("out.writing").exists());
    }
}

#[test]
fn links_are_not_followed() {
    let place = Place::new(MIXED);
    place.ok(&["run", "s.toml", "--out", "out"]);
    place.write("precious", "mine");
    let link = |name: &str| {
        let _ = std::fs::remove_file(place.path(name));
        symlink(place.path("precious"), place.path(name)).unwrap();
    };
    link("out/report.html");
    refused(
        &place,
        &["report", "out"],
        "a folder, a link or a device is there",
    );
    std::fs::remove_file(place.path("out/report.html")).unwrap();
    std::fs::rename(place.path("out/plots"), place.path("elsewhere")).unwrap();
    symlink(place.path("elsewhere"), place.path("out/plots")).unwrap();
    refused(&place, &["report", "out"], "its folder is a link");
    link("new.toml");
    refused(&place, &["new", "new.toml"], "exists already");
    std::fs::create_dir(place.path("x.writing")).unwrap();
    link("x.writing/lock");
    refused(&place, &["run", "s.toml", "--out", "x"], "is taken");
    link("junit.xml");
    place.write(
        "pool.toml",
        include_str!("../../scenarios/thread-pool.toml"),
    );
    place.ok(&["gate", "pool.toml", "--save"]);
    let gate = place.call(&["gate", "pool.toml", "--junit", "junit.xml"]);
    assert!(
        unfolded(stderr(&gate)).contains("no file replaces"),
        "{}",
        stderr(&gate)
    );
    assert_eq!(std::fs::read(place.path("precious")).unwrap(), b"mine");
}

/// Also where a warning was told with the place of a key.
#[test]
fn a_folder_that_was_moved_is_verified() {
    let text = MIXED
        .replace("load = 0.5", "load = 1.5")
        .replace("workload.load = [0.3, 0.6]", "workload.load = [1.3, 1.6]");
    let place = Place::new(&text);
    place.ok(&["run", "s.toml", "--out", "out"]);
    std::fs::create_dir(place.path("deep")).unwrap();
    std::fs::rename(place.path("out"), place.path("deep/moved")).unwrap();
    let said = place.ok(&["verify", "deep/moved"]);
    assert!(
        said.contains("every byte") && !said.contains("another build"),
        "{said}"
    );
    let manifest = place.path("deep/moved/manifest.json");
    let mut content: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&manifest).unwrap()).unwrap();
    content["build"]["sources"] = "0".into();
    std::fs::write(&manifest, content.to_string()).unwrap();
    let said = place.ok(&["verify", "deep/moved"]);
    assert!(
        said.contains("it was made by another build of equipoise"),
        "{said}"
    );
}

/// What a class is called in a trace may hold anything: no terminal is given it.
#[test]
fn marks_in_the_names_of_a_trace_are_cleaned() {
    let trace = "file = \"log.csv\", format = \"csv\", columns = { arrival = \"t\", work = \"w\", class = \"c\" }";
    let text = format!(
        "title = \"a\\u001b[31m\\u202eb\"\n[run]\nreplications = 2\n[nodes.n]\n[jobs.j]\narrivals.trace = {{ {trace} }}\n[strategies.s]\n"
    );
    let place = Place::new(&text);
    place.write("log.csv", "t,w,c\n0,1,\u{1b}[31mred\n1,1,\u{202e}der\n");
    let said = place.ok(&["run", "s.toml", "--out", "out"]);
    let checked = place.ok(&["check", "s.toml"]);
    let bad = |text: &str| text.contains('\u{1b}') || text.contains('\u{202e}');
    for text in [
        said,
        checked,
        String::from_utf8(place.tree("out")["report.html"].clone()).unwrap(),
    ] {
        assert!(!bad(&text), "{text:?}");
    }
    let manifest = String::from_utf8(place.tree("out")["manifest.json"].clone()).unwrap();
    assert!(
        manifest.contains("\"traces\"") && manifest.contains("log.csv"),
        "{manifest}"
    );
}

#[test]
fn shells_and_manual_pages_know_every_command() {
    let place = Place::new("");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(
            place.ok(&["completions", shell]).contains("verify"),
            "{shell}"
        );
    }
    assert!(place.ok(&["man"]).contains(".TH equipoise"));
    assert!(place.ok(&["man", "run"]).contains("equipoise\\-run"));
    refused(&place, &["man", "jump"], "there is no command `jump`");
}

/// Deep or long input takes no stack and no quadratic time.
#[test]
fn deep_and_long_scenarios_are_refused_in_time() {
    let place = Place::new("");
    let deep = format!("{}x = 1\n", "a.".repeat(20_000));
    let nested = format!("x = {}1{}\n", "[".repeat(20_000), "]".repeat(20_000));
    let long: String = (0..20_000).map(|i| format!("key-{i} = {i}\n")).collect();
    let names: String = (0..5_000).map(|i| format!("[strategies.s{i}]\n")).collect();
    for text in [deep, nested, long, names] {
        place.write("s.toml", text);
        let start = std::time::Instant::now();
        let output = place.call(&["check", "s.toml"]);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(start.elapsed() < Duration::from_secs(5));
        assert!(output.stderr.len() < 200_000, "{}", output.stderr.len());
    }
}

/// What no machine holds is refused before it starts.
#[cfg(target_os = "linux")]
#[test]
fn a_run_beyond_the_memory_is_refused() {
    let text = "[run]\nreplications = 1\n[nodes.a]\n[jobs.j]\narrivals.batch = { jobs = 100_000 }\ntasks = 5_000_000\nwork = \"1ms\"\n[strategies.r]\n";
    let place = Place::new(text);
    refused(&place, &["run", "s.toml"], "of memory on");
}
