"""`wanxiang`: the laboratory from the command line.

Every command that prints data takes `--json`. Whatever cannot be done is said in one line and
ends with exit code 2.
"""

import importlib
import pkgutil

import typer

from voila_apps import commands
from voila_apps.speaking import SpeakingGroup

app = typer.Typer(
    cls=SpeakingGroup,
    name="wanxiang",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def wanxiang() -> None:
    """Wanxiang (万象实验室): a virtual laboratory in a browser."""


for file in pkgutil.iter_modules(commands.__path__, "voila_apps.commands."):
    importlib.import_module(file.name).register(app)

if __name__ == "__main__":
    app()
