//! Programs in process groups of their own: what a guard started ends with it, with all its children.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::wait::wait_until;

/// How long a program may take to end when asked to.
const GRACE: Duration = Duration::from_secs(3);

/// The unit of times in /proc: Linux shows 100 ticks a second to programs on every machine.
const TICKS_PER_SECOND: f64 = 100.0;

/// A command that the kernel ends should the thread that starts it die first, even by `kill -9`.
#[must_use]
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}

/// A running program. Dropping it ends its whole process group.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    group: Pid,
    log: PathBuf,
}

impl Process {
    /// Starts `command` without a terminal; what it prints is appended to `<folder>/<name>.log`.
    ///
    /// # Errors
    /// When the log cannot be written or the program cannot be started.
    pub fn start(name: &str, folder: &Path, mut command: Command) -> Result<Self> {
        command.stdout(Self::open_log(name, folder)?);
        Self::spawn(name, folder, command)
    }

    /// The same, with standard output as a pipe in [`Self::take_output`].
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_piped(name: &str, folder: &Path, mut command: Command) -> Result<Self> {
        command.stdout(Stdio::piped());
        Self::spawn(name, folder, command)
    }

    fn open_log(name: &str, folder: &Path) -> Result<fs::File> {
        let path = folder.join(format!("{name}.log"));
        let opened = OpenOptions::new().create(true).append(true).open(&path);
        opened.with_context(|| format!("cannot write {}", path.display()))
    }

    fn spawn(name: &str, folder: &Path, mut command: Command) -> Result<Self> {
        let child = command
            .stdin(Stdio::null())
            .stderr(Self::open_log(name, folder)?)
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let group =
            i32::try_from(child.id()).ok().and_then(Pid::from_raw).context("a process has no number")?;
        Ok(Self { name: name.to_owned(), child, group, log: folder.join(format!("{name}.log")) })
    }

    /// Process number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The pipe of [`Self::start_piped`], once.
    pub fn take_output(&mut self) -> Option<std::process::ChildStdout> {
        self.child.stdout.take()
    }

    /// How it ended, or `None` while it runs.
    ///
    /// # Errors
    /// When the system cannot say.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().with_context(|| format!("cannot ask after {}", self.name))
    }

    /// Fails with the end of its log if it does not run any more.
    ///
    /// # Errors
    /// When it has ended.
    pub fn expect_running(&mut self) -> Result<()> {
        match self.ended()? {
            None => Ok(()),
            Some(status) => bail!("{} ended ({status}):\n{}", self.name, self.last_lines(15)),
        }
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When it still runs after `deadline`.
    pub fn wait(&mut self, deadline: Duration) -> Result<ExitStatus> {
        let what = format!("{} should end", self.name);
        crate::wait::wait_for(&what, deadline, || self.ended())
    }

    /// All that it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    fn last_lines(&self, count: usize) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(count)..].join("\n")
    }

    /// Processes of its group that are still there, itself included; zombies do not count.
    #[must_use]
    pub fn group_members(&self) -> Vec<u32> {
        let group = self.group.as_raw_nonzero().get();
        stats()
            .into_iter()
            .filter(|stat| stat.group == group && stat.state != 'Z')
            .map(|stat| stat.id)
            .collect()
    }

    /// CPU seconds used so far by the processes of its group that are alive, and by their dead children.
    #[must_use]
    pub fn cpu_seconds(&self) -> f64 {
        let group = self.group.as_raw_nonzero().get();
        let ticks: u64 = stats().into_iter().filter(|stat| stat.group == group).map(|stat| stat.ticks).sum();
        ticks as f64 / TICKS_PER_SECOND
    }

    /// Seconds for which the threads of its group that are alive have run so far, to the nanosecond.
    #[must_use]
    pub fn run_seconds(&self) -> f64 {
        let threads = self.group_members().into_iter().flat_map(|id| {
            let threads = fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
            threads.map(|thread| thread.path().join("schedstat"))
        });
        let nanoseconds = threads
            .filter_map(|file| fs::read_to_string(file).ok()?.split(' ').next()?.parse::<u64>().ok())
            .sum::<u64>();
        nanoseconds as f64 / 1e9
    }

    /// Sends a signal to the whole group.
    ///
    /// # Errors
    /// When the group is gone.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        kill_process_group(self.group, signal).with_context(|| format!("cannot signal {}", self.name))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A group that is gone already is what is wanted, and nobody could be told of another failure here.
        let asked = kill_process_group(self.group, Signal::TERM).is_ok();
        if asked {
            let gone =
                wait_until("end", GRACE, || self.child.try_wait().is_ok_and(|status| status.is_some()));
            if gone.is_err() || !self.group_members().is_empty() {
                kill_process_group(self.group, Signal::KILL).ok();
            }
        }
        drop(self.child.wait());
    }
}

struct Stat {
    id: u32,
    state: char,
    group: i32,
    ticks: u64,
}

/// The kernel's table of processes (proc_pid_stat(5)).
fn stats() -> Vec<Stat> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    numbers
        .filter_map(|id| {
            let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
            // The name in parentheses may hold anything, spaces and parentheses included.
            let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
            let ticks = fields.get(11..15)?.iter().filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
            Some(Stat {
                id,
                state: fields.first()?.chars().next()?,
                group: fields.get(2)?.parse().ok()?,
                ticks,
            })
        })
        .collect()
}
