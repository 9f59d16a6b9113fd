"""The commands of a chat: what begins with a slash."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from freeproviders.commands import asking, explained
from freeproviders.commands.chatting import saving
from freeproviders.commands.chatting.chat import Chat
from freeproviders.errors import InvalidSetting, ProviderError
from freeproviders.settings import nearest

__all__ = ["completions", "obey"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command of a chat.

    Attributes:
        usage: What stands behind its name.
        help: What it does.
        run: Does it; given what stands behind its name. None ends the chat.
    """

    usage: str
    help: str
    run: Callable[[Chat, str], None] | None


def obey(chat: Chat, line: str) -> bool:
    """Does what a line says; False where it ends the chat."""
    name, _, rest = line.strip().partition(" ")
    command = COMMANDS.get(name)
    if command is None:
        hint = nearest(name, COMMANDS).partition(" Known")[0]
        chat.fail(f"unknown command {name}.{hint} /help lists them; // begins a text with a slash")
        return True
    if command.run is None:
        return False
    try:
        command.run(chat, rest.strip())
    except ProviderError as error:
        chat.fail(explained(error))
    except KeyboardInterrupt:
        chat.fail("stopped")
    return True


def completions(line: str) -> list[str]:
    """What TAB may give for the last word of a line."""
    if not line.startswith("/"):
        return []
    if " " not in line:
        return [f"{name} " for name in COMMANDS]
    if line.startswith("/switch "):
        from freeproviders.commands.parsing import service_words

        return service_words(line.rpartition(" ")[2])
    return []


def _switch(chat: Chat, rest: str) -> None:
    chat.switch(rest.split())
    told = "It is told all that was said so far." if chat.conversation.said else ""
    unseen = "It sees no images: those shown before are left out." if chat.conversation.hides(chat.services) else ""
    chat.screen.told(" ".join(filter(None, (f"Now asked: {chat.services.label}.", told, unseen))))


def _system(chat: Chat, rest: str) -> None:
    if not rest:
        chat.screen.told(
            chat.conversation.system or "There is no system text. /system TEXT sets it, /system - removes it."
        )
        return
    chat.conversation.system = "" if rest == "-" else rest
    chat.conversation.forget_thread()
    chat.screen.told("It holds from the next question on." if chat.conversation.system else "It is removed.")


def _retry(chat: Chat, rest: str) -> None:
    if not (chat.conversation.unanswered or chat.conversation.said):
        raise InvalidSetting("there is no question to ask again")
    if rest:
        chat.switch(rest.split())  # before the answer is forgotten: the name may be wrong
    if question := chat.conversation.again():
        chat.put(question)


def _image(chat: Chat, rest: str) -> None:
    from freeproviders.commands.drawing import draw, drawing_services

    file = None
    if rest.startswith("-o "):
        file, _, rest = rest.removeprefix("-o ").strip().partition(" ")
    if not rest.strip():
        raise InvalidSetting("there is nothing to draw: /image a red cube, or /image -o cube.png a red cube")
    services = drawing_services([], timeout=chat.timeout)
    with chat.screen.answering(services.label) as shown:
        del shown
        drawn = draw(services, rest.strip(), file)
    chat.screen.result(drawn.place)
    chat.screen.footer(drawn.by)


def _attach(chat: Chat, rest: str) -> None:
    if not rest:
        raise InvalidSetting("which image? /attach picture.png")
    asking.check_sight(chat.services)
    chat.images = (*chat.images, asking.image_from(rest))
    chat.screen.told(f"{rest} is shown with the next question.")


def _save(chat: Chat, rest: str) -> None:
    overwrite = rest.startswith("--overwrite")
    file = rest.removeprefix("--overwrite").strip() or chat.file
    if not file:
        raise InvalidSetting("where to? /save FILE")
    path = saving.save(chat.conversation, chat.services.names, file, overwrite=overwrite or file == chat.file)
    chat.file = file
    thread = " with the service's thread, which is the key to the conversation there" * bool(chat.conversation.thread)
    chat.screen.told(f"Saved to {path}{thread}.")


def _help(chat: Chat, rest: str) -> None:
    del rest
    lines = [(f"{name} {command.usage}".strip(), command.help) for name, command in COMMANDS.items()]
    width = max(len(usage) for usage, _ in lines)
    told = [f"{usage:{width}}  {words}" for usage, words in lines]
    chat.screen.told(
        "\n".join([*told, "", 'Ctrl-C stops an answer, Ctrl-D leaves. """ begins and ends several lines.'])
    )


COMMANDS: Mapping[str, Command] = {
    "/switch": Command(usage="NAME ...", help="go on with another service, or with several", run=_switch),
    "/retry": Command(usage="[NAME ...]", help="ask the last question again, perhaps elsewhere", run=_retry),
    "/system": Command(usage="[TEXT | -]", help="what the model is told first", run=_system),
    "/image": Command(usage="[-o FILE] WORDS", help="have an image drawn", run=_image),
    "/attach": Command(usage="FILE", help="show an image with the next question", run=_attach),
    "/save": Command(usage="[--overwrite] [FILE]", help="save the conversation", run=_save),
    "/help": Command(usage="", help="this list", run=_help),
    "/quit": Command(usage="", help="leave, as Ctrl-D does", run=None),
}
