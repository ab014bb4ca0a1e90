package main

import (
	"crypto/rand"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"regexp"
	"runtime"
	"strings"
	"time"
)

//go:embed index.html
var page []byte

// hop is one service that a request went through.
type hop struct {
	Service string `json:"service"`
	Runtime string `json:"runtime"`
	Version string `json:"version"`
}

// tour is what a request through all the services brings back.
type tour struct {
	Trace string `json:"trace"`
	Hops  []hop  `json:"hops"`
}

func newGateway(services []service, logger *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(page)
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.Handle("GET /tour", startTour(services[0], logger))
	for _, service := range services {
		proxy := &httputil.ReverseProxy{Rewrite: func(request *httputil.ProxyRequest) {
			request.SetURL(service.url)
			request.SetXForwarded()
		}}
		mux.Handle("/"+service.name+"/", http.StripPrefix("/"+service.name, proxy))
	}
	return traced(mux, logger)
}

func startTour(first service, logger *slog.Logger) http.Handler {
	client := &http.Client{Timeout: 10 * time.Second}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rest, err := continueTour(client, first, r)
		if err != nil {
			logger.ErrorContext(r.Context(), "tour", "error", err.Error(), "trace", traceOf(r))
			writeJSON(w, http.StatusBadGateway, map[string]string{"error": "a service does not answer", "trace": traceOf(r)})
			return
		}
		own := hop{"gateway", "go", strings.TrimPrefix(runtime.Version(), "go")}
		writeJSON(w, http.StatusOK, tour{rest.Trace, append([]hop{own}, rest.Hops...)})
	})
}

func continueTour(client *http.Client, next service, r *http.Request) (tour, error) {
	var rest tour
	request, err := http.NewRequestWithContext(r.Context(), http.MethodGet, next.url.JoinPath("tour").String(), nil)
	if err != nil {
		return rest, err
	}
	request.Header.Set("Traceparent", r.Header.Get("Traceparent"))
	response, err := client.Do(request)
	if err != nil {
		return rest, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return rest, fmt.Errorf("%s answers %s", next.name, response.Status)
	}
	return rest, json.NewDecoder(response.Body).Decode(&rest)
}

// traced gives every request without one a trace (https://www.w3.org/TR/trace-context/), and logs it.
func traced(next http.Handler, logger *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !traceparent.MatchString(r.Header.Get("Traceparent")) {
			r.Header.Set("Traceparent", "00-"+randomHex(16)+"-"+randomHex(8)+"-01")
		}
		start := time.Now()
		next.ServeHTTP(w, r)
		logger.InfoContext(r.Context(), "request",
			"method", r.Method, "path", r.URL.Path, "trace", traceOf(r), "took", time.Since(start).String())
	})
}

var traceparent = regexp.MustCompile(`^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)

func traceOf(r *http.Request) string {
	return strings.Split(r.Header.Get("Traceparent"), "-")[1]
}

func randomHex(bytes int) string {
	buffer := make([]byte, bytes)
	_, _ = rand.Read(buffer) // Never fails.
	return hex.EncodeToString(buffer)
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}
