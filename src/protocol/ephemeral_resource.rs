//! RPCs about ephemeral resources. Those of this provider need neither renewal nor closing.

use super::{decode, encode, respond::split_diagnostics, server::Server, tfplugin5 as wire};
use crate::framework::{Diagnostics, Provider};

pub(super) async fn open<P: Provider>(
    server: &Server<P>,
    request: wire::open_ephemeral_resource::Request,
) -> Result<wire::open_ephemeral_resource::Response, Diagnostics> {
    let (resource, ty) = server.ephemeral_resource(&request.type_name)?;
    let config = decode::value(request.config, ty)?;
    let context = server.context();
    let (opened, diagnostics) = split_diagnostics(resource.open(&context, config).await, context);
    Ok(wire::open_ephemeral_resource::Response {
        result: encode::optional(opened.as_ref(), ty)?,
        diagnostics: encode::diagnostics(diagnostics),
        ..wire::open_ephemeral_resource::Response::default()
    })
}

/// Never called by a host, since no response to an open has a renewal time.
pub(super) fn renew<P: Provider>(
    server: &Server<P>,
    request: wire::renew_ephemeral_resource::Request,
) -> Result<wire::renew_ephemeral_resource::Response, Diagnostics> {
    server.ephemeral_resource(&request.type_name)?;
    Ok(wire::renew_ephemeral_resource::Response {
        private: request.private,
        ..wire::renew_ephemeral_resource::Response::default()
    })
}

pub(super) fn close<P: Provider>(
    server: &Server<P>,
    request: &wire::close_ephemeral_resource::Request,
) -> Result<wire::close_ephemeral_resource::Response, Diagnostics> {
    server.ephemeral_resource(&request.type_name)?;
    Ok(wire::close_ephemeral_resource::Response::default())
}
