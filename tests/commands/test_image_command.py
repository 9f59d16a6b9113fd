"""`freeproviders image`: an address, or a file where the person says."""

import json

import pytest

from freeproviders.sandbox import Scenario


def test_it_is_saved_where_it_is_named(run, tmp_path):
    assert run("image", "A", "red cube", "-o", "cube") == (0, "cube.png\n", "")
    assert (tmp_path / "cube.png").read_bytes().startswith(b"\x89PNG")


def test_without_a_file_it_is_an_address(run, sandbox, tmp_path):
    code, shown, said = run("image", "A red cube")
    assert (code, said, [path.name for path in tmp_path.iterdir()]) == (0, "", [])
    assert shown.startswith("http")
    assert sandbox.received[-1].question.text == "A red cube"


def test_json_says_all_of_it(run):
    found = json.loads(run("image", "--json", "-o", "cube", "A red cube")[1])
    assert (found["file"], found["mime_type"], found["by"]) == ("cube.png", "image/png", "aichats:dalle")
    assert found["url"].startswith("http")


def test_an_image_without_an_address_needs_a_file(run, sandbox):
    sandbox.script(Scenario(variant="b64"), Scenario(variant="b64"))
    code, _, said = run("image", "A red cube")
    assert (code, "name a file" in said) == (2, True)
    assert run("image", "A red cube", "-o", "cube")[1] == "cube.png\n"


def test_a_file_that_is_there_is_kept_and_nobody_draws(run, sandbox, tmp_path):
    (tmp_path / "cube.png").write_bytes(b"mine")
    code, _, said = run("image", "A red cube", "-o", "cube.png")
    assert (code, "--overwrite" in said, (tmp_path / "cube.png").read_bytes()) == (2, True, b"mine")
    assert not sandbox.received
    assert run("image", "A red cube", "-o", "cube.png", "--overwrite")[0] == 0
    assert (tmp_path / "cube.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "nothing to draw"),
        (("-p", "yqcloud", "a cube"), "yqcloud does not draw. What draws: aichats:dalle"),
        (("-p", "aichats:gpt-4", "a cube"), "does not draw"),
        (("-p", "aichat", "a cube"), "Did you mean 'aichats'?"),
        (("-o", "none/cube", "a cube"), "no folder"),
        (("-o", ".", "a cube"), "is a folder"),
    ],
)
def test_wrong_words_are_one_line_and_code_2(run, sandbox, words, told):
    code, shown, said = run("image", *words)
    assert (code, shown, said.count("\n")) == (2, "", 1)
    assert told in said
    assert not sandbox.received


def test_a_service_that_fails_is_one_line_and_code_1(run, sandbox, tmp_path):
    sandbox.scenario = Scenario(page="cloudflare")
    code, shown, said = run("image", "A red cube", "-o", "cube")
    assert (code, shown, said.count("\n"), [path.name for path in tmp_path.iterdir()]) == (1, "", 1, [])


@pytest.mark.parametrize(("words", "code", "kind"), [((), 2, "InvalidSetting"), (("a cube",), 1, "Blocked")])
def test_json_of_a_failure_has_its_error(run, sandbox, words, code, kind):
    sandbox.scenario = Scenario(page="cloudflare")
    ended, shown, said = run("image", "--json", *words)
    found = json.loads(shown)
    assert (ended, found["url"], found["file"], found["error"]["type"]) == (code, None, None, kind)
    assert said.count("\n") == 1


def test_an_image_that_is_gone_is_one_line_and_code_1(run, sandbox, tmp_path):
    sandbox.script(Scenario(), Scenario(on="image", status=404))
    code, _, said = run("image", "A red cube", "-o", "cube")
    assert (code, said.count("\n"), (tmp_path / "cube.png").exists()) == (1, 1, False)
