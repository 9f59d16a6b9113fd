"""Saving an image: to the very path, whole or not at all, never over another file unasked."""

import os
import stat
import threading
from pathlib import Path

import pytest

from freeproviders import errors
from freeproviders.images import asave, save
from freeproviders.sandbox.media import JPEG, png
from freeproviders.wire import Image

PNG = png("a lighthouse")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("image", [Image(data=PNG, mime_type="image/png"), PNG], ids=["image", "bytes"])
@pytest.mark.parametrize("kind", [str, Path])
def test_the_bytes_go_to_the_very_path(tmp_path, image, kind):
    path = tmp_path / "picture.png"
    assert save(image, kind(path)) == path
    assert path.read_bytes() == PNG
    assert names(tmp_path) == ["picture.png"]


async def test_it_can_be_awaited(tmp_path):
    assert (await asave(PNG, tmp_path / "picture")).read_bytes() == PNG
    assert (await asave(JPEG, tmp_path / "picture.png", overwrite=True)).read_bytes() == JPEG


@pytest.mark.parametrize(
    ("name", "data", "written"),
    [
        ("picture", PNG, "picture.png"),
        ("picture", JPEG, "picture.jpg"),
        ("a.b.c", PNG, "a.b.c"),
        ("picture.jpg", PNG, "picture.jpg"),
        (".hidden", PNG, ".hidden.png"),
        ("ein Bild für 你", PNG, "ein Bild für 你.png"),
        ("picture.bin", b"of no known type", "picture.bin"),
    ],
)
def test_an_extension_is_added_only_where_there_is_none(tmp_path, name, data, written):
    assert save(data, tmp_path / name) == tmp_path / written
    assert names(tmp_path) == [written]


def test_a_path_is_relative_to_where_one_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert save(PNG, "picture") == Path("picture.png")
    assert (tmp_path / "picture.png").exists()


def test_a_file_that_is_there_stays_unless_it_is_to_be_replaced(tmp_path):
    path = tmp_path / "picture.png"
    path.write_bytes(b"mine")
    with pytest.raises(errors.InvalidSetting, match="overwrite=True"):
        save(PNG, path)
    with pytest.raises(errors.InvalidSetting, match="overwrite=True"):
        save(PNG, tmp_path / "picture")
    assert path.read_bytes() == b"mine"
    save(PNG, path, overwrite=True)
    assert path.read_bytes() == PNG
    assert names(tmp_path) == ["picture.png"]


def test_a_link_that_leads_nowhere_is_a_file_that_is_there(tmp_path):
    (tmp_path / "picture.png").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(errors.InvalidSetting, match="there already"):
        save(PNG, tmp_path / "picture.png")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("path", ["nowhere/picture.png", "a\0b.png", "x" * 300 + ".png", "folder", "file/picture.png"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_path_that_cannot_be_written_is_an_error_that_names_it(tmp_path, path, overwrite):
    (tmp_path / "folder").with_suffix(".png").mkdir()
    (tmp_path / "file").touch()
    before = names(tmp_path)
    with pytest.raises(errors.InvalidSetting, match=r"cannot be written|there already"):
        save(PNG, tmp_path / path, overwrite=overwrite)
    assert names(tmp_path) == before


@pytest.mark.parametrize("path", ["", ".", "/"])
def test_a_path_without_a_name_is_an_error(path):
    with pytest.raises(errors.InvalidSetting, match="names no file"):
        save(PNG, path)


@pytest.mark.parametrize("image", [Image(url="https://example.com/a.png"), Image(data=b""), b""])
def test_an_image_without_bytes_is_an_error_that_says_how_to_get_them(tmp_path, image):
    with pytest.raises(errors.InvalidSetting, match=r'image_format="bytes"'):
        save(image, tmp_path / "picture.png")


def test_an_unknown_type_needs_an_extension(tmp_path):
    with pytest.raises(errors.InvalidSetting, match="give 'picture' an extension"):
        save(b"of no known type", tmp_path / "picture")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_the_file_is_as_readable_as_any_other(tmp_path):
    usual = tmp_path / "usual"
    usual.touch()
    path = save(PNG, tmp_path / "picture")
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(usual.stat().st_mode)


def test_of_many_at_once_one_gets_the_name(tmp_path):
    outcomes, start = [], threading.Barrier(8)

    def write(number):
        start.wait()
        try:
            save(PNG + bytes([number]), tmp_path / "picture.png")
            outcomes.append(number)
        except errors.InvalidSetting:
            outcomes.append(None)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [winner] = [number for number in outcomes if number is not None]
    assert len(outcomes) == 8
    assert (tmp_path / "picture.png").read_bytes() == PNG + bytes([winner])
    assert names(tmp_path) == ["picture.png"]
