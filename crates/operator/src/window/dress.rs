//! Draws the customer's cursor: as the operator's own pointer, or in the picture where it was reported.

use deskside_codec::cursor;
use deskside_proto::control::CursorShape;
use deskside_ui::{CursorImage, Picture, PointerShape, Shell};
use tracing::debug;

use super::WINDOW;
use crate::model::Model;

/// What is known of the customer's cursor.
#[derive(Default)]
pub(super) struct Cursor {
    /// How it looks.
    image: Option<CursorImage>,
    /// What the window was last told, so that it is told changes only.
    dressed: Dress,
}

/// Where the customer's cursor is drawn.
#[derive(Debug, Clone, PartialEq, Default)]
enum Dress {
    /// Nowhere.
    #[default]
    Nothing,
    /// In the picture, where it was reported.
    Picture(CursorImage),
    /// As the pointer itself; a cross while its look is not known.
    Pointer(Option<CursorImage>),
}

impl Cursor {
    /// The customer's cursor looks like this now. One that cannot be read is not shown.
    pub(super) fn shape(&mut self, shape: &CursorShape) {
        let size = (u32::from(shape.width), u32::from(shape.height));
        self.image = match cursor::decompress(&shape.pixels, size.0, size.1) {
            Ok(bgra) if !bgra.is_empty() => Some(CursorImage {
                width: shape.width,
                height: shape.height,
                hot_x: shape.hot_x,
                hot_y: shape.hot_y,
                bgra,
            }),
            Ok(_) => None,
            Err(error) => {
                debug!(%error, "the customer's cursor cannot be read");
                None
            }
        };
    }

    pub(super) fn forget(&mut self) {
        self.image = None;
    }

    /// Draws it where the model says.
    pub(super) fn dress(&mut self, model: &Model, picture: &mut Picture, shell: &mut Shell<'_>) {
        let session = model.session().filter(|session| session.screen().is_some());
        let dress = match session {
            None => Dress::Nothing,
            Some(session) if session.pointer_is_customers() => Dress::Pointer(self.image.clone()),
            Some(session) => match (&self.image, session.cursor) {
                (Some(cursor), Some(_)) => Dress::Picture(cursor.clone()),
                _ => Dress::Nothing,
            },
        };
        if dress == self.dressed {
            return;
        }
        match &dress {
            Dress::Nothing | Dress::Pointer(_) => picture.set_cursor(None),
            Dress::Picture(cursor) => picture.set_cursor(Some(cursor.clone())),
        }
        shell.set_pointer(
            WINDOW,
            match &dress {
                Dress::Pointer(Some(cursor)) => PointerShape::Image(cursor.clone()),
                Dress::Pointer(None) => PointerShape::Cross,
                Dress::Nothing | Dress::Picture(_) => PointerShape::Widgets,
            },
        );
        shell.present(WINDOW);
        self.dressed = dress;
    }
}
