//! Lists that are read page by page.

use tieline::outside::{CallError, Reply};

/// The most pages of a list. Tieline never creates ten thousand of anything.
const PAGES: usize = 100;

/// The pages of a list that have been read so far.
#[derive(Debug, Default)]
pub(crate) struct Pages(Vec<String>);

impl Pages {
    /// The token of the page to request; empty for the first.
    pub(crate) fn token(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    /// Turns to the next page. `false` means that there is none.
    ///
    /// # Errors
    ///
    /// The page was already read, or there are too many. Acting on half a list as if it were whole would be wrong.
    pub(crate) fn turn(&mut self, action: &'static str, token: String) -> Reply<bool> {
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
        Err(CallError::unavailable(action, reason))
    }
}
