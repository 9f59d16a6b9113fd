"""Every shape of the catalogue that states calls, with an example of our own: read whole, and in every chunking."""

import pytest
from tools_kit import ADD, FORECAST, NOTE, TOOLS, calls_of

from freeproviders.tools import parse, read

OSLO = ("get_forecast", {"city": "Oslo"})
OSLO3 = ("get_forecast", {"city": "Oslo", "days": 3})
ROME = ("get_forecast", {"city": "Rome"})
SUM = ("math.add", {"left": 1, "right": 2})

ONE = '{"name": "get_forecast", "arguments": {"city": "Oslo"}}'
TWO = '{"name": "get_forecast", "arguments": {"city": "Rome"}}'

SHAPES = [
    ("canonical", f"<tool_call>\n{ONE}\n</tool_call>", [OSLO]),
    ("canonical-two", f"<tool_call>\n{ONE}\n</tool_call>\n<tool_call>\n{TWO}\n</tool_call>", [OSLO, ROME]),
    ("1", f"<tool_call>\n```json\n[{ONE}, {TWO}]\n```", [OSLO, ROME]),
    ("2", f"TOOLCALL>[{ONE}, {TWO}]", [OSLO, ROME]),
    ("2-word", f"tool_call\n[{ONE}]", [OSLO]),
    ("3", f"```json\n{ONE}\n```", [OSLO]),
    ("4", '<calls>\n<function name="get_forecast"><parameter name="city">Oslo</parameter></function>', [OSLO]),
    (
        "5",
        (
            '<function name="get_forecast"><parameter name="city" type="str">Oslo</parameter>'
            '<parameter name="days" type="int">3</parameter></function>'
        ),
        [OSLO3],
    ),
    ("6", "[get_forecast(city=New Oslo, days=3)]", [("get_forecast", {"city": "New Oslo", "days": 3})]),
    ("7", "[get_forecast(city='Oslo', exact=true)]", [("get_forecast", {"city": "Oslo", "exact": True})]),
    (
        "8",
        '{"name": "get_forecast", "arguments": {"city": 5, "days": "3", "exact": "true"}}',
        [("get_forecast", {"city": "5", "days": 3, "exact": True})],
    ),
    ("9", "```python\n[get_forecast(city='Oslo')]\n```", [OSLO]),
    ("10", "```json\n[get_forecast(city='Oslo'), math.add(left=1, right=2)]\n```", [OSLO, SUM]),
    ("11", f"```tools\n[{ONE}]\n```", [OSLO]),
    ("12", "    [get_forecast(city='Oslo'), math.add(left=1, right=2)]", [OSLO, SUM]),
    ("13", "['get_forecast(city=\"Oslo\")', 'math.add(left=1, right=2)']", [OSLO, SUM]),
    ("13-json", '["get_forecast(city=\\"Oslo\\")", "math.add(left=1, right=2)"]', [OSLO, SUM]),
    ("14", "'get_forecast'('city=Oslo', 'days=3')", [OSLO3]),
    ("15-amp", "get_forecast(city='Oslo') & math.add(left=1, right=2)", [OSLO, SUM]),
    ("15-semicolon", "get_forecast(city='Oslo'); math.add(left=1, right=2);", [OSLO, SUM]),
    ("15-lines", "get_forecast(city='Oslo')\nmath.add(left=1, right=2)\nThese two will do.", [OSLO, SUM]),
    ("16", "[get\\_forecast(city='Oslo'), send\\_mail(to='a\\_b')]", [OSLO, ("send_mail", {"to": "a_b"})]),
    ("17", "[get_forecast(city='Oslo')]\n\nThis asks the forecast for the city of Oslo.", [OSLO]),
    ("18", f"<|im_start|>\n{ONE}\n<|im_end|><|im_start|>assistant\nIt will rain.\n{TWO}", [OSLO]),
    ("19", f"```python\n[get_forecast(city='Oslo')]\n```\n\n### Instruction:\nNow Rome.\n```\n{TWO}\n```", [OSLO]),
    ("20", "<tool_call>\n{\"arguments\": {'city': 'Oslo'}, \"name\": 'get_forecast'}\n</tool_call>", [OSLO]),
    (
        "21",
        "<tool_call>{'name': 'get_forecast', 'arguments': {'city': 'Oslo', 'exact': True, 'wind': None}}</tool_call>",
        [("get_forecast", {"city": "Oslo", "exact": True, "wind": None})],
    ),
    ("22", "[math.add(left=6*12+2, right=(3 + 1) / 2)]", [("math.add", {"left": 74, "right": 2})]),
    ("23", f"{ONE}<|end_header_id|>\n\nThe weather will be fine.", [OSLO]),
    ("24", '<tool_call>\n{"arguments": {"city": "Oslo"}, "na', []),
    ("25", "['get_forecast', {'city': 'Oslo'}]", [OSLO]),
    ("25-tuples", "[('get_forecast', {'city': 'Oslo'}), ('math.add', {'left': 1, 'right': 2})]", [OSLO, SUM]),
    ("26", "{'get_forecast', 'parameters': {'city': 'Oslo'}}", [OSLO]),
    ("27", 'get_forecast\n{"city": "Oslo", "days": 3}', [OSLO3]),
    ("27-glued", 'I will look that up.get_forecast\n{"city": "Oslo"}', [OSLO]),
    ("28", "```python\nfirst = get_forecast(city='Oslo')\nsecond = math.add(left=1, right=2)\n```", [OSLO, SUM]),
    ("29", "[`get_forecast(city='Oslo')`, `math.add(left=1, right=2)`]", [OSLO, SUM]),
    ("31", '{"get_forecast": {"city": "Oslo"}}', [OSLO]),
    (
        "32-text",
        "[send_mail(to=get_forecast(city='Oslo'))]",
        [("send_mail", {"to": "get_forecast(city='Oslo')"})],
    ),
    ("32-number", "[math.add(left=math.add(left=1, right=2), right=2)]", []),
    ("33", "get_forecast() is what I would use, but I do not know the city.", []),
    ("34", "[]", []),
    ("34-name", '{"name": "no_function", "arguments": {}}', []),
    ("35", '{"name": "get_forcast", "arguments": {"city": "Oslo"}}', [OSLO]),
    ("35-list", "[get_forcast(city='Oslo')]", [OSLO]),
    ("36", '{"arguments": {"city": "Oslo"}, "name": "get_forecast"}', [OSLO]),
    ("37", '{"name": "get_forecast", "arguments": "{\\"city\\": \\"Oslo\\"}"}', [OSLO]),
    ("38", '{"name": "write_note", "arguments": "buy milk"}', [("write_note", {"text": "buy milk"})]),
    ("38-many", '{"name": "get_forecast", "arguments": "Oslo"}', []),
    ("39", '{"name": "get_forecast", "parameters": {"city": "Oslo"}}', [OSLO]),
    ("39-none", '<tool_call>{"name": "read_clock"}</tool_call>', [("read_clock", {})]),
    ("39-missing", '<tool_call>{"name": "get_forecast"}</tool_call>', []),
    ("40", f"{ONE}; {TWO}", [OSLO, ROME]),
    ("40-comma", f"{ONE},\n{TWO}", [OSLO, ROME]),
    ("41", f"{ONE}\nThe result comes as {{temperature, wind}} then.", [OSLO]),
    (
        "42",
        '<tool_call>{"name": "write_note", "arguments": {"text": "a ] b } c \\" </d> { ["}}</tool_call>',
        [("write_note", {"text": 'a ] b } c " </d> { ['})],
    ),
    (
        "42-closer",
        '<tool_call>{"name": "write_note", "arguments": {"text": "ends with </tool_call> you know"}}</tool_call>',
        [("write_note", {"text": "ends with </tool_call> you know"})],
    ),
    ("43", f"<tool_call>\n{ONE}", [OSLO]),
    ("44", '<tool_call>{"name": "get_forecast", "arguments": {"city": "Oslo"}', [OSLO]),
    ("44-inside", '<tool_call>{"name": "get_forecast", "arguments": {"city": "Oslo"', []),
    ("46", '{"name": "Ada", "age": 36}', []),
    ("47", "[Note: this answer is long.] Here it is.", []),
    ("48", "[get_forecast(city='Oslo')]]", [OSLO]),
    ("49", '[TOOL_CALLS]get_forecast[ARGS]{"city": "Oslo"}', [OSLO]),
    ("49-list", f"[TOOL_CALLS] [{ONE}, {TWO}]", [OSLO, ROME]),
    (
        "50",
        (
            "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_forecast\n```json\n"
            '{"city": "Oslo"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>'
        ),
        [OSLO],
    ),
    (
        "51",
        (
            "<tool_call>\n<function=get_forecast>\n<parameter=city>\nOslo\n</parameter>\n<parameter=wind>\n2.5\n"
            "</parameter>\n</function>\n</tool_call>"
        ),
        [("get_forecast", {"city": "Oslo", "wind": 2.5})],
    ),
    (
        "52",
        "<function=write_note>\n<parameter=text>\n\n  a < b\n\n</parameter>\n</function>",
        [("write_note", {"text": "\n  a < b\n"})],
    ),
    ("53-bytes", "[send_mail(to=b'x'), get_forecast(city='Oslo')]", [OSLO]),
    ("53-infinite", "[math.add(left=1e999, right=2), get_forecast(city='Oslo')]", [OSLO]),
    ("54", "[get_forecast(city='Oslo'), send_mail(to='x]", [OSLO]),
    ("55", "call:get_forecast{city: 'Oslo'}", [OSLO]),
    ("56", "Thought: ask.\nAction: get_forecast(city='Oslo')\nAction Input: see above", [OSLO]),
    ("57", "Thought: keep it.\nAction: write_note\nAction Input: buy milk\n", [("write_note", {"text": "buy milk"})]),
    (
        "58",
        (
            'Thought: ask.\nAction: get_forecast\nAction Input: {"city": "Oslo"}\nObservation: rain\nThought: next\n'
            'Action: get_forecast\nAction Input: {"city": "Rome"}\nObservation: sun\nFinal Answer: mixed'
        ),
        [OSLO],
    ),
    (
        "59",
        "Action: get_forecast\nAction Input: {'city': 'Oslo', 'exact': True, 'wind': None}",
        [("get_forecast", {"city": "Oslo", "exact": True, "wind": None})],
    ),
    ("60", f"<think>I will say <tool_call>{ONE}</tool_call></think>\n<tool_call>{ONE}</tool_call>", [OSLO]),
    ("60-only", f"<think><tool_call>{ONE}</tool_call></think>It will rain.", []),
    ("60-unopened", f"I could ask.\n<tool_call>{TWO}</tool_call></think>\n<tool_call>{ONE}</tool_call>", [OSLO]),
    ("90", "Run this:\n```bash\ncurl -X POST https://example.org/get_forecast\n```\nand wait.", []),
]


@pytest.mark.parametrize(("text", "wanted"), [shape[1:] for shape in SHAPES], ids=[shape[0] for shape in SHAPES])
def test_the_shape_gives_its_calls_in_every_chunking(text, wanted):
    assert calls_of(text) == wanted


def test_30_arguments_alone_count_for_a_tool_that_was_forced():
    reading = read('[{"city": "Oslo"}, {"city": "Rome"}]', TOOLS, forced="get_forecast")
    assert [(call.name, call.arguments) for call in reading.calls] == [OSLO, ROME]


def test_30_arguments_alone_count_for_the_sole_tool():
    assert calls_of('[{"city": "Oslo", "days": 3}]', [FORECAST]) == [OSLO3]


def test_30_arguments_alone_are_text_where_there_are_several_tools():
    assert calls_of('[{"city": "Oslo"}]') == []


def test_45_a_name_that_begins_like_another_is_read_to_its_end():
    longer = {**FORECAST, "name": "get_forecast_long"}
    text = '<tool_call>{"name": "get_forecast_long", "arguments": {"city": "Oslo"}}</tool_call>'
    assert calls_of(text, [FORECAST, longer]) == [("get_forecast_long", {"city": "Oslo"})]


def test_89_a_list_of_many_calls_is_read():
    text = "[" + ", ".join(f"math.add(left={number}, right=1)" for number in range(120)) + "]"
    assert len(parse(text, [ADD])) == 120


def test_89_hundreds_of_comments_are_passed_over():
    text = '<tool_call>{"name": "write_note", ' + "/* no */ // nor\n" * 300 + '"arguments": {"text": "x"}}</tool_call>'
    assert calls_of(text, [NOTE]) == [("write_note", {"text": "x"})]


MORE_SHAPES = [
    ("wrapper", f'{{"tool_calls": [{ONE}, {TWO}]}}', [OSLO, ROME]),
    ("openai", '{"type": "function", "function": ' + ONE + "}", [OSLO]),
    ("fence-inside-tag", f"<tool_call>```json\n{ONE}\n```</tool_call>", [OSLO]),
    ("tag-inside-fence", f"```xml\n<tool_call>\n{ONE}\n</tool_call>\n```", [OSLO]),
    ("capital-tag", f"<TOOL_CALL>{ONE}</TOOL_CALL>", [OSLO]),
    ("list-in-tag", f"<tool_calls>[{ONE}, {TWO}]</tool_calls>", [OSLO, ROME]),
    ("empty-block", f"<tool_call></tool_call>\n<tool_call>{ONE}</tool_call>", [OSLO]),
    ("invoke", '<invoke name="get_forecast"><parameter name="city">Oslo</parameter></invoke>', [OSLO]),
    ("key-elements", '<function name="get_forecast"><city>Oslo</city><days>3</days></function>', [OSLO3]),
    (
        "arg-keys",
        "<tool_call>get_forecast\n<arg_key>city</arg_key>\n<arg_value>Oslo</arg_value>\n</tool_call>",
        [OSLO],
    ),
    ("json-in-function", f"<function>\n{ONE}\n</function>", [OSLO]),
    ("llama", '<function=get_forecast>{"city": "Oslo"}</function>', [OSLO]),
    (
        "harmony",
        '<|channel|>commentary to=functions.get_forecast <|constrain|>json<|message|>{"city": "Oslo"}<|call|>',
        [OSLO],
    ),
    ("after-prose", "Let me see.\n\n[get_forecast(city='Oslo')]", [OSLO]),
    ("after-colon", "The call is: [get_forecast(city='Oslo')]", [OSLO]),
    (
        "two-groups",
        "For the first:\n\n[get_forecast(city='Oslo')]\n\nand then:\n[math.add(left=1, right=2)]",
        [OSLO, SUM],
    ),
    ("repeated-in-prose", "[get_forecast(city='Oslo')]\nSo I call `x` as\n[get_forecast(city='Oslo')]", [OSLO]),
    ("twice-on-purpose", f"<tool_call>{ONE}</tool_call>\n<tool_call>{ONE}</tool_call>", [OSLO, OSLO]),
    ("object-in-brackets", "get_forecast({'city': 'Oslo', 'days': 3})", [OSLO3]),
    ("wrapped-arguments", "get_forecast(params={'city': 'Oslo', 'days': 3})", [OSLO3]),
    ("positional", "get_forecast('Oslo', 3)", [OSLO3]),
    ("sum-of-calls", "[get_forecast(city='Oslo') + math.add(left=1, right=2)]", [OSLO, SUM]),
    ("chained", '[get_forecast(city="Oslo").get("rain"), math.add(left=1, right=2)]', [OSLO, SUM]),
    (
        "spread-comma",
        "[get_forecast(city=Oslo, Norway, days=3)]",
        [("get_forecast", {"city": "Oslo, Norway", "days": 3})],
    ),
    ("twice-the-same-key", "[get_forecast(city='Oslo', city='Rome')]", []),
    ("printed", "```python\nprint(get_forecast(city='Oslo'))\n```", [OSLO]),
    ("key-value-texts", "['get_forecast', 'city=Oslo', 'days=3']", [OSLO3]),
    ("line-breaks", "[\r\n  get_forecast(\r\n    city='Oslo',\r\n    days=3,\r\n  )\r\n]", [OSLO3]),
    ("byte-order-mark", f"\ufeff<tool_call>{ONE}</tool_call>", [OSLO]),
    ("nested-lists", "[[get_forecast(city='Oslo')], [math.add(left=1, right=2)]]", [OSLO, SUM]),
    ("no-arguments", "read_clock()", [("read_clock", {})]),
    ("no-arguments-twice", "read_clock(), read_clock()", [("read_clock", {}), ("read_clock", {})]),
    ("no-arguments-fenced", "```python\nread_clock()\n```", [("read_clock", {})]),
    ("prefix", "[functions.get_forecast(city='Oslo')]", [OSLO]),
]


@pytest.mark.parametrize(
    ("text", "wanted"), [shape[1:] for shape in MORE_SHAPES], ids=[shape[0] for shape in MORE_SHAPES]
)
def test_further_shapes_give_their_calls_in_every_chunking(text, wanted):
    assert calls_of(text) == wanted
