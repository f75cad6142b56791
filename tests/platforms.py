"""Accounts at every platform with keys of our own making, and code of our own that signs as the platform would.

Nothing here uses a connector's code: a mistake in both would have to be made twice.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import struct
from functools import cache
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from headrace.engine.connector import ConnectionInfo, Connector, Incoming
from headrace.engine.registry import connectors

NOW_MS = 1_767_945_600_000  # 2026-01-09T08:00Z

GOOD: dict[str, bytes] = {
    # A yes of each platform that has its own idea of one.
    "alipay": b'{"alipay_trade_query_response":{"code":"10000","msg":"Success"},"sign":"x"}',
    "aliyun_sms": b'{"Code":"OK"}',
    "doudian": b'{"code":10000,"data":{}}',
    "jd": b'{"jingdong_pop_order_get_responce":{"code":"0","orderDetailInfo":{}}}',
    "pdd": b'{"order_info_get_response":{"order_info":{}}}',
    "taobao": b'{"trade_fullinfo_get_response":{"trade":{}}}',
    "wechat_shop": b'{"errcode":0,"errmsg":"ok","order":{}}',
}


@cache
def key() -> rsa.RSAPrivateKey:
    """One pair for all: ours and the platform's."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem() -> str:
    return (
        key()
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode()
    )


def public_pem() -> str:
    return (
        key()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def account(connector: Connector | str, **secrets: str) -> ConnectionInfo:
    """The connector's example, with keys that work."""
    if isinstance(connector, str):
        connector = connectors()[connector]
    settings = dict(connector.example)
    known = dict(connector.example_secrets)
    if "private_key" in known:
        known["private_key"] = private_pem()
    for name in ("alipay_public_key", "platform_key"):
        if name in settings:
            settings[name] = public_pem()
    return ConnectionInfo("c", connector.name, settings, {**known, **secrets})


def rsa_of(message: bytes) -> str:
    signature = key().sign(message, rsa_padding.PKCS1v15(), hashes.SHA256())
    return base64.b64encode(signature).decode()


# --- calls of platforms -------------------------------------------------------------------------


def call_of(name: str) -> Incoming:
    """A good call of the platform, signed by code of our own."""
    return {
        "alipay": _alipay,
        "doudian": _doudian,
        "shopify": _shopify,
        "wechat_pay": _wechat_pay,
        "wechat_shop": _wechat_shop,
        "woocommerce": _woocommerce,
        "webhook": _webhook,
    }[name]()


def _shopify() -> Incoming:
    body = json.dumps({"id": 1, "note": "加急"}).encode()
    digest = hmac.new(b"example-app-secret", body, "sha256").digest()
    return Incoming({"x-shopify-hmac-sha256": base64.b64encode(digest).decode()}, {}, body, NOW_MS)


def _woocommerce() -> Incoming:
    body = json.dumps({"id": 727, "status": "processing"}).encode()
    digest = hmac.new(b"example-webhook-secret", body, "sha256").digest()
    return Incoming({"x-wc-webhook-signature": base64.b64encode(digest).decode()}, {}, body, NOW_MS)


def _webhook() -> Incoming:
    body = b'{"id":1}'
    digest = hmac.new(b"example-secret", body, "sha256").digest()
    return Incoming({"x-shopify-hmac-sha256": base64.b64encode(digest).decode()}, {}, body, NOW_MS)


def _doudian() -> Incoming:
    event = {"tag": "101", "msg_id": "m1", "data": json.dumps({"p_id": 4705288465508532862})}
    body = json.dumps([event]).encode()
    digest = hashlib.md5(b"1234567890123456789" + body + b"example-app-secret").hexdigest()
    headers = {"event-sign": digest, "app-id": "1234567890123456789"}
    return Incoming(headers, {}, body, NOW_MS)


def _wechat_shop() -> Incoming:
    aes_key = "exampleexampleexampleexampleexampleexample0"
    message = json.dumps(
        {"Event": "channels_ec_order_pay", "order_info": {"order_id": "1"}}
    ).encode()
    cipher = wechat_cipher(aes_key, message, b"wxexample0000000001")
    parts = ["example-token", "1714036504", "1514711492", cipher]
    signature = hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()
    query = {"timestamp": parts[1], "nonce": parts[2], "msg_signature": signature}
    body = json.dumps({"ToUserName": "gh_1", "Encrypt": cipher}).encode()
    return Incoming({}, query, body, NOW_MS)


def wechat_cipher(aes_key: str, message: bytes, app_id: bytes) -> str:
    secret = base64.b64decode(aes_key + "=")
    padder = padding.PKCS7(256).padder()
    whole = os.urandom(16) + struct.pack(">I", len(message)) + message + app_id
    filled = padder.update(whole) + padder.finalize()
    sealer = Cipher(algorithms.AES(secret), modes.CBC(secret[:16])).encryptor()
    return base64.b64encode(sealer.update(filled) + sealer.finalize()).decode()


def alipay_form(fields: dict[str, str], charset: str = "utf-8") -> bytes:
    own = "&".join(f"{name}={fields[name]}" for name in sorted(fields))
    signed = {**fields, "sign": rsa_of(own.encode(charset)), "sign_type": "RSA2"}
    return urlencode(signed, encoding=charset).encode()


def _alipay() -> Incoming:
    fields = {
        "app_id": "2021000000000000",
        "charset": "utf-8",
        "notify_id": "n1",
        "out_trade_no": "A-1",
        "subject": "订单 A&B=C+D",
        "total_amount": "12.50",
        "trade_status": "TRADE_SUCCESS",
    }
    return Incoming({}, {}, alipay_form(fields), NOW_MS)


def wechat_headers(body: bytes, now_ms: int = NOW_MS, nonce: str = "n1") -> dict[str, str]:
    moment = str(now_ms // 1_000)
    return {
        "wechatpay-timestamp": moment,
        "wechatpay-nonce": nonce,
        "wechatpay-serial": "PUB_KEY_ID_0000000000000000000000000000000",
        "wechatpay-signature": rsa_of(f"{moment}\n{nonce}\n".encode() + body + b"\n"),
    }


def _wechat_pay() -> Incoming:
    plain = json.dumps({"out_trade_no": "A-1", "trade_state": "SUCCESS"}).encode()
    sealed = AESGCM(b"exampleexampleexampleexample1234").encrypt(
        b"nonce1234567", plain, b"transaction"
    )
    resource = {
        "ciphertext": base64.b64encode(sealed).decode(),
        "nonce": "nonce1234567",
        "associated_data": "transaction",
    }
    body = json.dumps(
        {"id": "e1", "event_type": "TRANSACTION.SUCCESS", "resource": resource}
    ).encode()
    return Incoming(wechat_headers(body), {}, body, NOW_MS)


def params_of(operation: Any) -> dict[str, Any]:
    """Parameters every operation takes: what it needs, made up."""
    made = {
        "since": "2026-01-09T15:00:00+08:00",
        "until": "2026-01-09T15:20:00+08:00",
        "order_id": "4781320682406083640",
        "refund_id": "1",
        "refund_no": "R-1",
        "out_trade_no": "A-1",
        "company": "SF",
        "waybill": "SF123",
        "item_id": "88001",
        "sku_id": "88001001",
        "quantity": 17,
        "amount": "12.50",
        "total": "20.00",
        "transaction_id": "389404469",
        "status": "completed",
        "phone": "13000000000",
        "template": "SMS_1",
        "values": {"code": "1"},
        "sign_name": "订单中心",
        "method": "/some/thing",
        "body": {"a": "1"},
    }
    return {name: made[name] for name in operation.params["properties"] if name in made}
