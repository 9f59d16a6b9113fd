"""The login pages: after the button, the service's API takes what the browser then has."""

from __future__ import annotations

import re

import pytest

from freeproviders.sandbox import Scenario


async def press(calls, service):
    """Press the button of a login page; gives the cookies set, as a header, and the page that follows."""
    async with calls.session.post(calls.sandbox.url(service) + "/login") as response:
        set_by_page = response.headers.getall("Set-Cookie", [])
        return "; ".join(line.partition(";")[0] for line in set_by_page), set_by_page, await response.text()


async def show(calls, service, query=""):
    async with calls.session.get(f"{calls.sandbox.url(service)}/login{query}") as response:
        assert response.content_type == "text/html"
        return await response.text()


@pytest.mark.parametrize("service", ["pi", "aichats", "flowgpt"])
async def test_a_page_has_one_button_and_presses_it_on_demand(calls, service):
    page, by_itself = await show(calls, service), await show(calls, service, "?auto")
    assert page.count("<button>") == by_itself.count("<button>") == 1
    assert ("<script>" in page, "<script>" in by_itself) == (False, True)


@pytest.mark.parametrize("service", ["pizzagpt", "yqcloud"])
async def test_services_without_a_login_show_a_form_that_leads_nowhere(calls, service):
    assert "<form" in await show(calls, service)
    assert (await press(calls, service))[0] == ""


@pytest.mark.parametrize("service", ["pi", "aichats"])
async def test_scripts_cannot_read_the_cookies(calls, service):
    _, lines, _ = await press(calls, service)
    assert lines
    assert all(line.endswith("; HttpOnly") for line in lines)


async def test_pi_takes_the_session_of_its_page(sandbox, calls):
    sandbox.settings.pi_login_required = True
    assert (await calls.pi_chat()).status == 401
    cookie, _, _ = await press(calls, "pi")
    start = await calls.pi_start(headers={"Cookie": cookie})
    thread = start.json["conversations"][0]["sid"], {"Cookie": cookie}
    assert (await calls.pi_chat(thread=thread)).status == 200


async def test_every_login_of_pi_is_another_session(calls):
    assert (await press(calls, "pi"))[0] != (await press(calls, "pi"))[0]


async def test_a_rotated_session_stays_signed_in_and_the_old_one_is_dead(sandbox, calls):
    sandbox.settings.pi_login_required = True
    cookie, _, _ = await press(calls, "pi")
    await calls.pi_start(Scenario(on="start", set_cookies={"__Host-session": "new"}), headers={"Cookie": cookie})
    assert (await calls.pi("GET", "/api/conversations", headers={"Cookie": cookie})).status == 401
    assert (await calls.pi("GET", "/api/conversations", headers={"Cookie": "__Host-session=new"})).status == 200


async def test_aichats_takes_the_cookie_of_its_page(sandbox, calls):
    sandbox.settings.aichats_cookies_required = True
    cookie, _, _ = await press(calls, "aichats")
    assert (await calls.aichats()).status == 403
    assert (await calls.aichats(headers={"Cookie": cookie})).status == 200


async def test_flowgpt_takes_the_token_its_page_sends(calls, flowgpt_signed):
    _, lines, page = await press(calls, "flowgpt")
    token = re.search(r"Bearer [\w-]+", page)[0]
    assert lines == []
    signed = await calls.flowgpt(path="/v3/chat", headers=flowgpt_signed(Authorization=token))
    other = await calls.flowgpt(path="/v3/chat", headers=flowgpt_signed(Authorization="Bearer other"))
    assert (signed.status, other.status) == (200, 401)


async def test_login_pages_are_no_chat_requests(sandbox, calls):
    await show(calls, "pi")
    await press(calls, "pi")
    assert sandbox.received == []
