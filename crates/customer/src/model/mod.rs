//! The program's mind, without windows, network or clock: events and acts of the person go in, effects
//! come out, and views draw what it says.

mod problem;
#[cfg(test)]
pub(crate) mod tests;
mod told;

use std::time::{Duration, Instant};

use deskside_net::customer::{self, Stage};
use deskside_party::sharing::{self, HandSign, Line, Peer, Prompt, Reply, Session};
use deskside_proto::journal::{Action, SessionEnd};
use deskside_proto::{Code, CodeError};
use deskside_trust::OperatorIdentity;
use zeroize::Zeroizing;

pub(crate) use told::{Kept, Told};

use crate::roots::RootNote;

/// How long a person has to accept the operator who is shown.
pub(crate) const ASKING_LASTS: Duration = Duration::from_secs(60);
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
    /// About the question whether to accept the operator.
    Reply(Reply),
    /// In the panel or the consent window of a running session.
    Sharing(sharing::Act),
    /// Pressed Stop or closed the window.
    Stop,
    /// Moved the mouse over the last window, to read it in peace.
    Stay,
}

/// In the customer's panel, Stop ends the session.
impl From<sharing::Act> for Act {
    fn from(act: sharing::Act) -> Self {
        match act {
            sharing::Act::Stop => Self::Stop,
            act => Self::Sharing(act),
        }
    }
}

/// What the program has to do.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Tell the network side.
    Net(customer::Command),
    /// Tell it what the running session wants.
    Sharing(sharing::Command),
    /// Close everything and end the process.
    Exit,
}

impl Effect {
    /// Whether the session ends, so that mouse and keyboard are the person's alone from this instant on.
    #[must_use]
    pub(crate) fn ends_control(&self) -> bool {
        matches!(self, Self::Exit | Self::Net(customer::Command::Stop))
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
    Session {
        /// Who, from the verified certificate.
        operator: OperatorIdentity,
        /// What is asked and allowed in it.
        sharing: Box<Session>,
    },
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

    /// What is asked and allowed in a running session.
    #[must_use]
    pub(crate) fn sharing(&self) -> Option<&Session> {
        match &self.state {
            State::Session { sharing, .. } => Some(sharing),
            _ => None,
        }
    }

    /// The same, to be drawn.
    pub(crate) fn sharing_mut(&mut self) -> Option<&mut Session> {
        match &mut self.state {
            State::Session { sharing, .. } => Some(sharing),
            _ => None,
        }
    }

    /// Whose screen is watched, while one is.
    #[must_use]
    pub(crate) fn watches(&self) -> Option<&str> {
        match &self.state {
            State::Session { operator, sharing } if sharing.allows(Action::Demonstrate) => {
                Some(&operator.name)
            }
            _ => None,
        }
    }

    /// How good the connection of a running session is.
    #[must_use]
    pub(crate) fn line(&self) -> Option<Line> {
        self.sharing().map(Session::line)
    }

    /// Whether what the hand does matters just now.
    #[must_use]
    pub(crate) fn wants_hand(&self) -> bool {
        matches!(self.state, State::Asking { .. }) || self.sharing().is_some_and(Session::wants_hand)
    }

    /// The question whether to accept the operator was drawn.
    pub(crate) fn asking_seen(&mut self, now: Instant) {
        if let State::Asking { prompt, .. } = &mut self.state {
            prompt.seen(now);
        }
    }

    /// Whether the network side is still needed.
    #[must_use]
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.state, State::Ended { .. })
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
                    vec![Effect::Net(customer::Command::Join(code))]
                }
                Err(error) => {
                    *problem = Some(code_error_text(error));
                    Vec::new()
                }
            },
            (State::Asking { prompt, .. }, Act::Reply(reply)) => {
                prompt.reply(reply, now).map_or_else(Vec::new, |accept| self.answer(accept))
            }
            (State::Session { sharing, .. }, Act::Sharing(act)) => for_network(sharing.act(act, now)),
            (State::Ended { until, .. }, Act::Stay) => {
                *until = None;
                Vec::new()
            }
            // A click that came too late for what it was meant for.
            (_, Act::CodeTyped { .. } | Act::Join | Act::Reply(_) | Act::Sharing(_) | Act::Stay) => {
                Vec::new()
            }
        }
    }

    /// The customer's own hand did something while a question was open.
    pub(crate) fn hand(&mut self, sign: HandSign, now: Instant) -> Vec<Effect> {
        match &mut self.state {
            State::Asking { prompt, .. } => {
                let accepts = prompt.hand(sign, now);
                if accepts { self.answer(true) } else { Vec::new() }
            }
            State::Session { sharing, .. } => for_network(sharing.hand(sign, now)),
            _ => Vec::new(),
        }
    }

    /// An assistive technology tried to press Accept or Allow.
    pub(crate) fn assistive_yes(&mut self) {
        match &mut self.state {
            State::Asking { prompt, .. } => prompt.ignore(),
            State::Session { sharing, .. } => sharing.assistive_yes(),
            _ => {}
        }
    }

    /// Other parts of the program report.
    pub(crate) fn told(&mut self, told: Told, now: Instant) -> Vec<Effect> {
        match (&mut self.state, told) {
            (state, Told::Sharing(told)) => {
                if let sharing::Told::Trouble(text) = &told {
                    // The last window says it as well.
                    self.trouble = Some(text.clone());
                }
                if let State::Session { sharing, .. } = state {
                    sharing.told(told, now);
                }
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
                let peer = Peer::named(&operator.name, &operator.organisation);
                let sharing = Box::new(Session::new(peer, self.organisation.longest));
                self.state = State::Session { operator: operator.clone(), sharing };
            }
            (_, Told::Ended { reason, kept }) => {
                let operator = self.operator().map(|operator| operator.name.clone());
                self.state = State::Ended { operator, reason, kept, until: Some(now + ENDED_LASTS) };
            }
            // Reports of what the person has left behind already.
            _ => {}
        }
        Vec::new()
    }

    /// Time passed.
    pub(crate) fn tick(&mut self, now: Instant) -> Vec<Effect> {
        match &mut self.state {
            State::Ended { until: Some(until), .. } | State::Stopping { until } if *until <= now => {
                vec![Effect::Exit]
            }
            State::Asking { prompt, .. } => {
                prompt.tick(now);
                Vec::new()
            }
            State::Session { sharing, .. } => for_network(sharing.tick(now)),
            _ => Vec::new(),
        }
    }

    /// Who is helping or wants to.
    #[must_use]
    pub(crate) fn operator(&self) -> Option<&OperatorIdentity> {
        match &self.state {
            State::Asking { operator, .. }
            | State::Answered { operator }
            | State::Session { operator, .. } => Some(operator),
            State::Code { .. } | State::Connecting { .. } | State::Stopping { .. } | State::Ended { .. } => {
                None
            }
        }
    }

    fn answer(&mut self, accept: bool) -> Vec<Effect> {
        let State::Asking { operator, .. } = &self.state else { return Vec::new() };
        self.state = State::Answered { operator: operator.clone() };
        vec![Effect::Net(customer::Command::Accept(accept))]
    }

    fn stop(&mut self, now: Instant) -> Vec<Effect> {
        match &self.state {
            State::Code { .. } | State::Connecting { .. } | State::Stopping { .. } | State::Ended { .. } => {
                vec![Effect::Exit]
            }
            State::Asking { .. } => self.answer(false),
            State::Answered { .. } | State::Session { .. } => {
                self.state = State::Stopping { until: now + GOODBYE_LASTS };
                vec![Effect::Net(customer::Command::Stop)]
            }
        }
    }
}

fn for_network(commands: impl IntoIterator<Item = sharing::Command>) -> Vec<Effect> {
    commands.into_iter().map(Effect::Sharing).collect()
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
