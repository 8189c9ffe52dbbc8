//! What the network, the relay and the broker can see of a session: nothing of its content.

use std::fs::File;
use std::net::UdpSocket;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use deskside_net::{PathChoice, Purpose, Readiness, customer, operator};
use deskside_net::{sharing, viewing};
use deskside_proto::input::InputEvent;
use deskside_proto::journal::Action;
use deskside_testkit::process::Process;
use deskside_testkit::wait::wait_until;

use crate::ends::Place;
use crate::sessions::{allow, begin, show};

/// Drawn on the screen; as long as SECURITY.md's canaries.
const DRAWN: &[u8; 64] = b"canary-drawn-c0ffee-5d1e9b7a-3f2c-4a8e-9d6b-0123456789abcdef-end";
/// Typed by the operator.
const TYPED: &str = "canary-typed-8b1d-4c77-a5e0-fedcba9876543210";

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    // The first two bytes are rare enough to make this quick on some hundred megabytes.
    haystack
        .windows(2)
        .enumerate()
        .any(|(at, pair)| pair == &needle[..2] && haystack[at..].starts_with(needle))
}

/// Everything that a process has in its memory.
fn memory(pid: u32) -> Vec<u8> {
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let file = File::open(format!("/proc/{pid}/mem")).unwrap();
    let mut memory = Vec::new();
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (start, end) = line.split(' ').next().and_then(|range| range.split_once('-')).unwrap();
        let [start, end] = [start, end].map(|address| u64::from_str_radix(address, 16).unwrap());
        let mut region = vec![0; usize::try_from(end - start).unwrap()];
        // Some regions of the kernel's cannot be read; nothing of the program's is in them.
        if file.read_exact_at(&mut region, start).is_ok() {
            memory.append(&mut region);
        }
    }
    memory
}

fn capture(folder: &Path, port: u16) -> Process {
    let mut tcpdump = Command::new("tcpdump");
    tcpdump.args(["-i", "lo", "-U", "-w"]).arg(folder.join("line.pcap")).args(["port", &port.to_string()]);
    tcpdump.stdin(Stdio::null());
    let tcpdump = Process::start("tcpdump", folder, tcpdump).unwrap();
    wait_until("tcpdump", Duration::from_secs(10), || tcpdump.log().contains("listening on")).unwrap();
    tcpdump
}

fn recorded(folder: &Path) -> Vec<u8> {
    std::fs::read(folder.join("line.pcap")).unwrap_or_default()
}

/// T02, T05; rows L2, N2, W6, B10: canaries drawn and typed are in no packet, nowhere in the memory of
/// relay and broker, and not in the database. Things that must be there are found by the same search.
fn nothing_is_seen(path: PathChoice) {
    let place = Place::new();
    let folder = place.folder.path();
    let port = place.descriptor().brokers()[0].port;
    let _tcpdump = capture(folder, port);
    let (operator, customer) = begin(&place, path);
    let picture = show(&operator, &customer);
    allow(&operator, &customer, Action::Control);
    operator.wait(|event| {
        if let operator::Event::Help(viewing::Event::Suspended(None)) = event { Ok(()) } else { Err(event) }
    });
    assert!(matches!(picture.wait_ready(Purpose::Change, Duration::from_secs(10)), Readiness::Ready { .. }));
    picture.screen(640, 480);
    for _ in 0..50 {
        picture.send_update(DRAWN.repeat(100));
        let (epoch, number, body) = operator.wait(|event| match event {
            operator::Event::Help(viewing::Event::Update { epoch, number, body }) => {
                Ok((epoch, number, body))
            }
            other => Err(other),
        });
        assert!(contains(&body, DRAWN), "the canary must have crossed the line");
        operator.handle.send(operator::Command::Help(viewing::Command::Shown { epoch, number }));
    }
    for _ in 0..20 {
        let text = TYPED.chars().map(InputEvent::Text).collect();
        operator.handle.send(operator::Command::Help(viewing::Command::Input(text)));
        customer
            .wait(|e| if let customer::Event::Help(sharing::Event::Input(_)) = e { Ok(()) } else { Err(e) });
    }

    let marker = b"seen-by-tcpdump-5150";
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    wait_until("the marker in the capture", Duration::from_secs(10), || {
        socket.send_to(marker, ("127.0.0.1", port)).unwrap();
        contains(&recorded(folder), marker)
    })
    .unwrap();
    let line = recorded(folder);
    assert!(line.len() > 300_000, "only {} bytes were captured", line.len());

    let memory = memory(place.server.process().id());
    let name = b"relay-1";
    assert!(contains(&memory, name), "the search finds what is there");
    let database = std::fs::read_dir(place.organisation.server_folder()).unwrap().flatten();
    let database: Vec<u8> = database
        .filter(|entry| entry.file_name().to_string_lossy().contains(".db"))
        .flat_map(|entry| std::fs::read(entry.path()).unwrap())
        .collect();
    assert!(contains(&database, b"anna"), "the search finds what is there");

    for (place, bytes) in [("packets", &line), ("server's memory", &memory), ("database", &database)] {
        assert!(!contains(bytes, &DRAWN[..24]), "what was drawn is in the {place}");
        assert!(!contains(bytes, &TYPED.as_bytes()[..16]), "what was typed is in the {place}");
        // A batch of characters is a list of small messages; this is how three of them look.
        let message: Vec<u8> = TYPED.bytes().take(4).flat_map(|b| [0x1a, 2, 0x20, b]).collect();
        assert!(!contains(bytes, &message), "what was typed is in the {place}, as protobuf");
    }
    assert!(!contains(&line, b"\"code\":\""), "a code is in the packets");
}

#[test]
fn t05_a_session_over_udp_shows_its_servers_and_the_line_nothing() {
    nothing_is_seen(PathChoice::Udp);
}

#[test]
fn t05_a_session_through_the_tunnel_shows_its_servers_and_the_line_nothing() {
    nothing_is_seen(PathChoice::Tls);
}
