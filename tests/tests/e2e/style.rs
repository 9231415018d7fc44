//! The structure and the language of the sources: arrows between packages, import circles, sizes, words, RULES.md.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use confab_e2e::repository::{files, packages, root, services};

const MAX_HANDLER_LINES: usize = 40;
const MAX_LIB_LINES: usize = 150;

/// Packages by folder, and the folders of packages that they may depend on. A folder that ends in `/` stands for all
/// packages below it.
const ARROWS: [(&str, &[&str]); 14] = [
    ("shared/core", &[]),
    ("shared/messaging", &["shared/core"]),
    ("shared/contracts", &["shared/core", "shared/messaging"]),
    ("shared/worker", &["shared/core"]),
    ("shared/pictures", &["shared/core"]),
    (
        "shared/aws",
        &["shared/core", "shared/contracts", "shared/worker"],
    ),
    ("shared/lambda", &["shared/core", "shared/aws"]),
    (
        "shared/live",
        &[
            "shared/core",
            "shared/aws",
            "shared/lambda",
            "shared/worker",
        ],
    ),
    (
        "shared/providers/",
        &[
            "shared/core",
            "shared/contracts",
            "shared/messaging",
            "shared/providers/base",
        ],
    ),
    (
        "shared/testkit",
        &[
            "shared/core",
            "shared/aws",
            "shared/lambda",
            "shared/messaging",
            "local/emulator",
        ],
    ),
    ("local/emulator", &[]),
    ("local/simulators/", &["shared/", "local/simulators/"]),
    (
        "local/server",
        &["shared/core", "local/emulator", "local/simulators/"],
    ),
    ("cli", &["shared/"]),
];

fn is_in(folder: &str, of: &str) -> bool {
    if of.ends_with('/') {
        folder.starts_with(of)
    } else {
        folder == of
    }
}

#[test]
fn packages_depend_along_the_arrows_of_the_architecture() -> Result<()> {
    let packages = packages()?;
    let mut checked = 0;
    for package in &packages {
        let Some((_, allowed)) = ARROWS.iter().find(|(of, _)| is_in(&package.folder, of)) else {
            continue;
        };
        checked += 1;
        for dependency in &package.dependencies {
            let found = packages.iter().find(|other| other.name == *dependency);
            let folder = &found.with_context(|| dependency.clone())?.folder;
            let is_allowed = allowed.iter().any(|of| is_in(folder, of));
            assert!(is_allowed, "{} must not depend on {folder}", package.folder);
        }
    }
    assert!(checked > 15, "the check must see the packages");
    Ok(())
}

/// Modules of one package: the path of each, such as `store::messages`, and its file.
fn modules(source: &Path) -> Result<BTreeMap<Vec<String>, PathBuf>> {
    let mut modules = BTreeMap::new();
    for file in files(source, ".rs") {
        let relative = file.strip_prefix(source)?.with_extension("");
        let path: Vec<_> = relative
            .iter()
            .map(|part| part.to_string_lossy().into_owned())
            .collect();
        if path
            .first()
            .is_none_or(|first| first != "bin" && first != "main" && first != "lib")
        {
            modules.insert(path, file);
        }
    }
    Ok(modules)
}

/// Paths that a file names below `crate::`, with the braces of `use` resolved.
fn crate_paths(text: &str) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    for (start, _) in text.match_indices("crate::") {
        expand(&text[start + "crate::".len()..], &[], &mut paths);
    }
    paths
}

/// Expands one path or group of paths, and returns what follows it.
fn expand<'a>(text: &'a str, prefix: &[String], paths: &mut Vec<Vec<String>>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = expand(rest, prefix, paths).trim_start();
            match rest.strip_prefix(',') {
                Some(next) if !next.trim_start().starts_with('}') => rest = next,
                Some(next) => return next.trim_start().trim_start_matches('}'),
                None => return rest.trim_start_matches('}'),
            }
        }
    }
    let end = text
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    let mut path = prefix.to_vec();
    path.push(text[..end].to_owned());
    match text[end..].strip_prefix("::") {
        Some(rest) => expand(rest, &path, paths),
        None => {
            paths.push(path);
            &text[end..]
        }
    }
}

/// The folder that a module belongs to. `store.rs` belongs to `store/` if there is such a folder.
fn folder_of(path: &[String], modules: &BTreeMap<Vec<String>, PathBuf>) -> Vec<String> {
    let has_children = modules
        .keys()
        .any(|other| other.len() > path.len() && other.starts_with(path));
    if has_children {
        path.to_vec()
    } else {
        path[..path.len() - 1].to_vec()
    }
}

fn is_test(file: &Path) -> bool {
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    name == "tests"
        || name == "testing"
        || name == "contract"
        || name.ends_with("_tests")
        || file.iter().any(|part| part == "tests")
}

#[test]
fn files_of_different_folders_do_not_import_each_other_in_a_circle() -> Result<()> {
    let mut circles = Vec::new();
    for package in packages()? {
        let modules = modules(&root().join(&package.folder).join("src"))?;
        let mut imports: BTreeMap<&Vec<String>, BTreeSet<&Vec<String>>> = BTreeMap::new();
        for (module, file) in modules.iter().filter(|(_, file)| !is_test(file)) {
            let text = std::fs::read_to_string(file)?;
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            for path in crate_paths(text) {
                let named = (1..=path.len())
                    .rev()
                    .find_map(|length| modules.get_key_value(&path[..length]));
                if let Some((imported, _)) = named.filter(|(imported, _)| *imported != module) {
                    imports.entry(module).or_default().insert(imported);
                }
            }
        }
        for (module, imported) in &imports {
            for other in imported {
                let is_of_other_folder = folder_of(module, &modules) != folder_of(other, &modules);
                if module < other && is_of_other_folder && reaches(other, module, &imports) {
                    circles.push(format!(
                        "{}: {} <-> {}",
                        package.folder,
                        module.join("::"),
                        other.join("::")
                    ));
                }
            }
        }
    }
    assert!(
        circles.is_empty(),
        "{} circles:\n{}",
        circles.len(),
        circles.join("\n")
    );
    Ok(())
}

fn reaches(
    from: &Vec<String>,
    to: &Vec<String>,
    imports: &BTreeMap<&Vec<String>, BTreeSet<&Vec<String>>>,
) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(module) = open.pop() {
        if module == to {
            return true;
        }
        if seen.insert(module) {
            open.extend(imports.get(module).into_iter().flatten());
        }
    }
    false
}

/// Functions of a file, with the number of lines of each.
fn functions(text: &str) -> Vec<(String, usize)> {
    let mut functions = Vec::new();
    let mut open: Option<(String, String, usize)> = None;
    for (number, line) in text.lines().enumerate() {
        let indent = line[..line.len() - line.trim_start().len()].to_owned();
        match &open {
            Some((name, of, start)) if *of == indent && line.trim() == "}" => {
                functions.push((name.clone(), number - start + 1));
                open = None;
            }
            Some(_) => {}
            None => {
                let Some((before, after)) = line.split_once("fn ") else {
                    continue;
                };
                let is_function = before.trim().split(' ').all(|word| {
                    word.is_empty() || word.starts_with("pub") || word == "async" || word == "const"
                });
                if is_function && !line.trim_end().ends_with(['}', ';']) {
                    let name = after
                        .split(['(', '<'])
                        .next()
                        .unwrap_or_default()
                        .to_owned();
                    open = Some((name, indent, number));
                }
            }
        }
    }
    functions
}

#[test]
fn handlers_have_at_most_forty_lines() -> Result<()> {
    let mut long = Vec::new();
    for service in services()? {
        for folder in ["routes", "workers"] {
            for file in files(
                &root()
                    .join("functions")
                    .join(&service)
                    .join("src")
                    .join(folder),
                ".rs",
            ) {
                let text = std::fs::read_to_string(&file)?;
                let text = text.split("#[cfg(test)]").next().unwrap_or_default();
                let functions = functions(text)
                    .into_iter()
                    .filter(|(_, lines)| *lines > MAX_HANDLER_LINES);
                let place = file.strip_prefix(root())?.display().to_string();
                long.extend(
                    functions
                        .filter(|_| !is_test(&file))
                        .map(|(name, lines)| format!("{place}: {name} has {lines} lines")),
                );
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
    Ok(())
}

#[test]
fn crate_roots_are_short() -> Result<()> {
    let sources = files(&root(), ".rs");
    let roots: Vec<_> = sources
        .iter()
        .filter(|file| file.ends_with("src/lib.rs"))
        .collect();
    assert!(roots.len() > 20, "the check must see the crates");
    for file in roots {
        let lines = std::fs::read_to_string(file)?.lines().count();
        assert!(
            lines <= MAX_LIB_LINES,
            "{} has {lines} lines",
            file.display()
        );
    }
    Ok(())
}

/// Words of the private dialect that may not come back, and how many uses are left. The numbers only go down.
const WORDS: [(&str, usize); 10] = [
    ("whoever", 0),
    ("somebody", 0),
    ("nobody", 5),
    ("doorman", 0),
    ("cashier", 0),
    ("is here no more", 0),
    ("as it was", 1),
    ("everybody_out", 0),
    ("who_may_not", 2),
    ("confab_kernel", 0),
];

#[test]
fn words_of_the_private_dialect_do_not_come_back() -> Result<()> {
    let this = Path::new(file!()).file_name().context("a file name")?;
    let sources = [".rs", ".ts", ".mjs", ".md"]
        .map(|ending| files(&root(), ending))
        .concat();
    assert!(sources.len() > 300, "the check must see the sources");
    for (word, allowed) in WORDS {
        let mut found = Vec::new();
        for file in sources.iter().filter(|file| file.file_name() != Some(this)) {
            for (number, line) in std::fs::read_to_string(file)?.lines().enumerate() {
                if line.to_lowercase().contains(word) {
                    found.push(format!(
                        "{}:{}",
                        file.strip_prefix(root())?.display(),
                        number + 1
                    ));
                }
            }
        }
        assert!(
            found.len() <= allowed,
            "{word}: {} uses\n{}",
            found.len(),
            found.join("\n")
        );
    }
    Ok(())
}

/// The texts between backticks.
fn code_spans(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[test]
fn rules_name_functions_and_tests_that_exist() -> Result<()> {
    for service in services()? {
        let folder = root().join("functions").join(&service);
        let rules = std::fs::read_to_string(folder.join("RULES.md"))
            .with_context(|| format!("functions/{service}/RULES.md"))?;
        let tests = [
            files(&folder, ".rs"),
            files(&root().join("shared"), ".rs"),
            files(&root().join("tests"), ".rs"),
        ]
        .concat();
        let tests: String = tests
            .iter()
            .map(std::fs::read_to_string)
            .collect::<Result<_, _>>()?;
        let mut count = 0;
        for row in rules.lines().filter(|line| line.starts_with('|')).skip(2) {
            let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
            let [rule, place, test] = cells[..] else {
                anyhow::bail!("{service}: {row}")
            };
            count += 1;
            let mut source = String::new();
            for span in code_spans(place) {
                if span.ends_with(".rs") {
                    let file = [root().join(span), folder.join(span)]
                        .into_iter()
                        .find(|file| file.is_file());
                    let file =
                        file.with_context(|| format!("{service}: {rule}: there is no {span}"))?;
                    source = std::fs::read_to_string(file)?;
                } else {
                    let name = span
                        .rsplit("::")
                        .next()
                        .unwrap_or(span)
                        .trim_end_matches("()");
                    assert!(
                        source.contains(name),
                        "{service}: {rule}: {span} is not in the file named before it"
                    );
                }
            }
            assert!(!source.is_empty(), "{service}: {rule}: no file is named");
            assert!(
                code_spans(test).next().is_some(),
                "{service}: {rule}: no test is named"
            );
            for name in code_spans(test) {
                let name = name.rsplit([':', ' ']).next().unwrap_or(name);
                assert!(
                    tests.contains(&format!("fn {name}(")),
                    "{service}: {rule}: there is no test {name}"
                );
            }
        }
        assert!(count > 0, "{service}: RULES.md has no rules");
    }
    Ok(())
}

#[test]
fn variables_of_a_service_are_named_in_its_config_alone() -> Result<()> {
    for service in services()? {
        let source = root().join("functions").join(&service).join("src");
        let config = source.join("config.rs");
        for file in files(&source, ".rs")
            .iter()
            .filter(|file| **file != config && !is_test(file))
        {
            let text = std::fs::read_to_string(file)?;
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            let place = file.strip_prefix(root())?.display();
            assert!(
                !text.contains("environment()") && !text.contains("Env::"),
                "{place} reads the environment"
            );
            assert!(!text.contains("\"CONFAB_"), "{place} names a variable");
        }
    }
    Ok(())
}
