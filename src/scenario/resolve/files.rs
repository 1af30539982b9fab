//! Other files that a scenario names: csv columns and traces, each read once.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::engine::dist::Fault;
use crate::engine::time::Time;
use crate::workload::trace::{self, Loaded, Spec, Survey};

/// Where other files are, and what was read of them.
#[derive(Debug, Default)]
pub struct Files {
    dir: PathBuf,
    traces: Option<PathBuf>,
    columns: RefCell<Vec<Column>>,
    surveys: RefCell<Vec<(Spec, Result<Survey, trace::Problem>)>>,
    loaded: RefCell<Vec<(Spec, Time, Arc<Loaded>)>>,
}

/// File, column and its values.
type Column = ((PathBuf, String), Result<Arc<[f64]>, Fault>);

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
    pub fn locate(&self, file: &str) -> Result<PathBuf, trace::Problem> {
        trace::locate(Path::new(file), &self.dir, self.traces.as_deref())
    }

    /// What a trace holds.
    pub fn survey(&self, spec: &Spec) -> Result<Survey, trace::Problem> {
        if let Some((_, found)) = self
            .surveys
            .borrow()
            .iter()
            .find(|(known, _)| known == spec)
        {
            return found.clone();
        }
        let found = trace::survey(spec);
        self.surveys
            .borrow_mut()
            .push((spec.clone(), found.clone()));
        found
    }

    /// A trace in memory, cut into blocks.
    pub fn load(
        &self,
        spec: &Spec,
        survey: &Survey,
        block: Time,
    ) -> Result<Arc<Loaded>, trace::Problem> {
        let known = self
            .loaded
            .borrow()
            .iter()
            .find(|(s, b, _)| s == spec && *b == block)
            .map(|(_, _, l)| l.clone());
        if let Some(loaded) = known {
            return Ok(loaded);
        }
        let loaded = Arc::new(Loaded::new(spec, survey, block)?);
        self.loaded
            .borrow_mut()
            .push((spec.clone(), block, loaded.clone()));
        Ok(loaded)
    }

    /// The numbers of a csv file's column.
    pub fn column(&self, file: &Path, column: &str) -> Result<Arc<[f64]>, Fault> {
        let key = (self.dir.join(file), column.to_owned());
        if let Some((_, found)) = self
            .columns
            .borrow()
            .iter()
            .find(|(known, _)| *known == key)
        {
            return found.clone();
        }
        let found = read_column(&key.0, column);
        self.columns.borrow_mut().push((key, found.clone()));
        found
    }
}

fn read_column(path: &Path, column: &str) -> Result<Arc<[f64]>, Fault> {
    let file = |said: String| Fault {
        key: "empirical.file".to_owned(),
        message: said,
    };
    let shown = path.display();
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_path(path)
        .map_err(|error| match error.kind() {
            csv::ErrorKind::Io(io) => file(format!(
                "{shown} cannot be read: {io}\ncheck the path; it starts at the scenario's folder"
            )),
            _ => file(format!("{shown} is no csv file: {error}")),
        })?;
    let header = reader
        .headers()
        .map_err(|error| file(format!("{shown}: {error}")))?
        .clone();
    let Some(at) = header.iter().position(|name| name == column) else {
        let names: Vec<&str> = header.iter().collect();
        let message = format!(
            "{shown} has no column `{column}`\n{}",
            crate::scenario::text::suggest::hint(column, &names, "columns")
        );
        return Err(Fault {
            key: "empirical.column".to_owned(),
            message,
        });
    };
    let mut values = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| file(format!("{shown}: {error}")))?;
        let text = row.get(at).unwrap_or("");
        let line = row.position().map_or(0, csv::Position::line);
        values.push(
            text.parse()
                .map_err(|_| file(format!("{shown}:{line}: \"{text}\" is no number")))?,
        );
    }
    if values.is_empty() {
        return Err(file(format!(
            "{shown} has no rows\na law needs at least one value"
        )));
    }
    Ok(values.into())
}
