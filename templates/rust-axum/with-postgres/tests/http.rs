use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::net::TcpListener;

#[sqlx::test]
async fn answers_at_the_root(database: PgPool) {
    let (status, body) = get(&start(database).await, "/").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body["service"], env!("CARGO_PKG_NAME"));
}

#[sqlx::test]
async fn is_healthy(database: PgPool) {
    let (status, body) = get(&start(database).await, "/healthz").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body["status"], "ok");
}

/// `sqlx::test` makes an empty database with every migration for each test, and drops it afterwards.
#[sqlx::test]
async fn keeps_notes_in_the_database(database: PgPool) {
    let origin = start(database).await;
    let added = reqwest::Client::new()
        .post(format!("{origin}/notes"))
        .json(&json!({ "text": "José O'Hara" }))
        .send()
        .await
        .expect("an answer");
    assert_eq!(added.status(), StatusCode::CREATED);
    let (status, notes) = get(&origin, "/notes").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(notes[0]["text"], "José O'Hara");
    assert_eq!(notes.as_array().map(Vec::len), Some(1));
}

/// Starts the service on a free port.
async fn start(database: PgPool) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn({{polyenv.name_ident}}::serve(listener, database));
    format!("http://{address}")
}

async fn get(origin: &str, path: &str) -> (StatusCode, Value) {
    let response = reqwest::get(format!("{origin}{path}"))
        .await
        .expect("an answer");
    let status = response.status();
    (status, response.json().await.expect("JSON"))
}
