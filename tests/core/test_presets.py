"""Presets: the file is well formed, each is a provider with its own card, keys stay where they belong, users add."""

import copy
import datetime as dt
import json
import pickle
import subprocess
import sys
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest

from freeproviders import Client, Prompt, Retry, Router, errors, registry
from freeproviders.__main__ import main
from freeproviders.checking import ready
from freeproviders.listing import rows
from freeproviders.presets import Preset, age_of, preset_of, presets, user_file
from freeproviders.sandbox import Sandbox, ScriptedBrain
from freeproviders.settings import variable

BUILT_IN = presets()
ALIVE = [name for name, preset in BUILT_IN.items() if preset.status != "retired"]
every_preset = pytest.mark.parametrize("name", ALIVE)
KEY = "s3cr3t"
ENTRY = {
    "title": "Mine",
    "site": "https://mine.example",
    "status": "stable",
    "base_url": "https://mine.example/v1",
    "model": "m1",
    "sources": ["its page"],
    "verified_on": "2026-01-31",
}


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch, tmp_path):
    monkeypatch.setenv("FREEPROVIDERS_CONFIG", str(tmp_path))
    for preset in BUILT_IN.values():
        for name in preset.key_variables:
            monkeypatch.delenv(name, raising=False)


def write(entries):
    user_file().write_text(entries if isinstance(entries, str) else json.dumps(entries))


# The file of this package.


@pytest.mark.parametrize("preset", BUILT_IN.values(), ids=BUILT_IN)
def test_a_preset_says_where_it_comes_from(preset):
    assert preset.sources
    assert age_of(preset.verified_on, dt.date(2026, 11, 22)) > 0
    assert set(preset.replaced_by) <= set(BUILT_IN)
    assert not preset.limits.reset_time_zone or ZoneInfo(preset.limits.reset_time_zone)


@pytest.mark.parametrize("preset", BUILT_IN.values(), ids=BUILT_IN)
def test_hosted_services_are_asked_over_https_and_local_ones_here(preset):
    address = urlsplit(preset.base_url)
    assert (address.scheme, address.hostname == "localhost") == (
        ("http", True) if preset.status == "local" else ("https", False)
    )


@every_preset
def test_each_preset_is_a_provider_with_a_card_of_its_own(name):
    provider, preset = registry.get(name).configure({}), BUILT_IN[name]
    assert (provider.card.name, provider.card.models) == (name, (preset.model,))
    assert (provider.card.verified, provider.base_url) == (preset.verified_on, preset.base_url)
    assert registry.get(name) is type(provider)


@every_preset
def test_a_client_of_a_preset_can_be_copied_and_sent_away(name):
    client = Client(name, api_key=KEY)
    for twin in (pickle.loads(pickle.dumps(client)), copy.deepcopy(client)):
        assert twin.provider == client.provider
    assert KEY not in f"{client!r} {client.provider}"


@every_preset
def test_each_preset_answers_in_the_sandbox(sandbox, name, monkeypatch):
    monkeypatch.setenv("FREEPROVIDERS_SANDBOX", sandbox.url())
    answer = Client(name, retry=Retry(attempts=1)).complete("What is 6 * 7?")
    assert ("42" in answer.text, answer.metadata["provider"]) == (True, name)
    assert sandbox.received[-1].json["model"] == BUILT_IN[name].model


def test_published_limits_are_kept_by_the_limiter(monkeypatch):
    limits = Client("groq").rules.limiter.limits
    assert (limits.per_minute, limits.per_day) == (30, 1000)
    assert (limits.tokens_per_minute, limits.tokens_per_day) == (8_000, 200_000)
    assert Client("ollama").rules.limiter.limits.windows == ()


def test_a_preset_is_a_candidate_of_a_router(sandbox, monkeypatch):
    monkeypatch.setenv("FREEPROVIDERS_SANDBOX", sandbox.url())
    answer = Router(["groq:qwen/qwen3-32b", "yqcloud"]).complete("What is 6 * 7?")
    assert (answer.metadata["candidate"], answer.metadata["model"]) == ("groq:qwen/qwen3-32b", "qwen/qwen3-32b")


def test_a_service_that_is_gone_names_others():
    with pytest.raises(errors.InvalidSetting, match=r"exists no more.*Instead: openrouter or groq"):
        Client("github_models")


def test_a_misspelt_name_names_the_nearest():
    with pytest.raises(errors.InvalidSetting, match="Did you mean 'groq'"):
        Client("grok")


def test_presets_are_read_when_they_are_needed_and_not_before():
    script = (
        "import sys, freeproviders; freeproviders.Client('yqcloud', base_url='http://127.0.0.1:1');"
        "print([name for name in sys.modules if 'presets' in name or 'openai' in name])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# Keys.


@pytest.mark.parametrize("name", [name for name in ALIVE if BUILT_IN[name].key_needed])
async def test_a_missing_key_names_its_variable_and_where_to_get_one(name, monkeypatch):
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", "someone")
    with pytest.raises(errors.LoginRequired) as caught:
        await Client(name).acomplete("hello")
    preset = BUILT_IN[name]
    assert all(word in str(caught.value) for word in (*preset.key_variables, preset.key_url, variable(name, "api_key")))


async def asked(sandbox, client, **settings):
    """The key that is sent with a call."""
    await client.acomplete(Prompt(turns=Prompt.of("hello").turns, settings=settings))
    return sandbox.received[-1].headers.get("Authorization")


def at_home_in(sandbox):
    """A preset whose own address is the sandbox, with a name in braces and a key that it needs."""
    host, _, rest = sandbox.url("openai_compatible").partition("/openai")
    needs = {"key_variables": ["MINE_KEY", "MINE_OTHER"], "key_needed": True, "key_url": "https://mine.example/keys"}
    write({"mine": {**ENTRY, **needs, "base_url": f"{host}/{{MINE_PATH}}{rest}"}})


async def test_a_key_comes_from_argument_then_own_variable_then_the_services(sandbox, monkeypatch):
    monkeypatch.setenv("MINE_PATH", "openai")
    at_home_in(sandbox)
    monkeypatch.setenv("MINE_KEY", " ")
    with pytest.raises(errors.LoginRequired, match="MINE_KEY or MINE_OTHER"):
        await Client("mine").acomplete("hello")
    monkeypatch.setenv("MINE_OTHER", "third\n")
    assert await asked(sandbox, Client("mine")) == "Bearer third"
    monkeypatch.setenv("FREEPROVIDERS_MINE_API_KEY", "second")
    assert await asked(sandbox, Client("mine")) == "Bearer second"
    assert await asked(sandbox, Client("mine", api_key="first")) == "Bearer first"


async def test_a_services_key_stays_out_of_calls_to_another_address_and_out_of_copies(sandbox, monkeypatch):
    monkeypatch.setenv("MINE_PATH", "openai")
    monkeypatch.setenv("MINE_KEY", KEY)
    at_home_in(sandbox)
    client = Client("mine")
    assert await asked(sandbox, client) == f"Bearer {KEY}"
    assert KEY not in f"{pickle.dumps(client)} {vars(client.provider)}"
    with Sandbox() as other:
        assert await asked(other, client, base_url=other.url("openai_compatible")) is None


@pytest.mark.parametrize("address", ["http://api.groq.com/openai/v1", "https://api.groq.com:8443/v1"])
def test_a_service_is_at_home_at_its_own_scheme_and_port_alone(address):
    assert Client("groq").provider.at_home
    assert Client("groq", base_url="https://API.groq.com:443/v2").provider.at_home
    assert not Client("groq", base_url=address).provider.at_home


async def test_a_services_key_is_not_sent_to_another_host(sandbox, monkeypatch):
    monkeypatch.setenv("GROQ_API_KEY", KEY)
    address = sandbox.url("openai_compatible")
    await Client("groq", base_url=address).acomplete("hello")
    assert "Authorization" not in sandbox.received[-1].headers
    await Client("groq", base_url=address, api_key=KEY).acomplete("hello")
    assert sandbox.received[-1].headers["Authorization"] == f"Bearer {KEY}"


async def test_a_name_in_braces_is_filled_in_or_asked_for(monkeypatch):
    with pytest.raises(errors.InvalidSetting, match="CLOUDFLARE_ACCOUNT_ID"):
        await Client("cloudflare", api_key=KEY).acomplete("hello")
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", "someone")
    assert "/accounts/someone/ai/v1" in Client("cloudflare").provider.base_url


async def test_a_service_that_knows_only_objects_is_told_their_form_in_words():
    schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    with Sandbox(ScriptedBrain(['{"name": "Ann"}'])) as sandbox:
        client = Client("zai", base_url=sandbox.url("openai_compatible"))
        answer = await client.acomplete(Prompt(turns=Prompt.of("My name is Ann.").turns, schema=schema))
        sent = sandbox.received[0].json
    assert json.loads(answer.text) == {"name": "Ann"}
    assert sent["response_format"] == {"type": "json_object"}
    assert "JSON object" in sent["messages"][0]["content"]


# The user's file.


def test_a_users_preset_joins_the_others():
    write({"mine": ENTRY})
    assert Client("mine").provider.base_url == "https://mine.example/v1"
    assert presets()["mine"] == preset_of("mine", ENTRY)
    write({})
    assert "mine" not in presets()


def test_a_users_entry_wins_field_by_field():
    write({"groq": {"model": "other", "limits": {"rpm": 5}}})
    assert Client("groq").provider.card.models == ("other",)
    assert Client("groq").rules.limiter.limits.per_minute == 5
    assert presets()["groq"].key_variables == ("GROQ_API_KEY",)


WRONG = {
    "no JSON": ("{", "is not JSON"),
    "a list": ("[]", "object of objects"),
    "an entry that is none": ({"mine": 1}, "object of objects"),
    "a misspelt field": ({"groq": {"modle": "x"}}, "Did you mean 'model'"),
    "a misspelt limit": ({"groq": {"limits": {"rpmm": 1}}}, "limits.rpmm"),
    "limits that are none": ({"groq": {"limits": 5}}, "limits must be an object"),
    "a limit that is no number": ({"groq": {"limits": {"rpm": "30"}}}, "rpm must be a int"),
    "a missing field": ({"mine": {**ENTRY, "title": None}}, "title must be a str"),
    "a text for a list": ({"groq": {"key_variables": "GROQ_API_KEY"}}, "preset 'groq': key_variables must be a list"),
    "a list with a number": ({"groq": {"sources": [5]}}, "sources must be a list of texts"),
    "a list with an empty text": ({"groq": {"replaced_by": [""]}}, "replaced_by must be a list of texts"),
    "a variable that is none": ({"groq": {"key_variables": ["A KEY"]}}, "names of environment variables"),
    "a name within": ({"groq": {"name": "grok"}}, "unknown field name"),
    "a name that is another's": ({"pi": ENTRY}, "'pi' is the name of a provider that is no preset"),
    "an address that is none": ({"mine": {**ENTRY, "base_url": "mine.example"}}, "base_url must be http"),
    "a brace left open": ({"mine": {**ENTRY, "base_url": "https://mine.example/{TEAM"}}, "names in braces"),
    "a path without its slash": ({"groq": {"models_path": "models"}}, "models_path must begin with /"),
    "a negative limit": ({"groq": {"limits": {"tpm": -1}}}, "limits.tpm must be a whole number"),
    "a limit that is yes": ({"groq": {"limits": {"rpd": True}}}, "limits.rpd must be a whole number"),
    "an unknown period": ({"groq": {"limits": {"period": "fortnight"}}}, "limits.period must be one of"),
    "no window": ({"groq": {"context_window": 0}}, "context_window must be a number"),
    "no such day": ({"groq": {"verified_on": "2026-02-31"}}, "verified_on must be a date"),
    "no title": ({"groq": {"title": ""}}, "must not be empty"),
    "an unknown status": ({"groq": {"status": "dead"}}, "status must be one of"),
    "an unknown way to JSON": ({"groq": {"json": "yes"}}, "json must be one of"),
    "no date": ({"groq": {"verified_on": "last year"}}, "verified_on"),
    "a name with blanks": ({"my own": ENTRY}, "a name is a word"),
    "a key from nowhere": ({"mine": {**ENTRY, "key_needed": True}}, "key_url"),
    "half an entry": ({"mine": {"title": "Mine"}}, "missing"),
}


@pytest.mark.parametrize(("entries", "said"), WRONG.values(), ids=WRONG)
def test_a_wrong_file_is_named_with_its_fault(entries, said):
    write(entries)
    with pytest.raises(errors.InvalidSetting, match=said) as caught:
        Client("groq")
    assert "presets.json" in str(caught.value)


def test_a_file_that_cannot_be_read_is_named():
    user_file().mkdir()
    with pytest.raises(errors.InvalidSetting, match="cannot be read"):
        presets()


# What is shown.


def test_what_is_older_than_half_a_year_is_stale():
    write({"mine": ENTRY})
    day = dt.date(2026, 1, 31)
    for days, stale in ((180, False), (181, True)):
        row = next(row for row in rows(day + dt.timedelta(days=days)) if row.name == "mine")
        assert (row.age, row.stale) == (days, stale)


def test_the_list_shows_services_and_presets(capsys, monkeypatch):
    monkeypatch.setenv("GROQ_API_KEY", KEY)
    assert main(["list", "--json"]) == 0
    shown = {row["name"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}
    assert {*registry.names(), *BUILT_IN} == set(shown)
    keys = {name: shown[name]["key"] for name in ("yqcloud", "groq", "gemini", "ovhcloud", "ollama")}
    assert keys == {"yqcloud": "none", "groq": "present", "gemini": "missing", "ovhcloud": "optional", "ollama": "none"}
    assert shown["gemini"]["can"] == ["tools", "json", "images"]
    assert KEY not in str(shown)


def test_the_list_is_a_table_for_people(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "170")  # a narrow one leaves out columns
    assert main(["list"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["Service", "Status", "Key"]
    assert any(line.startswith("github_models") and "retired" in line for line in lines)
    assert any("30/min, 1,000/day, 8K tok/min" in line for line in lines if line.startswith("groq"))
    assert "stale: nothing newer than half a year" in lines[-1]


@pytest.mark.parametrize("words", [["list"], ["list", "--notes"]])
@pytest.mark.parametrize("columns", [80, 120, 170])
def test_the_list_fits_into_a_terminal_and_says_what_it_leaves_out(capsys, monkeypatch, columns, words):
    monkeypatch.setenv("COLUMNS", str(columns))
    assert main(words) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= columns
    missing = {80: "left out here: Free limits, Model, see --notes", 120: "left out here: Model, see --notes"}
    told = " ".join(out.split())
    assert missing.get(columns, "stale") in told or "--notes" in words
    assert ("left out" in told) == (columns < 170 and "--notes" not in words)


def test_the_notes_tell_key_limits_and_sources(capsys):
    assert main(["list", "--notes"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "Key: GROQ_API_KEY, from https://console.groq.com/keys" in told
    assert "Limits are for each project. Its day ends at midnight, America/Los_Angeles." in told
    assert "Known by 2024-10-19 from: a public client notes that Cloudflare" in told


def test_a_wrong_file_is_told_by_the_command(capsys):
    write("{")
    assert main(["list"]) == 2
    assert "presets.json" in capsys.readouterr().err


def test_checked_by_default_is_what_needs_nothing_and_what_has_a_key(monkeypatch):
    assert ready() == registry.names()
    monkeypatch.setenv("GROQ_API_KEY", KEY)
    monkeypatch.setenv("FREEPROVIDERS_OVHCLOUD_API_KEY", KEY)
    assert ready() == (*registry.names(), "ovhcloud", "groq")


def test_a_preset_is_a_value():
    assert isinstance(presets()["groq"], Preset)
    assert hash(presets()["groq"]) == hash(presets()["groq"])
