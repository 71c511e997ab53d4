//! Dispatch of gRPC requests to services, by the name in the request path.

use std::{
    convert::Infallible,
    fmt,
    future::ready,
    task::{Context, Poll},
};

use futures_util::{FutureExt as _, future::BoxFuture};
use tonic::{
    Status,
    body::Body,
    codegen::{Service, http},
    server::NamedService,
};
use tower::{ServiceExt as _, util::BoxCloneService};

type Request = http::Request<Body>;
type Response = http::Response<Body>;

/// The gRPC services of one server. A request for any other service is answered with the gRPC
/// status `UNIMPLEMENTED`.
///
/// tonic's own router does the same with the whole of axum behind it, which the provider needs for
/// nothing else.
#[derive(Clone, Default)]
pub struct Services(Vec<(&'static str, BoxCloneService<Request, Response, Infallible>)>);

impl Services {
    /// Adds a generated service.
    #[must_use]
    pub fn with<S>(mut self, service: S) -> Self
    where
        S: Service<Request, Response = Response, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + 'static,
        S::Future: Send + 'static,
    {
        self.0.push((S::NAME, BoxCloneService::new(service)));
        self
    }
}

impl Service<Request> for Services {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let requested = service_name(request.uri().path());
        match self.0.iter().find(|(name, _)| Some(*name) == requested) {
            Some((_, service)) => service.clone().oneshot(request).boxed(),
            None => ready(Ok(Status::unimplemented("").into_http())).boxed(),
        }
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// Returns `package.Service` of `/package.Service/Method`.
fn service_name(path: &str) -> Option<&str> {
    let (service, _method) = path.strip_prefix('/')?.split_once('/')?;
    Some(service)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone)]
    struct Echo;

    impl NamedService for Echo {
        const NAME: &'static str = "test.Echo";
    }

    impl Service<Request> for Echo {
        type Response = Response;
        type Error = Infallible;
        type Future = std::future::Ready<Result<Response, Infallible>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Request) -> Self::Future {
            ready(Ok(Response::default()))
        }
    }

    #[tokio::test]
    async fn request_reaches_the_service_in_its_path() {
        let mut services = Services::default().with(Echo);
        for (path, status) in [
            ("/test.Echo/Call", None),
            ("/test.Echo/AnyMethod", None),
            ("/test.Other/Call", Some("12")),
            ("/test.Ech/Call", Some("12")),
            ("/test.Echo", Some("12")),
            ("/", Some("12")),
        ] {
            let request = http::Request::builder().uri(path).body(Body::empty()).unwrap();
            let response = services.call(request).await.unwrap();
            let header = response.headers().get("grpc-status");
            assert_eq!(header.map(|value| value.to_str().unwrap()), status, "{path}");
        }
    }
}
