"""Images shown to models: every form of block reaches the service as one; who cannot see is told, not sent."""

import base64
import copy

import pytest
from langchain_core.messages import AIMessage, ChatMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.messages.content import create_image_block

from freeproviders import errors
from langchain_freeproviders import ChatFreeProvider, ChatFreeRouter, ChatYqcloud

# The bytes of a GIF of one pixel; only its header matters here.
BYTES = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"
DATA = base64.b64encode(BYTES).decode()
DATA_URL = f"data:image/gif;base64,{DATA}"
URL = "https://pictures.example/cat.png?size=2"

FORMS = {
    "v1 base64": ({"type": "image", "base64": DATA, "mime_type": "image/gif"}, DATA_URL),
    "v1 url": ({"type": "image", "url": URL}, URL),
    "v1 data url": ({"type": "image", "url": DATA_URL}, DATA_URL),
    "v1 factory": (create_image_block(base64=DATA, mime_type="image/gif"), DATA_URL),
    "v0 base64": ({"type": "image", "source_type": "base64", "data": DATA, "mime_type": "image/gif"}, DATA_URL),
    "v0 url": ({"type": "image", "source_type": "url", "url": URL}, URL),
    "OpenAI url": ({"type": "image_url", "image_url": {"url": URL, "detail": "low"}}, URL),
    "OpenAI bare url": ({"type": "image_url", "image_url": URL}, URL),
    "OpenAI data url": ({"type": "image_url", "image_url": {"url": DATA_URL}}, DATA_URL),
    "OpenAI data url, odd": ({"type": "image_url", "image_url": {"url": f"DATA:;x=1;BASE64,{DATA}\n"}}, DATA_URL),
    "OpenAI responses": ({"type": "input_image", "image_url": URL}, URL),
    "Anthropic base64": (
        {"type": "image", "source": {"type": "base64", "media_type": "image/gif", "data": DATA}},
        DATA_URL,
    ),
    "Anthropic url": ({"type": "image", "source": {"type": "url", "url": URL}}, URL),
}
UNUSABLE = {
    "file id": {"type": "image", "file_id": "f1"},
    "local file": {"type": "image", "url": "file:///etc/passwd"},
    "bucket": {"type": "image_url", "image_url": {"url": "gs://bucket/s3cret.png"}},
    "no base64": {"type": "image", "base64": "s3cret, not base64!", "mime_type": "image/png"},
    "nothing": {"type": "image", "base64": "", "mime_type": "image/png"},
    "percent": {"type": "image_url", "image_url": {"url": "data:image/svg+xml,%3Csvg/%3E"}},
    "no url": {"type": "image_url", "image_url": {}},
}
BLOCK = FORMS["v1 base64"][0]
PART = {"type": "image_url", "image_url": {"url": DATA_URL}}
CALL = {"name": "camera", "args": {}, "id": "c1"}


def messages_sent(sandbox):
    return sandbox.received[-1].json["messages"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("way", ["invoke", "stream"])
def test_each_form_reaches_the_server(server, sandbox, form, way):
    block, address = FORMS[form]
    message = HumanMessage([{"type": "text", "text": "What is this?"}, block])
    before = copy.deepcopy(message)
    assert list(server().stream([message])) if way == "stream" else server().invoke([message]).text
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": address}}]
    assert messages_sent(sandbox) == [{"role": "user", "content": parts}]
    assert message == before


def test_several_images_keep_their_order_and_may_come_alone(server, sandbox):
    server().invoke([HumanMessage([BLOCK, {"type": "image", "url": URL}])])
    assert messages_sent(sandbox)[0]["content"] == [PART, {"type": "image_url", "image_url": {"url": URL}}]


def test_a_user_by_another_name_shows_images_too(server, sandbox):
    server().invoke([ChatMessage(role="visitor", content=["Look: ", BLOCK])])
    assert messages_sent(sandbox)[0]["content"] == [{"type": "text", "text": "Look: "}, PART]


def test_images_reach_a_model_that_is_told_of_tools_in_words(server, sandbox):
    bound = server(tool_mode="prompted").bind_tools([{"title": "camera", "type": "object", "properties": {}}])
    bound.invoke([HumanMessage(["Look: ", BLOCK])])
    assert messages_sent(sandbox)[-1]["content"][-1] == PART


@pytest.mark.parametrize("block", UNUSABLE.values(), ids=UNUSABLE)
def test_an_image_that_cannot_be_sent_says_how_it_must_come(server, sandbox, block):
    with pytest.raises(errors.UnsupportedContent, match=r"base64|a content block of type") as caught:
        server().invoke([HumanMessage(["Look: ", block])])
    assert "s3cret" not in str(caught.value)
    assert not sandbox.received


@pytest.mark.parametrize("kind", ["audio", "file", "video"])
def test_other_media_are_refused_by_name(server, kind):
    block = {"type": kind, "base64": DATA, "mime_type": "application/octet-stream"}
    with pytest.raises(errors.UnsupportedContent, match=rf"images of a user or a tool.*'{kind}'"):
        server().invoke([HumanMessage(["Look: ", block])])


def test_a_system_message_shows_no_images(server):
    with pytest.raises(errors.UnsupportedContent, match="images of a user or a tool"):
        server().invoke([SystemMessage([BLOCK]), HumanMessage("hi")])


# Tools.


@pytest.mark.parametrize("block", [BLOCK, PART], ids=["v1", "OpenAI"])
def test_images_of_a_tool_are_shown_after_its_results(server, sandbox, block):
    calls = [CALL, {**CALL, "id": "c2"}]
    first = ToolMessage([block], tool_call_id="c1", name="camera")
    second = ToolMessage("broken", tool_call_id="c2", name="camera")
    asked = [HumanMessage("Take two."), AIMessage("", tool_calls=calls), first, second, HumanMessage("And now?")]
    server().invoke(asked)
    told = messages_sent(sandbox)
    assert [one["role"] for one in told] == ["user", "assistant", "tool", "tool", "user", "user"]
    assert [one["content"] for one in told[2:4]] == ["It is shown below.", "broken"]
    assert told[4]["content"] == [{"type": "text", "text": "What the tool camera gave to see:"}, PART]


def test_a_tools_words_stay_beside_its_image(server, sandbox):
    result = ToolMessage([{"type": "text", "text": "at noon"}, BLOCK], tool_call_id="c1", name="camera")
    server().invoke([HumanMessage("Take one."), AIMessage("", tool_calls=[CALL]), result])
    told = [one["content"] for one in messages_sent(sandbox)[2:]]
    assert (told[0], told[1][1]) == ("at noon", PART)


def test_an_image_of_the_assistant_is_a_word(server, sandbox):
    server().invoke([HumanMessage("Draw."), AIMessage([BLOCK]), HumanMessage("Again.")])
    assert messages_sent(sandbox)[1]["content"] == "[image]"


def test_a_refusal_of_the_assistant_is_told_in_its_words(server, sandbox):
    server().invoke(
        [HumanMessage("Draw."), AIMessage([{"type": "refusal", "refusal": "I won't."}]), HumanMessage("Why?")]
    )
    assert messages_sent(sandbox)[1]["content"] == "I won't."


# Who does not see.


@pytest.mark.parametrize("provider", ["yqcloud", "groq"])
def test_a_service_that_does_not_see_says_so(sandbox, provider):
    chat = ChatFreeProvider(provider=provider, base_url=sandbox.url(chat_protocol(provider)))
    with pytest.raises(errors.UnsupportedContent, match="text alone, not a content block of type 'image'"):
        chat.invoke([HumanMessage(["Look: ", BLOCK])])
    assert not sandbox.received


def chat_protocol(provider):
    return "yqcloud" if provider == "yqcloud" else "openai_compatible"


def test_a_router_shows_images_to_those_that_see(server, sandbox):
    router = ChatFreeRouter(candidates=[ChatYqcloud(base_url=sandbox.url("yqcloud")), server()])
    assert router.profile["image_inputs"]
    assert not router.profile["structured_output"]
    answer = router.invoke([HumanMessage(["Look: ", BLOCK])])
    assert answer.response_metadata["candidate"] == "openai_compatible"
    assert [one.provider for one in sandbox.received] == ["openai_compatible"]
    assert router.invoke("hi").response_metadata["candidate"] == "yqcloud"


def test_a_router_of_the_blind_says_so(sandbox):
    router = ChatFreeRouter(candidates=[ChatYqcloud(base_url=sandbox.url("yqcloud"))])
    with pytest.raises(errors.UnsupportedContent, match="'image'"):
        router.invoke([HumanMessage(["Look: ", BLOCK])])


@pytest.mark.parametrize(("images", "sees"), [(None, True), ("auto", True), ("yes", True), ("no", False)])
def test_the_caller_may_say_whether_the_model_sees(server, sandbox, images, sees):
    chat = server(images=images)
    assert chat.profile["image_inputs"] is chat.profile["image_tool_message"] is sees
    asked = [HumanMessage(["Look: ", BLOCK])]
    if sees:
        assert chat.invoke(asked).text
    else:
        with pytest.raises(errors.UnsupportedContent, match="'image'"):
            chat.invoke(asked)
    assert len(sandbox.received) == sees
    assert ChatFreeRouter(candidates=[chat]).profile["image_inputs"] is sees
