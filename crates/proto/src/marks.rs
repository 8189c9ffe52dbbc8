//! Marks, viewer to sharer: what the operator points at and draws on the sharer's screen. Framed batches,
//! as input is. Nothing here presses or moves anything.

use prost::{Message, Oneof};

use crate::error::{at_most, bounded, required};
use crate::{DecodeError, GrantId};

/// Most events in a batch.
pub const MAX_MARK_EVENTS: usize = 16;
/// Most places of a freehand line in one event; a longer line comes in parts.
pub const MAX_PLACES: usize = 64;
/// Longest text of a mark, in bytes of UTF-8.
pub const MAX_MARK_TEXT: usize = 256;

/// A mark, by a number that the viewer gave to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MarkId(pub u32);

/// A place in pixels of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// From the left.
    pub x: u16,
    /// From the top.
    pub y: u16,
}

/// What a mark is drawn in. A few that differ for everybody, colour-blind people too, on any ground.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Colour {
    /// Vermilion.
    Red,
    /// Amber.
    Yellow,
    /// Bluish green.
    Green,
    /// Blue.
    Blue,
}

impl Colour {
    /// Every colour, in the order of their numbers on the wire (from 1).
    pub const ALL: [Self; 4] = [Self::Red, Self::Yellow, Self::Green, Self::Blue];
}

/// The shape of a mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Figure {
    /// "Here": a ring around a place.
    Pointer(Place),
    /// A line with a head at its end.
    Arrow {
        /// Where it begins.
        from: Place,
        /// What it points at.
        to: Place,
    },
    /// The outline of a rectangle.
    Rectangle {
        /// One corner.
        from: Place,
        /// The opposite one.
        to: Place,
    },
    /// A line drawn by hand: its first places, at least one and at most [`MAX_PLACES`].
    Freehand(Vec<Place>),
    /// Words.
    Text {
        /// Their upper left.
        at: Place,
        /// At most [`MAX_MARK_TEXT`] bytes, no control characters.
        text: String,
    },
}

/// One thing that the operator did with a mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MarkEvent {
    /// This mark is there now, in the place of any that had its number.
    Put {
        /// Which.
        id: MarkId,
        /// What it is drawn in.
        colour: Colour,
        /// Its shape.
        figure: Figure,
    },
    /// The line drawn by hand goes on through these places, at least one and at most [`MAX_PLACES`].
    Extend {
        /// Which.
        id: MarkId,
        /// Where to.
        places: Vec<Place>,
    },
    /// This mark is taken away.
    Erase(MarkId),
    /// All marks are taken away.
    Clear,
}

/// Events in order, all under one grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkBatch {
    /// The grant of pointing that they claim.
    pub grant: GrantId,
    /// The epoch that the viewer saw; marks of an older epoch are void.
    pub epoch: u32,
    /// At most [`MAX_MARK_EVENTS`].
    pub events: Vec<MarkEvent>,
}

#[derive(Clone, PartialEq, Message)]
struct WireBatch {
    #[prost(uint32, tag = "1")]
    grant: u32,
    #[prost(uint32, tag = "2")]
    epoch: u32,
    #[prost(message, repeated, tag = "3")]
    events: Vec<WireEvent>,
}

#[derive(Clone, PartialEq, Message)]
struct WireEvent {
    #[prost(oneof = "WireKind", tags = "1, 2, 3, 4")]
    kind: Option<WireKind>,
}

#[derive(Clone, PartialEq, Oneof)]
enum WireKind {
    #[prost(message, tag = "1")]
    Put(WirePut),
    #[prost(message, tag = "2")]
    Extend(WireExtend),
    #[prost(uint32, tag = "3")]
    Erase(u32),
    #[prost(message, tag = "4")]
    Clear(()),
}

#[derive(Clone, PartialEq, Message)]
struct WirePut {
    #[prost(uint32, tag = "1")]
    id: u32,
    #[prost(uint32, tag = "2")]
    colour: u32,
    #[prost(oneof = "WireFigure", tags = "3, 4, 5, 6, 7")]
    figure: Option<WireFigure>,
}

#[derive(Clone, PartialEq, Oneof)]
enum WireFigure {
    #[prost(message, tag = "3")]
    Pointer(WirePlace),
    #[prost(message, tag = "4")]
    Arrow(WireSpan),
    #[prost(message, tag = "5")]
    Rectangle(WireSpan),
    #[prost(message, tag = "6")]
    Freehand(WirePlaces),
    #[prost(message, tag = "7")]
    Text(WireText),
}

#[derive(Clone, PartialEq, Message)]
struct WireExtend {
    #[prost(uint32, tag = "1")]
    id: u32,
    #[prost(message, repeated, tag = "2")]
    places: Vec<WirePlace>,
}

#[derive(Clone, PartialEq, Message)]
struct WirePlaces {
    #[prost(message, repeated, tag = "1")]
    places: Vec<WirePlace>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct WireSpan {
    #[prost(message, optional, tag = "1")]
    from: Option<WirePlace>,
    #[prost(message, optional, tag = "2")]
    to: Option<WirePlace>,
}

#[derive(Clone, PartialEq, Message)]
struct WireText {
    #[prost(message, optional, tag = "1")]
    at: Option<WirePlace>,
    #[prost(string, tag = "2")]
    text: String,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct WirePlace {
    #[prost(uint32, tag = "1")]
    x: u32,
    #[prost(uint32, tag = "2")]
    y: u32,
}

impl MarkBatch {
    /// The batch as it travels, without its frame.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let events = self.events.iter().map(|event| WireEvent { kind: Some(encode_event(event)) }).collect();
        WireBatch { grant: self.grant.0, epoch: self.epoch, events }.encode_to_vec()
    }

    /// Reads a batch.
    ///
    /// # Errors
    /// [`DecodeError`] names the field that is wrong; nothing of the batch may then be used.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let wire = WireBatch::decode(bytes).map_err(|e| DecodeError::malformed("MarkBatch", &e))?;
        if wire.events.len() > MAX_MARK_EVENTS {
            return Err(DecodeError::OutOfRange {
                field: "MarkBatch.events",
                value: wire.events.len() as u64,
                allowed: "0 to 16",
            });
        }
        let events = wire.events.into_iter().map(decode_event).collect::<Result<_, _>>()?;
        Ok(Self { grant: GrantId(wire.grant), epoch: wire.epoch, events })
    }
}

fn encode_event(event: &MarkEvent) -> WireKind {
    match event {
        MarkEvent::Put { id, colour, figure } => {
            let number = Colour::ALL.iter().zip(1u32..).find(|(c, _)| *c == colour).map_or(0, |(_, n)| n);
            WireKind::Put(WirePut { id: id.0, colour: number, figure: Some(encode_figure(figure)) })
        }
        MarkEvent::Extend { id, places } => {
            WireKind::Extend(WireExtend { id: id.0, places: places.iter().map(encode_place).collect() })
        }
        MarkEvent::Erase(id) => WireKind::Erase(id.0),
        MarkEvent::Clear => WireKind::Clear(()),
    }
}

fn encode_figure(figure: &Figure) -> WireFigure {
    let span = |from, to| WireSpan { from: Some(encode_place(from)), to: Some(encode_place(to)) };
    match figure {
        Figure::Pointer(at) => WireFigure::Pointer(encode_place(at)),
        Figure::Arrow { from, to } => WireFigure::Arrow(span(from, to)),
        Figure::Rectangle { from, to } => WireFigure::Rectangle(span(from, to)),
        Figure::Freehand(places) => {
            WireFigure::Freehand(WirePlaces { places: places.iter().map(encode_place).collect() })
        }
        Figure::Text { at, text } => {
            WireFigure::Text(WireText { at: Some(encode_place(at)), text: text.clone() })
        }
    }
}

fn encode_place(place: &Place) -> WirePlace {
    WirePlace { x: u32::from(place.x), y: u32::from(place.y) }
}

fn decode_event(wire: WireEvent) -> Result<MarkEvent, DecodeError> {
    Ok(match required(wire.kind, "MarkEvent.kind")? {
        WireKind::Put(wire) => {
            let index = usize::try_from(wire.colour).ok().and_then(|number| number.checked_sub(1));
            let colour = index.and_then(|index| Colour::ALL.get(index)).ok_or(DecodeError::OutOfRange {
                field: "Put.colour",
                value: u64::from(wire.colour),
                allowed: "1 to 4",
            })?;
            let figure = decode_figure(required(wire.figure, "Put.figure")?)?;
            MarkEvent::Put { id: MarkId(wire.id), colour: *colour, figure }
        }
        WireKind::Extend(wire) => {
            MarkEvent::Extend { id: MarkId(wire.id), places: decode_places(wire.places, "Extend.places")? }
        }
        WireKind::Erase(id) => MarkEvent::Erase(MarkId(id)),
        WireKind::Clear(()) => MarkEvent::Clear,
    })
}

fn decode_figure(wire: WireFigure) -> Result<Figure, DecodeError> {
    Ok(match wire {
        WireFigure::Pointer(at) => Figure::Pointer(decode_place(at, "Pointer.at")?),
        WireFigure::Arrow(wire) => Figure::Arrow {
            from: decode_place(required(wire.from, "Arrow.from")?, "Arrow.from")?,
            to: decode_place(required(wire.to, "Arrow.to")?, "Arrow.to")?,
        },
        WireFigure::Rectangle(wire) => Figure::Rectangle {
            from: decode_place(required(wire.from, "Rectangle.from")?, "Rectangle.from")?,
            to: decode_place(required(wire.to, "Rectangle.to")?, "Rectangle.to")?,
        },
        WireFigure::Freehand(wire) => Figure::Freehand(decode_places(wire.places, "Freehand.places")?),
        WireFigure::Text(wire) => {
            let at = decode_place(required(wire.at, "Text.at")?, "Text.at")?;
            let text = at_most(wire.text, MAX_MARK_TEXT, "Text.text")?;
            if let Some(control) = text.chars().find(|character| character.is_control()) {
                let value = u64::from(u32::from(control));
                let allowed = "no control character";
                return Err(DecodeError::OutOfRange { field: "Text.text", value, allowed });
            }
            Figure::Text { at, text }
        }
    })
}

fn decode_places(wire: Vec<WirePlace>, field: &'static str) -> Result<Vec<Place>, DecodeError> {
    if wire.is_empty() || wire.len() > MAX_PLACES {
        return Err(DecodeError::OutOfRange { field, value: wire.len() as u64, allowed: "1 to 64" });
    }
    wire.into_iter().map(|place| decode_place(place, field)).collect()
}

fn decode_place(wire: WirePlace, field: &'static str) -> Result<Place, DecodeError> {
    let coordinate = |value| bounded::<u16>(value, u32::from(u16::MAX), field, "0 to 65535");
    Ok(Place { x: coordinate(wire.x)?, y: coordinate(wire.y)? })
}
