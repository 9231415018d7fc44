//! What a broadcast reads of a room.

use std::collections::BTreeSet;

use confab_core::{CorrelationId, Result, UserId};
use confab_live::ChannelReader;
use confab_worker::Consistency;
use rooms_domain::{Person, RoomCode, RoomUpdate};

use super::Store;
use crate::room_channels::RoomChannels;

impl ChannelReader<RoomChannels> for &Store {
    async fn members(
        &self,
        room: &RoomCode,
        users: &[UserId],
        correlation_id: CorrelationId,
    ) -> Result<BTreeSet<UserId>> {
        let people = self.find_people(*room, users, Consistency::Strong, correlation_id);
        let members = people.await?.into_iter().filter(Person::is_member);
        Ok(members.map(|person| person.user_id).collect())
    }

    async fn messages_from(
        &self,
        room: &RoomCode,
        first_seq: u64,
        limit: usize,
        correlation_id: CorrelationId,
    ) -> Result<Vec<RoomUpdate>> {
        let messages = self.messages_after(*room, first_seq - 1, limit, correlation_id);
        let posted = messages
            .await?
            .into_iter()
            .map(|message| RoomUpdate::MessagePosted {
                message: Box::new(message),
                is_busy: true,
            });
        Ok(posted.collect())
    }
}
