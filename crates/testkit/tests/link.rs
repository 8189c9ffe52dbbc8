//! The emulated line delays, loses and limits as it says. Needs root; elsewhere it says so and is left out.

#[cfg(test)]
mod link {
    use std::net::Ipv4Addr;
    use std::process::Command;
    use std::time::{Duration, Instant};

    use deskside_testkit::link::{End, Line, Link, Namespace};
    use deskside_testkit::process::Process;
    use deskside_testkit::wait::{holds_for, wait_until};
    use tempfile::TempDir;

    const A: Ipv4Addr = Ipv4Addr::new(10, 77, 1, 1);
    const B: Ipv4Addr = Ipv4Addr::new(10, 77, 1, 2);

    const SOON: Duration = Duration::from_secs(30);

    struct Bench {
        _link: Link,
        a: Namespace,
        b: Namespace,
        folder: TempDir,
    }

    fn lay(label: &str, sends: Line) -> Option<Bench> {
        if !rustix::process::geteuid().is_root() {
            eprintln!("left out: namespaces need root");
            return None;
        }
        let folder = TempDir::new().unwrap();
        let a = Namespace::new(folder.path(), &format!("{label}-a")).unwrap();
        let b = Namespace::new(folder.path(), &format!("{label}-b")).unwrap();
        let link = Link::new(
            folder.path(),
            "line",
            &End { namespace: &a, device: "wan0", address: A, sends },
            &End { namespace: &b, device: "wan0", address: B, sends },
        )
        .unwrap();
        Some(Bench { _link: link, a, b, folder })
    }

    /// A refused connection takes exactly one round trip: a SYN there, a reset back.
    fn round_trip(bench: &Bench) -> Duration {
        let mut client = Command::new("bash");
        client.args(["-c", &format!("exec 3<>/dev/tcp/{B}/9")]);
        let began = Instant::now();
        let done = bench.a.enter(&client).output().unwrap();
        assert!(!done.status.success());
        began.elapsed()
    }

    /// Sends so many datagrams of so many bytes from `a` to `b`, as fast as a shell can.
    fn send(bench: &Bench, count: u32, bytes: u32) -> Process {
        let mut sender = Command::new("bash");
        let script = format!(
            "p=$(printf '%0{bytes}d' 0); for ((i = 0; i < {count}; i++)); do echo -n $p >/dev/udp/{B}/9; done"
        );
        sender.args(["-c", &script]);
        Process::start("sender", bench.folder.path(), bench.a.enter(&sender)).unwrap()
    }

    #[test]
    fn a_round_trip_takes_twice_the_delay() {
        let Some(bench) = lay("delay", Line { delay_ms: 60.0, ..Line::default() }) else { return };
        let quickest = (0..3).map(|_| round_trip(&bench)).min().unwrap();
        assert!(quickest >= Duration::from_millis(120), "{quickest:?}");
        assert!(quickest < Duration::from_millis(600), "{quickest:?}");
    }

    #[test]
    fn a_fifth_is_lost_when_a_fifth_should_be() {
        let Some(bench) = lay("loss", Line { loss_percent: 20.0, ..Line::default() }) else { return };
        let mut sending = send(&bench, 1000, 100);
        assert!(sending.wait(SOON).unwrap().success());
        let sent = bench.a.counters("wan0").unwrap().sent_packets;
        // The line is without delay: what has not arrived soon after never will.
        let arrived = || bench.b.counters("wan0").unwrap().received_packets;
        wait_until("the packets", SOON, || 700 < arrived()).unwrap();
        assert!(1000 <= sent, "{sent}");
        assert!(
            holds_for("a fifth is lost", Duration::from_millis(300), || arrived() * 100 < sent * 85).is_ok()
        );
        assert!(arrived() * 100 > sent * 75, "{} of {sent}", arrived());
    }

    #[test]
    fn a_limited_line_carries_no_more_than_its_rate() {
        let Some(bench) = lay("rate", Line { rate_mbit: 4.0, queue_kib: 64.0, ..Line::default() }) else {
            return;
        };
        let received = || bench.b.counters("wan0").unwrap().received_bytes;
        let sending = send(&bench, 100_000, 1400);
        wait_until("the first packets", SOON, || 50_000 < received()).unwrap();
        let (before, began) = (received(), Instant::now());
        wait_until("a megabyte", SOON, || before + 1_000_000 < received()).unwrap();
        let rate = (received() - before) as f64 * 8e-6 / began.elapsed().as_secs_f64();
        drop(sending);
        assert!(rate < 4.4, "{rate} Mbit/s through a line of 4");
        assert!(rate > 2.0, "{rate} Mbit/s through a line of 4");
    }
}
