//! From what was seen to what is wrong. Nothing here asks anybody anything.

use super::Finding;
use crate::{
    dlq::DeadLetters,
    words::{many, span},
};

#[derive(Debug, Clone, Default)]
pub(crate) struct StackState {
    pub(crate) status: String,
    pub(crate) reason: Option<String>,
    pub(crate) drift: String,
    pub(crate) outputs: Vec<String>,
}

/// What other people and this command go by.
const OUTPUTS: [&str; 5] = [
    "StudioApiUrl",
    "PaymentsApiUrl",
    "RoomsApiUrl",
    "PaymentsWebhookUrl",
    "StudioWebhookUrl",
];

pub(crate) fn stack(name: &str, state: &StackState) -> Vec<Finding> {
    let StackState {
        status,
        reason,
        drift,
        outputs,
    } = state;
    let told = format!("{name}: {status}");
    let why = reason
        .as_deref()
        .unwrap_or("the reason is in CloudFormation's events");
    let is_good = status.ends_with("_COMPLETE")
        && !status.contains("ROLLBACK")
        && !status.starts_with("DELETE");
    let condition = if is_good {
        Finding::ok("stack", told)
    } else if status.ends_with("_IN_PROGRESS") {
        Finding::problem(
            "stack",
            told,
            "Wait until CloudFormation is done, then run doctor again.",
        )
    } else if status == "UPDATE_ROLLBACK_COMPLETE" {
        Finding::problem(
            "stack",
            told,
            format!("The last deployment was rolled back: {why}. Repair it and deploy again."),
        )
    } else {
        Finding::problem(
            "stack",
            told,
            format!("{why}. Delete or repair the stack, then scripts/deploy."),
        )
    };
    let drifted = match drift.as_str() {
        "DRIFTED" => Finding::problem(
            "drift",
            "resources were changed outside CloudFormation",
            format!(
                "`aws cloudformation describe-stack-resource-drifts --stack-name {name}` lists them; deploy again."
            ),
        ),
        "IN_SYNC" => Finding::ok("drift", "the resources match the template"),
        _ => Finding::skipped(
            "drift",
            format!("never checked: aws cloudformation detect-stack-drift --stack-name {name}"),
        ),
    };
    let missing: Vec<_> = OUTPUTS
        .into_iter()
        .filter(|wanted| !outputs.iter().any(|output| output == wanted))
        .collect();
    let complete = match missing.as_slice() {
        [] => Finding::ok("outputs", outputs.join(", ")),
        missing => Finding::problem(
            "outputs",
            format!("{} missing", missing.join(" and ")),
            "Check that the stack was deployed from template.yaml.",
        ),
    };
    vec![condition, drifted, complete]
}

/// An SSM parameter that the stack names. Its value is never read here.
#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    /// None: it is not there.
    pub(crate) kind: Option<String>,
}

pub(crate) fn parameters(all: &[Parameter]) -> Vec<Finding> {
    let wrong = all.iter().filter_map(|parameter| {
        let name = &parameter.name;
        let put = format!("aws ssm put-parameter --name {name} --type SecureString --value ..");
        match parameter.kind.as_deref() {
            Some("SecureString") => None,
            None => Some(Finding::problem(
                "parameters",
                format!("{name} does not exist"),
                put,
            )),
            Some(kind) => Some(Finding::problem(
                "parameters",
                format!("{name} is a {kind}, which is not encrypted"),
                format!("Delete it, then {put}"),
            )),
        }
    });
    or_ok(wrong.collect(), || {
        Finding::ok(
            "parameters",
            format!("{}, encrypted", many(all.len(), "secret")),
        )
    })
}

pub(crate) fn dead_letters(all: &[(DeadLetters, Option<i64>)]) -> Vec<Finding> {
    let full = all.iter().filter(|(dlq, _)| dlq.queue.depth() > 0).map(|(dlq, oldest)| {
        let depth = usize::try_from(dlq.queue.depth()).unwrap_or(usize::MAX);
        let age = oldest.map(|age| format!(", the oldest for {}", span(age))).unwrap_or_default();
        let name = &dlq.queue.name;
        Finding::problem(
            "dead letters",
            format!("{name} holds {}{age}", many(depth, "message")),
            format!("`confab dlq {name}` shows them. Repair what failed, then `confab dlq {name} redrive`."),
        )
    });
    or_ok(full.collect(), || {
        Finding::ok(
            "dead letters",
            format!("{}, empty", many(all.len(), "queue")),
        )
    })
}

#[derive(Debug, Clone)]
pub(crate) struct Alarm {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) state: String,
}

pub(crate) fn alarms(all: &[Alarm]) -> Vec<Finding> {
    let ringing = all.iter().filter(|alarm| alarm.state == "ALARM").map(|alarm| {
        let advice = "`confab trace`, the log and the dashboard tell more. It ends by itself when the cause has.";
        Finding::problem("alarms", format!("{}: {}", alarm.name, alarm.description), advice)
    });
    or_ok(ringing.collect(), || {
        Finding::ok("alarms", format!("{}, quiet", many(all.len(), "alarm")))
    })
}

#[derive(Debug, Clone)]
pub(crate) struct Subscription {
    pub(crate) endpoint: String,
    pub(crate) is_confirmed: bool,
}

pub(crate) fn subscriptions(all: &[Subscription]) -> Vec<Finding> {
    if all.is_empty() {
        let advice = "Deploy with AlarmEmail=you@example.com in parameter_overrides.";
        return vec![Finding::problem(
            "subscriptions",
            "alarms notify no address",
            advice,
        )];
    }
    let waiting = all.iter().filter(|subscription| !subscription.is_confirmed).map(|subscription| {
        let endpoint = &subscription.endpoint;
        let advice =
            "Follow the link in AWS's mail, which is valid for two days. After that, subscribe the address again.";
        Finding::problem("subscriptions", format!("{endpoint} has not confirmed"), advice)
    });
    or_ok(waiting.collect(), || {
        Finding::ok(
            "subscriptions",
            format!("{} of alarms", many(all.len(), "subscriber")),
        )
    })
}

#[derive(Debug, Clone)]
pub(crate) struct FunctionState {
    pub(crate) name: String,
    pub(crate) architecture: String,
    /// Why it does not run, if so.
    pub(crate) trouble: Option<String>,
}

pub(crate) fn functions(all: &[FunctionState], architecture: Option<&str>) -> Vec<Finding> {
    let wrong = all.iter().filter_map(|function| {
        let FunctionState {
            name,
            architecture: built,
            trouble,
        } = function;
        match (trouble, architecture) {
            (Some(trouble), _) => Some(Finding::problem(
                "functions",
                format!("{name}: {trouble}"),
                "Build and deploy it again: scripts/deploy, or scripts/dev on this laptop.",
            )),
            (None, Some(wanted)) if wanted != built => Some(Finding::problem(
                "functions",
                format!("{name} runs on {built}, the stack's Architecture is {wanted}"),
                "scripts/deploy",
            )),
            _ => None,
        }
    });
    let all_is_well = || {
        let on = architecture
            .map(|architecture| format!(" on {architecture}"))
            .unwrap_or_default();
        Finding::ok(
            "functions",
            format!("{} ready{on}", many(all.len(), "function")),
        )
    };
    or_ok(wrong.collect(), all_is_well)
}

/// What the next deployment would upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binary {
    pub(crate) function: String,
    pub(crate) architecture: &'static str,
}

pub(crate) fn binaries(all: &[Binary], architecture: &str) -> Vec<Finding> {
    if all.is_empty() {
        return vec![Finding::skipped(
            "binaries",
            "nothing is built in target/lambda on this machine",
        )];
    }
    let wrong = all
        .iter()
        .filter(|binary| binary.architecture != architecture)
        .map(|binary| {
            let option = if architecture == "x86_64" {
                "--x86-64"
            } else {
                "--arm64"
            };
            Finding::problem(
                "binaries",
                format!(
                    "target/lambda/{} is for {}, the stack for {architecture}",
                    binary.function, binary.architecture
                ),
                format!("scripts/build {option}"),
            )
        });
    or_ok(wrong.collect(), || {
        Finding::ok(
            "binaries",
            format!("{} for {architecture}", many(all.len(), "function")),
        )
    })
}

fn or_ok(problems: Vec<Finding>, ok: impl FnOnce() -> Finding) -> Vec<Finding> {
    if problems.is_empty() {
        vec![ok()]
    } else {
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::{super::State, *};
    use crate::ports::Queue;

    fn states(findings: &[Finding]) -> Vec<State> {
        findings.iter().map(|finding| finding.state).collect()
    }

    #[test]
    fn a_stack_is_good_complete_and_as_its_template_has_it() {
        let good = StackState {
            status: "UPDATE_COMPLETE".into(),
            drift: "IN_SYNC".into(),
            outputs: OUTPUTS.map(str::to_owned).into(),
            ..StackState::default()
        };
        assert_eq!(states(&stack("confab", &good)), [State::Ok; 3]);
        for status in [
            "ROLLBACK_COMPLETE",
            "UPDATE_ROLLBACK_COMPLETE",
            "CREATE_FAILED",
            "UPDATE_IN_PROGRESS",
        ] {
            let bad = StackState {
                status: status.into(),
                ..good.clone()
            };
            assert_eq!(
                states(&stack("confab", &bad)),
                [State::Problem, State::Ok, State::Ok],
                "{status}"
            );
        }
        let drifted = StackState {
            drift: "DRIFTED".into(),
            outputs: OUTPUTS[..4].iter().map(ToString::to_string).collect(),
            ..good.clone()
        };
        let findings = stack("confab", &drifted);
        assert_eq!(
            states(&findings),
            [State::Ok, State::Problem, State::Problem]
        );
        assert_eq!(findings[2].text, "StudioWebhookUrl missing");
        let unknown = StackState {
            drift: "NOT_CHECKED".into(),
            ..good
        };
        assert_eq!(
            states(&stack("confab", &unknown)),
            [State::Ok, State::Skipped, State::Ok]
        );
    }

    #[test]
    fn a_secret_is_there_and_encrypted() {
        let of = |kind: Option<&str>| Parameter {
            name: "/confab/studio/x".into(),
            kind: kind.map(str::to_owned),
        };
        assert_eq!(
            states(&parameters(&[of(Some("SecureString"))])),
            [State::Ok]
        );
        let findings = parameters(&[of(Some("SecureString")), of(None), of(Some("String"))]);
        assert_eq!(states(&findings), [State::Problem, State::Problem]);
        assert!(
            findings[0]
                .advice
                .as_ref()
                .unwrap()
                .contains("--type SecureString")
        );
    }

    #[test]
    fn a_dead_letter_is_a_problem() {
        let queue = |visible| Queue {
            name: "q-dlq".into(),
            visible,
            ..Queue::default()
        };
        let dlq = |visible| DeadLetters {
            queue: queue(visible),
            sources: Vec::new(),
        };
        assert_eq!(states(&dead_letters(&[(dlq(0), None)])), [State::Ok]);
        let findings = dead_letters(&[(dlq(0), None), (dlq(2), Some(3_600_000))]);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            findings[0].text,
            "q-dlq holds 2 messages, the oldest for 1 h"
        );
    }

    #[test]
    fn an_alarm_and_a_silent_alarm_are_problems() {
        let alarm = |state: &str| Alarm {
            name: "a".into(),
            description: "it hurts".into(),
            state: state.into(),
        };
        assert_eq!(
            states(&alarms(&[alarm("OK"), alarm("INSUFFICIENT_DATA")])),
            [State::Ok]
        );
        assert_eq!(
            states(&alarms(&[alarm("OK"), alarm("ALARM")])),
            [State::Problem]
        );
        let person = |is_confirmed| Subscription {
            endpoint: "a@example.com".into(),
            is_confirmed,
        };
        assert_eq!(states(&subscriptions(&[])), [State::Problem]);
        assert_eq!(states(&subscriptions(&[person(true)])), [State::Ok]);
        assert_eq!(
            states(&subscriptions(&[person(true), person(false)])),
            [State::Problem]
        );
    }

    #[test]
    fn functions_and_binaries_fit_the_stack() {
        let function = |architecture: &str, trouble: Option<&str>| FunctionState {
            name: "sms-received".into(),
            architecture: architecture.into(),
            trouble: trouble.map(str::to_owned),
        };
        assert_eq!(
            states(&functions(&[function("arm64", None)], Some("arm64"))),
            [State::Ok]
        );
        assert_eq!(
            states(&functions(&[function("x86_64", None)], Some("arm64"))),
            [State::Problem]
        );
        assert_eq!(
            states(&functions(&[function("", Some("not built"))], None)),
            [State::Problem]
        );
        let binary = |architecture| Binary {
            function: "sms-received".into(),
            architecture,
        };
        assert_eq!(states(&binaries(&[binary("arm64")], "arm64")), [State::Ok]);
        let findings = binaries(&[binary("x86_64")], "arm64");
        assert_eq!(
            (states(&findings), findings[0].advice.as_deref()),
            (vec![State::Problem], Some("scripts/build --arm64"))
        );
        assert_eq!(states(&binaries(&[], "arm64")), [State::Skipped]);
    }
}
