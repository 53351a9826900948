//! The vendors' real clients on the world's wire, without a network: what they send is what the world reads.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tieline_vendors::{Http, HttpError, HttpRequest, HttpResponse, Vendors};
use world::wire::{self, Request, Response};

use crate::outside::Simulated;

/// A client gives up on an answer after this long.
const PATIENCE: Duration = Duration::from_secs(25);

/// Where the world is; the name leads nowhere.
const ADDRESS: &str = "http://world";

/// The vendors' clients in front of a world.
pub(crate) fn vendors(world: Simulated) -> Arc<Vendors> {
    let wire = Wire(world.clone());
    Arc::new(Vendors::new(wire, world, Some(ADDRESS.to_owned())))
}

struct Wire(Simulated);

#[async_trait]
impl Http for Wire {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let rest = request.url.strip_prefix(ADDRESS).unwrap_or(&request.url);
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let headers = request
            .headers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
        let request = Request {
            method: request.method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: headers.collect(),
            body: request.body.unwrap_or_default().into_bytes(),
        };
        let mut world = self.0.world();
        match wire::answer(&mut world, &request) {
            Response::Answer {
                status,
                content_type,
                headers,
                body,
            } => {
                let mut all = vec![("content-type".to_owned(), content_type.to_owned())];
                let named = headers
                    .into_iter()
                    .map(|(name, value)| (name.to_ascii_lowercase(), value));
                all.extend(named);
                Ok(HttpResponse {
                    status,
                    headers: all,
                    body,
                })
            }
            Response::Drop => Err(HttpError("the connection was dropped".to_owned())),
            Response::Hang => {
                world.advance(PATIENCE);
                Err(HttpError("no answer in time".to_owned()))
            }
        }
    }
}
