//! A person's mouse and keyboard: xdotool on the display that the person sits at.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// Drives the pointer and the keys of one display.
#[derive(Debug, Clone)]
pub struct Hand {
    display: String,
}

impl Hand {
    /// The hand of whoever sits at this display.
    #[must_use]
    pub fn at(display: &str) -> Self {
        Self { display: display.to_owned() }
    }

    /// Hands words to xdotool.
    ///
    /// # Errors
    /// When xdotool is missing or refuses.
    pub fn act(&self, words: &[&str]) -> Result<()> {
        let done = Command::new("xdotool").args(words).env("DISPLAY", &self.display).output();
        let done = done.context("cannot start xdotool")?;
        if !done.status.success() {
            bail!("xdotool {words:?}: {}", String::from_utf8_lossy(&done.stderr).trim());
        }
        Ok(())
    }

    /// Moves the pointer.
    ///
    /// # Errors
    /// As [`Self::act`].
    pub fn move_to(&self, (x, y): (i32, i32)) -> Result<()> {
        // Its own `--sync` waits 15 s for a pointer that is there already. An answer to what is asked next means that
        // the display has carried out the move.
        self.act(&["mousemove", &x.to_string(), &y.to_string(), "getmouselocation"])
    }

    /// Moves the pointer there by several small steps, as a hand does.
    ///
    /// # Errors
    /// As [`Self::act`].
    pub fn wander(&self, from: (i32, i32), to: (i32, i32), steps: i32) -> Result<()> {
        let place =
            |start: i32, end: i32, step: i32| (start + (end - start) * step / steps.max(1)).to_string();
        for step in 0..=steps {
            self.act(&["mousemove", &place(from.0, to.0, step), &place(from.1, to.1, step)])?;
        }
        Ok(())
    }

    /// Moves there and presses and releases the left button.
    ///
    /// # Errors
    /// As [`Self::act`].
    pub fn click(&self, place: (i32, i32)) -> Result<()> {
        self.move_to(place)?;
        self.act(&["click", "1"])
    }

    /// Presses the left button here, moves, and lets go there.
    ///
    /// # Errors
    /// As [`Self::act`].
    pub fn drag(&self, from: (i32, i32), to: (i32, i32)) -> Result<()> {
        self.move_to(from)?;
        self.act(&["mousedown", "1"])?;
        self.wander(from, to, 8)?;
        self.act(&["mouseup", "1"])
    }

    /// Presses and releases keys, each by xdotool's name, such as `ctrl+a` or `F11`.
    ///
    /// # Errors
    /// As [`Self::act`].
    pub fn keys(&self, keys: &[&str]) -> Result<()> {
        let mut words = vec!["key", "--delay", "20"];
        words.extend(keys);
        self.act(&words)
    }

    /// Types text, so many milliseconds a character.
    ///
    /// # Errors
    /// As [`Self::act`].
    pub fn types(&self, text: &str, pace: u32) -> Result<()> {
        self.act(&["type", "--delay", &pace.to_string(), "--", text])
    }

    /// Turns the wheel, downwards by positive notches.
    ///
    /// # Errors
    /// As [`Self::act`].
    pub fn wheel(&self, notches: i32) -> Result<()> {
        let button = if notches < 0 { "4" } else { "5" };
        self.act(&["click", "--repeat", &notches.unsigned_abs().to_string(), "--delay", "5", button])
    }
}
