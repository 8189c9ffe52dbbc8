//! What of the sharer's desktop a grant reaches. Chosen by the sharer's own person, enforced where the
//! screen is, and no part of any message: the other side learns names of what is shown, never of what is not.

use std::collections::BTreeSet;

/// A program with windows, by a number that the sharer's platform gave to it. It is never given to another one
/// while the session lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ApplicationId(pub u64);

/// A monitor, by a number that the sharer's platform gave to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MonitorId(pub u32);

/// Where to look at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Area {
    /// All monitors, with everything that is not hidden.
    Screen,
    /// One monitor, with everything on it that is not hidden.
    Monitor(MonitorId),
    /// The windows of these applications and nothing else.
    Applications(BTreeSet<ApplicationId>),
}

/// What may be seen and, with control, be touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Where to look.
    pub area: Area,
    /// Applications that are not shown in any case.
    pub hidden: BTreeSet<ApplicationId>,
    /// The background of the desktop and its icons.
    pub desktop: bool,
    /// Task bars and docks.
    pub panels: bool,
    /// Notifications of other applications.
    pub notifications: bool,
}

impl Scope {
    /// Everything.
    #[must_use]
    pub fn screen() -> Self {
        Self { area: Area::Screen, hidden: BTreeSet::new(), desktop: true, panels: true, notifications: true }
    }

    /// Everything on one monitor.
    #[must_use]
    pub fn monitor(monitor: MonitorId) -> Self {
        Self { area: Area::Monitor(monitor), ..Self::screen() }
    }

    /// These applications, without desktop, task bars and notifications.
    #[must_use]
    pub fn applications(applications: impl IntoIterator<Item = ApplicationId>) -> Self {
        Self {
            area: Area::Applications(applications.into_iter().collect()),
            hidden: BTreeSet::new(),
            desktop: false,
            panels: false,
            notifications: false,
        }
    }

    /// Whether nothing on the screen has to be kept back, but for what lies beyond the area.
    #[must_use]
    pub fn is_unmasked(&self) -> bool {
        let Self { area, hidden, desktop, panels, notifications } = self;
        !matches!(area, Area::Applications(_)) && hidden.is_empty() && *desktop && *panels && *notifications
    }

    /// Whether windows of this application are within.
    #[must_use]
    pub fn shows(&self, application: ApplicationId) -> bool {
        let is_chosen = match &self.area {
            Area::Screen | Area::Monitor(_) => true,
            Area::Applications(chosen) => chosen.contains(&application),
        };
        is_chosen && !self.hidden.contains(&application)
    }

    /// Whether this reaches nothing that the other one does not.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        let area = match (&self.area, &other.area) {
            (_, Area::Screen) => true,
            (Area::Monitor(this), Area::Monitor(other)) => this == other,
            (Area::Applications(this), Area::Applications(other)) => this.is_subset(other),
            _ => false,
        };
        // What is hidden there may also be missing here because it was not chosen.
        let hidden = other.hidden.iter().all(|application| !self.shows(*application));
        let no_more = |this: bool, other: bool| !this || other;
        area && hidden
            && no_more(self.desktop, other.desktop)
            && no_more(self.panels, other.panels)
            && no_more(self.notifications, other.notifications)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EDITOR: ApplicationId = ApplicationId(1);
    const BANK: ApplicationId = ApplicationId(2);

    #[test]
    fn what_is_narrower_lies_within() {
        let screen = Scope::screen();
        let without_bank = Scope { hidden: [BANK].into(), ..Scope::screen() };
        let editor = Scope::applications([EDITOR]);
        let monitor = Scope::monitor(MonitorId(1));
        for narrower in [&screen, &without_bank, &editor, &monitor] {
            assert!(narrower.is_within(&screen), "{narrower:?}");
            assert!(narrower.is_within(narrower), "{narrower:?}");
        }
        assert!(editor.is_within(&without_bank), "the bank was not chosen");
        for (wider, narrower) in [
            (&screen, &without_bank),
            (&screen, &editor),
            (&screen, &monitor),
            (&editor, &monitor),
            (&monitor, &editor),
            (&Scope::applications([EDITOR, BANK]), &editor),
            (&Scope::applications([EDITOR, BANK]), &without_bank),
            (&Scope { panels: true, ..editor.clone() }, &editor),
            (&Scope::monitor(MonitorId(2)), &monitor),
        ] {
            assert!(!wider.is_within(narrower), "{wider:?} in {narrower:?}");
        }
    }

    #[test]
    fn what_is_hidden_is_not_shown_even_if_it_was_chosen() {
        let scope = Scope { hidden: [BANK].into(), ..Scope::applications([EDITOR, BANK]) };
        assert!(scope.shows(EDITOR));
        assert!(!scope.shows(BANK));
        assert!(!Scope::screen().shows(BANK) || Scope::screen().is_unmasked());
        assert!(!scope.is_unmasked());
    }
}
