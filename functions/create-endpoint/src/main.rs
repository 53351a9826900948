//! Creates the endpoint or shares one of ours, and makes what else the connection consists of.

use tieline::steps::create_endpoint;
use tieline_aws::{Aws, lambda};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    lambda::start_logging();
    let aws = Aws::connect()?;
    lambda::serve(&aws, create_endpoint::handle).await
}
