//! The customer's editor: nano in a terminal, with a file whose content shows what arrived.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::PATIENCE;
use crate::desktop::Desktop;
use crate::hand::Hand;
use crate::picture::Rect;
use crate::process::Process;
use crate::wait::wait_until;

/// An open editor.
#[derive(Debug)]
pub(super) struct Editor {
    file: PathBuf,
    window: Rect,
    hand: Hand,
    _terminal: Process,
}

impl Editor {
    /// Opens one on a new file in the person's home.
    ///
    /// # Errors
    /// When it does not appear.
    pub(super) fn open(desktop: &Desktop, name: &str) -> Result<Self> {
        let file = desktop.home().join(name);
        let terminal = desktop.start("editor", "xterm", |command| {
            command.args([
                "-u8",
                "-title",
                name,
                "-fa",
                "DejaVu Sans Mono",
                "-fs",
                "11",
                "-geometry",
                "70x20+20+30",
            ]);
            // Its own settings only: no file of the machine may change what keys do.
            command
                .args(["-e", "nano", "--ignorercfiles", "--saveonexit"])
                .arg(name)
                .current_dir(desktop.home());
        })?;
        let window = desktop.display().window(name)?.rect;
        let display = desktop.display();
        // nano draws its title bar in reverse: until then keys would go to the shell's start.
        wait_until("the editor's title bar", PATIENCE, || {
            display.picture().is_ok_and(|picture| {
                let bar = Rect { height: 12, ..window };
                picture.crop(bar).is_ok_and(|bar| bar.find_colour(0, window.width / 4, 3).is_some())
            })
        })?;
        Ok(Self { file, window, hand: desktop.hand(), _terminal: terminal })
    }

    /// The file.
    #[must_use]
    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// The middle of its window on the customer's display.
    #[must_use]
    pub(super) fn middle(&self) -> (i32, i32) {
        self.window.centre()
    }

    /// Waits for the file to hold exactly this.
    ///
    /// # Errors
    /// When it does not; the message has what it holds.
    pub(super) fn holds(&self, expected: &str) -> Result<()> {
        let content = || fs::read_to_string(&self.file).unwrap_or_default();
        if wait_until("the file", PATIENCE, || content() == expected).is_err() {
            bail!("the file should hold\n{expected:?}\nand holds\n{:?}", content());
        }
        Ok(())
    }

    /// The customer himself types a word and saves; returns when the word is in the file.
    ///
    /// # Errors
    /// When it does not arrive there.
    pub(super) fn saves_by_hand(&self, word: &str) -> Result<()> {
        self.hand.click(self.middle())?;
        self.hand.types(word, 20)?;
        self.hand.keys(&["ctrl+o", "Return"])?;
        wait_until("the customer's own word in the file", PATIENCE, || {
            fs::read_to_string(&self.file).is_ok_and(|content| content.contains(word))
        })
        .context("the customer's own keyboard")
    }
}
