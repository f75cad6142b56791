"""Connectors that people draw in the browser: a definition in JSON becomes a `Connector` like those of `nodes/connectors/`.

`shape.py` says what a definition looks like, `check.py` what is wrong with one, `made.py` makes the connector, `signing.py` its
credentials, `tokens.py` asks for OAuth tokens, `openapi.py` reads a definition out of an OpenAPI document, `merge.py` compares
the two. All pure.
"""
