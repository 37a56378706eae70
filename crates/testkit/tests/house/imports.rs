//! Which module names which, and what else it names.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use syn::visit::{self, Visit};

use crate::source::{Crate, Module};

/// What the modules of a crate name, tests left out.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    /// The modules that define what a module names.
    pub(crate) edges: BTreeMap<Module, BTreeSet<Module>>,
    /// The modules that a module names, whatever they hand on.
    pub(crate) named: BTreeMap<Module, BTreeSet<Module>>,
    /// Everything else that a module names, as paths (`std::fs::read`, `clap::Args`), and the
    /// macros that it calls (`println!`).
    pub(crate) others: BTreeMap<Module, BTreeSet<String>>,
    /// Modules that have modules within.
    pub(crate) folders: BTreeSet<Module>,
}

impl Graph {
    /// Parses the files, and resolves what they name.
    pub(crate) fn of(sources: &Crate) -> Result<Self> {
        let mut parsed = BTreeMap::new();
        let mut tests = BTreeSet::new();
        for (module, text) in &sources.modules {
            let file = syn::parse_file(text).with_context(|| module.join("/"))?;
            for item in &file.items {
                if let syn::Item::Mod(inner) = item
                    && is_test(&inner.attrs)
                {
                    tests.insert(within(module, &inner.ident.to_string()));
                }
            }
            parsed.insert(module.clone(), file);
        }
        let is_tested = |module: &Module| {
            tests
                .iter()
                .any(|test| module.len() >= test.len() && module[..test.len()] == test[..])
        };
        parsed.retain(|module, _| !is_tested(module));
        let names: BTreeMap<Module, BTreeMap<String, Vec<String>>> = parsed
            .iter()
            .map(|(module, file)| (module.clone(), imported(file)))
            .collect();
        let mut graph = Graph::default();
        for module in parsed.keys() {
            for end in 0..module.len() {
                graph.folders.insert(module[..end].to_vec());
            }
        }
        for (module, file) in &parsed {
            let mut paths = Paths::default();
            paths.visit_file(file);
            let (mut edges, mut others) = (BTreeSet::new(), BTreeSet::new());
            let mut named = BTreeSet::new();
            for path in paths.0 {
                named.extend(literal(module, &path, &parsed));
                match resolve(module, &path, &names, 0) {
                    Some(target) if target != *module => drop(edges.insert(target)),
                    Some(_) => {}
                    None => drop(others.insert(path.join("::"))),
                }
            }
            graph.edges.insert(module.clone(), edges);
            graph.named.insert(module.clone(), named);
            graph.others.insert(module.clone(), others);
        }
        Ok(graph)
    }
}

fn within(module: &Module, name: &str) -> Module {
    let mut inner = module.clone();
    inner.push(name.into());
    inner
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || attribute.path().is_ident("cfg")
                && attribute
                    .parse_args::<syn::Ident>()
                    .is_ok_and(|ident| ident == "test")
    })
}

/// Returns the names that a file brings in by `use`, and what they stand for.
fn imported(file: &syn::File) -> BTreeMap<String, Vec<String>> {
    let mut names = BTreeMap::new();
    for item in &file.items {
        if let syn::Item::Use(item) = item
            && !is_test(&item.attrs)
        {
            leaves(&item.tree, &mut Vec::new(), &mut |name, path| {
                names.insert(name, path);
            });
        }
    }
    names
}

fn leaves(tree: &syn::UseTree, path: &mut Vec<String>, take: &mut impl FnMut(String, Vec<String>)) {
    match tree {
        syn::UseTree::Path(inner) => {
            path.push(inner.ident.to_string());
            leaves(&inner.tree, path, take);
            path.pop();
        }
        syn::UseTree::Name(name) if name.ident == "self" => {
            take(path.last().cloned().unwrap_or_default(), path.clone());
        }
        syn::UseTree::Name(name) => {
            let whole = path.iter().cloned().chain([name.ident.to_string()]);
            take(name.ident.to_string(), whole.collect());
        }
        syn::UseTree::Rename(name) => {
            let whole = path.iter().cloned().chain([name.ident.to_string()]);
            take(name.rename.to_string(), whole.collect());
        }
        syn::UseTree::Glob(_) => take("*".into(), path.clone()),
        syn::UseTree::Group(group) => {
            for tree in &group.items {
                leaves(tree, path, take);
            }
        }
    }
}

/// Returns the module that a path from the crate's root, or from the modules around, goes through.
fn literal(from: &Module, path: &[String], known: &BTreeMap<Module, syn::File>) -> Option<Module> {
    let mut place = match path.first()?.as_str() {
        "crate" => Module::new(),
        "super" => from[..from.len().saturating_sub(1)].to_vec(),
        _ => return None,
    };
    for name in &path[1..] {
        if name == "super" {
            place.pop();
        } else if known.contains_key(&within(&place, name)) {
            place.push(name.clone());
        } else {
            break;
        }
    }
    Some(place)
}

/// Returns the module that defines what a path names; nothing for what is not of this crate.
fn resolve(
    from: &Module,
    path: &[String],
    names: &BTreeMap<Module, BTreeMap<String, Vec<String>>>,
    depth: u32,
) -> Option<Module> {
    let mut place = from.clone();
    let mut rest = path;
    match rest.first().map(String::as_str) {
        Some("crate") => {
            place.clear();
            rest = &rest[1..];
        }
        Some("self") => rest = &rest[1..],
        Some("super") => {
            while rest.first().is_some_and(|part| part == "super") {
                place.pop();
                rest = &rest[1..];
            }
        }
        // A name that this file brought in, or a module within.
        Some(name) => {
            if !names.contains_key(&within(&place, name)) {
                let known = names.get(&place)?.get(name)?;
                if depth > 8 || known.first().is_some_and(|first| first == name) {
                    return None;
                }
                let whole: Vec<String> = known.iter().chain(&rest[1..]).cloned().collect();
                return resolve(from, &whole, names, depth + 1);
            }
        }
        None => return None,
    }
    while let Some(name) = rest.first()
        && names.contains_key(&within(&place, name))
    {
        place.push(name.clone());
        rest = &rest[1..];
    }
    // What a module hands on is of the module that it hands on.
    if let Some(name) = rest.first()
        && let Some(known) = names.get(&place).and_then(|names| names.get(name))
        && place != *from
        && depth <= 8
    {
        let whole: Vec<String> = known.iter().chain(&rest[1..]).cloned().collect();
        if let Some(found) = resolve(&place, &whole, names, depth + 1) {
            return Some(found);
        }
    }
    Some(place)
}

/// All paths of a file, tests left out.
#[derive(Default)]
struct Paths(BTreeSet<Vec<String>>);

impl<'ast> Visit<'ast> for Paths {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes = match item {
            syn::Item::Mod(item) => &item.attrs,
            syn::Item::Fn(item) => &item.attrs,
            syn::Item::Use(item) => &item.attrs,
            syn::Item::Impl(item) => &item.attrs,
            syn::Item::Const(item) => &item.attrs,
            syn::Item::Struct(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !is_test(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        leaves(&item.tree, &mut Vec::new(), &mut |_, path| {
            self.0.insert(path);
        });
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts = path.segments.iter().map(|part| part.ident.to_string());
        self.0.insert(parts.collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        let parts = called
            .path
            .segments
            .iter()
            .map(|part| part.ident.to_string());
        let name = parts.collect::<Vec<_>>().join("::");
        self.0.insert(vec![format!("{name}!")]);
        // Within, whatever reads like a path is taken for one.
        let mut path: Vec<String> = Vec::new();
        let mut joined = true;
        for token in called
            .tokens
            .to_string()
            .replace("::", " :: ")
            .split_whitespace()
        {
            let is_name = token.starts_with(|first: char| first.is_alphabetic() || first == '_');
            match token {
                "::" => joined = true,
                name if is_name && joined => {
                    path.push(name.into());
                    joined = false;
                }
                other => {
                    if path.len() > 1 {
                        self.0.insert(path.clone());
                    }
                    path.clear();
                    joined = true;
                    if is_name {
                        path.push(other.into());
                        joined = false;
                    }
                }
            }
        }
        if path.len() > 1 {
            self.0.insert(path);
        }
    }
}
