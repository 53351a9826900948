//! Lists that come page by page.

use tieline::outside::CallError;

/// The most pages of a list: ten thousand of anything is not what Tieline made.
const PAGES: usize = 100;

/// The pages of a list, as far as they were turned.
#[derive(Debug, Default)]
pub(crate) struct Pages(Vec<String>);

impl Pages {
    /// The token of the page to ask for; empty for the first.
    pub(crate) fn token(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    /// Turns to the page that an answer names, and says whether it names one.
    ///
    /// # Errors
    ///
    /// A page that was there already, or too many: half a list taken for the whole could be acted on.
    pub(crate) fn turn(&mut self, action: &'static str, token: String) -> Result<bool, CallError> {
        let reason = if token.is_empty() {
            return Ok(false);
        } else if self.0.contains(&token) {
            "the list leads back to a page that it had before".to_owned()
        } else if self.0.len() + 1 >= PAGES {
            format!("the list has more than {PAGES} pages")
        } else {
            self.0.push(token);
            return Ok(true);
        };
        Err(CallError::Unavailable { action, reason })
    }
}
