"""One person at one machine: a process of its own that does what it is told at the moment it is told. Standard library only, so
that fifty of them fit beside everything else.

A line in: `{"port", "path", "body", "token", "at"}` (`at`: seconds since 1970); a line out: `[status, code, current]`.
"""

import http.client
import json
import sys
import threading
import time
from typing import Any


def main() -> None:
    """Until the input ends."""
    connections: dict[int, http.client.HTTPConnection] = {}
    for line in sys.stdin:
        told = json.loads(line)
        if told["port"] not in connections:
            connections[told["port"]] = http.client.HTTPConnection(
                "127.0.0.1", told["port"], timeout=60
            )
        connection = connections[told["port"]]
        threading.Event().wait(max(0.0, told["at"] - time.time()))
        print(json.dumps(said(connection, told)), flush=True)


def said(connection: http.client.HTTPConnection, told: dict[str, Any]) -> list[Any]:
    """What was answered. A connection that the server has closed meanwhile is opened again: nothing was sent by it."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {told['token']}"}
    for tried in (1, 2):
        try:
            connection.request("POST", told["path"], json.dumps(told["body"]), headers)
            response = connection.getresponse()
            break
        except (http.client.RemoteDisconnected, ConnectionError):
            connection.close()
            if tried == 2:
                raise
    answer = json.loads(response.read() or b"null")
    error = (answer or {}).get("error") or {}
    return [response.status, error.get("code"), (error.get("params") or {}).get("current")]


if __name__ == "__main__":
    main()
