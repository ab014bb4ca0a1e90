use std::{net::TcpListener, process::ExitCode};

use {{polyenv.name_ident}}::config::Config;
use {{polyenv.name_ident}}::serve;
use {{polyenv.name_ident}}::telemetry;

#[actix_web::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), String> {
    let config = Config::from_env()?;
    telemetry::init(&config.log_level)?;
    let listener = TcpListener::bind((config.host.as_str(), config.port))
        .map_err(|error| format!("cannot listen on {}:{}: {error}", config.host, config.port))?;
    tracing::info!(host = config.host, port = config.port, "listening");
    let server = serve(listener).map_err(|error| error.to_string())?;
    server.await.map_err(|error| error.to_string())?;
    tracing::info!("stopped");
    Ok(())
}
