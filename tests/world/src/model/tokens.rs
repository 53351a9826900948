//! Client tokens: the same request twice is one resource.
//!
//! Source: EC2 developer guide, "Ensuring idempotency": the same token with the same parameters
//! gives the same result, with other parameters `IdempotentParameterMismatch`. Not verified for
//! `CreateVpcEndpoint` itself, nor how long it remembers; here it never forgets, and replays its
//! first answer even if the endpoint has long been deleted.

use std::collections::BTreeMap;

use crate::Failure;
use crate::failure::refuse;

use super::endpoints::{CreateVpcEndpoint, CreateVpcEndpointAnswer};

/// What was answered to each token.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tokens {
    used: BTreeMap<String, (CreateVpcEndpoint, CreateVpcEndpointAnswer)>,
}

impl Tokens {
    /// The answer that the request had before, if its token was used.
    pub(crate) fn replay(
        &self,
        request: &CreateVpcEndpoint,
    ) -> Result<Option<CreateVpcEndpointAnswer>, Failure> {
        let Some(token) = &request.client_token else {
            return Ok(None);
        };
        // EC2 API reference: "case-sensitive", up to 64 ASCII characters. The code for a longer one
        // is not verified.
        if token.len() > 64 || !token.is_ascii() {
            return Err(refuse(
                "InvalidClientToken",
                "The client token must be at most 64 ASCII characters.",
            ));
        }
        match self.used.get(token) {
            None => Ok(None),
            Some((first, answer)) if first == request => Ok(Some(answer.clone())),
            Some(_) => Err(refuse(
                "IdempotentParameterMismatch",
                format!("The client token {token} was used before with other parameters."),
            )),
        }
    }

    pub(crate) fn remember(
        &mut self,
        request: CreateVpcEndpoint,
        answer: &CreateVpcEndpointAnswer,
    ) {
        if let Some(token) = request.client_token.clone() {
            self.used.insert(token, (request, answer.clone()));
        }
    }
}
