//! Rules for every text file: clean lines, links that lead somewhere, nothing of one person's machine.

use std::path::Path;

use super::Problems;
use super::source::Source;

/// Folders that exist on one machine only; spelled apart so that this file passes its own rule.
const PRIVATE_FOLDERS: [&str; 2] = [concat!("/wo", "rk/"), concat!("../sha", "red")];

pub(super) fn check(root: &Path, file: &Source, problems: &mut Problems) {
    let corpus = file.path.contains("/corpus/") || file.path.contains("/golden/");
    if corpus || file.path == "Cargo.lock" || file.path.ends_with(".snap") || file.path.ends_with(".svg") {
        return;
    }
    if !file.text.is_empty() && !file.text.ends_with('\n') {
        problems.add(&file.path, file.lines(), "the last line has no end");
    }
    for (number, line) in file.text.lines().enumerate() {
        let at = number + 1;
        if line.ends_with([' ', '\t', '\r']) {
            problems.add(&file.path, at, "white space at the end of the line");
        }
        for folder in PRIVATE_FOLDERS {
            if line.contains(folder) {
                problems.add(&file.path, at, &format!("`{folder}` exists on one machine only"));
            }
        }
        for marker in ["<<<<<<< ", ">>>>>>> "] {
            if line.starts_with(marker) {
                problems.add(&file.path, at, "the mark of an unfinished merge");
            }
        }
    }
    if file.path.ends_with(".md") {
        check_links(root, file, problems);
    }
}

/// Links of a Markdown page to files of the repository must lead to one.
fn check_links(root: &Path, file: &Source, problems: &mut Problems) {
    let folder = root.join(&file.path).parent().map(Path::to_path_buf).unwrap_or_default();
    let mut fenced = false;
    for (number, line) in file.text.lines().enumerate() {
        fenced ^= line.trim_start().starts_with("```");
        if fenced {
            continue;
        }
        for (at, _) in line.match_indices("](") {
            let Some(target) = line[at + 2..].split(')').next() else { continue };
            let target = target.split_once('#').map_or(target, |(path, _)| path);
            if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            if !folder.join(target).exists() {
                problems.add(&file.path, number + 1, &format!("the link to `{target}` leads nowhere"));
            }
        }
    }
}
