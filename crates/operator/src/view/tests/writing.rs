//! Words for the customer's screen.

use deskside_proto::input::Button;
use deskside_proto::marks::{Figure, MarkEvent};

use super::*;

/// In control, and allowed to draw.
fn drawing() -> Window {
    let mut window = controlled();
    let now = window.state().now();
    drop(window.state_mut().model.act(Act::Ask(Action::Point), now));
    answer(&mut window, Action::Point, 3, Verdict::Allowed(GrantId(3)));
    window
}

fn words_of(window: &Window) -> String {
    window.state().model.session().unwrap().drawing.words().as_str().to_owned()
}

/// Left button on the middle of the picture, down and up.
fn click_picture(window: &mut Window) {
    let state = window.state_mut();
    let now = state.now().monotonic;
    let left = |pressed| Pointer::Button(Button::Left, pressed);
    for event in [Pointer::Moved { at: (400, 300), over: true }, left(true), left(false)] {
        let effects = state.model.pointer(event, now);
        state.effects.extend(effects);
    }
    window.run();
}

#[test]
fn words_are_typed_in_a_strip_and_put_by_clicks() {
    const FIELD: &str = "Words for the customer's screen";
    let mut window = drawing();
    assert!(window.query_by_label(FIELD).is_none());
    click(&mut window, "Draw");
    click(&mut window, "Words");
    assert!(window.query_by_label_contains("Keyboard goes to the customer").is_none());
    assert!(window.query_by_label("Then click where they belong.").is_some());
    let _ = take(&mut window);
    click_picture(&mut window);
    assert!(window.query_by_label("Type the words first.").is_some());
    assert!(take(&mut window).is_empty());

    // The keyboard is there already, and stays there while the picture is clicked.
    type_text(&mut window, "Click here");
    press(&mut window, Key::Enter);
    for _ in 0..2 {
        click_picture(&mut window);
        let effects = take(&mut window);
        assert!(
            matches!(&effects[0], Effect::Net(Command::Help(viewing::Command::Mark(marks)))
                if matches!(&marks[..], [MarkEvent::Put { figure: Figure::Text { text, .. }, .. }] if text == "Click here")),
            "{effects:?}"
        );
    }
    type_text(&mut window, ", please");
    assert_eq!(words_of(&window), "Click here, please");
    window.event(egui::Event::Paste(" and\nwait\u{7}".to_owned()));
    window.run();
    assert_eq!(words_of(&window), "Click here, please and wait");
    type_text(&mut window, &"!".repeat(200));
    assert!(window.query_by_label("Too long: not all of it fits.").is_some());
    press(&mut window, Key::Backspace);
    assert!(window.query_by_label("Then click where they belong.").is_some());

    // Another colour, and one types on; another tool, and there is no field.
    click(&mut window, "Draw");
    click(&mut window, "Blue");
    window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    type_text(&mut window, "Not here");
    assert_eq!(words_of(&window), "Not here");
    click(&mut window, "Draw");
    click(&mut window, "Arrow");
    assert!(window.query_by_label(FIELD).is_none());
    assert!(window.query_by_label("The mouse draws, and the keyboard stays here").is_some());
}

/// A space in the middle of a sentence asks for nothing, whatever button stands out meanwhile.
#[test]
fn what_ends_while_words_are_typed_brings_the_keyboard_nowhere() {
    let mut window = drawing();
    click(&mut window, "Draw");
    click(&mut window, "Words");
    click(&mut window, "Give back control");
    let _ = take(&mut window);
    type_text(&mut window, "a");
    press(&mut window, Key::Space);
    let ended = Event::Help(viewing::Event::GrantEnded {
        action: Action::Point,
        grant: GrantId(3),
        reason: GrantEnd::Revoked,
    });
    tell(&mut window, ended);
    press(&mut window, Key::Space);
    press(&mut window, Key::Enter);
    assert!(take(&mut window).is_empty());
}
