//! Golden bytes: how each message has always looked on the wire. A changed line here is a changed protocol,
//! which needs a new version in PROTOCOL.md and in the ALPN or `PROTOCOL_VERSION`.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should fail where it stands")]

use deskside_proto::control::{Control, CursorShape, Suspension};
use deskside_proto::input::{Button, InputBatch, InputEvent};
use deskside_proto::journal::{Action, Entry, Event, GrantEnd, SessionEnd, Verdict};
use deskside_proto::marks::{Colour, Figure, MarkBatch, MarkEvent, MarkId, Place};
use deskside_proto::offer::{OfferBody, RelayAddress, SignedOffer};
use deskside_proto::picture::UpdateHeader;
use deskside_proto::shown::{AreaNote, MonitorNote, ScopeNote};
use deskside_proto::ticket::{SignedTicket, TicketBody};
use deskside_proto::tunnel::{Frame, Refusal};
use deskside_proto::udp::{Probe, ProbeKind};
use deskside_proto::{GrantId, LegId, RequestId, Role, SessionId, frame};

const GOLDEN: &str = include_str!("golden.txt");

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn control() -> Vec<(&'static str, Control)> {
    let (request, grant) = (RequestId(7), GrantId(3));
    let monitor = MonitorNote { name: "HDMI-1".into(), x: 1920, y: 0, width: 1280, height: 1024 };
    vec![
        ("control hello", Control::Hello { version: 1, product: "Deskside 0.1.0".into() }),
        ("control accepted", Control::Accepted),
        ("control ask", Control::Ask { request, actions: vec![Action::See, Action::Control] }),
        ("control withdraw", Control::Withdraw { request }),
        ("control answer allowed", Control::Answer { request, verdict: Verdict::Allowed(grant) }),
        ("control answer denied", Control::Answer { request, verdict: Verdict::Denied }),
        ("control grant ended", Control::GrantEnded { grant, reason: GrantEnd::F11 }),
        ("control give back", Control::GiveBack { grant }),
        ("control suspended", Control::Suspended(Some(Suspension::Question))),
        ("control not suspended", Control::Suspended(None)),
        ("control paused", Control::Paused(true)),
        ("control monitors", Control::Monitors(vec![monitor])),
        ("control marks", Control::Marks(MarkBatch { grant, epoch: 2, events: vec![MarkEvent::Clear] })),
        ("control look at one", Control::Look(Some(1))),
        ("control look at all", Control::Look(None)),
        ("control screen", Control::Screen { epoch: 2, width: 1920, height: 1080 }),
        (
            "control cursor shape",
            Control::CursorShape(CursorShape {
                width: 24,
                height: 20,
                hot_x: 3,
                hot_y: 4,
                pixels: vec![1, 2, 3],
            }),
        ),
        ("control cursor moved", Control::CursorMoved { x: 1919, y: 5 }),
        ("control shown", Control::Shown { epoch: 2, number: 300 }),
        ("control entry", Control::Entry(vec![0xAA, 0xBB])),
        ("control seal", Control::Seal { number: 9, head: [0x11; 32], signature: vec![0x22; 4] }),
        ("control end", Control::End { reason: SessionEnd::ConnectionLost }),
        ("control demonstration", Control::Demonstration(vec![0x12, 0x00])),
    ]
}

fn input() -> InputBatch {
    let events = vec![
        InputEvent::PointerMove { x: 640, y: 480 },
        InputEvent::PointerButton { button: Button::Right, pressed: true },
        InputEvent::Wheel { dx: 0, dy: -120 },
        InputEvent::Text('ß'),
        InputEvent::Key { keysym: 0xff51, position: 105, pressed: true },
        InputEvent::ReleaseAll,
    ];
    InputBatch { grant: GrantId(3), epoch: 2, events }
}

fn marks() -> MarkBatch {
    let (from, to) = (Place { x: 640, y: 480 }, Place { x: 1919, y: 5 });
    let put = |id, colour, figure| MarkEvent::Put { id: MarkId(id), colour, figure };
    let events = vec![
        put(1, Colour::Red, Figure::Pointer(from)),
        put(2, Colour::Yellow, Figure::Arrow { from, to }),
        put(3, Colour::Green, Figure::Rectangle { from, to }),
        put(4, Colour::Blue, Figure::Freehand(vec![from])),
        put(5, Colour::Red, Figure::Text { at: to, text: "här".into() }),
        MarkEvent::Extend { id: MarkId(4), places: vec![to] },
        MarkEvent::Erase(MarkId(1)),
        MarkEvent::Clear,
    ];
    MarkBatch { grant: GrantId(4), epoch: 2, events }
}

fn journal() -> Vec<(&'static str, Entry)> {
    let entry = |event| Entry { number: 5, at_ms: 1_700_000_000_000, previous: [0x33; 32], event };
    let request = RequestId(7);
    let started = Event::Started {
        session: SessionId([0x44; 16]),
        operator: "Ada".into(),
        organisation: "Help Ltd".into(),
        certificate: [0x55; 32],
        customer_certificate: [0x66; 32],
        follows: None,
    };
    let mut demonstration = started.clone();
    if let Event::Started { follows, .. } = &mut demonstration {
        *follows = Some([0xaa; 32]);
    }
    let area = AreaNote::Applications(vec!["Firefox".into()]);
    let scope = ScopeNote { area, hidden: 2, desktop: false, panels: true, notifications: false };
    let scoped = Event::Scoped { grant: GrantId(4), replaces: Some(GrantId(3)), scope };
    let asked = Event::Asked { request, action: Action::See, question: [0x77; 32] };
    vec![
        ("journal started", entry(started)),
        ("journal started demonstration", entry(demonstration)),
        ("journal asked", entry(asked)),
        ("journal answered", entry(Event::Answered { request, verdict: Verdict::TimedOut })),
        ("journal scoped", entry(scoped)),
        ("journal grant ended", entry(Event::GrantEnded { grant: GrantId(3), reason: GrantEnd::Narrowed })),
        ("journal paused", entry(Event::Paused)),
        ("journal resumed", entry(Event::Resumed)),
        ("journal hand took over", entry(Event::HandTookOver)),
        ("journal panel hidden", entry(Event::PanelHidden(true))),
        ("journal input refused", entry(Event::InputRefused { events: 12 })),
        ("journal ended", entry(Event::Ended { reason: SessionEnd::Customer })),
    ]
}

fn signed() -> Vec<(&'static str, Vec<u8>)> {
    let offer = OfferBody {
        session: SessionId([0x44; 16]),
        code_hash: [0x88; 32],
        relays: vec![RelayAddress { relay: "relay-1".into(), host: "help.example.org".into(), port: 443 }],
        password_required: false,
        expires_ms: 1_700_000_600_000,
    };
    let ticket = TicketBody {
        relay: "relay-1".into(),
        session: SessionId([0x44; 16]),
        role: Role::Customer,
        serial: [0x99; 16],
        expires_ms: 1_700_000_600_000,
    };
    let signed_offer = SignedOffer { body: vec![1, 2], certificate: vec![3, 4], signature: vec![5, 6] };
    let signed_ticket = SignedTicket { body: vec![1, 2], signature: [0xAB; 64] };
    assert_eq!(OfferBody::decode(&offer.encode()), Ok(offer.clone()));
    assert_eq!(TicketBody::decode(&ticket.encode()), Ok(ticket.clone()));
    vec![
        ("offer body", offer.encode()),
        ("offer signed", signed_offer.encode()),
        ("ticket body", ticket.encode()),
        ("ticket signed", signed_ticket.encode()),
    ]
}

fn relay() -> Vec<(&'static str, Vec<u8>)> {
    let leg = LegId(0x0102_0304_0506_0708);
    let frames = [
        ("tunnel datagram", Frame::Datagram(&[0x40, 1, 2])),
        ("tunnel ticket", Frame::Ticket(&[9, 9])),
        ("tunnel welcome", Frame::Welcome { leg, key: [0xCD; 32] }),
        ("tunnel refused", Frame::Refused(Refusal::Used)),
        ("tunnel peer", Frame::Peer(true)),
    ];
    let probe =
        |kind| Probe { leg, kind, counter: 258, challenge: 0xC0FFEE, mac: [0xEE; 16] }.encode().to_vec();
    let mut messages: Vec<_> = (frames.into_iter())
        .map(|(name, frame)| {
            let mut bytes = Vec::new();
            frame.encode(&mut bytes).unwrap();
            (name, bytes)
        })
        .collect();
    messages.push(("udp probe", probe(ProbeKind::Request)));
    messages.push(("udp reply", probe(ProbeKind::Reply)));
    messages.push(("update header", UpdateHeader { epoch: 2, number: 300 }.encode().to_vec()));
    messages.push(("message frame", frame::frame(&[7, 8, 9]).unwrap()));
    messages
}

#[test]
fn every_message_looks_as_ever() {
    let mut now = String::new();
    let mut line = |name: &str, bytes: &[u8]| now += &format!("{name}: {}\n", hex(bytes));
    for (name, message) in control() {
        assert_eq!(Control::decode(&message.encode()).as_ref(), Ok(&message));
        line(name, &message.encode());
    }
    line("input", &input().encode());
    assert_eq!(MarkBatch::decode(&marks().encode()), Ok(marks()));
    line("marks", &marks().encode());
    for (name, entry) in journal() {
        assert_eq!(Entry::decode(&entry.encode()).as_ref(), Ok(&entry));
        line(name, &entry.encode());
    }
    signed().iter().chain(&relay()).for_each(|(name, bytes)| line(name, bytes));
    assert!(now == GOLDEN, "tests/golden.txt would now be\n{now}");
}
