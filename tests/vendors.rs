//! The targets that vendors own, from event to result, in one process.

use serde_json::{Value, json};
use tests::{detail, play, request};

#[tokio::test]
async fn try_all() {
    for name in [
        "tidb-cloud-dedicated",
        "tidb-cloud-serverless",
        "tidb-cloud-to-confluent",
        "dms-tidb-cloud",
        "endpoint-service-private-zone",
        "aurora-dsql-private-zone",
        "aurora-dsql-no-dns",
    ] {
        let (ended, simulated) = play("default", request(name)).await;
        let d: Value = detail(&ended).clone();
        println!(
            "== {name} {} {} s\n{}\n{:?}",
            ended.status,
            ended.seconds,
            serde_json::to_string_pretty(&d).unwrap(),
            ended.states
        );
        let w: Vec<String> = simulated
            .world()
            .writes()
            .map(|c| format!("{} {}", c.action, c.outcome))
            .collect();
        println!("{w:?} calls {}", simulated.world().calls().len());
    }
    let _ = json!(1);
}
