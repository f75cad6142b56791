"""Files over HTTP: streamed in and out, only to those they concern, and never as something a browser would run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from headrace.engine.service import files
from tests.http.conftest import Api, Browser, Reply, make_api

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 600_000


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    yield from make_api(tmp_path_factory.mktemp("files"))


def send(browser: Browser, data: bytes = PNG, name: str = "photo.png", **more: object) -> Reply:
    return browser.call(
        "POST", f"/api/files?name={name}", data, content_type="application/octet-stream", **more
    )


def test_a_file_comes_back_as_it_was_handed_in(api: Api) -> None:
    ann = api.browser("ann")

    told = send(ann, name="%E5%8F%91%E7%A5%A8%20%22a%22.png")
    answer = ann.get(f"/api/files/{told.json['id']}")

    assert told.status == 201
    assert told.json["name"] == "发票 a .png"
    assert (told.json["size"], told.json["type"]) == (len(PNG), "image/png")
    assert answer.data == PNG
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Length"] == str(len(PNG))


def test_a_download_is_never_shown_as_a_page(api: Api) -> None:
    ann = api.browser("ann")
    id_ = send(ann, b"a,b\n=1+1,2", "%E8%A1%A8.csv").json["id"]

    headers = ann.get(f"/api/files/{id_}").headers

    assert headers["Content-Disposition"] == (
        "attachment; filename=\".csv\"; filename*=UTF-8''%E8%A1%A8.csv"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "no-cache" in headers["Cache-Control"]


def test_the_same_file_again_is_not_sent_again(api: Api) -> None:
    ann = api.browser("ann")
    id_ = send(ann).json["id"]
    etag = ann.get(f"/api/files/{id_}").headers["ETag"]

    again = ann.get(f"/api/files/{id_}", headers={"If-None-Match": etag})

    assert (again.status, again.data) == (304, b"")


def test_others_learn_nothing_of_it(api: Api) -> None:
    id_ = send(api.browser("ann")).json["id"]

    assert api.browser("dora").get(f"/api/files/{id_}").status == 404
    assert api.browser().get(f"/api/files/{id_}").status == 401


@pytest.mark.parametrize(
    ("data", "name", "status", "code"),
    [
        (b"", "a.png", 422, "file_empty"),
        (b"<html><script>", "a.html", 415, "file_type_refused"),
        (b"<svg onload=alert(1)>", "a.svg", 415, "file_type_refused"),
        (b"<html><script>", "a.png", 415, "file_type_refused"),
        (b"x", "..%2F..%2Fetc%2Fpasswd", 415, "file_type_refused"),
        (b"x", "", 422, "validation_failed"),
        (b"x", "a" * 600, 422, "validation_failed"),
        (b"x", "a%00.txt", 422, "validation_failed"),
    ],
)
def test_what_is_refused_says_why(api: Api, data: bytes, name: str, status: int, code: str) -> None:
    refused = send(api.browser("ann"), data, name)

    assert (refused.status, refused.code) == (status, code)


def test_a_file_too_large_is_refused_whether_it_says_so_or_not(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "FILE_MAX_BYTES", 1_000)
    ann = api.browser("ann")

    assert send(ann, b"x" * 1_001, "a.txt").code == "file_too_large"
    assert send(ann, b"x" * 1_000, "a.txt").status == 201


def test_a_name_is_made_safe(api: Api) -> None:
    ann = api.browser("ann")

    names = [
        send(ann, b"x", name).json["name"]
        for name in (
            "..%2F..%2Fa.txt",
            "C:%5Cx%5Cb.txt",
            "%E2%80%AEc.txt",
            ".d.txt",
            "e%0D%0Af.txt",
        )
    ]

    assert names == ["a.txt", "b.txt", "c.txt", "d.txt", "ef.txt"]
