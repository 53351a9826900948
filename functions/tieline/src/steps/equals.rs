//! Other executions of an equal request: what one of them still waits for, another one does not take away.

use serde_json::Value;

use crate::execution::EndedExecution;
use crate::outside::{Outside, Reply};
use crate::ownership::run_mark;
use crate::request::Request;
use crate::workflow::Work;

/// How many executions are looked at: Step Functions allows some 15 such looks a second. Beyond that, an equal that finds its
/// endpoint gone makes another one.
const MANY: usize = 40;

/// An execution that waits for what this one is about to remove, as marks name it. Those that fail together hand it to each
/// other, and each of them to nobody twice, so that one of them removes it. What has no marks by execution is handed to a
/// younger one only, for the same reason.
pub(super) async fn heir(work: &Work<'_>, is_marked: bool) -> Reply<Option<String>> {
    let executions = work.outside.executions;
    let (own, cleaning) = (&work.execution, work.progress.cleaning);
    let Some(mut running) = executions.running(&own.machine()).await? else {
        return Ok(None);
    };
    running.retain(|(arn, began)| {
        *arn != own.id
            && (cleaning || is_marked || *began > own.started())
            && !work.progress.handed_to.contains(&run_mark(arn))
    });
    running.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
    for (arn, _) in running.into_iter().take(MANY) {
        let run = executions.execution(&arn).await?;
        let input = run.filter(|run| run.is_running).and_then(|run| run.input);
        let asked = input.and_then(|text| serde_json::from_str::<Value>(&text).ok());
        if asked.is_some_and(|asked| is_equal(work, asked)) {
            return Ok(Some(run_mark(&arn)));
        }
    }
    Ok(None)
}

/// Whether it asks for the same connection, and to have it made.
fn is_equal(work: &Work<'_>, asked: Value) -> bool {
    let owner = &work.plan.owner;
    EndedExecution::read(&asked).is_none()
        && Request::read(asked, &owner.region).is_ok_and(|request| {
            !request.dry_run
                && request.request_id == owner.request_id
                && request.shape.fingerprint() == owner.fingerprint
        })
}

/// Whether an execution that marks name so still runs. One that cannot be asked about does.
pub(super) async fn runs(outside: &Outside<'_>, machine: &str, mark: &str) -> Reply<bool> {
    let running = outside.executions.running(machine).await?;
    Ok(running.is_none_or(|all| all.iter().any(|(arn, _)| run_mark(arn) == mark)))
}
