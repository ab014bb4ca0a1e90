use axum::http::HeaderMap;
use serde::Serialize;

/// One service that a request went through.
#[derive(Debug, Serialize)]
pub struct Hop {
    pub service: &'static str,
    pub runtime: &'static str,
    pub version: &'static str,
}

/// What a request through all the services brings back. This service is the last.
#[derive(Debug, Serialize)]
pub struct Tour {
    pub trace: String,
    pub hops: Vec<Hop>,
}

/// The trace that the request belongs to (https://www.w3.org/TR/trace-context/), or a new one.
pub fn trace_of(headers: &HeaderMap) -> String {
    headers
        .get("traceparent")
        .and_then(|value| value.to_str().ok())
        .and_then(read_trace)
        .map_or_else(|| format!("{:032x}", rand::random::<u128>()), str::to_owned)
}

fn read_trace(header: &str) -> Option<&str> {
    let parts: Vec<&str> = header.split('-').collect();
    let [version, trace, span, flags] = parts[..] else {
        return None;
    };
    let hex = |text: &str, length: usize| {
        text.len() == length
            && text
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    (version == "00" && hex(trace, 32) && hex(span, 16) && hex(flags, 2)).then_some(trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_only_what_is_a_trace() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(
            read_trace(&format!("00-{trace}-00f067aa0ba902b7-01")),
            Some(trace)
        );
        assert_eq!(read_trace("nonsense"), None);
        assert_eq!(
            read_trace(&format!("00-{trace}X-00f067aa0ba902b7-01")),
            None
        );
    }
}
