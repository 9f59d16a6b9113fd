"""A login from its beginning to a second process: real headless Chromium, the sandbox's pages, stored cookies."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from freeproviders import Client, Retry, errors, providers
from freeproviders.__main__ import main
from freeproviders.logins.browser import Window, find_browser, sign_in
from freeproviders.logins.store import finish_writing, path_of, save
from freeproviders.sandbox import Scenario
from langchain_freeproviders import ChatPi
from llamaindex_freeproviders import Pi

IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
UNCONFINED = ("--no-sandbox",) if IS_ROOT else ()


def _missing() -> str:
    if importlib.util.find_spec("playwright") is None:
        return "pip install playwright"
    try:
        find_browser()
    except errors.InvalidSetting as error:
        return str(error)
    return ""


in_browser = pytest.mark.skipif(bool(_missing()), reason=f"needs Chromium: {_missing()}")


@pytest.fixture(autouse=True)
def _own_store(tmp_path, monkeypatch):
    monkeypatch.setenv("FREEPROVIDERS_CONFIG", str(tmp_path / "config"))


@pytest.fixture
def strict(sandbox):
    """A sandbox that wants a login wherever it knows one."""
    sandbox.settings.pi_login_required = True
    sandbox.settings.aichats_cookies_required = True
    return sandbox


def client(sandbox, name, **words):
    route = {"path": "/v3/chat"} if name == "flowgpt" else {}
    return Client(name, base_url=sandbox.url(name), retry=Retry(attempts=1), **route, **words)


def window(url, **words):
    return Window(executable=find_browser(), url=url, headless=True, confined=not IS_ROOT, **words)


async def press_the_button(page):
    await page.get_by_role("button").click()


def log_in(sandbox, name, act=press_the_button):
    state = asyncio.run(sign_in(client(sandbox, name).provider, window(f"{sandbox.url(name)}/login"), act=act))
    return save(name, state)


def run_command(*words, **more):
    command = [sys.executable, "-W", "error", "-m", "freeproviders", "login", "--headless", *UNCONFINED, *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, **more)


def kept(name="pi"):
    finish_writing()
    return {cookie["name"]: cookie["value"] for cookie in json.loads(path_of(name).read_text())["cookies"]}


@pytest.mark.parametrize("name", ["pi", "flowgpt"])
def test_a_service_that_wants_a_login_names_the_command(strict, name):
    with pytest.raises(errors.LoginRequired, match=f"`freeproviders login {name}`") as caught:
        client(strict, name).complete("hello")
    assert str(caught.value).count("freeproviders login") == 1


def test_a_service_that_wants_a_check_passed_names_the_command(strict):
    with pytest.raises(errors.Blocked, match="`freeproviders login aichats`"):
        client(strict, "aichats").complete("hello")


@in_browser
@pytest.mark.parametrize("name", ["pi", "aichats", "flowgpt"])
def test_a_login_in_the_browser_is_one_for_the_client(strict, name):
    path = log_in(strict, name)
    assert path.stat().st_mode & 0o777 == 0o600
    stored = client(strict, name, cookies="stored")
    assert stored.complete("What is 6 * 7?").text == "42"
    # A browser that is under control says so, and the client speaks as that very browser.
    assert "HeadlessChrome" in stored.provider.user_agent
    assert strict.received[-1].headers["User-Agent"] == stored.provider.user_agent


@in_browser
def test_a_rotated_session_is_kept_and_a_second_process_goes_on(strict, tmp_path):
    log_in(strict, "pi")
    first = client(strict, "pi", cookies="stored")
    strict.script(Scenario(set_cookies={"__Host-session": "rotated-1"}))
    assert first.complete("What is 6 * 7?").text == "42"
    assert kept()["__Host-session"] == "rotated-1"
    strict.script(Scenario(set_cookies={"__Host-session": "rotated-2"}))
    code = (
        "from freeproviders import Client\n"
        f"print(Client('pi', base_url={strict.url('pi')!r}, cookies='stored').complete('What is 6 * 7?').text)\n"
    )
    second = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (second.stdout, second.stderr) == ("42\n", "")
    assert kept()["__Host-session"] == "rotated-2"
    assert client(strict, "pi", cookies="stored").complete("What is 6 * 7?").text == "42"


@in_browser
@pytest.mark.parametrize("name", ["pi", "flowgpt"])
def test_the_command_stores_a_login_and_shows_none_of_it(strict, name):
    done = run_command(name, "--url", f"{strict.url(name)}/login?auto")
    assert (done.returncode, done.stderr) == (0, "")
    assert str(path_of(name)) in done.stdout
    state = path_of(name).read_text()
    secrets = [cookie["value"] for cookie in json.loads(state)["cookies"]] + [json.loads(state)["authorization"]]
    assert not any(secret in done.stdout for secret in secrets if secret)
    assert client(strict, name, cookies="stored").complete("What is 6 * 7?").text == "42"


@in_browser
def test_the_command_opens_the_page_of_the_sandbox_that_is_named(strict, monkeypatch):
    monkeypatch.setenv("FREEPROVIDERS_SANDBOX", strict.url())
    monkeypatch.setenv("FREEPROVIDERS_PI_COOKIES", "stored")
    done = run_command("pi", input="\n")
    assert f"Opening {strict.url('pi')}/login." in done.stdout
    # Enter came before anybody had signed in, and the page alone sets no cookie.
    assert (done.returncode, done.stderr.count("\n"), path_of("pi").exists()) == (2, 1, False)
    assert "left nothing" in done.stderr


@in_browser
def test_enter_stores_what_there_is(strict):
    async def enter_after_pressing():
        pressed = asyncio.Event()

        async def act(page):
            await press_the_button(page)
            await page.get_by_text("Signed in").first.wait_for()
            pressed.set()

        provider = client(strict, "pizzagpt").provider
        return await sign_in(provider, window(f"{strict.url('aichats')}/login"), pressed=pressed, act=act)

    state = asyncio.run(enter_after_pressing())
    assert [cookie["name"] for cookie in state["cookies"]] == ["ai-chat-front"]
    assert state["authorization"] == ""


@in_browser
def test_nothing_is_stored_when_the_person_closes_the_window(strict):
    async def close(page):
        await page.wait_for_load_state()  # Chromium may leave a page open that is closed while it loads
        await page.close()

    with pytest.raises(errors.LoginRequired, match="closed"):
        log_in(strict, "pi", act=close)
    assert not path_of("pi").exists()


@in_browser
def test_nothing_is_stored_when_the_browser_ends(strict):
    async def end(page):
        await page.context.close()

    with pytest.raises(errors.LoginRequired, match="closed"):
        log_in(strict, "pi", act=end)


@in_browser
def test_the_end_of_the_input_is_no_enter(strict):
    done = run_command("pi", "--url", f"{strict.url('pi')}/login", "--timeout", "1", stdin=subprocess.DEVNULL)
    assert (done.returncode, path_of("pi").exists()) == (2, False)
    assert "nobody has signed in within 1 s" in done.stderr


@in_browser
def test_ctrl_c_ends_it_in_one_line(strict):
    url = f"{strict.url('pi')}/api/conversations"  # a page whose visit is on record
    words = [
        sys.executable,
        "-W",
        "error",
        "-m",
        "freeproviders",
        "login",
        "pi",
        "--headless",
        *UNCONFINED,
        "--url",
        url,
    ]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as running:
        while not strict.received:
            assert running.poll() is None, running.stderr.read()
            time.sleep(0.01)
        os.killpg(running.pid, signal.SIGINT)
        _, said = running.communicate()
    assert (running.returncode, said) == (130, "freeproviders: interrupted\n")
    assert not path_of("pi").exists()


@in_browser
def test_a_site_that_cannot_be_opened_is_named():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # and never listens
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(errors.ConnectionFailed, match=f"{url} cannot be opened: .*REFUSED"):
            asyncio.run(sign_in(providers.get("pi")(), window(url)))


@in_browser
def test_a_program_that_is_no_browser_is_named():
    other = Window(executable=sys.executable, url="http://127.0.0.1:1/", headless=True)
    with pytest.raises(errors.InvalidSetting, match="does not start"):
        asyncio.run(sign_in(providers.get("pi")(), other))


def test_a_missing_browser_says_how_to_get_one(monkeypatch, tmp_path, capsys):
    assert main(["login", "pi", "--browser", str(tmp_path / "none")]) == 2
    assert "--browser" in capsys.readouterr().err
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("FREEPROVIDERS_BROWSER", "none")
    with pytest.raises(errors.InvalidSetting, match="no browser 'none'.*FREEPROVIDERS_BROWSER"):
        find_browser()


def test_a_missing_display_is_said(monkeypatch, capsys):
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert main(["login", "pi", "--browser", sys.executable]) == 2
    said = capsys.readouterr()
    assert "no display" in said.err
    assert said.out == ""


def test_a_missing_playwright_says_how_to_install_it():
    code = (
        "import sys\n"
        "sys.modules['playwright'] = None\n"
        "from freeproviders.__main__ import main\n"
        f"sys.exit(main(['login', 'pi', '--browser', {sys.executable!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install 'freeproviders[browser]'" in done.stderr


def test_an_unknown_service_is_named(capsys):
    assert main(["login", "flowgtp"]) == 2
    assert "Did you mean 'flowgpt'?" in capsys.readouterr().err


# The same words in the frameworks; the login is one of the sandbox's from the beginning.


def _sandbox_login():
    save("pi", {"cookies": [{"name": "__Host-session", "value": "signed-in-session", "domain": "127.0.0.1"}]})


def test_langchain_uses_the_stored_login_and_follows_it(strict):
    _sandbox_login()
    chat = ChatPi(base_url=strict.url("pi"), cookies="stored", max_retries=0)
    strict.script(Scenario(set_cookies={"__Host-session": "rotated"}))
    assert [chat.invoke("What is 6 * 7?").text for _ in range(2)] == ["42", "42"]
    assert kept() == {"__Host-session": "rotated"}
    assert chat.model_copy(update={"prompt_cap": 500}).invoke("What is 6 * 7?").text == "42"


def test_llamaindex_uses_the_stored_login_and_follows_it(strict):
    _sandbox_login()
    llm = Pi(api_base=strict.url("pi"), cookies="stored", max_retries=0)
    strict.script(Scenario(set_cookies={"__Host-session": "rotated"}))
    assert [llm.complete("What is 6 * 7?").text for _ in range(2)] == ["42", "42"]
    assert kept() == {"__Host-session": "rotated"}
    assert llm.model_copy(update={"prompt_cap": 500}).complete("What is 6 * 7?").text == "42"


@pytest.mark.parametrize("model", [ChatPi, Pi])
def test_the_frameworks_take_a_path(strict, model, tmp_path):
    (tmp_path / "cookies.txt").write_text("127.0.0.1\tFALSE\t/\tTRUE\t0\t__Host-session\tsigned-in-session\n")
    made = model(base_url=strict.url("pi"), cookies=tmp_path / "cookies.txt")
    assert dict(made.cookies) == {"__Host-session": "signed-in-session"}
