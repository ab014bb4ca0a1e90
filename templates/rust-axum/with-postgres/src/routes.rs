use axum::{Json, Router, routing::get};
use serde_json::{Value, json};
use sqlx::PgPool;
use tower_http::trace::{DefaultMakeSpan, DefaultOnResponse, TraceLayer};
use tracing::Level;

use crate::notes;

pub fn router(database: PgPool) -> Router {
    let trace = TraceLayer::new_for_http()
        .make_span_with(DefaultMakeSpan::new().level(Level::INFO))
        .on_response(DefaultOnResponse::new().level(Level::INFO));
    Router::new()
        .route("/", get(index))
        .route("/healthz", get(health))
        .merge(notes::router(database))
        .layer(trace)
}

async fn index() -> Json<Value> {
    Json(json!({ "service": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") }))
}

async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}
