//! Values as they are typed.

use clap::ValueEnum;

use crate::machine::Unfit;
use crate::protocol::ExportFormat;

/// One way in which a machine is not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum UnfitName {
    /// A network interface other than loopback is up, or has an address or a route.
    Network,
    /// Memory may be written to a swap device.
    Swap,
    /// A Bluetooth adapter is present, and not blocked.
    Bluetooth,
    /// Another radio is present, and not blocked: a wireless network, a modem, NFC, ultra-wideband.
    Radio,
    /// A debugger traces this process.
    Tracer,
}

impl From<UnfitName> for Unfit {
    fn from(name: UnfitName) -> Self {
        match name {
            UnfitName::Network => Unfit::Network,
            UnfitName::Swap => Unfit::Swap,
            UnfitName::Bluetooth => Unfit::Bluetooth,
            UnfitName::Radio => Unfit::Radio,
            UnfitName::Tracer => Unfit::Tracer,
        }
    }
}

/// How a wallet is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportName {
    /// Cofferdam's own JSON.
    Json,
    /// The JSON argument of Bitcoin Core's `importdescriptors`.
    Core,
    /// The multipath descriptor with its checksum.
    Descriptor,
}

impl From<ExportName> for ExportFormat {
    fn from(name: ExportName) -> Self {
        match name {
            ExportName::Json => ExportFormat::Json,
            ExportName::Core => ExportFormat::Core,
            ExportName::Descriptor => ExportFormat::Descriptor,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is typed for the machine is what the policy and the journal call it.
    #[test]
    fn every_way_of_being_unfit_can_be_typed() {
        let typed = UnfitName::value_variants()
            .iter()
            .map(|name| Unfit::from(*name));
        assert!(typed.eq(Unfit::ALL));
        for name in UnfitName::value_variants() {
            let typed = name.to_possible_value().unwrap();
            assert_eq!(typed.get_name(), Unfit::from(*name).name());
        }
    }
}
