//! What is shown, as the person chooses it: everything, one monitor, all but some programs, or only some.

use std::collections::BTreeSet;

use deskside_proto::shown::{AreaNote, MAX_LABEL, MAX_LABELS, ScopeNote};
use deskside_session::{ApplicationId, Area, MonitorId, Scope};

use crate::sharing::net::Choice;

/// A program that has windows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Its number on this computer.
    pub id: ApplicationId,
    /// Its name.
    pub name: String,
    /// Title of one of its windows, to tell it from others of the same name.
    pub title: String,
    /// What somebody who controls it reaches beyond it, in words for the person.
    pub warning: Option<&'static str>,
}

/// A monitor of several that can be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneMonitor {
    /// Its number.
    pub id: MonitorId,
    /// What the system calls it, which nobody has to know who looks at it.
    pub name: String,
    /// Where it stands beside the others, to be said after "the monitor"; `None` if that takes more than a word.
    pub place: Option<&'static str>,
}

/// What there is to choose from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Offer {
    /// Monitors, if there are several.
    pub monitors: Vec<OneMonitor>,
    /// Programs with windows.
    pub programs: Vec<Program>,
}

/// The kinds of what can be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// The whole screen.
    Everything,
    /// The whole screen without the ticked programs.
    AllBut,
    /// The ticked programs and nothing else.
    Only,
    /// This monitor of the offer.
    Monitor(usize),
}

/// What the person has chosen so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choosing {
    /// What there is.
    pub(crate) offer: Offer,
    /// Which kind.
    pub(crate) show: Show,
    /// Programs to hide or to show, as the kind says.
    pub(crate) ticked: BTreeSet<ApplicationId>,
    /// Programs that were hidden before and have no window just now, so that nobody could tick them again.
    kept: BTreeSet<ApplicationId>,
    /// Background of the desktop, task bars, notifications: whether they are shown with chosen programs, or with
    /// what remains of the screen.
    pub(crate) surroundings: [bool; 3],
}

impl Choosing {
    pub(super) fn new(offer: Offer) -> Self {
        let (ticked, kept) = (BTreeSet::new(), BTreeSet::new());
        Self { offer, show: Show::Everything, ticked, kept, surroundings: [true; 3] }
    }

    /// As it was chosen before, as far as there is still the same to choose from.
    pub(super) fn begin_with(&mut self, chosen: &Self) {
        let monitor = |place: usize| chosen.offer.monitors.get(place).map(|monitor| monitor.id);
        self.show = match chosen.show {
            Show::Monitor(place) => {
                let same = self.offer.monitors.iter().position(|this| Some(this.id) == monitor(place));
                same.map_or(Show::Everything, Show::Monitor)
            }
            other => other,
        };
        (self.ticked, self.surroundings) = (chosen.ticked.clone(), chosen.surroundings);
        let hidden: &[_] = match chosen.show {
            Show::AllBut => &[&chosen.ticked, &chosen.kept],
            Show::Only | Show::Monitor(_) => &[&chosen.kept],
            // Whoever showed everything has hidden nothing any more.
            Show::Everything => &[],
        };
        self.kept =
            hidden.iter().copied().flatten().copied().filter(|hidden| !self.offers(*hidden)).collect();
    }

    /// Another kind. What goes with programs alone is little, until the person says otherwise.
    pub(crate) fn pick(&mut self, show: Show) {
        if self.show != show {
            // A tick hides in one kind and shows in another.
            self.ticked = if show == Show::AllBut { self.kept.clone() } else { BTreeSet::new() };
        }
        self.show = show;
        self.surroundings = [show != Show::Only; 3];
    }

    /// Shows or hides a program.
    pub(crate) fn tick(&mut self, program: ApplicationId) {
        if !self.ticked.remove(&program) {
            self.ticked.insert(program);
        }
    }

    /// How many programs stay hidden that have no window just now.
    #[must_use]
    pub(crate) fn absent(&self) -> usize {
        match self.show {
            Show::AllBut => self.ticked.iter().filter(|ticked| !self.offers(**ticked)).count(),
            Show::Everything | Show::Only | Show::Monitor(_) => 0,
        }
    }

    fn offers(&self, program: ApplicationId) -> bool {
        self.offer.programs.iter().any(|offered| offered.id == program)
    }

    /// Whether programs are to be ticked.
    #[must_use]
    pub(crate) fn lists_programs(&self) -> bool {
        matches!(self.show, Show::AllBut | Show::Only)
    }

    /// What was chosen; `None` while nothing would be shown or hidden.
    #[must_use]
    pub(crate) fn choice(&self) -> Option<Choice> {
        let ticked: Vec<&Program> =
            self.offer.programs.iter().filter(|program| self.ticked.contains(&program.id)).collect();
        let (area, hidden, note) = match self.show {
            Show::Everything => (Area::Screen, BTreeSet::new(), AreaNote::Screen),
            Show::AllBut if self.ticked.is_empty() => return None,
            // Also what was hidden before and has no window just now: it may have one again.
            Show::AllBut => (Area::Screen, self.ticked.clone(), AreaNote::Screen),
            Show::Only if ticked.is_empty() => return None,
            Show::Only => {
                let ids = ticked.iter().map(|program| program.id).collect();
                let names = ticked.iter().take(MAX_LABELS).map(|program| label(&program.name));
                (Area::Applications(ids), BTreeSet::new(), AreaNote::Applications(names.collect()))
            }
            Show::Monitor(place) => {
                let monitor = self.offer.monitors.get(place)?;
                (Area::Monitor(monitor.id), BTreeSet::new(), AreaNote::Monitor(label(&monitor.name)))
            }
        };
        let [desktop, panels, notifications] = self.surroundings;
        let note = ScopeNote { area: note, hidden: hidden.len() as u32, desktop, panels, notifications };
        Some(Choice { scope: Scope { area, hidden, desktop, panels, notifications }, note })
    }
}

/// A name that fits into a message.
fn label(name: &str) -> String {
    let mut name = name.to_owned();
    name.truncate(name.floor_char_boundary(MAX_LABEL));
    name
}

/// What may be seen, to stand after "sees".
pub(crate) fn shown_words(note: &ScopeNote) -> String {
    let without = match note.hidden {
        0 => String::new(),
        1 => " without one program".to_owned(),
        many => format!(" without {many} programs"),
    };
    match &note.area {
        AreaNote::Screen => format!("your screen{without}"),
        AreaNote::Monitor(_) => format!("only one of your monitors{without}"),
        AreaNote::Applications(names) => match names.as_slice() {
            [one] => format!("only {one}"),
            [one, two] => format!("only {one} and {two}"),
            [one, two, three] => format!("only {one}, {two} and {three}"),
            many => format!("only {} programs", many.len()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer() -> Offer {
        let program = |id, name: &str| Program {
            id: ApplicationId(id),
            name: name.to_owned(),
            title: String::new(),
            warning: None,
        };
        let monitor = |id, name: &str| OneMonitor { id: MonitorId(id), name: name.to_owned(), place: None };
        Offer {
            monitors: vec![monitor(7, "HDMI-1"), monitor(9, "DP-2")],
            programs: vec![program(1, "Editor"), program(2, "Bank")],
        }
    }

    /// Row N9: what is chosen is what the grant reaches, and only names of what is shown are told.
    #[test]
    fn each_choice_is_its_scope() {
        let mut choosing = Choosing::new(offer());
        assert_eq!(choosing.choice(), Some(Choice::screen()));
        choosing.pick(Show::Only);
        assert_eq!(choosing.choice(), None, "nothing is ticked");
        choosing.tick(ApplicationId(1));
        let only = choosing.choice().unwrap();
        assert_eq!(only.scope, Scope::applications([ApplicationId(1)]));
        assert_eq!(shown_words(&only.note), "only Editor");
        choosing.pick(Show::AllBut);
        assert_eq!(choosing.choice(), None, "what was ticked to be shown is not hidden by that");
        choosing.tick(ApplicationId(2));
        let without = choosing.choice().unwrap();
        assert!(!without.scope.shows(ApplicationId(2)) && without.scope.shows(ApplicationId(1)));
        assert!(!format!("{:?}", without.note).contains("Bank"), "a hidden name is told");
        assert_eq!(shown_words(&without.note), "your screen without one program");
        choosing.pick(Show::Monitor(1));
        assert_eq!(choosing.choice().unwrap().scope, Scope::monitor(MonitorId(9)));
    }

    /// A program may have no window while the person chooses anew. It was hidden, and stays so.
    #[test]
    fn what_was_hidden_stays_hidden_without_a_window() {
        let mut before = Choosing::new(offer());
        before.pick(Show::AllBut);
        before.tick(ApplicationId(2));
        assert_eq!(before.absent(), 0);
        let mut choosing = Choosing::new(Offer { programs: vec![offer().programs.remove(0)], ..offer() });
        choosing.begin_with(&before);
        assert_eq!(choosing.absent(), 1);
        choosing.tick(ApplicationId(1));
        let scope = choosing.choice().unwrap().scope;
        assert!(!scope.shows(ApplicationId(1)) && !scope.shows(ApplicationId(2)), "{scope:?}");
        // Also by way of another kind.
        choosing.pick(Show::Only);
        assert_eq!(choosing.choice(), None);
        choosing.pick(Show::AllBut);
        assert!(!choosing.choice().unwrap().scope.shows(ApplicationId(2)));
        // Until it is said in words that everything is shown.
        choosing.pick(Show::Everything);
        assert_eq!(choosing.choice(), Some(Choice::screen()));
    }

    #[test]
    fn a_program_that_has_gone_is_not_chosen() {
        let mut choosing = Choosing::new(offer());
        choosing.pick(Show::Only);
        choosing.tick(ApplicationId(99));
        assert_eq!(choosing.choice(), None);
    }
}
