//! Claimed lengths and values outside their range: each is refused, by name, before anything is set aside
//! for it.

use deskside_proto::control::Control;
use deskside_proto::frame::{Deframer, MAX_MESSAGE, frame};
use deskside_proto::input::{InputBatch, InputEvent, MAX_EVENTS};
use deskside_proto::journal::{Entry, Event, MAX_ENTRIES, MAX_ENTRY};
use deskside_proto::offer::{MAX_OFFER, OfferBody, SignedOffer};
use deskside_proto::shown::{MAX_LABEL, MAX_MONITORS, MonitorNote};
use deskside_proto::ticket::{MAX_TICKET, SignedTicket, TicketBody};
use deskside_proto::tunnel::{Frame, MAX_FRAME};
use deskside_proto::{Code, CodeError, DecodeError, GrantId, udp};
use proptest::collection::vec;
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

proptest! {
    /// Messages arrive whole and in order, however the stream is cut.
    #[test]
    fn the_deframer_gives_back_what_was_framed(
        messages in vec(vec(any::<u8>(), 0..300), 0..8), cuts in vec(1..50usize, 1..100),
    ) {
        let mut stream = Vec::new();
        for message in &messages {
            stream.extend_from_slice(&frame(message)?);
        }
        let (mut deframer, mut arrived, mut rest) = (Deframer::default(), Vec::new(), stream.as_slice());
        for cut in cuts.iter().cycle().take(stream.len()) {
            let (now, later) = rest.split_at((*cut).min(rest.len()));
            deframer.push(now);
            rest = later;
            while let Some(message) = deframer.next_message()? {
                arrived.push(message.to_vec());
            }
        }
        prop_assert_eq!(arrived, messages);
        prop_assert!(deframer.is_empty());
    }

    /// A prefix that claims too much is refused at its fourth byte, not when the bytes are there.
    #[test]
    fn the_deframer_refuses_a_claim_at_once(claimed in (MAX_MESSAGE as u32 + 1)..=u32::MAX) {
        let mut deframer = Deframer::default();
        let prefix = claimed.to_be_bytes();
        deframer.push(&prefix[..3]);
        prop_assert_eq!(deframer.next_message(), Ok(None));
        deframer.push(&prefix[3..]);
        let error = DecodeError::TooLong { field: "frame.length", length: claimed as usize, maximum: MAX_MESSAGE };
        prop_assert_eq!(deframer.next_message(), Err(error));
    }

    /// A length that is allowed is waited for.
    #[test]
    fn the_deframer_waits_for_an_honest_claim(claimed in 1..=MAX_MESSAGE as u32) {
        let mut deframer = Deframer::default();
        deframer.push(&claimed.to_be_bytes());
        prop_assert_eq!(deframer.next_message(), Ok(None));
        prop_assert!(!deframer.is_empty());
    }

    #[test]
    fn a_tunnel_frame_refuses_a_claim_at_once(claimed in (MAX_FRAME as u16 + 1)..=u16::MAX) {
        let error = DecodeError::TooLong { field: "Frame.length", length: usize::from(claimed), maximum: MAX_FRAME };
        let bytes = claimed.to_be_bytes();
        prop_assert_eq!(Frame::decode(&bytes), Err(error));
    }

    /// Whatever arrives, no decoder panics; what it takes for good, it writes as something it takes again.
    #[test]
    fn any_bytes_are_taken_or_refused(bytes in vec(any::<u8>(), 0..200)) {
        if let Ok(message) = Control::decode(&bytes) {
            prop_assert_eq!(Control::decode(&message.encode()), Ok(message));
        }
        if let Ok(batch) = InputBatch::decode(&bytes) {
            prop_assert_eq!(InputBatch::decode(&batch.encode()), Ok(batch));
        }
        if let Ok(entry) = Entry::decode(&bytes) {
            prop_assert_eq!(Entry::decode(&entry.encode()), Ok(entry));
        }
        if let Ok(body) = OfferBody::decode(&bytes) {
            prop_assert_eq!(OfferBody::decode(&body.encode()), Ok(body));
        }
        if let Ok(body) = TicketBody::decode(&bytes) {
            prop_assert_eq!(TicketBody::decode(&body.encode()), Ok(body));
        }
        drop((udp::decode(&bytes), Frame::decode(&bytes)));
    }
}

#[test]
fn a_message_above_the_longest_is_not_framed() {
    assert!(frame(&vec![0; MAX_MESSAGE]).is_ok());
    assert!(frame(&vec![0; MAX_MESSAGE + 1]).is_err());
}

#[test]
fn an_empty_tunnel_frame_is_refused() {
    assert_eq!(Frame::decode(&[0, 0]), Err(DecodeError::Truncated { field: "Frame.kind" }));
}

#[test]
fn more_events_than_a_batch_may_have_are_refused() {
    let events = vec![InputEvent::ReleaseAll; MAX_EVENTS + 1];
    let batch = InputBatch { grant: GrantId(1), epoch: 0, events };
    let error = InputBatch::decode(&batch.encode());
    assert!(matches!(error, Err(DecodeError::OutOfRange { field: "InputBatch.events", .. })), "{error:?}");
}

#[test]
fn values_outside_their_range_are_refused_by_name() {
    let field = |bytes: &[u8]| match Control::decode(bytes) {
        Err(DecodeError::OutOfRange { field, .. } | DecodeError::TooLong { field, .. }) => field,
        Err(DecodeError::Missing { field } | DecodeError::Truncated { field }) => field,
        other => panic!("{other:?}"),
    };
    let screen = |width, height| Control::Screen { epoch: 1, width, height }.encode();
    assert_eq!(field(&[]), "Control.message");
    assert_eq!(field(&screen(0, 0)), "Screen.width");
    assert_eq!(field(&screen(16_384, 0)), "Screen.height");
    assert_eq!(field(&screen(65_535, 65_535)), "Screen.width");
    assert_eq!(field(&screen(16_384, 4_097)), "Screen.width");
    assert_eq!(field(&Control::Hello { version: 1, product: "x".repeat(257) }.encode()), "Hello.product");
    assert_eq!(field(&Control::Entry(vec![0; MAX_ENTRY + 1]).encode()), "Control.entry");
    // Ask{request: 1, action: 99}, Answer{request: 1} and Answer{…, Allowed(0)}, End(0).
    assert_eq!(field(&[0x1A, 4, 8, 1, 16, 99]), "Ask.actions");
    assert_eq!(field(&[0x1A, 2, 8, 1]), "Ask.actions", "for nothing");
    assert_eq!(field(&[0x1A, 6, 8, 1, 16, 2, 16, 1]), "Ask.actions", "not in order");
    assert_eq!(field(&[0x1A, 6, 8, 1, 16, 2, 16, 2]), "Ask.actions", "twice");
    let last_number = [0x1A, 10, 8, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 16, 1, 16, 2];
    assert_eq!(field(&last_number), "Ask.request", "no number for the second action");
    let monitor = MonitorNote { name: String::new(), x: 0, y: 0, width: 1, height: 1 };
    let monitors = |change: fn(&mut MonitorNote), count| {
        let mut monitor = monitor.clone();
        change(&mut monitor);
        field(&Control::Monitors(vec![monitor; count]).encode())
    };
    assert_eq!(monitors(|_| {}, MAX_MONITORS + 1), "Monitors.monitors");
    assert_eq!(monitors(|monitor| monitor.width = 0, 1), "Monitor.width");
    assert_eq!(monitors(|monitor| monitor.x = 16_385, 1), "Monitor.x");
    assert_eq!(monitors(|monitor| monitor.name = "x".repeat(MAX_LABEL + 1), 1), "Monitor.name");
    assert_eq!(field(&[0x90, 1, 17]), "Control.look");
    assert_eq!(field(&[0x2A, 2, 8, 1]), "Answer.verdict");
    assert_eq!(field(&[0x2A, 6, 8, 1, 0x12, 2, 8, 1]), "Verdict.grant");
    assert_eq!(field(&[0x80, 1, 0]), "End.reason");
}

#[test]
fn control_characters_are_no_text() {
    for character in ['\0', '\n', '\u{1b}', '\u{7f}', '\u{85}'] {
        let batch = InputBatch { grant: GrantId(1), epoch: 1, events: vec![InputEvent::Text(character)] };
        assert!(InputBatch::decode(&batch.encode()).is_err(), "{character:?}");
    }
}

#[test]
fn long_offers_tickets_and_entries_are_refused_before_they_are_parsed() {
    assert!(matches!(SignedOffer::decode(&vec![0; MAX_OFFER + 1]), Err(DecodeError::TooLong { .. })));
    assert!(matches!(OfferBody::decode(&vec![0; MAX_OFFER + 1]), Err(DecodeError::TooLong { .. })));
    assert!(matches!(SignedTicket::decode(&[0; MAX_TICKET + 1]), Err(DecodeError::TooLong { .. })));
    assert!(matches!(TicketBody::decode(&[0; MAX_TICKET + 1]), Err(DecodeError::TooLong { .. })));
    assert!(matches!(Entry::decode(&[0; MAX_ENTRY + 1]), Err(DecodeError::TooLong { .. })));
    let late = Entry { number: MAX_ENTRIES + 1, at_ms: 0, previous: [0; 32], event: Event::Paused };
    assert!(matches!(
        Entry::decode(&late.encode()),
        Err(DecodeError::OutOfRange { field: "Entry.number", .. })
    ));
}

#[test]
fn codes_are_six_digits_and_nothing_else() {
    assert_eq!(Code::parse("12345"), Err(CodeError::Digits(5)));
    assert_eq!(Code::parse("1234567"), Err(CodeError::Digits(7)));
    assert_eq!(Code::parse("12a456"), Err(CodeError::NotADigit('a')));
    assert_eq!(Code::parse("٣٣٣٣٣٣"), Err(CodeError::NotADigit('٣')));
    assert!(Code::from_number(Code::COUNT).is_none());
    assert_eq!(Code::parse(&"9".repeat(10_000)), Err(CodeError::Digits(10_000)));
    assert!(!format!("{:?}", Code::from_number(123_456)).contains("123"));
}
