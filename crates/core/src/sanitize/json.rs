//! Documents for scripts, which people read too.

use super::Judged;

/// Writes a JSON document, indented. What a terminal could obey, or what hides what stands there,
/// is escaped as `\uXXXX`: text stays exact for whoever parses it (RFC 8259, section 7).
pub fn json(document: &serde_json::Value) -> String {
    escaped(&format!("{document:#}"))
}

/// Writes a JSON document in one line, as [`json`] escapes it.
pub fn json_line(document: &serde_json::Value) -> String {
    escaped(&document.to_string())
}

fn escaped(plain: &str) -> String {
    let mut safe = String::with_capacity(plain.len());
    for (character, harmful) in Judged::new(plain) {
        // Line feeds are the document's own: within text they are escaped already, and beyond ASCII
        // is nothing but text.
        if !harmful || character == '\n' {
            safe.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            safe.push_str(&format!("\\u{unit:04x}"));
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    #[test]
    fn text_stays_exact_and_shows_nothing_else() {
        let document = json!({
            "name": "a\u{202e}b\u{3164}\u{7f}\u{9b}\u{e0041}c\u{301}\u{301}\u{301}\n\"\\",
            "\u{200b}": [1, {"東京": null}],
        });
        let text = super::json(&document);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), document);
        assert!(
            text.contains(r"a\u202eb\u3164\u007f\u009b\udb40\udc41c"),
            "{text}"
        );
        assert!(text.contains("東京"));
        assert_eq!(
            text.chars()
                .filter(|character| *character == '\u{301}')
                .count(),
            2,
            "{text}"
        );
        assert!(!text.contains('\u{200b}'));
    }
}
