//! A person with one of the programs before them: reads what a screen reader reads, acts by mouse and keys.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::PATIENCE;
use crate::accessibility::{Accessibility, Widget};
use crate::desktop::Desktop;
use crate::hand::Hand;
use crate::process::Process;
use crate::wait::{holds_for, wait_for, wait_until};

/// How long a person looks at a question at least: its buttons are dead for 700 ms.
const DEAD_BUTTONS: Duration = Duration::from_millis(800);
/// How often and how long a person tries to answer.
const TRIES: usize = 3;
const NO_ANSWER: Duration = Duration::from_secs(4);
/// `ATSPI_ROLE_PUSH_BUTTON`
const BUTTON: u32 = 43;
/// `ATSPI_ROLE_ENTRY` and `ATSPI_ROLE_PASSWORD_TEXT`
const FIELDS: [u32; 2] = [79, 40];

/// Somebody at a desktop with a program running.
#[derive(Debug)]
pub struct Person<'a> {
    desktop: &'a Desktop,
    eyes: Accessibility,
    program: Process,
}

impl<'a> Person<'a> {
    /// Somebody who has just started `program`, whose window shows `title` once it is there.
    ///
    /// # Errors
    /// When the window does not appear.
    pub fn new(desktop: &'a Desktop, eyes: Accessibility, program: Process, title: &str) -> Result<Self> {
        let mut person = Self { desktop, eyes, program };
        let looker = desktop.display().connect()?;
        wait_for(&format!("a window titled “{title}”"), PATIENCE, || {
            person.program.expect_running()?;
            Ok(looker.windows()?.into_iter().find(|window| window.title.contains(title)))
        })?;
        Ok(person)
    }

    /// Their mouse and keyboard.
    #[must_use]
    pub fn hand(&self) -> Hand {
        self.desktop.hand()
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> &Process {
        &self.program
    }

    /// What they see, as a screen reader tells it.
    #[must_use]
    pub fn eyes(&self) -> &Accessibility {
        &self.eyes
    }

    fn find(&self, what: &str, wanted: impl Fn(&Widget) -> bool) -> Result<Widget> {
        let found = self.eyes.find(self.program.id(), what, PATIENCE, wanted);
        found.with_context(|| self.evidence())
    }

    /// Waits for words to be on the screen.
    ///
    /// # Errors
    /// When they do not appear.
    pub fn sees(&self, words: &str) -> Result<Widget> {
        self.find(&format!("“{words}”"), |widget| widget.showing && widget.words().contains(words))
    }

    /// Waits for a button. Whether it can be pressed yet, AccessKit does not tell on Linux.
    ///
    /// # Errors
    /// When there is none.
    pub fn sees_button(&self, name: &str) -> Result<Widget> {
        self.find(&format!("a button “{name}”"), |widget| {
            widget.role == BUTTON && widget.name == name && widget.rect.is_some()
        })
    }

    /// Waits for a button that can be pressed, and presses it by the mouse.
    ///
    /// # Errors
    /// When there is none.
    pub fn clicks(&self, name: &str) -> Result<()> {
        self.click(&self.sees_button(name)?)
    }

    /// Reads something, for longer than a question that has just opened takes no click.
    ///
    /// # Errors
    /// When it is not there, or not for so long.
    pub fn reads(&self, words: &str) -> Result<()> {
        self.sees(words)?;
        let is_there = || {
            let widgets = self.eyes.widgets(self.program.id());
            widgets.is_ok_and(|widgets| widgets.iter().any(|widget| widget.words().contains(words)))
        };
        holds_for(&format!("“{words}”"), DEAD_BUTTONS, is_there)
    }

    /// Picks something that is no button, by the mouse: a choice, a box, a line of a menu.
    ///
    /// # Errors
    /// When there is none.
    pub fn picks(&self, words: &str) -> Result<()> {
        let widget = self.find(&format!("“{words}” to pick"), |widget| {
            widget.role != BUTTON && widget.name.starts_with(words) && widget.rect.is_some()
        })?;
        self.click(&widget)
    }

    /// Reads a question, for longer than its buttons are dead, and answers it by the mouse; says when.
    ///
    /// # Errors
    /// When there is no such question, or when it stays.
    pub fn answers(&self, name: &str) -> Result<Instant> {
        self.sees_button(name)?;
        let is_there = || {
            let widgets = self.eyes.widgets(self.program.id());
            widgets.is_ok_and(|widgets| {
                widgets.iter().any(|widget| widget.role == BUTTON && widget.name == name)
            })
        };
        holds_for(&format!("the question with the answer “{name}”"), DEAD_BUTTONS, is_there)?;
        // The tree can be ahead of the window: who clicks on a button that is still dead clicks again.
        for _ in 0..TRIES {
            // Looked for again each time: a window that has just opened may still find its size and place.
            let button = self.sees_button(name)?;
            let answered = Instant::now();
            self.click(&button)?;
            if wait_until("the question closes", NO_ANSWER, || !is_there()).is_ok() {
                return Ok(answered);
            }
        }
        bail!("“{name}” was clicked {TRIES} times and is not taken for an answer; {}", self.evidence())
    }

    /// What somebody who looks for a fault wants to see.
    fn evidence(&self) -> String {
        let shown = self.desktop.folder().join("failed.png");
        let kept = match self.desktop.display().picture().and_then(|picture| picture.save(&shown)) {
            Ok(()) => shown.display().to_string(),
            Err(error) => format!("{error:#}"),
        };
        format!("the screen: {kept}\nthe program's log ends:\n{}\n", tail(&self.program.log()))
    }

    fn click(&self, widget: &Widget) -> Result<()> {
        match widget.rect {
            Some(rect) => self.hand().click(rect.centre()),
            None => bail!("“{}” has no place on the screen", widget.name),
        }
    }

    /// Clicks into a field and types; what was there is gone.
    ///
    /// # Errors
    /// When there is no such field.
    pub fn types_into(&self, field: &str, text: &str) -> Result<()> {
        let is_field = |widget: &Widget| FIELDS.contains(&widget.role) && widget.name.starts_with(field);
        let found = self.find(&format!("a field “{field}”"), is_field)?;
        if !found.focused {
            self.click(&found)?;
            self.find(&format!("the keyboard in “{field}”"), |widget| {
                is_field(widget) && widget.focused
            })?;
        }
        // A program may have filled it in already.
        if !found.text.is_empty() {
            self.hand().keys(&["ctrl+a"])?;
        }
        self.hand().types(text, 30)
    }

    /// The six digits that the operator reads out.
    ///
    /// # Errors
    /// When no code appears.
    pub fn code(&self) -> Result<String> {
        let digits = |widget: &Widget| widget.name.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        let is_code = |text: &str| text.len() == 6 && text.chars().all(|c| c.is_ascii_digit());
        Ok(digits(&self.find("a code of six digits", |widget| is_code(&digits(widget)))?))
    }

    /// The words that stand after a label.
    ///
    /// # Errors
    /// When there is no such label.
    pub fn after(&self, label: &str) -> Result<String> {
        self.sees(label)?;
        let widgets = self.eyes.widgets(self.program.id())?;
        let mut rest = widgets.into_iter().skip_while(|widget| widget.name != label).skip(1);
        Ok(rest.next().map(|widget| widget.words().trim().to_owned()).unwrap_or_default())
    }

    /// Waits for the program to be gone with all its processes.
    ///
    /// # Errors
    /// When one stays, or when it ended with an error.
    pub fn leaves_nothing(&mut self, deadline: Duration) -> Result<()> {
        let status = self.program.wait(deadline)?;
        if !status.success() {
            bail!("the program ended with {status}:\n{}", tail(&self.program.log()));
        }
        wait_until("no process is left", deadline, || self.program.group_members().is_empty())
    }
}

fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
