//! Medians of all runs, as a Markdown table.

use std::{fmt, fs, path::PathBuf, time::Duration};

use crate::{command::provider_name, life::Life};

pub(crate) struct Table {
    /// Start and end of `true`.
    pub(crate) bare: Vec<Duration>,
    /// This provider comes first.
    pub(crate) columns: Vec<Column>,
}

/// Measurements of one provider.
pub(crate) struct Column {
    pub(crate) binary: PathBuf,
    pub(crate) lives: Vec<Life>,
    pub(crate) commands: Vec<Duration>,
}

impl Column {
    pub(crate) fn new(binary: PathBuf) -> Self {
        Self { binary, lives: Vec::new(), commands: Vec::new() }
    }

    fn milliseconds(&self, of: impl Fn(&Life) -> Duration) -> f64 {
        median(self.lives.iter().map(|life| milliseconds(of(life))).collect())
    }
}

type Figure = fn(&Column) -> f64;

/// Name, number of digits, and figure.
const ROWS: [(&str, usize, Figure); 8] = [
    ("start to handshake line, ms", 2, |column| column.milliseconds(|life| life.line)),
    ("resident memory then, MiB", 2, |column| {
        median(column.lives.iter().map(|life| life.resident as f64 / 1024.0).collect())
    }),
    ("start to the first schemas, ms", 2, |column| column.milliseconds(|life| life.schemas)),
    ("connection to the first schemas, ms", 2, |column| {
        column.milliseconds(|life| life.schemas - life.connected)
    }),
    ("the same schemas again, ms", 2, |column| {
        column.milliseconds(|life| life.again - life.schemas)
    }),
    ("start to end with a shutdown after the schemas, ms", 2, |column| {
        column.milliseconds(|life| life.ended)
    }),
    ("`terraform providers schema`, ms", 0, |column| {
        median(column.commands.iter().copied().map(milliseconds).collect())
    }),
    ("size of the binary, MB", 2, |column| {
        fs::metadata(&column.binary).unwrap().len() as f64 / 1e6
    }),
];

/// Rows and their maximum values for this provider. The first one is for a machine on which `true`
/// takes about 0.7 ms.
const LIMITS: [(usize, f64); 4] = [(0, 2.5), (1, 6.0), (3, 1.0), (7, 7.0)];

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((ours, others)) = self.columns.split_first() else { return Ok(()) };
        write!(formatter, "| median of {} runs |", ours.lives.len())?;
        for column in &self.columns {
            write!(formatter, " {} |", provider_name(&column.binary))?;
        }
        writeln!(formatter, "\n|---|{}", "---|".repeat(self.columns.len()))?;
        for (name, digits, figure) in ROWS {
            let ours = figure(ours);
            if ours.is_nan() {
                continue;
            }
            write!(formatter, "| {name} | {ours:.digits$} |")?;
            for other in others {
                let figure = figure(other);
                write!(formatter, " {figure:.digits$} ({:.1}×) |", figure / ours)?;
            }
            writeln!(formatter)?;
        }
        let bare = median(self.bare.iter().copied().map(milliseconds).collect());
        writeln!(formatter, "\nStart and end of `true`: {bare:.2} ms.")?;
        for (row, limit) in LIMITS {
            let (name, digits, figure) = ROWS[row];
            let figure = figure(ours);
            let verdict = if figure <= limit { "yes" } else { "NO" };
            writeln!(formatter, "{name}: at most {limit:.digits$}: {figure:.digits$}: {verdict}.")?;
        }
        Ok(())
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// NaN if there are no values.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
