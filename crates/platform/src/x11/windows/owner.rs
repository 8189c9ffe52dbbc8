//! Whose a window is, and whether a scope reaches it. Pure: what the display says comes in.

use std::collections::BTreeSet;

use deskside_session::{ApplicationId, Scope};

use super::process::Seen;

/// What a window is for (`_NET_WM_WINDOW_TYPE`, Extended Window Manager Hints 1.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A window of an application, with all its dialogs, menus and tooltips.
    Ordinary,
    /// The background with its icons.
    Desktop,
    /// A task bar or dock.
    Panel,
    /// A notification.
    Notification,
    /// What follows the pointer. Of an application it is ordinary; this program's own are the operator's marks.
    Dragged,
}

/// Whose a top-level window is, with all that is drawn within it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owner {
    /// It cannot be said; nothing is.
    Unknown,
    /// This process itself.
    Own,
    /// All of these draw in it.
    Applications(BTreeSet<ApplicationId>),
}

/// Whether a scope reaches a top-level window.
pub(crate) fn allows(scope: &Scope, owner: &Owner, kind: Kind) -> bool {
    let applications = match owner {
        Owner::Own => return false,
        Owner::Unknown => return scope.is_unmasked(),
        Owner::Applications(applications) => applications,
    };
    let special = |is_wanted: bool| is_wanted && applications.is_disjoint(&scope.hidden);
    match kind {
        Kind::Ordinary | Kind::Dragged => {
            !applications.is_empty() && applications.iter().all(|application| scope.shows(*application))
        }
        Kind::Desktop => special(scope.desktop),
        Kind::Panel => special(scope.panels),
        Kind::Notification => special(scope.notifications),
    }
}

/// One window of a top-level window's tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// The process whose connection made it.
    pub(super) application: Option<ApplicationId>,
    /// The window manager takes it for an application's window (`WM_STATE`).
    pub(super) is_client: bool,
    pub(super) kind: Option<Kind>,
    /// Of the process to which hints of this window point: `WM_TRANSIENT_FOR` and `WM_CLIENT_LEADER`.
    pub(super) hinted: Option<ApplicationId>,
}

/// What is known of the processes.
pub(super) trait Census {
    /// This process itself.
    fn own(&self) -> Option<ApplicationId>;
    fn window_manager(&self) -> Option<ApplicationId>;
    fn seen(&self, application: ApplicationId) -> Seen;
}

/// Whose a top-level window is, and of what kind: the window itself and all that lie within it.
pub(super) fn resolve(top: &Part, within: &[Part], census: &impl Census) -> (Owner, Kind) {
    let parts = || std::iter::once(top).chain(within);
    let kind = kind(top, within);
    if parts().any(|part| part.application.is_some() && part.application == census.own()) {
        return (Owner::Own, kind);
    }
    let kind = if kind == Kind::Dragged { Kind::Ordinary } else { kind };
    let Some(applications) = parts().map(|part| part.application).collect::<Option<BTreeSet<_>>>() else {
        return (Owner::Unknown, kind);
    };
    let is_other_client = |part: &Part| part.is_client && part.application != top.application;
    let is_frame = top.application == census.window_manager() && within.iter().any(is_other_client);
    // A process without windows of its own draws for the one in whose window it does.
    let is_counted = |application: &ApplicationId| {
        census.seen(*application).ordinary && !(is_frame && Some(*application) == top.application)
    };
    let mut owners: BTreeSet<_> = applications.into_iter().filter(is_counted).collect();
    if is_frame {
        let clients = within.iter().filter(|part| is_other_client(part));
        let hinted = |part: &Part| part.hinted.filter(|hinted| census.seen(*hinted).ordinary);
        owners.extend(clients.filter_map(|part| match part.application {
            Some(helper) if !census.seen(helper).ordinary => hinted(part).or(Some(helper)),
            application => application,
        }));
        return (Owner::Applications(owners), kind);
    }
    let Some(maker) = top.application else { return (Owner::Unknown, kind) };
    let seen = census.seen(maker);
    match (kind, seen.special) {
        // What a task bar pops up shows what is on the task bar, and previews of all windows.
        (Kind::Ordinary, Some(Kind::Panel)) if !top.is_client => {
            owners.insert(maker);
            (Owner::Applications(owners), Kind::Panel)
        }
        (Kind::Ordinary, _) if seen.ordinary => (Owner::Applications(owners), kind),
        (Kind::Ordinary, Some(special)) => {
            owners.insert(maker);
            (Owner::Applications(owners), special)
        }
        (Kind::Ordinary, None) => match top.hinted {
            Some(hinted) if census.seen(hinted).ordinary => {
                owners.insert(hinted);
                (Owner::Applications(owners), kind)
            }
            _ => (Owner::Unknown, kind),
        },
        (special, _) => {
            owners.insert(maker);
            (Owner::Applications(owners), special)
        }
    }
}

/// A frame is for what its clients are for; if they do not agree, it is nothing special.
fn kind(top: &Part, within: &[Part]) -> Kind {
    let mut kinds =
        within.iter().filter(|part| part.is_client).map(|part| part.kind.unwrap_or(Kind::Ordinary));
    match kinds.next() {
        None => top.kind.unwrap_or(Kind::Ordinary),
        Some(first) if kinds.all(|kind| kind == first) => first,
        Some(_) => Kind::Ordinary,
    }
}

#[cfg(test)]
mod tests {
    use super::{ApplicationId, Census, Kind, Owner, Part, Scope, Seen, allows, resolve};

    const OWN: ApplicationId = ApplicationId(1);
    const MANAGER: ApplicationId = ApplicationId(2);
    const EDITOR: ApplicationId = ApplicationId(3);
    const BANK: ApplicationId = ApplicationId(4);
    const BAR: ApplicationId = ApplicationId(5);
    const HELPER: ApplicationId = ApplicationId(6);
    /// With a task bar and windows of its own.
    const SHELL: ApplicationId = ApplicationId(7);

    struct Office;

    impl Census for Office {
        fn own(&self) -> Option<ApplicationId> {
            Some(OWN)
        }

        fn window_manager(&self) -> Option<ApplicationId> {
            Some(MANAGER)
        }

        fn seen(&self, application: ApplicationId) -> Seen {
            Seen {
                ordinary: [EDITOR, BANK, OWN, SHELL].contains(&application),
                special: [BAR, SHELL].contains(&application).then_some(Kind::Panel),
            }
        }
    }

    fn of(application: ApplicationId) -> Part {
        Part { application: Some(application), is_client: false, kind: None, hinted: None }
    }

    fn client(application: ApplicationId) -> Part {
        Part { is_client: true, ..of(application) }
    }

    fn owners(applications: &[ApplicationId]) -> Owner {
        Owner::Applications(applications.iter().copied().collect())
    }

    #[test]
    fn a_frame_is_its_clients_and_shown_if_all_are() {
        let (owner, kind) = resolve(&of(MANAGER), &[client(EDITOR), of(MANAGER)], &Office);
        assert_eq!((&owner, kind), (&owners(&[EDITOR]), Kind::Ordinary));
        assert!(allows(&Scope::applications([EDITOR]), &owner, kind));
        let (tabs, kind) = resolve(&of(MANAGER), &[client(EDITOR), client(BANK)], &Office);
        assert_eq!(tabs, owners(&[EDITOR, BANK]));
        assert!(!allows(&Scope::applications([EDITOR]), &tabs, kind));
        assert!(allows(&Scope::applications([EDITOR, BANK]), &tabs, kind));
        let own = resolve(&of(MANAGER), &[client(OWN)], &Office).0;
        assert_eq!(own, Owner::Own);
        assert!(!allows(&Scope::screen(), &own, Kind::Ordinary), "never one's own");
    }

    #[test]
    fn who_draws_in_a_window_counts_unless_he_is_a_helper() {
        assert_eq!(resolve(&client(EDITOR), &[of(BANK)], &Office).0, owners(&[EDITOR, BANK]));
        assert_eq!(resolve(&client(EDITOR), &[of(HELPER)], &Office).0, owners(&[EDITOR]));
        let nobody = Part { application: None, ..of(EDITOR) };
        let owner = resolve(&client(EDITOR), &[nobody], &Office).0;
        assert_eq!(owner, Owner::Unknown);
        assert!(!allows(&Scope::applications([EDITOR]), &owner, Kind::Ordinary));
        assert!(!allows(&Scope { hidden: [BANK].into(), ..Scope::screen() }, &owner, Kind::Ordinary));
        assert!(allows(&Scope::screen(), &owner, Kind::Ordinary), "nothing is hidden");
    }

    #[test]
    fn a_window_of_a_helper_belongs_to_whom_its_hints_point_to() {
        assert_eq!(resolve(&of(HELPER), &[], &Office).0, Owner::Unknown);
        let portal = Part { hinted: Some(EDITOR), ..of(HELPER) };
        assert_eq!(resolve(&portal, &[], &Office).0, owners(&[EDITOR]));
        let dialog = Part { is_client: true, ..portal };
        assert_eq!(resolve(&of(MANAGER), &[dialog], &Office).0, owners(&[EDITOR]));
        let lost = Part { hinted: Some(HELPER), ..of(HELPER) };
        assert_eq!(resolve(&lost, &[], &Office).0, Owner::Unknown);
        // An application that is hidden is not shown by pointing to another.
        let bank = Part { hinted: Some(EDITOR), ..of(BANK) };
        assert_eq!(resolve(&bank, &[], &Office).0, owners(&[BANK]));
        assert_eq!(resolve(&of(MANAGER), &[], &Office).0, Owner::Unknown, "menus of the window manager");
    }

    #[test]
    fn desktop_panels_and_notifications_have_their_own_switches() {
        let hidden = Scope { hidden: [BANK].into(), ..Scope::screen() };
        for (kind, off) in [
            (Kind::Desktop, Scope { desktop: false, ..Scope::screen() }),
            (Kind::Panel, Scope { panels: false, ..Scope::screen() }),
            (Kind::Notification, Scope { notifications: false, ..Scope::screen() }),
        ] {
            let special = |application| Part { kind: Some(kind), ..of(application) };
            let (owner, found) = resolve(&special(HELPER), &[], &Office);
            assert_eq!((&owner, found), (&owners(&[HELPER]), kind));
            assert!(allows(&hidden, &owner, kind));
            assert!(!allows(&off, &owner, kind));
            let (owner, found) = resolve(&special(BANK), &[], &Office);
            assert!(!allows(&hidden, &owner, found), "of a hidden application");
        }
        for bar in [BAR, SHELL] {
            let popped_up = resolve(&of(bar), &[], &Office);
            assert_eq!(popped_up, (owners(&[bar]), Kind::Panel), "what a task bar pops up");
        }
        assert_eq!(resolve(&client(SHELL), &[], &Office), (owners(&[SHELL]), Kind::Ordinary));
    }
}
