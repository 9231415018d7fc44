use proptest::prelude::*;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn user(byte: u8) -> UserId {
    UserId::new(at(1), &|| [byte; 10])
}

fn member(byte: u8, role: Role) -> Member {
    let change = Member::join(user(byte), role, BTreeSet::new(), at(1));
    change.member.unwrap()
}

fn team(byte: u8) -> TeamId {
    TeamId::new(at(1), &|| [byte; 10])
}

#[test]
fn last_owner_can_neither_step_down_nor_leave() {
    let owner = member(1, Role::Owner);
    for owners in [0, 1] {
        let refused = owner.change_role(Role::Admin, Role::Owner, owners);
        assert_eq!(refused.unwrap_err().code(), "last_owner");
        let refused = owner.remove(MembershipActor::member(&owner), owners);
        assert_eq!(refused.unwrap_err().code(), "last_owner");
    }
    let change = owner.change_role(Role::Admin, Role::Owner, 2).unwrap();
    assert_eq!(
        (change.owner_delta, change.seat_delta, change.least_owners()),
        (-1, 0, 2)
    );
    let change = owner.remove(MembershipActor::member(&owner), 2).unwrap();
    assert_eq!(
        (change.owner_delta, change.seat_delta, change.least_owners()),
        (-1, -1, 2)
    );
}

#[test]
fn admins_change_members_but_neither_owners_nor_into_owners() {
    let (admin, agent, owner) = (
        member(1, Role::Admin),
        member(2, Role::Agent),
        member(3, Role::Owner),
    );
    let change = agent.change_role(Role::Admin, admin.role, 1).unwrap();
    assert_eq!((change.owner_delta, change.least_owners()), (0, 0));
    let refusals = [
        agent.change_role(Role::Owner, admin.role, 1),
        owner.change_role(Role::Viewer, admin.role, 5),
        owner.remove(MembershipActor::member(&admin), 5),
        admin.change_role(Role::Owner, agent.role, 5),
        admin.remove(MembershipActor::member(&agent), 5),
    ];
    for refusal in refusals {
        assert_eq!(refusal.unwrap_err().code(), "forbidden");
    }
    assert!(
        agent.remove(MembershipActor::member(&agent), 1).is_ok(),
        "everyone may leave"
    );
    let key = MembershipActor::key();
    assert!(agent.remove(key, 1).is_ok());
    assert_eq!(owner.remove(key, 5).unwrap_err().code(), "forbidden");
}

#[test]
fn unchanged_members_keep_their_version() {
    let agent = member(1, Role::Agent);
    let change = agent.change_role(Role::Agent, Role::Admin, 1).unwrap();
    assert_eq!(change.member, Some(agent.clone()));
    assert_eq!(agent.set_teams(BTreeSet::new()).unwrap(), agent);
    assert_eq!(agent.set_presence(agent.availability, agent.notify), agent);
    assert_eq!(
        agent
            .set_presence(Availability::Online, agent.notify)
            .version,
        2
    );
}

#[test]
fn member_is_in_at_most_twenty_teams() {
    let agent = member(1, Role::Agent);
    assert_eq!(
        agent
            .set_teams((0..20).map(team).collect())
            .unwrap()
            .version,
        2
    );
    let refused = agent.set_teams((0..21).map(team).collect());
    assert_eq!(refused.unwrap_err().code(), "too_many_teams");
}

proptest! {
    /// Applies changes as the store does: the counts change with the row, under the condition of the change.
    #[test]
    fn tenant_always_keeps_an_owner_and_counts_its_seats(
        steps in proptest::collection::vec((0_usize..6, 0_usize..6, 0_usize..5), 0..60),
    ) {
        let mut members = vec![Some(member(0, Role::Owner))];
        members.extend((1..6).map(|byte| Some(member(byte, Role::Admin))));
        let (mut owners, mut seats) = (1_i64, 6_i64);
        for (actor, target, step) in steps {
            let (Some(actor), Some(member)) = (members[actor].clone(), members[target].clone()) else {
                continue;
            };
            let known_owners = u64::try_from(owners).unwrap();
            let change = match Role::ALL.get(step) {
                Some(role) => member.change_role(*role, actor.role, known_owners),
                None => member.remove(MembershipActor::member(&actor), known_owners),
            };
            if let Ok(change) = change {
                owners += change.owner_delta;
                seats += change.seat_delta;
                members[target] = change.member;
            }
            let present = members.iter().flatten();
            prop_assert_eq!(seats, i64::try_from(present.clone().count()).unwrap());
            let real_owners = present.filter(|member| member.role == Role::Owner).count();
            prop_assert_eq!(owners, i64::try_from(real_owners).unwrap());
            prop_assert!(owners >= 1);
        }
    }
}
