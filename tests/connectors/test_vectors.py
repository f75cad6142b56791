"""Signatures others have published, byte for byte. Where each stands is said beside it.

`own` marks values that nobody published: worked out once from the platform's rule by other code than ours.
The keys here are published examples; none opens anything.
"""

import hashlib
import json
from pathlib import Path

from headrace.engine.connector import Incoming
from headrace.engine.node import ConnectionInfo
from headrace.nodes import _wire
from headrace.nodes.connectors import (
    aliyun_sms,
    doudian,
    pdd,
    shopify,
    taobao,
    wechat_pay,
    wechat_shop,
    woocommerce,
)

PUBLISHED = (Path(__file__).parent / "wechat_pay_published.txt").read_text()
CERTIFICATE = PUBLISHED[: PUBLISHED.index("-----BEGIN TESTING KEY")]
PRIVATE_KEY = PUBLISHED[len(CERTIFICATE) :]

# --- Taobao: developer.alibaba.com articleId=101617; innopals/node-topsdk test/utils.js -------------

TOP = {
    "method": "taobao.item.seller.get",
    "app_key": "12345678",
    "session": "test",
    "timestamp": "2016-01-01 12:00:00",
    "format": "json",
    "v": "2.0",
    "sign_method": "md5",
    "fields": "num_iid,title,nick,price,num",
    "num_iid": "11223344",
}


def test_taobao_md5_as_published():
    assert taobao.sign("helloworld", TOP, "md5") == "66987CB115214E59E6EC978214934FB8"


def test_taobao_signs_the_bytes_of_utf_8():
    params = {"a": "1", "b": "2", "c": "✔️"}

    found = taobao.sign("sandbox01eff1e5ac77cf3d078982e6e", params, "md5")

    assert found == "3250EADEB3D5F9B453F4F0B95FA4B160"


def test_taobao_hmac():  # own
    sha = {**TOP, "sign_method": "hmac-sha256"}
    md5 = {**TOP, "sign_method": "hmac"}

    assert taobao.sign("helloworld", sha, "hmac-sha256") == (
        "04DB15AD0774D5CFCE2C837DE43E3FCEA9011ED74F3038FB6AB5F3C4CEA119E8"
    )
    assert taobao.sign("helloworld", md5, "hmac") == "D56D7858309C31B6251083A874D48273"


def test_jd_as_published():
    """open.jd.com developer guide, listId=2643."""
    params = {
        "360buy_param_json": '{"end_date":null,"optional_fields":null,"order_state":"WAIT_SELLER_STOCK_OUT",'
        '"page":"1","page_size":"200","start_date":null}',
        "access_token": "yourtoken",
        "app_key": "yourappkey",
        "method": "jingdong.pop.order.search",
        "timestamp": "2021-05-07 09:20:39.683+0800",
        "v": "2.0",
    }

    assert _wire.wrapped_md5("yourappSecret", params) == "D70825340F4084360B9362B60DFD7930"


def test_pinduoduo_as_published():
    """Its documentation's example, kept in tourze/pinduoduo-api-bundle."""
    params = {
        "access_token": "asd78172s8ds9a921j9qqwda12312w1w21211",
        "client_id": "1",
        "data_type": "XML",
        "order_status": "1",
        "page": "1",
        "page_size": "10",
        "timestamp": "1480411125",
        "type": "pdd.order.number.list.get",
    }

    assert _wire.wrapped_md5("testSecret", params) == "E4DE3ED21002510DED352819E7AE6775"


def test_pinduoduo_socket():  # own
    expected = "ZjZmZDgzNGMyZWNiNDRiNWU5NzU0YTg3OWYxYmMyMDQ="

    assert pdd.socket_digest("aaa", 1_700_000_000_000, "bbb") == expected


def test_doudian():  # own, by the rule of its official SDK
    found = doudian.sign(
        "secret", "1234567890123456789", "order.searchList", '{"page":0,"size":10}', "1700000000"
    )

    assert found == "1767777a997753588cf4e79c57d7cc59e26840f903174fe29a7b2d9e228f19e7"


# --- WeChat shop: developers.weixin.qq.com message push; WxJava WxCryptUtilTest ------------------------


def test_wechat_shop_greeting_as_published():
    found = wechat_shop.digest("AAAAA", "1714036504", "1514711492")

    assert found == "f464b24fc39322e44b38aa78f5edd27bd1441696"


def test_wechat_shop_cipher_as_published():
    cipher = (
        "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg=="
    )

    opened = wechat_shop.decrypt("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", cipher)

    assert opened == ("我是中文abcd123", "wxb11529c136998cb6")


# --- Shopify: Shopify/shopify_python_api test/session_test.py; shopify-app-js webhooks tests ---------


def test_shopify_callback_as_published():
    query = {
        "code": "a94a110d86d2452eb3e2af4cfb8a3828",
        "shop": "some-shop.myshopify.com",
        "timestamp": "1337178173",
        "hmac": "is not part of itself",
    }

    assert shopify.callback_digest("hush", query) == (
        "2cb1a277650a659f1b11e92a4a64275b128e037f2c3390e3c8fd2d8721dac9e2"
    )


def test_shopify_callback_with_a_list_as_published():
    query = {"shop": "some-shop.myshopify.com", "ids[]": ["2", "1"]}

    assert shopify.callback_digest("hush", query) == (
        "b93b9f82996f6f8bf9f1b7bbddec284c8fabacdc4e12dc80550b4705f3003b1e"
    )


def test_shopify_callback_escapes_what_would_join_parameters():
    """The text to sign is published, the digest is not."""
    expected = _wire.hmac_sha256("secret", b"a=1%26b=2&c%3D3%26d=4").hex()

    assert shopify.callback_digest("secret", {"a": "1&b=2", "c=3&d": "4"}) == expected


def test_shopify_webhook_as_published():
    account = ConnectionInfo("c", "shopify", {"shop": "s"}, {"app_secret": "test_secret_key"})
    header = {"x-shopify-hmac-sha256": "B23tXN681gZ0qIWNRrgtzBE9XSDo5yaUu6wfmhu3a7g="}

    assert shopify.verify(account, "hmac", Incoming(header, {}, b'{"foo": "bar"}'))
    assert not shopify.verify(account, "hmac", Incoming(header, {}, b'{"foo":"bar"}'))


def test_woocommerce_webhook():  # own
    account = ConnectionInfo("c", "woocommerce", {}, {"webhook_secret": "secret"})
    header = {"x-wc-webhook-signature": "UtiK1DTZewPTdDmUeS7YHg+QGcWcgW08Tnjy5YKijZ0="}

    assert woocommerce.verify(account, "hmac", Incoming(header, {}, b'{"id":727}'))


# --- WeChat Pay: wechatpay-apiv3/wechatpay-go core/notify, core/auth/signers, utils ------------------

NOTICE_HEADERS = {
    "wechatpay-nonce": "EcZ9Cmy4Xyx1i6RlJQzLcCyEqDa26NBz",
    "wechatpay-timestamp": "1624523846",
    "wechatpay-serial": "D7CE59D1F522D701",
    "wechatpay-signature": "tJHIiIS9eB2hAYstmAmbbD3ZE5LiIm/Ug5tuL4fC0YOFRWIHV39UFIZXC0e9Wl6lBu6sKvkqDkzpqzBsVHyXF"
    "lbYZTOQrVdG4b6LfTnK4mikv9++ixJMd3vTf2yCqvBkh98zs3Ds5zsYQakzbcwhmw4fMJs4nPLws28H0UW9FjDR//rxELLwXvV1VEA1I"
    "BLX70xptjL8hrfUjEE8kkry6yNJTHZRU8CAc7qHli2Ng1V1qb9ARbK8A3ThmFmPQvRGrapI/jS2laKKgYUmfdEdkNO6B2Cke5e8VTxY4"
    "06ArAmQ90GAihDwIcb16TQMnzCMBoutnwZKNiKRACrFmtxw2Q==",
}
NOTICE_BODY = (
    '{"id":"3119dfba-e649-5eec-ab1e-3412bc4d2e17","create_time":"2021-06-24T16:37:26+08:00",'
    '"resource_type":"encrypt-resource","event_type":"PAYSCORE.USER_OPEN_SERVICE","summary":"签约成功",'
    '"resource":{"original_type":"payscore","algorithm":"AEAD_AES_256_GCM",'
    '"ciphertext":"YDS3lKPaC4Y52Gf3uhft5qUBlIa8b428AWTtTauHQfQrRw+X1WpiuHIDy0vo1Vd6VEq67aVyqPdDYMkRVSDaZL3iZt'
    "tevRMOoPKMifozg6XPWjIZumks/GpT48lI4NizyeaqLBokNebthah3o1H76qSlO9NkDjp9bzmKLEYYH9TEklFUpsvPqOTOcgSLgh21YJXYR"
    '7dEBXFgRLiNIKRgO5JdXh1hccRUAlyVWxE54PXpnQ==",'
    '"associated_data":"payscore","nonce":"Kj7QIyUiYx1q"}}'
).encode()
PAY = ConnectionInfo(
    "c",
    "wechat_pay",
    {"platform_serial": "D7CE59D1F522D701", "platform_key": CERTIFICATE},
    {"api_v3_key": "testMchAPIv3Key0"},
)
SENT_MS = 1_624_523_846_000


def notice(body=NOTICE_BODY, now_ms=SENT_MS, **headers):
    return Incoming({**NOTICE_HEADERS, **headers}, {}, body, now_ms)


def test_a_wechat_pay_notice_as_published():
    assert wechat_pay.verify(PAY, "hmac", notice())

    opened = wechat_pay.unwrap(PAY, notice())

    assert opened["resource"] == {
        "mchid": "1234567890",
        "appid": "054aa7d7a2a54ab5898df65bd96f001c",
        "create_time": "2020-06-30T12:12:00+08:00",
        "out_contract_code": "21640bdbd08e473e828f3206a2741c6e",
    }
    assert opened["event_type"] == "PAYSCORE.USER_OPEN_SERVICE"


def test_a_wechat_pay_notice_grows_old_and_may_not_be_changed():
    assert wechat_pay.verify(PAY, "hmac", notice(now_ms=SENT_MS + 299_999))
    assert not wechat_pay.verify(PAY, "hmac", notice(now_ms=SENT_MS + 300_000))
    assert not wechat_pay.verify(PAY, "hmac", notice(now_ms=SENT_MS - 300_000))
    assert not wechat_pay.verify(PAY, "hmac", notice(body=NOTICE_BODY + b" "))
    assert not wechat_pay.verify(PAY, "hmac", notice(**{"wechatpay-serial": "D7CE59D1F522D702"}))
    assert not wechat_pay.verify(PAY, "hmac", notice(**{"wechatpay-timestamp": "1624523847"}))


def test_wechat_pay_opens_what_is_published():
    cipher = "FsdXzxryWfKwvLJKf8LG/ToRPTRh8RN9wROC"

    opened = wechat_pay.decrypt(
        "testAPIv3Key0000", "wCq51qZv4Yfg", "Dl56FrqWQJF1t9LtC3vEUsniZKvbqdR8", cipher
    )

    assert opened == "Hello World"


def test_wechat_pay_signs_as_published():
    assert _wire.rsa_sign(PRIVATE_KEY, b"source") == (
        "BKyAfU4iMCuvXMXS0Wzam3V/cnxZ+JaqigPM5OhljS2iOT95OO6Fsuml2JkFANJU9K6q9bLlDhPXuoVz+pp4hAm6"
        "pHU4ld815U4jsKu1RkyaII+1CYBUYC8TK0XtJ8FwUXXz8vZHh58rrAVN1XwNyvD1vfpxrMT4SL536GLwvpUHlCqIMzoZUguLli/K8V29QiOh"
        "uH6IEqLNJn8e9b3nwNcQ7be3CzYGpDAKBfDGPCqCv8Rw5zndhlffk2FEA70G4hvMwe51qMN/RAJbknXG23bSlObuTCN7Ndj1aJGH6/L+hdwf"
        "LpUtJm4QYVazzW7DFD27EpSQEqA8bX9+8m1rLg=="
    )


def test_aliyun_as_published():
    """help.aliyun.com, signature V3, the example with fixed parameters."""
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-version": "2014-05-26",
    }
    query = {
        "RegionId": "cn-shanghai",
        "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd",
    }

    found = aliyun_sms.authorization(
        "YourAccessKeyId", "YourAccessKeySecret", query, headers, "POST"
    )

    assert found == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;"
        "x-acs-signature-nonce;x-acs-version,Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def test_the_json_that_is_signed_keeps_signs_and_numbers_exact():
    """Doudian's rule: & < > as they are; a number of 19 digits is not rounded on the way."""
    text = _wire.compact({"b": "<&>中", "a": 4705288465508532862}, in_order=True)

    assert text == '{"a":4705288465508532862,"b":"<&>中"}'
    assert json.loads(text)["a"] == 4705288465508532862
