use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_796_000_000 + second).unwrap()
}

fn request() -> ApiKeyRequest {
    ApiKeyRequest {
        name: "Billing export".into(),
        scopes: vec!["conversations:read".into()],
        bot_ids: BTreeSet::new(),
        expires_at: None,
        allowed_ips: Vec::new(),
    }
}

fn make(request: &ApiKeyRequest) -> Result<ApiKeyRecord> {
    let key = ApiKey::new(ApiKeyId::new(at(0), &|| [1; 10]), &|| [2; 10]);
    request.record(&key, UserId::new(at(0), &|| [3; 10]), at(0))
}

fn code(request: &ApiKeyRequest) -> String {
    make(request).unwrap_err().code().to_owned()
}

fn bot(byte: u8) -> BotId {
    BotId::new(at(0), &|| [byte; 10])
}

fn ip(text: &str) -> Option<IpAddr> {
    Some(text.parse().unwrap())
}

#[test]
fn record_has_the_hash_of_the_key_and_not_the_key() {
    let key = ApiKey::new(ApiKeyId::new(at(0), &|| [1; 10]), &|| [2; 10]);
    let record = make(&request()).unwrap();
    assert_eq!(record.hash, key.hash());
    let stored = serde_json::to_string(&record).unwrap();
    assert!(!stored.contains(&key.reveal()));
    assert!(key.reveal().starts_with(&record.prefix()));
    assert_eq!(
        serde_json::from_str::<ApiKeyRecord>(&stored).unwrap(),
        record
    );
}

#[test]
fn malformed_requests_make_no_key() {
    let with = |change: fn(&mut ApiKeyRequest)| {
        let mut request = request();
        change(&mut request);
        code(&request)
    };
    assert_eq!(with(|r| r.name = " ".into()), "bad_name");
    assert_eq!(with(|r| r.scopes.clear()), "bad_scope");
    assert_eq!(with(|r| r.expires_at = Some(at(0))), "bad_expires_at");
    assert_eq!(
        with(|r| r.expires_at = Some(Timestamp::MAX)),
        "bad_expires_at"
    );
    assert_eq!(
        with(|r| r.allowed_ips = vec!["office".into()]),
        "bad_allowed_ips"
    );
    assert_eq!(
        with(|r| r.allowed_ips = vec!["::1".into(); 21]),
        "bad_allowed_ips"
    );
    assert_eq!(
        with(|r| r.bot_ids = (0..51).map(bot).collect()),
        "too_many_bots"
    );
    let unknown = r#"{"name":"x","scopes":["ai:use"],"admin":true}"#;
    assert!(serde_json::from_str::<ApiKeyRequest>(unknown).is_err());
}

#[test]
fn keys_of_bots_reach_these_bots_and_nothing_tenant_wide() {
    let mut request = request();
    request.bot_ids = [bot(1), bot(2)].into();
    let record = make(&request).unwrap();
    assert!(record.reaches(bot(1)) && !record.reaches(bot(3)));
    assert_eq!(record.bots().map(BTreeSet::len), Some(2));
    request.scopes.push("members:read".into());
    assert_eq!(code(&request), "scope_not_of_bots");
    request.bot_ids.clear();
    let record = make(&request).unwrap();
    assert!(record.reaches(bot(3)) && record.bots().is_none());
    assert!(record.has(Scope::MembersRead) && !record.has(Scope::MembersWrite));
}

#[test]
fn keys_end_when_they_expire() {
    let mut request = request();
    request.expires_at = Some(at(100));
    let record = make(&request).unwrap();
    assert_eq!(record.check(None, at(99)), Ok(()));
    assert_eq!(record.check(None, at(100)), Err(ApiKeyRefusal::Expired));
    assert_eq!(
        Error::from(ApiKeyRefusal::Expired).code(),
        "unauthenticated"
    );
}

#[test]
fn keys_with_addresses_are_refused_elsewhere_and_from_unknown_sources() {
    let mut request = request();
    request.allowed_ips = vec!["203.0.113.0/24".into(), "2001:db8::1".into()];
    let record = make(&request).unwrap();
    for source in ["203.0.113.9", "::ffff:203.0.113.9", "2001:db8::1"] {
        assert_eq!(record.check(ip(source), at(1)), Ok(()), "{source}");
    }
    for source in [None, ip("198.51.100.1"), ip("2001:db8::2")] {
        assert_eq!(
            record.check(source, at(1)),
            Err(ApiKeyRefusal::WrongSource),
            "{source:?}"
        );
    }
}

#[test]
fn last_use_is_written_at_most_hourly() {
    let record = make(&request()).unwrap();
    let used = record.record_use(ip("203.0.113.9"), at(10)).unwrap();
    assert_eq!(
        (used.last_used_at, used.last_ip),
        (Some(at(10)), ip("203.0.113.9"))
    );
    assert_eq!(used.record_use(None, at(3_609)), None);
    assert_eq!(used.record_use(None, at(0)), None, "a clock that is behind");
    assert!(used.record_use(None, at(3_610)).is_some());
}
