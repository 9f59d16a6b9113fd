"""Reading settings from texts."""

from dataclasses import dataclass, field

import pytest

from freeproviders.errors import InvalidSetting
from freeproviders.providers.pi import Pi
from freeproviders.providers.yqcloud import Yqcloud
from freeproviders.settings import check_types, cookie_mapping, from_environment, nearest, variable, word_list


def test_a_variable_is_named_after_service_and_setting():
    assert variable("pizzagpt", "secret") == "FREEPROVIDERS_PIZZAGPT_SECRET"


@pytest.mark.parametrize(
    ("text", "cookies"),
    [
        ("a=1; b=2", {"a": "1", "b": "2"}),
        ("a=1;b=x=y;", {"a": "1", "b": "x=y"}),
        ("", {}),
        ({"a": "1"}, {"a": "1"}),
        ("a=", {"a": ""}),
    ],
)
def test_cookies_are_read_from_a_header(text, cookies):
    assert cookie_mapping(text) == cookies


@pytest.mark.parametrize("text", ["a", "=1", "a=1; b"])
def test_what_is_no_cookie_header_is_refused(text):
    with pytest.raises(InvalidSetting, match="cookies"):
        cookie_mapping(text)


@pytest.mark.parametrize(("text", "value"), [("true", True), ("YES", True), ("1", True), ("off", False), ("0", False)])
def test_switches_are_read_from_words(text, value, monkeypatch):
    monkeypatch.setenv("FREEPROVIDERS_YQCLOUD_NETWORK", text)
    assert from_environment("yqcloud", Yqcloud) == {"network": value}


@pytest.mark.parametrize(
    ("setting", "text"), [("network", "perhaps"), ("prompt_cap", "1.5"), ("extra_body", "{"), ("cookies", "{[")]
)
def test_a_text_that_does_not_fit_names_its_variable(setting, text, monkeypatch):
    monkeypatch.setenv(variable("yqcloud", setting), text)
    with pytest.raises(InvalidSetting, match=variable("yqcloud", setting)):
        from_environment("yqcloud", Yqcloud)


def test_mappings_are_read_from_json_or_pairs(monkeypatch):
    monkeypatch.setenv("FREEPROVIDERS_YQCLOUD_EXTRA_BODY", '{"a": [1, {"b": null}]}')
    monkeypatch.setenv("FREEPROVIDERS_YQCLOUD_DEFAULT_HEADERS", "X-A=1; X-B=2")
    found = from_environment("yqcloud", Yqcloud)
    assert found == {"extra_body": {"a": [1, {"b": None}]}, "default_headers": {"X-A": "1", "X-B": "2"}}


def test_a_variable_beside_an_argument_is_not_even_read(monkeypatch):
    monkeypatch.setenv("FREEPROVIDERS_YQCLOUD_PROMPT_CAP", "many")
    assert from_environment("yqcloud", Yqcloud, {"prompt_cap": 1}) == {}


def test_the_sandbox_variable_may_end_in_a_slash(monkeypatch):
    monkeypatch.setenv("FREEPROVIDERS_SANDBOX", "http://127.0.0.1:1/")
    assert from_environment("pi", Pi) == {"base_url": "http://127.0.0.1:1/pi"}


def test_words_are_separated_by_commas():
    assert (word_list(" a, b,,c "), word_list(["a", "b"])) == (("a", "b", "c"), ("a", "b"))


def test_the_nearest_word_is_named_with_all_known_ones():
    assert nearest("temprature", ["top_p", "temperature"]) == " Did you mean 'temperature'? Known: temperature, top_p."
    assert nearest("zzz", ["b", "a"]) == " Known: a, b."


@dataclass
class Loose:
    """Kinds of fields that third parties may have."""

    name: str | None = None
    share: float = 0.5
    table: dict[str, str] = field(default_factory=dict)


@pytest.mark.parametrize(
    ("variable_name", "text", "expected"),
    [
        ("NAME", "x", {"name": "x"}),
        ("NAME", "none", {"name": None}),
        ("SHARE", "0.25", {"share": 0.25}),
        ("TABLE", '{"a": "b"}', {"table": {"a": "b"}}),
    ],
)
def test_other_kinds_of_fields_are_read_too(variable_name, text, expected, monkeypatch):
    monkeypatch.setenv(f"FREEPROVIDERS_LOOSE_{variable_name}", text)
    assert from_environment("loose", Loose) == expected
    check_types(Loose(**expected), "loose")


def test_a_value_of_another_kind_is_named():
    with pytest.raises(InvalidSetting, match="share must be a float"):
        check_types(Loose(share="x"), "loose")


def test_a_sandbox_that_is_no_address_is_named_by_its_variable(monkeypatch):
    monkeypatch.setenv("FREEPROVIDERS_SANDBOX", "nonsense")
    with pytest.raises(InvalidSetting, match="FREEPROVIDERS_SANDBOX must be the address"):
        from_environment("yqcloud", Yqcloud)
