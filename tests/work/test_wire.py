"""Answers byte by byte: what counts as a whole one, and after which a connection is used again. A bare server says them."""

import gzip
import socket
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from headrace.engine.errors import BodyTooLarge
from headrace.engine.node import HttpAnswer, OutcomeUnknown
from headrace.engine.work.address import AddressGuard
from headrace.engine.work.guard import GuardedHttp
from headrace.engine.work.wire import HEAD_MAX_BYTES


class Said:
    """A server that answers every request with the same bytes; `ends`: and then closes the connection."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/"
        self.asked: list[bytes] = []
        self.connections = 0
        self.ended = threading.Event()
        """One was closed."""


@contextmanager
def saying(answer: bytes, *, ends: bool = False) -> Iterator[Said]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        said = Said(server.getsockname()[1])
        open_ones: list[socket.socket] = []

        def talk(connection: socket.socket) -> None:
            converse(connection)
            said.ended.set()

        def converse(connection: socket.socket) -> None:
            with connection:
                pending = b""
                while data := connection.recv(65_536):
                    pending += data
                    if b"\r\n\r\n" not in pending:
                        continue
                    said.asked.append(pending)
                    pending = b""
                    try:
                        connection.sendall(answer)
                    except OSError:
                        return
                    if ends:
                        return

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                said.connections += 1
                open_ones.append(connection)
                threading.Thread(target=talk, args=(connection,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield said
        finally:
            server.shutdown(socket.SHUT_RDWR)


def ask(said: Said, times: int = 1, limit: int = 1_000_000, **more) -> HttpAnswer:
    http = GuardedHttp(AddressGuard(["127.0.0.1"]), limit)
    options = {"headers": {}, "timeout_s": 2.0, **more}
    try:
        for _ in range(times):
            answer = http.request(options.pop("method", "GET"), said.url, **options)
    finally:
        http.close()
    return answer


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("answer", "ends", "body"),
    [
        (OK + b"Content-Length: 2\r\n\r\nhi", False, b"hi"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nh\r\n1;x=y\r\ni\r\n0\r\n\r\n", False, b"hi"),
        (OK + b"\r\nhi", True, b"hi"),
        (b"HTTP/1.0 200 OK\r\n\r\nhi", True, b"hi"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", False, b""),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nhi", False, b"hi"),
        (OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"hi", mtime=0), True, b"hi"),
        (OK + b"Content-Encoding: deflate\r\n\r\n" + zlib.compress(b"hi"), True, b"hi"),
        (OK + b"Content-Encoding: deflate\r\n\r\n" + zlib.compress(b"hi")[2:-4], True, b"hi"),
    ],
    ids=["length", "chunked", "until the end", "1.0", "no body", "go on first", "gzip", "deflate", "raw deflate"],
)  # fmt: skip
def test_whole_answers(answer, ends, body):
    with saying(answer, ends=ends) as said:
        found = ask(said)

    assert found.body == body
    assert "link" not in found.headers


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        OK + b"Content-Length: 3\r\n\r\nhi",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhi",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"hi", mtime=0)[:-6],
        OK + b"Content-Encoding: gzip\r\n\r\nno gzip",
        OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi",
        b"SSH-2.0-OpenSSH\r\n",
        OK + b"X: " + b"x" * HEAD_MAX_BYTES,
    ],
)
def test_what_is_no_whole_answer_leaves_the_outcome_unknown(answer):
    with saying(answer, ends=True) as said, pytest.raises(OutcomeUnknown):
        ask(said)


def test_what_grows_when_unpacked_is_bounded_too():
    packed = gzip.compress(b"x" * 50_000_000)
    with (
        saying(OK + b"Content-Encoding: gzip\r\n\r\n" + packed, ends=True) as said,
        pytest.raises(BodyTooLarge),
    ):
        ask(said)


@pytest.mark.parametrize(
    ("answer", "connections"),
    [
        (OK + b"Content-Length: 2\r\n\r\nhi", 1),
        (OK + b"Content-Length: 2\r\nConnection: close\r\n\r\nhi", 3),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", 3),
        (OK + b"Content-Length: 2\r\n\r\nhi" + OK + b"Content-Length: 1\r\n\r\nx", 3),
        (OK + b"Content-Length: 2\r\n\r\nhijunk", 3),
    ],
    ids=["kept", "closed", "1.0", "an answer nobody asked for", "junk behind it"],
)
def test_a_connection_is_used_again_only_when_nothing_is_left_in_it(answer, connections):
    with saying(answer) as said:
        found = ask(said, times=3)

    assert found.body == b"hi"
    assert said.connections == connections


def test_a_connection_that_was_closed_meanwhile_is_not_used_again():
    http = GuardedHttp(AddressGuard(["127.0.0.1"]))
    with saying(OK + b"Content-Length: 2\r\n\r\nhi", ends=True) as said:
        for _ in range(3):
            http.request("GET", said.url, headers={}, timeout_s=2)
            assert said.ended.wait(5)
            said.ended.clear()
        http.close()

    assert said.connections == 3


def test_the_head_of_an_answer_is_not_its_body():
    with saying(OK + b"Content-Length: 200\r\n\r\n") as said:
        found = ask(said, method="HEAD")

    assert (found.status, found.body) == (200, b"")


def test_values_of_one_name_stand_together():
    with saying(OK + b"X-A: 1 \r\nx-a:2\r\nContent-Length: 0\r\n\r\n") as said:
        found = ask(said)

    assert found.headers["x-a"] == "1, 2"


def test_only_we_say_where_a_request_ends():
    given = {"content-length": "99", "Transfer-Encoding": "chunked", "Connection": "upgrade"}
    with saying(OK + b"Content-Length: 0\r\n\r\n") as said:
        ask(said, method="POST", headers=given, body=b"hi")

    head = said.asked[0].partition(b"\r\n\r\n")[0].lower()
    assert b"content-length: 2" in head
    assert head.count(b"content-length") == 1
    assert b"chunked" not in head
    assert b"upgrade" not in head


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("a/b.json?x=1&y=%E4", b"/a/b.json?x=1&y=%E4"),
        ("a/../b", b"/b"),
        ("a/./b", b"/a/b"),
        ("\u4e2d?q=\u6587", b"/%E4%B8%AD?q=%E6%96%87"),
        ("a b#c", b"/a%20b"),
        ("?x=a b", b"/?x=a%20b"),
        ("a%zz", b"/a%25zz"),
        ("a\r\nEvil: 1", b"/a%0D%0AEvil:%201"),
    ],
)
def test_what_is_asked_for_is_one_word(path, asked):
    http = GuardedHttp(AddressGuard(["127.0.0.1"]))
    with saying(OK + b"Content-Length: 0\r\n\r\n") as said:
        http.request("GET", said.url + path, headers={}, timeout_s=2)
        http.close()

    assert said.asked[0].split(b" ")[1] == asked
