//! `output/gallery/validation.md`: every row of the reference beside its simulation.

use std::fmt::Write;
use std::path::Path;

use super::REPLICATIONS;
use super::agreement::Verdict;

/// Where the page is.
pub const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/output/gallery/validation.md");

/// Writes the page of `verdicts`, which are in the order of the reference; whole or not at all.
pub fn write(page: &Path, verdicts: &[Verdict]) {
    let writing = page.with_extension("md.writing");
    std::fs::write(&writing, text(verdicts)).unwrap();
    std::fs::rename(&writing, page).unwrap();
}

const HEAD: &[&str] = &[
    "parameters",
    "strategy",
    "quantity",
    "theory",
    "simulation",
    "95 % interval",
    "allowed",
    "agreement",
];

fn text(verdicts: &[Verdict]) -> String {
    let mut page = head(verdicts);
    for entry in verdicts.chunk_by(|a, b| a.row.id == b.row.id) {
        let row = &entry[0].row;
        write!(page, "\n## {} {}\n\n{}.\n\n", row.id, row.model, row.source).unwrap();
        line(&mut page, HEAD);
        line(&mut page, &["---"; 8]);
        for verdict in entry {
            line(
                &mut page,
                &verdict.cells().map(|cell| cell.replace('|', "\\|")),
            );
        }
    }
    page
}

fn line<S: AsRef<str>>(page: &mut String, cells: &[S]) {
    let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
    writeln!(page, "| {} |", cells.join(" | ")).unwrap();
}

fn head(verdicts: &[Verdict]) -> String {
    let informational = verdicts.iter().filter(|v| v.is_informational()).count();
    let judged = verdicts.len() - informational;
    let differ = verdicts.iter().filter(|v| !v.agrees()).count();
    format!(
        "# Theory beside simulation

Models with known answers, each row of [tests/reference.csv](../../tests/reference.csv) that the
simulator can express beside its simulation. Written by

```sh
cargo test --release --test it -- --ignored theory --nocapture
```

with equipoise {version}, seed 1, {REPLICATIONS} replications of each model (how many tasks:
[tests/verify/lengths.csv](../../tests/verify/lengths.csv)). Times are in mean services.

**{judged} judged rows: {agree} agree, {differ} differ. {informational} informational rows are shown, not judged.**

How agreement is judged: simulation and theory may be apart by what *allowed* says: 4 standard errors
of the simulation (of the difference, where the reference is itself a simulation), or the share of the
value that the reference gives for limits and published digits, plus half a unit of the last printed
digit; and the 95 % interval must be no wider than ± 3 % of the value. *Informational* rows are
approximations, bounds and limits far from the number of nodes that is run. About 300 rows at 4
standard errors: 4 % of correct simulators would have one that differs by chance.

Little's law, the utilisation law and the conservation of jobs, tasks and attempts (V1 of the catalogue)
hold exactly, in whole nanoseconds, in every replication of every row: one that breaks them ends with
an error.
",
        version = env!("CARGO_PKG_VERSION"),
        agree = judged - differ,
    )
}

#[test]
fn the_page_is_in_the_order_of_the_reference_and_counts_its_rows() {
    let verdicts = super::check("V57", false);
    let page = text(&verdicts);
    let agreed = verdicts.len();
    assert!(
        page.contains(&format!(
            "**{agreed} judged rows: {agreed} agree, 0 differ."
        )),
        "{page}"
    );
    assert!(page.contains("## V57 List scheduling and LPT worst cases\n"));
    let places =
        ["m=2 ", "m=3 ", "m=4 ", "m=5 ", "m=10 "].map(|m| page.find(&format!("| {m}")).unwrap());
    assert!(places.is_sorted(), "{page}");
    let rows = page.lines().filter(|line| line.starts_with("| m=")).count();
    assert_eq!(rows, agreed);
}
