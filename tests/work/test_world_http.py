"""What may leave by HTTP, and what a caller hears when it goes wrong: asked of a real server on loopback."""

import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from headrace.engine.errors import AddressRefused, BodyTooLarge
from headrace.engine.node import NotSent, OutcomeUnknown
from headrace.engine.work.address import AddressGuard
from headrace.engine.work.guard import IDLE_MAX_S, GuardedHttp
from tests.far_side import far_side, keeps_silent, nobody_listens, resets, says, trickles

LOOPBACK = ("127.0.0.1/32",)


@pytest.fixture
def http() -> Iterator[GuardedHttp]:
    client = GuardedHttp(AddressGuard(LOOPBACK))
    yield client
    client.close()


def get(http: GuardedHttp, url: str, timeout_s: float = 5.0, **headers: str):
    return http.request("GET", url, headers=headers, timeout_s=timeout_s)


def test_an_answer_comes_back_as_it_was_given(http):
    with far_side(says(201, '{"ok": true}', {"X-Kind": "Test"})) as there:
        answer = http.request(
            "POST", f"{there.url}/a?b=1", headers={"x-key": "k"}, body=b"{}", timeout_s=5
        )

    assert (answer.status, answer.body, answer.headers["x-kind"]) == (201, b'{"ok": true}', "Test")
    assert there.seen[0].method == "POST"
    assert there.seen[0].path == "/a?b=1"
    assert there.seen[0].body == b"{}"
    assert there.seen[0].headers["x-key"] == "k"


def test_connections_are_kept_and_used_again(http):
    with far_side(says(200, "{}")) as there:
        for _ in range(3):
            get(http, there.url)

        assert len({seen.client for seen in there.seen}) == 1


def test_a_connection_that_was_idle_for_long_is_not_trusted(http, monkeypatch):
    with far_side(says(200, "{}")) as there:
        get(http, there.url)
        real = time.monotonic
        monkeypatch.setattr(time, "monotonic", lambda: real() + IDLE_MAX_S + 1)
        get(http, there.url)

        assert len({seen.client for seen in there.seen}) == 2


def test_a_refused_connection_was_not_sent(http):
    with pytest.raises(NotSent):
        get(http, f"http://127.0.0.1:{nobody_listens()}/")


def test_a_name_nobody_knows_was_not_sent(http):
    with pytest.raises(NotSent, match="address"):
        get(http, "http://nothing.invalid/")


@pytest.mark.parametrize(
    "answer", [resets, keeps_silent, trickles], ids=["reset", "silence", "trickle"]
)
def test_a_request_without_a_whole_answer_is_unknown_and_in_time(http, answer):
    with far_side(answer) as there:
        began = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            get(http, there.url, timeout_s=0.4)

    assert time.monotonic() - began < 2
    assert len(there.seen) == 1


def test_slow_headers_are_bounded_too(http):
    with socket.create_server(("127.0.0.1", 0)) as server:
        stop = threading.Event()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                while not stop.wait(0.05):
                    try:
                        connection.sendall(b"H")
                    except OSError:
                        return

        thread = threading.Thread(target=serve)
        thread.start()
        began = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            get(http, f"http://127.0.0.1:{server.getsockname()[1]}/", timeout_s=0.3)
        took = time.monotonic() - began
        stop.set()
        thread.join()

    assert took < 2


def test_a_server_that_does_not_speak_tls_was_not_sent(http):
    with far_side(says(200)) as there:
        with pytest.raises(NotSent):
            get(http, there.url.replace("http:", "https:"), timeout_s=2)

        assert there.seen == []


def test_tls_is_verified_spoken_and_ended_in_time(http, tmp_path):
    trusted = certificate(tmp_path)
    http.tls.load_verify_locations(trusted)
    stranger = GuardedHttp(AddressGuard(LOOPBACK))

    with far_side(says(200, "{}"), trickles, tls=trusted) as there:
        answer = get(http, f"https://127.0.0.1:{there.port}/")
        began = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            get(http, f"https://127.0.0.1:{there.port}/", timeout_s=0.4)
        took = time.monotonic() - began
        with pytest.raises(NotSent, match="certificate"):
            get(stranger, f"https://127.0.0.1:{there.port}/")

    assert answer.status == 200
    assert took < 2
    assert len(there.seen) == 2


def certificate(folder: Path) -> Path:
    """A certificate of our own for 127.0.0.1, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "certificate.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


def test_ten_megabytes_are_not_read(http):
    with far_side(says(200, b"x" * 10_000_000)) as there, pytest.raises(BodyTooLarge):
        get(http, there.url, timeout_s=10)


# --- where it may go ------------------------------------------------------------------------------

PRIVATE = [
    "127.0.0.1",  # this machine
    "0.0.0.0",  # this machine as well
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",  # metadata of most clouds
    "100.100.100.200",  # metadata of Alibaba Cloud
    "224.0.0.1",  # multicast
    "::1",
    "fd00:ec2::254",  # metadata over IPv6
    "fe80::1",
    "::ffff:127.0.0.1",  # loopback, wrapped
    "64:ff9b::7f00:1",  # loopback behind NAT64
    "2002:7f00:1::",  # loopback behind 6to4
    "64:ff9b:1::7f00:1",  # loopback behind a NAT64 of one's own
    "::7f00:1",  # loopback, wrapped as nobody does any more
    "fec0::1",  # private in the first plan of IPv6
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_refused(address):
    assert not AddressGuard().allows("example.com", address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_public_addresses_are_allowed(address):
    assert AddressGuard().allows("example.com", address)


def test_an_administrator_can_allow_a_network_or_a_name():
    guard = AddressGuard(["10.0.0.0/8", "WMS.internal"])

    assert guard.allows("anything", "10.9.9.9")
    assert guard.allows("wms.internal", "192.168.0.7")
    assert not guard.allows("other.internal", "192.168.0.7")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://2130706433:{port}/"]
)
def test_loopback_is_refused_however_it_is_written(url):
    with far_side(says(200)) as there:
        with pytest.raises(AddressRefused):
            get(GuardedHttp(AddressGuard()), url.format(port=there.port))

        assert there.seen == []


def test_a_name_is_looked_up_once_and_that_very_address_is_called(monkeypatch):
    looked_up = []

    def first_public_then_private(host, port, **_):
        looked_up.append(host)
        address = "127.0.0.1" if len(looked_up) == 1 else "127.0.0.2"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    with far_side(says(200)) as there:
        monkeypatch.setattr(socket, "getaddrinfo", first_public_then_private)
        get(GuardedHttp(AddressGuard(["127.0.0.1/32"])), f"http://shop.test:{there.port}/")

    assert looked_up == ["shop.test"]
    assert there.seen[0].headers["host"] == f"shop.test:{there.port}"


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://example.com/", "http://", "http://u:p@example.com/"]
)
def test_only_plain_http_addresses_are_called(http, url):
    with pytest.raises(NotSent):
        get(http, url)


# --- redirects --------------------------------------------------------------------------------------


def test_a_redirect_to_a_private_address_is_refused():
    metadata = says(302, "", {"Location": "http://169.254.169.254/latest/meta-data"})

    with far_side(metadata) as there, pytest.raises(AddressRefused):
        get(GuardedHttp(AddressGuard(LOOPBACK)), there.url)


def test_credentials_stay_with_the_site_they_are_for(http):
    with far_side(says(200, "{}")) as other:
        elsewhere = says(307, "", {"Location": f"{other.url}/b"})
        with far_side(elsewhere) as there:
            get(http, there.url, authorization="Bearer s", accept="application/json")

    assert "authorization" not in other.seen[0].headers
    assert other.seen[0].headers["accept"] == "application/json"


def test_redirects_on_the_same_site_keep_everything(http):
    with far_side(says(302, "", {"Location": "/b"}), says(200, "{}")) as there:
        answer = get(http, f"{there.url}/a", authorization="Bearer s")

    assert answer.status == 200
    assert [seen.path for seen in there.seen] == ["/a", "/b"]
    assert there.seen[1].headers["authorization"] == "Bearer s"


def test_endless_redirects_end(http):
    with far_side(says(302, "", {"Location": "/again"})) as there:
        answer = get(http, there.url)

    assert answer.status == 302
    assert len(there.seen) == 4


def test_a_post_is_never_sent_on(http):
    with far_side(says(307, "", {"Location": "/again"})) as there:
        answer = http.request("POST", there.url, headers={}, body=b"{}", timeout_s=5)

    assert answer.status == 307
    assert len(there.seen) == 1


@pytest.mark.parametrize(
    "headers",
    [{"x": "a\r\nEvil: 1"}, {"x": "a\nb"}, {"x\r\ny": "1"}, {"": "1"}, {"x": "中"}, {"a b": "1"}],
)
def test_headers_cannot_smuggle_headers(http, headers):
    with pytest.raises(ValueError, match="header"):
        http.request("GET", "http://127.0.0.1:9/", headers=headers, timeout_s=1)
