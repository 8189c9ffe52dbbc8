//! What is typed into a password field: wiped when taken or dropped, and never moved in memory.

use std::any::TypeId;
use std::ops::Range;

use deskside_trust::Secret;
use deskside_ui::egui::{self, TextBuffer};
use zeroize::Zeroize;

/// Room for the text, in bytes. A buffer that grew would leave copies of its content behind.
const ROOM: usize = 1024;

/// A text field's content that nobody is to read.
pub(super) struct SecretText(String);

impl Default for SecretText {
    fn default() -> Self {
        Self(String::with_capacity(ROOM))
    }
}

impl SecretText {
    /// Whether nothing was typed.
    #[must_use]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text as a secret; the field is empty afterwards. `field` is the field's response: egui keeps what
    /// was typed there for undoing, which is forgotten too.
    #[must_use]
    pub(super) fn take(&mut self, field: &egui::Response) -> Secret {
        if let Some(mut state) = egui::TextEdit::load_state(&field.ctx, field.id) {
            state.clear_undoer();
            state.store(&field.ctx, field.id);
        }
        Secret::new(std::mem::take(self).0.clone())
    }
}

impl Drop for SecretText {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl TextBuffer for SecretText {
    fn is_mutable(&self) -> bool {
        true
    }

    fn as_str(&self) -> &str {
        &self.0
    }

    fn insert_text(&mut self, text: &str, char_index: usize) -> usize {
        let room = ROOM - self.0.len();
        let fits = text.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= room);
        let (end, characters) = fits.fold((0, 0), |(_, count), end| (end, count + 1));
        let at = self.byte_index_from_char_index(char_index);
        self.0.insert_str(at, text.get(..end).unwrap_or_default());
        characters
    }

    fn delete_char_range(&mut self, range: Range<usize>) {
        let start = self.byte_index_from_char_index(range.start);
        let end = self.byte_index_from_char_index(range.end);
        self.0.drain(start..end);
    }

    fn type_id(&self) -> TypeId {
        TypeId::of::<Self>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_edited_by_characters_and_never_outgrows_its_room() {
        let mut text = SecretText::default();
        assert_eq!(text.insert_text("pässe", 0), 5);
        text.delete_char_range(1..2);
        assert_eq!(text.as_str(), "psse");
        assert_eq!(text.insert_text("ä", 1), 1);
        assert_eq!(text.as_str(), "pässe");
        let before = text.0.as_ptr();
        assert_eq!(text.insert_text(&"ß".repeat(ROOM), 0), (ROOM - 6) / 2);
        assert_eq!((text.0.as_ptr(), text.0.capacity()), (before, ROOM));
    }
}
