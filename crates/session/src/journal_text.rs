//! The journal as a text for people.

use std::fmt::Write as _;

use deskside_proto::journal::{Action, Entry, Event, GrantEnd, SessionEnd, Verdict};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

use crate::journal::Journal;

const DATE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
const TIME: &[BorrowedFormatItem<'_>] = format_description!("[hour]:[minute]:[second].[subsecond digits:3]");

impl Journal {
    /// One line an entry, times in UTC moved by `offset`; at the end who sealed it, and the hashes.
    #[must_use]
    pub fn to_text(&self, offset: UtcOffset) -> String {
        let mut text = String::from("Deskside session journal\n");
        if let Some(first) = self.entries().next() {
            line(&mut text, "Date", &format_at(first.at_ms, offset, DATE));
            line(&mut text, "Times are UTC", &offset.to_string());
        }
        text.push('\n');
        for entry in self.entries() {
            let at = format_at(entry.at_ms, offset, TIME);
            line(&mut text, &at, &describe(entry));
        }
        text.push('\n');
        for (who, party) in [("customer's", &self.sharer), ("operator's", &self.viewer)] {
            let state =
                if party.seal.is_some() { "signed it" } else { "did not sign it (ended one-sidedly)" };
            line(&mut text, "Seal", &format!("the {who} program {state}"));
        }
        text.push_str("\nFor whoever checks it: SHA-256 of\n");
        for entry in self.entries() {
            hashes(&mut text, entry);
        }
        line(&mut text, "the last entry", &hex(&self.head));
        text
    }
}

/// What an entry refers to by its hash.
fn hashes(text: &mut String, entry: &Entry) {
    match &entry.event {
        Event::Started { certificate, customer_certificate, .. } => {
            line(text, "the operator's certificate", &hex(certificate));
            line(text, "the customer's certificate", &hex(customer_certificate));
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

fn format_at(at_ms: i64, offset: UtcOffset, format: &[BorrowedFormatItem<'_>]) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at_ms) * 1_000_000)
        .ok()
        .and_then(|at| at.to_offset(offset).format(format).ok())
        .unwrap_or_else(|| format!("{at_ms} ms"))
}

fn describe(entry: &Entry) -> String {
    match &entry.event {
        Event::Started { session, operator, organisation, .. } => {
            format!("session {session} began: operator {operator} of {organisation}")
                .chars()
                // Names come from certificates; a control character must not forge a line of this text.
                .map(|c| if c.is_control() || is_direction_mark(c) { '\u{fffd}' } else { c })
                .collect()
        }
        Event::Asked { request, action, .. } => {
            format!("request {}: the operator asked to {}", request.0, name(*action))
        }
        Event::Answered { request, verdict } => {
            format!("request {}: {}", request.0, describe_verdict(*verdict))
        }
        Event::GrantEnded { grant, reason } => format!(
            "grant {} ended: {}",
            grant.0,
            match reason {
                GrantEnd::F11 => "the customer pressed F11",
                GrantEnd::Revoked => "the customer took it back",
                GrantEnd::GivenBack => "the operator gave it back",
                GrantEnd::Narrowed => "what it rests on ended",
                GrantEnd::SessionEnded => "the session ended",
            }
        ),
        Event::Paused => "the customer paused the picture".into(),
        Event::Resumed => "the customer let the picture go on".into(),
        Event::HandTookOver => "the customer's own hand took the mouse".into(),
        Event::InputRefused { events: 1 } => {
            "one key press or mouse movement of the operator was refused: it was not allowed just then".into()
        }
        Event::InputRefused { events } => format!(
            "{events} key presses or mouse movements of the operator were refused: they were not allowed just then"
        ),
        Event::Ended { reason } => format!(
            "session ended: {}",
            match reason {
                SessionEnd::Customer => "the customer stopped it",
                SessionEnd::Operator => "the operator ended it",
                SessionEnd::Refused => "the customer did not accept the operator",
                SessionEnd::ConnectionLost => "the connection was lost",
                SessionEnd::DisplayLost => "the screen that was shown went away",
                SessionEnd::Protocol => "a program broke the rules of the protocol",
                SessionEnd::TimedOut => "nobody answered in time",
            }
        ),
    }
}

fn describe_verdict(verdict: Verdict) -> String {
    match verdict {
        Verdict::Allowed(grant) => format!("the customer allowed it (grant {})", grant.0),
        Verdict::Denied => "the customer said no".into(),
        Verdict::TimedOut => "nobody answered in time, which is a no".into(),
        Verdict::Withdrawn => "the operator took the request back".into(),
        Verdict::Unavailable => "refused by the program without asking".into(),
    }
}

fn name(action: Action) -> &'static str {
    match action {
        Action::See => "see the screen",
        Action::Control => "use mouse and keyboard",
        Action::Point => "point and draw on the screen",
    }
}

/// Marks that turn the direction of the text, and the two separators that some readers break lines at.
fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
