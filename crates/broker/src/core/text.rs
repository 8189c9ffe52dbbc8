//! Foreign text made harmless for logs and replies.

/// Most characters that are kept.
const MAX_CHARS: usize = 200;

/// The text with control characters, line separators and characters that turn the writing direction
/// written as `\u{…}`, and cut at 200 characters, so that one entry stays one line and reads as it is.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(MAX_CHARS));
    for (count, c) in text.chars().enumerate() {
        if count == MAX_CHARS {
            out.push('…');
            break;
        }
        if c.is_control() || c == '\\' || is_invisible(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// Bidirectional controls, zero-width characters, line and paragraph separators, the byte order mark.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_forges_log_lines_is_escaped() {
        assert_eq!(escape("plain Grüße"), "plain Grüße");
        assert_eq!(escape("a\r\nb\0"), "a\\u{d}\\u{a}b\\u{0}");
        assert_eq!(escape("\u{202e}exe.fdp\u{2028}"), "\\u{202e}exe.fdp\\u{2028}");
        assert_eq!(escape("back\\slash"), "back\\u{5c}slash");
        assert_eq!(escape(&"x".repeat(500)).chars().count(), MAX_CHARS + 1);
    }
}
