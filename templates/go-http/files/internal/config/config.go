// Package config reads what the environment decides.
package config

import (
	"fmt"
	"log/slog"
	"net"
	"strconv"
)

// Config is everything that the environment decides.
type Config struct {
	Host     string
	Port     uint16
	LogLevel slog.Level
}

// Read takes HOST, PORT and LOG_LEVEL from lookup, which is os.Getenv in production.
func Read(lookup func(string) string) (Config, error) {
	config := Config{Host: "127.0.0.1", Port: {{polyenv.port}}, LogLevel: slog.LevelInfo}
	if host := lookup("HOST"); host != "" {
		config.Host = host
	}
	if port := lookup("PORT"); port != "" {
		number, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return Config{}, fmt.Errorf("PORT is not a port: %q", port)
		}
		config.Port = uint16(number)
	}
	if level := lookup("LOG_LEVEL"); level != "" {
		if err := config.LogLevel.UnmarshalText([]byte(level)); err != nil {
			return Config{}, fmt.Errorf("LOG_LEVEL is not debug, info, warn or error: %q", level)
		}
	}
	return config, nil
}

// Address is host:port, as net.Listen takes it.
func (c Config) Address() string {
	return net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port)))
}
