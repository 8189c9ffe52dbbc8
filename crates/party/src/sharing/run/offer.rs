//! What there is to show on this desktop, as the person is asked about it.

use deskside_codec::Rect;
use deskside_platform::PlatformError;
use deskside_platform::x11::{Application, Monitor, Risk, X11};

use crate::sharing::{Offer, OneMonitor, Program};

/// Looks at the desktop. What cannot be listed cannot be chosen: then there is the whole screen or nothing.
pub(super) fn look(desktop: &X11) -> Offer {
    let unlisted = |error: PlatformError| tracing::warn!(%error, "there is less to choose from");
    let monitors = desktop.monitors().map_err(unlisted).unwrap_or_default();
    let programs = desktop.applications().map_err(unlisted).unwrap_or_default();
    offer(&monitors, programs)
}

fn offer(monitors: &[Monitor], programs: Vec<Application>) -> Offer {
    let several = if monitors.len() > 1 { monitors } else { &[] };
    Offer {
        monitors: several
            .iter()
            .map(|monitor| OneMonitor {
                id: monitor.id,
                name: monitor.name.clone(),
                place: place(monitor, several),
            })
            .collect(),
        programs: programs.into_iter().map(program).collect(),
    }
}

/// Where one of two or three monitors stands that are all side by side, or all one above the other.
fn place(this: &Monitor, all: &[Monitor]) -> Option<&'static str> {
    let before = |end: fn(&Rect) -> u32, start: fn(&Rect) -> u32| {
        let is_before = |a: &Monitor, b: &Monitor| end(&a.place) <= start(&b.place);
        let others = || all.iter().filter(|other| other.id != this.id);
        let (first, last) = (
            others().filter(|other| is_before(other, this)),
            others().filter(|other| is_before(this, other)),
        );
        let (before, behind) = (first.count(), last.count());
        (before + behind + 1 == all.len()).then_some((before, behind))
    };
    match (before(Rect::right, |rect| rect.x), before(Rect::bottom, |rect| rect.y)) {
        (Some((0, _)), None) => Some("on the left"),
        (Some((_, 0)), None) => Some("on the right"),
        (Some((1, 1)), None) => Some("in the middle"),
        (None, Some((0, _))) => Some("at the top"),
        (None, Some((_, 0))) => Some("at the bottom"),
        (None, Some((1, 1))) => Some("in the middle"),
        _ => None,
    }
}

fn program(application: Application) -> Program {
    let Application { id, name, titles, risk } = application;
    let warning = risk.map(|risk| match risk {
        Risk::Terminal => "With mouse and keyboard, whatever you could do on this computer can be done here.",
        Risk::FileManager => "With mouse and keyboard, all your files can be opened here.",
        Risk::Browser => "With mouse and keyboard, the pages where you are signed in can be used here.",
    });
    Program { id, name, title: titles.into_iter().next().unwrap_or_default(), warning }
}

#[cfg(test)]
mod tests {
    use deskside_session::MonitorId;

    use super::*;

    fn monitors(places: &[Rect]) -> Vec<Monitor> {
        let monitor = |(place, id): (&Rect, u32)| Monitor {
            id: MonitorId(id),
            name: format!("HDMI-{id}"),
            place: *place,
            is_primary: false,
        };
        places.iter().zip(1..).map(monitor).collect()
    }

    #[test]
    fn one_monitor_is_no_choice() {
        let one = Rect::new(0, 0, 10, 10);
        assert!(offer(&monitors(&[one]), Vec::new()).monitors.is_empty());
        assert_eq!(offer(&monitors(&[one, one]), Vec::new()).monitors.len(), 2);
    }

    #[test]
    fn a_monitor_is_called_by_where_it_stands_if_a_word_says_that() {
        let called = |places: &[Rect]| -> Vec<Option<&'static str>> {
            let offer = offer(&monitors(places), Vec::new());
            offer.monitors.iter().map(|monitor| monitor.place).collect()
        };
        let at = |x, y| Rect::new(x, y, 10, 10);
        let (left, middle, right) = (Some("on the left"), Some("in the middle"), Some("on the right"));
        assert_eq!(called(&[at(10, 3), at(0, 0)]), [right, left]);
        assert_eq!(called(&[at(0, 0), at(20, 0), at(10, 5)]), [left, right, middle]);
        assert_eq!(called(&[at(3, 10), at(0, 0)]), [Some("at the bottom"), Some("at the top")]);
        assert_eq!(called(&[at(0, 0), at(0, 0)]), [None, None], "one shows what the other does");
        assert_eq!(called(&[at(0, 0), at(10, 10)]), [None, None], "corner to corner");
        assert_eq!(called(&[at(0, 0), at(10, 0), at(20, 0), at(30, 0)]), [left, None, None, right]);
    }
}
