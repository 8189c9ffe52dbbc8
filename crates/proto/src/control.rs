//! Control messages: framed protobuf on one bidirectional stream, opened by the customer's program.
//!
//! Both sides send [`Control::Hello`] first. A message that its sender's role may not send, or that does
//! not fit the state, ends the session with [`SessionEnd::Protocol`].

use prost::{Message, Oneof};

use crate::error::{at_most, bounded, exactly, required};
use crate::frame::MAX_MESSAGE;
use crate::journal::{Action, GrantEnd, MAX_ENTRY, SessionEnd, Verdict, WireVerdict};
use crate::marks::MarkBatch;
use crate::picture::{MAX_AREA, MAX_SIDE};
use crate::shown::{self, MAX_MONITORS, MonitorNote, WireMonitors};
use crate::{DecodeError, GrantId, MAX_NAME, RequestId};

/// Longest side of a cursor picture, in pixels.
pub const MAX_CURSOR_SIDE: u32 = 256;
/// Longest compressed cursor picture, in bytes; what is larger is sent smaller.
pub const MAX_CURSOR_BYTES: usize = 48 * 1024;

/// Longest message of a demonstration, in bytes: what is left of a frame.
pub const MAX_DEMONSTRATION: usize = MAX_MESSAGE - 16;

/// Why the operator's input is not carried out just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Suspension {
    /// The customer uses the mouse or keyboard.
    Hand,
    /// A question is open on the customer's screen, or has just been answered.
    Question,
    /// The customer paused the picture.
    Paused,
    /// The customer's panel, which says who is there and stops it, cannot be seen.
    Panel,
}

/// A cursor's picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CursorShape {
    /// Width in pixels, at most [`MAX_CURSOR_SIDE`]; 0 with a height of 0 hides the cursor.
    pub width: u16,
    /// Height in pixels, at most [`MAX_CURSOR_SIDE`].
    pub height: u16,
    /// Hot spot from the left.
    pub hot_x: u16,
    /// Hot spot from the top.
    pub hot_y: u16,
    /// Premultiplied BGRA rows, compressed as PROTOCOL.md says; at most [`MAX_CURSOR_BYTES`].
    pub pixels: Vec<u8>,
}

/// A message on the control stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    /// Both: the first message.
    Hello {
        /// [`crate::PROTOCOL_VERSION`] of the sender.
        version: u32,
        /// The sender's product and version, for logs.
        product: String,
    },
    /// Customer: the person accepted the operator; the session begins with no grant.
    Accepted,
    /// Operator: asks for one action or for several in one question. Each is a request of its own.
    Ask {
        /// Number of the first request; those of the other actions follow without gaps.
        request: RequestId,
        /// For what: at least one, each once, in the order of [`Action::ALL`].
        actions: Vec<Action>,
    },
    /// Operator: takes a request back.
    Withdraw {
        /// Number of the request.
        request: RequestId,
    },
    /// Customer: how a request ended.
    Answer {
        /// Number of the request.
        request: RequestId,
        /// How.
        verdict: Verdict,
    },
    /// Customer: a grant is no more.
    GrantEnded {
        /// Which.
        grant: GrantId,
        /// Why.
        reason: GrantEnd,
    },
    /// Operator: does not need a grant any longer.
    GiveBack {
        /// Which.
        grant: GrantId,
    },
    /// Customer: input is not carried out just now, or (`None`) is again.
    Suspended(Option<Suspension>),
    /// Customer: the picture is frozen or goes on.
    Paused(bool),
    /// Customer: what is shown from this epoch on; updates of older epochs are void.
    Screen {
        /// Grows with every change of size or scope and every narrowing.
        epoch: u32,
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// Customer: the monitors that may be looked at one by one; none if there is no choice.
    Monitors(Vec<MonitorNote>),
    /// Operator: show this monitor of the last list, or (`None`) all that may be seen.
    Look(Option<u8>),
    /// Operator: points and draws.
    Marks(MarkBatch),
    /// Customer: the cursor looks like this now.
    CursorShape(CursorShape),
    /// Customer: the cursor is here now, in pixels of the picture, moved by whoever.
    CursorMoved {
        /// From the left.
        x: u16,
        /// From the top.
        y: u16,
    },
    /// Operator: this update has been decoded and shown.
    Shown {
        /// Epoch of the update.
        epoch: u32,
        /// Number of the update.
        number: u32,
    },
    /// Customer: the next entry of the journal, its exact bytes (see [`crate::journal::Entry`]).
    Entry(Vec<u8>),
    /// Both, at the end: a signature over the journal's last hash.
    Seal {
        /// Number of the last entry.
        number: u32,
        /// Hash of the last entry.
        head: [u8; 32],
        /// By the sender's certificate key, over [`crate::journal::SEAL_DOMAIN`], number and head.
        signature: Vec<u8>,
    },
    /// Both: the session is over.
    End {
        /// Why.
        reason: SessionEnd,
    },
    /// Both: a message of the demonstration, in which the operator is the sharer and the customer the viewer. Not one
    /// of these itself; its exact bytes.
    Demonstration(Vec<u8>),
}

#[derive(Clone, PartialEq, Message)]
struct Wire {
    #[prost(
        oneof = "WireControl",
        tags = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20"
    )]
    message: Option<WireControl>,
}

#[derive(Clone, PartialEq, Oneof)]
enum WireControl {
    #[prost(message, tag = "1")]
    Hello(WireHello),
    #[prost(message, tag = "2")]
    Accepted(()),
    #[prost(message, tag = "3")]
    Ask(WireAsk),
    #[prost(uint32, tag = "4")]
    Withdraw(u32),
    #[prost(message, tag = "5")]
    Answer(WireAnswer),
    #[prost(message, tag = "6")]
    GrantEnded(WireGrantEnded),
    #[prost(uint32, tag = "7")]
    GiveBack(u32),
    #[prost(uint32, tag = "8")]
    Suspended(u32),
    #[prost(bool, tag = "9")]
    Paused(bool),
    #[prost(message, tag = "10")]
    Screen(WireScreen),
    #[prost(message, tag = "11")]
    CursorShape(WireCursorShape),
    #[prost(message, tag = "12")]
    CursorMoved(WirePoint),
    #[prost(message, tag = "13")]
    Shown(WireShown),
    #[prost(bytes = "vec", tag = "14")]
    Entry(Vec<u8>),
    #[prost(message, tag = "15")]
    Seal(WireSeal),
    #[prost(uint32, tag = "16")]
    End(u32),
    #[prost(message, tag = "17")]
    Monitors(WireMonitors),
    /// 0 for all, otherwise one more than the place in the list.
    #[prost(uint32, tag = "18")]
    Look(u32),
    /// A batch as in [`crate::marks`].
    #[prost(bytes = "vec", tag = "19")]
    Marks(Vec<u8>),
    #[prost(bytes = "vec", tag = "20")]
    Demonstration(Vec<u8>),
}

#[derive(Clone, PartialEq, Message)]
struct WireHello {
    #[prost(uint32, tag = "1")]
    version: u32,
    #[prost(string, tag = "2")]
    product: String,
}

#[derive(Clone, PartialEq, Message)]
struct WireAsk {
    #[prost(uint32, tag = "1")]
    request: u32,
    #[prost(uint32, repeated, tag = "2")]
    actions: Vec<u32>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct WireAnswer {
    #[prost(uint32, tag = "1")]
    request: u32,
    #[prost(message, optional, tag = "2")]
    verdict: Option<WireVerdict>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct WireGrantEnded {
    #[prost(uint32, tag = "1")]
    grant: u32,
    #[prost(uint32, tag = "2")]
    reason: u32,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct WireScreen {
    #[prost(uint32, tag = "1")]
    epoch: u32,
    #[prost(uint32, tag = "2")]
    width: u32,
    #[prost(uint32, tag = "3")]
    height: u32,
}

#[derive(Clone, PartialEq, Message)]
struct WireCursorShape {
    #[prost(uint32, tag = "1")]
    width: u32,
    #[prost(uint32, tag = "2")]
    height: u32,
    #[prost(uint32, tag = "3")]
    hot_x: u32,
    #[prost(uint32, tag = "4")]
    hot_y: u32,
    #[prost(bytes = "vec", tag = "5")]
    pixels: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct WirePoint {
    #[prost(uint32, tag = "1")]
    x: u32,
    #[prost(uint32, tag = "2")]
    y: u32,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct WireShown {
    #[prost(uint32, tag = "1")]
    epoch: u32,
    #[prost(uint32, tag = "2")]
    number: u32,
}

#[derive(Clone, PartialEq, Message)]
struct WireSeal {
    #[prost(uint32, tag = "1")]
    number: u32,
    #[prost(bytes = "vec", tag = "2")]
    head: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    signature: Vec<u8>,
}

impl Control {
    /// The message as it travels, without its frame.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let message = match self.clone() {
            Self::Hello { version, product } => WireControl::Hello(WireHello { version, product }),
            Self::Accepted => WireControl::Accepted(()),
            Self::Ask { request, actions } => WireControl::Ask(WireAsk {
                request: request.0,
                actions: actions.into_iter().map(Action::number).collect(),
            }),
            Self::Withdraw { request } => WireControl::Withdraw(request.0),
            Self::Answer { request, verdict } => {
                WireControl::Answer(WireAnswer { request: request.0, verdict: Some(verdict.encode()) })
            }
            Self::GrantEnded { grant, reason } => {
                WireControl::GrantEnded(WireGrantEnded { grant: grant.0, reason: reason.number() })
            }
            Self::GiveBack { grant } => WireControl::GiveBack(grant.0),
            Self::Suspended(suspension) => WireControl::Suspended(match suspension {
                None => 0,
                Some(Suspension::Hand) => 1,
                Some(Suspension::Question) => 2,
                Some(Suspension::Paused) => 3,
                Some(Suspension::Panel) => 4,
            }),
            Self::Paused(paused) => WireControl::Paused(paused),
            Self::Monitors(monitors) => WireControl::Monitors(shown::encode_monitors(&monitors)),
            Self::Marks(batch) => WireControl::Marks(batch.encode()),
            Self::Look(monitor) => WireControl::Look(monitor.map_or(0, |monitor| u32::from(monitor) + 1)),
            Self::Screen { epoch, width, height } => WireControl::Screen(WireScreen { epoch, width, height }),
            Self::CursorShape(shape) => WireControl::CursorShape(WireCursorShape {
                width: u32::from(shape.width),
                height: u32::from(shape.height),
                hot_x: u32::from(shape.hot_x),
                hot_y: u32::from(shape.hot_y),
                pixels: shape.pixels,
            }),
            Self::CursorMoved { x, y } => {
                WireControl::CursorMoved(WirePoint { x: u32::from(x), y: u32::from(y) })
            }
            Self::Shown { epoch, number } => WireControl::Shown(WireShown { epoch, number }),
            Self::Entry(bytes) => WireControl::Entry(bytes),
            Self::Seal { number, head, signature } => {
                WireControl::Seal(WireSeal { number, head: head.to_vec(), signature })
            }
            Self::End { reason } => WireControl::End(reason.number()),
            Self::Demonstration(message) => WireControl::Demonstration(message),
        };
        Wire { message: Some(message) }.encode_to_vec()
    }

    /// Reads a message.
    ///
    /// # Errors
    /// [`DecodeError`] names the field that is wrong.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let wire = Wire::decode(bytes).map_err(|e| DecodeError::malformed("Control", &e))?;
        Ok(match required(wire.message, "Control.message")? {
            WireControl::Hello(wire) => Self::Hello {
                version: wire.version,
                product: at_most(wire.product, MAX_NAME, "Hello.product")?,
            },
            WireControl::Accepted(()) => Self::Accepted,
            WireControl::Ask(wire) => decode_ask(&wire)?,
            WireControl::Withdraw(request) => Self::Withdraw { request: RequestId(request) },
            WireControl::Answer(wire) => Self::Answer {
                request: RequestId(wire.request),
                verdict: Verdict::decode(required(wire.verdict, "Answer.verdict")?)?,
            },
            WireControl::GrantEnded(wire) => Self::GrantEnded {
                grant: GrantId(wire.grant),
                reason: GrantEnd::from_number(wire.reason, "GrantEnded.reason")?,
            },
            WireControl::GiveBack(grant) => Self::GiveBack { grant: GrantId(grant) },
            WireControl::Suspended(number) => Self::Suspended(match number {
                0 => None,
                1 => Some(Suspension::Hand),
                2 => Some(Suspension::Question),
                3 => Some(Suspension::Paused),
                4 => Some(Suspension::Panel),
                other => {
                    return Err(DecodeError::OutOfRange {
                        field: "Control.suspended",
                        value: u64::from(other),
                        allowed: "0 to 4",
                    });
                }
            }),
            WireControl::Paused(paused) => Self::Paused(paused),
            WireControl::Screen(wire) => decode_screen(wire)?,
            WireControl::Monitors(wire) => Self::Monitors(shown::decode_monitors(wire)?),
            WireControl::Marks(bytes) => Self::Marks(MarkBatch::decode(&bytes)?),
            WireControl::Look(0) => Self::Look(None),
            WireControl::Look(place) => {
                Self::Look(Some(bounded(place - 1, MAX_MONITORS as u32 - 1, "Control.look", "0 to 16")?))
            }
            WireControl::CursorShape(wire) => Self::CursorShape(decode_cursor(wire)?),
            WireControl::CursorMoved(wire) => Self::CursorMoved {
                x: bounded(wire.x, MAX_SIDE, "CursorMoved.x", "at most 16384")?,
                y: bounded(wire.y, MAX_SIDE, "CursorMoved.y", "at most 16384")?,
            },
            WireControl::Shown(wire) => Self::Shown { epoch: wire.epoch, number: wire.number },
            WireControl::Entry(bytes) => Self::Entry(at_most(bytes, MAX_ENTRY, "Control.entry")?),
            WireControl::Seal(wire) => Self::Seal {
                number: wire.number,
                head: exactly(&wire.head, "Seal.head")?,
                signature: at_most(wire.signature, 128, "Seal.signature")?,
            },
            WireControl::End(reason) => Self::End { reason: SessionEnd::from_number(reason, "End.reason")? },
            WireControl::Demonstration(message) => {
                Self::Demonstration(at_most(message, MAX_DEMONSTRATION, "Control.demonstration")?)
            }
        })
    }
}

fn decode_ask(wire: &WireAsk) -> Result<Control, DecodeError> {
    let (length, maximum) = (wire.actions.len(), Action::ALL.len());
    if length > maximum {
        return Err(DecodeError::TooLong { field: "Ask.actions", length, maximum });
    }
    let actions = wire.actions.iter().map(|number| Action::from_number(*number, "Ask.actions"));
    let actions = actions.collect::<Result<Vec<_>, _>>()?;
    if actions.is_empty() {
        return Err(DecodeError::Missing { field: "Ask.actions" });
    }
    if let Some(pair) = actions.windows(2).find(|pair| pair[1] <= pair[0]) {
        let value = u64::from(pair[1].number());
        return Err(DecodeError::OutOfRange { field: "Ask.actions", value, allowed: "each once, in order" });
    }
    let others = u32::try_from(actions.len() - 1).unwrap_or(u32::MAX);
    if wire.request.checked_add(others).is_none() {
        let value = u64::from(wire.request);
        return Err(DecodeError::OutOfRange {
            field: "Ask.request",
            value,
            allowed: "a number for each action",
        });
    }
    Ok(Control::Ask { request: RequestId(wire.request), actions })
}

fn decode_screen(wire: WireScreen) -> Result<Control, DecodeError> {
    let WireScreen { epoch, width, height } = wire;
    let area = u64::from(width) * u64::from(height);
    for (value, field) in [(width, "Screen.width"), (height, "Screen.height")] {
        if value == 0 || value > MAX_SIDE || area > MAX_AREA {
            let allowed = "1 to 16384, and at most 64 Mi pixels in all";
            return Err(DecodeError::OutOfRange { field, value: u64::from(value), allowed });
        }
    }
    Ok(Control::Screen { epoch, width, height })
}

fn decode_cursor(wire: WireCursorShape) -> Result<CursorShape, DecodeError> {
    let side = |value, field| bounded::<u16>(value, MAX_CURSOR_SIDE, field, "at most 256");
    let shape = CursorShape {
        width: side(wire.width, "CursorShape.width")?,
        height: side(wire.height, "CursorShape.height")?,
        hot_x: side(wire.hot_x, "CursorShape.hot_x")?,
        hot_y: side(wire.hot_y, "CursorShape.hot_y")?,
        pixels: at_most(wire.pixels, MAX_CURSOR_BYTES, "CursorShape.pixels")?,
    };
    Ok(shape)
}
