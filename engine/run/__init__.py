"""The state machine: advance decides, apply changes. Pure."""
