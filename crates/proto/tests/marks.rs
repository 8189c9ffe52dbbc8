//! Marks come back as they were sent, and what is beyond their limits is refused by name.

use deskside_proto::marks::{
    Colour, Figure, MAX_MARK_EVENTS, MAX_MARK_TEXT, MAX_PLACES, MarkBatch, MarkEvent, MarkId, Place,
};
use deskside_proto::{DecodeError, GrantId, frame};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::select;

fn places() -> impl Strategy<Value = Place> {
    (any::<u16>(), any::<u16>()).prop_map(|(x, y)| Place { x, y })
}

fn lines() -> impl Strategy<Value = Vec<Place>> {
    vec(places(), 1..=MAX_PLACES)
}

fn figures() -> impl Strategy<Value = Figure> {
    let character = any::<char>().prop_filter("no control characters", |c| !c.is_control());
    let texts = vec(character, 0..=MAX_MARK_TEXT / 4).prop_map(String::from_iter);
    prop_oneof![
        places().prop_map(Figure::Pointer),
        (places(), places()).prop_map(|(from, to)| Figure::Arrow { from, to }),
        (places(), places()).prop_map(|(from, to)| Figure::Rectangle { from, to }),
        lines().prop_map(Figure::Freehand),
        (places(), texts).prop_map(|(at, text)| Figure::Text { at, text }),
    ]
}

fn events() -> impl Strategy<Value = MarkEvent> {
    let ids = || any::<u32>().prop_map(MarkId);
    prop_oneof![
        (ids(), select(Colour::ALL.to_vec()), figures()).prop_map(|(id, colour, figure)| MarkEvent::Put {
            id,
            colour,
            figure
        }),
        (ids(), lines()).prop_map(|(id, places)| MarkEvent::Extend { id, places }),
        ids().prop_map(MarkEvent::Erase),
        Just(MarkEvent::Clear),
    ]
}

proptest! {
    #[test]
    fn marks_come_back_and_fit_a_message(
        grant in any::<u32>(), epoch in any::<u32>(), events in vec(events(), 0..=MAX_MARK_EVENTS),
    ) {
        let batch = MarkBatch { grant: GrantId(grant), epoch, events };
        let bytes = batch.encode();
        prop_assert!(frame::frame(&bytes).is_ok());
        prop_assert_eq!(MarkBatch::decode(&bytes), Ok(batch));
    }

    /// Whatever arrives, it is refused or is within the limits; nothing panics.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..400)) {
        if let Ok(batch) = MarkBatch::decode(&bytes) {
            prop_assert_eq!(MarkBatch::decode(&batch.encode()), Ok(batch));
        }
    }
}

fn decode(event: MarkEvent) -> Result<MarkBatch, DecodeError> {
    MarkBatch::decode(&MarkBatch { grant: GrantId(1), epoch: 0, events: vec![event] }.encode())
}

fn put(figure: Figure) -> MarkEvent {
    MarkEvent::Put { id: MarkId(1), colour: Colour::Red, figure }
}

#[test]
fn what_is_beyond_the_limits_is_refused_by_name() {
    let at = Place { x: 1, y: 1 };
    let text = |text: String| put(Figure::Text { at, text });
    assert!(decode(text("x".repeat(MAX_MARK_TEXT))).is_ok());
    let too_long = decode(text("x".repeat(MAX_MARK_TEXT + 1)));
    assert!(matches!(too_long, Err(DecodeError::TooLong { field: "Text.text", .. })), "{too_long:?}");
    for control in ['\0', '\n', '\u{1b}', '\u{85}'] {
        let refused = decode(text(format!("a{control}b")));
        assert!(matches!(refused, Err(DecodeError::OutOfRange { field: "Text.text", .. })), "{refused:?}");
    }
    for count in [0, MAX_PLACES + 1] {
        let line = decode(put(Figure::Freehand(vec![at; count])));
        assert!(matches!(line, Err(DecodeError::OutOfRange { field: "Freehand.places", .. })), "{line:?}");
        let more = decode(MarkEvent::Extend { id: MarkId(1), places: vec![at; count] });
        assert!(matches!(more, Err(DecodeError::OutOfRange { field: "Extend.places", .. })), "{more:?}");
    }
    let events = vec![MarkEvent::Clear; MAX_MARK_EVENTS + 1];
    let many = MarkBatch::decode(&MarkBatch { grant: GrantId(1), epoch: 0, events }.encode());
    assert!(matches!(many, Err(DecodeError::OutOfRange { field: "MarkBatch.events", .. })), "{many:?}");
}

/// Bytes that no program of ours writes: no kind, no figure, an unknown colour, a place outside 16 bits.
#[test]
fn what_is_missing_or_unknown_is_refused_by_name() {
    let refused = |bytes: &[u8]| MarkBatch::decode(bytes).err();
    assert_eq!(refused(&[0x1a, 0]), Some(DecodeError::Missing { field: "MarkEvent.kind" }));
    let no_figure = [0x1a, 4, 0x0a, 2, 0x10, 1];
    assert_eq!(refused(&no_figure), Some(DecodeError::Missing { field: "Put.figure" }));
    for colour in [0, 5] {
        let unknown = [0x1a, 6, 0x0a, 4, 0x10, colour, 0x1a, 0];
        assert!(
            matches!(refused(&unknown), Some(DecodeError::OutOfRange { field: "Put.colour", .. })),
            "{colour}"
        );
    }
    let outside = [0x1a, 10, 0x0a, 8, 0x10, 1, 0x1a, 4, 0x08, 0x80, 0x80, 0x04];
    assert!(matches!(refused(&outside), Some(DecodeError::OutOfRange { field: "Pointer.at", .. })));
    let no_end = [0x1a, 8, 0x0a, 6, 0x10, 1, 0x22, 2, 0x0a, 0];
    assert_eq!(refused(&no_end), Some(DecodeError::Missing { field: "Arrow.to" }));
}
