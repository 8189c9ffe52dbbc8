//! Which crate may use which: ARCHITECTURE.md's table as a check.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, bail};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};

/// Crate, and the crates of the workspace that it may use. What is not here is refused.
const EDGES: &[(&str, &[&str])] = &[
    ("proto", &[]),
    ("codec", &[]),
    ("ticket", &["proto"]),
    ("trust", &["proto"]),
    ("session", &["proto", "trust"]),
    ("net", &["proto", "trust", "session"]),
    // The input vocabulary of `proto` is what gets injected; grants come from `session`.
    ("platform", &["codec", "session", "proto"]),
    ("ui", &[]),
    ("party", &["ui", "net", "session", "codec", "platform", "proto"]),
    ("relay", &["proto", "ticket"]),
    ("broker", &["proto", "ticket", "trust"]),
    // Besides its two halves the server handles the ticket key and the addresses that join them.
    ("server", &["broker", "relay", "proto", "ticket"]),
    ("ca", &["trust", "proto"]),
    ("operator", &["party", "ui", "net", "session", "codec", "platform", "trust", "proto"]),
    ("customer", &["party", "ui", "net", "session", "codec", "platform", "trust", "proto"]),
    (
        "testkit",
        &["proto", "codec", "ticket", "trust", "session", "net", "platform", "ui", "relay", "broker"],
    ),
    ("xtask", &[]),
];

/// Crates without clock, file or socket, and what would bring them one.
const PURE: &[&str] = &["proto", "codec", "ticket", "trust", "session"];
const IMPURE: &[&str] = &[
    "async-std",
    "axum",
    "hyper",
    "mio",
    "polling",
    "quinn",
    "quinn-udp",
    "reqwest",
    "rustix",
    "smol",
    "socket2",
    "sqlx",
    "tokio",
    "winit",
    "x11rb",
];

/// (crate, what it may not reach by any number of steps, why).
const UNREACHABLE: &[(&str, &[&str], &str)] = &[
    ("broker", &["session", "codec", "net", "platform", "quinn"], "the servers are blind"),
    ("relay", &["session", "codec", "net", "platform", "trust", "quinn", "rustls"], "the servers are blind"),
    ("server", &["session", "codec", "net", "platform", "quinn"], "the servers are blind"),
    ("party", &["broker", "relay", "ticket", "sqlx"], "a party's program serves nobody"),
    ("customer", &["broker", "relay", "ticket", "sqlx"], "the customer's program is small and serves nobody"),
    ("operator", &["broker", "relay", "ticket", "sqlx"], "the operator's program serves nobody"),
    ("ca", &["net", "tokio", "quinn", "hyper"], "the certificate authority works offline"),
    ("ui", &["glow", "wgpu"], "pixels are drawn by the CPU"),
];

/// (dependency, crates that may name it, why).
const RESERVED: &[(&str, &[&str], &str)] = &[
    ("quinn", &["net", "testkit"], "net is the only crate with QUIC"),
    ("sqlx", &["broker"], "the broker owns the database"),
    ("x11rb", &["platform", "testkit"], "platform is the one place for the operating system"),
    ("memmap2", &["platform"], "platform is the one place for the operating system"),
    ("x11-dl", &["platform"], "platform is the one place for the operating system"),
    ("xkbcommon-dl", &["platform"], "platform is the one place for the operating system"),
    ("rcgen", &["trust"], "certificates are made in one place"),
    (
        "zstd",
        &["codec", "testkit"],
        "pixels are encoded in one place; recorded work for its bench is kept small",
    ),
];

/// `cargo xtask deps`.
pub(crate) fn check(root: &Path) -> anyhow::Result<()> {
    let metadata = metadata(root)?;
    let graph = Graph::new(&metadata)?;
    let mut problems = Vec::new();
    for package in metadata.workspace_packages() {
        direct(package, &graph, &mut problems);
    }
    for name in PURE {
        for banned in IMPURE {
            unreachable(&graph, name, banned, "the core is pure", &mut problems);
        }
    }
    for (name, banned, why) in UNREACHABLE {
        for banned in *banned {
            unreachable(&graph, name, banned, why, &mut problems);
        }
    }
    if !problems.is_empty() {
        for problem in &problems {
            println!("{problem}");
        }
        bail!("{} forbidden edges", problems.len());
    }
    println!("{} crates, every edge allowed", metadata.workspace_members.len());
    Ok(())
}

fn metadata(root: &Path) -> anyhow::Result<Metadata> {
    MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .other_options([
            "--locked".to_owned(),
            "--filter-platform".to_owned(),
            "x86_64-unknown-linux-gnu".to_owned(),
        ])
        .exec()
        .context("cargo metadata failed")
}

/// A package's name as the table has it.
fn short(name: &str) -> &str {
    name.strip_prefix("deskside-").unwrap_or(name)
}

/// What a crate names in its own Cargo.toml.
fn direct(package: &Package, graph: &Graph<'_>, problems: &mut Vec<String>) {
    let name = short(&package.name);
    let Some((_, allowed)) = EDGES.iter().find(|(known, _)| *known == name) else {
        problems.push(format!("{name}: a crate that the table of edges does not have"));
        return;
    };
    for dependency in &package.dependencies {
        let used = short(&dependency.name);
        // What a crate's tests use is not shipped, and no edge of the product.
        if dependency.kind == DependencyKind::Development {
            continue;
        }
        if graph.members.contains(dependency.name.as_str()) {
            if used == "testkit" {
                problems.push(format!("{name} → testkit: only as a development dependency"));
            } else if !allowed.contains(&used) {
                problems.push(format!("{name} → {used}: not in the table of edges"));
            }
            let issues = dependency.features.iter().any(|feature| feature == "issue");
            if issues && !["ca", "net"].contains(&name) {
                problems.push(format!("{name} → {used}/issue: it verifies certificates and makes none"));
            }
        }
        for (reserved, owners, why) in RESERVED {
            if dependency.name == *reserved && !owners.contains(&name) {
                problems.push(format!("{name} → {reserved}: {why}"));
            }
        }
    }
}

fn unreachable(graph: &Graph<'_>, from: &str, banned: &str, why: &str, problems: &mut Vec<String>) {
    if let Some(path) = graph.path(from, banned) {
        problems.push(format!("{}: {why}", path.join(" → ")));
    }
}

/// The resolved graph of normal and build dependencies on Linux.
struct Graph<'a> {
    members: BTreeSet<&'a str>,
    names: BTreeMap<&'a PackageId, &'a str>,
    edges: BTreeMap<&'a PackageId, Vec<&'a PackageId>>,
}

impl<'a> Graph<'a> {
    fn new(metadata: &'a Metadata) -> anyhow::Result<Self> {
        let resolve = metadata.resolve.as_ref().context("cargo metadata has no resolved graph")?;
        let names = metadata.packages.iter().map(|package| (&package.id, package.name.as_str())).collect();
        let edges = resolve.nodes.iter().map(|node| {
            let used = node
                .deps
                .iter()
                .filter(|used| used.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal));
            (&node.id, used.map(|used| &used.pkg).collect())
        });
        let members = metadata.workspace_packages().iter().map(|package| package.name.as_str()).collect();
        Ok(Self { members, names, edges: edges.collect() })
    }

    /// The shortest way from one crate to another, by names.
    fn path(&self, from: &str, to: &str) -> Option<Vec<&'a str>> {
        let start =
            *self.names.iter().find(|(_, name)| short(name) == from && self.members.contains(*name))?.0;
        let mut came_from: BTreeMap<&PackageId, &PackageId> = BTreeMap::new();
        let mut queue = std::collections::VecDeque::from([start]);
        while let Some(id) = queue.pop_front() {
            let name = self.names.get(id)?;
            let wanted = *name == to || (self.members.contains(name) && short(name) == to);
            if wanted && id != start {
                let mut path = vec![short(name)];
                let mut at = id;
                while let Some(before) = came_from.get(at) {
                    path.push(short(self.names.get(before)?));
                    at = before;
                }
                path.reverse();
                return Some(path);
            }
            for next in self.edges.get(id).into_iter().flatten() {
                if *next != start && !came_from.contains_key(next) {
                    came_from.insert(next, id);
                    queue.push_back(next);
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A check that finds nothing must be able to find something.
    #[test]
    fn a_way_is_found_where_there_is_one() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let metadata = metadata(&root).unwrap();
        let graph = Graph::new(&metadata).unwrap();
        assert_eq!(graph.path("net", "quinn"), Some(vec!["net", "quinn"]));
        let way = graph.path("operator", "quinn").unwrap();
        assert_eq!((way[0], way[way.len() - 1]), ("operator", "quinn"));
        assert!(way.contains(&"net"), "{way:?}");
        assert_eq!(graph.path("proto", "quinn"), None);
    }
}
