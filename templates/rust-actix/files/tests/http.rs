use std::net::TcpListener;

use reqwest::StatusCode;
use serde_json::Value;

#[actix_web::test]
async fn answers_at_the_root() {
    let (status, body) = get("/").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body["service"], env!("CARGO_PKG_NAME"));
}

#[actix_web::test]
async fn is_healthy() {
    let (status, body) = get("/healthz").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body["status"], "ok");
}

/// Starts the service on a free port and asks it.
async fn get(path: &str) -> (StatusCode, Value) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let address = listener.local_addr().expect("an address");
    actix_web::rt::spawn({{polyenv.name_ident}}::serve(listener).expect("a server"));
    let response = reqwest::get(format!("http://{address}{path}"))
        .await
        .expect("an answer");
    let status = response.status();
    (status, response.json().await.expect("JSON"))
}
