use tokio::signal;

/// Resolves at the first SIGTERM or SIGINT.
pub async fn signal() {
    let interrupt = async {
        signal::ctrl_c().await.expect("SIGINT can be handled");
    };

    #[cfg(unix)]
    let terminate = async {
        signal::unix::signal(signal::unix::SignalKind::terminate())
            .expect("SIGTERM can be handled")
            .recv()
            .await;
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();

    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
    tracing::info!("stopping");
}
