//! What every history begins with: a vault that is made once, and a ledger for each node.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cofferdam_testkit::{Bitcoind, Signer, Watcher};
use tempfile::TempDir;

/// The kinds of accounts, one of which a history uses; each is called as its kind.
pub(crate) const SCRIPTS: [&str; 3] = ["segwit", "taproot", "legacy"];

/// A vault with an account of each kind, and its words.
pub(crate) struct Template {
    folder: TempDir,
    pub(crate) words: PathBuf,
    /// The descriptor of each account.
    pub(crate) descriptors: BTreeMap<&'static str, String>,
}

impl Template {
    pub(crate) fn make() -> Template {
        let folder = TempDir::new().unwrap();
        let signer = Signer::init(&folder.path().join("offline")).unwrap();
        let run = |arguments: &[&str]| signer.run(arguments).unwrap().json().unwrap();
        let mut descriptors = BTreeMap::new();
        for (index, script) in SCRIPTS.into_iter().enumerate() {
            signer
                .add_account(script, script, u32::try_from(index).unwrap())
                .unwrap();
            let file = folder.path().join(script).display().to_string();
            run(&[
                "export",
                "--account",
                script,
                "--format",
                "json",
                "--out",
                &file,
            ]);
        }
        for wallet in run(&["wallet", "list"])["wallets"].as_array().unwrap() {
            let name = SCRIPTS
                .into_iter()
                .find(|script| wallet["name"] == *script)
                .unwrap();
            descriptors.insert(name, wallet["descriptor"].as_str().unwrap().to_owned());
        }
        let words = folder.path().join("words");
        run(&[
            "backup",
            "show",
            "--mnemonic-out",
            &words.display().to_string(),
        ]);
        Template {
            folder,
            words,
            descriptors,
        }
    }

    /// Lays the vault into a new folder.
    pub(crate) fn vault(&self, folder: &Path) {
        copy_folder(&self.folder.path().join("offline"), folder);
    }

    /// Makes a ledger that knows the wallets, synced with a node.
    pub(crate) fn ledger(&self, folder: &Path, node: &Bitcoind) {
        let watcher = Watcher::new(folder);
        for script in SCRIPTS {
            let file = self.folder.path().join(script).display().to_string();
            watcher
                .run(&["wallet", "import", &file])
                .unwrap()
                .json()
                .unwrap();
        }
        let mut arguments = vec!["sync".to_owned()];
        arguments.extend(node.chain_arguments());
        watcher.run(&arguments).unwrap().json().unwrap();
    }
}

/// Copies the files of a folder into another one, which need not be there yet.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    let private = fs::metadata(from).unwrap().permissions();
    fs::set_permissions(to, private).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}
