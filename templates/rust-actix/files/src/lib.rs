//! The service as a library, so that tests run the very routes that `main` serves.

pub mod config;
mod routes;
pub mod telemetry;

use std::{io, net::TcpListener};

use actix_web::{App, HttpServer, dev::Server};
use tracing_actix_web::TracingLogger;

/// Seconds that requests under way may take after SIGTERM.
const PATIENCE: u64 = 10;

/// A server for the listener: it runs when awaited. SIGTERM finishes the requests under way.
pub fn serve(listener: TcpListener) -> io::Result<Server> {
    let server = HttpServer::new(|| {
        App::new()
            .wrap(TracingLogger::default())
            .configure(routes::configure)
    });
    Ok(server.shutdown_timeout(PATIENCE).listen(listener)?.run())
}
