package server

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestServe(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, listener, slog.New(slog.DiscardHandler)) }()

	for path, want := range map[string]struct {
		status int
		body   string
	}{
		"/":        {http.StatusOK, `"service":"{{polyenv.name}}"`},
		"/healthz": {http.StatusOK, `"status":"ok"`},
		"/nowhere": {http.StatusNotFound, ""},
	} {
		response, err := http.Get("http://" + listener.Addr().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		if err := response.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != want.status || !strings.Contains(string(body), want.body) {
			t.Errorf("%s: got %d %s", path, response.StatusCode, body)
		}
	}

	stop()
	if err := <-done; err != nil {
		t.Errorf("it did not stop cleanly: %v", err)
	}
}
