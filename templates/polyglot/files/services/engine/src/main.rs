use std::process::ExitCode;

use tokio::net::TcpListener;

use engine::config::Config;
use engine::serve;
use engine::telemetry;

#[tokio::main]
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
        .await
        .map_err(|error| format!("cannot listen on {}:{}: {error}", config.host, config.port))?;
    tracing::info!(host = config.host, port = config.port, "listening");
    serve(listener).await.map_err(|error| error.to_string())
}
