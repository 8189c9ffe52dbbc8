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

fn request(admitted: &Admitted, counter: u64) -> Probe {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &*admitted.key);
    let mac = mac(&key, admitted.leg, ProbeKind::Request, counter);
    Probe { leg: admitted.leg, kind: ProbeKind::Request, counter, mac }
}

/// A table with both legs of one session.
fn pair() -> (Table, Admitted, Admitted) {
    let mut table = Table::new(100);
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
    let mut table = Table::new(2);
    let first = table.admit(&ticket(1, Role::Operator, 1), NOW_MS).expect("room");
    assert!(table.admit(&ticket(2, Role::Operator, 2), NOW_MS).is_ok());
    assert!(matches!(table.admit(&ticket(1, Role::Customer, 3), NOW_MS), Err(Denied::Full)));
    table.remove(first.leg);
    assert!(table.admit(&ticket(3, Role::Customer, 4), NOW_MS).is_ok());
}

#[test]
fn serials_are_forgotten_when_their_tickets_have_expired_and_not_before() {
    let mut table = Table::new(10);
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
fn a_probe_proves_an_address_for_three_seconds() {
    let (mut table, operator, customer) = pair();
    let start = Instant::now();
    let reply = table.prove(&request(&customer, 1), path(7), start).expect("a reply");
    assert_eq!((reply.kind, reply.counter, reply.leg), (ProbeKind::Reply, 1, customer.leg));
    assert_eq!(reply.encode().len(), request(&customer, 1).encode().len());
    let key = hmac::Key::new(hmac::HMAC_SHA256, &*customer.key);
    assert_eq!(reply.mac, mac(&key, customer.leg, ProbeKind::Reply, 1));

    let almost = start + ADDRESS_LIFETIME - Duration::from_millis(1);
    assert_eq!(by_udp(table.route(operator.leg, almost)), Some((path(7), customer.leg)));
    let over = start + ADDRESS_LIFETIME;
    assert!(matches!(table.route(operator.leg, over), Some(Route::Tunnel(_))), "back to the tunnel");
    assert!(matches!(table.route(customer.leg, almost), Some(Route::Tunnel(_))), "the other leg proved none");

    assert!(table.prove(&request(&customer, 2), path(7), over).is_some());
    assert_eq!(by_udp(table.route(operator.leg, over)), Some((path(7), customer.leg)));
}

#[test]
fn only_the_newest_proven_address_may_send() {
    let (mut table, operator, customer) = pair();
    let now = Instant::now();
    assert!(table.route_udp(customer.leg, path(7).remote, now).is_none(), "nothing proven yet");
    assert!(table.prove(&request(&customer, 1), path(7), now).is_some());
    assert!(table.route_udp(customer.leg, path(7).remote, now).is_some());
    assert!(table.route_udp(customer.leg, path(8).remote, now).is_none());
    assert!(table.route_udp(operator.leg, path(7).remote, now).is_none(), "another leg's address");
    assert!(table.prove(&request(&customer, 2), path(8), now).is_some(), "a new NAT binding");
    assert!(table.route_udp(customer.leg, path(7).remote, now).is_none());
    assert!(table.route_udp(customer.leg, path(8).remote, now).is_some());
}

#[test]
fn t37_a_forged_or_replayed_probe_gets_no_answer_and_moves_nothing() {
    let (mut table, operator, customer) = pair();
    let now = Instant::now();
    assert!(table.prove(&request(&customer, 5), path(7), now).is_some());
    let good = request(&customer, 6);
    let mut forged = Vec::new();
    for byte in 0..MAC_LENGTH {
        for bit in 0..8 {
            let mut mac = good.mac;
            mac[byte] ^= 1 << bit;
            forged.push(Probe { mac, ..good });
        }
    }
    forged.push(Probe { counter: 7, ..good });
    forged.push(Probe { leg: operator.leg, ..good });
    forged.push(Probe { leg: LegId(good.leg.0 ^ 1), ..good });
    forged.push(Probe { kind: ProbeKind::Reply, ..good });
    forged.push(request(&customer, 5));
    forged.push(request(&customer, 4));
    forged.push(request(&customer, 0));
    for probe in forged {
        assert!(table.prove(&probe, path(666), now).is_none(), "{probe:?} was answered");
    }
    assert_eq!(by_udp(table.route(operator.leg, now)), Some((path(7), customer.leg)));
    assert!(table.prove(&good, path(8), now).is_some(), "the good one still counts");
    assert!(table.prove(&good, path(666), now).is_none(), "but once");
}

#[test]
fn an_address_is_void_with_its_leg() {
    let (mut table, operator, customer) = pair();
    let now = Instant::now();
    assert!(table.prove(&request(&customer, 1), path(7), now).is_some());
    table.remove(customer.leg);
    assert!(table.route(operator.leg, now).is_none());
    assert!(table.prove(&request(&customer, 2), path(7), now).is_none(), "a key ends with its leg");
    let again = table.admit(&ticket(1, Role::Customer, 9), NOW_MS).expect("a new leg");
    assert!(matches!(table.route(operator.leg, now), Some(Route::Tunnel(_))));
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
