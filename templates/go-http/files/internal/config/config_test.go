package config

import (
	"log/slog"
	"testing"
)

func TestRead(t *testing.T) {
	tests := map[string]struct {
		env  map[string]string
		want Config
		fail bool
	}{
		"defaults":  {want: Config{Host: "127.0.0.1", Port: {{polyenv.port}}, LogLevel: slog.LevelInfo}},
		"all":       {env: map[string]string{"HOST": "::1", "PORT": "1", "LOG_LEVEL": "debug"}, want: Config{"::1", 1, slog.LevelDebug}},
		"bad port":  {env: map[string]string{"PORT": "65536"}, fail: true},
		"bad level": {env: map[string]string{"LOG_LEVEL": "loud"}, fail: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Read(func(name string) string { return test.env[name] })
			if (err != nil) != test.fail {
				t.Fatalf("error is %v", err)
			}
			if got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}
