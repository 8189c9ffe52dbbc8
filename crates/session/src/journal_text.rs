//! The journal as a text for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use deskside_proto::journal::{Action, Entry, Event, GrantEnd, SessionEnd, Verdict};
use deskside_proto::shown::{AreaNote, ScopeNote};
use deskside_proto::{GrantId, RequestId};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

use crate::journal::{Journal, Roles};

const DATE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
const TIME: &[BorrowedFormatItem<'_>] = format_description!("[hour]:[minute]:[second].[subsecond digits:3]");

impl Journal {
    /// One line an entry, times in UTC moved by `offset`; at the end who sealed it, and the hashes.
    #[must_use]
    pub fn to_text(&self, offset: UtcOffset) -> String {
        let roles = self.roles();
        let mut text = format!(
            "Deskside {} journal\n",
            if roles.is_demonstration { "demonstration" } else { "session" }
        );
        if let Some(first) = self.entries().next() {
            line(&mut text, "Date", &format_at(first.at_ms, offset, DATE));
            line(&mut text, "Times are", &zone(offset));
        }
        text.push('\n');
        let mut permissions = Permissions::default();
        for entry in self.entries() {
            permissions.learn(&entry.event);
            let at = format_at(entry.at_ms, offset, TIME);
            line(&mut text, &at, &describe(entry, roles, &permissions));
        }
        text.push('\n');
        for (who, party) in [(roles.sharer, &self.sharer), (roles.viewer, &self.viewer)] {
            let state =
                if party.seal.is_some() { "signed it" } else { "did not sign it (ended one-sidedly)" };
            line(&mut text, "Seal", &format!("the {who}'s program {state}"));
        }
        text.push_str("\nFor whoever checks it: SHA-256 of\n");
        for entry in self.entries() {
            hashes(&mut text, entry);
        }
        line(&mut text, "the last entry", &hex(&self.head));
        text
    }
}

/// What the requests and grants of a journal are for, as far as it was read.
#[derive(Default)]
struct Permissions {
    asked: BTreeMap<RequestId, Action>,
    given: BTreeMap<GrantId, Action>,
}

impl Permissions {
    fn learn(&mut self, event: &Event) {
        let (grant, action) = match event {
            Event::Asked { request, action, .. } => {
                self.asked.insert(*request, *action);
                return;
            }
            Event::Answered { request, verdict: Verdict::Allowed(grant) } => {
                (grant, self.asked.get(request).copied())
            }
            Event::Scoped { grant, replaces: Some(former), .. } => (grant, self.given.get(former).copied()),
            _ => return,
        };
        if let Some(action) = action {
            self.given.insert(*grant, action);
        }
    }

    /// A grant in the words of who reads it.
    fn name(&self, grant: GrantId) -> String {
        let action = self.given.get(&grant);
        let what = action.map_or_else(String::new, |action| format!(" (to {})", name(*action)));
        format!("permission {}{what}", grant.0)
    }
}

/// What an entry refers to by its hash.
fn hashes(text: &mut String, entry: &Entry) {
    match &entry.event {
        Event::Started { certificate, customer_certificate, follows, .. } => {
            line(text, "the operator's certificate", &hex(certificate));
            line(text, "the customer's certificate", &hex(customer_certificate));
            if let Some(entry) = follows {
                line(text, "the entry of the session's journal that allowed it", &hex(entry));
            }
        }
        Event::Asked { request, question, .. } => {
            line(text, &format!("the question of request {}", request.0), &hex(question));
        }
        _ => {}
    }
}

fn line(text: &mut String, left: &str, right: &str) {
    // Writing to a String cannot fail.
    writeln!(text, "{left}  {right}").unwrap_or_default();
}

/// `UTC`, or how far from it.
fn zone(offset: UtcOffset) -> String {
    let (hours, minutes, _) = offset.as_hms();
    let sign = if offset.is_negative() { '-' } else { '+' };
    match (hours.unsigned_abs(), minutes.unsigned_abs()) {
        (0, 0) => "UTC".to_owned(),
        (hours, minutes) => format!("UTC{sign}{hours:02}:{minutes:02}"),
    }
}

fn format_at(at_ms: i64, offset: UtcOffset, format: &[BorrowedFormatItem<'_>]) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at_ms) * 1_000_000)
        .ok()
        .and_then(|at| at.to_offset(offset).format(format).ok())
        .unwrap_or_else(|| format!("{at_ms} ms"))
}

fn describe(entry: &Entry, roles: Roles, permissions: &Permissions) -> String {
    let Roles { sharer, viewer, is_demonstration } = roles;
    match &entry.event {
        Event::Started { session, operator, organisation, .. } => clean(&if is_demonstration {
            format!("a demonstration in session {session} began: by operator {operator} of {organisation}")
        } else {
            format!("session {session} began: operator {operator} of {organisation}")
        }),
        Event::Asked { request, action, .. } => {
            format!("request {}: the {viewer} asked to {}", request.0, name(*action))
        }
        Event::Answered { request, verdict } => {
            format!("request {}: {}", request.0, describe_verdict(*verdict, roles))
        }
        Event::Scoped { grant, replaces, scope } => {
            let instead =
                replaces.map_or_else(String::new, |former| format!(", instead of permission {},", former.0));
            clean(&format!("{}{instead} reaches {}", permissions.name(*grant), describe_scope(scope)))
        }
        Event::GrantEnded { grant, reason } => {
            format!("{} ended: {}", permissions.name(*grant), describe_grant_end(*reason, roles))
        }
        Event::Paused => format!("the {sharer} paused the picture"),
        Event::Resumed => format!("the {sharer} let the picture go on"),
        Event::HandTookOver => format!("the {sharer}'s own hand took the mouse"),
        Event::PanelHidden(true) => format!("the {sharer}'s panel could not be seen, so input rested"),
        Event::PanelHidden(false) => format!("the {sharer}'s panel could be seen again"),
        Event::InputRefused { events: 1 } => format!(
            "one key press or mouse movement of the {viewer} was refused: it was not allowed just then"
        ),
        Event::InputRefused { events } => format!(
            "{events} key presses or mouse movements of the {viewer} were refused: they were not allowed just then"
        ),
        Event::Ended { reason } => format!("session ended: {}", describe_session_end(*reason)),
    }
}

fn describe_grant_end(reason: GrantEnd, Roles { sharer, viewer, .. }: Roles) -> String {
    match reason {
        GrantEnd::F11 => format!("the {sharer} pressed F11"),
        GrantEnd::Revoked => format!("the {sharer} took it back"),
        GrantEnd::GivenBack => format!("the {viewer} gave it back"),
        GrantEnd::Narrowed => "what it rests on ended".into(),
        GrantEnd::SessionEnded => "the session ended".into(),
        GrantEnd::Expired => "its time was over".into(),
    }
}

fn describe_session_end(reason: SessionEnd) -> &'static str {
    match reason {
        SessionEnd::Customer => "the customer stopped it",
        SessionEnd::Operator => "the operator ended it",
        SessionEnd::Refused => "the customer did not accept the operator",
        SessionEnd::ConnectionLost => "the connection was lost",
        SessionEnd::DisplayLost => "the screen that was shown went away",
        SessionEnd::Protocol => "a program broke the rules of the protocol",
        SessionEnd::TimedOut => "nobody answered in time",
    }
}

/// Names come from certificates and from programs; a control character must not forge a line of this text.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || is_direction_mark(c) { '\u{fffd}' } else { c }).collect()
}

fn describe_scope(scope: &ScopeNote) -> String {
    let ScopeNote { area, hidden, desktop, panels, notifications } = scope;
    let (area, is_whole) = match area {
        AreaNote::Screen => ("the whole screen".to_owned(), true),
        AreaNote::Monitor(name) => (format!("the monitor {name}"), true),
        AreaNote::Applications(names) => (format!("these programs: {}", names.join(", ")), false),
    };
    let besides = [(*desktop, "the desktop"), (*panels, "task bars"), (*notifications, "notifications")];
    let named: Vec<&str> =
        besides.iter().filter(|(is_shown, _)| *is_shown != is_whole).map(|(_, name)| *name).collect();
    let besides = match (named.is_empty(), is_whole) {
        (true, _) => String::new(),
        (false, true) => format!(", without {}", named.join(" and ")),
        (false, false) => format!(", and {}", named.join(" and ")),
    };
    let hidden = match hidden {
        0 => String::new(),
        1 => ", one program hidden".to_owned(),
        many => format!(", {many} programs hidden"),
    };
    format!("{area}{besides}{hidden}")
}

fn describe_verdict(verdict: Verdict, Roles { sharer, viewer, .. }: Roles) -> String {
    match verdict {
        Verdict::Allowed(grant) => format!("the {sharer} allowed it: permission {}", grant.0),
        Verdict::Denied => format!("the {sharer} said no"),
        Verdict::TimedOut => "nobody answered in time, which is a no".into(),
        Verdict::Withdrawn => format!("the {viewer} took the request back"),
        Verdict::Unavailable => "refused by the program without asking".into(),
    }
}

fn name(action: Action) -> &'static str {
    match action {
        Action::See => "see the screen",
        Action::Control => "use mouse and keyboard",
        Action::Point => "point and draw on the screen",
        Action::Demonstrate => "show a screen of their own",
    }
}

/// Marks that turn the direction of the text, and the two separators that some readers break lines at.
fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
