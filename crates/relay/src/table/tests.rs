//! The table alone, under a clock that the tests wind.

use super::*;

const NOW_MS: i64 = 1_000_000;

fn ticket(session: u8, role: Role, serial: u32) -> TicketBody {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&serial.to_be_bytes());
    TicketBody {
        relay: "relay-1".to_owned(),
        session: SessionId([session; 16]),
        role,
        serial: bytes,
        expires_ms: NOW_MS + 600_000,
    }
}

fn path(port: u16) -> UdpPath {
    UdpPath { remote: SocketAddr::from(([192, 0, 2, 1], port)), local: None }
}

fn probe(admitted: &Admitted, kind: ProbeKind, counter: u64, challenge: u64) -> Probe {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &*admitted.key);
    let unsigned = Probe { leg: admitted.leg, kind, counter, challenge, mac: [0; MAC_LENGTH] };
    Probe { mac: mac(&key, &unsigned), ..unsigned }
}

fn request(admitted: &Admitted, counter: u64, challenge: u64) -> Probe {
    probe(admitted, ProbeKind::Request, counter, challenge)
}

/// Asks for the challenge of a path and brings it back, with this counter and the next; gives the challenge.
fn prove(table: &mut Table, admitted: &Admitted, counter: u64, path: UdpPath, now: Instant) -> u64 {
    let reply = table.prove(&request(admitted, counter, 0), path, now).expect("a challenge");
    let brought = table.prove(&request(admitted, counter + 1, reply.challenge), path, now);
    assert_eq!(brought, Some(probe(admitted, ProbeKind::Reply, counter + 1, reply.challenge)));
    reply.challenge
}

/// A table with both legs of one session.
fn pair() -> (Table, Admitted, Admitted) {
    let mut table = Table::new(100).expect("randomness");
    let operator = table.admit(&ticket(1, Role::Operator, 1), NOW_MS).expect("the operator's leg");
    let customer = table.admit(&ticket(1, Role::Customer, 2), NOW_MS).expect("the customer's leg");
    (table, operator, customer)
}

fn by_udp(route: Option<Route>) -> Option<(UdpPath, LegId)> {
    match route? {
        Route::Udp(path, leg) => Some((path, leg)),
        Route::Tunnel(_) => None,
    }
}

#[test]
fn a_session_has_two_different_sides_and_no_third() {
    let (mut table, operator, customer) = pair();
    assert_ne!(operator.leg, customer.leg);
    assert_ne!(*operator.key, *customer.key);
    for (role, serial) in [(Role::Operator, 3), (Role::Customer, 4)] {
        assert!(matches!(table.admit(&ticket(1, role, serial), NOW_MS), Err(Denied::Taken)));
    }
    assert_eq!((table.legs(), table.sessions()), (2, 1));
    assert!(table.admit(&ticket(2, Role::Operator, 5), NOW_MS).is_ok(), "another session is another matter");
}

#[test]
fn a_ticket_is_honoured_once_even_after_its_leg_is_gone() {
    let (mut table, _, customer) = pair();
    table.remove(customer.leg);
    assert!(matches!(table.admit(&ticket(1, Role::Customer, 2), NOW_MS), Err(Denied::Used)));
    assert!(table.admit(&ticket(1, Role::Customer, 3), NOW_MS).is_ok(), "a fresh one is");
}

#[test]
fn a_refused_ticket_is_not_used_up() {
    let (mut table, _, customer) = pair();
    assert!(matches!(table.admit(&ticket(1, Role::Customer, 9), NOW_MS), Err(Denied::Taken)));
    table.remove(customer.leg);
    assert!(table.admit(&ticket(1, Role::Customer, 9), NOW_MS).is_ok());
}

#[test]
fn a_full_relay_keeps_those_who_are_here() {
    let mut table = Table::new(2).expect("randomness");
    let first = table.admit(&ticket(1, Role::Operator, 1), NOW_MS).expect("room");
    assert!(table.admit(&ticket(2, Role::Operator, 2), NOW_MS).is_ok());
    assert!(matches!(table.admit(&ticket(1, Role::Customer, 3), NOW_MS), Err(Denied::Full)));
    table.remove(first.leg);
    assert!(table.admit(&ticket(3, Role::Customer, 4), NOW_MS).is_ok());
}

#[test]
fn serials_are_forgotten_when_their_tickets_have_expired_and_not_before() {
    let mut table = Table::new(10).expect("randomness");
    for serial in 0..5_000 {
        let leg = table.admit(&ticket(1, Role::Operator, serial), NOW_MS).expect("a fresh ticket").leg;
        table.remove(leg);
    }
    assert_eq!(table.used.len(), 5_000);
    for serial in 5_000..20_000 {
        let later = TicketBody { expires_ms: i64::MAX, ..ticket(1, Role::Operator, serial) };
        let leg = table.admit(&later, NOW_MS + 600_000).expect("a fresh ticket").leg;
        table.remove(leg);
    }
    assert_eq!(table.used.len(), 15_000);
    assert!(matches!(table.admit(&ticket(1, Role::Operator, 5_000), NOW_MS), Err(Denied::Used)));
}

#[test]
fn nothing_is_routed_from_one_session_to_another() {
    let (mut table, operator, customer) = pair();
    let stranger = table.admit(&ticket(2, Role::Operator, 3), NOW_MS).expect("a leg");
    let now = Instant::now();
    assert!(table.route(stranger.leg, now).is_none());
    assert!(table.route(LegId(stranger.leg.0.wrapping_add(1)), now).is_none());
    for (from, to) in [(&operator, &customer), (&customer, &operator)] {
        match table.route(from.leg, now) {
            Some(Route::Tunnel(queue)) => assert!(Arc::ptr_eq(&queue, &to.queue)),
            _ => panic!("no tunnel to the other leg"),
        }
    }
    table.remove(customer.leg);
    assert!(table.route(operator.leg, now).is_none());
    assert!(table.route(customer.leg, now).is_none());
}

#[test]
fn a_challenge_brought_back_proves_an_address_for_three_seconds() {
    let (mut table, operator, customer) = pair();
    let start = Instant::now();
    let first = request(&customer, 1, 0);
    let reply = table.prove(&first, path(7), start).expect("a reply");
    assert_ne!(reply.challenge, 0);
    assert_eq!(reply, probe(&customer, ProbeKind::Reply, 1, reply.challenge));
    assert_eq!(reply.encode().len(), first.encode().len());
    assert!(matches!(table.route(operator.leg, start), Some(Route::Tunnel(_))), "asked is not proven");
    assert!(table.route_udp(customer.leg, path(7).remote, start).is_none());

    let again = table.prove(&request(&customer, 2, reply.challenge), path(7), start).expect("a reply");
    assert_eq!(again, probe(&customer, ProbeKind::Reply, 2, reply.challenge), "one path, one challenge");
    let almost = start + ADDRESS_LIFETIME - Duration::from_millis(1);
    assert_eq!(by_udp(table.route(operator.leg, almost)), Some((path(7), customer.leg)));
    let over = start + ADDRESS_LIFETIME;
    assert!(matches!(table.route(operator.leg, over), Some(Route::Tunnel(_))), "back to the tunnel");
    assert!(matches!(table.route(customer.leg, almost), Some(Route::Tunnel(_))), "the other leg proved none");

    assert!(table.prove(&request(&customer, 3, 0), path(7), over).is_some());
    assert!(matches!(table.route(operator.leg, over), Some(Route::Tunnel(_))), "nothing brought, no refresh");
    assert!(table.prove(&request(&customer, 4, reply.challenge), path(7), over).is_some());
    assert_eq!(by_udp(table.route(operator.leg, over)), Some((path(7), customer.leg)));
}

#[test]
fn only_the_newest_proven_address_may_send() {
    let (mut table, operator, customer) = pair();
    let now = Instant::now();
    assert!(table.route_udp(customer.leg, path(7).remote, now).is_none(), "nothing proven yet");
    prove(&mut table, &customer, 1, path(7), now);
    assert!(table.route_udp(customer.leg, path(7).remote, now).is_some());
    assert!(table.route_udp(customer.leg, path(8).remote, now).is_none());
    assert!(table.route_udp(operator.leg, path(7).remote, now).is_none(), "another leg's address");
    prove(&mut table, &customer, 3, path(8), now);
    assert!(table.route_udp(customer.leg, path(7).remote, now).is_none(), "a new NAT binding");
    assert!(table.route_udp(customer.leg, path(8).remote, now).is_some());
}

/// Whoever holds a leg's key can write any source address, but reads only what comes to its own: it is
/// answered, and brings back whatever it has ever read, all but the challenge of that address.
#[test]
fn t37_an_address_that_never_saw_its_challenge_is_never_routed_to() {
    let (mut table, operator, customer) = pair();
    let now = Instant::now();
    let remote = SocketAddr::from(([198, 51, 100, 1], 53));
    let victim = UdpPath { remote, local: None };
    let mut known = vec![0, 1, u64::MAX];
    known.push(prove(&mut table, &customer, 1, path(7), now));
    known.push(prove(&mut table, &operator, 1, path(9), now));
    // The other leg's challenge of the very same address, and the ones of its neighbours.
    known.push(table.prove(&request(&operator, 3, 0), victim, now).expect("a reply").challenge);
    let local = Some([192, 0, 2, 53].into());
    for near in [
        UdpPath { remote: SocketAddr::new(remote.ip(), 54), local: None },
        UdpPath { remote: SocketAddr::from(([198, 51, 100, 2], 53)), local: None },
        UdpPath { remote, local },
    ] {
        let counter = 10 + known.len() as u64;
        known.push(table.prove(&request(&customer, counter, 0), near, now).expect("a reply").challenge);
    }
    // And the one that another relay, or this one before it was started again, gave for it.
    known.push(challenge(&Table::new(1).expect("randomness").secret, customer.leg, victim));

    for (counter, challenge) in (100..).zip(known) {
        let request = request(&customer, counter, challenge);
        let reply = table.prove(&request, victim, now).expect("a genuine request is answered");
        assert_ne!(reply.challenge, challenge);
        assert_eq!(reply.encode().len(), request.encode().len());
        assert_eq!(by_udp(table.route(operator.leg, now)), Some((path(7), customer.leg)));
        assert!(table.route_udp(customer.leg, victim.remote, now).is_none());
    }
}

#[test]
fn t37_a_forged_or_replayed_probe_gets_no_answer_and_moves_nothing() {
    let (mut table, operator, customer) = pair();
    let now = Instant::now();
    prove(&mut table, &customer, 4, path(7), now);
    let elsewhere = challenge(&table.secret, customer.leg, path(666));
    let good = request(&customer, 6, elsewhere);
    let mut forged = Vec::new();
    for byte in 0..MAC_LENGTH {
        for bit in 0..8 {
            let mut mac = good.mac;
            mac[byte] ^= 1 << bit;
            forged.push(Probe { mac, ..good });
        }
    }
    forged.push(Probe { counter: 7, ..good });
    forged.push(Probe { challenge: elsewhere, ..request(&customer, 6, 0) });
    forged.push(Probe { leg: operator.leg, ..good });
    forged.push(Probe { leg: LegId(good.leg.0 ^ 1), ..good });
    forged.push(Probe { kind: ProbeKind::Reply, ..good });
    forged.push(probe(&customer, ProbeKind::Reply, 6, elsewhere));
    for old in [5, 4, 0] {
        forged.push(request(&customer, old, elsewhere));
    }
    for probe in forged {
        assert!(table.prove(&probe, path(666), now).is_none(), "{probe:?} was answered");
    }
    assert_eq!(by_udp(table.route(operator.leg, now)), Some((path(7), customer.leg)));
    assert!(table.prove(&good, path(8), now).is_some(), "the good one still counts");
    assert!(table.prove(&good, path(666), now).is_none(), "but once");
    assert_eq!(by_udp(table.route(operator.leg, now)), Some((path(7), customer.leg)));
}

#[test]
fn an_address_is_void_with_its_leg() {
    let (mut table, operator, customer) = pair();
    let now = Instant::now();
    let known = prove(&mut table, &customer, 1, path(7), now);
    table.remove(customer.leg);
    assert!(table.route(operator.leg, now).is_none());
    assert!(table.prove(&request(&customer, 3, known), path(7), now).is_none(), "a key ends with its leg");
    let again = table.admit(&ticket(1, Role::Customer, 9), NOW_MS).expect("a new leg");
    assert!(table.prove(&request(&again, 1, known), path(7), now).is_some());
    assert!(matches!(table.route(operator.leg, now), Some(Route::Tunnel(_))), "and its challenges too");
    assert!(table.route_udp(again.leg, path(7).remote, now).is_none());
}

#[test]
fn removing_twice_is_removing_once() {
    let (mut table, operator, customer) = pair();
    table.remove(customer.leg);
    table.remove(customer.leg);
    assert_eq!((table.legs(), table.sessions()), (1, 1));
    table.remove(operator.leg);
    assert_eq!((table.legs(), table.sessions()), (0, 0));
}
