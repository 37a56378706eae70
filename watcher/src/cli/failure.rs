//! How a failed command ends: on standard error, as text or as JSON.

use std::process::ExitCode;

use cofferdam_core::sanitize::{self, line};
use serde_json::{Value, json};

use super::remedies::words;
use crate::error::Error;

/// Prints a failure, and returns the exit status.
pub(super) fn print(error: &Error, as_json: bool) -> ExitCode {
    if as_json {
        eprintln!("{}", sanitize::json_line(&json_of(error)));
    } else {
        eprint!("{}", text_of(error));
    }
    ExitCode::from(error.exit() as u8)
}

/// Returns the document that `--json` prints.
fn json_of(error: &Error) -> Value {
    // What people read below the first line, scripts find in the findings.
    let text = error.to_string();
    let message = text.lines().next().unwrap_or_default();
    let mut document =
        json!({ "code": error.code(), "message": message, "hint": words(&error.remedy()) });
    if let (Some(findings), Some(fields)) = (error.findings(), document.as_object_mut()) {
        fields.insert("findings".into(), findings);
    }
    json!({ "error": document })
}

/// Returns the text for people. What an error tells below its first line stands behind the mark of
/// [`sanitize`]: it may be what others wrote.
fn text_of(error: &Error) -> String {
    let message = error.to_string();
    let mut lines = message.lines();
    let mut text = line(&format!("error: {}", lines.next().unwrap_or_default())) + "\n";
    for further in lines {
        text.push_str(&sanitize::further(further.trim_start()));
    }
    let hint = words(&error.remedy());
    if !hint.is_empty() {
        text.push_str(&(line(&format!("hint: {hint}")) + "\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::CommandError;

    #[test]
    fn errors_print_code_message_and_hint() {
        let error = Error::from(CommandError::Usage {
            message: "no".into(),
            hint: "yes".into(),
        });
        assert_eq!(
            json_of(&error),
            json!({ "error": { "code": "usage", "message": "no", "hint": "yes" } })
        );
        assert_eq!(error.exit() as u8, 2);
    }
}
