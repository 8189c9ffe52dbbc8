//! The look: one type scale, an 8-point grid, and a quiet palette in light and dark.

use std::sync::Arc;

use clap::ValueEnum;
use egui::{Color32, CornerRadius, FontFamily, FontId, Margin, Shadow, Stroke, TextStyle, Vec2};
use serde::Deserialize;

/// The unit of all distances, in points; halves and multiples of it are used, nothing else.
pub const UNIT: f32 = 8.0;
/// Roundness of cards, banners and windows.
pub const CARD_RADIUS: u8 = 12;
/// Roundness of buttons and fields.
pub const RADIUS: u8 = 8;
/// Height of buttons and fields.
pub const CONTROL_HEIGHT: f32 = 40.0;

/// Light or dark, in settings by the names `light`, `dark` and `system`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ThemeChoice {
    /// As the system prefers; light if it does not tell
    #[default]
    System,
    /// Dark text on light ground
    Light,
    /// Light text on dark ground
    Dark,
}

/// The type scale. Widgets and programs use these and no sizes of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// What a window is about.
    Title,
    /// What a part of a window is about; a person's name.
    Heading,
    /// Everything that is read.
    Body,
    /// Side remarks and labels.
    Small,
    /// The digits of a code.
    Digits,
}

impl Type {
    /// The font in its size.
    #[must_use]
    pub fn font(self) -> FontId {
        match self {
            Self::Title => FontId::new(24.0, FontFamily::Proportional),
            Self::Heading => FontId::new(18.0, FontFamily::Proportional),
            Self::Body => FontId::new(15.0, FontFamily::Proportional),
            Self::Small => FontId::new(13.0, FontFamily::Proportional),
            Self::Digits => FontId::new(36.0, FontFamily::Monospace),
        }
    }

    /// From line to line, in points.
    #[must_use]
    pub fn line_height(self) -> f32 {
        match self {
            Self::Title => 32.0,
            Self::Heading => 24.0,
            Self::Body => 20.0,
            Self::Small => 17.0,
            Self::Digits => 44.0,
        }
    }

    /// A text in this size.
    #[must_use]
    pub fn text(self, words: &str, colour: Color32) -> egui::RichText {
        egui::RichText::new(words).font(self.font()).line_height(Some(self.line_height())).color(colour)
    }
}

/// The tone of a message or of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Nothing to worry about, good to know.
    Info,
    /// As it should be.
    Good,
    /// To be looked at.
    Warning,
    /// Something failed or is dangerous.
    Error,
    /// Off, or not known.
    Neutral,
}

/// The colours of one theme. Text on ground has a contrast of 4.5 at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    /// Behind everything.
    pub ground: Color32,
    /// Cards, fields and secondary buttons.
    pub surface: Color32,
    /// A surface beneath the pointer.
    pub surface_hover: Color32,
    /// Lines around surfaces.
    pub line: Color32,
    /// Lines around what can be typed into or pressed.
    pub line_strong: Color32,
    /// What is read first.
    pub text: Color32,
    /// What is read second.
    pub text_muted: Color32,
    /// The one thing to do, the focus ring, links.
    pub accent: Color32,
    /// The same beneath the pointer.
    pub accent_hover: Color32,
    /// Text on the accent and on danger.
    pub on_accent: Color32,
    /// What ends or takes away.
    pub danger: Color32,
    /// The same beneath the pointer.
    pub danger_hover: Color32,
    info: ToneColours,
    good: ToneColours,
    warning: ToneColours,
    error: ToneColours,
    neutral: ToneColours,
}

/// The colours of one tone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToneColours {
    /// Ground of a banner.
    pub ground: Color32,
    /// Line around it.
    pub line: Color32,
    /// Text on it.
    pub text: Color32,
    /// The status dot and the banner's mark.
    pub mark: Color32,
}

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

const fn tone(ground: u32, line: u32, text: u32, mark: u32) -> ToneColours {
    ToneColours { ground: rgb(ground), line: rgb(line), text: rgb(text), mark: rgb(mark) }
}

/// Dark text on light ground.
pub const LIGHT: Palette = Palette {
    ground: rgb(0xf4f6f8),
    surface: rgb(0xffffff),
    surface_hover: rgb(0xeef1f5),
    line: rgb(0xdfe4ea),
    line_strong: rgb(0x9aa5b3),
    text: rgb(0x17202c),
    text_muted: rgb(0x566373),
    accent: rgb(0x1f5fbf),
    accent_hover: rgb(0x184c9b),
    on_accent: rgb(0xffffff),
    danger: rgb(0xb4302a),
    danger_hover: rgb(0x932520),
    info: tone(0xeaf2fd, 0xbfd6f5, 0x17407f, 0x1f5fbf),
    good: tone(0xe8f6ee, 0xb5dfc5, 0x14532f, 0x1f8a4f),
    warning: tone(0xfff5de, 0xf0d491, 0x68440a, 0xc98210),
    error: tone(0xfdecea, 0xf3c1bc, 0x86201b, 0xb4302a),
    neutral: tone(0xeef1f5, 0xdfe4ea, 0x566373, 0x8793a2),
};

/// Light text on dark ground.
pub const DARK: Palette = Palette {
    ground: rgb(0x12161c),
    surface: rgb(0x1b212a),
    surface_hover: rgb(0x262e39),
    line: rgb(0x2c3541),
    line_strong: rgb(0x5c6979),
    text: rgb(0xe9edf2),
    text_muted: rgb(0xa0acba),
    accent: rgb(0x7aaef5),
    accent_hover: rgb(0x98c1f9),
    on_accent: rgb(0x0b1725),
    danger: rgb(0xf28b82),
    danger_hover: rgb(0xf7aaa4),
    info: tone(0x16263c, 0x2a4468, 0xb9d4fa, 0x7aaef5),
    good: tone(0x14291d, 0x24503a, 0xb4e3c6, 0x4fc081),
    warning: tone(0x33270f, 0x5e4718, 0xf5dca4, 0xe3a73c),
    error: tone(0x3a1a18, 0x67302c, 0xf9c6c1, 0xf28b82),
    neutral: tone(0x262e39, 0x2c3541, 0xa0acba, 0x77838f),
};

impl Palette {
    /// The palette of the theme that this ui is drawn in.
    #[must_use]
    pub fn of(ui: &egui::Ui) -> &'static Self {
        if ui.visuals().dark_mode { &DARK } else { &LIGHT }
    }

    /// The colours of a tone.
    #[must_use]
    pub fn tone(&self, tone: Tone) -> &ToneColours {
        match tone {
            Tone::Info => &self.info,
            Tone::Good => &self.good,
            Tone::Warning => &self.warning,
            Tone::Error => &self.error,
            Tone::Neutral => &self.neutral,
        }
    }
}

/// One font for everything, as each adds some 350 kB to a program that is downloaded.
fn fonts() -> egui::FontDefinitions {
    let name = "Ubuntu-Light".to_owned();
    let data = egui::FontData::from_static(epaint_default_fonts::UBUNTU_LIGHT);
    egui::FontDefinitions {
        font_data: [(name.clone(), Arc::new(data))].into(),
        families: [FontFamily::Proportional, FontFamily::Monospace]
            .into_iter()
            .map(|family| (family, vec![name.clone()]))
            .collect(),
    }
}

/// Gives a context the look; also for tests of views without a window.
pub fn apply(ctx: &egui::Context, choice: ThemeChoice) {
    ctx.set_fonts(fonts());
    ctx.options_mut(|options| {
        options.fallback_theme = egui::Theme::Light;
        // The scale is the monitor's alone: places on the screen are reckoned with it.
        options.zoom_with_keyboard = false;
    });
    ctx.set_theme(match choice {
        ThemeChoice::System => egui::ThemePreference::System,
        ThemeChoice::Light => egui::ThemePreference::Light,
        ThemeChoice::Dark => egui::ThemePreference::Dark,
    });
    for theme in [egui::Theme::Light, egui::Theme::Dark] {
        let mut style = (*ctx.style_of(theme)).clone();
        dress(&mut style, if theme == egui::Theme::Dark { &DARK } else { &LIGHT });
        ctx.set_style_of(theme, Arc::new(style));
    }
}

/// The ground's colour as a window's pixel.
pub(crate) fn background(ctx: &egui::Context) -> u32 {
    let ground = if ctx.global_style().visuals.dark_mode { DARK.ground } else { LIGHT.ground };
    u32::from_be_bytes([0, ground.r(), ground.g(), ground.b()])
}

fn dress(style: &mut egui::Style, palette: &Palette) {
    style.text_styles = [
        (TextStyle::Heading, Type::Heading.font()),
        (TextStyle::Body, Type::Body.font()),
        (TextStyle::Button, Type::Body.font()),
        (TextStyle::Small, Type::Small.font()),
        (TextStyle::Monospace, FontId::new(14.0, FontFamily::Monospace)),
    ]
    .into();
    // Nothing moves by itself: an idle window costs nothing, and what is asked appears at once.
    style.animation_time = 0.0;
    style.spacing.item_spacing = Vec2::splat(UNIT);
    style.spacing.button_padding = Vec2::new(2.0 * UNIT, UNIT);
    style.spacing.interact_size = Vec2::new(CONTROL_HEIGHT, CONTROL_HEIGHT / 2.0);
    style.spacing.window_margin = Margin::same(2 * UNIT as i8);
    style.interaction.selectable_labels = false;
    let visuals = &mut style.visuals;
    visuals.panel_fill = palette.ground;
    visuals.window_fill = palette.surface;
    visuals.window_stroke = Stroke::new(1.0, palette.line);
    visuals.window_corner_radius = CornerRadius::same(CARD_RADIUS);
    visuals.window_shadow = Shadow::NONE;
    visuals.popup_shadow = Shadow::NONE;
    visuals.menu_corner_radius = CornerRadius::same(RADIUS);
    visuals.extreme_bg_color = palette.surface;
    visuals.faint_bg_color = palette.surface_hover;
    visuals.code_bg_color = palette.surface_hover;
    visuals.hyperlink_color = palette.accent;
    visuals.warn_fg_color = palette.warning.text;
    visuals.error_fg_color = palette.error.text;
    visuals.selection.bg_fill = palette.accent.gamma_multiply(0.35);
    visuals.selection.stroke = Stroke::new(1.0, palette.text);
    visuals.text_cursor.stroke = Stroke::new(1.5, palette.accent);
    visuals.text_cursor.blink = false;
    visuals.override_text_color = None;
    let states = [
        (&mut visuals.widgets.noninteractive, palette.surface, palette.line, palette.text),
        (&mut visuals.widgets.inactive, palette.surface, palette.line_strong, palette.text),
        (&mut visuals.widgets.hovered, palette.surface_hover, palette.line_strong, palette.text),
        (&mut visuals.widgets.active, palette.surface_hover, palette.accent, palette.text),
        (&mut visuals.widgets.open, palette.surface_hover, palette.line_strong, palette.text),
    ];
    for (state, fill, line, text) in states {
        state.bg_fill = fill;
        state.weak_bg_fill = fill;
        state.bg_stroke = Stroke::new(1.0, line);
        state.fg_stroke = Stroke::new(1.0, text);
        state.corner_radius = CornerRadius::same(RADIUS);
        state.expansion = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance and contrast ratio as in WCAG 2.1.
    fn contrast(a: Color32, b: Color32) -> f64 {
        let luminance = |colour: Color32| {
            let linear = |channel: u8| {
                let value = f64::from(channel) / 255.0;
                if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * linear(colour.r()) + 0.7152 * linear(colour.g()) + 0.0722 * linear(colour.b())
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_text_can_be_read_on_its_ground() {
        for palette in [LIGHT, DARK] {
            let mut pairs = vec![
                (palette.on_accent, palette.accent),
                (palette.on_accent, palette.accent_hover),
                (palette.on_accent, palette.danger),
                (palette.on_accent, palette.danger_hover),
            ];
            for ground in [palette.ground, palette.surface, palette.surface_hover] {
                pairs.extend([(palette.text, ground), (palette.text_muted, ground)]);
            }
            for tone in [Tone::Info, Tone::Good, Tone::Warning, Tone::Error, Tone::Neutral] {
                pairs.push((palette.tone(tone).text, palette.tone(tone).ground));
            }
            for (text, ground) in pairs {
                assert!(contrast(text, ground) >= 4.5, "{text:?} on {ground:?}: {}", contrast(text, ground));
            }
            assert!(contrast(palette.accent, palette.ground) >= 3.0, "focus ring");
        }
    }
}
