//! The system's text clipboard, opened when it is first needed.

use tracing::warn;

#[derive(Default)]
pub(crate) struct Clipboard(Option<arboard::Clipboard>);

impl Clipboard {
    /// The text on the clipboard, if there is any.
    pub(crate) fn text(&mut self) -> Option<String> {
        match self.open()?.get_text() {
            Ok(text) => Some(text),
            Err(arboard::Error::ContentNotAvailable) => None,
            Err(error) => {
                warn!(%error, "the clipboard could not be read");
                None
            }
        }
    }

    /// Puts a text there; it stays until this program ends or another one copies something.
    pub(crate) fn set(&mut self, text: String) {
        if let Some(clipboard) = self.open()
            && let Err(error) = clipboard.set_text(text)
        {
            warn!(%error, "the clipboard could not be written");
        }
    }

    fn open(&mut self) -> Option<&mut arboard::Clipboard> {
        if self.0.is_none() {
            match arboard::Clipboard::new() {
                Ok(clipboard) => self.0 = Some(clipboard),
                Err(error) => warn!(%error, "there is no clipboard"),
            }
        }
        self.0.as_mut()
    }
}
