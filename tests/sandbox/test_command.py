"""`headrace sandbox` and `serve --sandbox` as they are asked for."""

import pytest

from headrace.engine import cli


@pytest.mark.parametrize(
    "words",
    [
        ["serve", "--sandbox"],
        ["serve", "--demo", "--sandbox", "--no-work"],
        ["serve", "--demo", "--sandbox", "--processes", "2"],
    ],
)
def test_it_goes_with_a_demo_in_one_process(words, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("HEADRACE_HOME", str(tmp_path))

    with pytest.raises(SystemExit) as ended:
        cli.main(words)

    assert ended.value.code == 1
    assert "--sandbox: expected it with --demo" in capsys.readouterr().err
