//! All functions of the template.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use super::{
    function::{Function, Gate},
    launch::Launch,
    program::{CodeFolders, Interpreters, Program},
};
use crate::{
    caller::{OUTSIDE, SECRET_KEY},
    clock::Clock,
    recorder::Recorder,
    template,
};

/// How long a jump of the clock waits for running invocations.
const QUIESCE_TIMEOUT: Duration = Duration::from_secs(2);
const QUIESCE_POLL: Duration = Duration::from_millis(2);

/// All functions of the template.
#[derive(Debug)]
pub struct Functions {
    by_name: BTreeMap<String, Arc<Function>>,
    gate: Arc<Gate>,
}

impl Functions {
    pub(crate) fn new(
        specs: &[template::Function],
        folders: &CodeFolders,
        aws_url: &str,
        region: &str,
        clock: &Arc<Clock>,
        recorder: &Arc<Recorder>,
    ) -> Self {
        let gate = Arc::new(Gate::default());
        let interpreters = Interpreters::find(specs);
        let by_name = specs.iter().map(|spec| {
            let program = Program::new(spec, folders, &interpreters);
            let mut variables = variables(spec, aws_url, region);
            variables.extend(program.variables.clone());
            let launch = Launch {
                name: spec.name.clone(),
                arn: spec.arn.clone(),
                program,
                memory_mb: spec.memory_mb,
                variables,
                clock: clock.clone(),
                recorder: recorder.clone(),
            };
            let function = Function::new(spec.clone(), launch, gate.clone());
            (spec.name.clone(), Arc::new(function))
        });
        Self {
            by_name: by_name.collect(),
            gate,
        }
    }

    /// Writes the environment of each function to `<name>.env`, for `cargo lambda watch` and debuggers. The Runtime API is
    /// not in it: the process that starts the function brings one.
    pub fn write_environments(&self, folder: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        for function in self.all() {
            let mut text = format!(
                "# The environment of {} under local. Written at each start.\n",
                function.spec.name
            );
            for (name, value) in function.environment() {
                if value.contains(['\n', '\r']) {
                    text.push_str(&format!(
                        "# {name} has several lines, which this format cannot hold.\n"
                    ));
                } else {
                    text.push_str(&format!("{name}={value}\n"));
                }
            }
            std::fs::write(folder.join(format!("{}.env", function.spec.name)), text)?;
        }
        Ok(())
    }

    /// Waits until no invocation runs, and holds new ones back until the guard is dropped. A process knows one clock
    /// offset, so one that ran across a jump would meet leases of another. `None` after `QUIESCE_TIMEOUT`.
    ///
    /// It polls: a queued writer would block calls that a running invocation makes through the gateway.
    pub(crate) async fn quiesce(&self) -> Option<impl Drop> {
        let until = tokio::time::Instant::now() + QUIESCE_TIMEOUT;
        loop {
            match self.gate.try_write() {
                Ok(guard) => return Some(guard),
                Err(_) if tokio::time::Instant::now() >= until => return None,
                Err(_) => tokio::time::sleep(QUIESCE_POLL).await,
            }
        }
    }

    pub fn all(&self) -> impl Iterator<Item = &Arc<Function>> {
        self.by_name.values()
    }

    /// Returns the access key when it is a function's, else `OUTSIDE`.
    pub(crate) fn caller<'a>(&self, access_key: &'a str) -> &'a str {
        if self.get(access_key).is_some() {
            access_key
        } else {
            OUTSIDE
        }
    }

    /// Finds a function by its binary's name, its name in AWS or its ARN.
    pub fn get(&self, name: &str) -> Option<&Arc<Function>> {
        self.by_name.get(name).or_else(|| {
            let named = |function: &&Arc<Function>| {
                function.spec.physical_name == name || function.spec.arn == name
            };
            self.all().find(named)
        })
    }
}

/// Returns what Lambda puts into the environment, and what points the SDKs at the emulator.
fn variables(spec: &template::Function, aws_url: &str, region: &str) -> BTreeMap<String, String> {
    let mut variables = spec.environment.clone();
    let is_own = spec.runtime == template::Runtime::Own;
    let task_root = if is_own {
        ".".to_owned()
    } else {
        spec.folder.display().to_string()
    };
    let more = [
        ("AWS_REGION", region),
        ("AWS_DEFAULT_REGION", region),
        ("AWS_ACCESS_KEY_ID", &spec.name),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
        ("AWS_ENDPOINT_URL", aws_url),
        ("AWS_LAMBDA_FUNCTION_NAME", &spec.physical_name),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        (
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
            &spec.memory_mb.to_string(),
        ),
        ("AWS_LAMBDA_LOG_GROUP_NAME", &spec.log_group),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "local"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        (
            "AWS_EXECUTION_ENV",
            &format!("AWS_Lambda_{}", spec.runtime.name()),
        ),
        ("LAMBDA_TASK_ROOT", &task_root),
        ("LAMBDA_RUNTIME_DIR", &task_root),
        ("_HANDLER", &spec.handler),
        ("LANG", "en_US.UTF-8"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("TZ", ":UTC"),
        ("RUST_BACKTRACE", "0"),
    ];
    variables.extend(more.map(|(name, value)| (name.to_owned(), value.to_owned())));
    variables
}
