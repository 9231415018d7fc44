//! `desk-members`: members, invitations and teams.

use confab_core::UserId;
use confab_testkit::{Repeated, TestRequest, TestResponse, enumerate_repeated};
use desk_domain::{EmailAddress, Role};
use serde_json::{Value, json};

use crate::{
    tenants::{Account, Colleague},
    world::{ATTEMPT_SECONDS, BROADCAST_QUEUE, MAIL_QUEUE, World, text},
};

const DAY: u64 = 86_400;
const PASSWORD: &str = "seven small lanterns";
const UNKNOWN_USER: &str = "usr_00000000000000000000000000";
const UNKNOWN_INVITATION: &str = "inv_00000000000000000000000000";
const UNKNOWN_TEAM: &str = "team_00000000000000000000000000";

async fn send(world: &World, request: &TestRequest) -> TestResponse {
    world.send("desk-members", request).await
}

fn member_path(user: UserId) -> String {
    format!("/members/{user}")
}

fn change(user: UserId, body: Value) -> TestRequest {
    TestRequest::patch(member_path(user), body)
}

fn removal(user: UserId) -> TestRequest {
    TestRequest::delete(member_path(user))
}

async fn members(world: &World, by: &Colleague) -> Vec<Value> {
    let listed = world.members(by, TestRequest::get("/members")).await;
    assert_eq!(listed.status, 200, "{listed:?}");
    listed.body["items"].as_array().unwrap().clone()
}

/// The removals of sockets of a person that were queued.
fn removals(world: &World, user: UserId) -> usize {
    let jobs = world.cloud.queued(BROADCAST_QUEUE);
    let updates = jobs.iter().flat_map(|job| job["news"].as_array().unwrap());
    let removals = updates.filter(|update| update["kind"] == "removed");
    removals
        .filter(|update| update["party"] == json!(user))
        .count()
}

fn invitation_mails(world: &World, email: &str) -> usize {
    let mails = world.cloud.queued(MAIL_QUEUE).into_iter();
    mails
        .filter(|mail| mail["to"] == email && mail["kind"] == "invite")
        .count()
}

async fn invite(world: &World, by: &Colleague, email: &str, role: &str) -> TestResponse {
    world.members(by, world.invitation(email, role)).await
}

/// Invites an address, and returns the token of its link.
async fn invited(world: &World, by: &Colleague, email: &str, role: &str) -> String {
    let created = invite(world, by, email, role).await;
    assert_eq!(created.status, 201, "{created:?}");
    world.invitation_token(email)
}

/// An acceptance by a new person.
fn sign_up(token: &str, name: &str, password: &str) -> TestRequest {
    let body = json!({ "token": token, "name": name, "password": password, "client": "mobile" });
    TestRequest::post("/invitations/accept", body)
}

// Members.

#[tokio::test]
async fn members_are_listed_with_names_roles_and_teams() {
    let world = World::open().await;
    let owner = world.owner().await;
    let agent = world.colleague(&owner, Role::Agent).await;
    let viewer = world.colleague(&owner, Role::Viewer).await;
    let listed = members(&world, &viewer).await;
    let of = |user: UserId| {
        let mut found = listed
            .iter()
            .filter(|member| member["user_id"] == json!(user));
        found.next().unwrap()
    };
    assert_eq!(listed.len(), 3);
    let noa = of(agent.id());
    assert_eq!((text(noa, "name"), text(noa, "role")), ("Noa", "agent"));
    assert_eq!(text(noa, "email"), agent.account.email);
    assert_eq!(
        (text(noa, "availability"), &noa["teams"]),
        ("away", &json!([]))
    );
    assert_eq!(noa["notify"], Value::Null, "it is the member's own");
    assert_eq!(
        of(viewer.id())["notify"],
        json!({ "mail": true, "push": true })
    );
}

#[tokio::test]
async fn list_of_members_goes_on_after_its_cursor_in_its_workspace_alone() {
    let world = World::open().await;
    let (owner, other) = (world.owner_of_team().await, world.owner().await);
    for _ in 0..3 {
        world.colleague(&owner, Role::Agent).await;
    }
    let page = |query: String| TestRequest::get(format!("/members{query}"));
    let first = world.members(&owner, page("?limit=2".into())).await;
    let cursor = text(&first.body, "next").to_owned();
    let second = page(format!("?limit=2&after={cursor}"));
    let second = world.members(&owner, second).await;
    assert_eq!(second.body["next"], Value::Null);
    let pages = [&first, &second].map(|page| page.body["items"].as_array().unwrap().len());
    assert_eq!(pages, [2, 2]);
    let cases = [
        (
            page(format!("?after={cursor}")).token(&other.token),
            400,
            "bad_cursor",
        ),
        (
            page(format!("?after={cursor}x")).token(&owner.token),
            400,
            "bad_cursor",
        ),
        (
            page("?limit=101".into()).token(&owner.token),
            400,
            "bad_limit",
        ),
    ];
    world.assert_refused("desk-members", cases).await;
    world.advance(DAY);
    let expired = page(format!("?after={cursor}")).token(&world.fresh(&owner).token);
    let refused = send(&world, &expired).await;
    assert_eq!((refused.status, refused.code()), (400, "bad_cursor"));
}

#[tokio::test]
async fn members_are_refused_to_strangers_and_keys_without_the_scope() {
    let world = World::open().await;
    let owner = world.owner().await;
    let key = world.api_key(&owner, &["members:read"]).await;
    let other = world.api_key(&owner, &["members:write"]).await;
    let list = || TestRequest::get("/members");
    assert_eq!(send(&world, &list().token(&key)).await.status, 200);
    let cases = [
        (list(), 401, "unauthenticated"),
        (list().token(&other), 403, "forbidden"),
        (list().token(&owner.account.token), 403, "forbidden"),
        (
            change(owner.id(), json!({ "role": "agent" })).token(&key),
            403,
            "forbidden",
        ),
    ];
    world.assert_refused("desk-members", cases).await;
}

#[tokio::test]
async fn admins_change_roles_but_neither_owners_nor_into_owners() {
    let world = World::open().await;
    let owner = world.owner_of_team().await;
    let admin = world.colleague(&owner, Role::Admin).await;
    let agent = world.colleague(&owner, Role::Agent).await;
    for _ in 0..2 {
        let request = change(agent.id(), json!({ "role": "admin" }));
        let changed = world.members(&admin, request).await;
        assert_eq!(
            (changed.status, text(&changed.body, "role")),
            (200, "admin")
        );
    }
    let audited = world.audited(&owner).await;
    assert_eq!(
        audited
            .iter()
            .filter(|action| *action == "member.changed")
            .count(),
        1
    );
    let by = |colleague: &Colleague, user, role: &str| {
        change(user, json!({ "role": role })).token(&colleague.token)
    };
    let unknown = TestRequest::patch(
        format!("/members/{UNKNOWN_USER}"),
        json!({ "role": "agent" }),
    );
    let other = world.owner().await;
    let cases = [
        (by(&admin, agent.id(), "owner"), 403, "forbidden"),
        (by(&admin, owner.id(), "viewer"), 403, "forbidden"),
        (by(&agent, owner.id(), "viewer"), 403, "forbidden"),
        (by(&owner, owner.id(), "admin"), 409, "last_owner"),
        (by(&owner, agent.id(), "king"), 400, "bad_json"),
        (by(&owner, other.id(), "agent"), 404, "member_not_found"),
        (unknown.token(&owner.token), 404, "member_not_found"),
        (
            change(agent.id(), json!({ "teams": [UNKNOWN_TEAM] })).token(&owner.token),
            400,
            "bad_team",
        ),
    ];
    world.assert_refused("desk-members", cases).await;
}

#[tokio::test]
async fn role_of_an_old_token_does_not_count() {
    let world = World::open().await;
    let owner = world.owner_of_team().await;
    let admin = world.colleague(&owner, Role::Admin).await;
    let agent = world.colleague(&owner, Role::Agent).await;
    world
        .members(&owner, change(admin.id(), json!({ "role": "agent" })))
        .await;
    let cases = [
        (
            change(agent.id(), json!({ "role": "viewer" })).token(&admin.token),
            403,
            "forbidden",
        ),
        (removal(agent.id()).token(&admin.token), 403, "forbidden"),
        (
            world
                .invitation("ella@example.com", "viewer")
                .token(&admin.token),
            403,
            "forbidden",
        ),
    ];
    world.assert_refused("desk-members", cases).await;
}

#[tokio::test]
async fn agent_who_becomes_a_viewer_leaves_the_inbox() {
    let world = World::open().await;
    let owner = world.owner().await;
    let agent = world.colleague(&owner, Role::Agent).await;
    world
        .members(&owner, change(agent.id(), json!({ "role": "admin" })))
        .await;
    assert_eq!(removals(&world, agent.id()), 0);
    world
        .members(&owner, change(agent.id(), json!({ "role": "viewer" })))
        .await;
    assert_eq!(removals(&world, agent.id()), 1);
}

#[tokio::test]
async fn removed_member_loses_seat_sockets_and_workspace() {
    let world = World::open().await;
    let owner = world.owner().await;
    let agent = world.colleague(&owner, Role::Agent).await;
    let removed = world.members(&owner, removal(agent.id())).await;
    assert_eq!(removed.status, 204, "{removed:?}");
    assert_eq!(removals(&world, agent.id()), 1);
    world.check_counts(&owner, "a removed member").await;
    assert!(world.person_row(agent.id()).await.tenants.is_empty());
    assert_eq!(members(&world, &owner).await.len(), 1);
    let again = world.members(&owner, removal(agent.id())).await;
    assert_eq!((again.status, again.code()), (404, "member_not_found"));
    let audited = world.audited(&owner).await;
    assert!(
        audited.contains(&"member.removed".to_owned()),
        "{audited:?}"
    );
    world.join(&owner, &agent.account, Role::Viewer).await;
    world.check_counts(&owner, "a member who came back").await;
}

#[tokio::test]
async fn everyone_may_leave_but_the_last_owner() {
    let world = World::open().await;
    let owner = world.owner().await;
    let viewer = world.colleague(&owner, Role::Viewer).await;
    let cases = [
        (removal(owner.id()).token(&viewer.token), 403, "forbidden"),
        (removal(owner.id()).token(&owner.token), 409, "last_owner"),
    ];
    world.assert_refused("desk-members", cases).await;
    assert_eq!(
        world.members(&viewer, removal(viewer.id())).await.status,
        204
    );
    world.check_counts(&owner, "a member who left").await;
}

#[tokio::test]
async fn two_owners_who_remove_each_other_at_once_leave_one() {
    for _ in 0..5 {
        let world = World::open().await;
        let dana = world.owner().await;
        let noa = world.colleague(&dana, Role::Owner).await;
        let (one, other) = tokio::join!(
            world.members(&dana, removal(noa.id())),
            world.members(&noa, removal(dana.id()))
        );
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses[0], 204, "{one:?} {other:?}");
        assert!(matches!(statuses[1], 403 | 404 | 409), "{one:?} {other:?}");
        world.check_counts(&dana, "one owner").await;
    }
}

#[tokio::test]
async fn two_owners_who_step_down_at_once_leave_one() {
    let world = World::open().await;
    let dana = world.owner().await;
    let noa = world.colleague(&dana, Role::Owner).await;
    let step_down = |of: &Colleague| change(of.id(), json!({ "role": "agent" }));
    let (one, other) = tokio::join!(
        world.members(&dana, step_down(&dana)),
        world.members(&noa, step_down(&noa))
    );
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{one:?} {other:?}");
    world.check_counts(&dana, "one owner").await;
}

#[tokio::test]
async fn members_set_their_own_availability_and_notices() {
    let world = World::open().await;
    let owner = world.owner().await;
    let viewer = world.colleague(&owner, Role::Viewer).await;
    let own = json!({ "availability": "online", "notify": { "mail": false, "push": true } });
    let request = || TestRequest::put("/members/me", own.clone());
    for _ in 0..2 {
        let set = world.members(&viewer, request()).await;
        assert_eq!(set.status, 200, "{set:?}");
        assert_eq!(text(&set.body, "availability"), "online");
        assert_eq!(set.body["notify"]["mail"], false);
    }
    let key = world.api_key(&owner, &["members:write"]).await;
    let cases = [
        (request().token(&key), 403, "forbidden"),
        (request(), 401, "unauthenticated"),
        (
            TestRequest::put("/members/me", json!({ "availability": "asleep" }))
                .token(&viewer.token),
            400,
            "bad_json",
        ),
    ];
    world.assert_refused("desk-members", cases).await;
}

struct Removal {
    owner: Colleague,
    agent: Colleague,
}

impl Repeated for Removal {
    type World = World;

    const FUNCTION: &'static str = "desk-members";
    /// A repeated request finds no member.
    const SUCCESS: &'static [u16] = &[204, 404];

    async fn arrange() -> (Self, World, TestRequest) {
        let world = World::open().await;
        let owner = world.owner().await;
        let agent = world.colleague(&owner, Role::Agent).await;
        let request = removal(agent.id()).token(&owner.token);
        (Self { owner, agent }, world, request)
    }

    async fn check(&self, world: &World, story: &str) {
        world.check_counts(&self.owner, story).await;
        let sk = format!("MEMBER#{}", self.agent.id());
        assert_eq!(
            world.row(&self.owner.pk(""), &sk).await,
            Value::Null,
            "{story}"
        );
        let person = world.person_row(self.agent.id()).await;
        assert!(person.tenants.is_empty(), "{story}");
        assert!(
            removals(world, self.agent.id()) > 0,
            "{story}: sockets stay open"
        );
        let audited = world.audited(&self.owner).await;
        let count = audited
            .iter()
            .filter(|action| *action == "member.removed")
            .count();
        assert_eq!(count, 1, "{story}");
    }
}

#[tokio::test]
async fn member_is_removed_whatever_call_fails() {
    let ran = enumerate_repeated::<Removal>().await;
    assert!(ran.calls >= 5, "{ran:?}");
}

struct Promotion {
    owner: Colleague,
    agent: Colleague,
}

impl Repeated for Promotion {
    type World = World;

    const FUNCTION: &'static str = "desk-members";
    const SUCCESS: &'static [u16] = &[200];

    async fn arrange() -> (Self, World, TestRequest) {
        let world = World::open().await;
        let owner = world.owner().await;
        let agent = world.colleague(&owner, Role::Agent).await;
        let request = change(agent.id(), json!({ "role": "owner" })).token(&owner.token);
        (Self { owner, agent }, world, request)
    }

    async fn check(&self, world: &World, story: &str) {
        world.check_counts(&self.owner, story).await;
        let sk = format!("MEMBER#{}", self.agent.id());
        let row = world.row(&self.owner.pk(""), &sk).await;
        assert_eq!(
            (text(&row, "role"), &row["version"]),
            ("owner", &json!(2)),
            "{story}"
        );
    }
}

#[tokio::test]
async fn role_is_changed_once_whatever_call_fails() {
    let ran = enumerate_repeated::<Promotion>().await;
    assert!(ran.calls >= 5, "{ran:?}");
}

// Invitations.

#[tokio::test]
async fn invited_person_joins_once_with_the_role_of_the_invitation() {
    let world = World::open().await;
    let owner = world.owner().await;
    let noa = world.account("Noa").await;
    let created = invite(&world, &owner, &noa.email, "agent").await;
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(
        (text(&created.body, "role"), text(&created.body, "email")),
        ("agent", noa.email.as_str())
    );
    assert_eq!(text(&created.body, "expires_at"), "2026-12-06T12:00:00Z");
    let mail = world.mails_to(&noa.email).pop().unwrap();
    assert_eq!(
        (text(&mail, "tenant_name"), text(&mail, "inviter_name")),
        ("Flowers", "Dana")
    );
    assert!(text(&mail, "link").starts_with("https://desk.example/desk/invitation#token="));
    world.check_counts(&owner, "an open invitation").await;
    let token = world.invitation_token(&noa.email);
    for _ in 0..2 {
        let accepted = send(&world, &world.acceptance(&noa, &token)).await;
        assert_eq!(accepted.status, 200, "{accepted:?}");
        assert_eq!(
            accepted.body,
            json!({ "tenant_id": owner.tenant, "role": "agent" })
        );
    }
    world.check_counts(&owner, "an accepted invitation").await;
    assert_eq!(
        world.audited(&owner).await,
        ["invitation.created", "member.joined", "tenant.created"]
    );
}

#[tokio::test]
async fn new_person_gets_an_account_from_the_link_and_is_signed_in() {
    let world = World::open().await;
    let owner = world.owner().await;
    let token = invited(&world, &owner, "Ella@example.com", "agent").await;
    let accepted = send(&world, &sign_up(&token, "Ella", PASSWORD)).await;
    assert_eq!(accepted.status, 200, "{accepted:?}");
    let view = &accepted.body;
    assert_eq!(
        (&view["tenant_id"], text(view, "role")),
        (&json!(owner.tenant), "agent")
    );
    assert_eq!(text(&view["user"], "email"), "Ella@example.com");
    world.check_counts(&owner, "a new person").await;
    let login = json!({ "email": "ella@example.com", "password": PASSWORD, "client": "mobile" });
    let login = TestRequest::post("/auth/login", login);
    assert_eq!(world.send("desk-login", &login).await.status, 200);
    let again = send(&world, &sign_up(&token, "Ella", PASSWORD)).await;
    assert_eq!((again.status, again.code()), (409, "account_exists"));
}

#[tokio::test]
async fn password_of_a_sign_up_that_was_never_verified_becomes_void() {
    let world = World::open().await;
    let owner = world.owner().await;
    let trap = json!({
        "email": "ella@example.com", "password": "eleven tall chimneys", "name": "Eve",
        "tenant_name": "Trap",
    });
    let trap = world
        .send("desk-login", &TestRequest::post("/auth/signup", trap))
        .await;
    assert_eq!(trap.status, 202);
    let token = invited(&world, &owner, "ella@example.com", "agent").await;
    let accepted = send(&world, &sign_up(&token, "Ella", PASSWORD)).await;
    assert_eq!(text(&accepted.body["user"], "name"), "Ella", "{accepted:?}");
    let login = |password: &str| {
        let body = json!({ "email": "ella@example.com", "password": password, "client": "mobile" });
        TestRequest::post("/auth/login", body)
    };
    let refused = world
        .send("desk-login", &login("eleven tall chimneys"))
        .await;
    assert_eq!(refused.status, 401);
    let signed_in = world.send("desk-login", &login(PASSWORD)).await;
    assert_eq!(
        signed_in.body["tenants"].as_array().unwrap().len(),
        1,
        "no trap"
    );
    let email = EmailAddress::parse("ella@example.com").unwrap();
    let pointer = world
        .row(&format!("E#{}", email.key().as_str()), "PERSON")
        .await;
    assert_eq!(
        pointer["expires_at"],
        Value::Null,
        "a verified address stays"
    );
}

#[tokio::test]
async fn acceptance_is_refused_without_a_genuine_link_or_the_address() {
    let world = World::open().await;
    let owner = world.owner_of_team().await;
    let (noa, eve) = (world.account("Noa").await, world.account("Eve").await);
    let token = invited(&world, &owner, &noa.email, "agent").await;
    let new = invited(&world, &owner, "ella@example.com", "agent").await;
    let without = json!({ "token": new });
    let cases = [
        (
            world.acceptance(&eve, &token),
            403,
            "invitation_for_other_address",
        ),
        (world.acceptance(&noa, "forged.token"), 400, "bad_link"),
        (
            world.acceptance(&noa, &format!("{token}x")),
            400,
            "bad_link",
        ),
        (sign_up(&token, "Noa", PASSWORD), 409, "account_exists"),
        (
            TestRequest::post("/invitations/accept", without),
            401,
            "unauthenticated",
        ),
        (sign_up(&new, "Ella", "short"), 400, "password_too_short"),
        (sign_up(&new, " ", PASSWORD), 400, "bad_name"),
    ];
    world.assert_refused("desk-members", cases).await;
}

#[tokio::test]
async fn invitation_ends_after_seven_days_or_when_it_is_withdrawn() {
    let world = World::open().await;
    let owner = world.owner_of_team().await;
    let (noa, omer) = (world.account("Noa").await, world.account("Omer").await);
    let withdrawn = invited(&world, &owner, &noa.email, "agent").await;
    let expired = invited(&world, &owner, &omer.email, "agent").await;
    let listed = world
        .members(&owner, TestRequest::get("/invitations"))
        .await;
    let items = listed.body["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    let of_noa = items.iter().find(|item| item["email"] == json!(noa.email));
    let path = format!("/invitations/{}", text(of_noa.unwrap(), "id"));
    for _ in 0..2 {
        let revoked = world.members(&owner, TestRequest::delete(&path)).await;
        assert_eq!(revoked.status, 204, "{revoked:?}");
    }
    world.check_counts(&owner, "a withdrawn invitation").await;
    let cases = [(
        world.acceptance(&noa, &withdrawn),
        409,
        "invitation_revoked",
    )];
    world.assert_refused("desk-members", cases).await;
    world.advance(7 * DAY);
    let (owner, omer) = (world.fresh(&owner), world.renewed(&omer));
    let late = send(&world, &world.acceptance(&omer, &expired)).await;
    assert_eq!((late.status, late.code()), (409, "invitation_expired"));
    let listed = world
        .members(&owner, TestRequest::get("/invitations"))
        .await;
    assert_eq!(listed.body["items"], json!([]));
    let again = invite(&world, &owner, &omer.email, "viewer").await;
    assert_eq!(again.status, 201, "{again:?}");
    world
        .check_counts(&owner, "an invitation after an expired one")
        .await;
}

#[tokio::test]
async fn same_invitation_again_mails_the_link_again() {
    let world = World::open().await;
    let owner = world.owner_of_team().await;
    let first = invite(&world, &owner, "ella@example.com", "agent").await;
    let again = invite(&world, &owner, "ELLA@example.com", "agent").await;
    assert_eq!((again.status, &again.body["id"]), (201, &first.body["id"]));
    assert_eq!(invitation_mails(&world, "ella@example.com"), 2);
    let other = invite(&world, &owner, "ella@example.com", "admin").await;
    assert_eq!((other.status, other.code()), (409, "already_invited"));
    world.check_counts(&owner, "one invitation").await;
}

#[tokio::test]
async fn invitations_without_permission_are_refused() {
    let world = World::open().await;
    let owner = world.owner_of_team().await;
    let admin = world.colleague(&owner, Role::Admin).await;
    let agent = world.colleague(&owner, Role::Agent).await;
    let key = world.api_key(&owner, &["members:read"]).await;
    let to = |email: &str, role: &str| world.invitation(email, role);
    let with = |body: Value| TestRequest::post("/invitations", body).token(&owner.token);
    let by_owner = invite(&world, &owner, "ella@example.com", "owner").await;
    let path = format!("/invitations/{}", text(&by_owner.body, "id"));
    let cases = [
        (to("omer@example.com", "agent"), 401, "unauthenticated"),
        (
            to("omer@example.com", "agent").token(&agent.token),
            403,
            "forbidden",
        ),
        (
            to("omer@example.com", "agent").token(&key),
            403,
            "forbidden",
        ),
        (
            to("omer@example.com", "owner").token(&admin.token),
            403,
            "forbidden",
        ),
        (
            to(&agent.account.email, "agent").token(&admin.token),
            409,
            "already_member",
        ),
        (to("omer", "agent").token(&owner.token), 400, "bad_email"),
        (
            with(json!({ "email": "omer@example.com" })),
            400,
            "bad_json",
        ),
        (
            with(json!({ "email": "omer@example.com", "role": "agent", "teams": [UNKNOWN_TEAM] })),
            400,
            "bad_team",
        ),
        (
            TestRequest::get("/invitations").token(&agent.token),
            403,
            "forbidden",
        ),
        (
            TestRequest::delete(&path).token(&agent.token),
            403,
            "forbidden",
        ),
        (
            TestRequest::delete(&path).token(&admin.token),
            403,
            "forbidden",
        ),
        (
            TestRequest::delete(format!("/invitations/{UNKNOWN_INVITATION}")).token(&owner.token),
            404,
            "invitation_not_found",
        ),
    ];
    world.assert_refused("desk-members", cases).await;
    let other = world.owner().await;
    let foreign = TestRequest::delete(&path).token(&other.token);
    let cases = [(foreign, 404, "invitation_not_found")];
    world.assert_refused("desk-members", cases).await;
}

#[tokio::test]
async fn keys_invite_but_no_owners() {
    let world = World::open().await;
    let owner = world.owner_of_team().await;
    let key = world.api_key(&owner, &["members:write"]).await;
    let request = |role: &str| world.invitation("ella@example.com", role).token(&key);
    let cases = [(request("owner"), 403, "forbidden")];
    world.assert_refused("desk-members", cases).await;
    let created = send(&world, &request("agent")).await;
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(created.body["invited_by"], json!(owner.id()));
}

#[tokio::test]
async fn seats_of_the_plan_are_not_exceeded_by_invitations_at_once() {
    let world = World::open().await;
    let owner = world.owner().await;
    let addresses: Vec<_> = (0..5).map(|n| format!("person{n}@example.com")).collect();
    let invitations = addresses
        .iter()
        .map(|email| invite(&world, &owner, email, "agent"));
    let answers = futures::future::join_all(invitations).await;
    let created = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(created, 2, "{answers:?}");
    let refused = answers
        .iter()
        .filter(|answer| answer.code() == "limit_reached");
    assert_eq!(refused.count(), 3, "{answers:?}");
    world.check_counts(&owner, "a full workspace").await;
}

#[tokio::test]
async fn two_acceptances_at_once_are_one_member() {
    let world = World::open().await;
    let owner = world.owner().await;
    let noa = world.account("Noa").await;
    let token = invited(&world, &owner, &noa.email, "agent").await;
    let request = world.acceptance(&noa, &token);
    let (one, other) = tokio::join!(send(&world, &request), send(&world, &request));
    assert_eq!((one.status, other.status), (200, 200), "{one:?} {other:?}");
    world.check_counts(&owner, "one member").await;
}

#[tokio::test]
async fn acceptance_and_withdrawal_at_once_have_one_outcome() {
    for _ in 0..5 {
        let world = World::open().await;
        let owner = world.owner().await;
        let noa = world.account("Noa").await;
        let created = invite(&world, &owner, &noa.email, "agent").await;
        let token = world.invitation_token(&noa.email);
        let path = format!("/invitations/{}", text(&created.body, "id"));
        let acceptance = world.acceptance(&noa, &token);
        let (accepted, revoked) = tokio::join!(
            send(&world, &acceptance),
            world.members(&owner, TestRequest::delete(&path))
        );
        let outcome = (accepted.status, revoked.status);
        assert!(
            matches!(outcome, (200, 409) | (409, 204)),
            "{accepted:?} {revoked:?}"
        );
        world.check_counts(&owner, "one outcome").await;
    }
}

#[tokio::test]
async fn mails_of_invitations_are_limited_by_tenant_and_by_address() {
    let world = World::open().await;
    let owner = world.owner_of_team().await;
    for _ in 0..5 {
        let invited = invite(&world, &owner, "ella@example.com", "agent").await;
        assert_eq!(invited.status, 201, "{invited:?}");
    }
    let refused = invite(&world, &owner, "ella@example.com", "agent").await;
    assert_eq!((refused.status, refused.code()), (429, "rate_limited"));
    assert_eq!(invitation_mails(&world, "ella@example.com"), 5);
    world.advance(3_600);
    let owner = world.fresh(&owner);
    assert_eq!(
        invite(&world, &owner, "ella@example.com", "agent")
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn member_of_a_suspended_workspace_cannot_be_added() {
    let world = World::open().await;
    let (owner, noa) = (world.owner().await, world.account("Noa").await);
    let token = invited(&world, &owner, &noa.email, "agent").await;
    let suspend = |tenant: desk_domain::Tenant| {
        let reason = "Spam".to_owned();
        let event = desk_domain::LifecycleEvent::Suspend { reason };
        tenant.apply(&event, tenant.created_at).unwrap()
    };
    world.change_tenant_row(&owner, suspend).await;
    let cases = [(world.acceptance(&noa, &token), 403, "suspended")];
    world.assert_refused("desk-members", cases).await;
}

struct Invite {
    owner: Colleague,
}

impl Repeated for Invite {
    type World = World;

    const FUNCTION: &'static str = "desk-members";
    const SUCCESS: &'static [u16] = &[201];
    const RETRY_SECONDS: u64 = ATTEMPT_SECONDS;

    async fn arrange() -> (Self, World, TestRequest) {
        let world = World::open().await;
        let owner = world.owner().await;
        let request = world.invitation("ella@example.com", "agent");
        let request = request
            .token(&owner.token)
            .header("idempotency-key", "once");
        (Self { owner }, world, request)
    }

    async fn check(&self, world: &World, story: &str) {
        world.check_counts(&self.owner, story).await;
        let rows = world.partition(&self.owner.pk("")).await;
        let open = rows
            .iter()
            .filter(|row| text(row, "sk").starts_with("INVITE#"));
        assert_eq!(open.count(), 1, "{story}");
        assert!(
            invitation_mails(world, "ella@example.com") > 0,
            "{story}: no mail"
        );
    }
}

#[tokio::test]
async fn address_is_invited_once_whatever_call_fails() {
    let ran = enumerate_repeated::<Invite>().await;
    assert!(ran.calls >= 8, "{ran:?}");
}

struct Joining {
    owner: Colleague,
    noa: Account,
}

impl Repeated for Joining {
    type World = World;

    const FUNCTION: &'static str = "desk-members";
    const SUCCESS: &'static [u16] = &[200];

    async fn arrange() -> (Self, World, TestRequest) {
        let world = World::open().await;
        let (owner, noa) = (world.owner().await, world.account("Noa").await);
        let token = invited(&world, &owner, &noa.email, "agent").await;
        let request = world.acceptance(&noa, &token);
        (Self { owner, noa }, world, request)
    }

    async fn check(&self, world: &World, story: &str) {
        world.check_counts(&self.owner, story).await;
        let person = world.person_row(self.noa.id).await;
        assert_eq!(person.tenants.len(), 1, "{story}");
        let audited = world.audited(&self.owner).await;
        let count = audited
            .iter()
            .filter(|action| *action == "member.joined")
            .count();
        assert_eq!(count, 1, "{story}");
    }
}

#[tokio::test]
async fn person_joins_once_whatever_call_fails() {
    let ran = enumerate_repeated::<Joining>().await;
    assert!(ran.calls >= 5, "{ran:?}");
}

// Teams.

async fn create_team(world: &World, by: &Colleague, name: &str) -> TestResponse {
    let request = TestRequest::post("/teams", json!({ "name": name }));
    world.members(by, request).await
}

#[tokio::test]
async fn teams_are_made_renamed_and_deleted_by_admins() {
    let world = World::open().await;
    let owner = world.owner_of_team().await;
    let viewer = world.colleague(&owner, Role::Viewer).await;
    let created = create_team(&world, &owner, " First  line ").await;
    assert_eq!(
        (created.status, text(&created.body, "name")),
        (201, "First line")
    );
    let id = text(&created.body, "id").to_owned();
    let path = format!("/teams/{id}");
    let put = |version: u64, name: &str| {
        TestRequest::put(&path, json!({ "version": version, "name": name })).token(&owner.token)
    };
    for _ in 0..2 {
        let renamed = send(&world, &put(1, "Sales")).await;
        assert_eq!((renamed.status, &renamed.body["version"]), (200, &json!(2)));
    }
    let teams = json!({ "teams": [id] });
    let joined = world
        .members(&owner, change(viewer.id(), teams.clone()))
        .await;
    assert_eq!(joined.body["teams"], teams["teams"], "{joined:?}");
    let other = world.owner().await;
    let unknown = format!("/teams/{UNKNOWN_TEAM}");
    let cases = [
        (put(1, "Support"), 409, "changed_meanwhile"),
        (put(2, " "), 400, "bad_name"),
        (put(2, "Sales").token(&viewer.token), 403, "forbidden"),
        (put(2, "Other").token(&other.token), 404, "team_not_found"),
        (
            TestRequest::delete(&path).token(&other.token),
            404,
            "team_not_found",
        ),
        (
            TestRequest::delete(unknown).token(&owner.token),
            404,
            "team_not_found",
        ),
        (
            TestRequest::delete(&path).token(&viewer.token),
            403,
            "forbidden",
        ),
    ];
    world.assert_refused("desk-members", cases).await;
    let listed = world.members(&viewer, TestRequest::get("/teams")).await;
    assert_eq!(listed.body["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        world
            .members(&owner, TestRequest::delete(&path))
            .await
            .status,
        204
    );
    let viewer = members(&world, &owner).await;
    assert!(
        viewer.iter().all(|member| member["teams"] == json!([])),
        "{viewer:?}"
    );
}

#[tokio::test]
async fn workspace_has_at_most_fifty_teams() {
    let world = World::open().await;
    let owner = world.owner().await;
    for number in 0..50 {
        let created = create_team(&world, &owner, &format!("Team {number}")).await;
        assert_eq!(created.status, 201, "{created:?}");
    }
    let refused = create_team(&world, &owner, "One more").await;
    assert_eq!((refused.status, refused.code()), (409, "too_many"));
    let listed = world.members(&owner, TestRequest::get("/teams")).await;
    let first = text(&listed.body["items"][0], "id");
    let delete = TestRequest::delete(format!("/teams/{first}"));
    assert_eq!(world.members(&owner, delete).await.status, 204);
    assert_eq!(create_team(&world, &owner, "One more").await.status, 201);
}
