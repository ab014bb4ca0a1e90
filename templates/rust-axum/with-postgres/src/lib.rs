//! The service as a library, so that tests run the very router that `main` serves.

pub mod config;
pub mod database;
mod notes;
mod routes;
mod shutdown;
pub mod telemetry;

use std::io;

use sqlx::PgPool;
use tokio::net::TcpListener;

/// Serves until SIGTERM or SIGINT, then finishes the requests under way.
pub async fn serve(listener: TcpListener, database: PgPool) -> io::Result<()> {
    axum::serve(listener, routes::router(database))
        .with_graceful_shutdown(shutdown::signal())
        .await
}
