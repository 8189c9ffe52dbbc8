//! Logging in: certificates, passwords, delays, tokens.

use axum::http::{Method, StatusCode, header};
use deskside_broker::{AccountError, Clock as _, NameError, Secret};
use deskside_trust::issue::{OperatorProfile, Purpose, Validity};
use deskside_trust::{Packet, Revocation};
use serde_json::Value;

use crate::lab::{Api, HOUR, Lab, MINUTE, Operator, PASSWORD};

const HOME: &str = "203.0.113.10";

async fn still_in(api: &Api, who: &Operator, token: &str) -> String {
    let path = "/api/v1/sessions/00000000000000000000000000000000";
    api.call(Method::DELETE, path, &Value::Null, (who, token)).await.error()
}

/// Case T01 at the broker: nine certificates that are not an operator's, and none at all.
#[tokio::test]
async fn t01_wrong_certificates_never_get_a_password_checked() {
    let lab = Lab::new();
    let api = lab.open().await;
    api.add("ann").await;
    let now = lab.clock.unix();
    let profile = OperatorProfile::new(&lab.packet, "ann", "Ann Example", now);
    let issue = |profile: &OperatorProfile| Operator::new(lab.packet_ca.issue_operator(profile).unwrap());
    let days = |days: i64| {
        let at = deskside_trust::UnixTime::since_unix_epoch(std::time::Duration::from_millis(
            u64::try_from(lab.clock.now_ms() + days * 24 * HOUR).unwrap(),
        ));
        Validity::days(at, 10)
    };
    let other = Lab::new();
    let second_packet = lab.root.new_packet_ca("packet-2", Validity::days(now, 100)).unwrap();
    let second = Packet::new(lab.root.certificate(), second_packet.certificate(), now).unwrap();
    let revoked = issue(&profile);
    let serial = serial_of(&lab, &revoked);
    lab.write_crl(&[Revocation { serial, at: now }]);
    let wrong = [
        ("other organisation", other.operator("ann")),
        ("other packet", {
            let profile = OperatorProfile::new(&second, "ann", "Ann Example", now);
            Operator::new(second_packet.issue_operator(&profile).unwrap())
        }),
        ("other packet's name", issue(&OperatorProfile { packet: "packet-2".into(), ..profile.clone() })),
        ("expired", issue(&OperatorProfile { validity: days(-20), ..profile.clone() })),
        ("not yet valid", issue(&OperatorProfile { validity: days(20), ..profile.clone() })),
        ("for servers", issue(&OperatorProfile { purpose: Purpose::Server, ..profile.clone() })),
        ("for clients", issue(&OperatorProfile { purpose: Purpose::Client, ..profile.clone() })),
        ("revoked", revoked),
        ("self-signed", Operator::new(profile.self_signed().unwrap())),
        ("another account", lab.operator("bob")),
    ];
    for (what, who) in &wrong {
        let reply = api.login(who, "ann", PASSWORD, HOME).await;
        assert_eq!(
            (reply.status, reply.error().as_str()),
            (StatusCode::FORBIDDEN, "wrong_certificate"),
            "{what}"
        );
    }
    let body = serde_json::json!({ "user": "ann", "password": PASSWORD });
    let none = api.post("/api/v1/login", &body, HOME, Vec::new()).await;
    assert_eq!(none.error(), "wrong_certificate");
    assert_eq!(api.login(&lab.operator("ann"), "ann", PASSWORD, HOME).await.status, StatusCode::OK);
}

fn serial_of(lab: &Lab, who: &Operator) -> String {
    let list = deskside_trust::Crl::parse(&std::fs::read(lab.crl()).unwrap()).unwrap();
    deskside_trust::identify(&who.chain(), &list, &lab.packet, lab.clock.unix()).unwrap().serial
}

#[tokio::test]
async fn wrong_unknown_and_disabled_look_the_same() {
    let lab = Lab::new();
    let api = lab.open().await;
    api.add("ann").await;
    api.add("dis").await;
    api.broker.accounts().disable("dis").await.unwrap();
    let wrong = api.login(&lab.operator("ann"), "ann", "a wrong password", "192.0.2.1").await;
    let unknown = api.login(&lab.operator("who"), "who", PASSWORD, "192.0.3.1").await;
    let disabled = api.login(&lab.operator("dis"), "dis", PASSWORD, "192.0.4.1").await;
    assert_eq!((wrong.status, wrong.error()), (StatusCode::UNAUTHORIZED, "login_failed".to_owned()));
    assert_eq!(wrong, unknown);
    assert_eq!(wrong, disabled);
    api.broker.accounts().enable("dis").await.unwrap();
    lab.clock.advance(1_000);
    let enabled = api.login(&lab.operator("dis"), "dis", PASSWORD, "192.0.4.1").await;
    assert_eq!(enabled.status, StatusCode::OK);
}

/// Case T43 over the API, with the clock turned as fast as the broker allows.
#[tokio::test]
async fn t43_guessing_a_password_takes_years_and_the_owner_gets_in() {
    let lab = Lab::new();
    let api = lab.open().await;
    api.add("ann").await;
    let (ann, thief) = (lab.operator("ann"), lab.operator("ann"));
    api.token(&ann, "ann").await;
    let (begin, mut answered) = (lab.clock.now_ms(), 0);
    while lab.clock.now_ms() < begin + 17 * HOUR {
        let reply = api.login(&thief, "ann", "a wrong password", &format!("10.0.{answered}.1")).await;
        match reply.error().as_str() {
            "login_failed" => answered += 1,
            "too_many_attempts" => {
                let wait: i64 = reply.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
                lab.clock.advance(wait * 1_000);
            }
            other => panic!("{other}"),
        }
    }
    assert!((15..=24).contains(&answered), "{answered} guesses answered");
    let late = api.login(&thief, "ann", PASSWORD, "10.1.0.1").await;
    let again = api.login(&thief, "ann", PASSWORD, "10.1.0.2").await;
    assert!(late.status == StatusCode::OK || again.error() == "too_many_attempts");
    assert_eq!(api.login(&ann, "ann", PASSWORD, HOME).await.status, StatusCode::OK, "from a known device");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_flood_of_log_ins_is_one_guess() {
    let lab = Lab::new();
    let api = lab.open().await;
    api.add("ann").await;
    let chain = lab.operator("ann").chain();
    let body = serde_json::json!({ "user": "ann", "password": "a wrong password" });
    let logins = (0..40).map(|number| {
        let (api, body, chain) = (api.clone(), body.clone(), chain.clone());
        tokio::spawn(async move {
            api.post("/api/v1/login", &body, &format!("10.0.{number}.1"), chain).await.error()
        })
    });
    let mut answered = 0;
    for login in logins.collect::<Vec<_>>() {
        answered += usize::from(login.await.unwrap() == "login_failed");
    }
    assert_eq!(answered, 1);
}

#[tokio::test]
async fn a_restart_forgives_no_wrong_password() {
    let lab = Lab::new();
    let api = lab.open().await;
    api.add("ann").await;
    let ann = lab.operator("ann");
    assert_eq!(api.login(&ann, "ann", "a wrong password", HOME).await.error(), "login_failed");
    api.broker.close().await;
    let api = lab.open().await;
    assert_eq!(api.login(&ann, "ann", PASSWORD, HOME).await.error(), "too_many_attempts");
    lab.clock.advance(1_000);
    assert_eq!(api.login(&ann, "ann", PASSWORD, HOME).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_token_ends_with_its_time_its_account_its_password_and_its_certificate() {
    let lab = Lab::new();
    let api = lab.open().await;
    api.add("ann").await;
    let (ann, twin) = (lab.operator("ann"), lab.operator("ann"));
    let accounts = api.broker.accounts();

    let token = api.token(&ann, "ann").await;
    assert_eq!(still_in(&api, &ann, &token).await, "no_such_session");
    assert_eq!(still_in(&api, &twin, &token).await, "not_logged_in", "another certificate of the account");
    for forged in ["", "AAAA", &token[1..], &token.replace(|c: char| c.is_ascii_digit(), "x"), "\u{7f}"] {
        if *forged != token && header::HeaderValue::from_str(forged).is_ok() {
            assert_eq!(still_in(&api, &ann, forged).await, "not_logged_in", "{forged:?}");
        }
    }
    lab.clock.advance(12 * HOUR);
    assert_eq!(still_in(&api, &ann, &token).await, "not_logged_in", "after twelve hours");

    let token = api.token(&ann, "ann").await;
    accounts.disable("ann").await.unwrap();
    assert_eq!(still_in(&api, &ann, &token).await, "not_logged_in", "account disabled");
    accounts.enable("ann").await.unwrap();
    assert_eq!(still_in(&api, &ann, &token).await, "not_logged_in", "enabling brings no token back");

    let token = api.token(&ann, "ann").await;
    accounts.passwd("ann", &Secret::new("another password".into())).await.unwrap();
    assert_eq!(still_in(&api, &ann, &token).await, "not_logged_in", "password changed");
    assert_eq!(api.login(&ann, "ann", PASSWORD, HOME).await.error(), "login_failed");
    lab.clock.advance(1_000);
    let login = api.login(&ann, "ann", "another password", HOME).await.json();
    let token = login["token"].as_str().unwrap();
    assert_eq!(still_in(&api, &ann, token).await, "no_such_session");
    lab.write_crl(&[Revocation { serial: serial_of(&lab, &ann), at: lab.clock.unix() }]);
    assert_eq!(still_in(&api, &ann, token).await, "wrong_certificate", "revoked: at once");
}

#[tokio::test]
async fn without_a_good_revocation_list_nobody_logs_in() {
    let lab = Lab::new();
    let api = lab.open().await;
    api.add("ann").await;
    let ann = lab.operator("ann");
    lab.clock.advance(73 * HOUR);
    let stale = api.login(&ann, "ann", PASSWORD, HOME).await;
    assert_eq!((stale.status, stale.error()), (StatusCode::SERVICE_UNAVAILABLE, "unavailable".to_owned()));
    lab.write_crl(&[]);
    assert_eq!(api.login(&ann, "ann", PASSWORD, HOME).await.status, StatusCode::OK);
    lab.clock.advance(MINUTE);
    let foreign = Lab::new();
    foreign.clock.advance(lab.clock.now_ms() - foreign.clock.now_ms());
    (0..5).for_each(|_| foreign.write_crl(&[]));
    std::fs::copy(foreign.crl(), lab.crl()).unwrap();
    assert_eq!(api.login(&ann, "ann", PASSWORD, HOME).await.error(), "unavailable", "another CA's list");
}

#[tokio::test]
async fn accounts_are_checked_and_listed() {
    let lab = Lab::new();
    let api = lab.open().await;
    let accounts = api.broker.accounts();
    let secret = |text: &str| Secret::new(text.to_owned());
    accounts.add("bob", &secret(PASSWORD)).await.unwrap();
    accounts.add("ann", &secret(PASSWORD)).await.unwrap();
    assert!(matches!(accounts.add("ann", &secret(PASSWORD)).await, Err(AccountError::Exists)));
    assert!(
        matches!(accounts.add("Ann", &secret(PASSWORD)).await, Err(AccountError::Exists)),
        "a look-alike"
    );
    let short = accounts.add("cem", &secret("ninechars")).await;
    assert!(matches!(short, Err(AccountError::Name(NameError::PasswordTooShort))));
    assert!(matches!(accounts.add("a b", &secret(PASSWORD)).await, Err(AccountError::Name(NameError::Name))));
    for missing in [
        accounts.disable("cem").await,
        accounts.enable("cem").await,
        accounts.passwd("cem", &secret(PASSWORD)).await,
    ] {
        assert!(matches!(missing, Err(AccountError::Missing)));
    }
    accounts.disable("bob").await.unwrap();
    let list: Vec<_> = accounts.list().await.unwrap().into_iter().map(|a| (a.name, a.enabled)).collect();
    assert_eq!(list, [("ann".to_owned(), true), ("bob".to_owned(), false)]);
}
