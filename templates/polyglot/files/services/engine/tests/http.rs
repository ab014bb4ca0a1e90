use reqwest::{Client, StatusCode};
use serde_json::Value;
use tokio::net::TcpListener;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[tokio::test]
async fn is_healthy() {
    let (status, body) = get("/healthz").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body["status"], "ok");
}

#[tokio::test]
async fn ends_the_tour() {
    let (status, body) = get("/tour").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body["trace"], TRACE);
    assert_eq!(body["hops"][0]["runtime"], "rust");
}

/// Starts the service on a free port and asks it.
async fn get(path: &str) -> (StatusCode, Value) {
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(engine::serve(listener));
    let response = Client::new()
        .get(format!("http://{address}{path}"))
        .header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01"))
        .send()
        .await
        .expect("an answer");
    let status = response.status();
    (status, response.json().await.expect("JSON"))
}
