//! What must hold of every decoder, whatever bytes it is given: the fuzzers and the ordinary tests both ask
//! these functions, which panic if it does not.

#![expect(clippy::panic, reason = "an oracle says by panicking that something does not hold")]

use deskside_codec::{Decoder, EncodeError, Rect, cursor};
use deskside_proto::control::Control;
use deskside_proto::frame::{self, Deframer, MAX_MESSAGE};
use deskside_proto::input::{InputBatch, MAX_EVENTS};
use deskside_proto::journal::Entry;
use deskside_proto::offer::{OfferBody, SignedOffer};
use deskside_proto::ticket::{SignedTicket, TicketBody};
use deskside_proto::tunnel::Frame;
use deskside_proto::udp::{self, Datagram};

/// A check of one decoder on any bytes.
pub type Oracle = fn(&[u8]);

/// Every oracle by the name of its fuzz target and of its folder of examples, `fuzz/corpus/<name>`.
pub const ORACLES: [(&str, Oracle); 10] = [
    ("codec_cursor", codec_cursor),
    ("codec_update", codec_update),
    ("proto_control", proto_control),
    ("proto_frame", proto_frame),
    ("proto_input", proto_input),
    ("proto_journal", proto_journal),
    ("proto_offer", proto_offer),
    ("proto_ticket", proto_ticket),
    ("proto_tunnel", proto_tunnel),
    ("proto_udp", proto_udp),
];

/// Takes the first `N` bytes off.
fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*first)
}

/// One byte each of width and height less one, up to 128, then updates with two bytes of length before each. A refused
/// update changes nothing; an applied one writes inside the picture and nowhere but where it says.
pub fn codec_update(mut bytes: &[u8]) {
    let Some(size) = take::<2>(&mut bytes) else { return };
    let [width, height] = size.map(|side| u32::from(side % 128) + 1);
    let Ok(mut decoder) = Decoder::new(width, height) else { panic!("{width}x{height} pixels are refused") };
    while let Some(length) = take::<2>(&mut bytes) {
        let length = usize::from(u16::from_be_bytes(length)).min(bytes.len());
        let (update, rest) = bytes.split_at(length);
        bytes = rest;
        let before = decoder.pixels().to_vec();
        let written = decoder.apply(update).unwrap_or_default();
        assert_eq!(decoder.pixels().len(), before.len());
        let all = Rect::new(0, 0, width, height);
        assert!(written.iter().all(|rect| !rect.is_empty() && all.contains(rect)), "{written:?}");
        for (row, y) in decoder.pixels().chunks(width as usize).zip(before.chunks(width as usize)).zip(0..) {
            for ((now, then), x) in row.0.iter().zip(row.1).zip(0..) {
                let said = || written.iter().any(|rect| rect.contains(&Rect::new(x, y, 1, 1)));
                assert!(now >> 24 == 0 && (now == then || said()), "pixel {x}, {y}: {now:x}");
            }
        }
    }
}

/// One byte each of width and height, then a compressed cursor. What expands has the right length and, if
/// it does not grow too long, compresses to something that expands to the same.
pub fn codec_cursor(mut bytes: &[u8]) {
    let Some(size) = take::<2>(&mut bytes) else { return };
    let [width, height] = size.map(u32::from);
    let Ok(pixels) = cursor::decompress(bytes, width, height) else { return };
    assert_eq!(pixels.len() as u32, 4 * width * height);
    match cursor::compress(&pixels, width, height) {
        Ok(compressed) => assert_eq!(cursor::decompress(&compressed, width, height), Ok(pixels)),
        Err(EncodeError::CursorTooLong { length }) => assert!(length > cursor::MAX_COMPRESSED),
        Err(error) => panic!("{error}"),
    }
}

/// A control message that is taken is written as one that is taken for the same.
pub fn proto_control(bytes: &[u8]) {
    if let Ok(message) = Control::decode(bytes) {
        assert_eq!(Control::decode(&message.encode()), Ok(message));
    }
}

/// As [`proto_control`], for input; a batch never has more events than it may.
pub fn proto_input(bytes: &[u8]) {
    if let Ok(batch) = InputBatch::decode(bytes) {
        assert!(batch.events.len() <= MAX_EVENTS);
        assert_eq!(InputBatch::decode(&batch.encode()), Ok(batch));
    }
}

/// As [`proto_control`], for the journal's entries.
pub fn proto_journal(bytes: &[u8]) {
    if let Ok(entry) = Entry::decode(bytes) {
        assert_eq!(Entry::decode(&entry.encode()), Ok(entry));
    }
}

/// As [`proto_control`], for an offer and its body.
pub fn proto_offer(bytes: &[u8]) {
    if let Ok(offer) = SignedOffer::decode(bytes) {
        proto_offer_body(&offer.body);
        assert_eq!(SignedOffer::decode(&offer.encode()), Ok(offer));
    }
    proto_offer_body(bytes);
}

fn proto_offer_body(bytes: &[u8]) {
    if let Ok(body) = OfferBody::decode(bytes) {
        assert_eq!(OfferBody::decode(&body.encode()), Ok(body));
    }
}

/// As [`proto_control`], for a ticket and its body.
pub fn proto_ticket(bytes: &[u8]) {
    if let Ok(ticket) = SignedTicket::decode(bytes) {
        proto_ticket_body(&ticket.body);
        assert_eq!(SignedTicket::decode(&ticket.encode()), Ok(ticket));
    }
    proto_ticket_body(bytes);
}

fn proto_ticket_body(bytes: &[u8]) {
    if let Ok(body) = TicketBody::decode(bytes) {
        assert_eq!(TicketBody::decode(&body.encode()), Ok(body));
    }
}

/// Frames are read one behind the other; each is written back as the bytes that it was read from.
pub fn proto_tunnel(mut bytes: &[u8]) {
    while let Ok(Some((frame, length))) = Frame::decode(bytes) {
        let mut written = Vec::new();
        assert_eq!(frame.encode(&mut written), Ok(()));
        assert_eq!(written, bytes[..length]);
        bytes = &bytes[length..];
    }
}

/// A probe is written back as the bytes that it was read from; a QUIC datagram is the bytes behind the leg.
pub fn proto_udp(bytes: &[u8]) {
    match udp::decode(bytes) {
        Ok(Datagram::Probe(probe)) => assert_eq!(probe.encode().as_slice(), bytes),
        Ok(Datagram::Quic(leg, datagram)) => {
            assert_eq!([leg.0.to_be_bytes().as_slice(), datagram].concat(), bytes);
        }
        Err(_) => {}
    }
}

/// One byte of how much arrives at a time, then a stream. Its messages, framed again, are its beginning, and
/// the same whatever the step.
pub fn proto_frame(mut bytes: &[u8]) {
    let Some([step]) = take::<1>(&mut bytes) else { return };
    let (mut deframer, mut again) = (Deframer::default(), Vec::new());
    'stream: for arrived in bytes.chunks(usize::from(step) + 1) {
        deframer.push(arrived);
        loop {
            match deframer.next_message() {
                Ok(Some(message)) => {
                    assert!(message.len() <= MAX_MESSAGE);
                    again.extend(frame::frame(message).unwrap_or_default());
                }
                Ok(None) => break,
                Err(_) => break 'stream,
            }
        }
    }
    assert!(bytes.starts_with(&again));
}
