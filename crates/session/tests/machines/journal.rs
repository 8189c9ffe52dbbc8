//! The journal: both sides have the same, sealed by both, and every change to it is found.

use deskside_proto::journal::{Action, Event, SessionEnd};
use deskside_session::{Journal, JournalError};
use time::UtcOffset;

use crate::consent::{ask, controlled};
use crate::pair::{OPERATOR, Pair};

fn finished() -> (Journal, Journal) {
    let (mut pair, _see, _control, _) = controlled(20);
    pair.sharer.f11(pair.now);
    pair.run_ms(200);
    ask(&mut pair, Action::Control, false);
    pair.viewer.end(SessionEnd::Operator, pair.now);
    pair.run_ms(500);
    assert!(pair.sharer.is_over() && pair.viewer.is_over());
    (pair.sharer.journal().clone(), pair.viewer.journal().clone())
}

/// Row B4 in first form: both sides hold the same chain, signed by both programs.
#[test]
fn both_sides_keep_the_same_journal_sealed_by_both() {
    let (sharer, viewer) = finished();
    assert_eq!(sharer, viewer);
    assert_eq!(sharer.sealed_by(), (true, true));
    assert_eq!(sharer.verify(), Ok(()));
    let read = Journal::decode(&sharer.encode()).unwrap();
    assert_eq!(read, sharer);
}

#[test]
fn the_text_tells_the_story_in_order() {
    let text = finished().0.to_text(UtcOffset::UTC);
    let story = [
        OPERATOR,
        "asked to see the screen",
        "the customer allowed it: permission 1",
        "permission 1 (to see the screen) reaches the whole screen",
        "asked to use mouse and keyboard",
        "the customer allowed it: permission 2",
        "permission 2 (to use mouse and keyboard) ended: the customer pressed F11",
        "the customer said no",
        "session ended: the operator ended it",
        "the customer's program signed it",
        "the operator's program signed it",
        "the operator's certificate  ",
        "the customer's certificate  ",
        "the question of request 1  ",
        "the last entry  ",
    ];
    let mut rest = text.as_str();
    for part in story {
        let at = rest.find(part).unwrap_or_else(|| panic!("'{part}' is missing in:\n{text}"));
        rest = &rest[at..];
    }
}

#[test]
fn the_text_says_which_clock_it_means() {
    let journal = finished().0;
    for (offset, words) in [
        (UtcOffset::UTC, "\nTimes are  UTC\n"),
        (UtcOffset::from_hms(2, 0, 0).unwrap(), "\nTimes are  UTC+02:00\n"),
        (UtcOffset::from_hms(-3, -30, 0).unwrap(), "\nTimes are  UTC-03:30\n"),
    ] {
        let text = journal.to_text(offset);
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn refused_input_is_told_in_words_and_hashes_stand_apart() {
    for (events, words) in [
        (1, "one key press or mouse movement of the operator was refused"),
        (3, "3 key presses or mouse movements of the operator were refused"),
    ] {
        let (mut pair, _see, _control, _) = controlled(20);
        pair.sharer.input_refused(events, pair.now);
        pair.viewer.end(SessionEnd::Operator, pair.now);
        pair.run_ms(500);
        let text = pair.sharer.journal().to_text(UtcOffset::UTC);
        assert!(text.contains(words), "{text}");
        let story = text.split("For whoever checks it").next().unwrap();
        let hash = |word: &str| word.len() == 64 && word.chars().all(|c| c.is_ascii_hexdigit());
        assert!(!story.split_whitespace().any(hash), "{story}");
    }
}

/// T50, T51 in first form: whatever bit of a finished journal is flipped, it no longer holds.
#[test]
fn t51_every_flipped_byte_of_a_finished_journal_is_found() {
    let journal = finished().0;
    let file = journal.encode();
    for at in 0..file.len() {
        let mut changed = file.clone();
        changed[at] ^= 1;
        if let Ok(read) = Journal::decode(&changed) {
            panic!("byte {at} of {} was changed unnoticed: {read:?}", file.len());
        }
    }
}

#[test]
fn a_cut_tail_shows_as_a_seal_that_does_not_fit() {
    let (mut pair, ..) = controlled(21);
    pair.sharer.end(SessionEnd::Customer, pair.now);
    pair.run_ms(500);
    let whole = pair.sharer.journal().clone();
    let entries = whole.entries().count();
    assert!(matches!(whole.entries().last().unwrap().event, Event::Ended { .. }));
    // Cutting bytes anywhere leaves either an unreadable file or seals over another last entry.
    let file = whole.encode();
    for cut in 1..file.len() {
        assert!(Journal::decode(&file[..cut]).is_err(), "cut to {cut} of {} ({entries} entries)", file.len());
    }
}

#[test]
fn a_connection_that_dies_leaves_a_journal_that_says_so() {
    let (mut pair, ..) = controlled(22);
    pair.sharer.connection_lost(pair.now);
    pair.viewer.connection_lost();
    let (sharer, viewer) = (pair.sharer.journal(), pair.viewer.journal());
    assert_eq!(sharer.sealed_by(), (true, false));
    assert_eq!(viewer.sealed_by(), (false, false));
    assert_eq!(viewer.verify(), Ok(()));
    assert!(viewer.to_text(UtcOffset::UTC).contains("did not sign it"));
    assert!(sharer.entries().count() > viewer.entries().count());
}

#[test]
fn what_is_no_journal_is_refused_with_a_reason() {
    assert!(matches!(Journal::decode(b""), Err(JournalError::File(_))));
    assert!(matches!(Journal::decode(b"deskside journal 1\n\xff\xff"), Err(JournalError::File(_))));
    let no_name = Pair::new(23);
    assert_eq!(no_name.sharer.journal().verify(), Ok(()));
}
