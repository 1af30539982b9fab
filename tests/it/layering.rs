//! The layers of the architecture: which module may import which. Reads `src/` as text.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Modules by layer; each may import itself and what stands on an earlier line, but for [`APART`].
const LAYERS: &[&[&str]] = &[
    &["text", "engine", "stats"],
    &["model"],
    &["workload", "strategy", "metrics"],
    &["sim"],
    &["scenario", "theory", "decision_log", "testing"],
    &["results"],
    &["experiment"],
    &["report", "gate"],
    &["cli", "fuzz"],
];

/// What a module may not import, though it stands on an earlier line: figures and pure numbers are
/// apart from the machines that make them, and what is shown is a function of results alone.
const APART: &[(&str, &[&str])] = &[
    ("model", &["stats"]),
    ("workload", &["stats"]),
    ("strategy", &["stats"]),
    ("metrics", &["stats"]),
    ("results", BELOW_RESULTS),
    ("report", BELOW_RESULTS),
    ("gate", BELOW_RESULTS),
];

const BELOW_RESULTS: &[&str] = &["engine", "model", "workload", "strategy", "sim", "scenario"];

/// Whether the layers let `module` import `import`; `None` if `module` is of no layer.
fn may_import(module: &str, import: &str) -> Option<bool> {
    let layer = |name: &str| LAYERS.iter().position(|names| names.contains(&name));
    let apart = |(name, from): &(&str, &[&str])| *name == module && from.contains(&import);
    let own = layer(module)?;
    let is_lower = layer(import).is_none_or(|imported| imported < own);
    Some(import == module || is_lower && !APART.iter().any(apart))
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The module of a file below `src/`; `None` for `lib.rs` and `main.rs`.
fn module(path: &Path) -> Option<String> {
    let relative = path.strip_prefix(source()).unwrap();
    let first = relative.components().next()?.as_os_str().to_str()?;
    let name = first.trim_end_matches(".rs");
    (name != "lib" && name != "main").then(|| name.to_owned())
}

/// Code without comments.
fn code(text: &str) -> String {
    let line = |line: &str| line.split("//").next().unwrap_or_default().to_owned();
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Modules named in `crate::x`, in `use crate::{x::.., y}` as well, and by `super` from the top of
/// a module.
fn imports(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let code = code(text);
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            Some(list) => found.extend(top_names(list)),
            None => found.extend(first_name(rest)),
        }
    }
    found
}

fn first_name(text: &str) -> Option<String> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let name: String = text.chars().take_while(|c| is_name(*c)).collect();
    (!name.is_empty()).then_some(name)
}

/// The first names of the members of `a::b, c::{d, e}}`.
fn top_names(list: &str) -> Vec<String> {
    let members = members(list);
    members.iter().filter_map(|one| first_name(one)).collect()
}

/// The members of `a::b, c::{d, e}}`, up to the brace that closes the list.
fn members(list: &str) -> Vec<String> {
    let (mut depth, mut members) = (0, vec![String::new()]);
    for c in list.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            _ => {}
        }
        match members.last_mut() {
            Some(last) if c != ',' || depth > 0 => last.push(c),
            _ => members.push(String::new()),
        }
    }
    members.iter().map(|one| one.trim().to_owned()).collect()
}

#[test]
fn modules_import_what_their_layer_may() {
    let mut wrong = Vec::new();
    let files = files(&source());
    assert!(files.len() > 30, "src/ was found");
    for path in &files {
        let Some(module) = module(path) else {
            continue;
        };
        for import in imports(&fs::read_to_string(path).unwrap()) {
            match may_import(&module, &import) {
                Some(true) => {}
                Some(false) => {
                    wrong.push(format!("{}: `{module}` imports `{import}`", path.display()))
                }
                None => wrong.push(format!("{}: no layer has `{module}`", path.display())),
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn imports_are_found_however_they_are_written() {
    let text = "use crate::engine::law::Law;\nuse crate::{model::{ids, nodes}, stats};\n\
                // crate::cli is not one\nlet x = crate::sim::run(1);";
    let found: Vec<String> = imports(text).into_iter().collect();
    assert_eq!(found, ["engine", "model", "sim", "stats"]);
}

/// Paths that `use` names, with lists written out: `a::{b, c::{d}}` are `a::b` and `a::c::d`.
fn used(text: &str) -> Vec<String> {
    fn write_out(before: &str, tree: &str, paths: &mut Vec<String>) {
        match tree.split_once('{') {
            None => paths.push(format!("{before}{tree}")),
            Some((head, list)) => {
                let head = format!("{before}{head}");
                members(list)
                    .iter()
                    .for_each(|one| write_out(&head, one, paths));
            }
        }
    }
    let mut paths = Vec::new();
    for statement in code(text).split(';') {
        let statement = statement.trim_start();
        let tree = statement.strip_prefix("pub ").unwrap_or(statement);
        if let Some(tree) = tree.strip_prefix("use ") {
            write_out("", tree.trim(), &mut paths);
        }
    }
    paths
}

/// The module that `path` is named in by the file `of`, which is the module `own`.
fn named(own: &[String], path: &str) -> Vec<String> {
    let mut base = Vec::new();
    for (at, name) in path.split("::").enumerate() {
        match name {
            "crate" => {}
            "super" if at == 0 => base = own[..own.len() - 1].to_vec(),
            "super" => drop(base.pop()),
            "self" => base = own.to_vec(),
            name => base.push(name.trim().to_owned()),
        }
    }
    base
}

/// Files that import each other in a circle can only be understood all at once. (The root of a
/// module, which names its parts, is left out.)
#[test]
fn no_files_import_each_other_in_a_circle() {
    let own = |path: &PathBuf| -> Vec<String> {
        let relative = path.strip_prefix(source()).unwrap().with_extension("");
        let names = relative
            .iter()
            .map(|name| name.to_str().unwrap().to_owned());
        names.filter(|name| name != "mod").collect()
    };
    let all: BTreeMap<Vec<String>, PathBuf> = files(&source())
        .into_iter()
        .map(|path| (own(&path), path))
        .collect();
    let is_root = |module: &[String]| {
        all.keys()
            .any(|other| other.len() > module.len() && other.starts_with(module))
    };
    let file_of = |mut module: Vec<String>| {
        while !module.is_empty() && !all.contains_key(&module) {
            module.pop();
        }
        module
    };
    let mut imports: BTreeMap<&Vec<String>, BTreeSet<Vec<String>>> = BTreeMap::new();
    for (module, path) in all.iter().filter(|(module, _)| !is_root(module)) {
        let text = fs::read_to_string(path).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        let found = used(text)
            .into_iter()
            .map(|path| file_of(named(module, &path)));
        let others = found.filter(|other| other != module && !is_root(other));
        imports.insert(module, others.collect());
    }
    // A file that imports none of the others that are left is on no circle.
    while let Some(end) = imports.iter().find_map(|(module, others)| {
        let is_left = |other: &Vec<String>| imports.contains_key(other);
        (!others.iter().any(is_left)).then(|| (*module).clone())
    }) {
        imports.remove(&end);
    }
    let left: Vec<String> = imports.keys().map(|module| module.join("::")).collect();
    assert!(left.is_empty(), "on a circle or above one: {left:#?}");
}

/// Lines of a function at most.
const LONGEST: usize = 45;

/// Functions as rustfmt lays them out: from the line of `fn` to the closing brace with the same
/// indent.
#[test]
fn no_function_is_longer_than_the_cap() {
    let mut wrong = Vec::new();
    // Files that hold nothing but tests and their samples may list long tables.
    let only_tests = |path: &Path| path.ends_with("tests.rs") || path.ends_with("sample.rs");
    for path in files(&source()).iter().filter(|path| !only_tests(path)) {
        let text = fs::read_to_string(path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for (start, line) in lines.iter().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let is_function = line.trim_start().starts_with("fn ") || line.contains(" fn ");
            if !is_function || line.trim_start().starts_with("//") || line.ends_with(';') {
                continue;
            }
            let close = format!("{}}}", " ".repeat(indent));
            let length = lines[start..].iter().position(|line| *line == close);
            if let Some(length) = length.filter(|length| length + 1 > LONGEST) {
                wrong.push(format!("{}:{}: {length} lines", path.display(), start + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
