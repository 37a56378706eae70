//! Which chain source is used.

use std::path::{Path, PathBuf};

use super::{Service, ServiceError, SourceKind, SourceRequest};
use crate::Error;
use crate::chain::{self, ChainSource};
use crate::settings::{self, ChainSettings, Credentials, NodeSettings, SettingsError};
use crate::sync;

impl Service {
    /// Returns the settings that a request names, or the stored ones.
    pub(super) fn source_settings(&self, request: &SourceRequest) -> Result<ChainSettings, Error> {
        let names_node =
            request.rpc_url.is_some() || request.rpc_cookie.is_some() || request.rpc_user.is_some();
        match request.kind {
            Some(SourceKind::Rehearsal) if names_node => {
                Err(ServiceError::RehearsalWithNode.into())
            }
            Some(SourceKind::Rehearsal) => Ok(ChainSettings::Rehearsal),
            Some(SourceKind::Core) if names_node => Ok(ChainSettings::Core(node(request)?)),
            None if names_node => Err(ServiceError::NodeWithoutKind.into()),
            Some(SourceKind::Core) => match settings::load(&self.folder)? {
                Some(settings @ ChainSettings::Core(_)) => Ok(settings),
                _ => Err(ServiceError::UndescribedNode.into()),
            },
            None => Ok(settings::load(&self.folder)?.ok_or(SettingsError::NoChain)?),
        }
    }

    /// Opens the chain source, and checks that it answers, is ready, and shows the chain that the
    /// ledger follows.
    pub(super) async fn source(
        &self,
        request: &SourceRequest,
    ) -> Result<Box<dyn ChainSource>, Error> {
        let settings = self.source_settings(request)?;
        let source = chain::open(&settings, &self.folder).await?;
        let mut view = self.store.read().await?;
        sync::check_chain(&mut view, source.as_ref(), settings.kind()).await?;
        Ok(source)
    }
}

fn node(request: &SourceRequest) -> Result<NodeSettings, ServiceError> {
    let rpc_url = request.rpc_url.clone().ok_or(ServiceError::NoAddress)?;
    let given = (
        &request.rpc_cookie,
        &request.rpc_user,
        &request.rpc_password_file,
    );
    let credentials = match given {
        (Some(cookie), _, _) => Credentials::Cookie {
            rpc_cookie: absolute(cookie),
        },
        (None, Some(user), Some(file)) => Credentials::Password {
            rpc_user: user.clone(),
            rpc_password_file: absolute(file),
        },
        _ => return Err(ServiceError::NoCredentials),
    };
    Ok(NodeSettings {
        rpc_url,
        credentials,
    })
}

/// Returns the path from the root, so that later requests find the file from any folder.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
