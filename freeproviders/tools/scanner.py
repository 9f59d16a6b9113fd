"""Reads a reply while it arrives: text passes at once, calls come out as their last character is in.

The scanner decides by position alone, so that every way of cutting a reply into pieces gives the same result; ``parse``
is the same scanner fed once. It holds back no more than the beginning of what may be an opener, and, once one is
there, the item behind it. Where an item ends is followed by ``Balance``, what may open one is in ``openers``, what it
says in ``items``.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from freeproviders.tools.events import Event, TextPiece, ThinkingPiece, Withdrawn
from freeproviders.tools.hold import Hold
from freeproviders.tools.issuing import Issuer
from freeproviders.tools.items import Item, read_item
from freeproviders.tools.names import NameBook
from freeproviders.tools.openers import recognise
from freeproviders.tools.places import Found, Place
from freeproviders.tools.result import InvalidCall
from freeproviders.tools.verdicts import ITEM, MORE

__all__ = ["ToolScanner"]

_EDGE = re.compile(r"[\s>*\-\d.),;&|+\]}]+")
_EDGE_AFTER = re.compile(r"""(?:[\s>*\-\d.),;&|+\]}]|["'](?=[\s,;)\]}]))+""")
_CANDIDATE = re.compile(r"[\n:=]|<(?!<)|\[(?!\[{3})|\{(?!\{{3})|`(?!`{8})")
_CANONICAL = re.compile("<(?=" + "".join(f"(?:$|{letter}" for letter in "tool_call") + ")" * 9 + ")")
_BLANKS = re.compile(r"(?:\s|\\n)+")
_UNTHINK = re.compile(r"</\s?(?:think|thinking|thought|thoughts|reasoning|scratchpad|reflection)\s?>", re.IGNORECASE)
_LONGEST_UNTHINK = 18
_PROGRAM = re.compile("\"{3}|'{3}")
_SPACES = re.compile(r"[ \t`]{0,40}")
_LAST_NAME = re.compile(r"[^\W\d][\w.-]*$")
_LONGEST_NAME = 100
_LONGEST_OPENER = 300
_TRAILING_LIMIT = 400
_MAX_REREADS = 24
_MAX_DOUBT = 4_000
"""How many places of a reply may look like an opener without being one, before only the form asked for counts."""
_ITEM_DOUBT = 8


class ToolScanner:
    """Turns the pieces of one reply into events.

    Args:
        tools: JSON-schema function dicts with ``name``, ``description`` and ``parameters``; they are not changed.
        forced: Name of the tool that had to be called: its arguments alone count as a call of it.
        parallel: Whether more than one call is wanted; if not, the first one ends the turn.
        argument_deltas: Whether arguments are given in steps of at least 64 characters instead of at once.

    Attributes:
        ended: Whether the turn is over, so that the caller may close the stream: the model began to write tool
            results or another turn, or went on and on after its calls.
    """

    def __init__(
        self,
        tools: Sequence[Mapping[str, Any]],
        *,
        forced: str | None = None,
        parallel: bool = True,
        argument_deltas: bool = False,
    ) -> None:
        self.ended: bool = False
        self.trailing: str = ""
        self._book = NameBook(tools)
        self._forced = forced or ""
        self._issuer = Issuer(self._book, parallel=parallel, deltas=argument_deltas)
        self._state = self._in_text
        self._pending = ""
        self._edge = self._start = True
        self._final = False
        self._asked = ""
        self._opener = ""
        self._hold = Hold()
        self._again = ""
        self._rereads = 0
        self._waiting = False
        self._since_call = 0
        self._said = ""
        self._doubt = 0

    def feed(self, text: str) -> list[Event]:
        """Take in the next piece of the reply.

        Returns:
            What is certain now.
        """
        if text and not self.ended:
            self._run(self._pending + text if self._pending else text)
        return self._given()

    def finish(self) -> list[Event]:
        """Say that the reply is over.

        Returns:
            What was held back, and last the calls that could not be made. A reply without any other call then ends
            with its text from the first of them on, as it was written.
        """
        self._final = True
        if not self.ended:
            self._run(self._pending)
            if self._hold.active:
                self._close_hold("")
                self._run("")
            self._drop_opener()
        self._issuer.report()
        return self._given()

    def _given(self) -> list[Event]:
        events, self._issuer.events = self._issuer.events, []
        return events

    def _run(self, text: str) -> None:
        position = 0
        while not self.ended:
            if self._again:
                text, self._again, position = self._again + text[position:], "", 0
            if position >= len(text):
                break
            position = self._state(text, position)
            if self._waiting:
                self._waiting = False
                break
        self._pending = text[position:]

    def _in_text(self, text: str, position: int) -> int:
        """Pass text until something may begin."""
        if self._edge and self._doubt < _MAX_DOUBT:
            if blank := (_EDGE_AFTER if self._issuer.calls else _EDGE).match(text, position):
                self._say(blank.group())
                if blank.end() >= len(text):
                    return blank.end()
                position = blank.end()
        else:
            found = (_CANDIDATE if self._doubt < _MAX_DOUBT else _CANONICAL).search(text, position)
            end = len(text) if found is None else found.start()
            if end > position:
                self._say(text[position:end])
            if found is None:
                return end
            position = end
            if text[position] in "\n:=":
                self._say(text[position])
                self._edge = True
                return position + 1
        place = self._place()
        if text[position] == "{" and self._edge and self._name_before():
            place = place._replace(named=True)
        return self._looked(text, position, recognise(text, position, place))

    def _name_before(self) -> str:
        """The tool's name that ends the text before this place, where a reply writes it and then its arguments."""
        found = _LAST_NAME.search(self._said.rstrip()[-_LONGEST_NAME:])
        word = found.group() if found else ""
        while word and word not in self._book.schemas:
            word = word[1:]
        return word

    def _place(self, *, asked: bool = False) -> Place:
        bare = self._forced or (self._book.only if asked or self._start else "")
        return Place(self._book, self._edge, bool(self._issuer.calls), asked, bare, self._final, self._start)

    def _looked(self, text: str, position: int, found: Found) -> int:
        """Act on what begins here; the position to go on from."""
        kind, end = found
        if found is MORE:
            return self._wait(position)
        if not kind:
            self._edge = False
            self._doubt += 1
            self._say(text[position])
            return position + 1
        if kind == ITEM:
            self._start_hold("")
            return position
        if kind in ("opens", "fence"):
            self._asked, self._opener = kind, text[position:end]
        self._state = {
            "opens": self._in_opener,
            "fence": self._in_opener,
            "closes": self._behind_item,
            "think": self._in_thinking,
        }.get(kind, self._in_text)
        if kind == "unthink":
            self._withdraw()
        elif kind == "closes":
            self._issuer.keep(text[position:end])
        self.ended = kind == "result"
        return end

    def _wait(self, position: int) -> int:
        """Leave the text from here on until there is more of it."""
        self._waiting = True
        return position

    def _in_opener(self, text: str, position: int) -> int:
        """Behind an opener: a call follows, or the opener was just text."""
        if blank := _BLANKS.match(text, position):
            self._opener += blank.group()
            return blank.end()
        if text[position:] == "\\" and not self._final:
            return self._wait(position)
        found = recognise(text, position, self._place(asked=True))
        if found is MORE:
            return self._wait(position)
        if found.kind in (ITEM, "chat", "opens", "fence"):
            return self._next_opener(text, position, found)
        if found.kind == "closes":
            self._opener = ""  # an empty block
        self._drop_opener()
        self._state = self._in_text
        self._edge = True
        return found.end if found.kind == "closes" else position

    def _next_opener(self, text: str, position: int, found: Found) -> int:
        """An item behind an opener, or another opener: a fence in a block belongs to it, one behind a fence is new."""
        if found.kind == ITEM:
            self._start_hold(self._asked)
            return position
        if found.kind == "chat":
            return found.end
        if found.kind == self._asked == "fence" or len(self._opener) > _LONGEST_OPENER:
            self._drop_opener()
            self._state = self._in_text
            self._edge = True
            return position
        self._opener += text[position : found.end]
        self._asked = "opens" if "opens" in (found.kind, self._asked) else found.kind
        return found.end

    def _drop_opener(self) -> None:
        if self._opener:
            self._doubt += _ITEM_DOUBT
            self._say(self._opener)
            self._opener = ""

    def _start_hold(self, asked: str) -> None:
        self._hold = Hold(asked, self._opener, self._name_before() if self._edge and not asked else "")
        self._opener = ""
        self._start = False
        self._state = self._in_hold
        self._issuer.begin(repeats=self._since_call > 0)

    def _in_hold(self, text: str, position: int) -> int:
        """Collect an item until it closes."""
        status, reached = self._hold.take(text, position, final=self._final)
        self._issuer.follow(text[position:reached])
        if status == "more":
            return self._wait(reached) if reached < len(text) else reached
        if status == "closed":
            if self._hold.is_mention():
                self._state = self._behind_mention
                return reached
            item = self._read(self._hold.text())
            if item.whole and (item.stated or not self._hold.asked):
                self._settle(item, self._hold.text())
        elif not self._close_hold(status):
            self._hold.keep(text[reached])
            return reached + 1
        return reached

    def _behind_mention(self, text: str, position: int) -> int:
        """Behind ``name()`` outside any block: where the sentence goes on, the tool was only mentioned."""
        blank = _SPACES.match(text, position)
        after = text[blank.end() : blank.end() + 1] if blank else ""
        if not after and not self._final:
            return self._wait(position)
        held = self._hold.text()
        self._settle(Item([], 0) if after.isalpha() else self._read(held), held)
        return position

    def _read(self, text: str) -> Item:
        bare = self._forced or ("" if self._issuer.calls else self._book.only)
        name = self._hold.name
        if not name or text[:1] != "{":
            return read_item(text, self._book, bare)
        item = read_item(f"{name}\n{text}", self._book, bare)
        item.end = max(item.end - len(name) - 1, 0)
        return item

    def _close_hold(self, status: str) -> bool:
        """The item ends here, whatever it is: a delimiter came, or the reply is over."""
        text = self._hold.text()
        item = self._read(text)
        if status == "maybe" and not (item.whole and item.stated):
            return False
        if not item.stated and self._hold.asked == "opens":
            item.calls, item.end = [InvalidCall("", "the block holds no readable call", text, "unreadable")], len(text)
            item.stated = True
        self._settle(item, text)
        return True

    def _settle(self, item: Item, text: str) -> None:
        self._hold.active = False
        self._state = self._in_text
        self._edge = True
        if not item.stated:
            self._doubt += _ITEM_DOUBT
            self._issuer.settle([], "", repeats=False)
            self._say(self._hold.opener + text)
            self._edge = text.endswith("\n")
            return
        before = len(self._issuer.calls)
        self._issuer.settle(item.calls, self._hold.opener + text[: item.end], repeats=self._since_call > 0)
        if len(self._issuer.calls) > before:
            self._since_call = 0
            self._said = ""
        self.ended = self._issuer.over
        self._state = self._behind_item
        rest = text[item.end :]
        if rest.strip() and self._rereads < _MAX_REREADS:
            self._rereads += 1
            self._again = rest

    def _say(self, text: str) -> None:
        if not text:
            return
        if self._start and not text.isspace():
            self._start = False
        program = self._issuer.calls and _PROGRAM.search(self._said[-2:] + text)
        self._said = (self._said + text[-_LONGEST_NAME:])[-_LONGEST_NAME:]
        if not self._issuer.calls:
            if not self._issuer.keep(text):
                self._issuer.events.append(TextPiece(text))
            return
        self.trailing += text[: max(0, 2 * _TRAILING_LIMIT - len(self.trailing))]
        self._since_call += sum(map(str.isalpha, text))
        if program or self._since_call > _TRAILING_LIMIT:
            self.ended = True  # a reply that goes on and on, or into a program, has left its turn

    def _behind_item(self, text: str, position: int) -> int:
        """Blanks behind a block or its end are nobody's text."""
        if blank := _BLANKS.match(text, position):
            self._issuer.keep(blank.group())
            return blank.end()
        if text[position:] == "\\" and not self._final:
            return self._wait(position)
        self._state = self._in_text
        self._edge = True
        return position

    def _in_thinking(self, text: str, position: int) -> int:
        found = _UNTHINK.search(text, position)
        if found is None:
            last = text.rfind("<", max(position, len(text) - _LONGEST_UNTHINK))
            end = len(text) if last < 0 or self._final else last
        else:
            end = found.start()
        if end > position:
            self._issuer.events.append(ThinkingPiece(text[position:end]))
        if found is not None:
            self._state = self._in_text
            self._edge = True
            return found.end()
        return end if end == len(text) else self._wait(end)

    def _withdraw(self) -> None:
        """A thinking span closed that never opened: what came before was no answer."""
        self._issuer.events.append(Withdrawn())
        self._issuer.withdraw()
        self._since_call = 0
        self.trailing = ""
        self._edge = self._start = True
