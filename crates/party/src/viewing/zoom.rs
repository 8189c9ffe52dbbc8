//! How large the sharer's picture is shown.

use deskside_ui::Scaling;

/// How large the picture is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Zoom {
    /// The whole picture is visible, as large as the window allows.
    #[default]
    Fit,
    /// So many pixels of the window for a hundred of the sharer's screen.
    Percent(u16),
}

impl Zoom {
    /// The sizes that can be chosen, in percent.
    pub const STEPS: [u16; 8] = [50, 75, 100, 125, 150, 200, 300, 400];

    /// The next larger size (`true`) or smaller one than what is shown now, in window pixels a picture pixel;
    /// none beyond the last.
    #[must_use]
    pub fn next(larger: bool, shown: f32) -> Option<Self> {
        // A fitted picture is never quite at a step that it seems to be at.
        const SAME: f32 = 0.5;
        let shown = shown * 100.0;
        let mut steps = Self::STEPS.into_iter();
        if larger {
            steps.find(|step| f32::from(*step) > shown + SAME)
        } else {
            steps.rfind(|step| f32::from(*step) < shown - SAME)
        }
        .map(Self::Percent)
    }

    /// What it means to the picture.
    #[must_use]
    pub fn scaling(self) -> Scaling {
        match self {
            Self::Fit => Scaling::Fit,
            Self::Percent(percent) => Scaling::Percent(percent),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_go_on_from_what_is_shown_and_end() {
        assert_eq!(Zoom::next(true, 0.583), Some(Zoom::Percent(75)));
        assert_eq!(Zoom::next(false, 0.583), Some(Zoom::Percent(50)));
        assert_eq!(Zoom::next(true, 0.7501), Some(Zoom::Percent(100)), "a fitted picture of about 75 %");
        assert_eq!(Zoom::next(false, 0.31), None);
        let mut shown = 0.5;
        for step in Zoom::STEPS.into_iter().skip(1) {
            assert_eq!(Zoom::next(true, shown), Some(Zoom::Percent(step)));
            assert_eq!(Zoom::next(false, f32::from(step) / 100.0), {
                let before = (shown * 100.0).round() as u16;
                Some(Zoom::Percent(before))
            });
            shown = f32::from(step) / 100.0;
        }
        assert_eq!(Zoom::next(true, shown), None);
    }
}
