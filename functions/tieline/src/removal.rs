//! A removal, as it comes on the bus: the request whose connection is to go, or its id alone.

use serde_json::{Value, json};

use crate::ids::{Region, RequestId};
use crate::json::{Describer, Fields, Reader};
use crate::options;
use crate::problem::Problem;
use crate::request::Request;

/// The `detail-type` of a removal on the bus.
pub const REMOVAL_REQUESTED: &str = "Private Connection Removal Requested";

/// A connection that is to go.
#[derive(Debug, Clone, PartialEq)]
pub enum Removal {
    /// The whole request, which says what belongs to it beside its endpoint.
    Of(Box<Request>),
    /// Its id: what marks on endpoints do not say is not found; where it has something in AWS DMS, the whole request is asked for.
    ById(Id),
}

/// A request's id, and whether the removal is only asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Id {
    pub request_id: RequestId,
    pub region: Region,
    pub dry_run: bool,
}

impl Removal {
    pub fn request_id(&self) -> &RequestId {
        match self {
            Self::Of(request) => &request.request_id,
            Self::ById(id) => &id.request_id,
        }
    }

    pub fn dry_run(&self) -> bool {
        match self {
            Self::Of(request) => request.dry_run,
            Self::ById(id) => id.dry_run,
        }
    }
}

/// Whether what started an execution is a removal.
pub(crate) fn is_one(input: &Value) -> bool {
    input["detail-type"] == REMOVAL_REQUESTED
}

/// What was put on the bus, of what started an execution: by hand it may have been the detail alone.
pub(crate) fn as_event(input: &Value) -> Value {
    match input.get("detail-type") {
        Some(_) => input.clone(),
        None => json!({"detail-type": REMOVAL_REQUESTED, "detail": input}),
    }
}

/// The removal, or every problem of it; nothing if it is none.
pub(crate) fn read(input: &Value, here: &Region) -> Option<Result<Removal, Vec<Problem>>> {
    if !is_one(input) {
        return None;
    }
    let detail = input["detail"].clone();
    if detail.get("target").is_some() {
        let request = Request::read(detail, here);
        return Some(request.map(|request| Removal::Of(Box::new(request))));
    }
    let (id, problems) = Reader::read("$", detail, |fields| read_id(fields, Some(here)));
    Some(match id {
        Some(id) if problems.is_empty() => Ok(Removal::ById(id)),
        _ => Err(problems),
    })
}

/// The schema of the detail.
pub(crate) fn schema() -> Value {
    let by_id = Describer::describe("The id of a request, whose connection is to go", |fields| {
        read_id(fields, None)
    });
    json!({
        "description": "A private connection that is to go: the whole request that made it, or its id",
        "anyOf": [Request::schema(), by_id],
    })
}

fn read_id<F: Fields>(fields: &mut F, here: Option<&Region>) -> Option<Id> {
    let request_id = fields.required("requestId", "The request");
    let about = "The Region of the Tieline that is asked";
    let region = options::read_region(fields, about, here);
    let dry_run = fields.flag(
        "dryRun",
        false,
        "Say what would go and what would stay, and remove nothing",
    );
    Some(Id {
        request_id: request_id?,
        region: region?,
        dry_run,
    })
}
