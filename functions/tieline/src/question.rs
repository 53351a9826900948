//! The question how a request stands, as it comes on the bus.

use serde_json::Value;

use crate::ids::{Region, RequestId};
use crate::json::{Describer, Fields, Reader};
use crate::options;
use crate::problem::Problem;

/// The `detail-type` of a question on the bus.
pub const STATUS_REQUESTED: &str = "Private Connection Status Requested";

/// Whether what started an execution is a question.
pub(crate) fn is_one(input: &Value) -> bool {
    input["detail-type"] == STATUS_REQUESTED
}

/// The request that a question is about, or every problem of the question; nothing if it is none.
pub(crate) fn read(input: &Value, here: &Region) -> Option<Result<RequestId, Vec<Problem>>> {
    if !is_one(input) {
        return None;
    }
    let detail = input["detail"].clone();
    let (id, problems) = Reader::read("$", detail, |fields| read_detail(fields, Some(here)));
    Some(match id {
        Some(id) if problems.is_empty() => Ok(id),
        _ => Err(problems),
    })
}

/// The schema of the detail.
pub(crate) fn schema() -> Value {
    Describer::describe("How a request stands, as asked", |fields| {
        read_detail(fields, None)
    })
}

fn read_detail<F: Fields>(fields: &mut F, here: Option<&Region>) -> Option<RequestId> {
    let id = fields.required("requestId", "The request");
    let about = "The Region of the Tieline that is asked";
    let region = options::read_region(fields, about, here);
    region.and(id)
}
