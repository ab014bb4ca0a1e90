use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

/// Connections to the database of `url`.
pub async fn connect(url: &str) -> Result<PgPool, String> {
    PgPoolOptions::new()
        .max_connections(8)
        .connect(url)
        .await
        .map_err(|error| format!("the database does not answer: {error}"))
}

/// Applies what `migrations/` has and the database has not.
pub async fn migrate(database: &PgPool) -> Result<(), String> {
    sqlx::migrate!()
        .run(database)
        .await
        .map_err(|error| format!("the database cannot be brought up to date: {error}"))
}
