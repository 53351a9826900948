//! AWS DMS, Route 53, IAM and Secrets Manager on the world's model, asked in AWS's own words.

mod dms;
mod route53;

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tieline::error::{CallError, READ_SECRET};
use tieline::ids::SecretArn;
use tieline_vendors::Secrets;
use world::model::secrets::GetSecretValue;
use world::{Operation, World};

use crate::outside::Simulated;

impl Simulated {
    /// Makes a call with its parameters as AWS names them; what the world does not know of them is a panic.
    fn ask<O>(&self, action: &'static str, parameters: Value) -> Result<Value, CallError>
    where
        O: Operation + DeserializeOwned,
    {
        let operation: O = serde_json::from_value(parameters)
            .unwrap_or_else(|error| panic!("{action} in the world: {error}"));
        let answer = self.call(action, |world: &mut World| world.call(operation.clone()))?;
        Ok(serde_json::to_value(answer).unwrap_or_default())
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn texts(values: &Value) -> Vec<String> {
    values.as_array().into_iter().flatten().map(text).collect()
}

fn tags(list: &Value) -> BTreeMap<String, String> {
    let pairs = list.as_array().into_iter().flatten();
    pairs
        .map(|tag| (text(&tag["Key"]), text(&tag["Value"])))
        .collect()
}

fn tag_list(tags: &BTreeMap<String, String>) -> Value {
    tags.iter()
        .map(|(key, value)| json!({"Key": key, "Value": value}))
        .collect()
}

fn gone(answer: Result<Value, CallError>) -> Result<(), CallError> {
    match answer {
        Err(error) if !error.is_missing() => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn done(answer: Result<Value, CallError>) -> Result<(), CallError> {
    answer.map(|_| ())
}

#[async_trait]
impl Secrets for Simulated {
    async fn read(&self, arn: &SecretArn) -> Result<String, CallError> {
        let asked = json!({"SecretId": arn});
        let answer = self.ask::<GetSecretValue>(READ_SECRET, asked)?;
        Ok(text(&answer["SecretString"]))
    }
}
