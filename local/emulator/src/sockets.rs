//! API Gateway's WebSocket API: who is connected, what that costs, and when it ends. The protocol is in `connection`,
//! opening in `handshake`, what functions do with connections in `management`.

mod authorizer;
mod connection;
mod counts;
mod events;
mod handshake;
mod integration;
pub mod management;
mod messages;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    response::Response,
};
use serde_json::{Value, json};

use crate::{cloud::Cloud, template::SocketApi};
use connection::{Connection, Ending};
use counts::Counts;

/// Nothing may be said for so long, and a connection may last so long, by local's clock.
const LONGEST_SILENCE_MS: i64 = 10 * 60 * 1_000;
const LONGEST_MS: i64 = 2 * 3_600 * 1_000;

/// One WebSocket API of the template.
#[derive(Debug)]
struct Api {
    spec: SocketApi,
    counts: Counts,
}

#[derive(Debug)]
pub struct Sockets {
    apis: Vec<Arc<Api>>,
    /// By id. Whoever takes one out ends it: it is not there any more for anybody else.
    open: Mutex<HashMap<String, Arc<Connection>>>,
}

/// The listener of its own. AWS has the two kinds of address, `wss://` and `https://`, on one domain too.
pub fn router(cloud: Arc<Cloud>) -> Router {
    Router::new().fallback(answer).with_state(cloud)
}

async fn answer(State(cloud): State<Arc<Cloud>>, request: Request) -> Response {
    match management::is_call_to_apis(request.uri().path()) {
        true => management::answer(&cloud, request).await,
        false => handshake::answer(cloud, request).await,
    }
}

impl Sockets {
    pub fn new(apis: &[SocketApi]) -> Self {
        let apis = apis.iter().map(|spec| {
            Arc::new(Api {
                spec: spec.clone(),
                counts: Counts::default(),
            })
        });
        Self {
            apis: apis.collect(),
            open: Mutex::default(),
        }
    }

    /// The API whose stage a client's path names: `/live`, or `/rooms/live` with the API's id.
    fn api_at(&self, path: &str) -> Option<&Arc<Api>> {
        let path = path.trim_matches('/');
        let named = |api: &&Arc<Api>| {
            path == api.spec.path || path == format!("{}/{}", api.spec.id, api.spec.stage)
        };
        self.apis.iter().find(named)
    }

    /// The API that a call about a connection is for, by what stands before `@connections`: nothing, a stage, or the
    /// API's id and its stage. An open connection knows its API.
    fn api_of(&self, place: &str, connection_id: &str) -> Option<Arc<Api>> {
        let fits = |api: &Arc<Api>| {
            let SocketApi { id, stage, .. } = &api.spec;
            place.is_empty() || place == stage || place == format!("{id}/{stage}")
        };
        match self.get(connection_id) {
            Some(connection) => Some(connection.about.api.clone()).filter(fits),
            None => self.apis.iter().find(|api| fits(api)).cloned(),
        }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<String, Arc<Connection>>> {
        // A panic elsewhere leaves the map whole: each change is one insert or one removal.
        self.open
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn get(&self, id: &str) -> Option<Arc<Connection>> {
        self.open().get(id).cloned()
    }

    fn add(&self, connection: Arc<Connection>) {
        connection
            .about
            .api
            .counts
            .opened(connection.about.connected_at);
        self.open().insert(connection.about.id.clone(), connection);
    }

    /// False when it had ended before.
    fn remove(&self, connection: &Connection, now: i64) -> bool {
        let is_first = self.open().remove(&connection.about.id).is_some();
        if is_first {
            connection
                .about
                .api
                .counts
                .closed(now - connection.about.connected_at);
        }
        is_first
    }

    /// Ends a connection from outside of it; false when there is no such connection.
    fn end(&self, id: &str, ending: Ending, now: i64) -> bool {
        let Some(connection) = self.get(id) else {
            return false;
        };
        let is_first = self.remove(&connection, now);
        if is_first {
            connection.end(ending);
        }
        is_first
    }

    /// False when the client is gone, or has read so little that it is treated as gone.
    fn post(&self, connection: &Connection, frame: Bytes, now: i64) -> bool {
        let is_taken = connection.post(frame, now);
        if !is_taken {
            self.end(&connection.about.id, Ending::vanished(), now);
        }
        is_taken
    }

    /// Ends what has been silent, or there, for too long.
    pub fn sweep(&self, now: i64) {
        let is_over = |connection: &Connection| {
            connection.last_active_at() + LONGEST_SILENCE_MS <= now
                || connection.about.connected_at + LONGEST_MS <= now
        };
        let over: Vec<_> = self
            .open()
            .values()
            .filter(|connection| is_over(connection))
            .cloned()
            .collect();
        for connection in over {
            self.end(&connection.about.id, Ending::going_away(), now);
        }
    }

    /// Counts of each API.
    pub fn snapshot(&self, now: i64) -> Value {
        let open = self.open();
        let apis = self.apis.iter().map(|api| {
            let own = || {
                open.values()
                    .filter(|connection| Arc::ptr_eq(&connection.about.api, api))
            };
            let mut about = api.counts.snapshot(
                own()
                    .map(|connection| now - connection.about.connected_at)
                    .sum(),
            );
            about["api"] = json!(api.spec.logical_id);
            about["open"] = json!(own().count());
            about
        });
        apis.collect()
    }

    /// Loses a connection as a network does; false when it is not open. `silently`: `$disconnect` is not called.
    pub fn drop_connection(&self, id: &str, silently: bool, now: i64) -> bool {
        self.end(id, Ending::dropped(silently), now)
    }

    pub fn list(&self, limit: usize) -> Vec<Value> {
        let mut all: Vec<_> = self.open().values().cloned().collect();
        all.sort_by_key(|connection| connection.about.connected_at);
        let about = |connection: &Arc<Connection>| {
            json!({
                "connection_id": connection.about.id,
                "connected_at": connection.about.connected_at,
                "last_active_at": connection.last_active_at(),
                "user_agent": connection.about.user_agent,
                "authorizer": connection.about.authorizer,
            })
        };
        all.iter().rev().take(limit).map(about).collect()
    }
}

/// What starts a function, as its triggers are told.
pub fn triggers<'a>(apis: &'a [SocketApi], arn: &'a str) -> impl Iterator<Item = String> + 'a {
    let routes = apis
        .iter()
        .flat_map(|api| &api.routes)
        .filter(move |(_, route)| route.function_arn == arn);
    let authorizers = apis.iter().filter_map(|api| api.authorizer.as_ref());
    let authorizer = authorizers.filter(move |authorizer| authorizer.function_arn == arn);
    routes
        .map(|(key, _)| format!("socket {key}"))
        .chain(authorizer.map(|_| "socket authorizer".to_owned()))
}

/// Ids of connections, messages and requests look alike: sixteen characters, the last of which is `=`.
fn new_id() -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE};
    let random = uuid::Uuid::new_v4().into_bytes();
    URL_SAFE.encode(&random[..11])
}

/// Sweeps until local stops. The clock may also be moved: whoever moves it sweeps at once.
pub async fn sweep_forever(cloud: Arc<Cloud>) {
    loop {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        cloud.sockets.sweep(cloud.clock.now());
    }
}
