//! Draws the sharer's cursor: as the viewer's own pointer, or in the picture where it was reported.

use deskside_codec::cursor;
use deskside_proto::control::CursorShape;
use deskside_ui::{CursorImage, Picture, PointerShape, Shell, WindowKey};
use tracing::debug;

/// What is known of the sharer's cursor.
#[derive(Debug, Default)]
pub struct Cursor {
    /// How it looks.
    image: Option<CursorImage>,
    /// What the window was last told, so that it is told changes only.
    dressed: Dress,
}

/// Where the sharer's cursor belongs just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CursorPlace {
    /// Nowhere: there is no picture, or no place is known.
    Nowhere,
    /// In the picture, where it was reported.
    Picture,
    /// Where the viewer's pointer is, which moves it.
    Pointer,
}

/// How the window is dressed.
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
    /// The sharer's cursor looks like this now. One that cannot be read is not shown.
    pub fn shape(&mut self, shape: &CursorShape) {
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
                debug!(%error, "the sharer's cursor cannot be read");
                None
            }
        };
    }

    /// How it looks is no longer known.
    pub fn forget(&mut self) {
        self.image = None;
    }

    /// Draws it at its place in this window.
    pub fn dress(
        &mut self,
        place: CursorPlace,
        window: WindowKey,
        picture: &mut Picture,
        shell: &mut Shell<'_>,
    ) {
        let dress = match (place, &self.image) {
            (CursorPlace::Pointer, image) => Dress::Pointer(image.clone()),
            (CursorPlace::Picture, Some(cursor)) => Dress::Picture(cursor.clone()),
            (CursorPlace::Picture, None) | (CursorPlace::Nowhere, _) => Dress::Nothing,
        };
        if dress == self.dressed {
            return;
        }
        match &dress {
            Dress::Nothing | Dress::Pointer(_) => picture.set_cursor(None),
            Dress::Picture(cursor) => picture.set_cursor(Some(cursor.clone())),
        }
        shell.set_pointer(
            window,
            match &dress {
                Dress::Pointer(Some(cursor)) => PointerShape::Image(cursor.clone()),
                Dress::Pointer(None) => PointerShape::Cross,
                Dress::Nothing | Dress::Picture(_) => PointerShape::Widgets,
            },
        );
        shell.present(window);
        self.dressed = dress;
    }
}
