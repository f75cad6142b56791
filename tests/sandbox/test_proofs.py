"""The sandbox's own signing code against values that others published; the connectors' code is proven by the same elsewhere."""

import base64
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.x509 import load_pem_x509_certificate

from headrace.engine.sandbox import proofs

TOP = {
    "method": "taobao.item.seller.get",
    "app_key": "12345678",
    "session": "test",
    "timestamp": "2016-01-01 12:00:00",
    "format": "json",
    "v": "2.0",
    "fields": "num_iid,title,nick,price,num",
    "num_iid": "11223344",
}


def test_taobao():
    """developer.alibaba.com articleId=101617; the two others are by its rule."""
    expected = {
        "md5": "66987CB115214E59E6EC978214934FB8",
        "hmac": "D56D7858309C31B6251083A874D48273",
        "hmac-sha256": "04DB15AD0774D5CFCE2C837DE43E3FCEA9011ED74F3038FB6AB5F3C4CEA119E8",
    }
    for how, sign in expected.items():
        assert proofs.taobao("helloworld", {**TOP, "sign_method": how, "sign": "x"}) == sign
    assert proofs.taobao("helloworld", {**TOP, "sign_method": "none"}) is None


def test_jd():
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
    assert proofs.between_secrets("yourappSecret", params) == "D70825340F4084360B9362B60DFD7930"


def test_pinduoduo():
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
    assert proofs.between_secrets("testSecret", params) == "E4DE3ED21002510DED352819E7AE6775"


def test_doudian():
    """By the rule of its official SDK."""
    found = proofs.doudian(
        "secret", "1234567890123456789", "order.searchList", '{"page":0,"size":10}', "1700000000"
    )
    assert found == "1767777a997753588cf4e79c57d7cc59e26840f903174fe29a7b2d9e228f19e7"


def test_shopify_and_woocommerce():
    """shopify-app-js webhooks/__tests__/validate; WooCommerce has published none."""
    assert proofs.body_digest("test_secret_key", b'{"foo": "bar"}') == (
        "B23tXN681gZ0qIWNRrgtzBE9XSDo5yaUu6wfmhu3a7g="
    )
    assert proofs.body_digest("secret", b'{"id":727}') == (
        "UtiK1DTZewPTdDmUeS7YHg+QGcWcgW08Tnjy5YKijZ0="
    )


def test_wechat_shop():
    """developers.weixin.qq.com message_push; the sealing is proven by opening it, see test_more_platforms."""
    assert proofs.wechat_words("AAAAA", "1714036504", "1514711492") == (
        "f464b24fc39322e44b38aa78f5edd27bd1441696"
    )


def test_robots():
    assert proofs.dingtalk("SECtest", "1700000000000") == (
        "aZLLrriXgn05YbwaGR7knYsLeJADjr9NwLaNNKpxh4g="
    )
    assert proofs.feishu("demo", "1599360473") == "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="


def test_wechat_pay():
    """wechatpay-go utils/aes_test.go."""
    sealed = proofs.wechat_pay_seal(
        "testAPIv3Key0000", "wCq51qZv4Yfg", "Dl56FrqWQJF1t9LtC3vEUsniZKvbqdR8", b"Hello World"
    )
    assert sealed == "FsdXzxryWfKwvLJKf8LG/ToRPTRh8RN9wROC"


PUBLISHED = Path(__file__).parents[1] / "connectors" / "wechat_pay_published.txt"
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


def test_wechat_pay_signs():
    """wechatpay-go signers/sha256withrsa_signer_test.go, its key."""
    key = "-----BEGIN TESTING KEY" + PUBLISHED.read_text().partition("-----BEGIN TESTING KEY")[2]

    pair = proofs.Pair.read(key.replace("TESTING KEY", "PRIVATE KEY").encode())

    assert pair.sign(b"source") == (
        "BKyAfU4iMCuvXMXS0Wzam3V/cnxZ+JaqigPM5OhljS2iOT95OO6Fsuml2JkFANJU9K6q9bLlDhPXuoVz+pp4hAm6"
        "pHU4ld815U4jsKu1RkyaII+1CYBUYC8TK0XtJ8FwUXXz8vZHh58rrAVN1XwNyvD1vfpxrMT4SL536GLwvpUHlCqIMzoZUguLli/K8V29QiOh"
        "uH6IEqLNJn8e9b3nwNcQ7be3CzYGpDAKBfDGPCqCv8Rw5zndhlffk2FEA70G4hvMwe51qMN/RAJbknXG23bSlObuTCN7Ndj1aJGH6/L+hdwf"
        "LpUtJm4QYVazzW7DFD27EpSQEqA8bX9+8m1rLg=="
    )
    assert pair.made(b"source", pair.sign(b"source"))
    assert not pair.made(b"sauce", pair.sign(b"source"))


def test_wechat_pay_lays_out_a_notice():
    """wechatpay-go core/notify/notify_test.go: their signature holds over what we would sign."""
    certificate = PUBLISHED.read_text().partition("-----BEGIN TESTING KEY")[0].encode()
    message = proofs.wechat_pay_answer(
        NOTICE_HEADERS["wechatpay-timestamp"], NOTICE_HEADERS["wechatpay-nonce"], NOTICE_BODY
    )

    load_pem_x509_certificate(certificate).public_key().verify(
        base64.b64decode(NOTICE_HEADERS["wechatpay-signature"]),
        message,
        padding.PKCS1v15(),
        hashes.SHA256(),
    )
