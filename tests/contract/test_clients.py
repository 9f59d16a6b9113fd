"""What clients do before there is any service: how they are named, made and shown."""

import pytest

from freeproviders import Client, errors


def test_models_may_be_one_text():
    assert Client("yqcloud", models="gpt-5, gpt-6").provider.models == ("gpt-5", "gpt-6")


def test_an_unknown_provider_names_the_nearest():
    with pytest.raises(errors.InvalidSetting, match="Did you mean 'yqcloud'"):
        Client("yqclod")


@pytest.mark.parametrize("proxy", ["ftp://127.0.0.1:1", "127.0.0.1:1"])
def test_a_proxy_of_another_kind_is_refused(proxy):
    with pytest.raises(errors.InvalidSetting, match="proxy"):
        Client("yqcloud", proxy=proxy)


def test_a_client_is_made_without_any_loop():
    assert repr(Client("yqcloud", base_url="http://127.0.0.1:1")).startswith("Client(Yqcloud(")
