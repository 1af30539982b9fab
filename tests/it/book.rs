//! The book (`docs/`) and the README cannot lie: what a page tells a reader to write is written, what it
//! tells him to run is run, page by page in a folder of its own, and what it says is printed is printed.
//! The pages of `docs/reference` are those that the code writes.
//!
//! A `toml` block says in its first line which file it is: `# mine.toml`, or `# added to mine.toml`; what
//! else stands in that line is for the reader. An `sh` block is a script (`.ci/run` runs those of cargo).
//! In a `console` block a line that begins with `$ ` is a command (one that ends with `\` goes on in the
//! next), and what stands below it is what it prints on both outputs; a line `...` stands for any lines.
//! Every command ends well. Files of the repository's `scenarios/` are there.
//!
//! `UPDATE=1 cargo test --test it book` writes the reference anew, and what commands print (but where a
//! `...` stands).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::tool::Place;

const BOOK: &str = "docs";

fn updates() -> bool {
    std::env::var_os("UPDATE").is_some()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All pages below `folder`, in order of their names.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(pages(&path));
        } else if path.extension().is_some_and(|ending| ending == "md") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Pages whose blocks are run: not those that the code writes, and the model's has a test of its own.
fn run_pages() -> Vec<PathBuf> {
    let all = std::iter::once(PathBuf::from("README.md")).chain(pages(Path::new(BOOK)));
    all.filter(|page| !page.starts_with("docs/reference") && !page.ends_with("model.md"))
        .collect()
}

/// A fenced block: its language, the line of its fence (from 0), and what stands in it.
struct Block {
    language: String,
    line: usize,
    lines: Vec<String>,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut is_code = false;
    for (line, text) in page.lines().enumerate() {
        let text_of_fence = text.trim_start().strip_prefix("```");
        match text_of_fence {
            Some(language) if !is_code => blocks.push(Block {
                language: language.to_owned(),
                line,
                lines: Vec::new(),
            }),
            None if is_code => blocks.last_mut().unwrap().lines.push(text.to_owned()),
            _ => {}
        }
        is_code ^= text_of_fence.is_some();
    }
    blocks
}

/// A command of a `console` block, and what the page says that it prints.
struct Call {
    command: String,
    shown: Vec<String>,
}

fn calls(block: &Block) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    for line in &block.lines {
        let goes_on = calls
            .last()
            .is_some_and(|call| call.shown.is_empty() && call.command.ends_with('\\'));
        match (line.strip_prefix("$ "), calls.last_mut()) {
            (Some(command), _) => calls.push(Call {
                command: command.to_owned(),
                shown: Vec::new(),
            }),
            (None, Some(call)) if goes_on => call.command += &format!("\n{line}"),
            (None, Some(call)) => call.shown.push(line.clone()),
            (None, None) => panic!("a console block begins with `$ `, not {line:?}"),
        }
    }
    calls
}

/// Whether `shown` is what was `printed`, where a line `...` stands for any lines.
fn is_printed(shown: &[String], printed: &[&str]) -> bool {
    match shown.split_first() {
        None => printed.is_empty(),
        Some((first, rest)) if first == "..." => {
            (0..=printed.len()).any(|skipped| is_printed(rest, &printed[skipped..]))
        }
        Some((first, rest)) => {
            printed.first() == Some(&first.as_str()) && is_printed(rest, &printed[1..])
        }
    }
}

/// A reader who does what a page says.
struct Reader {
    folder: tempfile::TempDir,
}

impl Reader {
    fn new() -> Reader {
        let folder = tempfile::tempdir().unwrap();
        let scenarios = folder.path().join("scenarios");
        fs::create_dir(&scenarios).unwrap();
        for entry in fs::read_dir("scenarios").unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                fs::copy(&path, scenarios.join(path.file_name().unwrap())).unwrap();
            }
        }
        Reader { folder }
    }

    /// Runs a script; gives both of its outputs, or what went wrong.
    fn run(&self, script: &str) -> Result<String, String> {
        let tool = Path::new(env!("CARGO_BIN_EXE_equipoise")).parent().unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        let done = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &format!("exec 2>&1\n{script}")])
            .current_dir(self.folder.path())
            .env("PATH", format!("{}:{path}", tool.display()))
            .env_remove("EQUIPOISE_TRACES")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let printed = String::from_utf8_lossy(&done.stdout).into_owned();
        match done.status.success() {
            true => Ok(printed),
            false => Err(format!("{} of:\n{script}\n{printed}", done.status)),
        }
    }

    /// Writes the file that a block names.
    fn write(&self, lines: &[String]) -> Result<(), String> {
        let first = lines.first().map_or("", String::as_str);
        let named = first.strip_prefix("# ").unwrap_or_default();
        let (is_further, named) = match named.strip_prefix("added to ") {
            Some(named) => (true, named),
            None => (false, named),
        };
        let name = named.split([' ', ',', ':', ';']).next().unwrap_or_default();
        if !name.ends_with(".toml") {
            return Err(format!("a toml block that names no file: {first:?}"));
        }
        let path = self.folder.path().join(name);
        let before = if is_further {
            read(&path)
        } else {
            String::new()
        };
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, before + &lines.join("\n") + "\n").unwrap();
        Ok(())
    }

    /// Runs the commands of a `console` block; gives the block as it should be, or what went wrong.
    fn follow(&self, block: &Block) -> Result<Vec<String>, String> {
        let mut lines = Vec::new();
        for call in calls(block) {
            let printed = self.run(&call.command)?;
            let printed: Vec<&str> = printed.trim_end().lines().map(str::trim_end).collect();
            let is_right = is_printed(&call.shown, &printed);
            if !is_right && (!updates() || call.shown.contains(&"...".to_owned())) {
                let printed = printed.join("\n");
                return Err(format!("`{}` prints\n{printed}", call.command));
            }
            let command = format!("$ {}", call.command);
            lines.extend(command.lines().map(str::to_owned));
            match is_right {
                true => lines.extend(call.shown),
                false => lines.extend(printed.into_iter().map(str::to_owned)),
            }
        }
        Ok(lines)
    }
}

/// Does what a page says; gives what is wrong in it. With UPDATE set what is printed is written anew.
fn follow(page: &Path) -> Vec<String> {
    let text = read(page);
    let reader = Reader::new();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut wrong = Vec::new();
    // Lines that were put in (or taken out) so far.
    let mut moved = 0_isize;
    for block in blocks(&text) {
        let done = match block.language.as_str() {
            "toml" => reader.write(&block.lines),
            "sh" if block.lines[0].starts_with("cargo ") => Ok(()),
            "sh" => reader.run(&block.lines.join("\n")).map(|_| ()),
            "console" => reader.follow(&block).map(|anew| {
                let from = (block.line as isize + 1 + moved) as usize;
                moved += anew.len() as isize - block.lines.len() as isize;
                lines.splice(from..from + block.lines.len(), anew);
            }),
            _ => Ok(()),
        };
        let at = block.line + 1;
        wrong.extend(
            done.err()
                .map(|said| format!("{}:{at}: {said}", page.display())),
        );
    }
    let anew = lines.join("\n") + "\n";
    if updates() && anew != text {
        fs::write(page, anew).unwrap();
    }
    wrong
}

#[test]
fn what_the_pages_say_is_so() {
    let started = std::time::Instant::now();
    let mut wrong = Vec::new();
    for page in run_pages() {
        wrong.extend(follow(&page));
        println!("{}: {:.1?}", page.display(), started.elapsed());
    }
    let count = wrong.len();
    assert!(
        wrong.is_empty(),
        "{}\n{count} are wrong",
        wrong.join("\n\n")
    );
}

/// Holds a page to what the code writes.
fn is_as_written(path: &Path, written: &str) -> bool {
    if updates() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, written).unwrap();
    }
    fs::read_to_string(path).is_ok_and(|stored| stored == written)
}

#[test]
fn the_reference_is_what_the_code_writes() {
    let place = Place::new("");
    let names = [
        "keys",
        "distributions",
        "metrics",
        "placements",
        "strategies",
        "traces",
        "commands",
    ];
    for name in names {
        let path = Path::new(BOOK).join(format!("reference/{name}.md"));
        let written = place.ok(&["reference", name]);
        assert!(
            is_as_written(&path, &written),
            "{} is not what the code writes; UPDATE=1 cargo test --test it book",
            path.display()
        );
    }
}

const SMALL: &str = r#"
run = { jobs = 300, replications = 3, seed = 3 }
nodes.worker.count = 2
workload.load = 0.5
jobs.request = { arrivals = "poisson", work.exponential.mean = "1ms" }
strategies.random.placement = "random"
strategies.two-choices.placement.power-of-d.d = 2
compare.decide-on = ["response_mean"]
"#;

const ABOUT_FILES: &str = "# Files of a run

<!-- Written by a test (`UPDATE=1 cargo test --test it book`); do not edit. -->

`equipoise run scenarios/NAME.toml` writes these into `output/NAME`; the last four tables with `--record jobs,tasks,decisions,regret`.
What each column means, and which marks there are: [What a run writes](../../output/README.md). Each table but the recorded ones
begins with a column for each swept key.

| file | columns |
| --- | --- |
";

/// The files of a run with everything that can be asked for, each with its columns.
fn page_of_files(files: &crate::tool::Tree) -> String {
    let columns = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let first = text.lines().next().unwrap_or_default();
        format!("`{}`", first.replace(',', "`, `"))
    };
    let row = |(name, bytes): (&String, &Vec<u8>)| match name.ends_with(".csv") {
        true => format!("| `{name}` | {} |\n", columns(bytes)),
        false => format!("| `{name}` | |\n"),
    };
    let recorded =
        |name: &str| ["jobs.csv", "tasks.csv", "decisions.csv", "regret.csv"].contains(&name);
    let (last, first): (Vec<_>, Vec<_>) = files.iter().partition(|(name, _)| recorded(name));
    let rows: String = first.into_iter().chain(last).map(row).collect();
    format!("{ABOUT_FILES}{rows}")
}

#[test]
fn every_file_of_a_run_and_every_column_is_explained() {
    let place = Place::new(SMALL);
    place.ok(&[
        "run",
        "s.toml",
        "--out",
        "o",
        "--record",
        "jobs,tasks,decisions,regret",
    ]);
    let page = page_of_files(&place.tree("o"));
    assert!(
        is_as_written(Path::new("docs/reference/files.md"), &page),
        "files or columns are not those of docs/reference/files.md; UPDATE=1 writes it anew"
    );
    let told = read(Path::new("output/README.md"));
    let names = page.split('`').skip(3).step_by(2);
    let untold: Vec<&str> = names
        .filter(|name| !name.contains([' ', '/', '-', '.']))
        .filter(|name| !told.contains(&format!("`{name}`")))
        .collect();
    assert!(
        untold.is_empty(),
        "output/README.md does not explain {untold:?}"
    );
}

/// The targets of a page's links.
fn links(text: &str) -> Vec<&str> {
    let parts = text.split("](").skip(1);
    parts.filter_map(|rest| rest.split(')').next()).collect()
}

/// What a heading is called in an address.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn leads_somewhere(page: &Path, link: &str) -> bool {
    let (file, part) = link.split_once('#').unwrap_or((link, ""));
    let target = match file {
        "" => page.to_owned(),
        file => page.parent().unwrap().join(file),
    };
    let has_part = || {
        let text = read(&target);
        let mut headings = text.lines().filter(|line| line.starts_with('#'));
        headings.any(|heading| anchor(heading) == part)
    };
    target.exists() && (part.is_empty() || has_part())
}

#[test]
fn links_of_the_book_lead_somewhere() {
    let mut all = pages(Path::new(BOOK));
    let others = [
        "README.md",
        "CONTRIBUTING.md",
        "output/README.md",
        "output/gallery/README.md",
    ];
    all.extend(others.map(PathBuf::from));
    for page in all {
        let text = read(&page);
        for link in links(&text)
            .into_iter()
            .filter(|link| !link.starts_with("http"))
        {
            assert!(
                leads_somewhere(&page, link),
                "{} links to {link}, which is not there",
                page.display()
            );
        }
    }
}

/// Every page is in the table of contents.
#[test]
fn every_page_is_in_the_summary() {
    let summary = read(Path::new("docs/SUMMARY.md"));
    for page in pages(Path::new(BOOK)) {
        let name = page.strip_prefix(BOOK).unwrap().display().to_string();
        let is_in = name == "SUMMARY.md" || summary.contains(&format!("]({name})"));
        assert!(is_in, "docs/SUMMARY.md has no {name}");
    }
}

#[test]
fn three_screens_are_enough_for_the_readme() {
    let lines = read(Path::new("README.md")).lines().count();
    assert!(
        lines <= 120,
        "README.md has {lines} lines: what is long belongs into docs/"
    );
}
