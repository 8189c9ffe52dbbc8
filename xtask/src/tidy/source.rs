//! The repository's text files, and Rust with its comments and literals told apart.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

/// A text file of the repository.
pub(super) struct Source {
    /// Path from the root, with `/`.
    pub(super) path: String,
    pub(super) text: String,
}

impl Source {
    pub(super) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    pub(super) fn lines(&self) -> usize {
        self.text.lines().count()
    }
}

/// All text files, in the order of their paths. What is built, and bytes that are not UTF-8, are left out.
pub(super) fn read(root: &Path) -> anyhow::Result<Vec<Source>> {
    let mut files = Vec::new();
    walk(root, root, &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<Source>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let entry = entry?;
        let path = entry.path();
        let relative = path.strip_prefix(root)?.to_string_lossy().replace('\\', "/");
        let kind = entry.file_type()?;
        // In a worktree of Git, `.git` is a file.
        if matches!(relative.as_str(), ".git" | "target" | "fuzz/target" | "fuzz/artifacts" | "fuzz/corpus") {
            continue;
        }
        if kind.is_dir() {
            walk(root, &path, files)?;
        } else if kind.is_file()
            && let Ok(text) =
                String::from_utf8(fs::read(&path).with_context(|| format!("cannot read {relative}"))?)
        {
            files.push(Source { path: relative, text });
        }
    }
    Ok(())
}

/// What a character of Rust source is part of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Code,
    Comment,
    Literal,
}

/// The same text, line by line, with everything but code (or everything but comments) turned to spaces.
fn keep(text: &str, wanted: Part) -> Vec<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (part, length) = token(rest, first, out.chars().next_back());
        let (taken, after) = rest.split_at(length);
        for character in taken.chars() {
            out.push(if part == wanted || character == '\n' { character } else { ' ' });
        }
        rest = after;
    }
    out.lines().map(str::to_owned).collect()
}

/// Kind and length in bytes of what `text` begins with.
fn token(text: &str, first: char, before: Option<char>) -> (Part, usize) {
    if text.starts_with("//") {
        return (Part::Comment, text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return (Part::Comment, block_comment(text));
    }
    let word_goes_on = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if !word_goes_on {
        let prefix = ["br", "cr", "b", "c", "r", ""].into_iter().find(|prefix| {
            text.strip_prefix(prefix).is_some_and(|t| {
                t.starts_with('"')
                    || (prefix.ends_with('r')
                        && t.trim_start_matches('#').starts_with('"')
                        && t.starts_with('#'))
            })
        });
        if let Some(prefix) = prefix {
            return (Part::Literal, prefix.len() + string(&text[prefix.len()..], prefix.ends_with('r')));
        }
        if let Some(length) = character(text.strip_prefix('b').unwrap_or(text)) {
            return (Part::Literal, length + usize::from(first == 'b'));
        }
    } else if first == '"' {
        return (Part::Literal, string(text, false));
    }
    (Part::Code, first.len_utf8())
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

fn string(text: &str, raw: bool) -> usize {
    let hashes = if raw { text.len() - text.trim_start_matches('#').len() } else { 0 };
    let body = hashes + 1;
    if raw {
        let end = format!("\"{}", "#".repeat(hashes));
        return text[body..].find(&end).map_or(text.len(), |at| body + at + end.len());
    }
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Length of a character literal; `None` for a lifetime and everything else.
fn character(text: &str) -> Option<usize> {
    let body = text.strip_prefix('\'')?;
    let first = body.chars().next()?;
    if first == '\\' {
        return body[2..].find('\'').map(|at| at + 4);
    }
    body[first.len_utf8()..].starts_with('\'').then(|| first.len_utf8() + 2)
}

/// Lines of Rust with comments and literals blanked.
pub(super) fn code(text: &str) -> Vec<String> {
    keep(text, Part::Code)
}

/// Lines of Rust with everything but comments blanked.
pub(super) fn comments(text: &str) -> Vec<String> {
    keep(text, Part::Comment)
}

/// Whether `word` stands in `line` as a whole word.
pub(super) fn has_word(line: &str, word: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        !line[..at].chars().next_back().is_some_and(inside)
            && !line[at + word.len()..].chars().next().is_some_and(inside)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_not_code() {
        let text = "let a = \"unsafe // no\"; // unsafe\nlet b = r#\"unsafe \"quoted\"\"#; /* unsafe /* */ */ go();\n";
        let code = code(text);
        assert_eq!(code.len(), 2);
        assert!(code.iter().all(|line| !has_word(line, "unsafe")), "{code:?}");
        assert!(code[1].contains("go();"));
        assert!(comments(text)[0].ends_with("// unsafe"));
    }

    #[test]
    fn lifetimes_and_characters_are_told_apart() {
        let text = "fn f<'a>(x: &'a str) -> char { unsafe { '\\'' } } const Q: char = '\"'; unsafe impl X {}";
        let code = code(text).join("");
        assert_eq!(code.matches("unsafe").count(), 2, "{code}");
        assert!(code.contains("'a"));
    }

    #[test]
    fn a_word_is_not_a_part_of_another() {
        assert!(has_word("unsafe {", "unsafe"));
        assert!(!has_word("forbid(unsafe_code)", "unsafe"));
    }
}
