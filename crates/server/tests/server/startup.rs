//! Starting, stopping, and everything that keeps the program from starting.

use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::time::Duration;

use deskside_trust::UnixTime;
use deskside_trust::issue::Validity;

use crate::lab::{Lab, files};

/// Whether the program refuses to run, and says all of this in words for an administrator.
fn refuses(lab: &Lab, says: &[&str]) {
    let text = lab.refusal(&["run"]);
    assert!(text.starts_with("deskside-server: "), "{text}");
    for part in says {
        assert!(text.contains(part), "no {part:?} in: {text}");
    }
    assert!(!text.contains("panicked") && !text.contains("RUST_BACKTRACE"), "{text}");
}

fn days(from: i64, to: i64) -> Validity {
    let now = i64::try_from(UnixTime::now().as_secs()).unwrap();
    let at = |days: i64| {
        UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(now + days * 86_400).unwrap()))
    };
    Validity { not_before: at(from), not_after: at(to) }
}

#[test]
fn it_starts_stops_and_starts_again_with_the_same_ticket_key() {
    let lab = Lab::new();
    let before = files(&lab.path(""));
    let (status, log, took) = lab.start().end_by("-TERM");
    assert!(status.success() && log.contains("stopped"), "{log}");
    assert!(took < Duration::from_secs(5), "{took:?}");
    let key = fs::read(lab.path("ticket.key")).unwrap();
    let (status, ..) = lab.start().end_by("-INT");
    assert!(status.success());
    assert_eq!(fs::read(lab.path("ticket.key")).unwrap(), key);
    let made: Vec<_> = files(&lab.path("")).into_iter().filter(|name| !before.contains(name)).collect();
    assert_eq!(made, ["deskside.db", "ticket.key"], "nothing else is left behind");
}

#[test]
fn a_port_in_use_is_named() {
    let lab = Lab::new();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = tcp.local_addr().unwrap().port();
    lab.configure(&format!("127.0.0.1:{port}"), "");
    refuses(&lab, &[&format!("Port {port} (TCP) on 127.0.0.1 is in use"), "\"listen\""]);
    drop(tcp);
    let udp = UdpSocket::bind(("127.0.0.1", port)).unwrap();
    refuses(&lab, &[&format!("Port {port} (UDP) on 127.0.0.1 is in use")]);
    drop(udp);
    lab.start();
}

#[test]
fn an_address_of_another_machine_is_named() {
    let lab = Lab::new();
    lab.configure("192.0.2.1:0", "");
    refuses(&lab, &["This machine has no address 192.0.2.1", "0.0.0.0"]);
}

#[test]
fn t19_an_unknown_key_is_named_with_its_line() {
    let lab = Lab::new();
    lab.configure("127.0.0.1:0", "ticketkey = \"ticket.key\"\n");
    refuses(&lab, &["server.toml", "line 4", "\"ticketkey\"", "Did you mean \"ticket_key\"?"]);
    fs::remove_file(lab.path("server.toml")).unwrap();
    refuses(&lab, &["server.toml", "cannot be read", "--config"]);
}

#[test]
fn certificates_that_cannot_serve_are_named() {
    let lab = Lab::new();
    let good = lab.certificate(days(-1, 365));

    lab.install(&lab.certificate(days(-20, -10)));
    refuses(&lab, &["server.pem", "expired on", "deskside-ca init"]);
    lab.install(&lab.certificate(days(10, 20)));
    refuses(&lab, &["server.pem", "is valid from", "clock"]);

    lab.install(&good);
    lab.write("server.key.pem", lab.certificate(days(-1, 365)).key_pem().expose());
    refuses(&lab, &["server.key.pem", "is not the one of the certificate"]);
    lab.write("server.key.pem", "nonsense");
    refuses(&lab, &["server.key.pem", "no unencrypted private key"]);

    lab.install(&good);
    lab.write("server.pem", "nonsense");
    refuses(&lab, &["server.pem", "no certificate in PEM form"]);
    fs::remove_file(lab.path("server.pem")).unwrap();
    refuses(&lab, &["\"certificate\"", "server.pem", "cannot be read"]);

    lab.install(&good);
    lab.write("server.toml", "host = \"help.example.org\"\nlisten = \"127.0.0.1:0\"\nlog = \"json\"\n");
    refuses(&lab, &["not for \"help.example.org\"", "--host"]);
    lab.configure("127.0.0.1:0", "");
    lab.start();
}

#[test]
fn a_private_key_that_others_can_read_is_refused() {
    let lab = Lab::new();
    for mode in [0o644, 0o604, 0o660, 0o666] {
        lab.set_mode("server.key.pem", mode);
        refuses(&lab, &["server.key.pem", &format!("mode {mode:03o}"), "chmod 600"]);
    }
    lab.set_mode("server.key.pem", 0o600);
    lab.write("ticket.key", "nonsense");
    refuses(&lab, &["ticket.key", "damaged", "Remove it"]);
    assert!(!lab.path("deskside.db").exists(), "nothing is made before everything is checked");
}

#[test]
fn a_packet_of_another_organisation_is_refused() {
    let lab = Lab::new();
    lab.write("root.pem", fs::read(Lab::new().path("root.pem")).unwrap());
    refuses(&lab, &["\"packet_ca\"", "not signed by the organisation's root"]);
}

#[test]
fn a_damaged_database_is_named() {
    let lab = Lab::new();
    lab.write("deskside.db", "this is no database at all, but a text of some length".repeat(100));
    refuses(&lab, &["deskside.db", "is damaged or is not a database", "backup"]);
    let users = lab.refusal(&["user", "list"]);
    assert!(users.contains("is damaged or is not a database"), "{users}");

    fs::remove_file(lab.path("deskside.db")).unwrap();
    lab.configure("127.0.0.1:0", "database = \"sqlite:missing/deskside.db\"\n");
    refuses(&lab, &["missing/deskside.db", "cannot be made", "folder"]);
}

#[tokio::test]
async fn a_locked_database_is_named() {
    use sqlx::{Connection, Executor, SqliteConnection};
    let lab = Lab::new();
    assert!(lab.finish(&["user", "add", "anna"], "correct horse battery\n").status.success());
    let path = format!("sqlite://{}", lab.path("deskside.db").display());
    let mut other = SqliteConnection::connect(&path).await.unwrap();
    other.execute("BEGIN EXCLUSIVE").await.unwrap();
    refuses(&lab, &["deskside.db is locked by another program", "start again"]);
    other.execute("ROLLBACK").await.unwrap();
    other.close().await.unwrap();
    lab.start();
}

#[test]
fn check_says_everything_that_is_wrong_at_once_and_makes_nothing() {
    let lab = Lab::new();
    let before = files(&lab.path(""));
    let output = lab.finish(&["check"], "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    for part in [
        "everything is in order",
        "the revocation list is valid until 20",
        "the certificate is valid until 20",
    ] {
        assert!(said.contains(part), "no {part:?} in: {said}");
    }
    assert_eq!(files(&lab.path("")), before);

    lab.install(&lab.certificate(days(-20, -10)));
    lab.write("crl.der", "nonsense");
    lab.write("deskside.db", "this is no database at all, but a text of some length".repeat(100));
    lab.write("ticket.key", "nonsense");
    let text = lab.refusal(&["check"]);
    for part in ["expired on", "\"crl\"", "deskside.db is damaged", "ticket.key"] {
        assert!(text.contains(part), "no {part:?} in: {text}");
    }
    lab.write("crl.der", fs::read(Lab::new().path("crl.der")).unwrap());
    assert!(lab.refusal(&["check"]).contains("the list of another CA"));
}

#[test]
fn help_names_every_command() {
    let lab = Lab::new();
    for (arguments, parts) in [
        (&["--help"][..], &["run", "check", "user", "deskside-ca init"][..]),
        (&["user", "--help"], &["add", "passwd", "disable", "enable", "list"]),
        (&["run", "--help"], &["--config", "server.toml", "RUST_LOG"]),
    ] {
        let mut command = std::process::Command::new(crate::lab::PROGRAM);
        let output = command.args(arguments).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && parts.iter().all(|part| text.contains(part)), "{text}");
        assert!(!text.lines().any(|line| line.trim() == "passes"), "a line that was broken twice: {text}");
    }
    assert!(lab.refusal(&["serve"]).contains("unrecognized subcommand"));
}
