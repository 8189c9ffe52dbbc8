//! Pure crates have their own clippy.toml: it must hold the whole workspace's settings and ban more calls.

use anyhow::Context as _;
use toml::{Table, Value};

use super::Problems;
use super::source::Source;

/// Crates without clock, file or socket.
const PURE: [&str; 5] = ["proto", "codec", "ticket", "trust", "session"];
/// What a pure crate's file must ban at least.
const BANNED: [&str; 6] = [
    "std::time::SystemTime::now",
    "std::time::Instant::now",
    "std::fs::read",
    "std::fs::File",
    "std::net::TcpStream",
    "std::net::UdpSocket",
];

pub(super) fn check(files: &[Source], problems: &mut Problems) -> anyhow::Result<()> {
    let find = |path: &str| files.iter().find(|file| file.path == path);
    let shared = find("clippy.toml").context("clippy.toml is missing")?;
    let shared: Table = shared.text.parse().context("clippy.toml is not TOML")?;
    let first = format!("crates/{}/clippy.toml", PURE[0]);
    for name in PURE {
        let path = format!("crates/{name}/clippy.toml");
        let Some(file) = find(&path) else {
            problems.add(&path, 1, "is missing: a pure crate bans clock, files and sockets");
            continue;
        };
        if find(&first).is_some_and(|first| first.text != file.text) {
            problems.add(&path, 1, &format!("differs from {first}; pure crates share one text"));
        }
        let own: Table = file.text.parse().with_context(|| format!("{path} is not TOML"))?;
        for (key, value) in &shared {
            let held = match (value, own.get(key)) {
                (Value::Array(wanted), Some(Value::Array(held))) => {
                    wanted.iter().all(|entry| held.contains(entry))
                }
                (wanted, held) => held == Some(wanted),
            };
            if !held {
                problems.add(&path, 1, &format!("lacks what clippy.toml sets for `{key}`"));
            }
        }
        let banned: Vec<&str> = ["disallowed-methods", "disallowed-types"]
            .iter()
            .filter_map(|key| own.get(*key)?.as_array())
            .flatten()
            .filter_map(|entry| entry.get("path")?.as_str())
            .collect();
        for wanted in BANNED {
            if !banned.contains(&wanted) {
                problems.add(&path, 1, &format!("does not ban {wanted}"));
            }
        }
    }
    Ok(())
}
