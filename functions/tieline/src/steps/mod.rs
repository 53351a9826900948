//! The steps: each asks once, answers, and may be repeated. None of them waits.

pub mod create_endpoint;
pub mod delete_endpoint;
pub mod enable_dns;
mod keep;
pub mod preflight;
pub mod status_polling;

use crate::error::CallError;
use crate::ids::EndpointId;
use crate::outside::{Endpoint, Outside, Which};

/// The endpoint of an id as EC2 shows it now; a new one may take seconds to show.
pub(crate) async fn look(
    outside: &Outside<'_>,
    id: &EndpointId,
) -> Result<Option<Endpoint>, CallError> {
    let found = outside
        .ec2
        .endpoints(&Which {
            id: Some(id),
            ..Which::default()
        })
        .await?;
    Ok(found.into_iter().next())
}
