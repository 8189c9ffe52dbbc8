//! What there is to show on this desktop, as the person is asked about it.

use deskside_platform::PlatformError;
use deskside_platform::x11::{Application, Monitor, Risk, X11};

use crate::sharing::{Offer, Program};

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
        monitors: several.iter().map(|monitor| (monitor.id, monitor.name.clone())).collect(),
        programs: programs.into_iter().map(program).collect(),
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
    use deskside_codec::Rect;
    use deskside_session::MonitorId;

    use super::*;

    #[test]
    fn one_monitor_is_no_choice() {
        let monitor = |id, name: &str| Monitor {
            id: MonitorId(id),
            name: name.to_owned(),
            place: Rect::new(0, 0, 10, 10),
            is_primary: false,
        };
        assert!(offer(&[monitor(1, "HDMI-1")], Vec::new()).monitors.is_empty());
        assert_eq!(offer(&[monitor(1, "HDMI-1"), monitor(2, "DP-1")], Vec::new()).monitors.len(), 2);
    }
}
