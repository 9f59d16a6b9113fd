"""The store: where it is, who may read it, and that its files are whole and follow the service's rotations."""

import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from freeproviders.errors import InvalidSetting
from freeproviders.logins.store import StoredCookies, finish_writing, load, path_of, save

posix = pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX has them")
STATE = {
    "cookies": [
        {"name": "a", "value": "1", "domain": "pi.ai", "expires": 4_000_000_000},
        {"name": "b", "value": "2", "domain": "pi.ai", "expires": -1},
    ],
    "user_agent": "Browser/1",
    "authorization": "",
}


@pytest.fixture(autouse=True)
def config(tmp_path, monkeypatch):
    monkeypatch.setenv("FREEPROVIDERS_CONFIG", str(tmp_path / "config"))
    return tmp_path / "config"


def stored():
    finish_writing()
    return {cookie["name"]: cookie["value"] for cookie in json.loads(path_of("pi").read_text())["cookies"]}


def test_it_is_where_the_platform_keeps_configuration(monkeypatch, tmp_path, config):
    assert path_of("pi") == config / "logins" / "pi.json"
    monkeypatch.delenv("FREEPROVIDERS_CONFIG")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert path_of("pi") == tmp_path / "xdg" / "freeproviders" / "logins" / "pi.json"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert path_of("pi") == tmp_path / ".config" / "freeproviders" / "logins" / "pi.json"
    monkeypatch.setattr("sys.platform", "darwin")
    assert path_of("pi") == tmp_path / "Library" / "Application Support" / "freeproviders" / "logins" / "pi.json"


@posix
def test_file_and_folder_are_the_users_alone(config):
    old = os.umask(0)
    try:
        path = save("pi", STATE)
    finally:
        os.umask(old)
    assert [stat.S_IMODE(place.stat().st_mode) for place in (config, path.parent, path)] == [0o700, 0o700, 0o600]


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o601])
def test_a_file_open_to_others_is_refused_with_the_command_that_closes_it(mode):
    path = save("pi", STATE)
    path.chmod(mode)
    with pytest.raises(InvalidSetting, match=f"chmod 600 {path}"):
        load("pi", {"pi.ai"})


@posix
@pytest.mark.parametrize("use", [lambda: load("pi", {"pi.ai"}), lambda: save("pi", STATE)])
def test_a_folder_that_others_may_write_to_is_refused(use):
    path = save("pi", STATE)
    path.parent.chmod(0o777)
    with pytest.raises(InvalidSetting, match=f"chmod 700 {path.parent}"):
        use()


@posix
def test_a_link_is_neither_read_nor_written_through(tmp_path):
    path = save("pi", STATE)
    elsewhere = path.rename(tmp_path / "elsewhere")
    path.symlink_to(elsewhere)
    with pytest.raises(InvalidSetting, match="link"):
        load("pi", {"pi.ai"})
    save("pi", {**STATE, "cookies": []})
    assert not path.is_symlink()
    assert json.loads(elsewhere.read_text()) == STATE


@posix
def test_a_folder_or_pipe_in_its_place_is_refused():
    path = save("pi", STATE)
    path.unlink()
    path.mkdir()
    with pytest.raises(InvalidSetting, match="directory"):
        load("pi", {"pi.ai"})
    path.rmdir()
    os.mkfifo(path, 0o600)
    with pytest.raises(InvalidSetting, match="not a file of yours"):
        load("pi", {"pi.ai"})


def test_a_file_of_another_kind_is_refused_by_its_name():
    path = save("pi", STATE)
    path.write_text("s3cr3t")
    with pytest.raises(InvalidSetting, match=str(path)) as caught:
        load("pi", {"pi.ai"})
    assert "s3cr3t" not in str(caught.value)


def test_a_place_that_cannot_be_written_to_is_named(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FREEPROVIDERS_CONFIG", str(tmp_path / "file"))
    with pytest.raises(InvalidSetting, match="file"):
        save("pi", STATE)


def test_a_failed_write_leaves_the_old_login_and_nothing_else():
    path = save("pi", STATE)
    with pytest.raises(TypeError):
        save("pi", {"cookies": [object()]})
    assert list(path.parent.iterdir()) == [path]
    assert json.loads(path.read_text()) == STATE


# Rotation.


def test_a_rotated_cookie_is_in_the_file_and_no_longer_has_the_old_ones_end():
    save("pi", STATE)
    cookies = load("pi", {"pi.ai"}).cookies
    cookies.rotate({"a": "new"})
    assert (cookies, stored()) == ({"a": "new", "b": "2"}, {"a": "new", "b": "2"})
    kept = json.loads(path_of("pi").read_text())
    assert [cookie["expires"] for cookie in kept["cookies"]] == [-1, -1]
    assert kept["user_agent"] == "Browser/1"


def test_the_next_load_sees_what_is_still_being_written():
    save("pi", STATE)
    cookies = load("pi", {"pi.ai"}).cookies
    for number in range(50):
        cookies.rotate({"a": str(number)})
        assert load("pi", {"pi.ai"}).cookies["a"] == str(number)


def test_the_last_of_many_rotations_stays():
    save("pi", STATE)
    cookies = load("pi", {"pi.ai"}).cookies
    for number in range(200):
        cookies.rotate({"a": str(number)})
    assert stored() == {"a": "199", "b": "2"}


def test_rotations_of_many_threads_all_arrive_and_no_reader_meets_half_a_file():
    save("pi", {"cookies": [{"name": str(i), "value": "0", "domain": "pi.ai"} for i in range(8)]})
    cookies = load("pi", {"pi.ai"}).cookies

    def rotate(name):
        for number in range(20):
            StoredCookies({}, cookies.path).rotate({name: str(number)})

    threads = [threading.Thread(target=rotate, args=(str(i),)) for i in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert len(json.loads(Path(cookies.path).read_text())["cookies"]) == 8
    for thread in threads:
        thread.join()
    assert stored() == {str(i): "19" for i in range(8)}


def test_a_program_that_ends_at_once_still_writes_what_its_background_threads_have_rotated():
    # Large, so that the program reaches its end before the file is written.
    many = [{"name": f"c{number}", "value": "x" * 50, "domain": "pi.ai"} for number in range(20_000)]
    save("pi", {"cookies": [*STATE["cookies"], *many]})
    code = (
        "import threading\n"
        "from freeproviders.logins.store import load\n"
        "rotate = load('pi', {'pi.ai'}).cookies.rotate\n"
        "thread = threading.Thread(target=rotate, args=({'a': 'new'},), daemon=True)\n"
        "thread.start()\n"
        "thread.join()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert stored()["a"] == "new"


@pytest.mark.parametrize("break_it", [Path.unlink, lambda path: path.write_text("{"), lambda path: path.chmod(0o644)])
def test_a_rotation_that_cannot_be_written_is_logged_and_no_more(caplog, break_it):
    path = save("pi", STATE)
    cookies = load("pi", {"pi.ai"}).cookies
    break_it(path)
    cookies.rotate({"a": "s3cr3t"})
    finish_writing()
    assert cookies["a"] == "s3cr3t"
    assert str(path) in caplog.text
    assert "s3cr3t" not in caplog.text
    assert not path.exists() or "s3cr3t" not in path.read_text()
