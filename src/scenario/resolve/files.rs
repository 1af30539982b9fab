//! Other files that a scenario names: csv columns and traces, each read once.
//!
//! A sweep resolves the scenario once a point, and a trace may have millions of rows: what was read
//! for one point is kept for the others. Relative paths begin at the scenario's folder, so that a
//! repository can be moved.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::engine::law::spec::NoLaw;
use crate::engine::time::Time;
use crate::scenario::text::suggest;
use crate::workload::trace::{self, Loaded, Spec, Survey};

/// The numbers of a csv file's column, or why there are none.
type Column = Result<Arc<[f64]>, NoLaw>;

/// Where other files are, and what was read of them.
#[derive(Debug, Default)]
pub struct Files {
    dir: PathBuf,
    traces: Option<PathBuf>,
    columns: Once<(PathBuf, String), Column>,
    surveys: Once<Spec, Result<Survey, trace::Problem>>,
    loaded: Once<(Spec, Time), Result<Arc<Loaded>, trace::Problem>>,
}

impl Files {
    /// Files named by a scenario in the folder `dir`; traces may also be in the folder `traces`.
    pub fn new(dir: &Path, traces: Option<&Path>) -> Files {
        Files {
            dir: dir.to_path_buf(),
            traces: traces.map(Path::to_path_buf),
            ..Files::default()
        }
    }

    /// The path of a trace.
    pub(super) fn locate(&self, file: &str) -> Result<PathBuf, trace::Problem> {
        trace::locate(Path::new(file), &self.dir, self.traces.as_deref())
    }

    /// What a trace holds.
    pub(super) fn survey(&self, spec: &Spec) -> Result<Survey, trace::Problem> {
        self.surveys.get(spec.clone(), trace::survey)
    }

    /// A trace in memory, cut into blocks.
    pub(super) fn load(
        &self,
        spec: &Spec,
        survey: &Survey,
        block: Time,
    ) -> Result<Arc<Loaded>, trace::Problem> {
        let load = |(spec, block): &(Spec, Time)| Loaded::new(spec, survey, *block).map(Arc::new);
        self.loaded.get((spec.clone(), block), load)
    }

    /// The numbers of a csv file's column.
    pub(super) fn column(&self, file: &Path, column: &str) -> Column {
        let key = (self.dir.join(file), column.to_owned());
        self.columns
            .get(key, |(path, column)| read_column(path, column))
    }
}

/// What was found out, so that it is found out only once.
#[derive(Debug)]
struct Once<K, V>(RefCell<Vec<(K, V)>>);

impl<K, V> Default for Once<K, V> {
    fn default() -> Self {
        Once(RefCell::default())
    }
}

impl<K: PartialEq, V: Clone> Once<K, V> {
    fn get(&self, key: K, find_out: impl FnOnce(&K) -> V) -> V {
        let mut all = self.0.borrow_mut();
        if let Some((_, found)) = all.iter().find(|(known, _)| *known == key) {
            return found.clone();
        }
        let found = find_out(&key);
        all.push((key, found.clone()));
        found
    }
}

fn read_column(path: &Path, column: &str) -> Column {
    let shown = path.display();
    let wrong = |message: String| NoLaw {
        key: "empirical.file",
        message,
    };
    let broken = |error: csv::Error| wrong(format!("{shown}: {error}"));
    let reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_path(path);
    let mut reader = reader.map_err(|error| {
        wrong(match error.kind() {
            csv::ErrorKind::Io(io) => format!(
                "{shown} cannot be read: {io}\ncheck the path; it starts at the scenario's folder"
            ),
            _ => format!("{shown} is no csv file: {error}"),
        })
    })?;
    let at = place(path, reader.headers().map_err(broken)?, column)?;
    let number = |row: csv::Result<csv::StringRecord>| {
        let row = row.map_err(broken)?;
        let text = row.get(at).unwrap_or("");
        let line = row.position().map_or(0, csv::Position::line);
        let number = text.parse::<f64>();
        number.map_err(|_| wrong(format!("{shown}:{line}: \"{text}\" is no number")))
    };
    let values: Vec<f64> = reader.records().map(number).collect::<Result<_, _>>()?;
    if values.is_empty() {
        let said = format!("{shown} has no rows\na law needs at least one value");
        return Err(wrong(said));
    }
    Ok(values.into())
}

/// The place of a column by its name.
fn place(path: &Path, header: &csv::StringRecord, column: &str) -> Result<usize, NoLaw> {
    let names: Vec<&str> = header.iter().collect();
    names
        .iter()
        .position(|name| *name == column)
        .ok_or_else(|| {
            let hint = suggest::hint(column, &names, "columns");
            NoLaw {
                key: "empirical.column",
                message: format!("{} has no column `{column}`\n{hint}", path.display()),
            }
        })
}
