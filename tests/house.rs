//! Imports run one way, as data does: a file of the library imports only from floors below its own, and files of one
//! folder not from each other in a circle.

#![expect(clippy::unwrap_used, reason = "a test panics")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use tests::{files, root};

/// The floors, bottom to top. Who moves in says where they live.
const FLOORS: [&[&str]; 12] = [
    &["kinds", "ids", "problem", "time"],
    &["deployment", "trial"],
    &["json", "execution", "outside", "refusals"],
    &["ownership", "options"],
    &["endpoint"],
    &["parts"],
    &["targets"],
    &["request", "plan", "question"],
    &["removal"],
    &["result"],
    &["contract", "workflow"],
    &["steps"],
];

const LIBRARY: &str = "functions/tieline/src";

/// A file of the library: its module path, such as `steps::preflight::looks`, and its text without its tests.
type House = BTreeMap<Vec<String>, String>;

fn house() -> House {
    let mut house = House::new();
    read(&root().join(LIBRARY), &mut Vec::new(), &mut house);
    assert!(house.len() > 50, "only {} files", house.len());
    house
}

fn read(folder: &Path, path: &mut Vec<String>, house: &mut House) {
    for file in files(folder) {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        if file.is_dir() {
            path.push(name);
            read(&file, path, house);
            path.pop();
            continue;
        }
        let mut module = path.clone();
        if name != "mod" {
            module.push(name);
        }
        let text = std::fs::read_to_string(&file).unwrap();
        let shipped = text.split("#[cfg(test)]").next().unwrap().to_owned();
        house.insert(module, shipped);
    }
}

/// The modules that a text names behind a word such as `crate::`, also within braces.
fn named(text: &str, word: &str) -> BTreeSet<String> {
    let code: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect();
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices(word) {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &code[at + word.len()..];
        let list = rest
            .strip_prefix('{')
            .map_or(rest, |list| list.split('}').next().unwrap());
        let is_list = rest.starts_with('{');
        for item in list.split(',') {
            let name: String = item
                .trim_start()
                .chars()
                .take_while(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '_')
                .collect();
            if !name.is_empty() {
                found.insert(name);
            }
            if !is_list {
                break;
            }
        }
    }
    found
}

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

/// Everything that does not run downward, in sentences.
fn findings(house: &House) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in house {
        let module = path.join("::");
        let Some(top) = path.first().filter(|top| *top != "lib") else {
            continue;
        };
        let Some(own) = floor(top) else {
            found.push(format!("{module} lives on no floor"));
            continue;
        };
        for other in named(text, "crate::") {
            match floor(&other) {
                Some(there) if other != *top && there >= own => {
                    found.push(format!("{module} imports {other}, which is not below it"));
                }
                _ => {}
            }
        }
    }
    found.extend(circles(house));
    found
}

/// Circles among the files of one folder.
fn circles(house: &House) -> Vec<String> {
    let mut imports: BTreeMap<Vec<String>, BTreeSet<Vec<String>>> = BTreeMap::new();
    for (path, text) in house {
        let Some((_, folder)) = path.split_last() else {
            continue;
        };
        let sibling = |name: String| {
            let mut sibling = folder.to_vec();
            sibling.push(name);
            house.contains_key(&sibling).then_some(sibling)
        };
        let siblings = named(text, "super::").into_iter().filter_map(sibling);
        imports.insert(path.clone(), siblings.collect());
    }
    let mut found = Vec::new();
    for start in imports.keys() {
        let (mut open, mut seen) = (vec![start.clone()], BTreeSet::new());
        while let Some(at) = open.pop() {
            for next in &imports[&at] {
                if next == start {
                    found.push(format!("{} imports itself in a circle", start.join("::")));
                    open.clear();
                    break;
                }
                if seen.insert(next.clone()) {
                    open.push(next.clone());
                }
            }
        }
    }
    found
}

#[test]
fn imports_run_one_way() {
    assert_eq!(findings(&house()), [""; 0]);
}

#[test]
fn an_import_that_runs_upward_is_found() {
    let breaks = [
        ("ids", "use crate::problem::Code;", "ids imports problem"),
        (
            "plan",
            "use crate::request::Request;",
            "plan imports request",
        ),
        (
            "parts::private_zone",
            "fn f() { crate::workflow::route(1) }",
            "parts::private_zone imports workflow",
        ),
        (
            "outside::error",
            "use crate::{\n    ids::Region,\n    targets::Target,\n};",
            "outside::error imports targets",
        ),
        (
            "steps::preflight::looks",
            "use super::serving::Chosen;",
            "steps::preflight::looks imports itself in a circle",
        ),
    ];
    for (module, line, finding) in breaks {
        let mut house = house();
        let path: Vec<String> = module.split("::").map(str::to_owned).collect();
        let text = house.get_mut(&path).unwrap_or_else(|| panic!("{module}"));
        text.push_str(line);

        let findings = findings(&house);
        assert!(
            findings.iter().any(|one| one.starts_with(finding)),
            "{module}: {findings:?}"
        );
    }

    let mut house = house();
    house.insert(vec!["attic".to_owned()], String::new());
    assert_eq!(findings(&house), ["attic lives on no floor"]);
}
