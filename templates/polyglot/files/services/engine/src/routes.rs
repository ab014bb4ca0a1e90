use axum::{Json, Router, http::HeaderMap, routing::get};
use serde::Serialize;
use tower_http::trace::{DefaultMakeSpan, DefaultOnResponse, TraceLayer};
use tracing::Level;

use crate::tour::{Hop, Tour, trace_of};

pub fn router() -> Router {
    let trace = TraceLayer::new_for_http()
        .make_span_with(DefaultMakeSpan::new().level(Level::INFO))
        .on_response(DefaultOnResponse::new().level(Level::INFO));
    Router::new()
        .route("/", get(describe))
        .route("/healthz", get(check_health))
        .route("/tour", get(end_tour))
        .layer(trace)
}

#[derive(Serialize)]
struct Description {
    service: &'static str,
    rust: &'static str,
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

async fn describe() -> Json<Description> {
    Json(Description {
        service: "engine",
        rust: env!("RUSTC_VERSION"),
    })
}

async fn check_health() -> Json<Health> {
    Json(Health { status: "ok" })
}

async fn end_tour(headers: HeaderMap) -> Json<Tour> {
    let trace = trace_of(&headers);
    tracing::info!(service = "engine", trace, "tour");
    Json(Tour {
        trace,
        hops: vec![Hop {
            service: "engine",
            runtime: "rust",
            version: env!("RUSTC_VERSION"),
        }],
    })
}
