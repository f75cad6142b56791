"""HTTP: parse, call one service function, answer."""
