//! Marks a connection as confirmed before anybody is told of it.

use tieline::steps::confirm_connection;
use tieline_aws::{Aws, lambda};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    lambda::start_logging();
    let aws = Aws::connect()?;
    lambda::serve(&aws, confirm_connection::handle).await
}
