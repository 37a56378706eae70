//! Empty: this package only locks the crate that carries Bitcoin Core's source.
