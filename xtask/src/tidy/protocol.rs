//! PROTOCOL.md must name every message, field and value that the crate `proto` puts on the wire.

use super::Problems;
use super::source::{Source, code};

const DOCUMENT: &str = "PROTOCOL.md";
/// Modules of `proto` that are no messages.
const NOT_ON_THE_WIRE: [&str; 3] = ["error.rs", "frame.rs", "lib.rs"];

pub(super) fn check(files: &[Source], problems: &mut Problems) {
    let Some(document) = files.iter().find(|file| file.path == DOCUMENT) else {
        problems.add(DOCUMENT, 1, "is missing: the wire is a document");
        return;
    };
    let document = document.text.to_lowercase();
    for file in files {
        let Some(module) = file.path.strip_prefix("crates/proto/src/") else { continue };
        if NOT_ON_THE_WIRE.contains(&module) || module.contains("test") {
            continue;
        }
        for (line, name) in names_on_the_wire(&file.text) {
            if !says(&document, &name.to_lowercase()) && !says(&document, &snake_case(&name)) {
                problems.add(&file.path, line, &format!("{DOCUMENT} does not name `{name}`"));
            }
        }
    }
}

/// As JSON spells it.
fn snake_case(name: &str) -> String {
    let mut spelled = String::new();
    for character in name.chars() {
        if character.is_uppercase() && !spelled.is_empty() {
            spelled.push('_');
        }
        spelled.extend(character.to_lowercase());
    }
    spelled
}

/// Whether a word of the document begins with this: its plural will do.
fn says(document: &str, name: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    document.match_indices(name).any(|(at, _)| !document[..at].chars().next_back().is_some_and(inside))
}

/// The variants of public enums and the public fields of public structs, each with its line. Errors and
/// tests are left out: they are not on the wire.
fn names_on_the_wire(text: &str) -> Vec<(usize, String)> {
    let mut names = Vec::new();
    let mut depth = 0_usize;
    let mut inside = None;
    for (number, line) in code(text).iter().enumerate() {
        let trimmed = line.trim();
        if depth == 0 {
            if trimmed.starts_with("#[cfg(test)]") {
                break;
            }
            inside = ["pub enum ", "pub struct "].into_iter().find(|keyword| {
                trimmed.strip_prefix(keyword).is_some_and(|rest| !first_word(rest).ends_with("Error"))
            });
        } else if depth == 1 {
            let name = match inside {
                Some("pub enum ") => {
                    Some(first_word(trimmed)).filter(|name| name.starts_with(char::is_uppercase))
                }
                Some(_) => trimmed.strip_prefix("pub ").map(first_word).filter(|name| *name != "const"),
                None => None,
            };
            names.extend(name.filter(|name| !name.is_empty()).map(|name| (number + 1, name.to_owned())));
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
    use super::{names_on_the_wire, says, snake_case};

    #[test]
    fn variants_and_fields_are_found_and_the_rest_is_not() {
        let text = "pub const MAX: usize = 1;\n#[derive(Debug)]\npub enum Kind {\n    #[x(y)]\n    One,\n    Two { Three: u8 },\n}\n\
            impl Kind {\n    pub const fn f() -> Kind { Kind::One }\n}\npub struct Body {\n    pub serial: u8,\n    private: u8,\n}\n\
            pub enum KindError {\n    Bad,\n}\n#[cfg(test)]\nmod tests { pub struct Hidden { pub a: u8 } }\n";
        let names: Vec<String> = names_on_the_wire(text).into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["One", "Two", "serial"]);
    }

    #[test]
    fn a_plural_says_it_and_a_part_of_another_word_does_not() {
        assert!(says("two probes", "probe"));
        assert!(!says("deported", "port"));
        assert!(says("the code `no_such_code`", &snake_case("NoSuchCode")));
    }
}
