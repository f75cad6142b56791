"""What happens outside a request: drain, jobs, timers, relay, sweeper."""
