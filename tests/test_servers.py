"""The servers that other tests stand on: each really starts, answers and forgets."""

import smtplib
from email.message import EmailMessage

import pytest
import redis
from sqlalchemy import create_engine, inspect, text

from tests.servers import HOST, Mailbox


def test_every_kind_of_database_answers_and_starts_empty(database_url: str) -> None:
    engine = create_engine(database_url)

    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE seen (word TEXT)"))
        connection.execute(text("INSERT INTO seen VALUES ('水')"))

    with engine.connect() as connection:
        assert connection.execute(text("SELECT word FROM seen")).scalar_one() == "水"
    engine.dispose()


def test_one_test_does_not_see_what_another_wrote(database_url: str) -> None:
    engine = create_engine(database_url)

    assert inspect(engine).get_table_names() == []
    engine.dispose()


def test_a_migrated_database_has_all_tables_and_no_flow(migrated_url: str) -> None:
    engine = create_engine(migrated_url)

    assert {"instances", "inbox", "jobs"} <= set(inspect(engine).get_table_names())
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM instances")).scalar_one() == 0
    engine.dispose()


def test_redis_answers_and_starts_empty(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.ping()
        assert client.dbsize() == 0


def test_a_letter_arrives_with_its_words_intact(mailbox: Mailbox) -> None:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "a@example.com", "b@example.com", "请审批"
    letter.set_content("好")

    with smtplib.SMTP(HOST, mailbox.port) as client:
        client.send_message(letter)

    [kept] = mailbox.wait(1)
    assert kept["Subject"] == "请审批"
    assert kept.get_content().strip() == "好"


def test_a_mailbox_can_refuse(mailbox: Mailbox) -> None:
    mailbox.refuse = "451 later"

    with (
        smtplib.SMTP(HOST, mailbox.port) as client,
        pytest.raises(smtplib.SMTPDataError) as refused,
    ):
        client.sendmail("a@example.com", ["b@example.com"], "Subject: x\r\n\r\ny")

    assert (refused.value.smtp_code, mailbox.letters) == (451, [])
