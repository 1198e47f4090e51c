"""`wanxiang tls`: certificates for a school's network."""

from typing import Annotated, Any

import typer

from voila_apps.commands.scenarios import Data
from voila_apps.home import data_folder
from voila_apps.listening import own_addresses
from voila_apps.speaking import Json, _, ensure, in_words, print_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(tls)


def tls(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME [ADDRESS…]", help="How tablets call this box.")
    ] = None,
    new_ca: Annotated[bool, typer.Option("--new-ca", help="A new authority; every tablet then needs it.")] = False,
    data: Data = None,
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Make or renew this server's certificate, and at first the school's own authority that tablets trust."""
    from voila_apps.deployment.certificates import Certificates, fingerprint, load, names_in

    given = names or own_addresses()
    ensure(bool(given), _("This computer has no address in a network. Name the one that tablets will open."))
    folder = data_folder(data)
    folder.prepare()
    kept = Certificates(folder.tls)
    made = kept.issue(given, new_authority=new_ca)
    authority = load(kept.authority)
    told: dict[str, Any] = {
        "names": names_in(made),
        "valid_until": made.not_valid_after_utc.date().isoformat(),
        "authority": str(kept.authority),
        "authority_valid_until": authority.not_valid_after_utc.date().isoformat(),
        "fingerprint": fingerprint(authority),
    }
    print_json(told) if as_json else _print(told)


def _print(told: dict[str, Any]) -> None:
    print(in_words(_("The certificate is good for {names}, until {date}."), names=", ".join(told["names"]),
                   date=told["valid_until"]))
    print(in_words(_("Tablets install {file}, which they find at /ca.crt; how, is told at /tablet. Its fingerprint:"),
                   file=told["authority"]))
    print(told["fingerprint"])
    print(in_words(_("`wanxiang serve` uses it from the next start on. Before that date, run this command again.")))
