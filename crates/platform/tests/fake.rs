//! The fake desktop keeps the same promises as a real one.

#[cfg(test)]
#[path = "x11/consent.rs"]
mod consent;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use deskside_codec::{Decoder, Encoder, Rect};
    use deskside_platform::fake::{FakeInjector, FakeOverlay, FakeScreen};
    use deskside_platform::marks::{Board, LASTS};
    use deskside_platform::{InjectError, Injector as _, Overlay as _, PlatformError, Screen, ScreenEvent};
    use deskside_proto::input::{Button, InputEvent};
    use deskside_proto::marks::{Colour, Figure, MarkEvent, MarkId, Place};

    use super::consent::Consent;

    const SHORT: Duration = Duration::from_millis(1);

    fn pixels(screen: &mut impl Screen, consent: &Consent, region: &[Rect]) -> Vec<u32> {
        let (width, height) = screen.size();
        let (mut encoder, mut decoder) =
            (Encoder::new(width, height).unwrap(), Decoder::new(width, height).unwrap());
        encoder.mark(&[Rect::new(0, 0, width, height)]);
        let frame = screen.grab(&consent.see, region).unwrap();
        while let Some(update) = encoder.next_update(&frame, 1 << 20, None).unwrap() {
            decoder.apply(&update).unwrap();
        }
        decoder.pixels().to_vec()
    }

    #[test]
    fn the_screen_shows_what_the_desktop_is_told() {
        let mut consent = Consent::given();
        let (mut screen, desktop) = FakeScreen::new(8, 4);
        let whole = Rect::new(0, 0, 8, 4);
        assert_eq!(screen.next(SHORT).unwrap(), [ScreenEvent::Damage(vec![whole])]);
        desktop.fill(Rect::new(6, 3, 100, 100), 0x00ff_8000);
        let place = Rect::new(6, 3, 2, 1);
        assert_eq!(screen.next(SHORT).unwrap(), [ScreenEvent::Damage(vec![place])]);
        assert_eq!(pixels(&mut screen, &consent, &[])[30], 0, "only what is asked for is copied");
        assert_eq!(pixels(&mut screen, &consent, &[place])[30..], [0x00ff_8000; 2]);

        desktop.resize(3, 2);
        pixels(&mut screen, &consent, &[whole]);
        assert_eq!(screen.size(), (8, 4), "not before it is told");
        assert_eq!(screen.next(SHORT).unwrap()[0], ScreenEvent::Resized { width: 3, height: 2 });
        assert_eq!(pixels(&mut screen, &consent, &[whole]), [0; 6]);

        let waker = screen.waker();
        waker.wake();
        assert!(screen.next(Duration::from_secs(60)).unwrap().is_empty());
        consent.revoke_see();
        assert!(matches!(screen.grab(&consent.see, &[]), Err(PlatformError::Denied(_))));
        desktop.lose();
        assert!(matches!(screen.next(SHORT), Err(PlatformError::DisplayLost)));
    }

    #[test]
    fn the_overlay_shows_the_board_as_long_as_it_may() {
        let mut consent = Consent::given();
        let (mut overlay, marks) = FakeOverlay::new();
        let (mut board, here) = (Board::default(), Figure::Pointer(Place { x: 1, y: 2 }));
        let put = |id| MarkEvent::Put { id: MarkId(id), colour: Colour::Blue, figure: here.clone() };
        board.apply(&put(1), Duration::ZERO);
        overlay.show(&consent.point, &board, Duration::ZERO).unwrap();
        assert_eq!(marks.shown(), [(MarkId(1), here.clone())]);
        overlay.show(&consent.point, &board, LASTS).unwrap();
        assert!(marks.shown().is_empty(), "faded");
        board.apply(&put(2), LASTS);
        overlay.show(&consent.point, &board, LASTS).unwrap();
        consent.revoke_see();
        let refused = overlay.show(&consent.point, &board, LASTS);
        assert!(matches!(refused, Err(PlatformError::Denied(_))));
        assert!(marks.shown().is_empty());
    }

    /// T16: after `revoke` nothing is injected.
    #[test]
    fn t16_the_injector_asks_the_grant() {
        let consent = Consent::given();
        let (mut injector, input) = FakeInjector::new();
        let press = [
            InputEvent::Key { keysym: 0xff51, position: 105, pressed: true },
            InputEvent::PointerButton { button: Button::Left, pressed: true },
        ];
        for event in press {
            injector.inject(&consent.control, event).unwrap();
        }
        assert_eq!(input.events(), press);
        assert!(input.holds_anything());
        consent.revoker.revoke();
        let refused = injector.inject(&consent.control, InputEvent::Text('a'));
        assert!(matches!(refused, Err(InjectError::Denied(_))));
        assert_eq!(input.events(), press);
        injector.release_all().unwrap();
        assert!(!input.holds_anything());
    }
}
