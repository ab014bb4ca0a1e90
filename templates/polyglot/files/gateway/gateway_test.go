package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

const trace = "4bf92f3577b34da6a3ce929d0e0e4736"

// start serves a gateway before one service, which answers as the whole chain would.
func start(t *testing.T) string {
	t.Helper()
	behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/tour" {
			_, _ = io.WriteString(w, r.URL.Path)
			return
		}
		id := strings.Split(r.Header.Get("Traceparent"), "-")[1]
		writeJSON(w, http.StatusOK, tour{id, []hop{{"api", "node", "24"}}})
	}))
	t.Cleanup(behind.Close)
	target, err := url.Parse(behind.URL)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- serve(ctx, listener, newGateway([]service{{"api", target}}, slog.New(slog.DiscardHandler)))
	}()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("it did not stop cleanly: %v", err)
		}
	})
	return "http://" + listener.Addr().String()
}

func get(t *testing.T, target string, header string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Traceparent", header)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestGateway(t *testing.T) {
	origin := start(t)
	for path, want := range map[string]struct {
		status int
		body   string
	}{
		"/":             {http.StatusOK, "<!doctype html>"},
		"/healthz":      {http.StatusOK, `{"status":"ok"}`},
		"/api/v1/items": {http.StatusOK, "/v1/items"},
		"/nowhere":      {http.StatusNotFound, ""},
	} {
		if status, body := get(t, origin+path, ""); status != want.status || !strings.HasPrefix(body, want.body) {
			t.Errorf("%s: got %d %s", path, status, body)
		}
	}
}

func TestTourKeepsTheTrace(t *testing.T) {
	_, body := get(t, start(t)+"/tour", "00-"+trace+"-00f067aa0ba902b7-01")
	var got tour
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if got.Trace != trace || len(got.Hops) != 2 || got.Hops[0].Runtime != "go" {
		t.Errorf("got %+v", got)
	}
}

func TestTourMakesATrace(t *testing.T) {
	_, body := get(t, start(t)+"/tour", "nonsense")
	var got tour
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Trace) != 32 {
		t.Errorf("got %+v", got)
	}
}

func TestReadConfig(t *testing.T) {
	for name, env := range map[string]map[string]string{
		"PORT":      {"PORT": "65536", "SERVICES": "api=http://127.0.0.1:1"},
		"LOG_LEVEL": {"LOG_LEVEL": "loud", "SERVICES": "api=http://127.0.0.1:1"},
		"SERVICES":  {"SERVICES": "api"},
	} {
		_, err := readConfig(func(key string) string { return env[key] })
		if err == nil || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
