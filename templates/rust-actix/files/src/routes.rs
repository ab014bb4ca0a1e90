use actix_web::{HttpResponse, Responder, get, web::ServiceConfig};
use serde_json::json;

pub fn configure(services: &mut ServiceConfig) {
    services.service(index).service(health);
}

#[get("/")]
async fn index() -> impl Responder {
    HttpResponse::Ok()
        .json(json!({ "service": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") }))
}

#[get("/healthz")]
async fn health() -> impl Responder {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}
