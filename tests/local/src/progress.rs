//! What is happening, for a person who watches.

use std::time::Duration;

use anyhow::Result;
use serde_json::Value;

use crate::ministack::pause;
use crate::stage::Stage;

/// Prints each state as it is entered, and what the machine waits for, until the execution ends.
pub(crate) async fn follow(stage: &Stage, execution: &str) -> Result<()> {
    let (mut seen, mut begin, mut last) = (0, None, String::new());
    loop {
        let running = stage.status(execution).await? == "RUNNING";
        let history = stage.history(execution).await?;
        for event in &history[seen.min(history.len())..] {
            let time = event["timestamp"].as_f64().unwrap_or_default();
            let begin = *begin.get_or_insert(time);
            if let Some(line) = line(event).filter(|line| *line != last) {
                eprintln!("{:>6.1} s  {line}", time - begin);
                last = line;
            }
        }
        seen = history.len();
        if !running {
            return Ok(());
        }
        pause(Duration::from_millis(100)).await;
    }
}

/// Choices say nothing that the state behind them does not say; a wait says what for.
fn line(event: &Value) -> Option<String> {
    let details = &event["stateEnteredEventDetails"];
    let name = details["name"].as_str()?;
    let kind = event["type"].as_str()?;
    if kind.starts_with("Choice") {
        return None;
    }
    let input: Value =
        serde_json::from_str(details["input"].as_str().unwrap_or_default()).unwrap_or_default();
    Some(
        match input["waitingFor"]
            .as_str()
            .filter(|_| kind.starts_with("Wait"))
        {
            Some(what) => format!("{name}: {what}"),
            None if kind.starts_with("Wait") || name == "Poll the status" => return None,
            None => name.to_owned(),
        },
    )
}
