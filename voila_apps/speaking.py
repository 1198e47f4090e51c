"""How the command line speaks: results on standard output, errors in one line, in the user's language."""

import json
import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from engine.errors import Refusal, nearest
from voila_apps.home import language

# The parser's own exceptions, wherever this version of Typer keeps them.
ClickException: type[Exception] = typer.BadParameter.__mro__[2]
REFUSED = 2
FAILED = 1


class SpeakingGroup(TyperGroup):
    """A group of commands in which whatever goes wrong is one line: what, where, what to do."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Run a command; exit 2 for what was refused, 1 for what failed on our side."""
        options["standalone_mode"] = False
        try:
            code = super().main(*arguments, **options)
        except ClickException as problem:
            code = self._answer(problem)
        except Refusal as refusal:
            code = complain(refusal)
        except (typer.Abort, KeyboardInterrupt):
            code = FAILED
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read the output has gone
            code = 0
        except Exception as problem:
            code = _unexpected(problem)
        sys.exit(code if isinstance(code, int) else 0)

    def _answer(self, problem: Any) -> int:
        if type(problem).__name__ == "NoArgsIsHelpError":
            problem.show()
            return 0
        return complain(_misunderstood(problem, self))


def complain(refusal: Refusal) -> int:
    """Say what was refused, in one line."""
    print(" ".join(in_words(refusal).split()), file=sys.stderr)
    return REFUSED


def in_words(message: Any, **fields: Any) -> str:
    """A message in the user's language; in English when even the words cannot be loaded."""
    try:
        from labs.bench.words import say
    except Exception:
        return str(message) if isinstance(message, Refusal) else str(message).format(**fields)
    return say(message, language(), **fields)


def print_json(data: Any) -> None:
    """Data for other programs, on standard output."""
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def ensure(condition: bool, template: str, **fields: Any) -> None:
    """Refuse unless the condition holds."""
    if not condition:
        raise Refusal(template, **fields)


def _(msgid: str) -> str:
    """Marks a sentence for the catalogue of words where it stands."""
    return msgid


def _misunderstood(problem: Any, group: TyperGroup) -> Refusal:
    """What the parser could not understand, as a Refusal of ours."""
    kind, context, parameter = type(problem).__name__, getattr(problem, "ctx", None), getattr(problem, "param", None)
    command = context.command_path if context else "wanxiang"
    if kind == "NoSuchOption":
        options = [name for one in context.command.params for name in one.opts] if context else []
        return Refusal(
            "`{command}` has no option {name}. Did you mean: {nearest}?",
            command=command,
            name=problem.option_name,
            nearest=nearest(problem.option_name, options),
        )
    if kind == "MissingParameter" and parameter is not None:
        name = parameter.opts[0]
        return Refusal(
            "`{command}` needs {name}. `{command} --help` tells more.",
            command=command,
            name=name if name.startswith("-") else str(parameter.metavar or parameter.name).upper(),
        )
    if kind == "BadParameter" and parameter is not None:
        return Refusal(
            "`{command}` cannot use what was given for {name}: {problem}",
            command=command,
            name=parameter.opts[0],
            problem=problem.message,
        )
    quoted = problem.format_message().split("'")
    if kind == "UsageError" and context and context.command is group and len(quoted) > 1:
        return Refusal(
            "There is no command {name!r}. Did you mean: {nearest}?",
            name=quoted[1],
            nearest=nearest(quoted[1], group.commands),
        )
    return Refusal(
        "`{command}`: {problem} `{command} --help` tells more.", command=command, problem=problem.format_message()
    )


def _unexpected(problem: Exception) -> int:
    """A fault of ours: still one line, with the trace only for those who ask for it."""
    if os.environ.get("WANXIANG_DEBUG"):
        raise problem
    line = (str(problem).splitlines() or [""])[0]
    print(
        in_words(
            _("Wanxiang failed: {problem}. Set WANXIANG_DEBUG=1 and run it again to see where."),
            problem=f"{type(problem).__name__}: {line}",
        ),
        file=sys.stderr,
    )
    return FAILED


Json = typer.Option("--json", help="Print data for other programs.")
