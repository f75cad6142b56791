"""How the platforms sign, from their published rules. On purpose without a line of the connectors: see `__init__`."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def equal(one: str, other: str) -> bool:
    """Are these the same? Whatever came may stand in it."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))


# --- shops --------------------------------------------------------------------------------------


def _laid_out(fields: Mapping[str, str]) -> str:
    names = [name for name in fields if name != "sign"]
    names.sort()
    text = ""
    for name in names:
        text += name
        text += fields[name]
    return text


def between_secrets(secret: str, fields: Mapping[str, str]) -> str:
    """JD, Pinduoduo and (sign_method md5) Taobao."""
    digest = hashlib.md5(usedforsecurity=False)
    for part in (secret, _laid_out(fields), secret):
        digest.update(part.encode("utf-8"))
    return digest.hexdigest().upper()


def taobao(secret: str, fields: Mapping[str, str]) -> str | None:
    """By the rule the request itself names; None: there is no such rule."""
    rules = {"hmac": "md5", "hmac-sha256": "sha256"}
    how = fields.get("sign_method", "")
    if how == "md5":
        return between_secrets(secret, fields)
    if how not in rules:
        return None
    return hmac.digest(secret.encode(), _laid_out(fields).encode(), rules[how]).hex().upper()


def doudian(secret: str, app_key: str, method: str, content: str, seconds: str) -> str:
    """Over the JSON exactly as it was sent."""
    pairs = (("app_key", app_key), ("method", method), ("param_json", content),
             ("timestamp", seconds), ("v", "2"))  # fmt: skip
    text = secret + "".join(name + value for name, value in pairs) + secret
    return hmac.digest(secret.encode(), text.encode(), "sha256").hex()


def doudian_event(app_key: str, secret: str, body: bytes) -> str:
    """The header `event-sign` of what it pushes."""
    digest = hashlib.md5(app_key.encode(), usedforsecurity=False)
    digest.update(body)
    digest.update(secret.encode())
    return digest.hexdigest()


def body_digest(secret: str, body: bytes) -> str:
    """What Shopify and WooCommerce sign their pushes with."""
    return base64.standard_b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()


def wechat_words(*words: str) -> str:
    """SHA1 of the words in order."""
    digest = hashlib.sha1(usedforsecurity=False)
    for word in sorted(words):
        digest.update(word.encode())
    return digest.hexdigest()


def wechat_seal(aes_key: str, app_id: str, message: bytes, salt: bytes) -> str:
    """A pushed message in safe mode; `salt`: 16 bytes."""
    key = base64.b64decode(f"{aes_key}=")
    plain = salt + struct.pack("!I", len(message)) + message + app_id.encode()
    missing = 32 - len(plain) % 32
    plain += bytes([missing]) * missing
    sealing = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(sealing.update(plain) + sealing.finalize()).decode()


# --- chat robots --------------------------------------------------------------------------------


def dingtalk(secret: str, milliseconds: str) -> str:
    """`sign` in the address, before it is quoted."""
    digest = hmac.digest(secret.encode(), f"{milliseconds}\n{secret}".encode(), "sha256")
    return base64.b64encode(digest).decode()


def feishu(secret: str, seconds: str) -> str:
    """`sign` in the body: the key is the text, the message is empty."""
    return base64.b64encode(hmac.digest(f"{seconds}\n{secret}".encode(), b"", "sha256")).decode()


# --- payments -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pair:
    """An RSA key of somebody, with both halves as PEM."""

    key: rsa.RSAPrivateKey

    @staticmethod
    def new() -> Pair:
        """Another one each time."""
        return Pair(rsa.generate_private_key(public_exponent=65_537, key_size=2_048))

    @staticmethod
    def read(pem: bytes) -> Pair:
        """The one in this PEM."""
        key = serialization.load_pem_private_key(pem, password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError("expected an RSA key")
        return Pair(key)

    @property
    def private(self) -> str:
        """PKCS#8."""
        kind = serialization.PrivateFormat.PKCS8
        plain = serialization.NoEncryption()
        return self.key.private_bytes(serialization.Encoding.PEM, kind, plain).decode()

    @property
    def public(self) -> str:
        """SubjectPublicKeyInfo."""
        kind = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.key.public_key().public_bytes(serialization.Encoding.PEM, kind).decode()

    def sign(self, message: bytes) -> str:
        """SHA256withRSA."""
        made = self.key.sign(message, rsa_padding.PKCS1v15(), hashes.SHA256())
        return base64.b64encode(made).decode()

    def made(self, message: bytes, signature: str) -> bool:
        """Is that signature ours?"""
        try:
            raw = base64.b64decode(signature, validate=True)
            self.key.public_key().verify(raw, message, rsa_padding.PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Keys:
    """The merchant's pair, whose private half the connections hold, and the payment services' own."""

    merchant: Pair
    service: Pair

    @staticmethod
    def new() -> Keys:
        """Two new pairs."""
        return Keys(Pair.new(), Pair.new())

    @staticmethod
    def kept_in(path: Path) -> Keys:
        """Those of the file, made at the first start: connections made before stay right."""
        if not path.exists():
            made = Keys.new()
            path.touch(mode=0o600)
            path.write_text(
                json.dumps({"merchant": made.merchant.private, "service": made.service.private})
            )
        found = json.loads(path.read_text())
        return Keys(Pair.read(found["merchant"].encode()), Pair.read(found["service"].encode()))


def alipay_request(fields: Mapping[str, str]) -> bytes:
    """What a request is signed over: all but `sign`."""
    rows = [f"{name}={fields[name]}" for name in sorted(fields) if name != "sign" and fields[name]]
    return "&".join(rows).encode()


def alipay_notice(fields: Mapping[str, str]) -> bytes:
    """What a notice is signed over: neither `sign` nor `sign_type`."""
    return alipay_request({name: fields[name] for name in fields if name != "sign_type"})


def wechat_pay_request(method: str, target: str, seconds: str, nonce: str, body: bytes) -> bytes:
    """`target`: path with query."""
    return b"\n".join(
        (method.encode(), target.encode(), seconds.encode(), nonce.encode(), body, b"")
    )


def wechat_pay_answer(seconds: str, nonce: str, body: bytes) -> bytes:
    """What answers and notices are signed over."""
    return b"\n".join((seconds.encode(), nonce.encode(), body, b""))


def wechat_pay_seal(key: str, nonce: str, about: str, message: bytes) -> str:
    """The `resource` of a notice."""
    sealed = AESGCM(key.encode()).encrypt(nonce.encode(), message, about.encode())
    return base64.b64encode(sealed).decode()


# --- text messages ------------------------------------------------------------------------------


def aliyun(secret: str, method: str, target: str, headers: Mapping[str, str], listed: str) -> str:
    """ACS3: over the method, the query in order, and the headers it lists. The path is that of Aliyun, which is `/`."""
    pairs = sorted(parse_qsl(target.partition("?")[2], keep_blank_values=True))
    asked = urlencode(pairs, quote_via=quote, safe="~")
    told = "".join(f"{name}:{headers.get(name, '').strip()}\n" for name in listed.split(";"))
    body = headers.get("x-acs-content-sha256", "")
    whole = f"{method}\n/\n{asked}\n{told}\n{listed}\n{body}"
    text = "ACS3-HMAC-SHA256\n" + hashlib.sha256(whole.encode()).hexdigest()
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
