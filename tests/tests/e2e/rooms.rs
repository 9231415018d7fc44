//! Rooms as people have them: coming in, talking live, and being told no. The same on local and on a deployed stack.

use anyhow::{Context, Result, ensure};
use confab_e2e::{Guest, Place, eventually};
use reqwest::Method;
use serde_json::{Value, json};

/// Returns the status and the error code of an attempt to join.
async fn told(who: &Guest, room: &str, join: &Value) -> Result<(u16, String)> {
    let (status, body) = who
        .asks(
            Method::POST,
            &format!("/api/chats/{room}/join/"),
            Some(join),
        )
        .await?;
    Ok((
        status.as_u16(),
        body["code"].as_str().unwrap_or_default().to_owned(),
    ))
}

#[tokio::test]
async fn messages_are_delivered_once_in_order() -> Result<()> {
    let place = Place::any().await?;
    let (dana, omer) = (Guest::new(&place).await?, Guest::new(&place).await?);
    let code = dana.opens("Roof at dusk", "Dana").await?;
    omer.joins(&code, "Omer").await?;
    let (hers, his) = (dana.connects(&code).await?, omer.connects(&code).await?);
    assert_eq!(hers.greets(None).await?["last_seq"], 0);
    his.greets(None).await?;
    // New members are visible at once.
    assert_eq!(
        hers.hears_of("online", |frame| frame["online"] == 2)
            .await?["online"],
        2
    );
    for number in 0..20 {
        let (who, name) = if number % 3 == 0 {
            (&his, "omer")
        } else {
            (&hers, "dana")
        };
        who.says(
            &format!("{name}-message-{number}"),
            &format!("word {number}"),
        )
        .await?;
        who.shows(&format!("word {number}")).await?;
    }
    let expected: Vec<_> = (0..20).map(|number| format!("word {number}")).collect();
    for live in [&hers, &his] {
        live.shows("word 19").await?;
        assert_eq!(live.texts(), expected);
    }
    let seqs: Vec<_> = his
        .shown()
        .iter()
        .filter_map(|message| message["seq"].as_u64())
        .collect();
    assert_eq!(seqs, (1..=20).collect::<Vec<_>>(), "from one, without gaps");
    let read = omer.reads(&code).await?;
    assert_eq!(read, his.shown(), "what is read is what was heard");
    Ok(())
}

#[tokio::test]
async fn repeated_messages_are_stored_once() -> Result<()> {
    let place = Place::any().await?;
    let dana = Guest::new(&place).await?;
    let code = dana.opens("Echo", "Dana").await?;
    let live = dana.connects(&code).await?;
    live.greets(None).await?;
    let tries = (0..8).map(|number| {
        let (dana, code, live) = (&dana, &code, &live);
        async move {
            match number % 2 {
                0 => dana.says(code, "the-same-id", "once").await.map(drop),
                _ => live.says("the-same-id", "once").await,
            }
        }
    });
    for outcome in futures::future::join_all(tries).await {
        outcome?;
    }
    live.shows("once").await?;
    dana.says(&code, "another-id", "and on").await?;
    live.shows("and on").await?;
    assert_eq!(live.texts(), ["once", "and on"]);
    assert_eq!(dana.reads(&code).await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn reconnecting_members_receive_missed_messages() -> Result<()> {
    let place = Place::any().await?;
    let (dana, omer) = (Guest::new(&place).await?, Guest::new(&place).await?);
    let code = dana.opens("Long talk", "Dana").await?;
    omer.joins(&code, "Omer").await?;
    let his = omer.connects(&code).await?;
    his.greets(None).await?;
    dana.says(&code, "message-0", "first").await?;
    his.shows("first").await?;
    drop(his);
    // One alone would be told to slow down.
    let mut speakers = vec![dana.clone()];
    for number in 1..5 {
        let speaker = Guest::new(&place).await?;
        speaker.joins(&code, &format!("Speaker {number}")).await?;
        speakers.push(speaker);
    }
    for number in 1..=30 {
        let text = format!("missed {number} {}", "x".repeat(1_900));
        speakers[number % 5]
            .says(&code, &format!("message-{number}"), &text)
            .await?;
    }
    let back = omer.connects(&code).await?;
    assert_eq!(back.greets(Some(1)).await?["last_seq"], 31);
    eventually(|| async {
        ensure!(back.shown().len() == 30, "{} of 30", back.shown().len());
        Ok(())
    })
    .await?;
    ensure!(back.count("backfill") >= 2, "60 KB do not fit into a frame");
    back.sends(&json!({ "type": "ping", "read_seq": 31 }))
        .await?;
    let pong = back.hears("pong").await?;
    assert_eq!((&pong["last_seq"], &pong["v"]), (&json!(31), &json!(1)));
    // A member without any history gets the latest page over REST.
    let page = omer
        .gets(&format!("/api/chats/{code}/messages/?limit=10"))
        .await?;
    let seqs: Vec<_> = page["messages"]
        .as_array()
        .context("messages")?
        .iter()
        .map(|m| m["seq"].clone())
        .collect();
    assert_eq!(seqs, (22..=31).map(|seq| json!(seq)).collect::<Vec<_>>());
    let before = omer
        .gets(&format!("/api/chats/{code}/messages/?before=22&limit=100"))
        .await?;
    assert_eq!(before["messages"].as_array().map(Vec::len), Some(21));
    Ok(())
}

#[tokio::test]
async fn usernames_are_unique_by_likeness() -> Result<()> {
    let place = Place::any().await?;
    let (dana, omer) = (Guest::new(&place).await?, Guest::new(&place).await?);
    let code = dana.opens("Names", "Dana").await?;
    let join = format!("/api/chats/{code}/join/");
    for taken in [
        "Dana",
        "dana",
        " D\u{430}na ",
        "Da\u{200b}na",
        "Ｄａｎａ",
        "Admin",
    ] {
        assert_eq!(
            told(&omer, &code, &json!({ "username": taken })).await?,
            (409, "name_taken".into()),
            "{taken}"
        );
    }
    let suggested = omer.gets(&join).await?;
    let name = suggested["suggestions"][0]
        .as_str()
        .context("a suggestion")?
        .to_owned();
    assert_eq!(
        omer.joins(&code, &name).await?["you"]["username"],
        name.as_str()
    );
    // A former name stays reserved, because messages under it remain.
    omer.joins(&code, "Omer").await?;
    let noa = Guest::new(&place).await?;
    assert_eq!(
        told(&noa, &code, &json!({ "username": name })).await?,
        (409, "name_taken".into())
    );
    omer.joins(&code, &name).await?;
    noa.joins(&code, "Noa").await?;
    // Everybody sees who the host is, under whatever name.
    let hers = noa.connects(&code).await?;
    hers.greets(None).await?;
    dana.joins(&code, "Boss").await?;
    assert_eq!(
        hers.hears("room").await?["room"]["host"]["username"],
        "Boss"
    );
    let people = dana.gets(&format!("/api/chats/{code}/people/")).await?;
    assert_eq!(
        people["people"].as_array().map(Vec::len),
        Some(3),
        "{people}"
    );
    Ok(())
}

#[tokio::test]
async fn deletions_reactions_and_replies_reach_all_members() -> Result<()> {
    let place = Place::any().await?;
    let (dana, omer) = (Guest::new(&place).await?, Guest::new(&place).await?);
    let code = dana.opens("Reactions", "Dana").await?;
    omer.joins(&code, "Omer").await?;
    let his = omer.connects(&code).await?;
    his.greets(None).await?;
    dana.says(&code, "message-1", "<img src=x onerror=alert(1)>")
        .await?;
    let said = his.shows("<img src=x onerror=alert(1)>").await?;
    let one = format!("/api/chats/{code}/messages/1");
    let heart = json!({ "emoji": "❤️", "on": true });
    omer.posts(&format!("{one}/reactions/"), &heart).await?;
    let again = omer.posts(&format!("{one}/reactions/"), &heart).await?;
    assert_eq!(again["reactions"][0]["count"], 1, "{again}");
    let reply = json!({ "client_msg_id": "message-2", "text": "indeed", "reply_to": 1 });
    omer.posts(&format!("/api/chats/{code}/messages/"), &reply)
        .await?;
    assert_eq!(his.shows("indeed").await?["reply_to"]["text"], said["text"]);
    assert_eq!(
        omer.asks(Method::DELETE, &format!("{one}/"), None).await?.0,
        403,
        "it is not his"
    );
    assert_eq!(
        dana.asks(Method::DELETE, &format!("{one}/"), None).await?.0,
        204
    );
    eventually(|| async {
        let shown = his.shown();
        ensure!(
            shown[0]["is_deleted"] == true && shown[0]["text"] == "",
            "{shown:?}"
        );
        Ok(())
    })
    .await?;
    his.hears_of("changed", |frame| {
        frame["message"]["seq"] == 2 && frame["message"]["reply_to"]["text"] == ""
    })
    .await?;
    let kept = omer.gets(&format!("/api/chats/{code}/messages/")).await?;
    ensure!(
        !kept.to_string().contains("onerror"),
        "neither itself nor who answered it: {kept}"
    );
    for wrong in [
        json!({ "emoji": "<b>", "on": true }),
        json!({ "emoji": "ab", "on": true }),
    ] {
        assert_eq!(
            omer.asks(Method::POST, &format!("{one}/reactions/"), Some(&wrong))
                .await?
                .0,
            400
        );
    }
    Ok(())
}

#[tokio::test]
async fn hosts_can_mute_kick_and_close() -> Result<()> {
    let place = Place::any().await?;
    let (dana, omer, noa) = (
        Guest::new(&place).await?,
        Guest::new(&place).await?,
        Guest::new(&place).await?,
    );
    let code = dana.opens("House rules", "Dana").await?;
    omer.joins(&code, "Omer").await?;
    noa.joins(&code, "Noa").await?;
    let (his, hers) = (omer.connects(&code).await?, noa.connects(&code).await?);
    his.greets(None).await?;
    hers.greets(None).await?;
    let act = |who: &Guest, act: &str| {
        (
            format!("/api/chats/{code}/people/{}/", who.id),
            json!({ "act": act }),
        )
    };
    let (path, mute) = act(&omer, "mute");
    assert_eq!(
        noa.asks(Method::POST, &path, Some(&mute)).await?.0,
        403,
        "only the host"
    );
    assert_eq!(dana.asks(Method::POST, &path, Some(&mute)).await?.0, 204);
    assert_eq!(his.hears("muted").await?["is_muted"], true);
    ensure!(hers.count("muted") == 0, "it is his affair");
    his.says("muted-message", "can you hear me").await?;
    assert_eq!(his.hears("refused").await?["code"], "muted");
    let (path, ban) = act(&omer, "ban");
    assert_eq!(dana.asks(Method::POST, &path, Some(&ban)).await?.0, 204);
    assert_eq!(his.hears("kicked").await?["reason"], "banned");
    his.ends().await?;
    ensure!(!hers.is_over(), "it was not about her");
    hers.sends(&json!({ "type": "typing", "on": true })).await?;
    assert_eq!(hers.hears("typing").await?["username"], "Noa");
    let people = format!("/api/chats/{code}/people/");
    assert_eq!(
        dana.gets(&people).await?["banned"],
        json!([{ "user_id": omer.id, "username": "Omer" }])
    );
    assert_eq!(
        noa.gets(&people).await?["banned"],
        Value::Null,
        "it is the host's"
    );
    let banned = json!({ "username": "Omer" });
    assert_eq!(told(&omer, &code, &banned).await?, (403, "banned".into()));
    let room = format!("/api/chats/{code}/");
    let change = json!({ "is_read_only": true });
    assert_eq!(dana.asks(Method::PATCH, &room, Some(&change)).await?.0, 200);
    assert_eq!(hers.hears("room").await?["room"]["is_read_only"], true);
    hers.says("too-late-message", "hello?").await?;
    assert_eq!(hers.hears("refused").await?["code"], "read_only");
    assert_eq!(dana.asks(Method::DELETE, &room, None).await?.0, 204);
    assert_eq!(hers.hears("kicked").await?["reason"], "closed");
    assert_eq!(noa.asks(Method::GET, &room, None).await?.0, 404);
    Ok(())
}

#[tokio::test]
async fn removed_members_receive_nothing_more() -> Result<()> {
    let place = Place::any().await?;
    let (dana, omer, noa) = (
        Guest::new(&place).await?,
        Guest::new(&place).await?,
        Guest::new(&place).await?,
    );
    let code = dana.opens("Open house", "Dana").await?;
    let (room, join) = (
        format!("/api/chats/{code}/"),
        format!("/api/chats/{code}/join/"),
    );
    omer.joins(&code, "Omer").await?;
    let (his, reader) = (omer.connects(&code).await?, noa.connects(&code).await?);
    his.greets(None).await?;
    reader.greets(None).await?;
    // Closed to readers: the one is shown out, and the other stays.
    let change = json!({ "is_public": false });
    assert_eq!(dana.asks(Method::PATCH, &room, Some(&change)).await?.0, 200);
    assert_eq!(reader.hears("kicked").await?["reason"], "members_only");
    reader.ends().await?;
    dana.says(&code, "message-1", "now that we are among us")
        .await?;
    his.shows("now that we are among us").await?;
    // Leaving on one device leaves on all.
    assert_eq!(omer.asks(Method::DELETE, &join, None).await?.0, 204);
    assert_eq!(his.hears("kicked").await?["reason"], "left");
    his.ends().await?;
    assert_eq!(
        dana.asks(Method::DELETE, &join, None).await?.0,
        409,
        "the host stays"
    );
    assert_eq!(dana.gets(&room).await?["you"]["role"], "host");
    Ok(())
}

#[tokio::test]
async fn read_positions_are_shared_between_devices() -> Result<()> {
    let place = Place::any().await?;
    let (dana, omer) = (Guest::new(&place).await?, Guest::new(&place).await?);
    let code = dana.opens("Two devices", "Dana").await?;
    omer.joins(&code, "Omer").await?;
    for number in 1..=3 {
        dana.says(&code, &format!("message-{number}"), "a word")
            .await?;
    }
    let his = omer.connects(&code).await?;
    his.greets(None).await?;
    let mine = |seq: Value, last: u64| {
        let omer = &omer;
        eventually(move || {
            let seq = seq.clone();
            async move {
                let mine = omer.gets("/api/chats/mine/").await?;
                let room = &mine["rooms"][0];
                ensure!(
                    room["you"]["read_seq"] == seq && room["last_seq"] == last,
                    "{mine}"
                );
                Ok(())
            }
        })
    };
    mine(Value::Null, 3).await?;
    his.sends(&json!({ "type": "ping", "read_seq": 2 })).await?;
    mine(json!(2), 3).await?;
    // Never back, and never further than what was said.
    his.sends(&json!({ "type": "ping", "read_seq": 1 })).await?;
    his.sends(&json!({ "type": "ping", "read_seq": 4_000_000_000_u64 }))
        .await?;
    mine(json!(3), 3).await?;
    Ok(())
}

/// Each route with each kind of stranger: all get the same response, and nothing of the room.
#[tokio::test]
async fn strangers_get_404_on_every_route() -> Result<()> {
    let place = Place::any().await?;
    let (dana, omer, stranger) = (
        Guest::new(&place).await?,
        Guest::new(&place).await?,
        Guest::new(&place).await?,
    );
    let private = json!({ "name": "Secret garden", "username": "Dana", "is_private": true, "access_code": "open sesame" });
    let code = dana.posts("/api/chats/create/", &private).await?["code"]
        .as_str()
        .context("a code")?
        .to_owned();
    dana.says(&code, "secret-message", "the key is under the mat")
        .await?;
    let inside = json!({ "username": "Omer", "access_code": "open sesame" });
    omer.posts(&format!("/api/chats/{code}/join/"), &inside)
        .await?;
    let ban = json!({ "act": "ban" });
    dana.asks(
        Method::POST,
        &format!("/api/chats/{code}/people/{}/", omer.id),
        Some(&ban),
    )
    .await?;
    let anonymous = stranger.with_token("");
    let forged = stranger.with_token(&format!("{}x", stranger.token));
    let expired = dana.expired()?;
    let other = stranger.opens("Elsewhere", "Host").await?;
    ensure!(other != code, "two rooms have two codes");
    let routes = [
        (Method::GET, "messages/", None),
        (Method::GET, "messages/?after=0", None),
        (
            Method::POST,
            "messages/",
            Some(json!({ "client_msg_id": "12345678", "text": "let me in" })),
        ),
        (Method::DELETE, "messages/1/", None),
        (
            Method::POST,
            "messages/1/reactions/",
            Some(json!({ "emoji": "👍", "on": true })),
        ),
        (Method::GET, "people/", None),
        (
            Method::POST,
            "people/usr_01m7ym613fe0yvvhrd4bj8893d/",
            Some(json!({ "act": "kick" })),
        ),
        (Method::PATCH, "", Some(json!({ "name": "Mine now" }))),
        (Method::DELETE, "", None),
        (Method::GET, "offers/", None),
        (Method::GET, "tips/", None),
        (Method::POST, "tips/", Some(json!({ "amount": 300 }))),
        (
            Method::POST,
            "pins/",
            Some(json!({ "seq": 1, "tier": 500 })),
        ),
        (Method::POST, "back-room/", Some(json!({}))),
    ];
    for (who, kind, expected) in [
        (&stranger, "stranger", 404),
        (&omer, "banned", 404),
        (&anonymous, "anonymous", 401),
        (&forged, "forged", 401),
        (&expired, "expired", 401),
    ] {
        for (method, path, body) in &routes {
            let path = format!("/api/chats/{code}/{path}");
            let (status, answer) = who.asks(method.clone(), &path, body.as_ref()).await?;
            let is_open = kind == "anonymous" && *method == Method::GET && !path.ends_with("tips/");
            assert_eq!(
                status.as_u16(),
                if is_open { 404 } else { expected },
                "{kind} {method} {path}: {answer}"
            );
            ensure!(!answer.to_string().contains("under the mat"), "{answer}");
        }
        let ticket = who
            .asks(
                Method::POST,
                "/api/ws-ticket",
                Some(&json!({ "code": code })),
            )
            .await?;
        assert_eq!(ticket.0.as_u16(), expected, "{kind}");
    }
    // What a stranger sees of a private room is that it is there.
    let seen = stranger.gets(&format!("/api/chats/{code}/")).await?;
    assert_eq!(
        (&seen["name"], &seen["last_seq"], &seen["host"]),
        (&json!("Secret garden"), &json!(0), &Value::Null)
    );
    assert_eq!(
        omer.asks(Method::GET, &format!("/api/chats/{code}/"), None)
            .await?
            .0,
        404
    );
    for wrong in [
        json!({ "username": "X Y" }),
        json!({ "username": "X Y", "access_code": "wrong" }),
    ] {
        assert_eq!(
            told(&stranger, &code, &wrong).await?,
            (403, "wrong_access_code".into())
        );
    }
    // A ticket opens one socket, and a forged one none.
    let url = dana.ticket(&code).await?;
    let first = confab_e2e::Live::open(&url).await?;
    first.greets(None).await?;
    ensure!(confab_e2e::Live::open(&url).await.is_err(), "it was used");
    ensure!(
        confab_e2e::Live::open(&format!("{url}x")).await.is_err(),
        "it is forged"
    );
    drop(first);
    Ok(())
}

#[tokio::test]
async fn malformed_frames_are_refused_and_change_nothing() -> Result<()> {
    let place = Place::any().await?;
    let dana = Guest::new(&place).await?;
    let code = dana.opens("Nonsense", "Dana").await?;
    let live = dana.connects(&code).await?;
    live.greets(None).await?;
    let long = "x".repeat(2_001);
    for (wrong, expected) in [
        (json!({}), "bad_frame"),
        (json!([1, 2]), "bad_frame"),
        (json!({ "type": "dance" }), "bad_frame"),
        (
            json!({ "type": "message", "client_msg_id": "x", "text": "hi" }),
            "bad_client_msg_id",
        ),
        (
            json!({ "type": "message", "client_msg_id": "12345678", "text": "" }),
            "too_long",
        ),
        (
            json!({ "type": "message", "client_msg_id": "12345678", "text": long }),
            "too_long",
        ),
        (
            json!({ "type": "message", "client_msg_id": "12345678", "text": "hi", "username": "Host" }),
            "bad_frame",
        ),
        (
            json!({ "type": "message", "client_msg_id": "12345678", "text": "hi", "reply_to": 99 }),
            "message_not_found",
        ),
    ] {
        let before = live.count("refused");
        live.sends(&wrong).await?;
        let refused = eventually(|| async {
            let frames = live.frames();
            let refused: Vec<_> = frames
                .iter()
                .filter(|frame| frame["type"] == "refused")
                .cloned()
                .collect();
            refused.get(before).cloned().context("it was not refused")
        })
        .await?;
        assert_eq!(refused["code"], expected, "{wrong}");
    }
    assert_eq!(dana.reads(&code).await?.len(), 0);
    Ok(())
}

async fn looked_at(who: &Guest, photo: &str) -> Result<Value> {
    eventually(|| async {
        let analysis = who.gets(&format!("/api/photo-analysis/{photo}/")).await?;
        ensure!(
            matches!(analysis["state"].as_str(), Some("done" | "refused")),
            "{analysis}"
        );
        Ok(analysis)
    })
    .await
}

#[tokio::test]
async fn photos_become_suggestions_and_rooms() -> Result<()> {
    let place = Place::any().await?;
    let dana = Guest::new(&place).await?;
    let picture = place.selfie("person", "woman", "good", 3).await?;
    let wanted = json!({ "content_type": "image/jpeg", "bytes": picture.len() });
    let begun = dana.posts("/api/photo-analysis/upload/", &wanted).await?;
    let photo = begun["photo_id"].as_str().context("an id")?.to_owned();
    assert_eq!(
        dana.gets(&format!("/api/photo-analysis/{photo}/")).await?["state"],
        "waiting"
    );
    dana.uploads(&begun["upload"], &picture).await?;
    let analysis = looked_at(&dana, &photo).await?;
    assert_eq!(
        (&analysis["state"], &analysis["step"]),
        (&json!("done"), &json!(3)),
        "{analysis}"
    );
    let names = analysis["suggestions"].as_array().context("suggestions")?;
    assert_eq!(names.len(), 10, "{analysis}");
    for part in ["url", "small_url"] {
        let url = analysis["photo"][part].as_str().context("an address")?;
        let shown = place
            .http
            .get(url)
            .send()
            .await?
            .error_for_status()?
            .bytes()
            .await?;
        ensure!(
            shown.starts_with(&[0xff, 0xd8]) && !shown.is_empty(),
            "{part} is no JPEG"
        );
    }
    let room = json!({ "name": names[0]["name"], "username": "Dana", "photo_id": photo });
    let room = dana.posts("/api/chats/create/", &room).await?;
    ensure!(room["photo"]["thumbhash"].is_string(), "{room}");
    // Another user with the same photo is shown the room, and the photo is analyzed once.
    let omer = Guest::new(&place).await?;
    let sent = omer.sends_photo("image/jpeg", &picture).await?;
    let again = looked_at(&omer, &sent).await?;
    assert_eq!(
        (&again["suggestions"], &again["similar"][0]["why"]),
        (&analysis["suggestions"], &json!("the same photo"))
    );
    assert_eq!(again["similar"][0]["code"], room["code"]);
    // What is another picture gets other names.
    let other = looked_at(
        &omer,
        &omer
            .sends_photo(
                "image/jpeg",
                &place.selfie("another", "man", "good", 7).await?,
            )
            .await?,
    )
    .await?;
    assert_ne!(other["suggestions"], analysis["suggestions"]);
    // It belongs to its owner alone.
    let (status, _) = omer
        .asks(Method::GET, &format!("/api/photo-analysis/{photo}/"), None)
        .await?;
    assert_eq!(status, 404);
    let stolen = json!({ "name": "Mine", "username": "Omer", "photo_id": photo });
    assert_eq!(
        omer.asks(Method::POST, "/api/chats/create/", Some(&stolen))
            .await?
            .0,
        404
    );
    Ok(())
}

#[tokio::test]
async fn files_that_are_not_photos_are_refused_with_a_reason() -> Result<()> {
    let place = Place::any().await?;
    let dana = Guest::new(&place).await?;
    for (bytes, expected) in [
        (&b"<svg onload=alert(1)>"[..], "not_a_picture"),
        (
            &place.selfie("half", "man", "good", 1).await?[..900],
            "not_a_picture",
        ),
        (b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", "too_small"),
    ] {
        let photo = dana.sends_photo("image/jpeg", bytes).await?;
        let analysis = looked_at(&dana, &photo).await?;
        let codes = [expected, "not_a_picture"];
        ensure!(
            codes.contains(&analysis["code"].as_str().unwrap_or_default()),
            "{expected}: {analysis}"
        );
    }
    for wrong in [
        json!({ "content_type": "image/svg+xml", "bytes": 100 }),
        json!({ "content_type": "text/html", "bytes": 100 }),
        json!({ "content_type": "image/jpeg", "bytes": 0 }),
        json!({ "content_type": "image/jpeg", "bytes": 11_000_000 }),
        json!({ "content_type": "image/jpeg", "bytes": -1 }),
    ] {
        let (status, answer) = dana
            .asks(Method::POST, "/api/photo-analysis/upload/", Some(&wrong))
            .await?;
        ensure!(
            matches!(status.as_u16(), 400 | 413),
            "{wrong}: {status} {answer}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn photo_uploads_are_rate_limited_per_user() -> Result<()> {
    let place = Place::any().await?;
    let dana = Guest::new(&place).await?;
    let wanted = json!({ "content_type": "image/jpeg", "bytes": 1_000 });
    let mut taken = 0;
    let refused = loop {
        let (status, answer) = dana
            .asks(Method::POST, "/api/photo-analysis/upload/", Some(&wanted))
            .await?;
        if status != 201 {
            break (status.as_u16(), answer["code"].clone());
        }
        taken += 1;
        ensure!(taken <= 20, "there is no limit");
    };
    assert_eq!((taken, refused), (20, (429, json!("rate_limited"))));
    Ok(())
}

/// A hundred people follow one link at once, behind one address; thirty more know the code of a private room.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crowds_behind_one_address_can_join_at_once() -> Result<()> {
    let place = Place::any().await?;
    let host = Guest::new(&place).await?;
    let open = host.opens("Main stage", "Host").await?;
    let private = json!({ "name": "Backstage", "username": "Host", "is_private": true, "access_code": "open sesame" });
    let private = host.posts("/api/chats/create/", &private).await?["code"]
        .as_str()
        .context("a code")?
        .to_owned();
    let crowd = futures::future::try_join_all((0..100).map(|_| Guest::new(&place))).await?;
    let join = |code: &str, number: usize, access_code: Option<&str>| {
        let (path, guest) = (format!("/api/chats/{code}/join/"), crowd[number].clone());
        let body = json!({ "username": format!("Person {number}"), "access_code": access_code });
        async move {
            let (status, answer) = guest.asks(Method::POST, &path, Some(&body)).await?;
            ensure!(status == 200, "{number}: {status} {answer}");
            anyhow::Ok(())
        }
    };
    futures::future::try_join_all((0..100).map(|number| join(&open, number, None))).await?;
    futures::future::try_join_all(
        (0..30).map(|number| join(&private, number, Some("open sesame"))),
    )
    .await?;
    // Guessing one code after the other is limited.
    let thief = &crowd[99];
    let mut tried = 0;
    let refused = loop {
        match told(
            thief,
            &private,
            &json!({ "username": "Thief", "access_code": format!("guess {tried}") }),
        )
        .await?
        {
            (403, code) => assert_eq!(code, "wrong_access_code"),
            refused => break refused,
        }
        tried += 1;
        ensure!(tried <= 40, "codes may be guessed without end");
    };
    assert_eq!(refused, (429, "rate_limited".into()));
    ensure!((30..=32).contains(&tried), "{tried} tries");
    Ok(())
}
