//! Looks at the endpoint once and names the next state. Only reads.

use tieline::steps::status_polling;
use tieline_aws::{Aws, lambda};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    lambda::start_logging();
    let aws = Aws::connect()?;
    lambda::serve(&aws, status_polling::handle).await
}
