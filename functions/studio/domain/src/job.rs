//! What goes through the studio's queues, and under which keys.

use confab_kernel::messaging::{Address, Inbound, Status};
use serde::{Deserialize, Serialize};

/// A message to answer. One version a variant: a worker reads what an older webhook put on the queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "version")]
pub enum Job {
    #[serde(rename = "1")]
    V1 { message: Inbound },
}

/// What became of a message of ours. On a queue of its own: a message that is tried again waits for just this, and may
/// stand before a long line of others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "version")]
pub enum StatusJob {
    #[serde(rename = "1")]
    V1 { status: Status },
}

/// Messages with the same key are handled in order. The scoped id comes first: a phone number may be absent from some
/// webhooks of a person, the scoped id is in all of them.
pub fn conversation_of(address: &Address) -> String {
    let person = &address.person;
    let scoped = person.scoped_id.as_ref().map(|id| id.as_str());
    let phone = person.phone.as_ref().map(|phone| phone.digits());
    let person = scoped.or(phone).unwrap_or("nobody");
    format!("{}#{}#{person}", address.channel.name(), address.business)
}

/// The event's key in the inbox: the same in every copy of the delivery.
pub fn event_of(message: &Inbound) -> String {
    format!("{}#{}", message.from.channel.name(), message.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use confab_kernel::{
        Phone,
        messaging::{Channel, Identity},
    };

    fn address(phone: Option<&str>, scoped_id: Option<&str>) -> Address {
        Address {
            channel: Channel::Meta,
            business: "106".into(),
            person: Identity {
                phone: phone.and_then(|digits| Phone::parse(digits).ok()),
                scoped_id: scoped_id.map(Into::into),
            },
        }
    }

    #[test]
    fn a_person_who_hides_the_number_stays_in_one_conversation() {
        let shown = address(Some("16505551234"), Some("US.1"));
        let hidden = address(None, Some("US.1"));
        assert_eq!(conversation_of(&shown), conversation_of(&hidden));
        assert_ne!(conversation_of(&shown), conversation_of(&address(Some("16505551234"), Some("US.2"))));
    }
}
