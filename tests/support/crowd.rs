//! Executions that nobody plays: Step Functions only knows of them.

use serde_json::{Value, json};
use world::World;

/// More than one step looks at.
pub const MANY: usize = 340;

/// One of the youngest of these: only the second step comes to it.
pub const YOUNG: usize = 330;

/// Who waits for somebody else, for a week maybe.
#[must_use]
pub fn waiting(number: usize) -> Value {
    json!({"requestId": format!("waiting-{number}"), "region": "us-east-1"})
}

/// So many executions of a machine, such as `connect`, that run from now on, each started with what `input` says of its number. Their
/// ARNs, in the order in which they began.
pub fn crowd(
    world: &mut World,
    machine: &str,
    count: usize,
    input: impl Fn(usize) -> Value,
) -> Vec<String> {
    let now = world.now();
    let arns = (0..count).map(|number| {
        let name = format!("{now}-{number:04}");
        format!("arn:aws:states:us-east-1:123456789012:execution:{machine}:{name}")
    });
    let arns = Vec::from_iter(arns);
    for (number, arn) in arns.iter().enumerate() {
        world.begin_execution(arn, &input(number).to_string());
    }
    arns
}
