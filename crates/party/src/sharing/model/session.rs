//! A running session as its sharer has it: what is asked, what is allowed, and what the panel says.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use deskside_proto::RequestId;
use deskside_proto::journal::{Action, GrantEnd};
use deskside_proto::shown::ScopeNote;

use super::choosing::shown_words;
use super::{Choosing, Edit, HandSign, Lasting, Offer, OpenQuestion, Peer, Pressed, Prompt, Reply, Told};
use crate::sharing::net::{Answer, Command, Quality, Question};

/// How long a question waits for an answer.
const QUESTION_LASTS: Duration = Duration::from_secs(30);
/// How long the person may choose what to show when nobody waits for it.
const CHOOSING_LASTS: Duration = Duration::from_secs(300);
/// The network side hears at most this often that the person is at the question.
const ATTENDED_EVERY: Duration = Duration::from_secs(3);
/// Longer than any session.
const PAUSE_LASTS: Duration = Duration::from_secs(366 * 24 * 3600);

/// How long the panel says what has just happened.
const NEWS_LASTS: Duration = Duration::from_secs(6);

/// Round-trip times up to which a connection is good or fair, in milliseconds.
const GOOD_UP_TO_MS: u32 = 120;
const FAIR_UP_TO_MS: u32 = 350;

/// What the person does in the panel and in the consent window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// About the open question.
    Reply(Reply),
    /// Ticked or chose something that a yes would allow. Counts only if the hand did it.
    Edit(Edit, Pressed),
    /// Freezes the picture.
    Pause,
    /// Lets the picture go on. Counts only if the hand did it.
    Resume(Pressed),
    /// Takes back what was allowed.
    TakeBack(Action),
    /// Wants to choose anew what is shown; this is what there is.
    Choose(Offer),
    /// Pressed Stop or closed the panel. What that ends, the program around the session says.
    Stop,
}

/// How good a connection is, in steps that a person can feel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
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
    /// How good one is that was measured.
    #[must_use]
    pub fn of(quality: Quality) -> Self {
        if quality.rtt_ms <= GOOD_UP_TO_MS {
            Self::Good
        } else if quality.rtt_ms <= FAIR_UP_TO_MS {
            Self::Fair
        } else {
            Self::Slow
        }
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
pub struct Session {
    peer: Peer,
    /// What is allowed.
    pub(crate) granted: BTreeMap<Action, Granted>,
    /// What is shown, while anything is.
    shown: ScopeNote,
    /// How the person chose that.
    chosen: Option<Choosing>,
    /// The button that lets a paused picture go on: consent, so that it takes the hand.
    resume: Option<Prompt>,
    /// What the person has allowed and for how long, until the network side says so as well.
    promised: BTreeMap<Action, Lasting>,
    /// No grant lasts longer: the organisation says so.
    longest: Option<Duration>,
    /// Whether the picture stands still.
    pub(crate) paused: bool,
    /// Whether the person's own hand has mouse and keyboard just now.
    hand_has_it: bool,
    /// Whether control rests because the panel cannot be seen.
    panel_hidden: bool,
    /// How good the connection is.
    line: Line,
    /// The open question.
    pub(crate) question: Option<OpenQuestion>,
    news: Option<(String, Instant)>,
    last: Option<String>,
    trouble: Option<String>,
}

impl Session {
    /// Nothing is allowed yet. No grant lasts longer than `longest`, if there is such a rule.
    #[must_use]
    pub fn new(peer: Peer, longest: Option<Duration>) -> Self {
        Self {
            peer,
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
            trouble: None,
        }
    }

    /// The other side.
    #[must_use]
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// How good the connection is.
    #[must_use]
    pub fn line(&self) -> Line {
        self.line
    }

    /// Whether an action is allowed.
    #[must_use]
    pub fn allows(&self, action: Action) -> bool {
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

    /// Something on this computer that does not work.
    #[must_use]
    pub(crate) fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
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
        let name = self.peer.first();
        let (sees, controls) = (self.allows(Action::See), self.allows(Action::Control));
        if !sees {
            return format!("{name} cannot see or do anything here.");
        }
        if self.paused {
            return format!("Paused: {} sees a still picture and can do nothing.", self.peer.name());
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

    /// Whether something is open that the person decides.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.question.is_some()
    }

    /// Whether anything is shown, asked, or about to be shown because the person has just said yes.
    #[must_use]
    pub fn is_used(&self) -> bool {
        self.allows(Action::See) || self.asks() || self.promised.contains_key(&Action::See)
    }

    /// Whether what the hand does matters just now.
    #[must_use]
    pub fn wants_hand(&self) -> bool {
        self.resume.is_some() || self.asks()
    }

    /// When it is to be drawn again without an event.
    #[must_use]
    pub fn changes_in(&self, now: Instant) -> Option<Duration> {
        let prompt = self.question.as_ref().map(|question| question.prompt.changes_in(now));
        let clock = match self.news {
            None => self.minutes_left(now).map(|_| Duration::from_secs(10)),
            Some(_) => Some(Duration::from_millis(500)),
        };
        prompt.into_iter().chain(clock).min()
    }

    /// The panel was drawn: its button for going on can be seen.
    pub fn panel_seen(&mut self, now: Instant) {
        if let Some(resume) = &mut self.resume {
            resume.seen(now);
        }
    }

    /// The consent window was drawn.
    pub fn question_seen(&mut self, now: Instant) {
        if let Some(question) = &mut self.question {
            question.prompt.seen(now);
        }
    }

    /// The person did something; gives what the network side has to do.
    #[must_use]
    pub fn act(&mut self, act: Act, now: Instant) -> Vec<Command> {
        match act {
            Act::Reply(reply) => {
                let question = self.question.as_mut();
                let answer = question.and_then(|question| question.prompt.reply(reply, now));
                answer.map_or_else(Vec::new, |yes| self.decide(yes))
            }
            Act::Edit(edit, pressed) => {
                if let Some(question) = &mut self.question
                    && question.prompt.edit(&edit, pressed, now)
                {
                    question.edit(&edit);
                }
                Vec::new()
            }
            Act::Pause => vec![Command::Pause(true)],
            Act::Resume(pressed) => {
                let proven = self.resume.as_mut().is_some_and(|prompt| prompt.yes(pressed, now));
                if proven { vec![Command::Pause(false)] } else { Vec::new() }
            }
            Act::TakeBack(action) => vec![Command::Revoke(action)],
            Act::Choose(offer) => self.choose(offer, now).into_iter().collect(),
            Act::Stop => Vec::new(),
        }
    }

    /// The person's own hand did something.
    #[must_use]
    pub fn hand(&mut self, sign: HandSign, now: Instant) -> Vec<Command> {
        if let Some(question) = &mut self.question {
            if question.prompt.hand(sign, now) {
                return self.decide(true);
            }
            if let Some(edit) = question.prompt.take_edit(now) {
                question.edit(&edit);
            }
        }
        let resumes = self.resume.as_mut().is_some_and(|prompt| prompt.hand(sign, now));
        let resume = resumes.then_some(Command::Pause(false));
        self.attend(now).into_iter().chain(resume).collect()
    }

    /// An assistive technology tried to press the yes of the open question, which only the hand can.
    pub fn assistive_yes(&mut self) {
        if let Some(question) = &mut self.question {
            question.prompt.ignore();
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
    fn choose(&mut self, offer: Offer, now: Instant) -> Option<Command> {
        let name = self.peer.first();
        let text = Question {
            title: format!("What may {} see?", self.peer.name()),
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
    fn decide(&mut self, yes: bool) -> Vec<Command> {
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
        let name = self.peer.name();
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

    /// The person is busy with the question: silence is a no, thinking is not.
    fn attend(&mut self, now: Instant) -> Option<Command> {
        let question = self.question.as_mut()?;
        if now < question.attended + ATTENDED_EVERY {
            return None;
        }
        question.attended = now;
        question.prompt.extend(now + QUESTION_LASTS);
        question.request.map(Command::KeepOpen)
    }

    /// Other threads report.
    pub fn told(&mut self, told: Told, now: Instant) {
        match told {
            Told::Question { request, actions, text, offer } => {
                self.ask(Some(request), actions, text, offer, now);
            }
            Told::QuestionClosed(request) => {
                if let Some(question) = self.question.take_if(|question| question.request == Some(request)) {
                    let (name, asked) = (self.peer.first(), action_words(&question.actions));
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
            Told::Trouble(text) => self.trouble = Some(text),
        }
    }

    fn grant_ended(&mut self, action: Action, reason: GrantEnd, now: Instant) {
        let name = self.peer.first();
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
            (Action::Demonstrate, GrantEnd::GivenBack) => {
                Some(format!("{name} no longer shows you a screen."))
            }
            (action, GrantEnd::Expired) => {
                let name = self.peer.name();
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

    /// Time passed.
    #[must_use]
    pub fn tick(&mut self, now: Instant) -> Option<Command> {
        if let Some(question) = &mut self.question {
            question.prompt.tick(now);
        }
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
        Action::Demonstrate => "show you another screen",
    });
    words.collect::<Vec<_>>().join(" and ")
}
