//! House rules that no compiler checks, over the text of every file in the repository.

mod clippy_files;
mod protocol;
mod rust;
mod source;
mod text;

use std::path::Path;

use anyhow::bail;

use source::Source;

/// Broken rules, each as `file:line: what and why`.
#[derive(Default)]
struct Problems(Vec<String>);

impl Problems {
    fn add(&mut self, file: &str, line: usize, what: &str) {
        self.0.push(format!("{file}:{line}: {what}"));
    }
}

/// `cargo xtask tidy`.
pub(crate) fn check(root: &Path) -> anyhow::Result<()> {
    let files = source::read(root)?;
    let mut problems = Problems::default();
    for file in &files {
        text::check(root, file, &mut problems);
        if file.is_rust() {
            rust::check(file, &mut problems);
        }
    }
    rust::check_sizes(root, &files, &mut problems)?;
    rust::check_roots(&files, &mut problems);
    clippy_files::check(&files, &mut problems)?;
    protocol::check(&files, &mut problems);
    if !problems.0.is_empty() {
        for problem in &problems.0 {
            println!("{problem}");
        }
        bail!("{} broken rules", problems.0.len());
    }
    let lines: usize = files.iter().filter(|file| file.is_rust()).map(Source::lines).sum();
    println!("{} files, {lines} lines of Rust, all tidy", files.len());
    Ok(())
}
