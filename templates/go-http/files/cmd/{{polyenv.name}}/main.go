// Serves until SIGTERM or SIGINT.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"{{polyenv.module}}/internal/config"
	"{{polyenv.module}}/internal/server"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()

	settings, err := config.Read(os.Getenv)
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{Level: settings.LogLevel}))

	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", settings.Address())
	if err != nil {
		return err
	}
	logger.Info("listening", "address", listener.Addr().String())
	return server.Serve(ctx, listener, logger)
}
