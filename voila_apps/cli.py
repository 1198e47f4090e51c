"""`wanxiang`: the laboratory from the command line.

Every command that prints data takes `--json`. Whatever cannot be done is said in one line and
ends with exit code 2.
"""

import typer

from voila_apps.commands import backups, doctor, erasing, ledger, records, scenarios, serve, solve, tls, update
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


for module in (serve, scenarios, solve, ledger, records, backups, erasing, doctor, tls, update):
    module.register(app)

if __name__ == "__main__":
    app()
