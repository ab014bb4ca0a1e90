package main

import (
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"strings"
)

type config struct {
	address  string
	logLevel slog.Level
	services []service
}

// service is one that the gateway routes to, at /NAME/.
type service struct {
	name string
	url  *url.URL
}

// readConfig takes HOST, PORT, LOG_LEVEL and SERVICES ("api=http://127.0.0.1:1 engine=...") from lookup. The tour starts at the first service.
func readConfig(lookup func(string) string) (config, error) {
	var read config
	host, port := lookup("HOST"), lookup("PORT")
	if host == "" {
		host = "127.0.0.1"
	}
	if port == "" {
		port = "{{polyenv.port}}"
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return read, fmt.Errorf("PORT is not a port: %q", port)
	}
	read.address = net.JoinHostPort(host, port)
	if level := lookup("LOG_LEVEL"); level != "" {
		if err := read.logLevel.UnmarshalText([]byte(level)); err != nil {
			return read, fmt.Errorf("LOG_LEVEL is not debug, info, warn or error: %q", level)
		}
	}
	for entry := range strings.FieldsSeq(lookup("SERVICES")) {
		name, text, found := strings.Cut(entry, "=")
		target, err := url.Parse(text)
		if !found || err != nil || target.Host == "" {
			return read, fmt.Errorf("SERVICES is not NAME=URL ...: %q", entry)
		}
		read.services = append(read.services, service{name, target})
	}
	if len(read.services) == 0 {
		return read, fmt.Errorf("SERVICES names no service")
	}
	return read, nil
}
