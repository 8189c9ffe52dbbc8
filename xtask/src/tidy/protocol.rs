//! PROTOCOL.md must name every message, field, value and limit that the crate `proto` puts on the wire.

use super::Problems;
use super::source::{Source, code, has_word};

const DOCUMENT: &str = "PROTOCOL.md";
/// Modules of `proto` that are no messages.
const NOT_ON_THE_WIRE: [&str; 2] = ["error.rs", "lib.rs"];

pub(super) fn check(files: &[Source], problems: &mut Problems) {
    let Some(document) = files.iter().find(|file| file.path == DOCUMENT) else {
        problems.add(DOCUMENT, 1, "is missing: the wire is a document");
        return;
    };
    for file in files {
        let Some(module) = file.path.strip_prefix("crates/proto/src/") else { continue };
        if NOT_ON_THE_WIRE.contains(&module) || module.contains("test") {
            continue;
        }
        for (line, name) in public_names(&file.text) {
            if !document.text.lines().any(|text| has_word(text, &name)) {
                problems.add(&file.path, line, &format!("{DOCUMENT} does not name `{name}`"));
            }
        }
    }
}

/// Public types, the variants of public enums, and public constants, each with its line. Tests are left out.
fn public_names(text: &str) -> Vec<(usize, String)> {
    let mut names = Vec::new();
    let mut depth = 0_usize;
    let mut in_enum = false;
    for (number, line) in code(text).iter().enumerate() {
        let trimmed = line.trim();
        if depth == 0 && trimmed.starts_with("#[cfg(test)]") {
            break;
        }
        if depth == 0 {
            in_enum = trimmed.starts_with("pub enum ");
            let name = ["pub enum ", "pub struct ", "pub const "]
                .iter()
                .find_map(|keyword| trimmed.strip_prefix(keyword))
                .map(first_word)
                .filter(|name| !name.is_empty() && !name.ends_with("Error"));
            names.extend(name.map(|name| (number + 1, name.to_owned())));
        } else if depth == 1 && in_enum {
            let name = first_word(trimmed);
            if name.starts_with(|c: char| c.is_ascii_uppercase()) {
                names.push((number + 1, name.to_owned()));
            }
        }
        depth += line.matches(['{', '(', '[']).count();
        depth = depth.saturating_sub(line.matches(['}', ')', ']']).count());
    }
    names
}

fn first_word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::public_names;

    #[test]
    fn types_variants_and_limits_are_found_and_the_rest_is_not() {
        let text = "pub const MAX_A: usize = 1;\nconst PRIVATE: u8 = 2;\n#[derive(Debug)]\npub enum Kind {\n    #[x(y)]\n    One,\n    Two { Three: u8 },\n}\nimpl Kind {\n    pub const fn f() -> Kind { Kind::One }\n}\npub enum KindError { Bad }\n#[cfg(test)]\nmod tests { pub struct Hidden; }\n";
        let names: Vec<String> = public_names(text).into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["MAX_A", "Kind", "One", "Two"]);
    }
}
