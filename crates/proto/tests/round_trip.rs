//! Every message comes back as it was sent, and its encoding is one of a kind: read and written again, the
//! same bytes come out.

use deskside_proto::control::{Control, CursorShape, MAX_CURSOR_BYTES, MAX_CURSOR_SIDE, Suspension};
use deskside_proto::input::{Button, InputBatch, InputEvent, MAX_EVENTS};
use deskside_proto::journal::{Action, Entry, Event, GrantEnd, MAX_ENTRIES, MAX_ENTRY, SessionEnd, Verdict};
use deskside_proto::offer::{MAX_RELAYS, OfferBody, RelayAddress, SignedOffer};
use deskside_proto::picture::{MAX_SIDE, UpdateHeader};
use deskside_proto::shown::{AreaNote, MAX_LABEL, MAX_LABELS, MAX_MONITORS, MonitorNote, ScopeNote};
use deskside_proto::ticket::{SignedTicket, TicketBody};
use deskside_proto::tunnel::{Frame, MAX_DATAGRAM, Refusal};
use deskside_proto::udp::{self, Datagram, Probe, ProbeKind};
use deskside_proto::{Code, GrantId, LegId, MAX_NAME, RequestId, Role, SessionId};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::{select, subsequence};

/// Names up to the longest; a character takes up to four bytes.
fn names() -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..=MAX_NAME / 4).prop_map(String::from_iter)
}

fn hashes() -> impl Strategy<Value = [u8; 32]> {
    any::<[u8; 32]>()
}

fn sessions() -> impl Strategy<Value = SessionId> {
    any::<[u8; 16]>().prop_map(SessionId)
}

fn requests() -> impl Strategy<Value = RequestId> {
    any::<u32>().prop_map(RequestId)
}

fn grants() -> impl Strategy<Value = GrantId> {
    (1..=u32::MAX).prop_map(GrantId)
}

fn actions() -> impl Strategy<Value = Action> {
    select(Action::ALL.to_vec())
}

fn verdicts() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        grants().prop_map(Verdict::Allowed),
        select(vec![Verdict::Denied, Verdict::TimedOut, Verdict::Withdrawn, Verdict::Unavailable]),
    ]
}

fn grant_ends() -> impl Strategy<Value = GrantEnd> {
    use GrantEnd::{Expired, F11, GivenBack, Narrowed, Revoked, SessionEnded};
    select(vec![F11, Revoked, GivenBack, Narrowed, SessionEnded, Expired])
}

fn session_ends() -> impl Strategy<Value = SessionEnd> {
    use SessionEnd::{ConnectionLost, Customer, DisplayLost, Operator, Protocol, Refused, TimedOut};
    select(vec![Customer, Operator, Refused, ConnectionLost, DisplayLost, Protocol, TimedOut])
}

fn cursors() -> impl Strategy<Value = CursorShape> {
    let side = || 0..=u16::try_from(MAX_CURSOR_SIDE).unwrap_or(0);
    (side(), side(), side(), side(), vec(any::<u8>(), 0..200))
        .prop_map(|(width, height, hot_x, hot_y, pixels)| CursorShape { width, height, hot_x, hot_y, pixels })
}

fn monitors() -> impl Strategy<Value = MonitorNote> {
    let place = || 0..=u16::try_from(MAX_SIDE).unwrap_or(0);
    (labels(), place(), place(), 1..=1920u16, 1..=1200u16)
        .prop_map(|(name, x, y, width, height)| MonitorNote { name, x, y, width, height })
}

fn labels() -> impl Strategy<Value = String> {
    ".{0,40}".prop_filter("at most so long", |name| name.len() <= MAX_LABEL)
}

fn scopes() -> impl Strategy<Value = ScopeNote> {
    let area = prop_oneof![
        Just(AreaNote::Screen),
        labels().prop_map(AreaNote::Monitor),
        vec(labels(), 0..=MAX_LABELS).prop_map(AreaNote::Applications),
    ];
    (area, any::<u32>(), any::<[bool; 3]>()).prop_map(|(area, hidden, [desktop, panels, notifications])| {
        ScopeNote { area, hidden, desktop, panels, notifications }
    })
}

fn controls() -> impl Strategy<Value = Control> {
    let suspensions = option::of(select(vec![
        Suspension::Hand,
        Suspension::Question,
        Suspension::Paused,
        Suspension::Panel,
    ]));
    let place = || 0..=u16::try_from(MAX_SIDE).unwrap_or(0);
    prop_oneof![
        (any::<u32>(), names()).prop_map(|(version, product)| Control::Hello { version, product }),
        Just(Control::Accepted),
        (requests(), subsequence(Action::ALL.to_vec(), 1..=Action::ALL.len()))
            .prop_map(|(request, actions)| Control::Ask { request, actions }),
        requests().prop_map(|request| Control::Withdraw { request }),
        (requests(), verdicts()).prop_map(|(request, verdict)| Control::Answer { request, verdict }),
        (grants(), grant_ends()).prop_map(|(grant, reason)| Control::GrantEnded { grant, reason }),
        grants().prop_map(|grant| Control::GiveBack { grant }),
        suspensions.prop_map(Control::Suspended),
        any::<bool>().prop_map(Control::Paused),
        (any::<u32>(), 1..=MAX_SIDE, 1..=4096u32).prop_map(|(epoch, width, height)| Control::Screen {
            epoch,
            width,
            height
        }),
        vec(monitors(), 0..=MAX_MONITORS).prop_map(Control::Monitors),
        option::of(0..MAX_MONITORS as u8).prop_map(Control::Look),
        cursors().prop_map(Control::CursorShape),
        (place(), place()).prop_map(|(x, y)| Control::CursorMoved { x, y }),
        (any::<u32>(), any::<u32>()).prop_map(|(epoch, number)| Control::Shown { epoch, number }),
        vec(any::<u8>(), 0..300).prop_map(Control::Entry),
        (any::<u32>(), hashes(), vec(any::<u8>(), 0..=128))
            .prop_map(|(number, head, signature)| Control::Seal { number, head, signature }),
        session_ends().prop_map(|reason| Control::End { reason }),
        vec(any::<u8>(), 0..300).prop_map(Control::Demonstration),
    ]
}

fn events() -> impl Strategy<Value = InputEvent> {
    use Button::{Back, Forward, Left, Middle, Right};
    let turn = || -12_000..=12_000i16;
    let characters = any::<char>().prop_filter("no control characters", |c| !c.is_control());
    prop_oneof![
        (any::<u16>(), any::<u16>()).prop_map(|(x, y)| InputEvent::PointerMove { x, y }),
        (select(vec![Left, Middle, Right, Back, Forward]), any::<bool>())
            .prop_map(|(button, pressed)| InputEvent::PointerButton { button, pressed }),
        (turn(), turn()).prop_map(|(dx, dy)| InputEvent::Wheel { dx, dy }),
        characters.prop_map(InputEvent::Text),
        (0..=0x1fff_ffffu32, 0..=0x2ffu16, any::<bool>())
            .prop_map(|(keysym, position, pressed)| InputEvent::Key { keysym, position, pressed }),
        Just(InputEvent::ReleaseAll),
    ]
}

fn happenings() -> impl Strategy<Value = Event> {
    prop_oneof![
        (sessions(), names(), names(), hashes(), hashes(), option::of(hashes())).prop_map(
            |(session, operator, organisation, certificate, customer_certificate, follows)| Event::Started {
                session,
                operator,
                organisation,
                certificate,
                customer_certificate,
                follows
            }
        ),
        (requests(), actions(), hashes()).prop_map(|(request, action, question)| Event::Asked {
            request,
            action,
            question
        }),
        (requests(), verdicts()).prop_map(|(request, verdict)| Event::Answered { request, verdict }),
        (grants(), grant_ends()).prop_map(|(grant, reason)| Event::GrantEnded { grant, reason }),
        (grants(), option::of(grants()), scopes()).prop_map(|(grant, replaces, scope)| Event::Scoped {
            grant,
            replaces,
            scope
        }),
        select(vec![Event::Paused, Event::Resumed, Event::HandTookOver]),
        any::<bool>().prop_map(Event::PanelHidden),
        any::<u32>().prop_map(|events| Event::InputRefused { events }),
        session_ends().prop_map(|reason| Event::Ended { reason }),
    ]
}

fn offers() -> impl Strategy<Value = OfferBody> {
    let relay =
        (names(), names(), 1..=u16::MAX).prop_map(|(relay, host, port)| RelayAddress { relay, host, port });
    (sessions(), hashes(), vec(relay, 1..=MAX_RELAYS), any::<bool>(), any::<i64>()).prop_map(
        |(session, code_hash, relays, password_required, expires_ms)| OfferBody {
            session,
            code_hash,
            relays,
            password_required,
            expires_ms,
        },
    )
}

fn tickets() -> impl Strategy<Value = TicketBody> {
    let roles = select(vec![Role::Operator, Role::Customer]);
    (names(), sessions(), roles, any::<[u8; 16]>(), any::<i64>()).prop_map(
        |(relay, session, role, serial, expires_ms)| TicketBody { relay, session, role, serial, expires_ms },
    )
}

proptest! {
    #[test]
    fn control(message in controls()) {
        let bytes = message.encode();
        prop_assert_eq!(Control::decode(&bytes), Ok(message));
    }

    #[test]
    fn input(grant in grants(), epoch in any::<u32>(), events in vec(events(), 0..=MAX_EVENTS)) {
        let batch = InputBatch { grant, epoch, events };
        prop_assert_eq!(InputBatch::decode(&batch.encode()), Ok(batch));
    }

    #[test]
    fn journal(number in 0..=MAX_ENTRIES, at_ms in any::<i64>(), previous in hashes(), event in happenings()) {
        let entry = Entry { number, at_ms, previous, event };
        let bytes = entry.encode();
        proptest::prop_assert!(bytes.len() <= MAX_ENTRY);
        prop_assert_eq!(Entry::decode(&bytes), Ok(entry));
    }

    #[test]
    fn offer(body in offers(), certificate in vec(any::<u8>(), 0..600), signature in vec(any::<u8>(), 0..80)) {
        prop_assert_eq!(OfferBody::decode(&body.encode()), Ok(body.clone()));
        let signed = SignedOffer { body: body.encode(), certificate, signature };
        prop_assert_eq!(SignedOffer::decode(&signed.encode()), Ok(signed));
    }

    #[test]
    fn ticket(body in tickets(), signature in hashes()) {
        prop_assert_eq!(TicketBody::decode(&body.encode()), Ok(body.clone()));
        let mut whole = [0; 64];
        whole[..32].copy_from_slice(&signature);
        let signed = SignedTicket { body: body.encode(), signature: whole };
        prop_assert_eq!(SignedTicket::decode(&signed.encode()), Ok(signed));
    }

    #[test]
    fn tunnel(bytes in vec(any::<u8>(), 0..2000), leg in any::<u64>(), key in hashes(), behind in vec(any::<u8>(), 0..9)) {
        let mut frames = vec![
            Frame::Datagram(&bytes),
            Frame::Ticket(&bytes),
            Frame::Welcome { leg: LegId(leg), key },
            Frame::Peer(true),
            Frame::Peer(false),
        ];
        let refusals = [Refusal::Ticket, Refusal::Used, Refusal::Full, Refusal::Protocol];
        frames.extend(refusals.map(Frame::Refused));
        for frame in frames {
            let mut stream = Vec::new();
            frame.encode(&mut stream)?;
            let length = stream.len();
            stream.extend_from_slice(&behind);
            prop_assert_eq!(Frame::decode(&stream), Ok(Some((frame, length))));
            // Whatever is cut off, the frame is not there yet, and that is no error.
            for cut in [0, 1, 2, length / 2, length - 1] {
                prop_assert_eq!(Frame::decode(&stream[..cut.min(length - 1)]), Ok(None));
            }
        }
    }

    #[test]
    fn datagrams(leg in any::<u64>(), counter in any::<u64>(), challenge in any::<u64>(), mac in any::<[u8; 16]>(), first in 0x40..=255u8, rest in vec(any::<u8>(), 0..100)) {
        for kind in [ProbeKind::Request, ProbeKind::Reply] {
            let probe = Probe { leg: LegId(leg), kind, counter, challenge, mac };
            let bytes = probe.encode();
            prop_assert_eq!(udp::decode(&bytes), Ok(Datagram::Probe(probe)));
        }
        let quic = [&[first], rest.as_slice()].concat();
        let datagram = [leg.to_be_bytes().as_slice(), &quic].concat();
        prop_assert_eq!(udp::decode(&datagram), Ok(Datagram::Quic(LegId(leg), &quic)));
    }

    #[test]
    fn update_headers(epoch in any::<u32>(), number in any::<u32>(), body in vec(any::<u8>(), 0..20)) {
        let header = UpdateHeader { epoch, number };
        let bytes = [header.encode().as_slice(), &body].concat();
        prop_assert_eq!(UpdateHeader::decode(&bytes), Ok((header, body.as_slice())));
    }

    #[test]
    fn ids_and_codes(id in sessions(), number in 0..Code::COUNT) {
        prop_assert_eq!(id.to_string().parse(), Ok(id));
        let code = Code::from_number(number);
        let typed = format!(" {:03} - {:03}", number / 1000, number % 1000);
        prop_assert_eq!(Code::parse(&typed).ok(), code);
    }
}

#[test]
fn the_largest_cursor_fits_a_message() {
    let shape =
        CursorShape { width: 256, height: 256, hot_x: 0, hot_y: 0, pixels: vec![1; MAX_CURSOR_BYTES] };
    let bytes = Control::CursorShape(shape.clone()).encode();
    assert!(deskside_proto::frame::frame(&bytes).is_ok());
    assert_eq!(Control::decode(&bytes), Ok(Control::CursorShape(shape)));
}

#[test]
fn a_datagram_above_the_longest_is_not_framed() {
    let bytes = vec![0x40; MAX_DATAGRAM + 1];
    let mut out = Vec::new();
    assert!(Frame::Datagram(&bytes).encode(&mut out).is_err());
    assert!(out.is_empty());
    assert!(Frame::Datagram(&bytes[1..]).encode(&mut out).is_ok());
}
