//! Other files that a scenario names: csv columns and traces, each read once.
//!
//! A sweep resolves the scenario once a point, and a trace may have millions of rows: what was read
//! for one point is kept for the others. Relative paths begin at the scenario's folder, so that a
//! repository can be moved.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::engine::column::Column;
use crate::engine::law::spec::NoLaw;
use crate::engine::time::Time;
use crate::workload::trace::{self, Loaded, Spec, Survey};

/// The numbers of a file's column, or why there are none.
type Values = Result<Arc<[f64]>, NoLaw>;

/// Where other files are, and what was read of them.
#[derive(Debug, Default)]
pub struct Files {
    dir: PathBuf,
    traces: Option<PathBuf>,
    columns: Once<(PathBuf, Column), Values>,
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

    /// The numbers of a file's column.
    pub(super) fn column(&self, file: &Path, column: &Column) -> Values {
        let key = (self.dir.join(file), column.clone());
        self.columns.get(key, |(path, column)| {
            let values = trace::read_column(path, column);
            values.map(Arc::from).map_err(no_law)
        })
    }
}

/// The problem of a file as that of the law that is read from it.
fn no_law(problem: trace::Problem) -> NoLaw {
    let place = problem
        .row
        .as_ref()
        .map_or(String::new(), |row| format!(":{}", row.line));
    let hint = problem.hint.unwrap_or_default();
    NoLaw {
        key: "empirical.file",
        message: format!(
            "{}{place}: {}\n{hint}",
            problem.file.display(),
            problem.message
        ),
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
