//! What leaves the customer's computer before it is encrypted: the updates of the encoder that is given the frames,
//! and the picture that a decoder makes of them.

use std::time::Duration;

use deskside_codec::{Decoder, Encoder, FrameView, Rect};

use super::canary::{self, Detector};

/// Between frames.
const PACE: Duration = Duration::from_millis(16);
/// As many bytes as an update has where the path carries much; a frame becomes several updates.
const BUDGET: usize = 48 * 1024;

/// The two coders of one view.
pub(super) struct Wire {
    encoder: Encoder,
    decoder: Decoder,
    now: Duration,
}

/// What became of a frame.
pub(super) struct Sent {
    pub(super) updates: usize,
    pub(super) found: Vec<Found>,
}

impl Wire {
    pub(super) fn new(width: u32, height: u32) -> Self {
        let (encoder, decoder) = (Encoder::new(width, height).unwrap(), Decoder::new(width, height).unwrap());
        Self { encoder, decoder, now: Duration::ZERO }
    }

    pub(super) fn size(&self) -> (u32, u32) {
        (self.decoder.width(), self.decoder.height())
    }

    /// Sends a frame of `0x00RRGGBB`, and says where the canary was found on its way. After each update the viewer's
    /// picture is looked at, as it would be shown then.
    pub(super) fn send(&mut self, frame: &[u32], detector: &Detector) -> Sent {
        let (width, height) = self.size();
        let bytes: Vec<u8> = frame.iter().flat_map(|pixel| pixel.to_le_bytes()).collect();
        let view = FrameView::new(width, height, width as usize * 4, &bytes).unwrap();
        self.now += PACE;
        self.encoder.at(self.now).room(BUDGET).mark(&[Rect::new(0, 0, width, height)]);
        let (mut updates, mut found) = (0, Vec::new());
        while let Some(update) = self.encoder.next_update(&view, BUDGET, None).unwrap() {
            updates += 1;
            found.extend(detector.find_coded(&update).map(|_| Found::Bytes));
            let planes = self.decoder.planes(&update).unwrap();
            found.extend(detector.find_coded(planes).map(|_| Found::Planes));
            self.decoder.apply(&update).unwrap();
            found.extend(detector.find(self.decoder.pixels(), width as usize).map(Found::Picture));
        }
        Sent { updates, found }
    }
}

/// In what of an update the canary was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// As it is encrypted.
    Bytes,
    /// In what its compressed blocks expand to.
    Planes,
    /// In the picture that is shown after it, there.
    Picture((usize, usize)),
}

const SCENE: (usize, usize) = (320, 240);

/// An even picture with a canary of 128 × 128 pixels at this place.
fn scene(place: (usize, usize), veil: impl Fn(u32) -> u32) -> Vec<u32> {
    let at = |x: usize, y: usize| {
        let (x, y) = (x.wrapping_sub(place.0), y.wrapping_sub(place.1));
        if x < 128 && y < 128 { veil(canary::pixel(x, y) & 0x00ff_ffff) } else { 0x00e0_e4e8 }
    };
    (0..SCENE.0 * SCENE.1).map(|i| at(i % SCENE.0, i / SCENE.0)).collect()
}

/// The search finds the canary in what is sent, so it would find it where it must not be.
#[test]
fn the_canary_is_found_in_what_is_sent() {
    let detector = Detector::new();
    let found = |frame: &[u32]| Wire::new(320, 240).send(frame, &detector).found;
    assert_eq!(found(&scene(SCENE, |pixel| pixel)), [], "there is none");
    let plain = found(&scene((50, 60), |pixel| pixel));
    assert!(plain.contains(&Found::Planes), "{plain:?}");
    assert!(plain.iter().any(|found| matches!(found, Found::Picture(_))), "{plain:?}");
    let veiled = found(&scene((50, 60), |pixel| ((pixel & 0x00fc_fcfc) >> 2) + 0x0080_8080));
    assert!(veiled.iter().any(|found| matches!(found, Found::Picture(_))), "{veiled:?}");
}

/// Also where it moves like a film and is coded roughly.
#[test]
fn a_canary_that_moves_is_found_in_each_picture() {
    let detector = Detector::new();
    let mut wire = Wire::new(320, 240);
    let mut without_planes = 0;
    for picture in 0..40 {
        let place = (20 + picture * 37 % 150, 10 + picture * 23 % 90);
        let found = wire.send(&scene(place, |pixel| pixel), &detector).found;
        assert!(found.iter().any(|found| matches!(found, Found::Picture(_))), "picture {picture}: {found:?}");
        without_planes += usize::from(!found.contains(&Found::Planes));
    }
    assert!(10 < without_planes, "{without_planes} pictures were coded roughly");
}
