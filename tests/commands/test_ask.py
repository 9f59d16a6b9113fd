"""`freeproviders ask`: what is asked, what is printed as it arrives, and how it ends."""

import base64
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from freeproviders.sandbox import Scenario

COMMAND = (sys.executable, "-W", "error", "-m", "freeproviders")
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def question(sandbox) -> str:
    return sandbox.received[-1].question.text


def started(*words: str, **more) -> subprocess.Popen:
    return subprocess.Popen(
        [*COMMAND, "ask", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, **more
    )


# What is asked.


def test_the_words_are_the_question(run_process, sandbox):
    assert run_process("ask", "-p", "yqcloud", "What", "is", "6 * 7?") == (0, "42\n", "")
    assert question(sandbox) == "What is 6 * 7?"


def test_the_input_is_the_question(run_process, sandbox):
    assert run_process("ask", "-p", "yqcloud", stdin="What is 6 * 7?\n") == (0, "42\n", "")
    assert question(sandbox) == "What is 6 * 7?"


def test_the_input_comes_below_the_words(run, sandbox):
    assert run("ask", "-p", "flowgpt", "Summarise:", stdin="\ufeffone\ntwo\n")[0] == 0
    assert question(sandbox) == "Summarise:\n\none\ntwo"


def test_words_may_stand_on_both_sides_of_an_option(run, sandbox):
    run("ask", "Say", "-p", "flowgpt", "exactly:", "--json", "hi")
    assert question(sandbox) == "Say exactly: hi"


def test_an_open_input_that_is_no_pipe_is_not_waited_for(run):
    # The fixture gives the device that has nothing; a terminal is tried in test_chat_terminal.
    assert run("ask", "-p", "yqcloud", "What is 6 * 7?")[1] == "42\n"


def test_model_system_and_temperature_reach_the_service(run, sandbox):
    run("ask", "-p", "flowgpt", "-m", "claude-v2", "-s", "Be brief.", "--temperature", "0.25", "Hello")
    asked = sandbox.received[-1]
    assert (asked.question.model, asked.question.system) == ("claude-v2", "Be brief.")
    assert asked.json["temperature"] == 0.25


def test_a_model_may_stand_behind_the_service(run, sandbox):
    run("ask", "-p", "flowgpt:claude-v2", "Hello")
    assert sandbox.received[-1].question.model == "claude-v2"


def test_a_temperature_that_no_service_takes_is_told(run):
    code, shown, said = run("ask", "-p", "yqcloud", "--temperature", "1", "What is 6 * 7?")
    assert (code, shown) == (0, "42\n")
    assert said == "freeproviders: Yqcloud: there is no field for temperature, so it is without effect\n"


def test_without_a_name_the_service_last_seen_alive_is_asked_that_wants_no_login(run, sandbox):
    assert run("ask", "What is 6 * 7?") == (0, "42\n", "")
    assert [one.provider for one in sandbox.received] == ["yqcloud"]


def test_an_image_is_shown_to_a_service_that_sees(run, sandbox, monkeypatch, tmp_path):
    monkeypatch.setenv("GEMINI_API_KEY", "a-key")
    (tmp_path / "pixel.png").write_bytes(PIXEL)
    code, _, said = run("ask", "-p", "gemini", "--image", "pixel.png", "What is this?")
    assert (code, said) == (0, "")
    parts = sandbox.received[-1].json["messages"][-1]["content"]
    url = next(part["image_url"]["url"] for part in parts if part["type"] == "image_url")
    assert url == f"data:image/png;base64,{base64.b64encode(PIXEL).decode()}"


def test_a_stored_login_is_used_by_itself(run, sandbox, monkeypatch, tmp_path):
    from freeproviders.logins.store import save

    sandbox.settings.pi_login_required = True
    assert run("ask", "-p", "pi", "Hello")[0] == 1
    monkeypatch.setenv("FREEPROVIDERS_CONFIG", str(tmp_path / "config"))
    save("pi", {"cookies": [{"name": "__Host-session", "value": "signed-in-session", "domain": "127.0.0.1"}]})
    assert run("ask", "-p", "pi", "What is 6 * 7?") == (0, "42\n", "")


# How it is shown.


def test_text_is_shown_before_the_answer_is_over(sandbox):
    sandbox.script(Scenario(pieces=("one ", "two"), hold_after=1))
    with started("-p", "yqcloud", "Hello") as process:
        assert os.read(process.stdout.fileno(), 100) == b"one "
        sandbox.release()
        assert process.stdout.read() == b"two\n"
    assert process.returncode == 0


def test_a_pipe_gets_the_text_as_it_is(run, sandbox):
    sandbox.script(Scenario(answer="red: \x1b[31m, a 你好\n"))
    assert run("ask", "-p", "yqcloud", "Hello")[1] == "red: \x1b[31m, a 你好\n"


def test_an_output_that_knows_no_chinese_gets_it_escaped(run_process, sandbox, monkeypatch):
    monkeypatch.delenv("PYTHONUTF8")
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    sandbox.script(Scenario(answer="你好 é"))
    assert run_process("ask", "-p", "yqcloud", stdin="你?") == (0, "\\u4f60\\u597d \\xe9\n", "")
    assert question(sandbox) == "你?"


def test_an_image_is_its_address(run):
    code, shown, _ = run("ask", "-p", "aichats:dalle", "A red cube")
    assert code == 0
    assert shown.startswith("http")
    assert shown.endswith(".png\n")


def test_json_is_one_object(run):
    code, shown, said = run("ask", "--json", "-p", "pi", "-p", "flowgpt:claude-v2", "What is 6 * 7?")
    found = json.loads(shown)
    assert (code, said, shown.count("\n")) == (0, "", 1)
    assert (found["text"], found["images"], found["seconds"] > 0) == ("42", [], True)
    assert (found["metadata"]["candidate"], found["metadata"]["model"], found["metadata"]["tried"]) == ("pi", "pi", [])


def test_json_can_be_read_whatever_the_output_knows(run, sandbox):
    sandbox.script(Scenario(answer="你好 😀"))
    assert json.loads(run("ask", "--json", "-p", "yqcloud", "Hello", encoding="ascii")[1])["text"] == "你好 😀"


# How it ends.


def test_a_service_that_fails_is_one_line_and_code_1(run, sandbox):
    sandbox.scenario = Scenario(page="cloudflare")
    code, shown, said = run("ask", "-p", "flowgpt", "Hello")
    assert (code, shown, said.count("\n")) == (1, "", 1)
    assert said.startswith("freeproviders: [flowgpt] ")
    assert "freeproviders login flowgpt" in said


def test_what_each_of_several_said_is_a_line(run, sandbox):
    sandbox.scenario = Scenario(page="cloudflare")
    code, shown, said = run("ask", "-p", "flowgpt", "-p", "aichats", "Hello")
    first, *lines = said.splitlines()
    assert (code, shown, first) == (1, "", "freeproviders: none of the services could answer")
    assert [line.split(": ")[:2] for line in lines] == [["  flowgpt", "Blocked"], ["  aichats", "Blocked"]]


def test_of_an_answer_that_breaks_off_what_came_is_shown(run, sandbox):
    sandbox.scenario = Scenario(pieces=("one ", "two"), cut_at=4)
    code, shown, said = run("ask", "-p", "yqcloud", "Hello")
    assert (code, shown) == (1, "one \n")
    assert "broke off after 4 characters" in said


def test_json_of_a_failure_has_its_error(run, sandbox):
    sandbox.scenario = Scenario(page="cloudflare")
    code, shown, said = run("ask", "--json", "-p", "flowgpt", "Hello")
    found = json.loads(shown)
    assert (code, said, found["text"], found["metadata"]) == (1, "", "", {})
    assert (found["error"]["type"], found["error"]["provider"]) == ("Blocked", "flowgpt")


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ((), "InvalidSetting"),
        (("-p", "yqclod", "hi"), "InvalidSetting"),
        (("-p", "yqcloud:gpt-5", "hi"), "UnknownModel"),
        (("-p", "yqcloud", "--image", "none.png", "hi"), "InvalidSetting"),
    ],
)
def test_json_of_wrong_words_has_its_error_too(run, words, kind):
    code, shown, said = run("ask", "--json", *words)
    found = json.loads(shown)
    assert (code, found["text"], found["error"]["type"]) == (2, "", kind)
    assert (
        said
        == f"freeproviders: {f'[{who}] ' if (who := found['error']['provider']) else ''}{found['error']['message']}\n"
    )


def test_a_sandbox_that_has_ended_is_named(run, monkeypatch):
    monkeypatch.setenv("FREEPROVIDERS_SANDBOX", "http://127.0.0.1:9")
    hint = "FREEPROVIDERS_SANDBOX is set: is that sandbox running?"
    assert run("ask", "-p", "yqcloud", "hi")[2].endswith(f" {hint}\n")
    lines = run("ask", "-p", "yqcloud", "-p", "flowgpt", "hi")[2].splitlines()
    # Each service was asked twice, and has said the same.
    assert [line.split(":")[0].strip() for line in lines[1:3]] == ["yqcloud", "flowgpt"]
    assert lines[3:] == [f"  {hint}"]


def test_a_reader_who_has_had_enough_ends_it_without_a_word(sandbox):
    sandbox.script(Scenario(pieces=("one ", "two"), hold_after=1))
    with started("-p", "yqcloud", "Hello") as process:
        os.read(process.stdout.fileno(), 100)
        process.stdout.close()
        sandbox.release()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_ctrl_c_ends_it_with_what_there_is(sandbox):
    sandbox.script(Scenario(pieces=("one ", "two"), hold_after=1))
    with started("-p", "yqcloud", "Hello") as process:
        first = os.read(process.stdout.fileno(), 100)
        process.send_signal(signal.SIGINT)
        rest, said = process.communicate()
    assert (process.returncode, first + rest, said) == (130, b"one \n", b"freeproviders: interrupted\n")
    while sandbox.received[-1].outcome == "open":
        time.sleep(0.01)
    assert sandbox.received[-1].outcome == "client closed"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "there is no question"),
        (("  ",), "there is no question"),
        (("-p", "yqclod", "hi"), "Did you mean 'yqcloud'?"),
        (("-p", "yqcloud:gpt-5", "hi"), "Did you mean 'gpt-4'?"),
        (("-p", "yqcloud:", "hi"), "names no model"),
        (("-p", "flowgpt", "-m", "claude-v3", "hi"), "Did you mean 'claude-v2'?"),
        (("--modle", "x", "hi"), "Did you mean '--model'?"),
        (("--timeout", "0", "hi"), "must be a positive number of seconds"),
        (("--timeout", "nan", "hi"), "must be a positive number of seconds"),
        (("--temperature", "hot", "hi"), "--temperature"),
        (("--image", "none.png", "-p", "yqcloud", "hi"), "sees images. Some that do: "),
        (("-p", "yqcloud", "x" * 100_000), "characters"),
    ],
)
def test_wrong_words_are_one_line_and_code_2(run, sandbox, monkeypatch, words, told):
    monkeypatch.setenv("FREEPROVIDERS_YQCLOUD_PROMPT_CAP", "50000")
    code, shown, said = run("ask", *words)
    assert (code, shown, said.count("\n")) == (2, "", 1)
    assert said.startswith("freeproviders: ")
    assert told in said
    assert not sandbox.received


@pytest.mark.parametrize("content", [b"no image", None])
def test_a_file_that_is_no_image_is_told(run, sandbox, monkeypatch, tmp_path, content):
    monkeypatch.setenv("GEMINI_API_KEY", "a-key")
    if content is not None:
        (tmp_path / "file").write_bytes(content)
    code, _, said = run("ask", "-p", "gemini", "--image", "file", "hi")
    assert (code, "'file'" in said, said.count("\n")) == (2, True, 1)


def test_an_input_that_is_no_text_is_told(run, sandbox):
    code, _, said = run("ask", "-p", "yqcloud", stdin=b"\xff\xfe\x00")
    assert (code, "UTF-8" in said, sandbox.received) == (2, True, [])


@pytest.mark.parametrize("words", [("--api-key=hunter2",), ("--api-key", "hunter2"), ("--cookies=a=hunter2",)])
def test_a_secret_on_the_command_line_is_refused_and_not_repeated(run, words):
    code, shown, said = run("ask", "hi", *words)
    assert (code, shown) == (2, "")
    assert "environment" in said
    assert "hunter2" not in said


def test_rich_is_not_needed():
    code = (
        "import sys\n"
        "sys.modules['rich'] = None\n"
        "from freeproviders.__main__ import main\n"
        "sys.exit(main(['ask', '-p', 'yqcloud', 'What is 6 * 7?']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stdout, done.stderr) == (0, "42\n", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is full")
def test_an_output_that_is_full_is_one_line():
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*COMMAND, "ask", "Hello"], stdout=full, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
