//! Configurations, good and bad.

use super::*;

const GOOD: &str = r#"
name = "relay-1"
host = "help.example.org"
listen = "127.0.0.1:4443"
public_port = 443
database = "sqlite:deskside.db"
certificate = "server.pem"
key = "/etc/deskside/server.key.pem"
packet_ca = "packet-ca.pem"
root = "root.pem"
crl = "crl.der"
ticket_key = "ticket.key"
log = "json"
"#;

fn problems(text: &str) -> Vec<String> {
    match Config::parse(text, Path::new("/srv")) {
        Ok(config) => panic!("accepted as {config:?}"),
        Err(problems) => problems.iter().map(Problem::to_string).collect(),
    }
}

#[test]
fn every_key_is_read_and_paths_start_from_the_folder() {
    let config = Config::parse(GOOD, Path::new("/srv")).expect("a good configuration");
    assert_eq!((config.name.as_str(), config.host.as_str()), ("relay-1", "help.example.org"));
    assert_eq!(config.listen, SocketAddr::from(([127, 0, 0, 1], 4443)));
    assert_eq!((config.public_port, config.log), (Some(443), LogForm::Json));
    assert_eq!(config.certificate, Path::new("/srv/server.pem"));
    assert_eq!(config.key, Path::new("/etc/deskside/server.key.pem"));
    assert_eq!(config.database, Database::Sqlite("/srv/deskside.db".into()));
}

#[test]
fn the_host_alone_is_enough() {
    let config = Config::parse("host = '192.0.2.7'", Path::new("/srv")).expect("defaults for the rest");
    assert_eq!((config.public_port, config.log), (None, LogForm::Text));
    assert_eq!(config.listen, SocketAddr::from(([0, 0, 0, 0], 443)));
    assert_eq!(config.ticket_key, Path::new("/srv/ticket.key"));
}

#[test]
fn t19_an_unknown_key_is_refused_with_its_line_and_the_nearest_one() {
    assert_eq!(
        problems("host = 'a.example'\nlisten = '0.0.0.0:1'\ncertificat = 'x.pem'\n"),
        ["line 3: There is no key \"certificat\". Did you mean \"certificate\"?"]
    );
    let text = problems("host = 'a.example'\nunattended = true\n").join("");
    assert!(
        text.contains("line 2") && text.contains("\"unattended\"") && text.contains("The keys are: name")
    );
}

#[test]
fn a_wrong_value_is_named_with_what_it_must_be() {
    for (line, says) in [
        ("listen = 'everywhere'", "\"listen\" is 'everywhere', but must be an address and a port"),
        ("listen = 443", "\"listen\" is 443, but must be a text in quotation marks"),
        ("public_port = 0", "\"public_port\" is 0, but must be a port, 1 to 65535"),
        ("public_port = 65536", "1 to 65535"),
        ("public_port = '443'", "1 to 65535"),
        ("database = 'postgres://db'", "must be \"sqlite:\" and the path of a file"),
        ("name = ''", "must be letters, digits"),
        ("name = \"a\\nb\"", "must be letters, digits"),
        ("log = 'xml'", "must be \"text\" or \"json\""),
        ("root = ''", "must be the path of a file, for example \"root.pem\""),
        ("crl = ['a', 'b']", "must be a text in quotation marks"),
    ] {
        let found = problems(&format!("host = 'a.example'\n\n{line}\n"));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("line 3: ") && found[0].contains(says), "{found:?}");
    }
    assert!(problems("host = 'a.example:443'")[0].contains("without port"));
}

#[test]
fn everything_that_is_wrong_is_said_at_once_in_order() {
    let found = problems("log = 'xml'\npublic_port = -1\nnmae = 'x'\n");
    let lines: Vec<_> = found.iter().map(|problem| problem.split(':').next().unwrap_or_default()).collect();
    assert_eq!(lines[..3], ["line 1", "line 2", "line 3"]);
    assert!(found[3].contains("The key \"host\" is missing"), "{found:?}");
}

#[test]
fn what_is_not_toml_is_shown_with_its_line() {
    for text in
        ["host = 'a.example'\nlisten = \n", "host = 'a.example'\nlisten == 1", "host = 'a'\nhost = 'b'"]
    {
        let found = problems(text);
        assert!(found[0].starts_with("line 2: This is not TOML: "), "{found:?}");
    }
    assert!(problems(&"#".repeat(70_000))[0].contains("longer than"));
}
