//! Removes what a failed request made.

use tieline::steps::roll_back;
use tieline_aws::{Aws, lambda};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    lambda::start_logging();
    let aws = Aws::connect()?;
    lambda::serve(&aws, roll_back::handle).await
}
