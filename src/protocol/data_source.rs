//! RPCs about data sources.

use super::{decode, encode, respond::split_diagnostics, server::Server, tfplugin5 as wire};
use crate::framework::{Diagnostics, Provider, unread};

pub(super) async fn read<P: Provider>(
    server: &Server<P>,
    request: wire::read_data_source::Request,
) -> Result<wire::read_data_source::Response, Diagnostics> {
    let (data_source, ty) = server.data_source(&request.type_name)?;
    let config = decode::value(request.config, ty)?;
    if let Some(deferred) = server.deferred(request.client_capabilities) {
        let state = Some(encode::dynamic(&unread(&data_source.schema().block, &config), ty)?);
        return Ok(wire::read_data_source::Response {
            state,
            deferred: Some(deferred),
            diagnostics: Vec::new(),
        });
    }
    let context = server.context();
    let (read, diagnostics) = split_diagnostics(data_source.read(&context, config).await, context);
    Ok(wire::read_data_source::Response {
        state: encode::optional(read.as_ref(), ty)?,
        diagnostics: encode::diagnostics(diagnostics),
        deferred: None,
    })
}
