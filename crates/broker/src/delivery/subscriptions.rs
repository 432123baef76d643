//! Subscriptions that came with pulls: a consumer sends the same one with each of its pulls.

use std::cell::RefCell;
use std::hash::BuildHasher;
use std::sync::Arc;

use ferromq_wire::request::PullRequest;
use rustc_hash::FxBuildHasher;

use crate::error::Refusal;
use crate::subscription::{ExpressionType, Subscription};

/// Subscriptions remembered.
const COUNT: usize = 128;
/// Longest expression that is remembered, in bytes.
const EXPRESSION_BYTES_MAX: usize = 1024;

/// The last subscriptions that one thread met. Two that fall on one place only cost the parsing.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    /// As many as [`COUNT`], once there is one.
    known: RefCell<Vec<Option<Arc<Subscription>>>>,
}

impl Subscriptions {
    /// The subscription that a request carries itself.
    pub(crate) fn parse(&self, request: &PullRequest<'_>) -> Result<Arc<Subscription>, Refusal> {
        let language = ExpressionType::from(request.expression_type.unwrap_or_default());
        let expression = request.subscription.unwrap_or_default();
        let (topic, version) = (request.topic, request.sub_version);
        let place = FxBuildHasher.hash_one((topic, expression, version)) % COUNT as u64;
        let place = usize::try_from(place).unwrap_or(0);
        let mut known = self.known.borrow_mut();
        if let Some(Some(known)) = known.get(place)
            && &*known.topic == topic
            && &*known.expression == expression
            && known.version == version
            && known.expression_type == language
        {
            return Ok(Arc::clone(known));
        }
        let parsed = Arc::new(Subscription::parse(topic, expression, language, version)?);
        if expression.len() <= EXPRESSION_BYTES_MAX {
            known.resize(COUNT, None);
            known[place] = Some(Arc::clone(&parsed));
        }
        Ok(parsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_requests_share_a_subscription_and_others_do_not() {
        let all = Subscriptions::default();
        let request = |subscription, topic, sub_version| PullRequest {
            subscription: Some(subscription),
            topic,
            sub_version,
            ..PullRequest::default()
        };
        let first = all.parse(&request("A || B", "T", 1)).unwrap();
        let again = all.parse(&request("A || B", "T", 1)).unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        for other in [
            request("A", "T", 1),
            request("A || B", "U", 1),
            request("A || B", "T", 2),
        ] {
            let parsed = all.parse(&other).unwrap();
            assert_eq!(&*parsed.expression, other.subscription.unwrap());
            assert_eq!(
                (&*parsed.topic, parsed.version),
                (other.topic, other.sub_version)
            );
        }
        assert!(all.parse(&request("||", "T", 1)).is_err());
    }
}
