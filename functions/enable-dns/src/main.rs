//! Turns private DNS on, once the endpoint is available.

use tieline::steps::enable_dns;
use tieline_aws::{Aws, lambda};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    lambda::start_logging();
    let aws = Aws::connect()?;
    lambda::serve(&aws, enable_dns::handle).await
}
