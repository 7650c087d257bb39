"""Shows the agent under a real systemd; `make test-systemd`."""
