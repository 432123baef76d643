//! CHECK_CLIENT_CONFIG: whether this broker understands a client's subscription.

use serde::Deserialize;

use crate::call::{Answer, Call, Outcome};
use crate::error::Refusal;
use crate::subscription::{ExpressionType, Subscription};

/// The part of the body that matters.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientConfig {
    subscription_data: Option<SubscriptionData>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct SubscriptionData {
    topic: String,
    sub_string: String,
    expression_type: Option<String>,
}

/// Answers success for subscriptions by tag.
pub(crate) fn handle(call: &Call<'_>) -> Outcome {
    let config: ClientConfig = serde_json::from_slice(call.body).map_err(|error| {
        Refusal::unusable(format!("the body is no client configuration: {error}"))
    })?;
    let Some(data) = config.subscription_data else {
        return Ok(Answer::ok());
    };
    let language = ExpressionType::from(data.expression_type.as_deref().unwrap_or_default());
    if language != ExpressionType::Tag {
        let remark =
            format!("The broker does not support consumer to filter message by {language}");
        return Err(Refusal::unusable(remark));
    }
    Subscription::parse(&data.topic, &data.sub_string, language, 0)?;
    Ok(Answer::ok())
}
