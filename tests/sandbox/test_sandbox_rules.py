"""The built-in responder keeps to its rules."""

from __future__ import annotations

import pytest

from freeproviders.sandbox import Question, RuleBrain

LIFE = (
    "file_path: life.txt\n\nPaul Graham was born in 1964. He wrote short stories before college. "
    "He programmed an IBM 1401 in Fortran. Viaweb was sold to Yahoo in 1998."
)
QA = (
    "Context information is below.\n---------------------\n{context}\n---------------------\n"
    "Given the context information and not prior knowledge, answer the query.\nQuery: {query}\nAnswer: "
)
REFINE = (
    "The original query is as follows: {query}\nWe have provided an existing answer: {existing}\n"
    "We have the opportunity to refine the existing answer (only if needed) with some more context below.\n"
    "------------\n{context}\n------------\nGiven the new context, refine the original answer to better answer "
    "the query. If the context isn't useful, return the original answer.\nRefined Answer: "
)
CHAT_REFINE = "New Context: {context}\nQuery: {query}\nOriginal Answer: {existing}\nNew Answer: "
CONDENSE = (
    "Given a conversation (between Human and Assistant) and a follow up message from Human, rewrite the message to be "
    "a standalone question that captures all relevant context from the conversation.\n\n<Chat History>\n{history}\n\n"
    "<Follow Up Message>\n{follow}\n\n<Standalone question>\n"
)
CONDENSE_PLUS = (
    "\n  Given the following conversation between a user and an AI assistant and a follow up question from user,\n"
    "  rephrase the follow up question to be a standalone question.\n\n  Chat History:\n  {history}\n"
    "  Follow Up Input: {follow}\n  Standalone question:"
)
ADA = "user: Who was Ada Lovelace?\nassistant: A mathematician."
KEYWORDS = (
    "Some text is provided below. Given the text, extract up to 3 keywords from the text. Avoid stopwords."
    "---------------------\n{text}\n---------------------\n"
    "Provide keywords in the following comma-separated format: 'KEYWORDS: <keywords>'\n"
)
CHOICES = (
    "Some choices are given below. It is provided in a numbered list (1 to 2), where each item in the list corresponds "
    "to a summary.\n---------------------\n(1) All about cats\n\n(2) All about Viaweb\n---------------------\n"
    "Using only the choices above and not prior knowledge, return the choice that is most relevant to the question: "
    "'What is Viaweb?'\n"
)
HISTORY = (
    ("user", "My name is Ada and I like green tea."),
    ("assistant", "Nice to meet you."),
    ("user", "Remember that the code is 4711."),
)


def say(text, system="", history=()):
    return RuleBrain()(Question(provider="pi", text=text, system=system, history=history))


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Reply with exactly: pong 123.", "pong 123."),
        ('Please say exactly "hello world" now', "hello world"),
        ("Say 'pong' and nothing else", "pong"),
        ("Reply with only the word OK", "OK"),
        ("respond with exactly: line one\nline two", "line one\nline two"),
    ],
)
def test_an_exact_order_is_obeyed(text, answer):
    assert say(text) == answer


def test_an_exact_order_may_stand_in_the_system_text():
    assert say("hello", system="Always reply with exactly: AYE") == "AYE"


def test_a_manner_is_no_exact_order():
    assert "rule-based" in say("Answer only in English: how old is the sun?")


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("When was Paul Graham born?", "Paul Graham was born in 1964."),
        ("Who bought Viaweb?", "Viaweb was sold to Yahoo in 1998."),
        ("What is the capital of France?", "The given context does not say."),
    ],
)
def test_a_query_is_answered_from_its_context(query, answer):
    assert say(QA.format(context=LIFE, query=query)) == answer


def test_tree_summarize_is_answered_too():
    text = QA.replace("information is", "information from multiple sources is").format(
        context=LIFE, query="Who bought Viaweb?"
    )
    assert say(text) == "Viaweb was sold to Yahoo in 1998."


def test_a_summary_gives_the_first_sentences():
    assert say(QA.format(context=LIFE, query="Summarize the text")).startswith("Paul Graham was born in 1964. He wrote")


@pytest.mark.parametrize(
    "text",
    [
        f"Question: Who bought Viaweb?\nContext: {LIFE}\nAnswer:",
        f"Answer from the context.\n\nContext: {LIFE}\n\nQuestion: Who bought Viaweb?",
        f"<context>\n{LIFE}\n</context>\n\nQuestion: Who bought Viaweb?",
    ],
)
def test_langchains_prompts_are_answered_too(text):
    assert say(text) == "Viaweb was sold to Yahoo in 1998."


@pytest.mark.parametrize(
    "system",
    [
        f"Here are the relevant documents for the context:\n\n  {LIFE}\n\n  Instruction: Based on them, answer.",
        f"Use the context information below to assist the user.\n--------------------\n{LIFE}\n--------------------\n",
    ],
)
def test_a_context_in_the_system_text_is_used(system):
    assert say("When was Viaweb sold?", system=system) == "Viaweb was sold to Yahoo in 1998."


@pytest.mark.parametrize("template", [REFINE, CHAT_REFINE])
def test_refine_takes_the_better_context(template):
    text = template.format(query="Who bought Viaweb?", existing="Nobody knows.", context=LIFE)
    assert say(text) == "Viaweb was sold to Yahoo in 1998."


@pytest.mark.parametrize("template", [REFINE, CHAT_REFINE])
def test_refine_keeps_the_better_answer(template):
    text = template.format(query="Who bought Viaweb?", existing="Yahoo bought Viaweb.", context="The weather is nice.")
    assert say(text) == "Yahoo bought Viaweb."


@pytest.mark.parametrize("template", [CONDENSE, CONDENSE_PLUS])
def test_condense_resolves_the_pronoun(template):
    assert say(template.format(history=ADA, follow="When was she born?")) == "When was Ada Lovelace born?"


@pytest.mark.parametrize("template", [CONDENSE, CONDENSE_PLUS])
def test_condense_leaves_a_clear_question_alone(template):
    assert say(template.format(history=ADA, follow="Where is Berlin?")) == "Where is Berlin?"


def test_a_condense_prompt_inside_a_transcript_keeps_its_history():
    text = f"User: {CONDENSE.format(history=ADA, follow='When was she born?')}\nAssistant:"
    assert say(text) == "When was Ada Lovelace born?"


def test_keywords_come_in_their_format():
    assert say(KEYWORDS.format(text="The cat sat on the old mat.")) == "KEYWORDS: cat, sat, old"


def test_a_choice_comes_in_its_format():
    assert say(CHOICES).startswith("ANSWER: 2")


def test_a_choice_comes_as_json_where_json_is_asked_for():
    assert say(CHOICES + "The output should be formatted as a JSON instance").startswith('[{"choice": 2,')


def test_documents_are_rated():
    text = (
        "Respond with the relevance score.\nDoc: 9, Relevance: 7\nLet's try this now: \n\nDocument 1:\nAll about cats"
        "\n\nDocument 2:\nAll about Viaweb\n\nQuestion: What is Viaweb?\nAnswer:\n"
    )
    assert say(text) == "Doc: 2, Relevance: 10"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("What is my name?", "Your name is Ada."),
        ("What do I like?", "You like green tea."),
        ("What is the code?", "The code is 4711."),
        ("What did I tell you?", "You asked me to remember: the code is 4711."),
    ],
)
def test_what_was_said_is_recalled(text, answer):
    assert say(text, history=HISTORY) == answer


def test_a_transcript_is_a_conversation():
    text = "System: Be kind.\nUser: My name is Bob\nAssistant: Hi Bob\nUser: What's my name?\nAssistant:"
    assert say(text) == "Your name is Bob."


def test_what_was_not_said_is_not_made_up():
    assert say("What is my name?") == "You have not told me your name."


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("what is 12*7", "84"),
        ("What is 12 plus 7?", "19"),
        ("(3+4)*2", "14"),
        ("what is 10 / 4?", "2.5"),
        ("calculate 2^10", "1024"),
    ],
)
def test_sums_are_worked_out(text, answer):
    assert say(text) == answer


@pytest.mark.parametrize("opening", ["the", "Context information is below.\n-----", "New Context:", "Chat History:"])
@pytest.mark.parametrize("letter", ["1", " ", "(", "-", "a", "\n", " \n", '"'])
def test_a_long_text_needs_no_quadratic_time(letter, opening):
    assert say(f"{opening} {letter * 50_000} is")


@pytest.mark.parametrize("text", ["what is 1/0", "what is 9**999999", "the date 2024-05-06"])
def test_what_is_no_sum_is_left_alone(text):
    assert "rule-based" in say(text)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("Hello!", "Hello"),
        ("tell me a joke", "bugs"),
        ("write a haiku", "\n"),
        ("count to five", "1, 2, 3, 4, 5"),
        ("list three fruits", "3. cherry"),
        ("My name is Ada.", "Ada"),
        ("thank you", "welcome"),
    ],
)
def test_small_talk_is_answered(text, part):
    assert part in say(text)


@pytest.mark.parametrize("text", ["Who are you?", "Explain quantum entanglement", "量子", "?!", ""])
def test_it_never_pretends_to_be_a_model(text):
    assert "not a language model" in say(text)


def test_the_fallback_repeats_the_key_words():
    assert "quantum, entanglement" in say("Explain quantum entanglement")


def test_the_same_question_has_the_same_answer():
    assert len({say(QA.format(context=LIFE, query="Who wrote stories?")) for _ in range(5)}) == 1


@pytest.mark.parametrize(
    ("text", "history", "answer"),
    [
        ("Where do I live?", "I live in Rome.", "You live in Rome."),
        ("Where do I live?", "Hello", "You have not told me that."),
        ("What is my job?", "I work as a nurse.", "You are a nurse."),
        ("What is my favourite colour?", "My favourite colour is dark blue.", "Your favourite colour is dark blue."),
        ("What is my favourite colour?", "Hello", "You have not told me your favourite colour."),
        ("What is my age?", "My age is 30.", "Your age is 30."),
        ("What did I ask?", "How tall is it?", 'You told me: "How tall is it?"'),
        ("Remember that tea is hot.", "Hello", "I will remember that tea is hot."),
        ("I like tea.", "Hello", "Thank you for telling me; I will keep it in mind."),
    ],
)
def test_facts_about_the_user_are_kept(text, history, answer):
    assert say(text, history=(("user", history),)) == answer


def test_a_refine_context_in_the_system_text_is_used():
    system = (
        "Using the context below, refine the following existing answer using the provided context to assist the user.\n"
        "If the context isn't helpful, just repeat the existing answer and nothing more.\n\n--------------------\n"
        f"{LIFE}\n--------------------\nExisting Answer:\nNobody knows.\n--------------------\n"
    )
    assert say("When was Viaweb sold?", system=system) == "Viaweb was sold to Yahoo in 1998."


def test_a_summary_prompt_gives_the_first_sentences():
    text = f'Write a summary of the following. Try to be short.\n\n\n{LIFE}\n\n\nSUMMARY:"""\n'
    assert say(text).startswith("Paul Graham was born in 1964. He wrote")


def test_the_brain_has_a_plain_name():
    assert repr(RuleBrain()) == "RuleBrain()"
