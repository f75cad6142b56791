"""What signing, proving and reading are made of, for connectors. All pure: time and nonce come in."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import load_pem_x509_certificate

from headrace.engine.connector import ConnectionInfo, ParamWrong

CHINA = timezone(timedelta(hours=8))
JSON = "application/json; charset=utf-8"
FORM = "application/x-www-form-urlencoded; charset=utf-8"
BODY_MAX = 2_000_000
"""A call that is larger is not looked at."""

# --- signatures ---------------------------------------------------------------------------------


def joined(params: Mapping[str, str], between: str = "", equals: str = "") -> str:
    """`keyvalue…` in the order of the keys' bytes."""
    return between.join(f"{key}{equals}{params[key]}" for key in sorted(params, key=str.encode))


def wrapped_md5(secret: str, params: Mapping[str, str]) -> str:
    """MD5 of secret + `keyvalue…` + secret, upper hex: the rule of Taobao, JD and Pinduoduo, not our choice."""
    text = secret + joined(params) + secret
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper()


def hmac_sha256(secret: str, message: bytes) -> bytes:
    return hmac.new(secret.encode(), message, hashlib.sha256).digest()


def same(found: str, expected: str) -> bool:
    """Compared in constant time; what came may hold anything."""
    return hmac.compare_digest(found.encode("utf-8", "backslashreplace"), expected.encode())


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def rsa_sign(private_key: str, message: bytes) -> str:
    """SHA256withRSA in Base64."""
    return b64(_private(private_key).sign(message, padding.PKCS1v15(), hashes.SHA256()))


def rsa_holds(public_key: str, message: bytes, signature: str) -> bool:
    """Is this the SHA256withRSA signature of the message? Anything that cannot be read is not."""
    try:
        given = base64.b64decode(signature.encode("utf-8", "backslashreplace"), validate=True)
        if b64(given) != signature:  # two texts for the same bytes: only one is what was sent
            return False
        _public(public_key).verify(given, message, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ParamWrong, ValueError):
        return False
    return True


def _private(text: str) -> rsa.RSAPrivateKey:
    """PEM, or the bare Base64 that consoles hand out; PKCS#1 or PKCS#8."""
    try:
        key = serialization.load_der_private_key(_der(text), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ParamWrong("Expected an RSA private key (PEM, or its Base64), but it cannot be read.")
    return key


def _public(text: str) -> rsa.RSAPublicKey:
    """A public key as above, or a certificate in PEM."""
    key: Any
    try:
        if "BEGIN CERTIFICATE" in text:
            key = load_pem_x509_certificate(text.encode()).public_key()
        else:
            key = serialization.load_der_public_key(_der(text))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, rsa.RSAPublicKey):
        raise ParamWrong(
            "Expected an RSA public key or certificate (PEM, or its Base64), but it cannot be read."
        )
    return key


def _der(text: str) -> bytes:
    lines = [line for line in text.splitlines() if not line.strip().startswith("-----")]
    return base64.b64decode("".join("".join(lines).split()), validate=True)


# --- reading what came --------------------------------------------------------------------------


def read_json(data: bytes | str) -> Any:
    """The value, numbers exact; None where it is none: what came from outside may be anything."""
    if len(data) > BODY_MAX:
        return None
    try:
        return json.loads(data, parse_float=_exact, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None


EXPONENT_MAX = 400
"""A number with more digits than that, written short, would fill the memory as soon as somebody counts with it."""


def _exact(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except ArithmeticError as wrong:
        raise ValueError(text[:40]) from wrong
    if abs(number.adjusted()) > EXPONENT_MAX:
        raise ValueError(text[:40])
    return number


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def read_object(data: bytes | str) -> Mapping[str, Any]:
    """As above, where only an object will do; empty otherwise."""
    value = read_json(data)
    return value if isinstance(value, dict) else {}


def words(value: Any) -> str:
    """A code or message as text, whatever the platform made of it."""
    if isinstance(value, bool) or value is None:
        return ""
    return value if isinstance(value, str) else str(value)


def inside(value: Any, *path: str) -> Any:
    """What stands there, or None."""
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


# --- writing what goes --------------------------------------------------------------------------


def form_body(params: Mapping[str, str]) -> bytes:
    return "&".join(f"{encoded(key)}={encoded(value)}" for key, value in params.items()).encode()


def encoded(value: str) -> str:
    """RFC 3986: only letters, digits and -_.~ stay as they are."""
    return quote(value, safe="-_.~")


def address(base: str, path: str, query: Mapping[str, str]) -> str:
    parts = "&".join(f"{encoded(key)}={encoded(value)}" for key, value in query.items())
    return base.rstrip("/") + path + (f"?{parts}" if parts else "")


def compact(value: Any, *, in_order: bool = False) -> str:
    """JSON without blanks; & < > and Chinese as they are, numbers exact."""
    return json.dumps(
        value, ensure_ascii=False, separators=(",", ":"), sort_keys=in_order, default=_plain
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal) and value.is_finite() and value.adjusted() < EXPONENT_MAX:
        if value == value.to_integral_value():
            return int(value)
        number = float(value)
        if Decimal(repr(number)) == value:
            return number
    raise ParamWrong(f"Expected a value JSON can hold, but found {type(value).__name__}.")


def secret(account: ConnectionInfo, name: str) -> str:
    """A secret that the request cannot do without."""
    value = account.secrets.get(name, "")
    if not value:
        raise ParamWrong(f"Expected the connection's {name} to be set, but it is empty.")
    return value


# --- parameters ---------------------------------------------------------------------------------


def text(params: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """A parameter as text; numbers such as order numbers are written out."""
    value = params.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is None or value == "":
        if default is None:
            raise ParamWrong(f"Expected a value for {name}, but found none.")
        return default
    if not isinstance(value, str):
        raise ParamWrong(f"Expected a text for {name}, but found {type(value).__name__}.")
    return value


def whole(params: Mapping[str, Any], name: str, default: int) -> int:
    """A whole number."""
    value = params.get(name, default)
    if isinstance(value, Decimal) and value.is_finite() and value.adjusted() < 20:
        value = int(value) if value == value.to_integral_value() else value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ParamWrong(f"Expected a whole number for {name}, but found {type(value).__name__}.")
    return value


def moment_ms(params: Mapping[str, Any], name: str) -> int:
    """A time with its zone, such as 2026-01-09T16:00:00+08:00, as ms since the epoch."""
    value = params.get(name)
    try:
        at = value if isinstance(value, datetime) else datetime.fromisoformat(text(params, name))
    except ValueError as wrong:
        raise ParamWrong(
            f"Expected a time such as 2026-01-09T16:00:00+08:00 for {name}, but it cannot be read."
        ) from wrong
    if at.tzinfo is None:
        raise ParamWrong(f"Expected a time with its zone for {name}, but found none.")
    return round(at.timestamp() * 1_000)


def fen(params: Mapping[str, Any], name: str) -> int:
    """Money in yuan (text or exact number) as fen; more than two decimals are refused, and what is not above zero."""
    value = params.get(name)
    if isinstance(value, float):
        value = repr(value)
    try:
        amount = Decimal(value if isinstance(value, str | int | Decimal) else "")
        cents = amount * 100
        good = (
            not isinstance(value, bool)
            and cents == cents.to_integral_value()
            and 0 < cents < 10**12
        )
    except (ArithmeticError, ValueError):
        good, cents = False, Decimal(0)
    if not good:
        raise ParamWrong(f"Expected an amount above 0 with at most 2 decimals for {name}.")
    return int(cents)


def yuan(cents: int) -> str:
    """1250 → `12.50`."""
    return f"{cents // 100}.{cents % 100:02}"


def china_time(at_ms: int) -> str:
    """`2016-01-01 12:00:00`, in China's time."""
    return datetime.fromtimestamp(at_ms // 1_000, CHINA).strftime("%Y-%m-%d %H:%M:%S")


def utc_time(at_ms: int) -> str:
    """`2023-10-26T10:22:32Z`."""
    return datetime.fromtimestamp(at_ms // 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
