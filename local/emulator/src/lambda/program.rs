//! How the code of a function is started: our own binaries and `bootstrap` files directly, Node.js and Python through
//! the runtime interface clients of AWS, which are installed once into a folder of tools.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
};

use crate::template::{Function, Runtime};

const NODE_CLIENT: &str = "node/node_modules/aws-lambda-ric/bin/index.mjs";
const PYTHON_CLIENT: &str = "python";
const INSTALL_NODE: &str = "npm install --prefix .tools/lambda/node aws-lambda-ric@3.3.0";
const INSTALL_PYTHON: &str = "pip install --target .tools/lambda/python awslambdaric==4.2.2";

/// The folders in which code and runtime interface clients are found.
#[derive(Debug, Clone)]
pub struct CodeFolders {
    /// Binaries of this workspace, each named as its function.
    pub binaries: PathBuf,
    pub tools: PathBuf,
}

/// The command of one function.
#[derive(Debug, Clone)]
pub(super) struct Program {
    pub(super) file: PathBuf,
    pub(super) arguments: Vec<String>,
    /// The working directory. Own binaries run in that of the emulator.
    pub(super) folder: Option<PathBuf>,
    pub(super) variables: BTreeMap<String, String>,
    /// The file that must exist before it can be started, and the message when it does not.
    requirement: Option<(PathBuf, String)>,
}

impl Program {
    pub(super) fn new(
        function: &Function,
        folders: &CodeFolders,
        interpreters: &Interpreters,
    ) -> Self {
        let folder = function.folder.clone();
        match &function.runtime {
            Runtime::Own => {
                let file = folders.binaries.join(&function.name);
                let hint = format!("{} is not built", file.display());
                let requirement = Some((file.clone(), hint));
                Self {
                    file,
                    arguments: Vec::new(),
                    folder: None,
                    variables: BTreeMap::new(),
                    requirement,
                }
            }
            Runtime::Provided => {
                let file = folder.join("bootstrap");
                let hint = format!(
                    "{} is missing: CodeUri is a folder with an executable of this name",
                    file.display()
                );
                let requirement = Some((file.clone(), hint));
                Self {
                    file,
                    arguments: Vec::new(),
                    folder: Some(folder),
                    variables: BTreeMap::new(),
                    requirement,
                }
            }
            Runtime::Node { .. } => {
                let client = folders.tools.join(NODE_CLIENT);
                let modules = folders
                    .tools
                    .join("node/node_modules")
                    .display()
                    .to_string();
                Self {
                    file: interpreters.node.clone(),
                    arguments: vec![client.display().to_string(), function.handler.clone()],
                    folder: Some(folder),
                    variables: [("NODE_PATH".to_owned(), modules)].into(),
                    requirement: Some((client, missing_client("Node.js", INSTALL_NODE))),
                }
            }
            Runtime::Python { .. } => {
                let client = folders.tools.join(PYTHON_CLIENT);
                Self {
                    file: interpreters.python.clone(),
                    arguments: vec![
                        "-m".to_owned(),
                        "awslambdaric".to_owned(),
                        function.handler.clone(),
                    ],
                    folder: Some(folder),
                    variables: [
                        ("PYTHONPATH".to_owned(), client.display().to_string()),
                        // The code's folder is left as it is; on Lambda it cannot be written to.
                        ("PYTHONDONTWRITEBYTECODE".to_owned(), "1".to_owned()),
                    ]
                    .into(),
                    requirement: Some((
                        client.join("awslambdaric"),
                        missing_client("Python", INSTALL_PYTHON),
                    )),
                }
            }
        }
    }

    /// Returns why it cannot be started.
    pub(super) fn missing(&self) -> Option<String> {
        let (file, hint) = self.requirement.as_ref()?;
        (!file.exists()).then(|| hint.clone())
    }
}

fn missing_client(language: &str, command: &str) -> String {
    format!("the runtime interface client for {language} is not installed. Run once: {command}")
}

/// The interpreters of this machine; the version that a template names is ignored.
#[derive(Debug, Clone)]
pub(super) struct Interpreters {
    node: PathBuf,
    python: PathBuf,
}

impl Interpreters {
    /// Resolves the commands on the path, since shims depend on variables that functions do not get.
    pub(super) fn find(functions: &[Function]) -> Self {
        let is_used =
            |of: fn(&Runtime) -> bool| functions.iter().any(|function| of(&function.runtime));
        let node = is_used(|runtime| matches!(runtime, Runtime::Node { .. }));
        let python = is_used(|runtime| matches!(runtime, Runtime::Python { .. }));
        let find = |is_used: bool, name: &str, code: &str| {
            let flag = if name == "node" { "-p" } else { "-c" };
            let found = is_used.then(|| path_of(name, flag, code)).flatten();
            found.unwrap_or_else(|| PathBuf::from(name))
        };
        Self {
            node: find(node, "node", "process.execPath"),
            python: find(python, "python3", "import sys; print(sys.executable)"),
        }
    }
}

fn path_of(name: &str, flag: &str, code: &str) -> Option<PathBuf> {
    let output = Command::new(name).args([flag, code]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(Path::new(text.trim()).to_owned()).filter(|path| path.is_absolute())
}
