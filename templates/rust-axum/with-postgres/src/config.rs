use std::env;

/// Everything that the environment decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    pub host: String,
    pub port: u16,
    pub log_level: String,
    pub database_url: String,
}

impl Config {
    /// Reads `HOST`, `PORT`, `LOG_LEVEL` and `DATABASE_URL`.
    pub fn from_env() -> Result<Self, String> {
        Self::read(|name| env::var(name).ok())
    }

    fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let port = lookup("PORT").unwrap_or_else(|| "{{polyenv.port}}".into());
        Ok(Self {
            host: lookup("HOST").unwrap_or_else(|| "127.0.0.1".into()),
            port: port
                .parse()
                .map_err(|_| format!("PORT is not a port: {port:?}"))?,
            log_level: lookup("LOG_LEVEL").unwrap_or_else(|| "info".into()),
            database_url: lookup("DATABASE_URL")
                .ok_or("DATABASE_URL is not set: start the database with `polyenv up`")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "postgres://localhost/app";

    #[test]
    fn has_defaults() {
        let config = Config::read(|name| (name == "DATABASE_URL").then(|| URL.into()));
        assert_eq!(
            config,
            Ok(Config {
                host: "127.0.0.1".into(),
                port: {{polyenv.port}},
                log_level: "info".into(),
                database_url: URL.into(),
            })
        );
    }

    #[test]
    fn names_the_variable_that_is_wrong() {
        let config = Config::read(|name| (name == "PORT").then(|| "eighty".into()));
        assert_eq!(config, Err("PORT is not a port: \"eighty\"".into()));
        let message = Config::read(|_| None).expect_err("there is no database");
        assert!(message.contains("DATABASE_URL"));
    }
}
