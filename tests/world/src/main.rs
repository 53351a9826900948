//! The simulated outside world as a server: `cargo run -p world -- --port 4599`.

use clap::Parser;
use world::scenario::Scenario;
use world::server::{self, Options};

/// The simulated outside world on one loopback port: EC2's endpoints, Aurora DSQL, DMS, Route 53, IAM,
/// Secrets Manager and Service Quotas, TiDB Cloud and Confluent Cloud.
#[derive(Debug, Parser)]
struct Arguments {
    /// The port on 127.0.0.1; 0 means a free one.
    #[arg(long, default_value_t = 4599)]
    port: u16,
    /// The scenario to begin with.
    #[arg(long, default_value = "default")]
    scenario: String,
    /// How many virtual seconds pass in a real one.
    #[arg(long, default_value_t = 1.0)]
    time_scale: f64,
    /// List the scenarios and leave.
    #[arg(long)]
    list: bool,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let Arguments {
        port,
        scenario,
        time_scale,
        list,
    } = Arguments::parse();
    if list {
        Scenario::all()
            .iter()
            .for_each(|scenario| println!("{:26} {}", scenario.name, scenario.about));
        return Ok(());
    }
    let running = server::start(Options {
        port,
        scenario,
        time_scale,
    })
    .await?;
    print_usage(&running.url());
    tokio::signal::ctrl_c().await?;
    running.stop().await;
    Ok(())
}

fn print_usage(url: &str) {
    println!(
        "The world listens on {url}. In another shell:

  export AWS_ENDPOINT_URL={url} AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any
  aws ec2 describe-vpcs
  curl {url}/_world/scenarios
  curl {url}/_world/state

The vendors' hosts are paths: {url}/dedicated.tidbapi.com/…, {url}/serverless.tidbapi.com/…,
{url}/api.confluent.cloud/…"
    );
}
