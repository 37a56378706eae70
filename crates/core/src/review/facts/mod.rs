//! What is proven about a PSBT, computed once. Rules read it and decide nothing themselves about
//! truth.

mod input;
mod lock_time;
mod output;
mod owner;
mod signatures;
mod sums;

use std::collections::HashMap;

use bitcoin::{Amount, OutPoint, ScriptBuf, TxOut};

pub(super) use self::input::{InputFacts, Previous};
pub(super) use self::lock_time::{is_effective, lock_time, relative_lock, relative_lock_of};
pub(super) use self::output::OutputFacts;
pub(super) use self::owner::{FalseClaim, Owner, Wallets};
pub(super) use self::signatures::SignatureFact;
pub(super) use self::sums::sum;
use super::budget::{Budget, Work};
use super::context::{AmountRule, KnownWallet, ReviewContext};
use super::fee::{Fee, signed_vsize, signed_weight};
use super::finding::FindingKind;
use super::report::{OutputClass, Totals};
use crate::psbt::Parsed;
use crate::wallet::Branch;
use crate::{Network, ScriptType};

/// Everything that rules and report are made from.
pub(super) struct Facts<'a> {
    pub(super) parsed: &'a Parsed,
    pub(super) context: &'a ReviewContext<'a>,
    /// The wallet of the first own input.
    pub(super) wallet: Option<&'a KnownWallet<'a>>,
    /// The network that addresses are shown for and keys are held against.
    pub(super) network: Option<Network>,
    pub(super) inputs: Vec<InputFacts>,
    pub(super) outputs: Vec<OutputFacts>,
    /// The coins of all inputs, proven or claimed, when none is unknown.
    pub(super) coins: Option<Vec<TxOut>>,
    /// Inputs that spend a coin which an earlier one spends too, with that one.
    pub(super) duplicates: Vec<(usize, usize)>,
    pub(super) totals: Totals,
    pub(super) fee: Option<Fee>,
}

impl<'a> Facts<'a> {
    /// # Errors
    ///
    /// With the finding that says so, when the transaction has more weight than nodes relay, or the
    /// budget ends before everything is established.
    pub(super) fn establish(
        parsed: &'a Parsed,
        context: &'a ReviewContext<'a>,
        budget: &Budget,
    ) -> Result<Self, FindingKind> {
        check_weight(parsed, budget)?;
        let within = || match budget.exceeded() {
            Some(exceeded) => Err(FindingKind::WorkExceeded { exceeded }),
            None => Ok(()),
        };
        budget.spend(
            Work::Parts,
            (parsed.inputs().len() + parsed.outputs().len()) as u64,
        );
        within()?;
        let wallets = Wallets::new(context.wallets, budget);
        let transaction = parsed.unsigned_tx();
        let mut inputs: Vec<InputFacts> = parsed
            .inputs()
            .iter()
            .zip(&transaction.input)
            .map(|(input, tx_in)| InputFacts::establish(input, tx_in, &wallets, None))
            .collect();
        let mut outputs: Vec<OutputFacts> = parsed
            .outputs()
            .iter()
            .zip(&transaction.output)
            .map(|(output, tx_out)| OutputFacts::establish(output, tx_out, &wallets, None))
            .collect();
        recognise(parsed, &wallets, &mut inputs, &mut outputs);
        within()?;
        // A foreign signer could finish with one false amount what we began with another.
        if context.amounts == AmountRule::Remembered
            && inputs.iter().all(|input| input.owner.is_some())
        {
            inputs.iter_mut().for_each(InputFacts::remember);
        }
        let first_owner = inputs.iter().find_map(|input| input.owner.as_ref());
        let wallet = first_owner.and_then(|owner| context.wallets.get(owner.wallet));
        let own_index = first_owner.map(|owner| owner.wallet);
        let coins: Option<Vec<TxOut>> = inputs.iter().map(|input| input.coin.clone()).collect();
        if let Some(coins) = &coins {
            signatures::establish(parsed, coins, &mut inputs, budget);
            within()?;
        }
        outputs
            .iter_mut()
            .for_each(|output| output.classify(own_index));
        let mut facts = Self {
            parsed,
            context,
            wallet,
            network: wallet
                .or(context.wallets.first())
                .map(|known| known.wallet.network()),
            duplicates: duplicates(&inputs),
            totals: Totals::default(),
            fee: None,
            inputs,
            outputs,
            coins,
        };
        facts.totals = facts.add_up();
        facts.fee = facts.rate();
        Ok(facts)
    }

    /// Returns the wallet that owns a part.
    pub(super) fn wallet_of(&self, owner: &Owner) -> Option<&'a KnownWallet<'a>> {
        self.context.wallets.get(owner.wallet)
    }

    /// Returns the highest index that the operator told of a part's wallet and branch; 0 where none
    /// was told.
    pub(super) fn marked(&self, owner: &Owner) -> u32 {
        let marked = self.wallet_of(owner).and_then(|known| match owner.branch {
            Branch::Change => known.highest_change_seen,
            Branch::Receive => known.highest_receive_seen,
        });
        marked.unwrap_or(0)
    }

    /// Returns the virtual bytes of all data outputs.
    pub(super) fn data_vsize(&self) -> u64 {
        let outputs = self.outputs.iter().zip(&self.parsed.unsigned_tx().output);
        outputs
            .filter(|(facts, _)| facts.class == OutputClass::Data)
            .map(|(_, output)| output.weight().to_wu() / 4)
            .sum()
    }

    fn add_up(&self) -> Totals {
        let outputs = &self.parsed.unsigned_tx().output;
        let of = |wanted: fn(OutputClass) -> bool| {
            let chosen = self
                .outputs
                .iter()
                .zip(outputs)
                .filter(move |(facts, _)| wanted(facts.class));
            sum(chosen.map(|(_, output)| output.value))
        };
        let proven = self
            .inputs
            .iter()
            .map(|input| input.proof.and(input.coin.as_ref()).map(|coin| coin.value));
        let inputs = proven
            .collect::<Option<Vec<Amount>>>()
            .and_then(|amounts| sum(amounts.into_iter()));
        let outputs = sum(outputs.iter().map(|output| output.value));
        Totals {
            inputs,
            outputs,
            leaves: of(leaves),
            payments: self
                .outputs
                .iter()
                .filter(|output| leaves(output.class))
                .count(),
            change: of(|class| class == OutputClass::Change),
            self_transfer: of(|class| class == OutputClass::SelfTransfer),
            fee: inputs
                .zip(outputs)
                .and_then(|(inputs, outputs)| inputs.checked_sub(outputs)),
        }
    }

    fn rate(&self) -> Option<Fee> {
        let types: Vec<Option<ScriptType>> =
            self.inputs.iter().map(InputFacts::script_type).collect();
        let vsize = signed_vsize(self.parsed.unsigned_tx(), &types);
        Some(Fee::new(self.totals.fee?, vsize, self.totals.leaves?))
    }
}

/// Refuses what nodes would not relay, before anything is derived or verified: by the weight that
/// it has once signed, as the scripts of its coins look.
fn check_weight(parsed: &Parsed, budget: &Budget) -> Result<(), FindingKind> {
    let types: Vec<Option<ScriptType>> = parsed.inputs().iter().map(input::looks_like).collect();
    let found = signed_weight(parsed.unsigned_tx(), &types);
    let limit = budget.bounds().weight;
    match found > limit {
        true => Err(FindingKind::TransactionTooHeavy { limit, found }),
        false => Ok(()),
    }
}

/// Finds the owners of scripts that are not declared, but are those of declared parts of the same
/// transaction.
fn recognise(
    parsed: &Parsed,
    wallets: &Wallets<'_>,
    inputs: &mut [InputFacts],
    outputs: &mut [OutputFacts],
) {
    let transaction = parsed.unsigned_tx();
    let of_inputs = inputs.iter().filter_map(|input| {
        let script = input.coin.as_ref()?.script_pubkey.clone();
        Some((script, input.owner?))
    });
    let of_outputs = outputs.iter().zip(&transaction.output);
    let of_outputs = of_outputs
        .filter_map(|(output, tx_out)| Some((tx_out.script_pubkey.clone(), output.owner?)));
    let proven: HashMap<ScriptBuf, Owner> = of_inputs.chain(of_outputs).collect();
    for (index, input) in inputs
        .iter_mut()
        .enumerate()
        .filter(|(_, input)| input.owner.is_none())
    {
        let script = input.coin.as_ref().map(|coin| &coin.script_pubkey);
        if let Some(owner) = script.and_then(|script| proven.get(script)) {
            let (fields, tx_in) = (&parsed.inputs()[index], &transaction.input[index]);
            *input = InputFacts::establish(fields, tx_in, wallets, Some(*owner));
        }
    }
    for (index, output) in outputs
        .iter_mut()
        .enumerate()
        .filter(|(_, output)| output.owner.is_none())
    {
        let tx_out = &transaction.output[index];
        if let Some(owner) = proven.get(&tx_out.script_pubkey) {
            *output =
                OutputFacts::establish(&parsed.outputs()[index], tx_out, wallets, Some(*owner));
        }
    }
}

fn leaves(class: OutputClass) -> bool {
    matches!(
        class,
        OutputClass::Payment | OutputClass::Data | OutputClass::Unknown
    )
}

fn duplicates(inputs: &[InputFacts]) -> Vec<(usize, usize)> {
    let mut seen: HashMap<OutPoint, usize> = HashMap::with_capacity(inputs.len());
    let mut duplicates = Vec::new();
    for (index, input) in inputs.iter().enumerate() {
        match seen.get(&input.outpoint) {
            Some(first) => duplicates.push((index, *first)),
            None => {
                seen.insert(input.outpoint, index);
            }
        }
    }
    duplicates
}
