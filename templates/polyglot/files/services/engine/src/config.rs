use std::env;

/// Everything that the environment decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    pub host: String,
    pub port: u16,
    pub log_level: String,
}

impl Config {
    /// Reads `HOST`, `PORT` and `LOG_LEVEL`.
    pub fn from_env() -> Result<Self, String> {
        Self::read(|name| env::var(name).ok())
    }

    fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let port = lookup("PORT").unwrap_or_else(|| "{{polyenv.engine_port}}".into());
        Ok(Self {
            host: lookup("HOST").unwrap_or_else(|| "127.0.0.1".into()),
            port: port
                .parse()
                .map_err(|_| format!("PORT is not a port: {port:?}"))?,
            log_level: lookup("LOG_LEVEL").unwrap_or_else(|| "info".into()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_defaults() {
        let config = Config::read(|_| None);
        assert_eq!(
            config,
            Ok(Config {
                host: "127.0.0.1".into(),
                port: {{polyenv.engine_port}},
                log_level: "info".into(),
            })
        );
    }

    #[test]
    fn names_the_variable_that_is_wrong() {
        let config = Config::read(|name| (name == "PORT").then(|| "eighty".into()));
        assert_eq!(config, Err("PORT is not a port: \"eighty\"".into()));
    }
}
