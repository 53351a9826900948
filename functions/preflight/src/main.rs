//! Checks a request and plans it. Only reads.

use tieline::steps::preflight;
use tieline_aws::{Aws, lambda};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    lambda::start_logging();
    let aws = Aws::connect()?;
    lambda::serve(&aws, async |outside, input| {
        preflight::handle(outside, aws.region(), input).await
    })
    .await
}
