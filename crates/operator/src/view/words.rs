//! The sentences and numbers that the window shows.

use std::borrow::Cow;
use std::time::Duration;

use deskside_net::Quality;
use deskside_party::sharing::Line;
use deskside_party::sharing::view::line;
use deskside_proto::control::Suspension;
use deskside_proto::journal::{Action, GrantEnd, SessionEnd};
use deskside_proto::marks::Colour;
use deskside_proto::shown::{AreaNote, ScopeNote};
use deskside_ui::theme::Tone;

use crate::model::{Drawing, Keyboard, Permission, Refusal, Session, Tool, Zoom};

/// `9:42`, and from an hour on `1:09:42`.
pub(super) fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// `812 B`, `5.3 MB`: decimal units, as in data sheets of lines.
pub(super) fn bytes(count: u64) -> String {
    let mut amount = count as f64;
    for unit in ["B", "kB", "MB"] {
        if amount < 999.95 {
            return if unit == "B" { format!("{count} B") } else { format!("{amount:.1} {unit}") };
        }
        amount /= 1000.0;
    }
    format!("{amount:.1} GB")
}

/// The way that data takes.
fn path(quality: Quality) -> &'static str {
    if quality.udp { "UDP" } else { "TLS" }
}

/// How the connection is, in short and in a tone.
pub(super) fn quality(quality: Quality) -> (Tone, String) {
    (line(Line::of(quality)).0, format!("{} ms, {}", quality.rtt_ms, path(quality)))
}

/// How large the picture is shown, on the bar.
pub(super) fn zoom(zoom: Zoom, shown: f32) -> String {
    match zoom {
        Zoom::Fit => format!("Fit · {:.0} %", shown * 100.0),
        Zoom::Percent(percent) => format!("{percent} %"),
    }
}

/// A choice of the menu.
pub(super) fn zoom_entry(zoom: Zoom) -> String {
    match zoom {
        Zoom::Fit => "Fit to window".to_owned(),
        Zoom::Percent(percent) => format!("{percent} %"),
    }
}

/// What the button for the whole screen does and says, by whether the picture covers it already.
pub(super) fn full_screen(covers: bool) -> (bool, &'static str) {
    if covers { (false, "Leave full screen") } else { (true, "Full screen") }
}

/// What is measured, with its name; what is not known yet is a dash.
pub(super) fn details(session: &Session, size: (u32, u32), zoom: f32) -> [(&'static str, String); 6] {
    const UNKNOWN: &str = "–";
    let known = |text: Option<String>| text.unwrap_or_else(|| UNKNOWN.to_owned());
    let (rates, quality) = (session.statistics.rates, session.quality);
    let sharp = |exact| if exact { "every pixel" } else { "still coming" }.to_owned();
    [
        ("Pictures", known(rates.map(|rates| format!("{} a second", rates.updates)))),
        ("Data", known(rates.map(|rates| format!("{} kbit/s", grouped(rates.kilobits))))),
        ("Line", known(quality.map(|quality| line(Line::of(quality)).1.to_owned()))),
        ("Delay", known(quality.map(|quality| format!("{} ms, {}", quality.rtt_ms, path(quality))))),
        ("Size", format!("{} × {} at {:.0} %", size.0, size.1, zoom * 100.0)),
        ("Sharp", known(session.statistics.exact.map(sharp))),
    ]
}

/// `12 345`: thousands apart, by a space that does not break.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).unwrap_or_default())
        .collect();
    groups.join("\u{a0}")
}

/// What the customer does just now.
pub(super) fn customer(suspension: Option<Suspension>, paused: bool) -> (Tone, &'static str) {
    match suspension {
        _ if paused => (Tone::Warning, "Customer paused"),
        Some(Suspension::Paused) => (Tone::Warning, "Customer paused"),
        Some(Suspension::Hand) => (Tone::Warning, "Customer at the mouse"),
        Some(Suspension::Question) => (Tone::Info, "Customer answers"),
        Some(Suspension::Panel) => (Tone::Warning, "Panel covered"),
        None => (Tone::Good, "Customer connected"),
    }
}

/// Why the operator's own screen is not shown.
pub(super) fn not_shown(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Denied => "The customer did not want to see it.",
        Refusal::TimedOut => "The customer did not answer in time.",
        Refusal::Unavailable => "It cannot be shown just now.",
    }
}

/// Why input does not reach the customer's computer just now.
pub(super) fn rests(suspension: Option<Suspension>, paused: bool) -> Option<&'static str> {
    match suspension {
        _ if paused => Some("The customer has paused. The picture stands still until they go on."),
        Some(Suspension::Hand) => {
            Some("The customer is using the mouse. Yours goes on when theirs has rested.")
        }
        Some(Suspension::Question) => {
            Some("The customer is answering a question. Your input rests meanwhile.")
        }
        Some(Suspension::Paused) => Some("The customer has paused. Your input rests meanwhile."),
        Some(Suspension::Panel) => {
            Some("The customer's panel is covered or hidden. Your input rests until they can see it.")
        }
        None => None,
    }
}

/// What stands beside a button: how far the permission has come, and whether it rests.
pub(super) fn permission(
    action: Action,
    permission: Permission,
    rests: bool,
    shown: Option<&ScopeNote>,
) -> Option<(Tone, Cow<'static, str>)> {
    let see = action == Action::See;
    if let (Permission::Allowed(_), true, false) = (permission, see, rests) {
        return Some((Tone::Good, shown.map_or(SEEING.into(), scope)));
    }
    let (tone, words) = match permission {
        Permission::None => return None,
        Permission::Asking(_) => (Tone::Info, "Waiting for the customer…"),
        Permission::Allowed(_) if rests && see => (Tone::Warning, "Picture paused"),
        Permission::Allowed(_) if rests => (Tone::Warning, "Control rests"),
        Permission::Allowed(_) if action == Action::Point => (Tone::Good, "May draw"),
        Permission::Allowed(_) => (Tone::Good, "In control"),
        Permission::Refused(Refusal::Denied) => (Tone::Warning, "Refused"),
        Permission::Refused(Refusal::TimedOut) => (Tone::Warning, "No answer"),
        Permission::Refused(Refusal::Unavailable) => (Tone::Warning, "Not possible now"),
        Permission::Ended(GrantEnd::F11) => (Tone::Warning, "Stopped with F11"),
        Permission::Ended(GrantEnd::Revoked) => (Tone::Warning, "Taken back"),
        Permission::Ended(GrantEnd::Expired) => (Tone::Warning, "Time is over"),
        Permission::Ended(GrantEnd::GivenBack | GrantEnd::Narrowed | GrantEnd::SessionEnded) => {
            (Tone::Neutral, "Ended")
        }
    };
    Some((tone, words.into()))
}

/// What the mouse draws.
pub(super) fn tool(tool: Tool) -> &'static str {
    match tool {
        Tool::Pointer => "A ring, while the button is down",
        Tool::Arrow => "Arrow",
        Tool::Rectangle => "Rectangle",
        Tool::Pen => "Line by hand",
        Tool::Words => "Words",
    }
}

/// What is to be done for the next words to be on the customer's screen, and whether something hinders it.
pub(super) fn writing(drawing: &Drawing) -> (Tone, &'static str) {
    if drawing.lacks_words() {
        return (Tone::Warning, "Type the words first.");
    }
    if drawing.words().is_cut() {
        return (Tone::Warning, "Too long: not all of it fits.");
    }
    (Tone::Neutral, "Then click where they belong.")
}

/// What is drawn in.
pub(super) fn colour(colour: Colour) -> &'static str {
    match colour {
        Colour::Red => "Red",
        Colour::Yellow => "Yellow",
        Colour::Green => "Green",
        Colour::Blue => "Blue",
    }
}

const SEEING: &str = "Seeing the screen";

/// What may be seen, short enough for the bar.
fn scope(shown: &ScopeNote) -> Cow<'static, str> {
    const LONGEST: usize = 18;
    let short = |name: &str| {
        let cut: String = name.chars().take(LONGEST).collect();
        if cut.len() < name.len() { format!("{cut}…") } else { cut }
    };
    match &shown.area {
        AreaNote::Screen if shown.hidden == 0 => SEEING.into(),
        AreaNote::Screen => "Seeing a part of the screen".into(),
        AreaNote::Monitor(name) => format!("Seeing {}", short(name)).into(),
        AreaNote::Applications(names) => match names.as_slice() {
            [one] => format!("Seeing {}", short(one)).into(),
            many => format!("Seeing {} programs", many.len()).into(),
        },
    }
}

/// What may be seen, at length.
pub(super) fn scope_at_length(shown: &ScopeNote) -> String {
    let mut words = match &shown.area {
        AreaNote::Screen => "The customer shows the whole screen".to_owned(),
        AreaNote::Monitor(name) => format!("The customer shows the monitor {name}"),
        AreaNote::Applications(names) => format!("The customer shows {}", names.join(", ")),
    };
    match shown.hidden {
        0 => {}
        1 => words += ", without one program",
        many => words += &format!(", without {many} programs"),
    }
    words + ". What is grey is kept back."
}

/// Where the operator's keys go, while control is allowed.
pub(super) fn keyboard(keyboard: Keyboard, draws: bool, paused: bool, rests: bool) -> (Tone, &'static str) {
    match keyboard {
        Keyboard::Customer if paused => (
            Tone::Warning,
            "Paused: nothing you type reaches the customer — right Ctrl or click here to release",
        ),
        Keyboard::Customer if rests => (
            Tone::Warning,
            "Just now nothing you type reaches the customer — right Ctrl or click here to release",
        ),
        Keyboard::Here | Keyboard::Idle if paused => {
            (Tone::Warning, "Paused: nothing you type reaches the customer")
        }
        Keyboard::Customer => {
            (Tone::Info, "Keyboard goes to the customer — right Ctrl or click here to release")
        }
        Keyboard::Here | Keyboard::Idle if draws => {
            (Tone::Neutral, "The mouse draws, and the keyboard stays here")
        }
        Keyboard::Here | Keyboard::Idle => {
            (Tone::Neutral, "Keyboard stays here — click the picture to type on the customer's computer")
        }
    }
}

/// What stands where the picture would be: a heading and what to do.
pub(super) fn no_picture(see: Permission) -> (&'static str, &'static str) {
    match see {
        Permission::None => {
            ("The customer is connected", "Press Enter to ask whether you may see the screen.")
        }
        Permission::Asking(_) => {
            ("Waiting for the customer…", "They are being asked whether you may see their screen.")
        }
        Permission::Allowed(_) => {
            ("The picture is on its way", "It appears as soon as the first part has arrived.")
        }
        Permission::Refused(Refusal::Denied) => {
            ("The customer does not want to show the screen", "Talk to them, then ask again.")
        }
        Permission::Refused(Refusal::TimedOut) => (
            "The customer did not answer",
            "Ask them to look at the question on their screen, then ask again.",
        ),
        Permission::Refused(Refusal::Unavailable) => {
            ("The screen cannot be shown just now", "Wait a moment, then ask again.")
        }
        Permission::Ended(_) => {
            ("You no longer see the screen", "The permission has ended. You can ask again.")
        }
    }
}

/// Why a session ended.
pub(super) fn end(reason: SessionEnd) -> (&'static str, &'static str) {
    match reason {
        SessionEnd::Customer => {
            ("The customer ended the session", "They pressed Stop or closed their panel.")
        }
        SessionEnd::Operator => ("You ended the session", "The customer's program has stopped too."),
        SessionEnd::Refused => {
            ("The customer did not accept", "They were shown your name and organisation and said no.")
        }
        SessionEnd::ConnectionLost => (
            "The connection was lost",
            "A line broke, or the server was restarted. Start a new session to go on.",
        ),
        SessionEnd::DisplayLost => {
            ("The customer's screen went away", "They logged out, or their computer was shut down.")
        }
        SessionEnd::Protocol => (
            "The session was broken off",
            "The customer's program sent something that does not fit. Is it of the same version?",
        ),
        SessionEnd::TimedOut => {
            ("The customer did not answer", "They did not accept in time. Start a new session to try again.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_on_a_clock() {
        for (seconds, text) in [(0, "0:00"), (9, "0:09"), (582, "9:42"), (3600, "1:00:00"), (4182, "1:09:42")]
        {
            assert_eq!(clock(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn amounts_change_unit_where_the_digits_would_grow() {
        for (count, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (999_949, "999.9 kB"),
            (999_951, "1.0 MB"),
            (5_320_000, "5.3 MB"),
            (7_000_000_000, "7.0 GB"),
        ] {
            assert_eq!(bytes(count), text);
        }
    }

    #[test]
    fn large_numbers_have_their_thousands_apart() {
        for (number, text) in
            [(0, "0"), (999, "999"), (1000, "1\u{a0}000"), (1_234_567, "1\u{a0}234\u{a0}567")]
        {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn a_pause_is_said_before_anything_else() {
        assert_eq!(rests(None, false), None);
        assert!(rests(Some(Suspension::Hand), true).unwrap().contains("paused"));
        assert!(rests(Some(Suspension::Hand), false).unwrap().contains("mouse"));
    }
}
