//! What a person is asked, in the program's own plain words.

use deskside_proto::journal::Action;
use deskside_proto::shown::AreaNote;
use deskside_trust::crypto::sha256;

use crate::parties::THE_CUSTOMER;

/// A question. Its words depend on the actions, on what is shown already, and on who asks: the operator's name in the
/// verified certificate or, in a demonstration, "the customer". Nothing that the asking program sends becomes part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// One sentence: who asks for what.
    pub title: String,
    /// One sentence: what who asks will be able to do.
    pub can: String,
    /// What who asks will not be able to do, and how control ends.
    pub cannot: String,
}

impl Question {
    /// The question for these actions. `asker` may stand within a sentence; `shown` is what may be seen already, if
    /// anything may.
    #[must_use]
    pub fn new(actions: &[Action], asker: &str, shown: Option<&AreaNote>) -> Self {
        let first = first_in_sentence(asker);
        let asks = |action| actions.contains(&action);
        let wishes = listed(actions.iter().map(|action| match action {
            Action::See => "see your screen",
            Action::Control => "use your mouse and keyboard",
            Action::Point => "point and draw on your screen",
            Action::Demonstrate => "show you another screen",
        }));
        let is_programs = matches!(shown, Some(AreaNote::Applications(_)));
        let abilities = listed(actions.iter().map(|action| match action {
            Action::See => "see what you choose here, with everything that pops up in it",
            Action::Control if asks(Action::See) => "do there everything that you could do yourself",
            Action::Control if is_programs => {
                "do everything in the programs you show that you could do yourself, also open and save files"
            }
            Action::Control => "do everything on this computer that you could do yourself",
            Action::Point => "put arrows, lines and words over what you show",
            Action::Demonstrate => "open a window here that shows their own screen, or a part of it",
        }));
        let cannot = if asks(Action::Control) {
            format!(
                "{first} cannot answer questions like this one. F11 takes mouse and keyboard back at once."
            )
        } else if asks(Action::Point) {
            format!("{first} will not be able to click, type, or open your files, and the marks fade away.")
        } else if asks(Action::Demonstrate) && !asks(Action::See) {
            format!(
                "{first} sees and can use nothing of your computer through that window, but gets what you type into it: never type a password there."
            )
        } else {
            format!("{first} will not be able to click, type, or open your files.")
        };
        Self {
            title: format!("May {asker} {wishes}?"),
            can: format!("{first} will be able to {abilities}."),
            cannot,
        }
    }

    /// SHA-256 of the exact text, for the journal: the three sentences, each ended by a line feed.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        let Self { title, can, cannot } = self;
        sha256(&[b"deskside question v1\0", format!("{title}\n{can}\n{cannot}\n").as_bytes()])
    }
}

/// Who asks, first in a sentence. A name stays as it is.
fn first_in_sentence(asker: &str) -> &str {
    if asker == THE_CUSTOMER { "The customer" } else { asker }
}

/// `a`, `a and b`, `a, b and c`.
fn listed<'a>(items: impl DoubleEndedIterator<Item = &'a str>) -> String {
    let mut items = items.rev();
    let Some(last) = items.next() else { return String::new() };
    let Some(before) = items.next() else { return last.to_owned() };
    items.fold(format!("{before} and {last}"), |text, item| format!("{item}, {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn title(actions: &[Action]) -> String {
        Question::new(actions, "Olga", None).title
    }

    #[test]
    fn each_set_of_actions_has_a_question_in_one_sentence() {
        assert_eq!(title(&[Action::See]), "May Olga see your screen?");
        assert_eq!(
            title(&[Action::See, Action::Control]),
            "May Olga see your screen and use your mouse and keyboard?"
        );
        assert_eq!(
            title(&[Action::See, Action::Control, Action::Point]),
            "May Olga see your screen, use your mouse and keyboard and point and draw on your screen?"
        );
        assert_eq!(title(&[Action::Demonstrate]), "May Olga show you another screen?");
    }

    /// Row L16: in a demonstration the operator is asked, about the customer.
    #[test]
    fn the_customer_can_be_who_asks() {
        let question = Question::new(&[Action::Control], "the customer", Some(&AreaNote::Screen));
        assert_eq!(question.title, "May the customer use your mouse and keyboard?");
        assert!(question.can.starts_with("The customer will be able to"), "{}", question.can);
    }

    /// Row W3: whoever shows programs only is told what control of them brings with it.
    #[test]
    fn control_of_programs_names_the_files_that_it_reaches() {
        let shown = AreaNote::Applications(vec!["Editor".into()]);
        let programs = Question::new(&[Action::Control], "Olga", Some(&shown));
        assert!(programs.can.contains("in the programs you show") && programs.can.contains("files"));
        let screen = Question::new(&[Action::Control], "Olga", Some(&AreaNote::Screen));
        assert!(screen.can.contains("on this computer"));
        assert_ne!(programs.hash(), screen.hash());
    }
}
