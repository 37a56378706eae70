//! Vaults that another implementation wrote from the documentation alone: `fixtures/vault/make.py`.

use std::fs;

use bitcoin::hex::DisplayHex;
use serde::Deserialize;

use super::{one, repeating, two, with_key_file};
use crate::seal::{Cost, Credential, NewSlot, OpenVault, VaultFile};

#[derive(Deserialize)]
struct Facts {
    seed: u8,
    vault_id: String,
    generation: u64,
    data_key: String,
    cost: [u32; 3],
    slots: Vec<SlotFacts>,
    content: String,
}

#[derive(Deserialize)]
struct SlotFacts {
    passphrase: String,
    key_file: Option<String>,
    second_passphrase: Option<String>,
    ikm: String,
}

impl SlotFacts {
    fn credential(&self) -> Credential {
        match (&self.key_file, &self.second_passphrase) {
            (Some(key_file), _) => with_key_file(&self.passphrase, key_file.as_bytes()),
            (_, Some(second)) => two(&self.passphrase, second),
            _ => one(&self.passphrase),
        }
    }
}

fn fixture(name: &str) -> Vec<u8> {
    fs::read(format!(
        "{}/../../fixtures/vault/{name}",
        env!("CARGO_MANIFEST_DIR")
    ))
    .unwrap()
}

fn facts(name: &str) -> Facts {
    let mut all: serde_json::Value = serde_json::from_slice(&fixture("vaults.json")).unwrap();
    serde_json::from_value(all[name].take()).unwrap()
}

#[test]
fn foreign_vaults_open_and_are_written_byte_for_byte() {
    for name in ["single", "dual"] {
        let facts = facts(name);
        let bytes = fixture(&format!("{name}.vault"));
        let file = VaultFile::parse(bytes.clone()).unwrap();
        assert_eq!(file.vault_id().to_string(), facts.vault_id);
        assert_eq!(file.generation(), facts.generation);
        let [memory_kib, passes, lanes] = facts.cost;
        let cost = Cost::new(memory_kib, passes, lanes).unwrap();
        let mut slots = Vec::new();
        for (index, slot) in facts.slots.iter().enumerate() {
            let credential = slot.credential();
            let ikm = file.raw_slots()[index].derive(&credential).unwrap();
            assert_eq!(ikm.as_bytes().to_lower_hex_string(), slot.ikm);
            let open = file.open_with_ikm(index, &ikm).unwrap().unwrap();
            assert_eq!(
                open.data_key_for_tests().to_lower_hex_string(),
                facts.data_key
            );
            assert_eq!(open.plaintext(), facts.content.as_bytes());
            slots.push(NewSlot { credential, cost });
        }
        let content = facts.content.as_bytes();
        let written = OpenVault::create(
            &slots,
            facts.generation,
            content,
            &mut repeating(facts.seed),
        )
        .unwrap();
        assert_eq!(written.as_bytes(), bytes, "{name}");
    }
}
