//! A running session as the panel shows it.

use std::time::{Duration, Instant};

use deskside_net::Quality;
use deskside_net::customer::Question;
use deskside_proto::RequestId;
use deskside_proto::journal::{Action, GrantEnd};
use deskside_trust::OperatorIdentity;

use super::{Prompt, QUESTION_LASTS, Told};

/// How long the panel says what has just happened.
const NEWS_LASTS: Duration = Duration::from_secs(6);

/// Round-trip times up to which a connection is good or fair, in milliseconds.
const GOOD_UP_TO_MS: u32 = 120;
const FAIR_UP_TO_MS: u32 = 350;

/// How good a connection is, in steps that a person can feel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// Not measured yet.
    Unknown,
    /// What is done is seen at once.
    Good,
    /// It is seen a little later.
    Fair,
    /// One has to wait for it.
    Slow,
}

impl Line {
    fn of(quality: Quality) -> Self {
        if quality.rtt_ms <= GOOD_UP_TO_MS {
            Self::Good
        } else if quality.rtt_ms <= FAIR_UP_TO_MS {
            Self::Fair
        } else {
            Self::Slow
        }
    }
}

/// An open question.
#[derive(Debug)]
pub(crate) struct OpenQuestion {
    /// Its number.
    pub(crate) request: RequestId,
    /// What is shown.
    pub(crate) text: Question,
    /// Who may answer it, and when.
    pub(crate) prompt: Prompt,
}

/// A running session.
#[derive(Debug)]
pub(crate) struct Session {
    /// Who helps, from the verified certificate.
    pub(crate) operator: OperatorIdentity,
    /// Whether the screen may be seen.
    pub(crate) sees: bool,
    /// Whether mouse and keyboard may be used.
    pub(crate) controls: bool,
    /// Whether the picture stands still.
    pub(crate) paused: bool,
    /// Whether the customer's own hand has mouse and keyboard just now.
    pub(crate) hand_has_it: bool,
    /// How good the connection is.
    pub(crate) line: Line,
    /// The open question.
    pub(crate) question: Option<OpenQuestion>,
    news: Option<(String, Instant)>,
}

impl Session {
    pub(super) fn new(operator: OperatorIdentity) -> Self {
        Self {
            operator,
            sees: false,
            controls: false,
            paused: false,
            hand_has_it: false,
            line: Line::Unknown,
            question: None,
            news: None,
        }
    }

    /// What has just happened, as a sentence.
    #[must_use]
    pub(crate) fn news(&self) -> Option<&str> {
        self.news.as_ref().map(|(text, _)| text.as_str())
    }

    /// What is allowed right now, as one sentence.
    #[must_use]
    pub(crate) fn allowed(&self) -> String {
        let name = &self.operator.name;
        match (self.sees, self.controls) {
            _ if self.paused && self.sees => {
                format!("Paused: {name} sees a still picture and can do nothing.")
            }
            (false, _) => format!("{name} cannot see or do anything here."),
            (true, false) => format!("{name} sees your screen."),
            (true, true) if self.hand_has_it => {
                format!("{name} sees your screen and waits while you use mouse or keyboard.")
            }
            (true, true) => format!("{name} sees your screen and can use your mouse and keyboard."),
        }
    }

    pub(super) fn told(&mut self, told: Told, now: Instant) {
        match told {
            Told::Question { request, text } => {
                let prompt = Prompt::new(now + QUESTION_LASTS);
                self.question = Some(OpenQuestion { request, text, prompt });
            }
            Told::QuestionClosed(request) => {
                if self.question.as_ref().is_some_and(|question| question.request == request) {
                    self.question = None;
                }
            }
            Told::Granted(Action::See) => self.sees = true,
            Told::Granted(Action::Control) => self.controls = true,
            Told::GrantEnded { action, reason } => self.grant_ended(action, reason, now),
            Told::Paused(paused) => self.paused = paused,
            Told::HandHasIt(has_it) => self.hand_has_it = has_it,
            Told::Quality(quality) => self.line = Line::of(quality),
            // What the model itself deals with, or what belongs to the time before the session.
            Told::Stage(_)
            | Told::Failed(_)
            | Told::Operator(_)
            | Told::Started
            | Told::Ended { .. }
            | Told::Trouble(_) => {}
        }
    }

    fn grant_ended(&mut self, action: Action, reason: GrantEnd, now: Instant) {
        let name = &self.operator.name;
        let news = match (action, reason) {
            (Action::Control, GrantEnd::F11) => {
                Some("You pressed F11: mouse and keyboard are yours alone.".to_owned())
            }
            (Action::Control, GrantEnd::Revoked) => Some("Mouse and keyboard are yours alone.".to_owned()),
            (Action::Control, GrantEnd::GivenBack) => {
                Some(format!("{name} has given mouse and keyboard back."))
            }
            (Action::See, GrantEnd::GivenBack) => Some(format!("{name} no longer looks at your screen.")),
            _ => None,
        };
        match action {
            Action::See => self.sees = false,
            Action::Control => (self.controls, self.hand_has_it) = (false, false),
        }
        if let Some(news) = news {
            self.news = Some((news, now + NEWS_LASTS));
        }
    }

    pub(super) fn tick(&mut self, now: Instant) {
        if self.news.as_ref().is_some_and(|(_, until)| *until <= now) {
            self.news = None;
        }
    }
}
