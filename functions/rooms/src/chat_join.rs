//! `/api/chats/{code}/join/`: coming in under a name, and leaving.

use std::sync::Arc;

use confab_aws::Rate;
use confab_kernel::{Clock, Entropy, Error, Result, worker::Read};
use confab_lambda::{Call, Reply, reply};
use http::{Method, StatusCode};
use rooms_domain::{Person, Place, Username, suggestions};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{
    Lobby,
    doorman::place,
    store::{Joined, Visited},
};

/// Codes that somebody may try.
const TRIES: u32 = 30;
const SUGGESTED: usize = 3;

#[derive(Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Joining {
    #[schema(min_length = 2, max_length = 24)]
    username: String,
    #[serde(default)]
    access_code: Option<String>,
}

#[derive(Serialize, TS, ToSchema)]
pub(crate) struct Names {
    suggestions: Vec<Username>,
}

pub async fn handle(deps: Arc<Lobby>, call: Call) -> Result<Reply> {
    let (code, user) = (place(&call)?.0, deps.rooms.doorman.caller(&call).await?);
    match *call.request.method() {
        Method::GET => {
            deps.rooms.store.visit(code, Some(user), Read::MayLag).await?;
            let mut free = deps.rooms.store.free_names(code, suggestions(deps.rooms.entropy.bytes())).await?;
            free.truncate(SUGGESTED);
            reply::json(StatusCode::OK, &Names { suggestions: free })
        }
        Method::DELETE => {
            let visited = deps.rooms.store.visit(code, Some(user), Read::Latest).await?;
            if visited.person.is_some_and(|person| person.is_inside()) {
                deps.rooms.store.set_place(code, user, Some(Place::Inside), Place::Left).await?;
            }
            Ok(reply::empty(StatusCode::NO_CONTENT))
        }
        _ => {
            let wanted: Joining = call.json()?;
            let visited = deps.rooms.store.visit(code, Some(user), Read::Latest).await?;
            join(&deps, visited, user, &wanted).await
        }
    }
}

async fn join(deps: &Lobby, visited: Visited, user: confab_kernel::UserId, wanted: &Joining) -> Result<Reply> {
    let (code, now) = (visited.room.code, deps.rooms.clock.now());
    let is_trying = visited.room.access_code.is_some() && !visited.person.as_ref().is_some_and(Person::is_inside);
    if is_trying {
        Rate::per_hour(TRIES).take(&deps.rooms.store.table, &format!("join#{code}#{user}"), now).await?;
    }
    visited.room.lets_in(visited.standing, visited.person.as_ref(), wanted.access_code.as_deref())?;
    let username = Username::parse(&wanted.username)?;
    let was = visited.person.clone();
    let person = match was.clone() {
        Some(was) => Person { username, place: Place::Inside, ..was },
        None => Person::new(user, username, now),
    };
    match deps.rooms.store.join(code, was.as_ref(), &person).await? {
        Joined::Yes => {}
        Joined::NameTaken => return Err(Error::conflict("name_taken", "The name is taken.")),
        Joined::Raced => return Err(Error::conflict("changed_meanwhile", "Try again.")),
    }
    let last_seq = deps.rooms.store.latest(code, visited.reserved, Read::MayLag).await?.last_seq;
    let standing = visited.room.standing(Some(user), Some(&person));
    let visited = Visited { person: Some(person), standing, ..visited };
    reply::json(StatusCode::OK, &deps.shows(&visited, last_seq)?)
}
