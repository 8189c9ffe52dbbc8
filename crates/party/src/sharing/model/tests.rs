//! The session's model from outside: what it does with each report and act.

use std::time::{Duration, Instant};

use deskside_proto::RequestId;
use deskside_proto::journal::{Action, GrantEnd};
use deskside_proto::shown::AreaNote;
use deskside_session::{ApplicationId, MonitorId};
use deskside_ui::ScreenRect;

use super::{
    Act, DEAD_FOR, Edit, HandSign, Offer, OneMonitor, Peer, Press, Pressed, Program, Prompt, Reply, Session,
    Show, Told,
};
use crate::sharing::net::{Answer, Command, Quality, Question};

const BUTTON: ScreenRect = ScreenRect { x: 500, y: 400, width: 180, height: 40 };
const CLICK: Act = yes(Press::Pointer);
const NO: Act = Act::Reply(Reply::No);

const fn yes(by: Press) -> Act {
    Act::Reply(Reply::Yes(Pressed { by, button: Some(BUTTON) }))
}

/// What a desktop with two monitors and three programs has to show.
pub(crate) fn offer() -> Offer {
    let program = |id, name: &str, title: &str, warning| Program {
        id: ApplicationId(id),
        name: name.to_owned(),
        title: title.to_owned(),
        warning,
    };
    let monitor =
        |id, name: &str, place| OneMonitor { id: MonitorId(id), name: name.to_owned(), place: Some(place) };
    let files = Some("With mouse and keyboard, all your files can be opened here.");
    Offer {
        monitors: vec![monitor(1, "HDMI-1", "on the left"), monitor(2, "DP-1", "on the right")],
        programs: vec![
            program(1, "Files", "Documents", files),
            program(2, "Firefox", "Invoice of October – Example Ltd – a page with a long title", None),
            program(3, "Writer", "Letter to the landlord", None),
        ],
    }
}

pub(crate) fn question(actions: &[Action]) -> Told {
    let text = Question::new(actions, "Anna Berg", Some(&AreaNote::Screen));
    Told::Question { request: RequestId(4), actions: actions.to_vec(), text, offer: offer() }
}

/// A session that has just begun.
pub(crate) fn session() -> Session {
    Session::new(Peer::named("Anna Berg", "Example Help"), None)
}

/// A session with an open question, seen by a person since `start`.
pub(crate) fn asked(actions: &[Action], start: Instant) -> Session {
    let mut session = session();
    session.told(question(actions), start);
    session.question_seen(start);
    session
}

/// Changes the open question, as the hand would.
pub(crate) fn edit_question(session: &mut Session, edit: &Edit) {
    session.question.as_mut().unwrap().edit(edit);
}

fn asked_to_see(start: Instant) -> Session {
    asked(&[Action::See], start)
}

fn prompt(session: &Session) -> &Prompt {
    &session.question.as_ref().unwrap().prompt
}

/// The hand clicks on the yes, really.
fn click(session: &mut Session, at: Instant) -> Vec<Command> {
    for pressed in [true, false] {
        assert!(session.hand(HandSign::Button { pressed, x: 510, y: 410, at }, at).is_empty());
    }
    session.act(CLICK, at)
}

fn answers(commands: &[Command]) -> Vec<bool> {
    let answer = |command: &Command| match command {
        Command::Answer { answer, .. } => Some(*answer != Answer::Deny),
        _ => None,
    };
    commands.iter().filter_map(answer).collect()
}

/// T21: an Allow that no hand made does nothing, whatever it looks like; row B8.
#[test]
fn t21_an_allow_without_the_hand_does_nothing() {
    let start = Instant::now();
    let mut session = asked_to_see(start);
    // A thousand injected clicks and key presses, from long before the buttons live to long after.
    for step in 0..1000u32 {
        let now = start + Duration::from_millis(1) * step * 2;
        let by = if step % 2 == 0 { Press::Pointer } else { Press::Keyboard };
        assert!(session.act(yes(by), now).is_empty(), "{step}");
        assert!(session.tick(now).is_none());
    }
    assert!(session.tick(start + Duration::from_secs(3)).is_none());
    assert!(prompt(&session).has_ignored(), "the person is told");
    // The hand is busy elsewhere meanwhile: that is no consent either.
    let now = start + Duration::from_secs(4);
    let signs = [HandSign::Button { pressed: true, x: 10, y: 10, at: now }, HandSign::Confirm { at: now }];
    for sign in signs {
        assert_eq!(answers(&session.hand(sign, now)), [] as [bool; 0]);
    }
    assert!(session.act(CLICK, now).is_empty());
    assert!(session.act(yes(Press::Keyboard), now).is_empty());
    session.assistive_yes();
    assert!(session.asks(), "the question is still open");
}

#[test]
fn the_hands_click_counts_also_when_it_is_heard_after_the_windows() {
    let start = Instant::now();
    let at = start + DEAD_FOR;
    assert_eq!(answers(&click(&mut asked_to_see(start), at)), [true]);
    let mut session = asked_to_see(start);
    assert!(session.act(CLICK, at).is_empty());
    let late = at + Duration::from_millis(20);
    let commands = session.hand(HandSign::Button { pressed: true, x: 510, y: 410, at }, late);
    assert_eq!(answers(&commands), [true]);
}

#[test]
fn a_question_is_dead_at_first_for_both_answers() {
    let start = Instant::now();
    let early = start + DEAD_FOR - Duration::from_millis(1);
    let mut session = asked_to_see(start);
    assert!(click(&mut session, early).is_empty());
    assert!(session.act(NO, early).is_empty());
    assert_eq!(answers(&session.act(NO, start + DEAD_FOR)), [false]);
    let mut unseen = self::session();
    unseen.told(question(&[Action::See]), start);
    assert!(click(&mut unseen, start + Duration::from_secs(2)).is_empty(), "nobody has seen it");
}

#[test]
fn a_hand_that_allowed_one_question_has_not_allowed_the_next() {
    let start = Instant::now();
    let mut session = asked_to_see(start);
    let at = start + DEAD_FOR;
    assert_eq!(answers(&click(&mut session, at)), [true]);
    session.told(question(&[Action::Control]), at);
    session.question_seen(at);
    assert!(session.act(CLICK, at + DEAD_FOR).is_empty());
}

/// T21: a space of the person's own that was meant for a box to tick is no yes because somebody else moved the
/// keyboard to it.
#[test]
fn t21_the_keyboard_on_the_yes_counts_only_where_the_hand_brought_it() {
    let ms = Duration::from_millis;
    let start = Instant::now();
    let alive = start + DEAD_FOR;
    let mut session = asked_to_see(start);
    assert!(session.hand(HandSign::Navigate { at: alive }, alive).is_empty());
    let (moved, space) = (alive + ms(1000), alive + ms(1020));
    assert!(session.act(Act::Reply(Reply::YesFocus(true)), moved).is_empty());
    assert!(session.hand(HandSign::Confirm { at: space }, space).is_empty());
    assert_eq!(answers(&session.act(yes(Press::Keyboard), space)), [] as [bool; 0]);
}

/// T21: what a yes would allow is changed by the hand alone, not by a click or key of a program, and not between the
/// press of the yes and its release; and a yes right after a change is none yet.
#[test]
fn t21_only_the_hand_changes_what_a_yes_allows() {
    let ms = Duration::from_millis;
    let start = Instant::now();
    let alive = start + DEAD_FOR;
    let box_at = ScreenRect { x: 500, y: 300, width: 20, height: 20 };
    let edit = |show, by| Act::Edit(Edit::Show(show), Pressed { by, button: Some(box_at) });
    let but = |by| edit(Show::AllBut, by);
    let act = |session: &mut Session, act, now| assert!(session.act(act, now).is_empty());
    let press = |session: &mut Session, x, y, at| {
        let commands = session.hand(HandSign::Button { pressed: true, x, y, at }, at);
        assert_eq!(answers(&commands), [] as [bool; 0]);
    };
    let shown = |session: &Session| session.question.as_ref().unwrap().choosing.as_ref().unwrap().show;
    for by in [Press::Pointer, Press::Keyboard] {
        let mut session = asked_to_see(start);
        act(&mut session, but(by), alive);
        press(&mut session, 510, 420, alive + ms(10));
        act(&mut session, but(by), alive + ms(20));
        assert!(session.tick(alive + ms(900)).is_none());
        assert_eq!(shown(&session), Show::Everything, "{by:?}: the hand was on the yes");
    }
    let mut session = asked_to_see(start);
    press(&mut session, 510, 310, alive);
    act(&mut session, but(Press::Pointer), alive);
    assert_eq!(shown(&session), Show::AllBut);
    // The report of the hand may come after the click.
    let mut session = asked_to_see(start);
    act(&mut session, but(Press::Pointer), alive);
    assert_eq!(shown(&session), Show::Everything);
    press(&mut session, 510, 310, alive + ms(20));
    assert_eq!(shown(&session), Show::AllBut);
    // Back, so that a yes would count, and at once.
    press(&mut session, 510, 310, alive + ms(400));
    act(&mut session, edit(Show::Everything, Press::Pointer), alive + ms(400));
    assert_eq!(shown(&session), Show::Everything);
    assert!(click(&mut session, alive + ms(500)).is_empty(), "it has just been changed");
    assert_eq!(answers(&click(&mut session, alive + ms(400) + DEAD_FOR)), [true]);
}

/// T21: a paused picture goes on by the hand alone; everybody may pause it.
#[test]
fn t21_only_the_hand_lets_a_paused_picture_go_on() {
    let start = Instant::now();
    let mut session = session();
    session.told(Told::Granted(Action::See), start);
    assert!(matches!(session.act(Act::Pause, start).as_slice(), [Command::Pause(true)]));
    session.told(Told::Paused(true), start);
    session.panel_seen(start);
    assert!(session.wants_hand());
    let at = start + DEAD_FOR;
    let resume = Act::Resume(Pressed { by: Press::Pointer, button: Some(BUTTON) });
    assert!(session.act(resume.clone(), at).is_empty());
    let later = at + Duration::from_secs(1);
    assert!(session.hand(HandSign::Button { pressed: true, x: 510, y: 410, at: later }, later).is_empty());
    let commands = session.act(resume, later);
    assert!(matches!(&commands[..], [Command::Pause(false)]), "{commands:?}");
}

/// Rows N8, N9: the person's own choice begins with what is shown, rests the other side's input, and ends so.
#[test]
fn choosing_anew_begins_with_what_is_shown_and_rests_input_meanwhile() {
    let start = Instant::now();
    let mut session = asked_to_see(start);
    edit_question(&mut session, &Edit::Show(Show::Only));
    edit_question(&mut session, &Edit::Program(ApplicationId(3)));
    let at = start + DEAD_FOR;
    assert_eq!(answers(&click(&mut session, at)), [true]);
    session.told(Told::Granted(Action::See), at);
    let commands = session.act(Act::Choose(offer()), at);
    assert!(matches!(&commands[..], [Command::Choosing(true)]), "{commands:?}");
    let choosing = session.question.as_ref().unwrap().choosing.clone().unwrap();
    assert_eq!((choosing.show, choosing.ticked), (Show::Only, [ApplicationId(3)].into()));
    session.question_seen(at);
    let commands = session.act(NO, at + DEAD_FOR);
    assert!(matches!(&commands[..], [Command::Choosing(false)]), "{commands:?}");
    // Seeing ends while it is open.
    assert!(!session.act(Act::Choose(offer()), at).is_empty());
    session.told(Told::GrantEnded { action: Action::See, reason: GrantEnd::GivenBack }, at);
    let command = session.tick(at);
    assert!(matches!(command, Some(Command::Choosing(false))), "{command:?}");
}

/// The panel of a demonstration stays from the question on until nothing is shown: it does not flicker between the yes
/// and the grant.
#[test]
fn it_is_used_from_the_question_on_without_a_gap() {
    let start = Instant::now();
    let mut session = session();
    assert!(!session.is_used());
    session.told(question(&[Action::See]), start);
    assert!(session.is_used());
    session.question_seen(start);
    let at = start + DEAD_FOR;
    assert_eq!(answers(&click(&mut session, at)), [true]);
    assert!(!session.asks() && session.is_used(), "the grant is under way");
    session.told(Told::Granted(Action::See), at);
    assert!(session.is_used());
    session.told(Told::GrantEnded { action: Action::See, reason: GrantEnd::Revoked }, at);
    assert!(!session.is_used());
    let mut refused = asked(&[Action::See], start);
    assert_eq!(answers(&refused.act(NO, at)), [false]);
    assert!(!refused.is_used(), "nothing comes of a no");
}

/// T21: who types into his own program when a question opens has not answered it with Tab and Space.
#[test]
fn t21_typing_that_runs_into_a_question_is_no_answer() {
    let ms = Duration::from_millis;
    let start = Instant::now();
    let alive = start + DEAD_FOR;
    let hand = |session: &mut Session, sign, at| {
        assert_eq!(answers(&session.hand(sign, at)), [] as [bool; 0]);
    };
    let tab_and_space = |session: &mut Session, tab: Instant, space: Instant| {
        hand(session, HandSign::Navigate { at: tab }, tab);
        assert!(session.act(Act::Reply(Reply::YesFocus(true)), tab).is_empty());
        hand(session, HandSign::Confirm { at: space }, space);
        answers(&session.act(yes(Press::Keyboard), space))
    };
    let mut calm = asked_to_see(start);
    assert_eq!(tab_and_space(&mut calm, alive, alive + ms(100)), [true], "meant");
    let mut early = asked_to_see(start);
    assert_eq!(tab_and_space(&mut early, alive - ms(1), alive + ms(100)), [] as [bool; 0]);
    let mut typing = asked_to_see(start);
    let typed = alive + ms(50);
    hand(&mut typing, HandSign::Navigate { at: alive }, alive);
    hand(&mut typing, HandSign::Typed { at: typed }, typed);
    let soon = typed + ms(600);
    assert_eq!(tab_and_space(&mut typing, soon, typed + DEAD_FOR + ms(50)), [] as [bool; 0]);
    assert!(typing.tick(typed + ms(1200)).is_none());
    let rested = typed + ms(1300);
    assert_eq!(tab_and_space(&mut typing, rested, rested + ms(100)), [true], "read it now");
}

/// T20: without an act of the person nothing is allowed.
#[test]
fn t20_no_is_the_default() {
    let start = Instant::now();
    let mut session = asked_to_see(start);
    assert!(session.tick(start + Duration::from_secs(120)).is_none());
    assert_eq!(answers(&session.act(NO, start + DEAD_FOR)), [false]);
}

/// Row L13: the panel says in words what is allowed right now.
#[test]
fn the_panel_says_what_is_allowed() {
    let now = Instant::now();
    let mut session = session();
    let said = |session: &Session| (session.allowed(), session.news().map(str::to_owned));
    assert_eq!(said(&session).0, "Anna Berg cannot see or do anything here.");
    session.told(Told::Granted(Action::See), now);
    assert_eq!(said(&session).0, "Anna Berg sees your screen.");
    session.told(Told::Granted(Action::Control), now);
    assert!(said(&session).0.contains("can use your mouse and keyboard"));
    session.told(Told::HandHasIt(true), now);
    assert!(said(&session).0.contains("waits while you use"));
    session.told(Told::Paused(true), now);
    assert!(said(&session).0.starts_with("Paused"));
    session.told(Told::Paused(false), now);
    session.told(Told::GrantEnded { action: Action::Control, reason: GrantEnd::F11 }, now);
    assert_eq!(said(&session).0, "Anna Berg sees your screen.");
    assert!(said(&session).1.unwrap().contains("F11"));
    assert!(session.tick(now + Duration::from_secs(6)).is_none());
    assert_eq!(said(&session).1, None);
}

/// In a demonstration the other side has no name that anybody vouches for.
#[test]
fn who_has_no_name_is_described_as_a_sentence_wants_it() {
    let start = Instant::now();
    let mut session = Session::new(Peer::described("the customer"), None);
    session.told(Told::Granted(Action::See), start);
    assert_eq!(session.allowed(), "The customer sees your screen.");
    session.told(question(&[Action::Control]), start);
    session.question_seen(start);
    assert_eq!(answers(&session.act(NO, start + DEAD_FOR)), [false]);
    assert_eq!(session.last(), Some("You did not allow the customer to use your mouse and keyboard."));
}

/// With and without a question every report and every act is taken without a panic; nothing but the hand's own click
/// or a no makes an answer, and only where something is asked.
#[test]
fn everything_that_is_told_and_done_is_defined() {
    let start = Instant::now();
    let now = start + DEAD_FOR;
    let reports = || {
        vec![
            question(&[Action::See]),
            Told::QuestionClosed(RequestId(4)),
            Told::Granted(Action::See),
            Told::Granted(Action::Control),
            Told::GrantEnded { action: Action::See, reason: GrantEnd::Revoked },
            Told::PanelHidden(true),
            Told::Paused(true),
            Told::HandHasIt(true),
            Told::Quality(Quality { rtt_ms: 20, udp: true, received: 1, sent: 1 }),
            Told::Trouble("x".into()),
        ]
    };
    let pressed = Pressed { by: Press::Pointer, button: Some(BUTTON) };
    let acts = [
        CLICK,
        NO,
        Act::Reply(Reply::YesFocus(true)),
        Act::Edit(Edit::Show(Show::Only), pressed),
        Act::Pause,
        Act::Resume(pressed),
        Act::TakeBack(Action::Control),
        Act::Choose(offer()),
        Act::Stop,
    ];
    for is_asked in [false, true] {
        let made = || if is_asked { asked_to_see(start) } else { session() };
        for report in reports() {
            made().told(report, now);
        }
        for act in acts.clone() {
            let commands = made().act(act.clone(), now);
            let expected: &[bool] = if is_asked && act == NO { &[false] } else { &[] };
            assert_eq!(answers(&commands), expected, "{is_asked} {act:?}");
            // What Stop ends is for the program around the session.
            assert!(act != Act::Stop || commands.is_empty());
        }
    }
}
