use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn visitor(number: u8) -> VisitorId {
    VisitorId::new(at(0), &move || [number; 10])
}

fn unverified(number: u8) -> Contact {
    Contact::unverified(visitor(number), at(100))
}

fn claims(json: &str) -> Result<VerifiedIdentity> {
    IdentityClaims::parse(json.as_bytes())?.verified(at(1_000))
}

fn verified(number: u8, subject: &str) -> Contact {
    let identity = claims(&format!(r#"{{"sub":"{subject}","exp":2000}}"#)).unwrap();
    identify_contact(None, &identity, visitor(number), at(1_000))
        .contact()
        .clone()
}

#[test]
fn identity_tokens_are_valid_for_at_most_a_day() {
    let exp = |exp: i64| claims(&format!(r#"{{"sub":"7","exp":{exp}}}"#));
    assert!(exp(2_000).is_ok());
    assert!(exp(941).is_ok(), "within the clock skew");
    assert!(exp(1_000 + 86_400 + 60).is_ok());
    for refused in [940, 0, -1, i64::MIN, i64::MAX, 1_000 + 86_400 + 61] {
        assert_eq!(
            exp(refused).unwrap_err().code(),
            "bad_identity",
            "{refused}"
        );
    }
}

#[test]
fn malformed_claims_are_refused() {
    for payload in [
        "",
        "{}",
        r#"{"sub":7,"exp":2000}"#,
        r#"{"sub":"","exp":2000}"#,
        r#"{"sub":" 7","exp":2000}"#,
        r#"{"sub":"7\u202e","exp":2000}"#,
        r#"{"sub":"7"}"#,
        r#"{"sub":"7","exp":2000,"email":"dana"}"#,
    ] {
        assert_eq!(
            claims(payload).unwrap_err().code(),
            "bad_identity",
            "{payload}"
        );
    }
    let long = format!(r#"{{"sub":"{}","exp":2000}}"#, "x".repeat(129));
    assert_eq!(claims(&long).unwrap_err().code(), "bad_identity");
    let extra =
        claims(r#"{"sub":"7","exp":2000,"iat":900,"plan":"gold","email":"","name":" Dana "}"#);
    let extra = extra.unwrap();
    assert_eq!((extra.name, extra.email), (Some("Dana".into()), None));
}

#[test]
fn verified_identity_joins_across_devices() {
    let identity = claims(r#"{"sub":"7","exp":2000,"email":"Dana@shop.example"}"#).unwrap();
    let first = identify_contact(None, &identity, visitor(1), at(1_000));
    assert!(matches!(first, IdentificationOutcome::Created(_)));
    let second = identify_contact(Some(first.contact()), &identity, visitor(2), at(1_500));
    assert!(matches!(second, IdentificationOutcome::Known(_)));
    assert_eq!(
        second.contact().id,
        visitor(1),
        "another device, the same contact"
    );
    assert_eq!(
        second.contact().email.as_ref().unwrap().as_str(),
        "Dana@shop.example"
    );
    let other = claims(r#"{"sub":"8","exp":2000,"email":"Dana@shop.example"}"#).unwrap();
    let bot = |number: u8| crate::BotId::new(at(0), &move || [number; 10]);
    assert_ne!(
        other.alias(bot(1)),
        identity.alias(bot(1)),
        "an address identifies no contact"
    );
    assert_ne!(
        identity.alias(bot(1)),
        identity.alias(bot(2)),
        "another site has users of its own"
    );
}

#[test]
fn sessions_without_an_identity_go_on_as_unverified_contacts_alone() {
    let known = unverified(1);
    let resumed = resume_contact(Some(&known), visitor(9), at(200));
    assert_eq!(resumed, IdentificationOutcome::Known(known));
    for known in [None, Some(verified(2, "7"))] {
        let outcome = resume_contact(known.as_ref(), visitor(9), at(2_000));
        let new = Contact::unverified(visitor(9), at(2_000));
        assert_eq!(outcome, IdentificationOutcome::Created(new));
    }
}

#[test]
fn visits_are_noted_once_an_hour() {
    let contact = unverified(1);
    assert_eq!(contact.with_visit(at(3_699)), contact);
    let later = contact.with_visit(at(3_700));
    assert_eq!((later.last_seen_at, later.version), (at(3_700), 2));
    assert_eq!(later.with_visit(at(50)), later, "late");
}

#[test]
fn contacts_of_whom_something_is_known_are_listed() {
    assert!(!unverified(1).is_listed());
    assert!(verified(1, "7").is_listed());
    assert!(unverified(1).with_block(true, at(200)).is_listed());
    let merge = merge_contacts(&unverified(1), &unverified(2)).unwrap();
    assert!(merge.into.is_listed() && !merge.from.is_listed());
}

#[test]
fn unverified_contacts_do_not_become_verified() {
    let identity = claims(r#"{"sub":"7","exp":2000}"#).unwrap();
    let outcome = identify_contact(Some(&unverified(5)), &identity, visitor(9), at(1_000));
    assert_eq!(outcome.contact().id, visitor(9), "a record of its own");
    assert!(outcome.contact().is_verified);
}

#[test]
fn unverified_sessions_read_their_own_history_only() {
    let merge = merge_contacts(&unverified(1), &unverified(2)).unwrap();
    for is_session_verified in [false, true] {
        assert!(
            merge
                .into
                .may_read_history_of(visitor(2), is_session_verified)
        );
        assert!(
            !merge
                .into
                .may_read_history_of(visitor(1), is_session_verified)
        );
        assert_eq!(
            merge.from.readable_visitors(is_session_verified),
            [visitor(1)].into()
        );
    }
    assert_eq!(merge.into.all_visitors(), [visitor(1), visitor(2)].into());
}

#[test]
fn verified_sessions_read_what_agents_joined() {
    let merge = merge_contacts(&unverified(1), &verified(2, "7")).unwrap();
    assert!(merge.into.may_read_history_of(visitor(1), true));
    assert!(
        !merge.into.may_read_history_of(visitor(1), false),
        "a session of another device"
    );
    assert!(!merge.from.may_read_history_of(visitor(2), true));
    assert!(!merge.into.may_read_history_of(visitor(3), true));
}

#[test]
fn merging_again_changes_nothing() {
    let once = merge_contacts(&unverified(1), &unverified(2)).unwrap();
    assert_eq!((once.from.version, once.into.version), (2, 2));
    assert_eq!(merge_contacts(&once.from, &once.into).unwrap(), once);
}

#[test]
fn merges_that_would_mix_people_are_refused() {
    let code =
        |from: &Contact, into: &Contact| merge_contacts(from, into).unwrap_err().code().to_owned();
    assert_eq!(code(&unverified(1), &unverified(1)), "same_contact");
    assert_eq!(code(&verified(1, "7"), &unverified(2)), "verified_contact");
    assert_eq!(
        code(&verified(1, "7"), &verified(2, "8")),
        "verified_contact"
    );
    let once = merge_contacts(&unverified(1), &unverified(2)).unwrap();
    assert_eq!(code(&once.from, &unverified(3)), "already_merged");
    assert_eq!(
        code(&unverified(3), &once.from),
        "already_merged",
        "no chains"
    );
    let mut full = unverified(1);
    full.merged = (100..150).map(visitor).collect();
    assert_eq!(code(&unverified(2), &full), "too_many_merged");
}

#[test]
fn typed_addresses_do_not_become_verified_ones() {
    let email = EmailAddress::parse("mallory@evil.example").unwrap();
    let mallory = unverified(1)
        .with_form(Some("Mallory"), Some(&email))
        .unwrap();
    assert_eq!(mallory.version, 2);
    let merge = merge_contacts(&mallory, &verified(2, "7")).unwrap();
    assert_eq!(merge.into.email, None);
    assert_eq!(
        merge.into.name,
        Some("Mallory".into()),
        "the agent joined them"
    );
    let typed = verified(2, "7").with_form(None, Some(&email)).unwrap();
    assert_eq!(typed, verified(2, "7"));
}

#[test]
fn blocks_survive_a_merge() {
    let blocked = unverified(1).with_block(true, at(200));
    assert_eq!(blocked.with_block(true, at(300)), blocked, "again");
    let merge = merge_contacts(&blocked, &unverified(2)).unwrap();
    assert!(merge.into.is_blocked());
    assert!(!merge.into.with_block(false, at(400)).is_blocked());
}

#[test]
fn changes_apply_to_the_version_that_the_agent_saw() {
    let change = ContactChange {
        name: Some(" Dana\u{202e} ".into()),
        email: Some("dana@shop.example".into()),
        phone: Some("+1 (650) 555-1234".into()),
        language: None,
    };
    let changed = unverified(1).with_change(1, &change).unwrap();
    assert_eq!(changed.name, Some("Dana".into()));
    assert_eq!(changed.version, 2);
    assert_eq!(
        changed.with_change(1, &change).unwrap_err().code(),
        "changed_meanwhile"
    );
    assert_eq!(
        changed.with_change(2, &change).unwrap(),
        changed,
        "nothing changes"
    );
    let respelled = ContactChange {
        email: Some("Dana@shop.example".into()),
        ..ContactChange::default()
    };
    let respelled = changed.with_change(2, &respelled).unwrap();
    assert_eq!(respelled.version, 3, "a new spelling is stored");
    let removed = ContactChange {
        phone: Some(String::new()),
        ..ContactChange::default()
    };
    assert_eq!(changed.with_change(2, &removed).unwrap().phone, None);
    for (bad, code) in [
        (
            ContactChange {
                name: Some("x".repeat(81)),
                ..ContactChange::default()
            },
            "bad_name",
        ),
        (
            ContactChange {
                email: Some("dana".into()),
                ..ContactChange::default()
            },
            "bad_email",
        ),
        (
            ContactChange {
                phone: Some("call me".into()),
                ..ContactChange::default()
            },
            "bad_phone",
        ),
    ] {
        assert_eq!(changed.with_change(2, &bad).unwrap_err().code(), code);
    }
}

#[test]
fn contacts_are_found_by_the_beginnings_of_words() {
    let contact = Contact {
        name: Some("Dana Cohen".into()),
        email: EmailAddress::parse("dana@shop.example").ok(),
        phone: Some("+1 650 555".into()),
        ..unverified(1)
    };
    for found in ["", "coh", "DANA c", "shop", "dana@shop.example", "650"] {
        assert!(contact.fits(found), "{found}");
    }
    for missing in ["ana", "noa", "dana noa"] {
        assert!(!contact.fits(missing), "{missing}");
    }
    assert!(!unverified(1).fits("dana"));
}
