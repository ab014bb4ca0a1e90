use tracing_subscriber::EnvFilter;

/// Logs as one JSON object a line. `level` is a level (`info`) or a filter (`info,tower_http=debug`).
pub fn init(level: &str) -> Result<(), String> {
    let filter =
        EnvFilter::try_new(level).map_err(|error| format!("LOG_LEVEL is not a filter: {error}"))?;
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .try_init()
        .map_err(|error| error.to_string())
}
