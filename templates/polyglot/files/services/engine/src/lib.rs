//! The service as a library, so that tests run the very router that `main` serves.

pub mod config;
mod routes;
mod shutdown;
pub mod telemetry;
mod tour;

use std::io;

use tokio::net::TcpListener;

/// Serves until SIGTERM or SIGINT, then finishes the requests under way.
pub async fn serve(listener: TcpListener) -> io::Result<()> {
    axum::serve(listener, routes::router())
        .with_graceful_shutdown(shutdown::signal())
        .await
}
