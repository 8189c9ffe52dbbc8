//! A running session as the panel shows it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use deskside_net::Quality;
use deskside_net::customer::{Answer, Choice, Command, Question};
use deskside_proto::RequestId;
use deskside_proto::journal::{Action, GrantEnd};
use deskside_proto::shown::ScopeNote;
use deskside_session::ApplicationId;
use deskside_trust::OperatorIdentity;

use super::choosing::shown_words;
use super::{Choosing, Offer, Prompt, QUESTION_LASTS, Show, Told};

/// How long the person may choose what to show when nobody waits for it.
const CHOOSING_LASTS: Duration = Duration::from_secs(300);
/// The network side hears at most this often that the person is at the question.
/// Longer than any session.
const PAUSE_LASTS: Duration = Duration::from_secs(366 * 24 * 3600);
const ATTENDED_EVERY: Duration = Duration::from_secs(3);

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

/// For how long something is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lasting {
    /// As long as the session.
    Session,
    /// So many minutes.
    Minutes(u16),
}

impl Lasting {
    /// What can be chosen.
    pub(crate) const ALL: [Self; 3] = [Self::Session, Self::Minutes(15), Self::Minutes(5)];

    fn time(self) -> Option<Duration> {
        match self {
            Self::Session => None,
            Self::Minutes(minutes) => Some(Duration::from_secs(60 * u64::from(minutes))),
        }
    }
}

/// A change of what a yes would allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Edit {
    /// Which kind of thing to show.
    Show(Show),
    /// A program is ticked, or no longer.
    Program(ApplicationId),
    /// Something around programs (desktop, task bars, notifications) is ticked, or no longer.
    Surrounding(usize),
    /// One of several actions that are asked for is ticked, or no longer.
    Action(Action),
    /// For how long.
    Last(Lasting),
}

/// Something that the person decides in the consent window.
#[derive(Debug)]
pub(crate) struct OpenQuestion {
    /// Its number; `None` when the person opened it to show something else.
    pub(crate) request: Option<RequestId>,
    /// What is shown.
    pub(crate) text: Question,
    /// What is asked for.
    pub(crate) actions: Vec<Action>,
    /// Which of it the person would allow.
    pub(crate) ticked: BTreeSet<Action>,
    /// What would be shown, if that is the question.
    pub(crate) choosing: Option<Choosing>,
    /// For how long.
    pub(crate) lasting: Lasting,
    /// Who may answer it, and when.
    pub(crate) prompt: Prompt,
    /// When the network side was last told that the person is at it.
    attended: Instant,
}

impl OpenQuestion {
    /// Whether a yes would allow anything.
    #[must_use]
    pub(crate) fn is_complete(&self) -> bool {
        let chooses = self.choosing.is_some() && (self.request.is_none() || self.allows(Action::See));
        let is_chosen = self.choosing.as_ref().is_none_or(|choosing| choosing.choice().is_some());
        (self.request.is_none() || !self.ticked.is_empty()) && (!chooses || is_chosen)
    }

    /// Whether this action would be allowed.
    #[must_use]
    pub(crate) fn allows(&self, action: Action) -> bool {
        self.ticked.contains(&action)
    }

    /// Allows an action or not. Nothing is allowed without seeing if that is asked for as well.
    pub(crate) fn toggle(&mut self, action: Action) {
        if !self.ticked.remove(&action) {
            self.ticked.insert(action);
            self.ticked.extend(self.actions.iter().filter(|other| **other == Action::See));
        } else if action == Action::See {
            self.ticked.clear();
        }
    }

    fn answer(&self) -> Option<Answer> {
        let choice = match &self.choosing {
            Some(choosing) if self.allows(Action::See) => choosing.choice()?,
            _ => Choice::screen(),
        };
        Some(Answer::Allow { actions: self.ticked.clone(), choice, lasting: self.lasting.time() })
    }
}

/// Something that is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Granted {
    /// When it ends by itself.
    pub(crate) until: Option<Instant>,
}

/// A running session.
#[derive(Debug)]
pub(crate) struct Session {
    /// Who helps, from the verified certificate.
    pub(crate) operator: OperatorIdentity,
    /// What is allowed.
    pub(crate) granted: BTreeMap<Action, Granted>,
    /// What is shown, while anything is.
    shown: ScopeNote,
    /// How the person chose that.
    chosen: Option<Choosing>,
    /// The button that lets a paused picture go on: consent, so that it takes the hand.
    pub(super) resume: Option<Prompt>,
    /// What the person has allowed and for how long, until the network side says so as well.
    promised: BTreeMap<Action, Lasting>,
    /// No grant lasts longer: the organisation says so.
    longest: Option<Duration>,
    /// Whether the picture stands still.
    pub(crate) paused: bool,
    /// Whether the customer's own hand has mouse and keyboard just now.
    pub(crate) hand_has_it: bool,
    /// Whether control rests because the panel cannot be seen.
    pub(crate) panel_hidden: bool,
    /// How good the connection is.
    pub(crate) line: Line,
    /// The open question.
    pub(crate) question: Option<OpenQuestion>,
    news: Option<(String, Instant)>,
    last: Option<String>,
}

impl Session {
    pub(super) fn new(operator: OperatorIdentity, longest: Option<Duration>) -> Self {
        Self {
            operator,
            granted: BTreeMap::new(),
            shown: ScopeNote::screen(),
            chosen: None,
            resume: None,
            promised: BTreeMap::new(),
            longest,
            paused: false,
            hand_has_it: false,
            panel_hidden: false,
            line: Line::Unknown,
            question: None,
            news: None,
            last: None,
        }
    }

    /// Whether an action is allowed.
    #[must_use]
    pub(crate) fn allows(&self, action: Action) -> bool {
        self.granted.contains_key(&action)
    }

    /// What has just happened, as a sentence.
    #[must_use]
    pub(crate) fn news(&self) -> Option<&str> {
        self.news.as_ref().map(|(text, _)| text.as_str())
    }

    /// What was asked or done last, as a sentence.
    #[must_use]
    pub(crate) fn last(&self) -> Option<&str> {
        self.last.as_deref()
    }

    /// Minutes, rounded up, until the first of what is allowed ends by itself.
    #[must_use]
    pub(crate) fn minutes_left(&self, now: Instant) -> Option<u64> {
        let until = self.granted.values().filter_map(|granted| granted.until).min()?;
        Some(until.saturating_duration_since(now).as_secs().div_ceil(60))
    }

    /// What is allowed right now, as one sentence.
    #[must_use]
    pub(crate) fn allowed(&self) -> String {
        let name = &self.operator.name;
        let (sees, controls) = (self.allows(Action::See), self.allows(Action::Control));
        if !sees {
            return format!("{name} cannot see or do anything here.");
        }
        if self.paused {
            return format!("Paused: {name} sees a still picture and can do nothing.");
        }
        let shown = shown_words(&self.shown);
        let draws = if self.allows(Action::Point) { ", can draw on it" } else { "" };
        match controls {
            false if draws.is_empty() => format!("{name} sees {shown}."),
            false => format!("{name} sees {shown} and can draw on it."),
            true if self.panel_hidden => {
                format!("{name} sees {shown} and waits until this panel can be seen.")
            }
            true if self.hand_has_it => {
                format!("{name} sees {shown} and waits while you use mouse or keyboard.")
            }
            true => format!("{name} sees {shown}{draws} and can use your mouse and keyboard."),
        }
    }

    fn ask(
        &mut self,
        request: Option<RequestId>,
        actions: Vec<Action>,
        text: Question,
        offer: Offer,
        now: Instant,
    ) {
        let lasts = if request.is_some() { QUESTION_LASTS } else { CHOOSING_LASTS };
        let chooses = request.is_none() || actions.contains(&Action::See);
        self.question = Some(OpenQuestion {
            request,
            text,
            ticked: actions.iter().copied().collect(),
            actions,
            choosing: chooses.then(|| Choosing::new(offer)),
            lasting: Lasting::Session,
            prompt: Prompt::new(now + lasts),
            attended: now,
        });
    }

    /// Lets the person choose anew what is shown, beginning with what is shown now.
    pub(super) fn choose(&mut self, offer: Offer, now: Instant) -> Option<Command> {
        let name = &self.operator.name;
        let text = Question {
            title: format!("What may {name} see?"),
            can: format!("{name} will see what you choose here, with everything that pops up in it."),
            cannot: format!("{name} will see nothing else, and can use only what is shown."),
        };
        if self.question.is_some() || !self.allows(Action::See) {
            return None;
        }
        self.ask(None, Vec::new(), text, offer, now);
        let choosing = self.question.as_mut().and_then(|question| question.choosing.as_mut());
        if let (Some(choosing), Some(chosen)) = (choosing, &self.chosen) {
            choosing.begin_with(chosen);
        }
        Some(Command::Choosing(true))
    }

    /// The person decided; gives what the network side has to do.
    pub(super) fn decide(&mut self, yes: bool) -> Vec<Command> {
        let Some(question) = self.question.take_if(|question| !yes || question.is_complete()) else {
            return Vec::new();
        };
        match question.request {
            Some(request) => self.answer(request, &question, yes).into_iter().collect(),
            None => {
                let choosing = question.choosing.filter(|_| yes);
                let choice = choosing.as_ref().and_then(Choosing::choice);
                if let Some(choice) = &choice {
                    (self.shown, self.chosen) = (choice.note.clone(), choosing);
                }
                // The choice first: input must not go on in what is to be hidden.
                choice.map(Command::Rescope).into_iter().chain([Command::Choosing(false)]).collect()
            }
        }
    }

    fn answer(&mut self, request: RequestId, question: &OpenQuestion, yes: bool) -> Option<Command> {
        let asked = action_words(&question.actions);
        let name = &self.operator.name;
        let answer = if yes { question.answer()? } else { Answer::Deny };
        self.last = Some(match &answer {
            Answer::Allow { actions, choice, .. } => {
                if actions.contains(&Action::See) {
                    (self.shown, self.chosen) = (choice.note.clone(), question.choosing.clone());
                }
                self.promised = actions.iter().map(|action| (*action, question.lasting)).collect();
                let actions: Vec<Action> = actions.iter().copied().collect();
                format!("You allowed {name} to {}.", action_words(&actions))
            }
            Answer::Deny => format!("You did not allow {name} to {asked}."),
        });
        Some(Command::Answer { request, answer })
    }

    /// The person ticked or chose something in the consent window.
    pub(super) fn edit(&mut self, edit: &Edit) {
        let Some(question) = &mut self.question else { return };
        match (edit, &mut question.choosing) {
            (Edit::Show(show), Some(choosing)) => choosing.pick(*show),
            (Edit::Program(program), Some(choosing)) => choosing.tick(*program),
            (Edit::Surrounding(place), Some(choosing)) => {
                if let Some(is_shown) = choosing.surroundings.get_mut(*place) {
                    *is_shown = !*is_shown;
                }
            }
            (Edit::Action(action), _) => question.toggle(*action),
            (Edit::Last(lasting), _) => question.lasting = *lasting,
            _ => {}
        }
    }

    /// The person is busy with the question: silence is a no, thinking is not.
    pub(super) fn attend(&mut self, now: Instant) -> Option<Command> {
        let question = self.question.as_mut()?;
        if now < question.attended + ATTENDED_EVERY {
            return None;
        }
        question.attended = now;
        question.prompt.extend(now + QUESTION_LASTS);
        question.request.map(Command::KeepOpen)
    }

    pub(super) fn told(&mut self, told: Told, now: Instant) {
        match told {
            Told::Question { request, actions, text, offer } => {
                self.ask(Some(request), actions, text, offer, now);
            }
            Told::QuestionClosed(request) => {
                if let Some(question) = self.question.take_if(|question| question.request == Some(request)) {
                    let (name, asked) = (&self.operator.name, action_words(&question.actions));
                    self.last = Some(format!("{name} asked to {asked}; it was not answered."));
                }
            }
            Told::Granted(action) => {
                let lasting = self.promised.remove(&action).map(Lasting::time);
                // Without a promise it is the same grant with another reach.
                let former = self.granted.get(&action).and_then(|granted| granted.until);
                let until = lasting.map_or(former, |lasting| {
                    lasting.into_iter().chain(self.longest).min().map(|lasting| now + lasting)
                });
                self.granted.insert(action, Granted { until });
            }
            Told::PanelHidden(hidden) => self.panel_hidden = hidden,
            Told::GrantEnded { action, reason } => self.grant_ended(action, reason, now),
            Told::Paused(paused) => {
                self.paused = paused;
                // It waits for as long as the person likes.
                self.resume = paused.then(|| Prompt::new(now + PAUSE_LASTS));
            }
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
            (Action::See, GrantEnd::Revoked) => Some(format!("{name} no longer sees your screen.")),
            (action, GrantEnd::Expired) => {
                Some(format!("The time is over in which {name} could {}.", action_words(&[action])))
            }
            _ => None,
        };
        self.granted.remove(&action);
        if action == Action::Control {
            self.hand_has_it = false;
        }
        if action == Action::See && self.question.as_ref().is_some_and(|question| question.request.is_none())
        {
            // There is nothing to choose any more; the next look says so to the network side.
            let question = self.question.as_mut();
            question.into_iter().for_each(|question| question.prompt.end(now));
        }
        if let Some(news) = news {
            self.last = Some(news.clone());
            self.news = Some((news, now + NEWS_LASTS));
        }
    }

    pub(super) fn tick(&mut self, now: Instant) -> Option<Command> {
        let over =
            self.question.take_if(|question| question.request.is_none() && question.prompt.is_over(now));
        if self.news.as_ref().is_some_and(|(_, until)| *until <= now) {
            self.news = None;
        }
        over.map(|_| Command::Choosing(false))
    }
}

/// Actions, to stand after "to".
fn action_words(actions: &[Action]) -> String {
    let words = actions.iter().map(|action| match action {
        Action::See => "see your screen",
        Action::Control => "use your mouse and keyboard",
        Action::Point => "draw on your screen",
    });
    words.collect::<Vec<_>>().join(" and ")
}
