//! What the program knows and decides, without a window, a clock or a network: a person's [`Act`]s and the
//! network's events go in, [`Effect`]s come out, and the view draws what [`Model`] says.

mod drawing;
mod session;
mod statistics;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use deskside_net::Problem;
use deskside_net::operator::{Command, Event};
use deskside_net::viewing;
use deskside_party::viewing::Viewer;
use deskside_proto::Code;
use deskside_proto::input::InputEvent;
use deskside_proto::journal::{Action, SessionEnd};
use deskside_proto::marks::{Colour, MarkEvent};
use deskside_session::{Journal, Now};
use deskside_trust::Secret;

pub use deskside_party::viewing::{Permission, Pointer, Refusal, Zoom};
pub use drawing::{Drawing, Tool, Words};
pub use session::{Keyboard, Session};
pub use statistics::{Rates, Statistics};

/// How long the window stays open for the last messages of a session after it was closed.
const LINGER: Duration = Duration::from_secs(3);

/// What the person did.
#[derive(Debug)]
pub enum Act {
    /// Typed the passphrase of the operator bundle.
    Unlock(Secret),
    /// Typed user name and password.
    LogIn {
        /// Account at the broker.
        user: String,
        /// Its password.
        password: Secret,
    },
    /// Logs out.
    LogOut,
    /// Wants a code.
    NewSession,
    /// No longer waits for the customer.
    Cancel,
    /// Wants the code on the clipboard.
    CopyCode,
    /// Asks the customer.
    Ask(Action),
    /// Takes the question back.
    Withdraw(Action),
    /// Does not show the own screen any longer.
    StopShowing,
    /// Takes up something to draw with, or lays it down.
    Draw(Option<Tool>),
    /// Draws in another colour.
    Colour(Colour),
    /// Typed the words that are put on the customer's screen.
    Words(Words),
    /// Takes everything away that was drawn.
    EraseAll,
    /// Looks at one of the monitors, or at all.
    Look(Option<u8>),
    /// Gives the permission back.
    GiveBack(Action),
    /// Shows the picture in another size.
    Zoom(Zoom),
    /// Shows the figures of picture and connection (`true`) or hides them.
    Details(bool),
    /// Shows the picture over the whole screen (`true`) or in the window.
    FullScreen(bool),
    /// Is with the pointer on the bar of the whole screen (`true`) or no longer.
    OverBar(bool),
    /// Takes the keyboard back.
    ReleaseKeyboard,
    /// Ends the session.
    End,
    /// Has read the summary.
    Home,
    /// Has read the banner.
    Dismiss,
    /// Closes the window.
    Quit,
}

/// What is to be done outside of the model.
#[derive(Debug)]
pub enum Effect {
    /// Open the bundle with this passphrase and start the network; answered by [`Model::unlocked`] or
    /// [`Model::unlock_failed`].
    Unlock(Secret),
    /// For the network side.
    Net(Command),
    /// Take the keyboard away from the desktop (`true`) or give it back.
    Keyboard(bool),
    /// Nothing of the own screen is shown, and nobody else has its mouse and keyboard, from this instant on.
    StopShowing,
    /// Cover the screen with the window (`true`) or no longer.
    FullScreen(bool),
    /// Nothing of the customer's screen is to be kept.
    ForgetPicture,
    /// Keep the journal; answered by [`Model::journal_saved`].
    SaveJournal(Journal),
    /// Put the code on the clipboard.
    Copy(Code),
    /// Close the window and end the program.
    Quit,
}

/// Who the operator is, from the bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Name in the certificate, which the customer sees.
    pub name: String,
    /// Account at the broker.
    pub account: String,
    /// The organisation.
    pub organisation: String,
}

/// Something that went wrong or changed, above everything else until it is dismissed or outdated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Banner {
    /// A whole sentence or two: what happened and what to do.
    pub text: String,
    /// Whether something went wrong (otherwise it is only news).
    pub wrong: bool,
}

/// Where the program is.
#[derive(Debug)]
pub enum State {
    /// There is no operator bundle that can be used; the banner says why.
    Broken,
    /// The bundle is to be opened; while `busy`, it is being opened.
    Locked {
        /// Whether the passphrase is being tried.
        busy: bool,
    },
    /// The broker does not know the operator yet.
    LoggedOut {
        /// Whether the broker is being asked.
        busy: bool,
    },
    /// Ready for a call.
    Home,
    /// A code was asked for or is waiting to be used.
    Waiting(Waiting),
    /// A customer accepted.
    Session(Box<Session>),
    /// The last session is over.
    Ended(Summary),
}

/// A session that has not begun.
#[derive(Debug, Default)]
pub struct Waiting {
    /// The code to read out, once the broker has drawn it.
    pub code: Option<Code>,
    /// When the code ends.
    pub ends: Option<Duration>,
    /// Whether a customer used the code and is being shown who asks.
    pub arrived: bool,
    /// Whether the code was copied, to say so.
    pub copied: bool,
}

/// A session that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Why.
    pub reason: SessionEnd,
    /// How long it was, if it had begun.
    pub lasted: Option<Duration>,
    /// Bytes received and sent.
    pub traffic: Option<(u64, u64)>,
    /// Where the journal is.
    pub journal: Kept,
}

/// What became of a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// Nothing began, so there is none.
    Nothing,
    /// It is being written.
    Saving,
    /// The readable one of its two files.
    At(PathBuf),
    /// It could not be written, and why.
    Failed(String),
}

/// All that the program knows.
#[derive(Debug)]
pub struct Model {
    state: State,
    identity: Option<Identity>,
    banner: Option<Banner>,
    logged_in: bool,
    /// Whether the window is in front; outlives a session.
    focused: bool,
    /// Set when the window was closed during a session: then the program ends.
    quit_at: Option<Duration>,
}

impl Model {
    /// Where the program is.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Who the operator is, if there is a bundle.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// What is to be said above everything else.
    #[must_use]
    pub fn banner(&self) -> Option<&Banner> {
        self.banner.as_ref()
    }

    /// The running session.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        if let State::Session(session) = &self.state { Some(session) } else { None }
    }

    fn session_mut(&mut self) -> Option<&mut Session> {
        if let State::Session(session) = &mut self.state { Some(session) } else { None }
    }

    /// The model for an operator bundle that was read and is still closed.
    #[must_use]
    pub fn new(identity: Identity) -> Self {
        Self {
            state: State::Locked { busy: false },
            identity: Some(identity),
            banner: None,
            logged_in: false,
            focused: true,
            quit_at: None,
        }
    }

    /// The model for a bundle that cannot be used, and why.
    #[must_use]
    pub fn broken(text: impl Into<String>) -> Self {
        let banner = Some(Banner { text: text.into(), wrong: true });
        Self { state: State::Broken, identity: None, banner, logged_in: false, focused: true, quit_at: None }
    }

    /// Something went wrong outside of the network, such as the clipboard or the keyboard.
    pub fn trouble(&mut self, text: impl Into<String>) {
        self.banner = Some(Banner { text: text.into(), wrong: true });
    }

    /// The person did something. What does not fit the state changes nothing.
    pub fn act(&mut self, act: Act, now: Now) -> Vec<Effect> {
        match (act, &mut self.state) {
            (Act::Unlock(passphrase), State::Locked { busy: busy @ false }) => {
                *busy = true;
                self.banner = None;
                vec![Effect::Unlock(passphrase)]
            }
            (Act::LogIn { user, password }, State::LoggedOut { busy: busy @ false }) => {
                *busy = true;
                self.banner = None;
                vec![Effect::Net(Command::Login { user, password })]
            }
            (Act::LogOut, State::Home | State::Ended(_)) => {
                self.log_out(None);
                vec![Effect::Net(Command::Logout)]
            }
            (Act::NewSession, State::Home | State::Ended(_)) => self.new_session(),
            (Act::Cancel, State::Waiting(_)) => {
                self.go_home();
                vec![Effect::Net(Command::CancelSession)]
            }
            (Act::CopyCode, State::Waiting(waiting)) => {
                waiting.copied = waiting.code.is_some();
                waiting.code.iter().cloned().map(Effect::Copy).collect()
            }
            (Act::Ask(action), State::Session(session)) => session.ask(action),
            (Act::Withdraw(action), State::Session(session)) => session.withdraw(action),
            (Act::GiveBack(action), State::Session(session)) => session.give_back(action),
            (Act::StopShowing, State::Session(session)) => {
                let mut effects = vec![Effect::StopShowing];
                effects.extend(session.give_back(Action::Demonstrate));
                effects
            }
            (Act::Draw(tool), State::Session(session)) => session.take_tool(tool),
            (Act::Colour(colour), State::Session(session)) => {
                session.drawing.set_colour(colour);
                Vec::new()
            }
            (Act::Words(words), State::Session(session)) => {
                session.drawing.set_words(words);
                Vec::new()
            }
            (Act::EraseAll, State::Session(_)) => session::mark(vec![MarkEvent::Clear]),
            (Act::Look(monitor), State::Session(session)) => session.look(monitor),
            (Act::Zoom(zoom), State::Session(session)) => {
                session.zoom = zoom;
                Vec::new()
            }
            (Act::Details(details), State::Session(session)) => {
                session.details = details;
                Vec::new()
            }
            (Act::FullScreen(on), State::Session(session)) => session.set_full_screen(on, now.monotonic),
            (Act::OverBar(over), State::Session(session)) => {
                session.over_bar(over, now.monotonic);
                Vec::new()
            }
            (Act::ReleaseKeyboard, State::Session(session)) => session.release_keyboard(),
            (Act::End, State::Session(session)) => session.end(),
            (Act::Home, State::Ended(_)) => {
                self.go_home();
                Vec::new()
            }
            (Act::Dismiss, _) => {
                self.banner = None;
                Vec::new()
            }
            (Act::Quit, _) => self.quit(now),
            _ => Vec::new(),
        }
    }

    fn new_session(&mut self) -> Vec<Effect> {
        self.banner = None;
        if !self.logged_in {
            self.log_out(Some("Your log-in has ended. Log in again to start a session."));
            return Vec::new();
        }
        self.state = State::Waiting(Waiting::default());
        vec![Effect::Net(Command::NewSession)]
    }

    fn quit(&mut self, now: Now) -> Vec<Effect> {
        let mut effects = match &mut self.state {
            State::Session(session) => session.end(),
            State::Waiting(_) => return vec![Effect::Net(Command::CancelSession), Effect::Quit],
            State::Broken | State::Locked { .. } | State::LoggedOut { .. } | State::Home => {
                return vec![Effect::Quit];
            }
            State::Ended(summary) if summary.journal != Kept::Saving => return vec![Effect::Quit],
            State::Ended(_) => Vec::new(),
        };
        if self.quit_at.is_some() {
            // Closed for the second time: somebody does not want to wait.
            effects.push(Effect::Quit);
        }
        self.quit_at = Some(now.monotonic + LINGER);
        effects
    }

    fn go_home(&mut self) {
        self.banner = None;
        if self.logged_in {
            self.state = State::Home;
        } else {
            self.log_out(Some("Your log-in has ended. Log in again."));
        }
    }

    fn log_out(&mut self, news: Option<&str>) {
        self.logged_in = false;
        self.state = State::LoggedOut { busy: false };
        self.banner = news.map(|text| Banner { text: text.to_owned(), wrong: false });
    }

    /// The bundle is open and the network runs.
    pub fn unlocked(&mut self) {
        self.banner = None;
        self.state = State::LoggedOut { busy: false };
    }

    /// The bundle did not open.
    pub fn unlock_failed(&mut self, text: impl Into<String>) {
        self.state = State::Locked { busy: false };
        self.trouble(text);
    }

    /// The journal was written, or why not.
    pub fn journal_saved(&mut self, outcome: Result<PathBuf, String>) -> Vec<Effect> {
        if let State::Ended(summary) = &mut self.state {
            summary.journal = match outcome {
                Ok(path) => Kept::At(path),
                Err(cause) => Kept::Failed(cause),
            };
        } else if let Err(cause) = outcome {
            self.trouble(format!("The journal of the last session could not be saved: {cause}."));
        }
        if self.quit_at.is_some() { vec![Effect::Quit] } else { Vec::new() }
    }

    /// The network side reports something.
    pub fn net(&mut self, event: Event, now: Now) -> Vec<Effect> {
        match event {
            Event::LoggedIn { .. } => {
                self.logged_in = true;
                if matches!(self.state, State::LoggedOut { .. }) {
                    self.go_home();
                }
            }
            Event::LoginFailed(problem) => {
                self.log_out(None);
                self.trouble(problem.to_string());
            }
            Event::LoggedOut => {
                self.logged_in = false;
                // A session that runs goes on; the token is needed for the next one only.
                if matches!(self.state, State::Home) {
                    self.log_out(Some("Your log-in has ended. Log in again."));
                }
            }
            Event::CodeReady { code, expires_ms } => {
                if let State::Waiting(waiting) = &mut self.state {
                    let left = u64::try_from(expires_ms.saturating_sub(now.wall_ms)).unwrap_or(0);
                    waiting.ends = Some(now.monotonic + Duration::from_millis(left));
                    waiting.code = Some(code);
                }
            }
            Event::Help(viewing::Event::Arrived) => {
                if let State::Waiting(waiting) = &mut self.state {
                    waiting.arrived = true;
                }
            }
            Event::CodeExpired => {
                if matches!(self.state, State::Waiting(_)) {
                    self.go_home();
                    self.banner = Some(Banner {
                        text: "Nobody used the code in time, so it has ended. Start a new session to get another."
                            .to_owned(),
                        wrong: false,
                    });
                }
            }
            Event::SessionFailed(problem) => return self.failed(&problem),
            Event::Help(viewing::Event::Started) => {
                if matches!(self.state, State::Waiting(_)) {
                    self.banner = None;
                    let session = Session::new(now.monotonic, self.focused);
                    self.state = State::Session(Box::new(session));
                }
            }
            Event::Help(viewing::Event::Ended { reason, journal }) => {
                return self.ended(reason, journal, now);
            }
            Event::Quality(quality) => {
                if let Some(session) = self.session_mut() {
                    session.measured(quality, now.monotonic);
                }
            }
            // The own screen has a desk of its own.
            Event::Demonstration(_) => {}
            Event::Help(event) => {
                if let Some(session) = self.session_mut() {
                    return session.net(&event, now.monotonic);
                }
            }
        }
        Vec::new()
    }

    fn failed(&mut self, problem: &Problem) -> Vec<Effect> {
        let effects = match &mut self.state {
            State::Session(session) => session.close(),
            State::Waiting(_) => Vec::new(),
            _ => return Vec::new(),
        };
        self.go_home();
        self.trouble(problem.to_string());
        effects
    }

    fn ended(&mut self, reason: SessionEnd, journal: Journal, now: Now) -> Vec<Effect> {
        // Every journal begins with the session; where that never began, there is nothing to keep.
        let began = journal.entries().next().is_some();
        let save = began.then_some(Effect::SaveJournal(journal));
        let mut effects = Vec::new();
        let (mut lasted, mut traffic) = (None, None);
        match &mut self.state {
            State::Session(session) => {
                effects = session.close();
                lasted = Some(now.monotonic.saturating_sub(session.started));
                traffic = session.quality.map(|quality| (quality.received, quality.sent));
            }
            State::Waiting(_) => {}
            // Cancelled meanwhile: nobody waits for a summary, but what the journal holds is kept.
            _ => return save.into_iter().collect(),
        }
        self.banner = None;
        let journal = if began { Kept::Saving } else { Kept::Nothing };
        self.state = State::Ended(Summary { reason, lasted, traffic, journal });
        effects.extend(save);
        if !began && self.quit_at.is_some() {
            effects.push(Effect::Quit);
        }
        effects
    }

    /// So many further updates of the picture are on the screen, which is the customer's to the last bit or
    /// not, as far as that is known.
    pub fn shown(&mut self, updates: u64, exact: Option<bool>) {
        if let Some(session) = self.session_mut() {
            session.statistics.shown(updates, exact);
        }
    }

    /// The platform read a key while the keyboard was grabbed.
    pub fn key(&mut self, event: InputEvent, now: Now) -> Vec<Effect> {
        self.session_mut().map_or_else(Vec::new, |session| session.key(event, now.monotonic))
    }

    /// The window came to the front or left it. While the keyboard is grabbed, window systems report a
    /// focus loss that is none; then only [`Self::keyboard_lost`] counts.
    pub fn focus(&mut self, focused: bool) -> Vec<Effect> {
        if self.session().is_some_and(|session| session.keyboard() == Keyboard::Customer) {
            return Vec::new();
        }
        self.focused = focused;
        self.session_mut().map_or_else(Vec::new, |session| session.focus(focused))
    }

    /// The platform gave the keyboard back because the window lost the focus.
    pub fn keyboard_lost(&mut self) -> Vec<Effect> {
        self.focused = false;
        self.session_mut().map_or_else(Vec::new, Session::keyboard_lost)
    }

    /// The platform could not take the keyboard, and why.
    pub fn keyboard_refused(&mut self, cause: &str) -> Vec<Effect> {
        let Some(session) = self.session_mut() else { return Vec::new() };
        let effects = session.keyboard_refused();
        self.trouble(format!("The keyboard cannot be used on the customer's computer yet: {cause}. Click the picture to try again."));
        effects
    }

    /// When [`Self::tick`] is to be called at the latest, apart from clocks that the view shows.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        self.session().and_then(Session::wake_at).into_iter().chain(self.quit_at).min()
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Now) -> Vec<Effect> {
        if self.quit_at.is_some_and(|at| at <= now.monotonic) {
            return vec![Effect::Quit];
        }
        self.session_mut().map_or_else(Vec::new, |session| session.tick(now.monotonic))
    }
}

/// What the mouse has to do with it.
impl Viewer for Model {
    type Effect = Effect;

    fn sees(&self) -> bool {
        self.session().is_some_and(|session| session.screen().is_some())
    }

    fn reaches_sharer(&self) -> bool {
        self.session().is_some_and(Session::reaches_customer)
    }

    fn has_keyboard(&self) -> bool {
        self.session().map(Session::keyboard) == Some(Keyboard::Customer)
    }

    fn pointer(&mut self, event: Pointer, now: Duration) -> Vec<Effect> {
        self.session_mut().map_or_else(Vec::new, |session| session.pointer(event, now))
    }

    fn touched_edge(&mut self, now: Duration) {
        if let Some(session) = self.session_mut() {
            session.touched_edge(now);
        }
    }

    fn set_zoom(&mut self, zoom: Zoom) -> Vec<Effect> {
        if let Some(session) = self.session_mut() {
            session.zoom = zoom;
        }
        Vec::new()
    }
}
