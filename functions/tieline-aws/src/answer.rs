//! What an SDK says of a call that failed, in our words.

use std::error::Error;

use aws_sdk_ec2::config::http::HttpResponse;
use aws_sdk_ec2::error::{BuildError, ProvideErrorMetadata, SdkError};
use tieline::outside::{CallError, Reply, chain};

/// Makes a call of the SDK's.
pub(crate) async fn ask<T, E>(
    action: &'static str,
    call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
) -> Reply<T>
where
    E: ProvideErrorMetadata + Error + 'static,
{
    call.await.map_err(call_error(action))
}

/// Deleting what is gone already is fine.
pub(crate) fn gone_is_fine<T>(deleted: Reply<T>) -> Reply<()> {
    match deleted {
        Err(error) if !error.is_missing() => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// What is missing is none.
pub(crate) fn there<T>(answer: Reply<T>) -> Reply<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Turns an SDK's error into ours.
pub(crate) fn call_error<E>(action: &'static str) -> impl Fn(SdkError<E, HttpResponse>) -> CallError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    move |error| {
        if let SdkError::ServiceError(answer) = &error
            // A success that cannot be read is no refusal, though the SDK hands it over as one.
            && !answer.raw().status().is_success()
        {
            let (code, message) = (answer.err().code(), answer.err().message());
            let status = answer.raw().status().as_u16();
            return CallError::answered(
                action,
                status,
                code.unwrap_or("Unknown"),
                message.unwrap_or("no message"),
            );
        }
        // No answer, half of one, or none in time: the request may have been sent, and may have had its effect.
        // The SDK's own display of the causes adds a debug dump.
        CallError::unavailable(action, chain(&error))
    }
}

/// A field that every real answer has. A made-up value in its place could be acted on.
pub(crate) fn required<T>(action: &'static str, field: &str, value: Option<T>) -> Reply<T> {
    value.ok_or_else(|| CallError::unavailable(action, format!("the answer has no usable {field}")))
}

/// A request that could not even be put together; nothing was sent.
pub(crate) fn incomplete(action: &'static str) -> impl Fn(BuildError) -> CallError {
    move |error| CallError::refused(action, "Incomplete", error.to_string())
}
