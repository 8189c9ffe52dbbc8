//! The program's mind, without windows, network or clock: events and acts of the person go in, effects
//! come out, and views draw what it says.

mod choosing;
mod hand;
mod problem;
mod prompt;
mod session;
#[cfg(test)]
pub(crate) mod tests;
mod told;

use std::time::{Duration, Instant};

use deskside_net::customer::{Command, Stage};
use deskside_proto::journal::{Action, SessionEnd};
use deskside_proto::{Code, CodeError};
use deskside_trust::OperatorIdentity;
use zeroize::Zeroizing;

pub(crate) use choosing::{Choosing, Offer, Program, Show};
pub(crate) use hand::{HandSign, Press, Pressed};
pub(crate) use prompt::Prompt;
pub(crate) use session::{Edit, Lasting, Line, OpenQuestion, Session};
pub(crate) use told::{Kept, Told};

use crate::roots::RootNote;

/// How long a person has to accept the operator who is shown.
pub(crate) const ASKING_LASTS: Duration = Duration::from_secs(60);
/// How long a question waits for an answer.
pub(crate) const QUESTION_LASTS: Duration = Duration::from_secs(30);
/// How long the last window stays by itself.
pub(crate) const ENDED_LASTS: Duration = Duration::from_secs(60);
/// How long the goodbye may take before the program ends without it.
const GOODBYE_LASTS: Duration = Duration::from_secs(5);

/// What the packet says about the organisation behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Organisation {
    /// Its name.
    pub(crate) name: String,
    /// The fingerprint of its root, for people to compare.
    pub(crate) fingerprint: String,
    /// What a customer acknowledges; may be empty.
    pub(crate) acknowledgement: String,
    /// Whether this root was seen before under this name.
    pub(crate) root: RootNote,
    /// The longest time for which anything can be allowed.
    pub(crate) longest: Option<Duration>,
}

/// What the person does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Act {
    /// Typed into the code's boxes; what was refused, if anything was.
    CodeTyped {
        /// A text that is no digit or no whole code.
        refused: Option<String>,
    },
    /// Wants to connect with the typed code.
    Join,
    /// Pressed Accept or Allow. Counts only if the hand did it.
    Yes(Pressed),
    /// Pressed No or Deny, or closed the question.
    No,
    /// Freezes the picture.
    Pause,
    /// Lets the picture go on. Counts only if the hand did it.
    Resume(Pressed),
    /// Takes back what was allowed.
    TakeBack(Action),
    /// Wants to choose anew what is shown; this is what there is.
    Choose(Offer),
    /// Ticked or chose something that a yes would allow. Counts only if the hand did it.
    Edit(Edit, Pressed),
    /// The yes got the keyboard, or lost it.
    YesFocus(bool),
    /// Pressed Stop or closed the window.
    Stop,
    /// Moved the mouse over the last window, to read it in peace.
    Stay,
}

/// What the program has to do.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Tell the network side.
    Net(Command),
    /// Close everything and end the process.
    Exit,
}

impl Effect {
    /// Whether mouse and keyboard are the person's alone from this instant on, which must not wait for the
    /// network side to hear of it.
    #[must_use]
    pub(crate) fn ends_control(&self) -> bool {
        matches!(self, Self::Exit | Self::Net(Command::Stop | Command::Revoke(Action::Control)))
    }
}

/// Where the program stands.
#[derive(Debug)]
pub(crate) enum State {
    /// The code is to be typed.
    Code {
        /// Digits typed so far.
        typed: Zeroizing<String>,
        /// Whether the next digit takes the place of all of them.
        selected: bool,
        /// What went wrong before, as a text for the person.
        problem: Option<String>,
    },
    /// The code was given.
    Connecting {
        /// How far it has come.
        stage: Stage,
        /// The code, should it have to be typed or tried again.
        typed: Zeroizing<String>,
    },
    /// Somebody wants to help.
    Asking {
        /// Who, from the verified certificate and from nowhere else.
        operator: OperatorIdentity,
        /// The question.
        prompt: Box<Prompt>,
    },
    /// The operator was accepted or refused; the network side says next what that means.
    Answered {
        /// Who.
        operator: OperatorIdentity,
    },
    /// The session.
    Session(Box<Session>),
    /// The person stopped; the goodbye is under way.
    Stopping {
        /// The program does not wait longer than this.
        until: Instant,
    },
    /// It is over.
    Ended {
        /// Who helped, if it had come so far.
        operator: Option<String>,
        /// Why it ended.
        reason: SessionEnd,
        /// Where the journal is.
        kept: Kept,
        /// When the window closes by itself; `None` when it waits for the person.
        until: Option<Instant>,
    },
}

/// The program's mind.
#[derive(Debug)]
pub(crate) struct Model {
    organisation: Organisation,
    state: State,
    /// Something that the person should know whatever the state is.
    trouble: Option<String>,
}

impl Model {
    /// Begins with an empty code.
    #[must_use]
    pub(crate) fn new(organisation: Organisation) -> Self {
        Self { organisation, state: code_again(None, None), trouble: None }
    }

    /// The organisation whose program this is.
    #[must_use]
    pub(crate) fn organisation(&self) -> &Organisation {
        &self.organisation
    }

    /// Where the program stands.
    #[must_use]
    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// Something that the person should know whatever the state is.
    #[must_use]
    pub(crate) fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// The digits and whether they are selected, to be edited by the view; `None` when no code is asked for.
    pub(crate) fn typed_mut(&mut self) -> Option<(&mut String, &mut bool)> {
        match &mut self.state {
            State::Code { typed, selected, .. } => Some((typed, selected)),
            _ => None,
        }
    }

    /// How good the connection of a running session is.
    #[must_use]
    pub(crate) fn line(&self) -> Option<Line> {
        match &self.state {
            State::Session(session) => Some(session.line),
            _ => None,
        }
    }

    /// Changes the open question, as the hand would.
    #[cfg(test)]
    pub(crate) fn edit_question(&mut self, edit: &Edit) {
        if let State::Session(session) = &mut self.state {
            session.edit(edit);
        }
    }

    /// Whether what the hand does matters just now.
    #[must_use]
    pub(crate) fn wants_hand(&mut self) -> bool {
        let resumes = matches!(&self.state, State::Session(session) if session.resume.is_some());
        resumes || self.prompt_mut().is_some()
    }

    /// The panel was drawn: its button for going on can be seen.
    pub(crate) fn panel_seen(&mut self, now: Instant) {
        if let State::Session(session) = &mut self.state
            && let Some(resume) = &mut session.resume
        {
            resume.seen(now);
        }
    }

    /// Whether the network side is still needed.
    #[must_use]
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.state, State::Ended { .. })
    }

    /// The question that the hand's signs are for, if one is open.
    pub(crate) fn prompt_mut(&mut self) -> Option<&mut Prompt> {
        match &mut self.state {
            State::Asking { prompt, .. } => Some(&mut **prompt),
            State::Session(session) => session.question.as_mut().map(|question| &mut question.prompt),
            _ => None,
        }
    }

    /// The person did something.
    pub(crate) fn act(&mut self, act: Act, now: Instant) -> Vec<Effect> {
        match (&mut self.state, act) {
            (_, Act::Stop) => self.stop(now),
            (State::Code { problem, .. }, Act::CodeTyped { refused }) => {
                *problem = refused.map(|text| refused_text(&text));
                Vec::new()
            }
            (State::Code { typed, problem, .. }, Act::Join) => match Code::parse(typed) {
                Ok(code) => {
                    self.state = State::Connecting { stage: Stage::LookingUp, typed: std::mem::take(typed) };
                    vec![Effect::Net(Command::Join(code))]
                }
                Err(error) => {
                    *problem = Some(code_error_text(error));
                    Vec::new()
                }
            },
            (State::Asking { .. } | State::Session(_), Act::Yes(pressed)) => {
                let proven = self.prompt_mut().is_some_and(|prompt| prompt.yes(pressed, now));
                if proven { self.answer(true) } else { Vec::new() }
            }
            (State::Asking { .. } | State::Session(_), Act::No) => {
                let counts = self.prompt_mut().is_some_and(|prompt| prompt.no(now));
                if counts { self.answer(false) } else { Vec::new() }
            }
            (State::Session(_), Act::Pause) => vec![Effect::Net(Command::Pause(true))],
            (State::Session(session), Act::Resume(pressed)) => {
                let proven = session.resume.as_mut().is_some_and(|prompt| prompt.yes(pressed, now));
                if proven { vec![Effect::Net(Command::Pause(false))] } else { Vec::new() }
            }
            (State::Session(_), Act::TakeBack(action)) => vec![Effect::Net(Command::Revoke(action))],
            (State::Session(session), Act::Choose(offer)) => {
                session.choose(offer, now).map(Effect::Net).into_iter().collect()
            }
            (State::Asking { .. } | State::Session(_), Act::YesFocus(has_focus)) => {
                if let Some(prompt) = self.prompt_mut() {
                    prompt.focus(has_focus, now);
                }
                Vec::new()
            }
            (State::Session(session), Act::Edit(edit, pressed)) => {
                let prompt = session.question.as_mut().map(|question| &mut question.prompt);
                if prompt.is_some_and(|prompt| prompt.edit(&edit, pressed, now)) {
                    session.edit(&edit);
                }
                Vec::new()
            }
            (State::Ended { until, .. }, Act::Stay) => {
                *until = None;
                Vec::new()
            }
            // A click that came too late for what it was meant for.
            (_, Act::CodeTyped { .. } | Act::Join | Act::Yes(_) | Act::No | Act::Pause | Act::Resume(_))
            | (_, Act::TakeBack(_) | Act::Choose(_) | Act::Edit(..) | Act::YesFocus(_) | Act::Stay) => {
                Vec::new()
            }
        }
    }

    /// The customer's own hand did something while a question was open.
    pub(crate) fn hand(&mut self, sign: HandSign, now: Instant) -> Vec<Effect> {
        let proven = self.prompt_mut().is_some_and(|prompt| prompt.hand(sign, now));
        if proven {
            return self.answer(true);
        }
        let State::Session(session) = &mut self.state else { return Vec::new() };
        if let Some(edit) = session.question.as_mut().and_then(|question| question.prompt.take_edit(now)) {
            session.edit(&edit);
        }
        let resumes = session.resume.as_mut().is_some_and(|prompt| prompt.hand(sign, now));
        let resume = resumes.then_some(Command::Pause(false));
        session.attend(now).into_iter().chain(resume).map(Effect::Net).collect()
    }

    /// An assistive technology tried to press Accept or Allow.
    pub(crate) fn assistive_yes(&mut self) {
        if let Some(prompt) = self.prompt_mut() {
            prompt.ignore();
        }
    }

    /// Other parts of the program report.
    pub(crate) fn told(&mut self, told: Told, now: Instant) -> Vec<Effect> {
        match (&mut self.state, told) {
            (_, Told::Trouble(text)) => {
                self.trouble = Some(text);
            }
            (State::Connecting { stage: current, .. }, Told::Stage(stage)) => *current = stage,
            (State::Stopping { .. }, Told::Failed(_)) => return vec![Effect::Exit],
            (State::Ended { .. }, _) => {}
            (state, Told::Failed(problem)) => {
                let tried = match state {
                    State::Connecting { typed, .. } => Some(std::mem::take(typed)),
                    _ => None,
                };
                self.state = code_again(tried, Some(problem::words(&problem, &self.organisation.name)));
            }
            (State::Connecting { .. }, Told::Operator(operator)) => {
                self.state = State::Asking { operator, prompt: Box::new(Prompt::new(now + ASKING_LASTS)) };
            }
            (State::Answered { operator }, Told::Started) => {
                self.state =
                    State::Session(Box::new(Session::new(operator.clone(), self.organisation.longest)));
            }
            (_, Told::Ended { reason, kept }) => {
                let operator = self.operator().map(|operator| operator.name.clone());
                self.state = State::Ended { operator, reason, kept, until: Some(now + ENDED_LASTS) };
            }
            (State::Session(session), told) => session.told(told, now),
            // Reports of what the person has left behind already.
            _ => {}
        }
        Vec::new()
    }

    /// Time passed.
    pub(crate) fn tick(&mut self, now: Instant) -> Vec<Effect> {
        if let Some(prompt) = self.prompt_mut() {
            prompt.tick(now);
        }
        match &mut self.state {
            State::Ended { until: Some(until), .. } | State::Stopping { until } if *until <= now => {
                vec![Effect::Exit]
            }
            State::Session(session) => session.tick(now).map(Effect::Net).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    /// Who is helping or wants to.
    #[must_use]
    pub(crate) fn operator(&self) -> Option<&OperatorIdentity> {
        match &self.state {
            State::Asking { operator, .. } | State::Answered { operator } => Some(operator),
            State::Session(session) => Some(&session.operator),
            State::Code { .. } | State::Connecting { .. } | State::Stopping { .. } | State::Ended { .. } => {
                None
            }
        }
    }

    fn answer(&mut self, allow: bool) -> Vec<Effect> {
        match &mut self.state {
            State::Asking { operator, .. } => {
                self.state = State::Answered { operator: operator.clone() };
                vec![Effect::Net(Command::Accept(allow))]
            }
            State::Session(session) => session.decide(allow).into_iter().map(Effect::Net).collect(),
            _ => Vec::new(),
        }
    }

    fn stop(&mut self, now: Instant) -> Vec<Effect> {
        match &self.state {
            State::Code { .. } | State::Connecting { .. } | State::Stopping { .. } | State::Ended { .. } => {
                vec![Effect::Exit]
            }
            State::Asking { .. } => self.answer(false),
            State::Answered { .. } | State::Session(_) => {
                self.state = State::Stopping { until: now + GOODBYE_LASTS };
                vec![Effect::Net(Command::Stop)]
            }
        }
    }
}

/// Asks for a code. One that was `tried` already is kept, to be sent again or typed over.
fn code_again(tried: Option<Zeroizing<String>>, problem: Option<String>) -> State {
    let selected = tried.is_some();
    let typed = tried.unwrap_or_else(|| Zeroizing::new(String::with_capacity(8)));
    State::Code { typed, selected, problem }
}

fn code_error_text(error: CodeError) -> String {
    match error {
        CodeError::NotADigit(c) => format!("The code has digits only; “{c}” is not one."),
        CodeError::Digits(0) => "Type the six digits that your helper tells you.".into(),
        CodeError::Digits(1) => "The code has six digits; one was typed.".into(),
        CodeError::Digits(count) => format!("The code has six digits; {count} were typed."),
    }
}

/// Says what is wrong with something typed or pasted.
fn refused_text(text: &str) -> String {
    match Code::parse(text) {
        Err(error) if text.chars().count() != 1 => {
            format!("What was pasted is not a code. {}", code_error_text(error))
        }
        Err(CodeError::NotADigit(c)) => code_error_text(CodeError::NotADigit(c)),
        _ => "The code has six digits.".into(),
    }
}
