use axum::extract::State;
use axum::http::StatusCode;
use axum::{Json, Router, routing::get};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgPool};

pub fn router(database: PgPool) -> Router {
    Router::new()
        .route("/notes", get(list).post(add))
        .with_state(database)
}

#[derive(Serialize, FromRow)]
struct Note {
    id: i64,
    text: String,
}

#[derive(Deserialize)]
struct NewNote {
    text: String,
}

async fn list(State(database): State<PgPool>) -> Result<Json<Vec<Note>>, StatusCode> {
    sqlx::query_as("select id, text from notes order by id")
        .fetch_all(&database)
        .await
        .map(Json)
        .map_err(failed)
}

async fn add(
    State(database): State<PgPool>,
    Json(note): Json<NewNote>,
) -> Result<(StatusCode, Json<Note>), StatusCode> {
    if note.text.is_empty() {
        return Err(StatusCode::BAD_REQUEST);
    }
    sqlx::query_as("insert into notes (text) values ($1) returning id, text")
        .bind(note.text)
        .fetch_one(&database)
        .await
        .map(|note| (StatusCode::CREATED, Json(note)))
        .map_err(failed)
}

/// What went wrong is for the log, not for whoever asks.
fn failed(error: sqlx::Error) -> StatusCode {
    tracing::error!(%error, "the database");
    StatusCode::INTERNAL_SERVER_ERROR
}
