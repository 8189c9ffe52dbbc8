//! What a session was like, in numbers, pictures and journals.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::Stage;
use crate::glass::Latency;
use crate::wait::wait_for;

/// The account of one session.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// From the last digit of the code to the operator's proven name on the customer's screen.
    pub connect: Option<Duration>,
    /// From the click on Allow to the customer's screen on the operator's display.
    pub first_picture: Option<Duration>,
    /// From a change on the customer's display to the operator's.
    pub latency: Option<Latency>,
    /// Wrong pixels at rest, in per cent.
    pub wrong_percent: Option<f64>,
    /// From F11 to the operator's program saying so.
    pub f11: Option<Duration>,
    /// From the click on Stop to the operator's program saying so.
    pub stop: Option<Duration>,
    /// Bytes, as the operator's program counts them.
    pub data: String,
    /// The customer's and the operator's journal, as text.
    pub journals: Vec<String>,
    /// Files that were kept.
    pub kept: Vec<PathBuf>,
}

impl Account {
    /// Keeps pictures of both displays.
    pub(super) fn keep(&mut self, stage: &Stage, name: &str) -> Result<()> {
        for (who, desktop) in [("customer", &stage.customer), ("operator", &stage.operator)] {
            let path = stage.folder().join(format!("{name}-{who}.png"));
            desktop.display().picture()?.save(&path)?;
            self.kept.push(path);
        }
        Ok(())
    }

    /// Keeps pictures of both displays if something went wrong while the programs still run.
    pub(super) fn seen<T>(&mut self, stage: &Stage, outcome: Result<T>) -> Result<T> {
        if outcome.is_err() {
            self.keep(stage, "failed")?;
        }
        outcome
    }

    /// Waits for both journals to be written, and keeps their texts.
    pub(super) fn journals(&mut self, stage: &Stage) -> Result<()> {
        for (who, desktop) in [("customer", &stage.customer), ("operator", &stage.operator)] {
            let home = desktop.home();
            let found = wait_for("a journal", super::PATIENCE, || Ok(journal(&home)))
                .with_context(|| format!("the {who}'s journal"))?;
            let text = fs::read_to_string(&found)?;
            ensure!(!text.trim().is_empty(), "the {who}'s journal is empty");
            let path = stage.folder().join(format!("journal-{who}.txt"));
            fs::write(&path, &text)?;
            self.journals.push(text);
            self.kept.push(path);
        }
        Ok(())
    }
}

/// The only journal text under a home.
fn journal(home: &Path) -> Option<PathBuf> {
    let mut folders = vec![home.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "txt")
                && path.to_string_lossy().contains("journal")
            {
                return Some(path);
            }
        }
    }
    None
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time =
            |time: Option<Duration>| time.map_or("–".to_owned(), |time| format!("{} ms", time.as_millis()));
        let quantile = |part| {
            let value = self.latency.as_ref().and_then(|latency| latency.quantile(part));
            value.map_or("–".to_owned(), |value| format!("{value:.1} ms"))
        };
        let flips = self.latency.as_ref().map_or(0, |latency| latency.seen.len());
        writeln!(f, "code typed → who is asking       {}", time(self.connect))?;
        writeln!(f, "Allow → first picture            {}", time(self.first_picture))?;
        writeln!(f, "pixel to pixel, {flips} changes      p50 {}, p95 {}", quantile(0.5), quantile(0.95))?;
        writeln!(
            f,
            "wrong pixels at rest             {:.3} % (the pointer included)",
            self.wrong_percent.unwrap_or(f64::NAN)
        )?;
        writeln!(f, "F11 → operator told              {}", time(self.f11))?;
        writeln!(f, "Stop → operator told             {}", time(self.stop))?;
        write!(f, "data                             {}", self.data)
    }
}
