//! A gRPC service of tonic, over HTTP/2 on this crate's own server: streams and trailers.

use cepa::Server;
use cepa::prelude::*;
use cepa::tower::{tower, tower_service};
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tower_http::trace::TraceLayer;

fn asked_for(service: &str) -> HealthCheckRequest {
    HealthCheckRequest {
        service: service.to_owned(),
    }
}

/// Paths of gRPC are whole, so the service is mounted at the root.
#[tokio::test]
async fn a_grpc_service_answers_with_statuses_and_streams() {
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter
        .set_service_status("onion", tonic_health::ServingStatus::Serving)
        .await;
    let app = App::new()
        .with(tower(TraceLayer::new_for_grpc()))
        .get("/", async || "a page")
        .mount("/", tower_service(health));
    let server = Server::new(app).tcp("127.0.0.1:0").bind().await.unwrap();
    let addr = server.local_addrs()[0];
    tokio::spawn(server.serve());

    let channel = Channel::from_shared(format!("http://{addr}")).unwrap();
    let mut client = HealthClient::new(channel.connect().await.unwrap());
    let answer = client.check(asked_for("onion")).await.unwrap();
    assert_eq!(answer.into_inner().status, 1);
    // A failure is a status among the trailers.
    let unknown = client.check(asked_for("leek")).await.unwrap_err();
    assert_eq!(unknown.code(), tonic::Code::NotFound);
    let mut watched = client.watch(asked_for("onion")).await.unwrap().into_inner();
    assert_eq!(watched.message().await.unwrap().unwrap().status, 1);
    reporter
        .set_service_status("onion", tonic_health::ServingStatus::NotServing)
        .await;
    assert_eq!(watched.message().await.unwrap().unwrap().status, 2);
}
