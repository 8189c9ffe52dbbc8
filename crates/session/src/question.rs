//! What the customer is asked, in the program's own plain words.

use deskside_proto::journal::Action;
use deskside_trust::crypto::sha256;

use crate::Scope;

/// What the person said to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Yes, as far as this. Control reaches what may be seen, whatever this says.
    Allow(Scope),
    /// No.
    Deny,
}

/// A question. Its words depend on the action and on the operator's name in the verified certificate;
/// nothing the operator's program sends becomes part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// One sentence: who asks for what.
    pub title: String,
    /// One sentence: what the operator will be able to do.
    pub can: String,
    /// What the operator will not be able to do, and how control ends.
    pub cannot: String,
}

impl Question {
    /// The question for an action.
    #[must_use]
    pub fn new(action: Action, operator: &str) -> Self {
        let (title, can, cannot) = match action {
            Action::See => (
                format!("May {operator} see your screen?"),
                format!("{operator} will see everything on your screen, including messages that pop up."),
                format!("{operator} will not be able to click, type, or open your files."),
            ),
            Action::Control => (
                format!("May {operator} use your mouse and keyboard?"),
                format!(
                    "{operator} will be able to do everything on this computer that you could do yourself."
                ),
                format!(
                    "{operator} cannot answer questions like this one. Press F11 to take mouse and keyboard back at \
                     once."
                ),
            ),
            Action::Point => (
                format!("May {operator} point and draw on your screen?"),
                format!("{operator} will be able to show you places on your screen and write next to them."),
                format!(
                    "{operator} will not be able to click, type, or open your files. The marks fade away."
                ),
            ),
        };
        Self { title, can, cannot }
    }

    /// SHA-256 of the exact text, for the journal: the three sentences, each ended by a line feed.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        let Self { title, can, cannot } = self;
        sha256(&[b"deskside question v1\0", format!("{title}\n{can}\n{cannot}\n").as_bytes()])
    }
}
