//! What the window knows and decides, without a window, a clock or a network: a person's [`Act`]s and the
//! network's events go in, [`Effect`]s come out, and the view draws what [`Model`] says.

use std::collections::BTreeSet;
use std::time::Duration;

use deskside_proto::control::Suspension;
use deskside_proto::input::{Button, InputEvent};
use deskside_proto::journal::Action;
use deskside_proto::shown::{AreaNote, ScopeNote};

use crate::viewing::net::{Command, Event};
use crate::viewing::{Bar, Chord, CursorPlace, Hand, Permission, Pointer, Viewer, Whose, Zoom};

/// What the person did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Act {
    /// Asks for mouse and keyboard.
    Ask,
    /// Takes that question back.
    NeverMind,
    /// Gives mouse and keyboard back.
    GiveBack,
    /// Shows the picture in another size.
    Zoom(Zoom),
    /// Shows the picture over the whole screen (`true`) or in the window.
    FullScreen(bool),
    /// Is with the pointer on the bar of the whole screen (`true`) or no longer.
    OverBar(bool),
    /// Stops watching.
    Stop,
}

/// What is to be done outside of the model.
#[derive(Debug)]
pub(super) enum Effect {
    /// For the network.
    Net(Command),
    /// Cover the screen with the window (`true`) or no longer.
    FullScreen(bool),
    /// Nothing of the sharer's screen is to be kept.
    ForgetPicture,
    /// The person has stopped watching.
    Stop,
}

/// What there is to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// Nothing yet: the sharer shows, or is about to.
    Coming,
    /// The picture.
    Shown,
    /// The picture, standing still.
    Paused,
    /// Nothing any more.
    Over,
}

/// How much of the sharer's screen there is to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// All of it.
    Whole,
    /// A part, or only some of the programs; the rest is a pattern.
    Part,
}

/// Where mouse and keyboard of the sharer's screen are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Control {
    /// With the sharer alone; how the last question or permission ended.
    Not(Permission),
    /// Asked for; whether the question is being taken back.
    Asked {
        /// Whether it is being taken back.
        withdrawing: bool,
    },
    /// Here too.
    Here,
    /// Here too, but without effect just now.
    Rests(Suspension),
}

/// All that the window knows.
#[derive(Debug, Default)]
pub(super) struct Model {
    see: Permission,
    control: Permission,
    /// Whether the question for control is being taken back.
    withdrawing: bool,
    scope: Option<ScopeNote>,
    suspension: Option<Suspension>,
    paused: bool,
    /// Where the sharer's cursor was last reported.
    cursor: Option<(u16, u16)>,
    zoom: Zoom,
    full_screen: Option<Bar>,
    chord: Chord,
    /// Width and height of the sharer's picture, once it is shown.
    screen: Option<(u32, u32)>,
    hand: Hand,
    /// Whether the window is in front.
    focused: bool,
    /// The pixel of the picture that the pointer is nearest to, and whether it is over it.
    pointer: Option<((u16, u16), bool)>,
    stopped: bool,
}

impl Model {
    /// Whether the sharer shows something now.
    #[must_use]
    pub(super) fn may_see(&self) -> bool {
        self.see.is_allowed()
    }

    #[must_use]
    pub(super) fn sight(&self) -> Sight {
        match self.see {
            Permission::Ended(_) | Permission::Refused(_) => Sight::Over,
            Permission::Allowed(_) if self.screen.is_some() && self.paused => Sight::Paused,
            Permission::Allowed(_) if self.screen.is_some() => Sight::Shown,
            Permission::None | Permission::Asking(_) | Permission::Allowed(_) => Sight::Coming,
        }
    }

    #[must_use]
    pub(super) fn extent(&self) -> Extent {
        let whole = |scope: &ScopeNote| scope.area == AreaNote::Screen && scope.hidden == 0;
        if self.scope.as_ref().is_none_or(whole) { Extent::Whole } else { Extent::Part }
    }

    #[must_use]
    pub(super) fn control(&self) -> Control {
        match self.control {
            Permission::Asking(_) => Control::Asked { withdrawing: self.withdrawing },
            Permission::Allowed(_) => match self.suspension {
                _ if self.paused => Control::Rests(Suspension::Paused),
                Some(suspension) => Control::Rests(suspension),
                None => Control::Here,
            },
            Permission::None | Permission::Refused(_) | Permission::Ended(_) => Control::Not(self.control),
        }
    }

    /// Whether mouse and keyboard can be asked for now.
    #[must_use]
    pub(super) fn may_ask(&self) -> bool {
        self.may_see() && matches!(self.control(), Control::Not(_)) && !self.stopped
    }

    /// Whether keys belong to the sharer's computer, even while they reach nothing there.
    #[must_use]
    pub(super) fn takes_keys(&self) -> bool {
        self.allows_control() && self.focused
    }

    #[must_use]
    pub(super) fn zoom(&self) -> Zoom {
        self.zoom
    }

    #[must_use]
    pub(super) fn is_full_screen(&self) -> bool {
        self.full_screen.is_some()
    }

    /// Whether the bar is there: always in a window, for a while over the whole screen.
    #[must_use]
    pub(super) fn shows_bar(&self) -> bool {
        self.full_screen != Some(Bar::Hidden)
    }

    /// Whether the pointer was last seen on the bar of the whole screen.
    #[must_use]
    pub(super) fn holds_bar(&self) -> bool {
        self.full_screen == Some(Bar::Held)
    }

    #[must_use]
    pub(super) fn has_stopped(&self) -> bool {
        self.stopped
    }

    /// Where the sharer's cursor is drawn.
    #[must_use]
    pub(super) fn cursor_place(&self) -> CursorPlace {
        let over = self.hand.is_dragging() || self.pointer.is_some_and(|(_, over)| over);
        match self.cursor {
            _ if !self.sees() => CursorPlace::Nowhere,
            _ if self.hand.is_live() && over => CursorPlace::Pointer,
            Some(_) => CursorPlace::Picture,
            None => CursorPlace::Nowhere,
        }
    }

    /// The window opens: what the person did in an earlier one is forgotten, what the network said is not.
    pub(super) fn open(&mut self) {
        (self.zoom, self.full_screen) = (Zoom::Fit, None);
        (self.stopped, self.focused, self.pointer) = (false, false, None);
    }

    /// The person did something. What does not fit the state changes nothing.
    pub(super) fn act(&mut self, act: Act, now: Duration) -> Vec<Effect> {
        match act {
            Act::Ask if self.may_ask() => {
                (self.control, self.withdrawing) = (Permission::Asking(None), false);
                vec![Effect::Net(Command::Ask(BTreeSet::from([Action::Control])))]
            }
            Act::NeverMind => self.never_mind(),
            Act::GiveBack => self.give_back(now),
            Act::Zoom(zoom) => {
                self.zoom = zoom;
                Vec::new()
            }
            Act::FullScreen(on) => self.set_full_screen(on, now),
            Act::OverBar(over) => {
                if let Some(bar) = &mut self.full_screen {
                    *bar = if over { Bar::Held } else { Bar::shown(now) };
                }
                Vec::new()
            }
            Act::Stop => self.stop(),
            Act::Ask => Vec::new(),
        }
    }

    fn never_mind(&mut self) -> Vec<Effect> {
        let Permission::Asking(request) = self.control else { return Vec::new() };
        if std::mem::replace(&mut self.withdrawing, true) {
            return Vec::new();
        }
        // Without its number the question can be taken back only when that has come.
        request.map(|request| Effect::Net(Command::Withdraw(request))).into_iter().collect()
    }

    fn give_back(&mut self, now: Duration) -> Vec<Effect> {
        let Permission::Allowed(grant) = self.control else { return Vec::new() };
        self.control = Permission::None;
        self.show_bar(now);
        // The hand lets go while the grant still covers it.
        let mut effects = self.settle();
        effects.push(Effect::Net(Command::GiveBack(grant)));
        effects
    }

    /// Nothing that is done here reaches the sharer from now on.
    fn stop(&mut self) -> Vec<Effect> {
        if std::mem::replace(&mut self.stopped, true) {
            return Vec::new();
        }
        let mut effects = self.settle();
        effects.extend(self.leave_full_screen());
        effects.push(Effect::Stop);
        effects
    }

    fn set_full_screen(&mut self, on: bool, now: Duration) -> Vec<Effect> {
        let possible = on && self.sees() && !self.stopped;
        if possible == self.is_full_screen() {
            return Vec::new();
        }
        self.full_screen = possible.then(|| Bar::shown(now));
        vec![Effect::FullScreen(possible)]
    }

    fn leave_full_screen(&mut self) -> Option<Effect> {
        self.full_screen.take().map(|_| Effect::FullScreen(false))
    }

    /// What has changed about control is said where the person can see it.
    fn show_bar(&mut self, now: Duration) {
        if let Some(bar @ (Bar::Hidden | Bar::Until(_))) = &mut self.full_screen {
            *bar = Bar::shown(now);
        }
    }

    /// The network reports something.
    pub(super) fn net(&mut self, event: &Event, now: Duration) -> Vec<Effect> {
        let mut effects = Vec::new();
        match *event {
            Event::Asked { request, action: Action::Control } => {
                self.control.asked(request);
                if self.withdrawing && self.control.is_asking() {
                    effects.push(Effect::Net(Command::Withdraw(request)));
                }
            }
            Event::Answered { action: Action::See, verdict, .. } => {
                let began = !self.see.is_allowed();
                self.see.answered(verdict);
                // What ended with an earlier picture is no news any more.
                if began && self.see.is_allowed() && !self.control.is_allowed() {
                    self.control = Permission::None;
                }
            }
            Event::Answered { action: Action::Control, verdict, .. } => {
                self.control.answered(verdict);
                self.show_bar(now);
                if std::mem::take(&mut self.withdrawing) {
                    // The yes came first, and the person no longer wants it.
                    return self.give_back(now);
                }
            }
            Event::GrantEnded { action: Action::See, grant, reason } => self.see.ended(grant, reason),
            Event::GrantEnded { action: Action::Control, grant, reason } => {
                self.control.ended(grant, reason);
                self.show_bar(now);
            }
            Event::Scoped { action: Action::See, grant, ref scope } => {
                self.see.replaced(grant);
                self.scope = Some(scope.clone());
            }
            Event::Scoped { action: Action::Control, grant, .. } => self.control.replaced(grant),
            Event::Suspended(suspension) => self.suspension = suspension,
            Event::Paused(paused) => self.paused = paused,
            Event::Screen { width, height, .. } => self.screen = Some((width, height)),
            Event::CursorMoved { x, y } => self.cursor = Some((x, y)),
            // Whatever else there is does not concern a viewer of this kind.
            _ => return Vec::new(),
        }
        effects.extend(self.settle());
        effects.extend(self.forget_picture_unless_seen());
        effects.extend(input(self.hand.tick(now)));
        effects
    }

    /// What may no longer be seen is not kept on the screen.
    fn forget_picture_unless_seen(&mut self) -> Vec<Effect> {
        if self.may_see() {
            return Vec::new();
        }
        (self.cursor, self.scope) = (None, None);
        let forget = self.screen.take().map(|_| Effect::ForgetPicture);
        self.leave_full_screen().into_iter().chain(forget).collect()
    }

    /// The window came to the front or left it.
    pub(super) fn focus(&mut self, focused: bool) -> Vec<Effect> {
        self.focused = focused;
        self.settle()
    }

    /// A key that belongs to the sharer's computer.
    pub(super) fn key(&mut self, event: InputEvent, now: Duration) -> Vec<Effect> {
        match self.chord.hear(&event) {
            Whose::Sharers => input(self.hand.key(event, now)),
            Whose::Pressed => self.set_full_screen(!self.is_full_screen(), now),
            Whose::Ours => Vec::new(),
        }
    }

    fn button(&mut self, button: Button, pressed: bool, now: Duration) -> Vec<Effect> {
        let Some((at, over)) = self.pointer else { return Vec::new() };
        if !pressed {
            return input(self.hand.button(button, false, at, now));
        }
        if !over {
            return Vec::new();
        }
        // Not every window system tells that a window came to the front; nobody presses a button behind it.
        self.focused = true;
        let mut effects = self.settle();
        effects.extend(input(self.hand.button(button, true, at, now)));
        effects
    }

    fn allows_control(&self) -> bool {
        self.control.is_allowed() && self.may_see() && !self.stopped
    }

    /// Brings the hand in line with what is allowed, resting and in front.
    fn settle(&mut self) -> Vec<Effect> {
        let allowed = self.allows_control();
        if !self.takes_keys() {
            self.chord = Chord::default();
        }
        let mut released = self.hand.set_keyboard(self.takes_keys());
        let live = allowed && self.focused && self.suspension.is_none() && !self.paused;
        released.extend(self.hand.set_live(live));
        released.dedup();
        input(released)
    }

    /// When [`Self::tick`] is to be called.
    #[must_use]
    pub(super) fn wake_at(&self) -> Option<Duration> {
        self.hand.wake_at().into_iter().chain(self.full_screen.and_then(Bar::wake_at)).min()
    }

    /// Time has passed.
    pub(super) fn tick(&mut self, now: Duration) -> Vec<Effect> {
        if let Some(bar) = &mut self.full_screen
            && bar.wake_at().is_some_and(|at| at <= now)
        {
            *bar = Bar::Hidden;
        }
        input(self.hand.tick(now))
    }
}

impl Viewer for Model {
    type Effect = Effect;

    fn sees(&self) -> bool {
        matches!(self.sight(), Sight::Shown | Sight::Paused)
    }

    fn reaches_sharer(&self) -> bool {
        self.hand.is_live()
    }

    fn has_keyboard(&self) -> bool {
        self.takes_keys()
    }

    fn pointer(&mut self, event: Pointer, now: Duration) -> Vec<Effect> {
        match event {
            Pointer::Moved { at, over } => {
                self.pointer = Some((at, over));
                let counts = over || self.hand.is_dragging();
                if counts { input(self.hand.moved(at, now)) } else { Vec::new() }
            }
            Pointer::Left => {
                self.pointer = None;
                Vec::new()
            }
            Pointer::Button(button, pressed) => self.button(button, pressed, now),
            Pointer::Wheel(dx, dy) => match self.pointer {
                Some((_, true)) => input(self.hand.wheel(dx, dy, now)),
                Some((_, false)) | None => Vec::new(),
            },
        }
    }

    fn touched_edge(&mut self, now: Duration) {
        // Whoever drags something there drags it on the sharer's screen.
        if !self.hand.is_dragging() {
            self.show_bar(now);
        }
    }

    fn set_zoom(&mut self, zoom: Zoom) -> Vec<Effect> {
        self.zoom = zoom;
        Vec::new()
    }
}

fn input(events: Vec<InputEvent>) -> Vec<Effect> {
    if events.is_empty() { Vec::new() } else { vec![Effect::Net(Command::Input(events))] }
}
