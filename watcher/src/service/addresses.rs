//! Addresses of a wallet.

use super::{AddressDocument, AddressPlace, AddressRequest, Service, ServiceError};
use crate::Error;
use crate::store::{scripts, wallets as rows};
use crate::{addresses, wallets};

impl Service {
    /// Returns an address of a wallet; one that is handed out is reserved when this returns.
    ///
    /// # Errors
    ///
    /// There is no such wallet; or the index is not watched.
    pub async fn address(&self, request: &AddressRequest) -> Result<AddressDocument, Error> {
        let (name, branch) = (&request.wallet, request.branch);
        let (record, index) = match request.place {
            AddressPlace::HandOut => {
                let mut write = self.store.write().await?;
                let record = wallets::find(&mut write, name).await?;
                let index = addresses::reserve(&mut write, &record, branch).await?;
                write.commit().await?;
                (record, index)
            }
            AddressPlace::Free | AddressPlace::Index(_) => {
                let mut view = self.store.read().await?;
                let record = wallets::find(&mut view, name).await?;
                let state = rows::branch(&mut view, record.no, branch).await?;
                let index = match request.place {
                    AddressPlace::Index(index) => index,
                    _ => state.next_index,
                };
                let is_watched = index < state.covered
                    || scripts::is_told(&mut view, record.no, branch, index).await?;
                if !is_watched {
                    return Err(ServiceError::NotWatched {
                        wallet: name.clone(),
                        branch,
                        index,
                        covered: state.covered,
                    }
                    .into());
                }
                (record, index)
            }
        };
        let address = record
            .wallet
            .address(branch, index)
            .map_err(ServiceError::Index)?;
        Ok(AddressDocument {
            address: address.to_string(),
            index,
            branch,
        })
    }
}
