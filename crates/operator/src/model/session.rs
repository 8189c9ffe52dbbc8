//! A running session: what is allowed, what rests, and where pointer and keyboard go.

use std::collections::BTreeSet;
use std::time::Duration;

use deskside_net::Quality;
use deskside_net::operator;
use deskside_party::viewing::net::{Command, Event};
use deskside_party::viewing::{Bar, Chord, CursorPlace, Hand, Permission, Pointer, Whose};
use deskside_proto::control::Suspension;
use deskside_proto::input::{Button, InputEvent};
use deskside_proto::journal::Action;
use deskside_proto::marks::MarkEvent;
use deskside_proto::shown::{MonitorNote, ScopeNote};

use super::drawing::{Drawing, Tool};
use super::statistics::Statistics;
use super::{Effect, Zoom};

/// Where the operator's keys go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyboard {
    /// Control is not allowed, so they stay here and nothing is to be said about it.
    Idle,
    /// To the operator's own computer; a click on the picture sends them to the customer's.
    Here,
    /// To the customer's computer, every one but right Ctrl.
    Customer,
}

/// A running session.
#[derive(Debug)]
pub struct Session {
    /// When the customer accepted.
    pub started: Duration,
    /// Seeing the screen.
    pub see: Permission,
    /// Using mouse and keyboard.
    pub control: Permission,
    /// Pointing and drawing.
    pub point: Permission,
    /// Showing the own screen in return.
    pub demonstrate: Permission,
    /// What may be seen, in the customer's words.
    pub shown: Option<ScopeNote>,
    /// Monitors that can be looked at one by one.
    pub monitors: Vec<MonitorNote>,
    /// The one that is looked at; `None` for all.
    pub monitor: Option<u8>,
    /// What the mouse draws, while that is allowed.
    pub drawing: Drawing,
    /// Why input rests, if it does.
    pub suspension: Option<Suspension>,
    /// Whether the customer froze the picture.
    pub paused: bool,
    /// How good the connection was when it was last measured.
    pub quality: Option<Quality>,
    /// Where the customer's cursor was last reported.
    pub cursor: Option<(u16, u16)>,
    /// Whether the end was asked for and is being settled with the other side.
    pub ending: bool,
    /// How large the picture is shown.
    pub zoom: Zoom,
    /// Whether the figures of picture and connection are shown.
    pub details: bool,
    /// These figures.
    pub statistics: Statistics,
    /// The bar, while the picture covers the screen.
    full_screen: Option<Bar>,
    chord: Chord,
    /// Width and height of the customer's screen, once it is shown.
    screen: Option<(u32, u32)>,
    hand: Hand,
    /// Whether the view is what the operator types into, as far as control is allowed.
    engaged: bool,
    grabbed: bool,
    focused: bool,
    /// The pixel of the picture that the pointer is nearest to, and whether it is over it.
    pointer: Option<((u16, u16), bool)>,
}

impl Session {
    pub(super) fn new(started: Duration, focused: bool) -> Self {
        Self {
            started,
            see: Permission::None,
            control: Permission::None,
            point: Permission::None,
            demonstrate: Permission::None,
            shown: None,
            monitors: Vec::new(),
            monitor: None,
            drawing: Drawing::default(),
            suspension: None,
            paused: false,
            quality: None,
            cursor: None,
            ending: false,
            zoom: Zoom::Fit,
            details: false,
            statistics: Statistics::default(),
            full_screen: None,
            chord: Chord::default(),
            screen: None,
            hand: Hand::default(),
            engaged: false,
            grabbed: false,
            focused,
            pointer: None,
        }
    }

    /// The permission for an action.
    #[must_use]
    pub fn permission(&self, action: Action) -> Permission {
        match action {
            Action::See => self.see,
            Action::Control => self.control,
            Action::Point => self.point,
            Action::Demonstrate => self.demonstrate,
        }
    }

    /// Whether this action can be asked for now.
    #[must_use]
    pub fn may_ask(&self, action: Action) -> bool {
        let permission = self.permission(action);
        // What rests on seeing is asked for together with it.
        let waits = action.rests_on_see() && self.see.is_asking();
        !waits && !permission.is_allowed() && !permission.is_asking() && !self.ending
    }

    /// Whether an action that is allowed rests all the same: the picture while it is paused, input whenever the
    /// customer has the computer alone.
    #[must_use]
    pub fn rests(&self, action: Action) -> bool {
        self.permission(action).is_allowed()
            && (self.paused || action == Action::Control && self.suspension.is_some())
    }

    /// Where the operator's keys go.
    #[must_use]
    pub fn keyboard(&self) -> Keyboard {
        match (self.control.is_allowed(), self.grabbed) {
            (false, _) => Keyboard::Idle,
            (true, false) => Keyboard::Here,
            (true, true) => Keyboard::Customer,
        }
    }

    /// Width and height of the picture, while it may be seen and there is one.
    #[must_use]
    pub fn screen(&self) -> Option<(u32, u32)> {
        self.screen.filter(|_| self.see.is_allowed())
    }

    /// Whether the pointer is over the picture and moves the customer's.
    fn pointer_is_customers(&self) -> bool {
        self.hand.is_live() && (self.hand.is_dragging() || self.pointer.is_some_and(|(_, over)| over))
    }

    /// Where the customer's cursor is drawn: as the pointer itself while that moves it, otherwise where it was
    /// last reported.
    #[must_use]
    pub fn cursor_place(&self) -> CursorPlace {
        match self.cursor {
            _ if self.screen().is_none() => CursorPlace::Nowhere,
            _ if self.pointer_is_customers() => CursorPlace::Pointer,
            Some(_) => CursorPlace::Picture,
            None => CursorPlace::Nowhere,
        }
    }

    /// Whether pointer and wheel work on the customer's computer just now, wherever they are over the picture.
    #[must_use]
    pub fn reaches_customer(&self) -> bool {
        self.hand.is_live()
    }

    /// Whether the picture covers the screen.
    #[must_use]
    pub fn is_full_screen(&self) -> bool {
        self.full_screen.is_some()
    }

    /// Whether the bar is there: always in a window; over the whole screen for a while, and for as long as the
    /// operator keeps the keyboard from the customer's computer or may be typing there.
    #[must_use]
    pub fn shows_bar(&self) -> bool {
        self.full_screen != Some(Bar::Hidden) || self.keyboard() == Keyboard::Here || self.writes()
    }

    /// Whether the pointer was last seen on the bar of the whole screen.
    #[must_use]
    pub fn holds_bar(&self) -> bool {
        self.full_screen == Some(Bar::Held)
    }

    pub(super) fn set_full_screen(&mut self, on: bool, now: Duration) -> Vec<Effect> {
        let possible = on && self.screen().is_some();
        if possible == self.is_full_screen() {
            return Vec::new();
        }
        self.full_screen = possible.then(|| Bar::shown(now));
        vec![Effect::FullScreen(possible)]
    }

    pub(super) fn over_bar(&mut self, over: bool, now: Duration) {
        if let Some(bar) = &mut self.full_screen {
            *bar = if over { Bar::Held } else { Bar::shown(now) };
        }
    }

    pub(super) fn touched_edge(&mut self, now: Duration) {
        // Whoever drags something there drags it on the customer's screen.
        if let Some(bar @ (Bar::Hidden | Bar::Until(_))) = &mut self.full_screen
            && !self.hand.is_dragging()
        {
            *bar = Bar::shown(now);
        }
    }

    fn permission_mut(&mut self, action: Action) -> &mut Permission {
        match action {
            Action::See => &mut self.see,
            Action::Control => &mut self.control,
            Action::Point => &mut self.point,
            Action::Demonstrate => &mut self.demonstrate,
        }
    }

    /// Asks the customer.
    pub(super) fn ask(&mut self, action: Action) -> Vec<Effect> {
        if !self.may_ask(action) {
            return Vec::new();
        }
        let mut actions = BTreeSet::from([action]);
        if action.rests_on_see() && !self.see.is_allowed() {
            actions.insert(Action::See);
        }
        for action in &actions {
            *self.permission_mut(*action) = Permission::Asking(None);
        }
        vec![view(Command::Ask(actions))]
    }

    /// Asks for the picture of one of the monitors, or of all.
    pub(super) fn look(&mut self, monitor: Option<u8>) -> Vec<Effect> {
        self.monitor = monitor;
        vec![view(Command::Look(monitor))]
    }

    /// Takes a question back. It stays open until the other side says that it is closed.
    pub(super) fn withdraw(&mut self, action: Action) -> Vec<Effect> {
        match self.permission(action) {
            Permission::Asking(Some(request)) => vec![view(Command::Withdraw(request))],
            Permission::None
            | Permission::Asking(None)
            | Permission::Allowed(_)
            | Permission::Refused(_)
            | Permission::Ended(_) => Vec::new(),
        }
    }

    /// Gives a grant back; from now on nothing uses it.
    pub(super) fn give_back(&mut self, action: Action) -> Vec<Effect> {
        let Permission::Allowed(grant) = self.permission(action) else { return Vec::new() };
        *self.permission_mut(action) = Permission::None;
        // The hand lets go while the grant still covers it.
        let mut effects = self.settle();
        effects.push(view(Command::GiveBack(grant)));
        effects.extend(self.forget_picture_unless_seen());
        effects
    }

    pub(super) fn net(&mut self, event: &Event, now: Duration) -> Vec<Effect> {
        match *event {
            Event::Asked { request, action } => self.permission_mut(action).asked(request),
            Event::Answered { action, verdict, .. } => {
                self.permission_mut(action).answered(verdict);
                // Whoever asked for control wants to use it: no further click is needed.
                self.engaged |= action == Action::Control && self.control.is_allowed();
                // And whoever asked to draw, to draw.
                if action == Action::Point && self.point.is_allowed() {
                    self.drawing.take(Some(Tool::Arrow));
                }
            }
            Event::GrantEnded { action, grant, reason } => {
                self.permission_mut(action).ended(grant, reason);
            }
            Event::Scoped { action, grant, ref scope } => {
                self.permission_mut(action).replaced(grant);
                if action == Action::See {
                    self.shown = Some(scope.clone());
                }
            }
            Event::Monitors(ref monitors) => {
                // Places in another list mean other monitors.
                if self.monitors != *monitors {
                    (self.monitors, self.monitor) = (monitors.clone(), None);
                }
            }
            Event::Suspended(suspension) => self.suspension = suspension,
            Event::Paused(paused) => self.paused = paused,
            Event::Screen { width, height, .. } => self.screen = Some((width, height)),
            Event::CursorMoved { x, y } => self.cursor = Some((x, y)),
            _ => return Vec::new(),
        }
        let mut effects = self.settle();
        effects.extend(self.forget_picture_unless_seen());
        effects.extend(input(self.hand.tick(now)));
        effects
    }

    /// The connection was measured.
    pub(super) fn measured(&mut self, quality: Quality, now: Duration) {
        self.quality = Some(quality);
        self.statistics.measure(quality, now);
    }

    /// The window got or lost the focus.
    pub(super) fn focus(&mut self, focused: bool) -> Vec<Effect> {
        self.focused = focused;
        self.settle()
    }

    /// Right Ctrl, or a click on the bar: the keyboard comes back.
    pub(super) fn release_keyboard(&mut self) -> Vec<Effect> {
        self.engaged = false;
        self.settle()
    }

    /// The platform no longer has the keyboard, because the window lost the focus.
    pub(super) fn keyboard_lost(&mut self) -> Vec<Effect> {
        self.grabbed = false;
        self.focus(false)
    }

    /// The platform could not take the keyboard.
    pub(super) fn keyboard_refused(&mut self) -> Vec<Effect> {
        self.grabbed = false;
        self.release_keyboard()
    }

    /// A key from the platform while the keyboard is grabbed.
    pub(super) fn key(&mut self, event: InputEvent, now: Duration) -> Vec<Effect> {
        match self.chord.hear(&event) {
            Whose::Sharers => input(self.hand.key(event, now)),
            Whose::Pressed => self.set_full_screen(!self.is_full_screen(), now),
            Whose::Ours => Vec::new(),
        }
    }

    pub(super) fn pointer(&mut self, event: Pointer, now: Duration) -> Vec<Effect> {
        if self.draws() {
            return self.draw(event, now);
        }
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

    /// Whether the mouse draws on the picture instead of working on the customer's computer.
    #[must_use]
    pub fn draws(&self) -> bool {
        self.point.is_allowed() && self.drawing.tool.is_some()
    }

    /// Whether the operator types words that are to be put on the picture. Meanwhile the keyboard stays here.
    #[must_use]
    pub fn writes(&self) -> bool {
        self.draws() && self.drawing.tool == Some(Tool::Words)
    }

    /// Takes up a tool, or lays it down.
    pub(super) fn take_tool(&mut self, tool: Option<Tool>) -> Vec<Effect> {
        self.drawing.take(tool);
        // What was held on the customer's computer is let go: the mouse does something else now.
        let mut effects = input(self.hand.release());
        effects.extend(self.settle());
        effects
    }

    fn draw(&mut self, event: Pointer, now: Duration) -> Vec<Effect> {
        let events = match event {
            Pointer::Moved { at, over } => {
                self.pointer = Some((at, over));
                self.drawing.moved(at, now)
            }
            Pointer::Button(Button::Left, true) => match self.pointer {
                Some((at, true)) => self.drawing.begin(at, now),
                _ => Vec::new(),
            },
            Pointer::Button(Button::Left, false) => self.drawing.end(now),
            Pointer::Left => {
                self.pointer = None;
                self.drawing.end(now)
            }
            Pointer::Button(..) | Pointer::Wheel(..) => Vec::new(),
        };
        mark(events)
    }

    fn button(&mut self, button: Button, pressed: bool, now: Duration) -> Vec<Effect> {
        let Some((at, over)) = self.pointer else { return Vec::new() };
        if !pressed {
            return input(self.hand.button(button, false, at, now));
        }
        if !over {
            return Vec::new();
        }
        // Whoever presses a button on the picture works there from now on.
        self.focused = true;
        self.engaged |= self.control.is_allowed();
        let mut effects = self.settle();
        effects.extend(input(self.hand.button(button, true, at, now)));
        effects
    }

    pub(super) fn wake_at(&self) -> Option<Duration> {
        self.hand.wake_at().into_iter().chain(self.full_screen.and_then(Bar::wake_at)).min()
    }

    pub(super) fn tick(&mut self, now: Duration) -> Vec<Effect> {
        if let Some(bar) = &mut self.full_screen
            && bar.wake_at().is_some_and(|at| at <= now)
        {
            *bar = Bar::Hidden;
        }
        input(self.hand.tick(now))
    }

    /// Brings hand and keyboard in line with what is allowed, resting and in front.
    fn settle(&mut self) -> Vec<Effect> {
        let allowed = self.control.is_allowed() && self.see.is_allowed() && !self.ending;
        // Whoever types words must not find half of them on the customer's computer, whatever is answered meanwhile.
        if !allowed || self.writes() {
            self.engaged = false;
        }
        let grab = allowed && self.engaged && self.focused;
        if !grab {
            self.chord = Chord::default();
        }
        let mut released = self.hand.set_keyboard(grab);
        // Keys typed while input rests go nowhere, rather than into whatever is under the window.
        released
            .extend(self.hand.set_live(allowed && self.focused && self.suspension.is_none() && !self.paused));
        released.dedup();
        let mut effects = input(released);
        if std::mem::replace(&mut self.grabbed, grab) != grab {
            effects.push(Effect::Keyboard(grab));
        }
        effects
    }

    /// What may no longer be seen is not kept on the screen.
    fn forget_picture_unless_seen(&mut self) -> Vec<Effect> {
        if self.see.is_allowed() {
            return Vec::new();
        }
        self.cursor = None;
        self.statistics.exact = None;
        self.shown = None;
        (self.monitors, self.monitor) = (Vec::new(), None);
        let forget = self.screen.take().map(|_| Effect::ForgetPicture);
        self.leave_full_screen().into_iter().chain(forget).collect()
    }

    /// Without a picture there is nothing to cover the screen with.
    fn leave_full_screen(&mut self) -> Option<Effect> {
        self.full_screen.take().map(|_| Effect::FullScreen(false))
    }

    /// The end was asked for.
    pub(super) fn end(&mut self) -> Vec<Effect> {
        if std::mem::replace(&mut self.ending, true) {
            return Vec::new();
        }
        // Must not wait for the network side to hear of it.
        let mut effects = vec![Effect::StopShowing];
        effects.extend(self.settle());
        effects.push(Effect::Net(operator::Command::EndSession));
        effects
    }

    /// The session is over on the other side too.
    pub(super) fn close(&mut self) -> Vec<Effect> {
        self.ending = true;
        let mut effects = self.settle();
        effects.extend(self.leave_full_screen());
        effects.push(Effect::ForgetPicture);
        effects
    }
}

/// Tells the network side something about the customer's screen.
fn view(command: Command) -> Effect {
    Effect::Net(operator::Command::Help(command))
}

fn input(events: Vec<InputEvent>) -> Vec<Effect> {
    if events.is_empty() { Vec::new() } else { vec![view(Command::Input(events))] }
}

pub(super) fn mark(events: Vec<MarkEvent>) -> Vec<Effect> {
    if events.is_empty() { Vec::new() } else { vec![view(Command::Mark(events))] }
}
