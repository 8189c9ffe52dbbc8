//! Which process is which application, for as long as the handle of the display lasts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use deskside_session::ApplicationId;

use super::owner::Kind;

/// A process. Its number alone is given to another one some day; together with the time it began, never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Process {
    pid: u32,
    /// In clock ticks since the system began.
    started: u64,
}

/// What windows of its own a process has had. What has been seen once counts for as long as it lives: an
/// application does not become somebody's helper because its only window was moved into another one.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Windows that people know as an application's.
    pub(crate) ordinary: bool,
    /// The kind of its other windows.
    pub(crate) special: Option<Kind>,
}

#[derive(Debug, Default)]
struct Known {
    numbers: BTreeMap<Process, ApplicationId>,
    seen: BTreeMap<ApplicationId, Seen>,
}

/// Gives processes their numbers, the same ones to all parts that have a clone of it.
#[derive(Debug, Default, Clone)]
pub(crate) struct Processes(Arc<Mutex<Known>>);

impl Processes {
    /// The number of a process that runs; `None` if nothing can be learnt about it.
    pub(crate) fn identify(&self, pid: u32) -> Option<ApplicationId> {
        let process = Process { pid, started: started(pid)? };
        let mut known = self.known();
        let next = ApplicationId(known.numbers.len() as u64 + 1);
        Some(*known.numbers.entry(process).or_insert(next))
    }

    /// The process behind a number, if it still runs.
    pub(crate) fn pid(&self, application: ApplicationId) -> Option<u32> {
        let known = self.known();
        let mut numbers = known.numbers.iter();
        let process = *numbers.find(|(_, number)| **number == application)?.0;
        Some(process.pid).filter(|pid| started(*pid) == Some(process.started))
    }

    /// A process has a window of this kind that no other one manages.
    pub(crate) fn saw(&self, application: ApplicationId, kind: Kind) {
        let mut known = self.known();
        let seen = known.seen.entry(application).or_default();
        match kind {
            Kind::Ordinary | Kind::Dragged => seen.ordinary = true,
            // A task bar shows more of others than anything else does.
            _ if seen.special == Some(Kind::Panel) => {}
            special => seen.special = Some(special),
        }
    }

    pub(crate) fn seen(&self, application: ApplicationId) -> Seen {
        self.known().seen.get(&application).copied().unwrap_or_default()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When a process began (proc(5), the 22nd field of `stat`).
fn started(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field, the name, is in brackets and may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_ascii_whitespace().nth(19)?.parse().ok()
}

/// The name that the process bears (proc(5), `comm`), at most 15 bytes.
pub(super) fn name(pid: u32) -> Option<String> {
    Some(std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Kind, Processes, Seen};

    #[test]
    fn a_process_keeps_its_number_and_no_other_gets_it() {
        let processes = Processes::default();
        let this = processes.identify(std::process::id()).unwrap();
        let other = processes.identify(1).unwrap();
        assert_ne!(this, other);
        assert_eq!(processes.clone().identify(std::process::id()), Some(this));
        assert_eq!(processes.pid(this), Some(std::process::id()));
        // Beyond the largest that the kernel gives.
        assert_eq!(processes.identify(u32::MAX), None);
    }

    #[test]
    fn what_was_seen_of_a_process_is_remembered() {
        let processes = Processes::default();
        let this = processes.identify(std::process::id()).unwrap();
        assert_eq!(processes.seen(this), Seen::default());
        processes.saw(this, Kind::Panel);
        processes.saw(this, Kind::Ordinary);
        assert_eq!(processes.seen(this), Seen { ordinary: true, special: Some(Kind::Panel) });
    }
}
