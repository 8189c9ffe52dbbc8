//! A question with a yes and a no: who may answer it, and when.

use std::time::{Duration, Instant};

use super::hand::{Evidence, HandSign, OWN_HAND_WITHIN, Pressed};
use super::question::Edit;

/// For so long after it came into sight a question takes no answer, so that a click or key that was meant
/// for something else cannot be one.
pub const DEAD_FOR: Duration = Duration::from_millis(700);

/// What a person does about a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// Pressed the yes. Counts only if the hand did it.
    Yes(Pressed),
    /// Pressed the no, or closed the question.
    No,
    /// The yes got the keyboard, or lost it.
    YesFocus(bool),
}

/// A question on the screen.
#[derive(Debug, Clone)]
pub struct Prompt {
    seen: Option<Instant>,
    /// When the hand last typed something that is no answer.
    typed: Option<Instant>,
    ends: Instant,
    evidence: Evidence,
    /// A yes that the hand has not confirmed yet: its report may come a moment after the click.
    waiting: Option<(Pressed, Instant)>,
    /// The same of something that was ticked or chosen.
    edit: Option<(Edit, Pressed, Instant)>,
    ignored: bool,
}

impl Prompt {
    /// Nobody has seen it yet; without an answer it waits until `ends`.
    #[must_use]
    pub fn new(ends: Instant) -> Self {
        Self {
            seen: None,
            typed: None,
            ends,
            evidence: Evidence::default(),
            waiting: None,
            edit: None,
            ignored: false,
        }
    }

    /// The question is on the screen now.
    pub fn seen(&mut self, now: Instant) {
        self.seen.get_or_insert(now);
    }

    /// From when on it can be answered: who is still typing has not read it.
    fn alive(&self) -> Option<Instant> {
        self.seen.map(|seen| self.typed.map_or(seen, |typed| seen.max(typed)) + DEAD_FOR)
    }

    /// Whether it can be answered at this instant.
    #[must_use]
    pub fn is_alive(&self, now: Instant) -> bool {
        self.alive().is_some_and(|alive| alive <= now)
    }

    /// How long until something about it changes by itself.
    #[must_use]
    pub fn changes_in(&self, now: Instant) -> Duration {
        let alive = self.alive().map_or(DEAD_FOR, |alive| alive.saturating_duration_since(now));
        let second = Duration::from_millis(1000);
        match &self.waiting {
            Some((_, clicked)) => (*clicked + OWN_HAND_WITHIN).saturating_duration_since(now),
            None if !alive.is_zero() => alive,
            None => second,
        }
    }

    /// Seconds left to answer, rounded up.
    #[must_use]
    pub fn seconds_left(&self, now: Instant) -> u64 {
        self.ends.saturating_duration_since(now).as_millis().div_ceil(1000) as u64
    }

    /// Whether a yes was ignored because no hand was behind it.
    #[must_use]
    pub fn has_ignored(&self) -> bool {
        self.ignored
    }

    /// The person is at it: it waits until then.
    pub(super) fn extend(&mut self, ends: Instant) {
        self.ends = self.ends.max(ends);
    }

    /// There is nothing to answer any more.
    pub(super) fn end(&mut self, now: Instant) {
        self.ends = now;
    }

    /// Whether nobody answered in time.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        self.ends <= now
    }

    /// The person did something about it; gives the answer, once there is one that counts.
    pub fn reply(&mut self, reply: Reply, now: Instant) -> Option<bool> {
        match reply {
            Reply::Yes(pressed) => self.yes(pressed, now).then_some(true),
            Reply::No => self.is_alive(now).then_some(false),
            Reply::YesFocus(has_focus) => {
                self.evidence.focus(has_focus.then_some(now));
                None
            }
        }
    }

    /// A yes; whether it counts at once.
    pub(super) fn yes(&mut self, pressed: Pressed, now: Instant) -> bool {
        let Some(alive) = self.alive().filter(|alive| *alive <= now) else { return false };
        let proven = self.evidence.proves_yes(pressed, now, alive);
        self.waiting = (!proven).then_some((pressed, now));
        proven
    }

    /// Something was ticked or chosen; whether it counts at once. It changes what a yes means, so that it takes the
    /// hand as well, and a while before the yes.
    pub(super) fn edit(&mut self, edit: &Edit, pressed: Pressed, now: Instant) -> bool {
        let Some(alive) = self.seen.map(|seen| seen + DEAD_FOR).filter(|alive| *alive <= now) else {
            return false;
        };
        let proven = self.evidence.proves(pressed, now, alive);
        self.edit = (!proven).then(|| (edit.clone(), pressed, now));
        if proven {
            self.edited(now);
        }
        proven
    }

    /// An edit that waited for the hand's report and has it now.
    pub(super) fn take_edit(&mut self, now: Instant) -> Option<Edit> {
        let alive = self.seen? + DEAD_FOR;
        let (edit, ..) =
            self.edit.take_if(|(_, pressed, clicked)| self.evidence.proves(*pressed, *clicked, alive))?;
        self.edited(now);
        Some(edit)
    }

    fn edited(&mut self, now: Instant) {
        self.evidence.forget();
        (self.typed, self.waiting) = (Some(now), None);
    }

    /// The hand did something; whether that makes an earlier yes count.
    pub fn hand(&mut self, sign: HandSign, now: Instant) -> bool {
        if let HandSign::Typed { at } = sign {
            self.typed = Some(at);
        }
        self.evidence.hear(sign);
        self.tick(now);
        let (Some(alive), Some((pressed, clicked))) = (self.alive(), self.waiting) else { return false };
        let proven = self.evidence.proves_yes(pressed, clicked, alive);
        if proven {
            self.waiting = None;
        }
        proven
    }

    /// An assistive technology tried to press the yes, which only the hand can.
    pub fn ignore(&mut self) {
        self.ignored = true;
    }

    /// Time passed.
    pub fn tick(&mut self, now: Instant) {
        if self.waiting.is_some_and(|(_, clicked)| clicked + OWN_HAND_WITHIN < now) {
            self.waiting = None;
            self.ignored = true;
        }
        if self.edit.as_ref().is_some_and(|(.., clicked)| *clicked + OWN_HAND_WITHIN < now) {
            self.edit = None;
            self.ignored = true;
        }
    }
}
