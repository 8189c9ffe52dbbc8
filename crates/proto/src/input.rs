//! Input, viewer to sharer: framed batches on one unidirectional stream.

use prost::{Message, Oneof};

use crate::error::{bounded, required};
use crate::{DecodeError, GrantId};

/// Most events in a batch.
pub const MAX_EVENTS: usize = 64;

/// A button of the pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Button {
    /// Primary.
    Left,
    /// Wheel pressed.
    Middle,
    /// Secondary.
    Right,
    /// Back, thumb.
    Back,
    /// Forward, thumb.
    Forward,
}

/// One thing that the operator's hand did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputEvent {
    /// The pointer is now here, in pixels of the shared picture.
    PointerMove {
        /// From the left.
        x: u16,
        /// From the top.
        y: u16,
    },
    /// A button went down or up where the pointer is.
    PointerButton {
        /// Which.
        button: Button,
        /// Down or up.
        pressed: bool,
    },
    /// The wheel turned, in 1/120 of a notch; down and right are positive.
    Wheel {
        /// Sideways.
        dx: i16,
        /// Up and down.
        dy: i16,
    },
    /// A character was typed, with whatever dead keys, AltGr or Compose made it. Never a control character.
    Text(char),
    /// A key that makes no character, or any key while Ctrl, Alt or Super is held, went down or up.
    Key {
        /// X11 keysym (RFC 6143 §7.5.4 uses the same numbers).
        keysym: u32,
        /// Linux evdev code of the key's position, 0 if unknown: the fallback when the keysym is not found.
        position: u16,
        /// Down or up.
        pressed: bool,
    },
    /// Nothing is held any more: let go of every key and button.
    ReleaseAll,
}

/// Events in order, all under one grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputBatch {
    /// The grant of control that they claim.
    pub grant: GrantId,
    /// The epoch that the viewer saw; input of an older epoch is void.
    pub epoch: u32,
    /// At most [`MAX_EVENTS`].
    pub events: Vec<InputEvent>,
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
    #[prost(oneof = "WireKind", tags = "1, 2, 3, 4, 5, 6")]
    kind: Option<WireKind>,
}

#[derive(Clone, PartialEq, Oneof)]
enum WireKind {
    #[prost(message, tag = "1")]
    Move(WirePoint),
    #[prost(message, tag = "2")]
    Button(WireButton),
    #[prost(message, tag = "3")]
    Wheel(WireWheel),
    #[prost(uint32, tag = "4")]
    Text(u32),
    #[prost(message, tag = "5")]
    Key(WireKey),
    #[prost(message, tag = "6")]
    ReleaseAll(()),
}

#[derive(Clone, Copy, PartialEq, Message)]
struct WirePoint {
    #[prost(uint32, tag = "1")]
    x: u32,
    #[prost(uint32, tag = "2")]
    y: u32,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct WireButton {
    #[prost(uint32, tag = "1")]
    button: u32,
    #[prost(bool, tag = "2")]
    pressed: bool,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct WireWheel {
    #[prost(sint32, tag = "1")]
    dx: i32,
    #[prost(sint32, tag = "2")]
    dy: i32,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct WireKey {
    #[prost(uint32, tag = "1")]
    keysym: u32,
    #[prost(uint32, tag = "2")]
    position: u32,
    #[prost(bool, tag = "3")]
    pressed: bool,
}

const BUTTONS: [Button; 5] = [Button::Left, Button::Middle, Button::Right, Button::Back, Button::Forward];

impl InputBatch {
    /// The batch as it travels, without its frame.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let events = self.events.iter().map(|event| WireEvent { kind: Some(encode_event(*event)) }).collect();
        WireBatch { grant: self.grant.0, epoch: self.epoch, events }.encode_to_vec()
    }

    /// Reads a batch.
    ///
    /// # Errors
    /// [`DecodeError`] names the field that is wrong; nothing of the batch may then be used.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let wire = WireBatch::decode(bytes).map_err(|e| DecodeError::malformed("InputBatch", &e))?;
        if wire.events.len() > MAX_EVENTS {
            return Err(DecodeError::OutOfRange {
                field: "InputBatch.events",
                value: wire.events.len() as u64,
                allowed: "0 to 64",
            });
        }
        let events = wire.events.into_iter().map(decode_event).collect::<Result<_, _>>()?;
        Ok(Self { grant: GrantId(wire.grant), epoch: wire.epoch, events })
    }
}

fn encode_event(event: InputEvent) -> WireKind {
    match event {
        InputEvent::PointerMove { x, y } => WireKind::Move(WirePoint { x: u32::from(x), y: u32::from(y) }),
        InputEvent::PointerButton { button, pressed } => {
            let number = BUTTONS.iter().zip(1u32..).find(|(b, _)| **b == button).map_or(0, |(_, n)| n);
            WireKind::Button(WireButton { button: number, pressed })
        }
        InputEvent::Wheel { dx, dy } => WireKind::Wheel(WireWheel { dx: i32::from(dx), dy: i32::from(dy) }),
        InputEvent::Text(character) => WireKind::Text(u32::from(character)),
        InputEvent::Key { keysym, position, pressed } => {
            WireKind::Key(WireKey { keysym, position: u32::from(position), pressed })
        }
        InputEvent::ReleaseAll => WireKind::ReleaseAll(()),
    }
}

fn decode_event(wire: WireEvent) -> Result<InputEvent, DecodeError> {
    let coordinate = |value, field| bounded::<u16>(value, u32::from(u16::MAX), field, "0 to 65535");
    Ok(match required(wire.kind, "InputEvent.kind")? {
        WireKind::Move(point) => InputEvent::PointerMove {
            x: coordinate(point.x, "PointerMove.x")?,
            y: coordinate(point.y, "PointerMove.y")?,
        },
        WireKind::Button(wire) => {
            let index = usize::try_from(wire.button).ok().and_then(|number| number.checked_sub(1));
            let button = index.and_then(|index| BUTTONS.get(index)).ok_or(DecodeError::OutOfRange {
                field: "PointerButton.button",
                value: u64::from(wire.button),
                allowed: "1 to 5",
            })?;
            InputEvent::PointerButton { button: *button, pressed: wire.pressed }
        }
        WireKind::Wheel(wire) => {
            InputEvent::Wheel { dx: turn(wire.dx, "Wheel.dx")?, dy: turn(wire.dy, "Wheel.dy")? }
        }
        WireKind::Text(value) => {
            let character = char::from_u32(value).filter(|c| !c.is_control());
            InputEvent::Text(character.ok_or(DecodeError::OutOfRange {
                field: "InputEvent.text",
                value: u64::from(value),
                allowed: "a Unicode character that is no control character",
            })?)
        }
        WireKind::Key(wire) => InputEvent::Key {
            keysym: bounded(wire.keysym, 0x1fff_ffff, "Key.keysym", "below 2^29")?,
            position: bounded(wire.position, 0x2ff, "Key.position", "an evdev key code")?,
            pressed: wire.pressed,
        },
        WireKind::ReleaseAll(()) => InputEvent::ReleaseAll,
    })
}

fn turn(value: i32, field: &'static str) -> Result<i16, DecodeError> {
    let turned = i16::try_from(value).ok().filter(|turned| turned.unsigned_abs() <= 120 * 100);
    turned.ok_or(DecodeError::OutOfRange {
        field,
        value: u64::from(value.unsigned_abs()),
        allowed: "at most 100 notches",
    })
}
