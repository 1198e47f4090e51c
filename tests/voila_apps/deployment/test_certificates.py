"""A school's own certificates: browsers take them for the box, and for nothing else."""

import socket
import ssl
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from engine.errors import Refusal
from voila_apps import doctor
from voila_apps.deployment import certificates as school
from voila_apps.deployment.certificates import Certificates, days_left, load, names_in, server_context
from voila_apps.deployment.doors import doors
from voila_apps.home import DataFolder


@pytest.fixture
def made(tmp_path: Path) -> Certificates:
    """The certificates of a box called lab.school at 10.0.0.5."""
    found = Certificates(tmp_path / "tls")
    found.issue(["lab.school", "10.0.0.5"])
    return found


def shake_hands(certificate: Path, key: Path, authority: Path, name: str) -> None:
    """What a tablet that trusts the authority does when it opens `name`; raises what it complains of."""
    ours, theirs = socket.socketpair()
    waiting = threading.Thread(target=answer, args=(server_context(certificate, key), ours))
    waiting.start()
    try:
        with ssl.create_default_context(cafile=authority).wrap_socket(theirs, server_hostname=name) as opened:
            assert opened.version() in ("TLSv1.2", "TLSv1.3")
    finally:
        theirs.close()
        waiting.join(10)


def answer(context: ssl.SSLContext, side: socket.socket) -> None:
    """The server's side of it."""
    try:
        with context.wrap_socket(side, server_side=True) as opened:
            opened.recv(1)
    except OSError:
        side.close()


@pytest.mark.parametrize("name", ["lab.school", "10.0.0.5", "localhost", "127.0.0.1", "::1"])
def test_it_is_taken_for_every_name_of_the_box(made: Certificates, name: str) -> None:
    shake_hands(made.certificate, made.key, made.authority, name)


def test_it_is_not_taken_for_another_name(made: Certificates) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(made.certificate, made.key, made.authority, "bank.example")


@pytest.mark.parametrize("name", ["bank.example", "10.0.0.6"])
def test_a_stolen_authority_opens_nothing_else(made: Certificates, tmp_path: Path, name: str) -> None:
    """Somebody with the authority's key signs for another site: the name constraints stop it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    authority = load(made.authority)
    signer = serialization.load_pem_private_key(made.authority_key.read_bytes(), None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    forged = school._server([school.general_name(name)], name, key, authority, now).sign(signer, hashes.SHA256())
    (tmp_path / "forged.crt").write_bytes(forged.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "forged.key").write_bytes(school._pem_of_key(key))
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
        shake_hands(tmp_path / "forged.crt", tmp_path / "forged.key", made.authority, name)


def test_as_browsers_want_it(made: Certificates) -> None:
    server, authority = load(made.certificate), load(made.authority)
    assert server.not_valid_after_utc - server.not_valid_before_utc <= timedelta(days=397)
    assert 365 < days_left(server) <= 397 and days_left(authority) > 3600
    for key in (made.key, made.authority_key):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert authority.extensions.get_extension_for_class(x509.NameConstraints).critical
    curve = server.public_key()
    assert isinstance(curve, ec.EllipticCurvePublicKey) and curve.curve.name == "secp256r1"


def test_renewing_keeps_the_authority_that_tablets_know(made: Certificates) -> None:
    before, serial = made.authority.read_bytes(), load(made.certificate).serial_number
    made.issue(["lab.school"])
    assert made.authority.read_bytes() == before
    assert load(made.certificate).serial_number != serial
    assert "10.0.0.5" not in names_in(load(made.certificate))
    shake_hands(made.certificate, made.key, made.authority, "lab.school")


def test_a_new_name_needs_a_new_authority(made: Certificates) -> None:
    with pytest.raises(Refusal, match=r"may not vouch for 10\.0\.0\.9.*--new-ca"):
        made.issue(["lab.school", "10.0.0.9"])
    made.issue(["lab.school", "10.0.0.9"], new_authority=True)
    shake_hands(made.certificate, made.key, made.authority, "10.0.0.9")


@pytest.mark.parametrize("name", ["", "*.school", "lab school", "lab.school:8866", "../ca", "实验室.学校", "256.1.1.1",
                                  "a" * 64 + ".school"])
def test_what_is_no_name_is_refused(made: Certificates, name: str) -> None:
    with pytest.raises(Refusal, match="neither a name nor an address"):
        made.issue([name])


def test_half_an_authority_is_not_replaced_in_silence(made: Certificates) -> None:
    made.authority_key.unlink()
    with pytest.raises(Refusal, match="damaged or not whole"):
        made.issue(["lab.school"])
    assert made.authority.exists()


def test_doors_that_contradict_each_other(made: Certificates, tmp_path: Path) -> None:
    assert doors(made, "127.0.0.1").scheme == "https"
    assert doors(made, "127.0.0.1", tls=False).scheme == "http"
    assert doors(Certificates(tmp_path / "none"), "127.0.0.1").scheme == "http"
    with pytest.raises(Refusal, match="no certificate in"):
        doors(Certificates(tmp_path / "none"), "127.0.0.1", tls=True)
    with pytest.raises(Refusal, match="belong together"):
        doors(made, "127.0.0.1", own=(made.certificate, None))
    with pytest.raises(Refusal, match="cannot be used together"):
        doors(made, "127.0.0.1", own=(made.certificate, made.authority_key))
    with pytest.raises(Refusal, match="second door beside TLS"):
        doors(made, "127.0.0.1", tls=False, http_port=0)


def test_a_certificate_that_ends_or_does_not_fit_is_told(made: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    found = doors(made, "127.0.0.1")
    assert not found.worries("127.0.0.1")
    assert "does not name 10.9.9.9" in str(found.worries("10.9.9.9")[0])
    monkeypatch.setattr("voila_apps.deployment.doors.RENEW_DAYS", 400)
    assert "more days. Renew it" in str(found.worries("127.0.0.1")[0])


def test_the_doctor_looks_at_it(made: Certificates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = DataFolder(tmp_path, tmp_path / "scenarios")
    found = doctor.certificate(folder)
    assert found.ok and found.advice is None and "lab.school" in found.found
    monkeypatch.setattr(school, "days_left", lambda _: 12)
    found = doctor.certificate(folder)
    assert found.ok and "good for 12 more days" in str(found.advice)
    monkeypatch.setattr(school, "days_left", lambda _: -3)
    assert not doctor.certificate(folder).ok
