"""What was drawn: the flow's model, its checks and its expressions. Pure."""
