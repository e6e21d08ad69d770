//! The same answers by hyper alone, with the same headers, and by hand what a framework would do.

use std::convert::Infallible;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue, SERVER};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::app::{Document, Message};

/// Serves until the process ends.
pub async fn serve(listener: std::net::TcpListener) {
    listener.set_nonblocking(true).expect("a socket");
    let listener = TcpListener::from_std(listener).expect("a runtime");
    let mut builder = http1::Builder::new();
    builder.pipeline_flush(true);
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let _ = stream.set_nodelay(true);
        let connection = builder.serve_connection(TokioIo::new(stream), service_fn(answer));
        tokio::spawn(async move { drop(connection.await) });
    }
}

async fn answer(req: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    const TEXT: &str = "text/plain; charset=utf-8";
    const JSON: &str = "application/json";
    let path = req.uri().path();
    Ok(match (req.method(), path) {
        (&Method::GET, "/plaintext" | "/layers") => with_type("Hello, World!".into(), TEXT),
        (&Method::GET, "/large") => with_type(crate::app::large_body(), "application/octet-stream"),
        (&Method::GET, "/json") => {
            let message = Message {
                message: "Hello, World!",
            };
            with_type(serde_json::to_vec(&message).expect("JSON").into(), JSON)
        }
        (&Method::POST, "/echo") => {
            let bytes = req.into_body().collect().await.expect("a body").to_bytes();
            let document: Document = serde_json::from_slice(&bytes).expect("a document");
            with_type(serde_json::to_vec(&document).expect("JSON").into(), JSON)
        }
        _ => match path.strip_prefix("/resource137/").map(str::parse::<u64>) {
            Some(Ok(id)) => with_type(id.to_string().into(), TEXT),
            _ => {
                let mut res = Response::new(Full::default());
                *res.status_mut() = StatusCode::NOT_FOUND;
                res
            }
        },
    })
}

fn with_type(body: Bytes, content_type: &'static str) -> Response<Full<Bytes>> {
    let mut res = Response::new(Full::new(body));
    let headers = res.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(SERVER, HeaderValue::from_static("cepa"));
    res
}
