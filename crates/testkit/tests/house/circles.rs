//! Modules that depend on each other.

use std::collections::{BTreeMap, BTreeSet};

use crate::imports::Graph;
use crate::source::Module;

/// A circle put in: crate, module, line, and which neighbours must be named.
pub(crate) const SEEDS: [(&str, &str, &str, [&str; 2]); 4] = [
    (
        "watcher",
        "store/coins",
        "use crate::payout::PayoutError;",
        ["payout", "store"],
    ),
    (
        "watcher",
        "chain/error/node",
        "fn up(_: super::super::core_rpc::CoreRpc) {}",
        ["core_rpc", "error"],
    ),
    (
        "signer",
        "journal",
        "use crate::jobs::Job;",
        ["jobs", "journal"],
    ),
    (
        "core",
        "psbt",
        "use crate::review::Finding;",
        ["psbt", "review"],
    ),
];

/// Returns the circles in which a folder takes part, at any depth: a folder and its neighbours that
/// need each other. A module may name the one that it stands in.
pub(crate) fn across_folders(graph: &Graph) -> Vec<String> {
    let mut found = Vec::new();
    for parent in &graph.folders {
        let mut edges: BTreeMap<&str, BTreeMap<&str, String>> = BTreeMap::new();
        for (from, targets) in &graph.edges {
            for to in targets {
                if let (Some(one), Some(other)) = (child(parent, from), child(parent, to))
                    && one != other
                {
                    let words = format!("{} names {}", from.join("/"), to.join("/"));
                    edges.entry(one).or_default().entry(other).or_insert(words);
                }
            }
        }
        let mut seen = BTreeSet::new();
        for start in edges.keys() {
            let circle: Vec<&str> = reached(&edges, start)
                .into_iter()
                .filter(|other| reached(&edges, other).contains(start))
                .collect();
            let has_folder = circle.iter().any(|name| {
                let mut module = parent.clone();
                module.push((*name).into());
                graph.folders.contains(&module)
            });
            if circle.len() > 1 && has_folder && seen.insert(circle.clone()) {
                let because = circle.iter().flat_map(|one| {
                    edges[one]
                        .iter()
                        .filter(|(other, _)| circle.contains(other))
                        .map(|(_, words)| words.clone())
                });
                found.push(format!(
                    "{}: [{}]: {}",
                    parent.join("/"),
                    circle.join(", "),
                    because.collect::<Vec<_>>().join("; ")
                ));
            }
        }
    }
    found
}

/// Returns the part of a module's place just within `parent`.
fn child<'a>(parent: &Module, module: &'a Module) -> Option<&'a str> {
    let is_within = module.len() > parent.len() && module[..parent.len()] == parent[..];
    is_within.then(|| module[parent.len()].as_str())
}

fn reached<'a>(
    edges: &BTreeMap<&'a str, BTreeMap<&'a str, String>>,
    start: &'a str,
) -> Vec<&'a str> {
    let mut found = BTreeSet::new();
    let mut next = vec![start];
    while let Some(one) = next.pop() {
        for other in edges
            .get(one)
            .into_iter()
            .flatten()
            .map(|(other, _)| *other)
        {
            if found.insert(other) {
                next.push(other);
            }
        }
    }
    found.into_iter().collect()
}
