//! The files of a crate, and the modules that they are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A module's place in its crate: `["store", "coins"]`; the crate itself is empty.
pub(crate) type Module = Vec<String>;

/// The text of each module.
#[derive(Clone, Debug)]
pub(crate) struct Crate {
    pub(crate) modules: BTreeMap<Module, String>,
}

impl Crate {
    /// Reads all files below a `src`.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let mut modules = BTreeMap::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(next) = folders.pop() {
            for entry in std::fs::read_dir(&next).with_context(|| next.display().to_string())? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let place = path.strip_prefix(folder)?.with_extension("");
                    let mut module: Module = place
                        .iter()
                        .map(|part| part.to_string_lossy().into_owned())
                        .collect();
                    if matches!(module.last().map(String::as_str), Some("mod")) || module == ["lib"]
                    {
                        module.pop();
                    }
                    modules.insert(module, std::fs::read_to_string(&path)?);
                }
            }
        }
        Ok(Crate { modules })
    }

    /// Adds a line to the end of a module, such as `store/coins`.
    pub(crate) fn append(&mut self, module: &str, line: &str) {
        let module: Module = module.split('/').map(str::to_owned).collect();
        let text = self.modules.get_mut(&module).expect("a module");
        text.push('\n');
        text.push_str(line);
    }
}
