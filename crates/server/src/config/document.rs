//! A flat TOML document that remembers on which line each key stands, and collects what is wrong.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Problem;

pub(super) struct Document<'a> {
    source: &'a str,
    table: DeTable<'a>,
    pub(super) problems: Vec<Problem>,
}

impl<'a> Document<'a> {
    /// Takes the text apart; every mistake in TOML's grammar is one problem.
    pub(super) fn parse(source: &'a str) -> Result<Self, Vec<Problem>> {
        let (table, errors) = DeTable::parse_recoverable(source);
        let mut document = Self { source, table: table.into_inner(), problems: Vec::new() };
        for error in errors {
            let line = error.span().map(|span| document.line(&span));
            let text = format!("This is not TOML: {}.", error.message().replace('\n', ", "));
            document.problems.push(Problem { line, text });
        }
        if document.problems.is_empty() { Ok(document) } else { Err(document.into_problems()) }
    }

    /// Everything that is wrong, from the top to the bottom; what is not there comes last.
    pub(super) fn into_problems(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|problem| problem.line.unwrap_or(usize::MAX));
        self.problems
    }

    /// Names, for each key that is not in `known`, the one that was probably meant.
    pub(super) fn refuse_unknown_keys(&mut self, known: &[&str]) {
        for key in self.table.keys() {
            let name = key.get_ref().as_ref();
            if known.contains(&name) {
                continue;
            }
            let nearest = known
                .iter()
                .map(|known| (strsim::damerau_levenshtein(known, name), known))
                .min()
                .filter(|(distance, _)| *distance <= 3);
            let text = match nearest {
                Some((_, nearest)) => {
                    format!("There is no key \"{name}\". Did you mean \"{nearest}\"?")
                }
                None => format!("There is no key \"{name}\". The keys are: {}.", known.join(", ")),
            };
            self.problems.push(Problem { line: Some(line_of(self.source, &key.span())), text });
        }
    }

    /// The text under `key`, or `default`, read by `read`, which says what the value must be. `None` after a
    /// problem.
    pub(super) fn text<T>(
        &mut self,
        key: &str,
        default: Option<&str>,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let problem = match (self.table.get(key), default) {
            (None, None) => {
                let text = format!("The key \"{key}\" is missing. It has no default: please add it.");
                Problem { line: None, text }
            }
            (None, Some(default)) => return read(default).ok(),
            (Some(found), _) => {
                let must = match found.get_ref() {
                    DeValue::String(text) => match read(text) {
                        Ok(value) => return Some(value),
                        Err(must) => must,
                    },
                    _ => "must be a text in quotation marks".to_owned(),
                };
                self.wrong(key, found, &must)
            }
        };
        self.problems.push(problem);
        None
    }

    /// The number under `key`, read by `read`: `Some(None)` if the key is not there, `None` after a problem.
    pub(super) fn integer<T>(
        &mut self,
        key: &str,
        must: &str,
        read: impl FnOnce(i64) -> Option<T>,
    ) -> Option<Option<T>> {
        let Some(found) = self.table.get(key) else { return Some(None) };
        let value = match found.get_ref() {
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        if let Some(value) = value.and_then(read) {
            return Some(Some(value));
        }
        let problem = self.wrong(key, found, must);
        self.problems.push(problem);
        None
    }

    fn wrong(&self, key: &str, found: &Spanned<DeValue<'_>>, must: &str) -> Problem {
        let written = self.source.get(found.span()).unwrap_or_default();
        let written: String = written.lines().next().unwrap_or_default().chars().take(80).collect();
        Problem { line: Some(self.line(&found.span())), text: format!("\"{key}\" is {written}, but {must}.") }
    }

    fn line(&self, span: &Range<usize>) -> usize {
        line_of(self.source, span)
    }
}

fn line_of(source: &str, span: &Range<usize>) -> usize {
    1 + source.bytes().take(span.start).filter(|byte| *byte == b'\n').count()
}
