//! Tries a connection from within its VPC.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use tieline::trial::{Report, Trial};
use verify_connection::Verifier;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let verifier = &Verifier::from_env()?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Trial>| async move {
        Ok::<Report, Error>(verifier.try_out(&event.payload).await)
    }))
    .await
}
