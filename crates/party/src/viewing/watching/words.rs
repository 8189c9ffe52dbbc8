//! The sentences that the window shows. They are for people who have never seen anything like it: who, what,
//! and what to do, in words that need no explanation.

use deskside_proto::control::Suspension;
use deskside_proto::journal::GrantEnd;
use deskside_ui::theme::Tone;

use super::model::{Control, Extent, Sight};
use crate::viewing::{Permission, Refusal};

/// Most characters of a name; with more a bar is nothing but a name.
const LONGEST_NAME: usize = 32;

/// A name as it is shown: on one line, and not longer than it is worth.
pub(super) fn name(name: &str) -> String {
    let mut shown: String = name.split_whitespace().collect::<Vec<_>>().join(" ");
    shown.retain(|character| !character.is_control());
    if LONGEST_NAME < shown.chars().count() {
        shown = shown.chars().take(LONGEST_NAME - 1).collect::<String>().trim_end().to_owned() + "…";
    }
    shown
}

/// For the title bar and the window list.
pub(super) fn title(name: &str) -> String {
    format!("{name} shows you a screen – Deskside")
}

/// What the window is about.
pub(super) fn heading(name: &str, sight: Sight) -> String {
    match sight {
        Sight::Coming => format!("{name} is going to show you a screen"),
        Sight::Shown | Sight::Paused => format!("{name} shows you this screen"),
        Sight::Over => format!("{name} no longer shows you a screen"),
    }
}

/// What is the case just now, in a tone.
pub(super) fn state(name: &str, sight: Sight, extent: Extent, control: Control) -> (Tone, String) {
    let control = match (sight, control) {
        (Sight::Coming | Sight::Over, _) => None,
        (_, control) => control_state(name, control),
    };
    match (sight, control) {
        (_, Some(said)) => said,
        (Sight::Coming, _) => (Tone::Info, "The picture is on its way.".to_owned()),
        (Sight::Shown, _) if extent == Extent::Part => {
            (Tone::Good, "You are watching a part of that screen. The rest is kept back.".to_owned())
        }
        (Sight::Shown, _) => {
            (Tone::Good, "You are watching. Nothing you do here changes anything there.".to_owned())
        }
        (Sight::Paused, _) => (Tone::Warning, format!("{name} has paused.")),
        (Sight::Over, _) => (Tone::Neutral, "You can close this window.".to_owned()),
    }
}

/// What is to be said about mouse and keyboard, if it is more important than what there is to see.
fn control_state(name: &str, control: Control) -> Option<(Tone, String)> {
    Some(match control {
        Control::Not(permission) => (Tone::Warning, not(name, permission)?),
        Control::Asked { withdrawing: false } => (Tone::Info, format!("Asked – waiting for {name}")),
        Control::Asked { withdrawing: true } => (Tone::Info, "Taking your question back …".to_owned()),
        Control::Here => (Tone::Warning, "This is not your computer. Never type a password here.".to_owned()),
        Control::Rests(suspension) => (Tone::Warning, rests(name, suspension)),
    })
}

/// How the last question or permission ended, as long as that is news.
fn not(name: &str, permission: Permission) -> Option<String> {
    Some(match permission {
        Permission::Refused(Refusal::Denied) => format!("{name} said no. You can ask again."),
        Permission::Refused(Refusal::TimedOut) => format!("{name} did not answer. You can ask again."),
        Permission::Refused(Refusal::Unavailable) => {
            "That is not possible just now. Wait a moment, then ask again.".to_owned()
        }
        Permission::Ended(GrantEnd::F11 | GrantEnd::Revoked) => {
            format!("{name} has taken mouse and keyboard back.")
        }
        Permission::Ended(GrantEnd::Expired) => {
            "The time for mouse and keyboard is over. You can ask again.".to_owned()
        }
        Permission::Ended(GrantEnd::Narrowed | GrantEnd::GivenBack | GrantEnd::SessionEnded) => {
            "You no longer have mouse and keyboard of this screen.".to_owned()
        }
        Permission::None | Permission::Asking(_) | Permission::Allowed(_) => return None,
    })
}

/// Why mouse and keyboard have no effect just now.
fn rests(name: &str, suspension: Suspension) -> String {
    match suspension {
        Suspension::Paused => format!("{name} has paused."),
        Suspension::Hand => format!("{name} is using the mouse. Yours works again in a moment."),
        Suspension::Question => format!("{name} is answering a question. Yours works again in a moment."),
        Suspension::Panel => {
            format!("{name} has a window in the way. Yours works again in a moment.")
        }
    }
}

/// What a pause means.
pub(super) fn stands_still(name: &str) -> String {
    format!("The picture stands still until {name} goes on.")
}

/// What stands where the picture would be: a heading and what to do.
pub(super) fn no_picture(name: &str, sight: Sight, may_see: bool) -> (&'static str, String) {
    match sight {
        Sight::Over => (
            "There is nothing to see any more",
            format!("If you need more, just ask {name} to show it again."),
        ),
        _ if may_see => (
            "The picture is on its way",
            "It appears here by itself in a moment. There is nothing for you to do.".to_owned(),
        ),
        _ => (
            "One moment, please",
            format!("The picture appears here as soon as {name} shows it. There is nothing for you to do."),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_on_its_line_and_within_its_bounds() {
        assert_eq!(name("Olga  Operator\n"), "Olga Operator");
        assert_eq!(name("Olga\u{7}"), "Olga");
        let long = name(&"Olga ".repeat(50));
        assert!(long.chars().count() <= LONGEST_NAME && long.ends_with('…'), "{long}");
    }

    #[test]
    fn what_was_refused_is_said_and_a_question_taken_back_is_not() {
        assert_eq!(control_state("Olga", Control::Not(Permission::None)), None);
        let refused = Control::Not(Permission::Refused(Refusal::Denied));
        let (tone, text) = state("Olga", Sight::Shown, Extent::Whole, refused);
        assert_eq!((tone, text.as_str()), (Tone::Warning, "Olga said no. You can ask again."));
        let (_, text) = state("Olga", Sight::Over, Extent::Whole, refused);
        assert_eq!(text, "You can close this window.");
    }
}
