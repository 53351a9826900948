//! The functions, as each `main.rs` calls the library.

use serde_json::Value;
use tieline::steps::{
    confirm_connection, create_endpoint, enable_dns, preflight, roll_back, status_polling,
};
use tieline::workflow::{Function, StepInput, StepResult};

use crate::simulated::Simulated;

/// Invokes a function.
///
/// # Errors
///
/// What the step raises.
pub async fn invoke(function: Function, payload: Value, simulated: &Simulated) -> StepResult {
    let here = "us-east-1".parse().expect("a Region");
    let input = StepInput::read(payload)?;
    let outside = simulated.outside();
    match function {
        Function::Preflight => preflight::handle(&outside, &here, input).await,
        Function::CreateEndpoint => create_endpoint::handle(&outside, input).await,
        Function::StatusPolling => status_polling::handle(&outside, input).await,
        Function::EnableDns => enable_dns::handle(&outside, input).await,
        Function::ConfirmConnection => confirm_connection::handle(&outside, input).await,
        Function::DeleteEndpoint => roll_back::handle(&outside, input).await,
    }
}
