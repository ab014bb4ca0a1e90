use std::env;
use std::process::ExitCode;

use tokio::net::TcpListener;

use {{polyenv.name_ident}}::config::Config;
use {{polyenv.name_ident}}::database;
use {{polyenv.name_ident}}::serve;
use {{polyenv.name_ident}}::telemetry;

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
    let database = database::connect(&config.database_url).await?;
    if env::args().nth(1).as_deref() == Some("migrate") {
        return database::migrate(&database).await;
    }
    let listener = TcpListener::bind((config.host.as_str(), config.port))
        .await
        .map_err(|error| format!("cannot listen on {}:{}: {error}", config.host, config.port))?;
    tracing::info!(host = config.host, port = config.port, "listening");
    serve(listener, database)
        .await
        .map_err(|error| error.to_string())
}
