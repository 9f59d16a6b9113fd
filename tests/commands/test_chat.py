"""`freeproviders chat` without a terminal: each line of the input is a question or a command, output is plain."""

import base64
import json
import os
import stat

import pytest

from freeproviders.sandbox import Scenario

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
# What FlowGPT's own site sends where there is no system text.
NOBODY_TOLD = "You are a helpful assistant."


@pytest.fixture
def chat(run):
    """Says lines to a chat; gives its exit code, the lines of its answers, and the lines beside them."""

    def chat(*lines: str, words: tuple[str, ...] = ("yqcloud",)) -> tuple[int, list[str], list[str]]:
        code, shown, said = run("chat", *words, stdin="\n".join(lines))
        return code, shown.splitlines(), said.splitlines()

    return chat


def asked(sandbox) -> list[str]:
    return [one.provider for one in sandbox.received if one.endpoint == "answer"]


def saved(path="talk.json"):
    with open(path, encoding="utf-8") as file:  # noqa: PTH123
        return json.load(file)


def test_each_line_is_a_question_of_one_conversation(chat):
    code, shown, said = chat("My name is Ada.", "", "What is my name?")
    assert (code, shown) == (0, ["Nice to meet you, Ada.", "Your name is Ada."])
    assert [line.split(" · ")[:2] for line in said] == [["freeproviders: yqcloud", "gpt-4"]] * 2


def test_a_service_that_keeps_conversations_is_told_what_is_new(chat, sandbox):
    chat("My name is Ada.", "What is my name?")
    assert [one.question.text for one in sandbox.received] == ["My name is Ada.", "What is my name?"]


@pytest.mark.parametrize("other", ["flowgpt", "pizzagpt", "aichats", "pi", "flowgpt aichats"])
def test_another_service_goes_on_with_all_that_was_said(chat, sandbox, other):
    code, shown, said = chat("My name is Ada.", f"/switch {other}", "What is my name?")
    assert (code, shown[-1]) == (0, "Your name is Ada.")
    assert asked(sandbox) == ["yqcloud", other.split()[0]]
    assert said[-1].startswith(f"freeproviders: {other.split()[0]} · ")


def test_switching_back_tells_what_was_said_elsewhere(chat):
    _, shown, _ = chat("Hello", "/switch flowgpt", "My name is Ada.", "/switch yqcloud", "What is my name?")
    assert shown[-1] == "Your name is Ada."


def test_of_several_the_first_that_answers_does_and_is_named(chat, sandbox, monkeypatch):
    monkeypatch.setenv("FREEPROVIDERS_PI_BASE_URL", "http://127.0.0.1:9")
    code, shown, said = chat("What is 6 * 7?", words=("pi", "flowgpt"))
    assert (code, shown) == (0, ["42"])
    assert said[-1].startswith("freeproviders: flowgpt · gpt-3.5-turbo · ")
    assert said[-1].endswith(" · after pi (ConnectionFailed)")
    assert "freeproviders: pi: ConnectionFailed, asking flowgpt" in said


def test_a_failure_ends_neither_the_chat_nor_the_conversation(chat, sandbox):
    sandbox.script(None, Scenario(status=400), None)
    code, shown, said = chat("My name is Ada.", "Hello?", "What is my name?")
    assert (code, shown) == (1, ["Nice to meet you, Ada.", "Your name is Ada."])
    assert any(line.endswith("/retry asks again.") for line in said)


def test_retry_asks_a_question_again_that_got_no_answer(chat, sandbox):
    sandbox.script(Scenario(status=400), None)
    _, shown, _ = chat("What is 6 * 7?", "/retry")
    assert shown == ["42"]


def test_retry_forgets_the_answer(chat, sandbox):
    sandbox.script(Scenario(answer="Wrong."), Scenario(answer="Right."))
    chat("What is 6 * 7?", "/retry flowgpt", "/save talk.json")
    assert [turn["text"] for turn in saved()["turns"]] == ["What is 6 * 7?", "Right."]
    assert "Wrong." not in sandbox.received[-1].body.decode()


def test_retry_with_a_wrong_name_forgets_nothing(chat):
    chat("My name is Ada.", "/retry yqclod", "/save talk.json")
    assert [turn["text"] for turn in saved()["turns"]] == ["My name is Ada.", "Nice to meet you, Ada."]


def test_retry_needs_a_question(chat):
    code, _, said = chat("/retry")
    assert (code, said) == (1, ["freeproviders: there is no question to ask again"])


def test_an_answer_that_breaks_off_counts_as_said(chat, sandbox):
    sandbox.script(Scenario(pieces=("My name is ", "Bob"), cut_at=11), None)
    code, shown, said = chat("Who are you?", "/save talk.json", "Go on")
    turns = saved()["turns"]
    assert (code, shown[0]) == (1, "My name is ")
    assert (turns[1]["text"], turns[1]["complete"]) == ("My name is ", False)
    # What the service keeps of it is not known, so it is told everything.
    assert "Who are you?" in sandbox.received[-1].question.text
    assert any("What there is of it counts as said." in line for line in said)


def test_the_system_text_is_told(chat, sandbox):
    chat("Hello", "/system Be brief.", "Hello", "/system", "/system -", "Hello", words=("flowgpt", "-s", "Be kind."))
    assert [one.question.system for one in sandbox.received] == ["Be kind.", "Be brief.", NOBODY_TOLD]


def test_an_image_is_drawn_and_saved(chat, tmp_path):
    code, shown, _ = chat("/image -o cube a red cube", "/image a red cube")
    assert (code, shown[0]) == (0, "cube.png")
    assert shown[1].startswith("http")
    assert (tmp_path / "cube.png").read_bytes().startswith(b"\x89PNG")


def test_an_image_is_shown_with_the_next_question_alone(chat, sandbox, monkeypatch, tmp_path):
    monkeypatch.setenv("GEMINI_API_KEY", "a-key")
    (tmp_path / "pixel.png").write_bytes(PIXEL)
    chat("/attach pixel.png", "What is this?", "/save talk.json", words=("gemini",))
    code, _, _ = chat("And now?", words=("--resume", "talk.json"))
    assert code == 0
    earlier, _, now = sandbox.received[-1].json["messages"]
    assert [part["type"] for part in earlier["content"]] == ["text", "image_url"]
    assert now["content"] == "And now?"


def test_an_image_is_not_shown_to_the_blind(chat):
    _, _, said = chat("/attach pixel.png")
    assert "no model there sees images" in said[0]


def test_a_service_that_sees_no_images_goes_on_without_those_shown_before(chat, sandbox, monkeypatch, tmp_path):
    monkeypatch.setenv("GEMINI_API_KEY", "a-key")
    (tmp_path / "pixel.png").write_bytes(PIXEL)
    lines = ("/attach pixel.png", "My name is Ada.", "/switch flowgpt", "What is my name?", "/save talk.json")
    code, shown, said = chat(*lines, words=("gemini",))
    assert (code, shown[-1]) == (0, "Your name is Ada.")
    assert any("It sees no images: those shown before are left out." in line for line in said)
    assert saved()["turns"][0]["images"]


def test_several_lines_stand_between_three_quotes(chat, sandbox):
    chat('"""one', 'two"""', '"""', "three", '"""', "//four", words=("flowgpt",))
    assert [one.question.text for one in sandbox.received] == ["one\ntwo", "three", "/four"]


def test_quit_ends_it(chat, sandbox):
    assert chat("/quit", "Hello")[:2] == (0, [])
    assert not sandbox.received


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/swich pi", "Did you mean '/switch'?"),
        ("/switch pii", "Did you mean 'pi'?"),
        ("/switch yqcloud:gpt-5", "Did you mean 'gpt-4'?"),
        ("/switch", "now asked: yqcloud"),
        ("/save", "/save FILE"),
        ("/save none/talk.json", "cannot be written"),
        ("/image", "nothing to draw"),
        ("/attach", "which image?"),
        ("/image -o none/cube.png a cube", "no folder"),
    ],
)
def test_a_wrong_command_says_what_to_do(chat, sandbox, line, told):
    code, shown, said = chat(line)
    assert (code, shown, len(said)) == (1, [], 1)
    assert told in said[0]
    assert not sandbox.received


def test_help_names_every_command(chat):
    from freeproviders.commands.chatting.slash import COMMANDS

    _, _, said = chat("/help")
    assert [name for name in COMMANDS if not any(name in line for line in said)] == []


# The file.


@pytest.mark.parametrize("name", ["yqcloud", "pi", "flowgpt:claude-v2"])
def test_a_conversation_goes_on_in_another_process(chat, sandbox, name):
    chat("My name is Ada.", "/save talk.json", words=(name,))
    code, shown, _ = chat("What is my name?", "/save", words=("--resume", "talk.json"))
    assert (code, shown) == (0, ["Your name is Ada."])
    assert asked(sandbox) == [name.partition(":")[0]] * 2
    assert len(saved()["turns"]) == 4
    # Where the service keeps the conversation, it is told what is new alone.
    kept = saved().get("thread") is not None
    assert kept == (name != "flowgpt:claude-v2")
    assert (sandbox.received[-1].question.text == "What is my name?") is True


def test_a_conversation_goes_on_with_another_service(chat):
    chat("My name is Ada.", "/save talk.json")
    assert chat("What is my name?", words=("aichats", "--resume", "talk.json"))[1] == ["Your name is Ada."]


def test_the_file_is_for_its_owner_alone_and_holds_no_secret(chat, monkeypatch):
    monkeypatch.setenv("GROQ_API_KEY", "hunter2")
    monkeypatch.setenv("FREEPROVIDERS_GROQ_COOKIES", "session=hunter3")
    code, _, _ = chat("Hello", "/save talk.json", words=("groq",))
    assert code == 0
    assert stat.S_IMODE(os.stat("talk.json").st_mode) == 0o600  # noqa: PTH116
    with open("talk.json", encoding="utf-8") as file:  # noqa: PTH123
        assert "hunter" not in file.read()


def test_no_other_file_is_overwritten_unless_told(chat, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    code, _, said = chat("Hello", "/save notes.txt")
    assert (code, (tmp_path / "notes.txt").read_text()) == (1, "mine")
    assert "/save --overwrite notes.txt" in said[-1]
    assert chat("Hello", "/save --overwrite notes.txt")[0] == 0
    assert saved("notes.txt")["turns"]


def test_nothing_is_left_beside_the_file(chat, tmp_path):
    (tmp_path / "talks").mkdir()
    chat("Hello", "/save talks/one.json", "/save talks/none/one.json")
    assert [path.name for path in (tmp_path / "talks").iterdir()] == ["one.json"]


def test_a_link_stays_a_link(chat, tmp_path):
    (tmp_path / "real.json").write_text("{}")
    (tmp_path / "talk.json").symlink_to("real.json")
    chat("Hello", "/save --overwrite talk.json")
    assert (tmp_path / "talk.json").is_symlink()
    assert saved("real.json")["turns"]


CONVERSATION = {"format": "freeproviders conversation", "version": 1, "services": [], "system": "", "turns": []}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        *(
            json.dumps(CONVERSATION | wrong)
            for wrong in (
                {"version": 2},
                {"system": 1},
                {"turns": [{"role": "user", "text": "hi"}]},
                {"turns": [{"role": "user", "text": "hi", "images": [{"mime_type": "image/png", "data": "?"}]}]},
                {"thread": 5},
            )
        ),
    ],
)
def test_a_file_of_something_else_is_told(run, tmp_path, text):
    (tmp_path / "talk.json").write_text(text)
    code, _, said = run("chat", "--resume", "talk.json", stdin="")
    assert (code, said.count("\n")) == (2, 1)
    assert "holds no conversation" in said


def test_a_file_without_a_question_is_one(run, tmp_path):
    (tmp_path / "talk.json").write_text(json.dumps(CONVERSATION))
    assert run("chat", "--resume", "talk.json", stdin="") == (0, "", "")


def test_a_file_that_is_not_there_is_told(run):
    code, _, said = run("chat", "--resume", "none.json", stdin="")
    assert (code, said) == (2, "freeproviders: 'none.json' cannot be read: No such file or directory\n")


def test_text_of_any_kind_comes_back_from_the_file(chat, sandbox):
    sandbox.script(Scenario(answer='"你好"\n```\n\\ 😀\n```'))
    chat("é 😀 \\", "/save talk.json")
    assert [turn["text"] for turn in saved()["turns"]] == ["é 😀 \\", '"你好"\n```\n\\ 😀\n```']
