//! Rules for Rust files: they say what lives in them, stay small, and keep the operating system in one place.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context as _;

use super::Problems;
use super::source::{Source, code, comments, has_word};

/// Most lines of a file.
const MAX_LINES: usize = 600;
/// Files that are longer and may only become shorter: `lines path`, one a line.
const ALLOWED: &str = "xtask/long-files.txt";
/// The one crate with `unsafe` and `cfg(target_os)`.
const PLATFORM: &str = "crates/platform/";

/// Rules for one file.
pub(super) fn check(file: &Source, problems: &mut Problems) {
    if !file.text.starts_with("//! ") {
        problems.add(&file.path, 1, "the first line must begin with `//!` and say what lives here");
    }
    let platform = file.path.starts_with(PLATFORM);
    let lines = code(&file.text);
    for (number, line) in lines.iter().enumerate() {
        let at = number + 1;
        if has_word(line, "unsafe") && !platform {
            problems.add(&file.path, at, "`unsafe` stands in the crate `platform` only");
        }
        if (has_word(line, "target_os") || has_word(line, "windows)") || has_word(line, "target_family"))
            && line.contains("cfg")
        {
            let next = lines[number + 1..]
                .iter()
                .map(|line| line.trim())
                .find(|line| !line.is_empty() && !line.starts_with("#["));
            let gates_module = next.is_some_and(|line| {
                has_word(line, "mod") || line.starts_with("pub use") || line.starts_with("use")
            });
            if !platform || !gates_module {
                problems.add(
                    &file.path,
                    at,
                    "the operating system is told apart on `mod` lines of `platform` only",
                );
            }
        }
    }
    for (number, line) in comments(&file.text).iter().enumerate() {
        // Spelled apart so that this file passes its own rule.
        for word in [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("HA", "CK")] {
            if has_word(line, word) {
                problems.add(&file.path, number + 1, &format!("`{word}`: do it, or write an issue"));
            }
        }
    }
}

/// No file above the limit, but for a list that may only shrink.
pub(super) fn check_sizes(root: &Path, files: &[Source], problems: &mut Problems) -> anyhow::Result<()> {
    let list = match fs::read_to_string(root.join(ALLOWED)) {
        Ok(list) => list,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).context("cannot read the list of long files"),
    };
    let mut allowed = BTreeMap::new();
    for line in list.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        let (lines, path) =
            line.split_once(' ').with_context(|| format!("{ALLOWED}: `{line}` is not `lines path`"))?;
        allowed.insert(path.trim(), lines.parse::<usize>().with_context(|| format!("{ALLOWED}: {line}"))?);
    }
    for file in files.iter().filter(|file| file.is_rust()) {
        let lines = file.lines();
        match allowed.remove(file.path.as_str()) {
            Some(limit) if limit < lines => {
                problems.add(
                    &file.path,
                    lines,
                    &format!("grew beyond the {limit} lines that {ALLOWED} allows"),
                );
            }
            Some(limit) if lines < limit => {
                problems.add(
                    ALLOWED,
                    1,
                    &format!("{} has {lines} lines now, {limit} are listed: lower it", file.path),
                );
            }
            None if MAX_LINES < lines => {
                problems.add(
                    &file.path,
                    lines,
                    &format!("{lines} lines; {MAX_LINES} at most: give a concept its own file"),
                );
            }
            _ => {}
        }
    }
    for path in allowed.keys() {
        problems.add(ALLOWED, 1, &format!("{path} is gone: remove the line"));
    }
    Ok(())
}

/// Every crate but `platform` forbids unsafe code at each of its roots.
pub(super) fn check_roots(files: &[Source], problems: &mut Problems) {
    let roots = files.iter().filter(|file| {
        let parts: Vec<&str> = file.path.split('/').collect();
        let inside = match parts.as_slice() {
            ["crates", _, rest @ ..] | ["xtask", rest @ ..] => rest,
            _ => return false,
        };
        matches!(inside, ["src", "lib.rs" | "main.rs"] | ["src", "bin", _])
            || matches!(inside, ["src", "bin", _, "main.rs"])
    });
    for root in roots.filter(|root| root.is_rust()) {
        let platform = root.path.starts_with(PLATFORM);
        let forbids = code(&root.text).iter().any(|line| line.contains("#![forbid(unsafe_code)]"));
        if !platform && !forbids {
            problems.add(&root.path, 1, "the root of a crate must hold #![forbid(unsafe_code)]");
        }
    }
}
