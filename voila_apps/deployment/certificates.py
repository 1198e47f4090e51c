"""A school's own certificates: an authority that tablets are taught once, and the server's, renewed every year.

The authority may vouch for the names and addresses of this box and for nothing else (X.509 name constraints,
RFC 5280 §4.2.1.10): a stolen key of it opens no other site. Keys are ECDSA on P-256. The server's certificate
lives 397 days, the longest that browsers take.
"""

import ipaddress
import os
import re
import secrets
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from engine.errors import Refusal

AUTHORITY_DAYS = 3652
SERVER_DAYS = 397
RENEW_DAYS = 30  # before its end, people are told
EARLY = timedelta(days=1)  # valid from yesterday on: clocks of tablets differ
OLDEST_CLOCK = datetime(2026, 1, 1, tzinfo=UTC)  # a box without a battery wakes up long before that
HERE = ("localhost", "127.0.0.1", "::1")
LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
HOST = re.compile(rf"(?=.{{1,253}}$){LABEL}(?:\.{LABEL})*")
Key = ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Certificates:
    """The folder `tls` of a data folder."""

    folder: Path

    @property
    def authority(self) -> Path:
        """The authority's certificate, which tablets install."""
        return self.folder / "ca.crt"

    @property
    def authority_key(self) -> Path:
        """The authority's key."""
        return self.folder / "ca.key"

    @property
    def certificate(self) -> Path:
        """The server's certificate."""
        return self.folder / "server.crt"

    @property
    def key(self) -> Path:
        """The server's key."""
        return self.folder / "server.key"

    @property
    def there(self) -> bool:
        """Whether a server can use them."""
        return self.certificate.is_file() and self.key.is_file()

    def issue(self, given: list[str], *, new_authority: bool = False) -> x509.Certificate:
        """Make the server's certificate for these names, and the authority first if there is none."""
        now = datetime.now(UTC)
        if now < OLDEST_CLOCK:
            raise Refusal("The clock of this computer says {date}. Set it first: certificates have dates.",
                          date=now.date())
        names = [general_name(one) for one in dict.fromkeys([*given, *HERE])]
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if new_authority or not (self.authority.exists() or self.authority_key.exists()):
            self._make_authority(names, given[0], now)
        authority, authority_key = self._open_authority(names, now)
        key = ec.generate_private_key(ec.SECP256R1())
        made = _server(names, given[0], key, authority, now).sign(authority_key, hashes.SHA256())
        _write(self.key, _pem_of_key(key), 0o600)
        _write(self.certificate, made.public_bytes(serialization.Encoding.PEM), 0o644)
        return made

    def _make_authority(self, names: list[x509.GeneralName], first: str, now: datetime) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        made = _authority(names, first, key, now).sign(key, hashes.SHA256())
        _write(self.authority_key, _pem_of_key(key), 0o600)
        _write(self.authority, made.public_bytes(serialization.Encoding.PEM), 0o644)

    def _open_authority(self, names: list[x509.GeneralName], now: datetime) -> tuple[x509.Certificate, Key]:
        """The authority, if it still may vouch for all of these names."""
        try:
            made = x509.load_pem_x509_certificate(self.authority.read_bytes())
            key = serialization.load_pem_private_key(self.authority_key.read_bytes(), None)
        except (OSError, ValueError, TypeError) as problem:
            raise Refusal(
                "The school's authority in {folder} is damaged or not whole. Restore the folder from a copy, "
                "or make a new one with --new-ca; every tablet then needs the new certificate.",
                folder=self.folder,
            ) from problem
        allowed = made.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
        strange = [one for one in names if _constraint(one) not in allowed]
        if strange or made.not_valid_after_utc < now + timedelta(days=SERVER_DAYS) or not isinstance(key, Key):
            raise Refusal(
                "The school's authority may not vouch for {names}. Make a new one with --new-ca; every tablet then "
                "needs the new certificate.",
                names=", ".join(str(one.value) for one in strange) or made.not_valid_after_utc.date(),
            )
        return made, key


def general_name(text: str) -> x509.GeneralName:
    """A host's name or address as certificates write it."""
    try:
        return x509.IPAddress(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        name = text.strip().rstrip(".").lower()
        if not HOST.fullmatch(name) or name.replace(".", "").isdecimal():
            raise Refusal(
                "{name!r} is neither a name nor an address of a server. Write it like lab.school or 192.168.1.10.",
                name=text,
            ) from None
        return x509.DNSName(name)


def names_in(certificate: x509.Certificate) -> list[str]:
    """Every name and address that a server's certificate is good for."""
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(one.value) for one in found]


def load(path: Path) -> x509.Certificate:
    """A certificate from a file; a Refusal when there is none in it."""
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as problem:
        raise Refusal("There is no certificate in {file}. Make one with `wanxiang tls`.", file=path) from problem


def days_left(certificate: x509.Certificate) -> int:
    """Whole days until it is no longer taken; negative afterwards."""
    return (certificate.not_valid_after_utc - datetime.now(UTC)).days


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 as people compare it: pairs of digits."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """What a server needs to speak TLS; a Refusal when the two files do not belong together."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ValueError) as problem:  # ssl.SSLError is an OSError
        raise Refusal(
            "The certificate {certificate} and the key {key} cannot be used together ({problem}). "
            "Make both anew with `wanxiang tls`.",
            certificate=certificate, key=key, problem=getattr(problem, "reason", None) or type(problem).__name__,
        ) from problem
    return context


def _authority(names: list[x509.GeneralName], first: str, key: Key, now: datetime) -> x509.CertificateBuilder:
    who = _called(f"Wanxiang {first[:40]} {secrets.token_hex(2)}")
    usage = x509.KeyUsage(**dict.fromkeys(("digital_signature", "content_commitment", "key_encipherment",
                                          "data_encipherment", "key_agreement", "encipher_only", "decipher_only"),
                                         False), key_cert_sign=True, crl_sign=True)
    return (
        _dated(now, AUTHORITY_DAYS).subject_name(who).issuer_name(who).public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.NameConstraints([_constraint(one) for one in names], None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _server(names: list[x509.GeneralName], first: str, key: Key, authority: x509.Certificate,
            now: datetime) -> x509.CertificateBuilder:
    signer = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return (
        _dated(now, SERVER_DAYS).subject_name(_called(first[:64])).issuer_name(authority.subject)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(signer), critical=False)
    )


def _dated(now: datetime, days: int) -> x509.CertificateBuilder:
    start = now - EARLY
    return (x509.CertificateBuilder().serial_number(x509.random_serial_number())
            .not_valid_before(start).not_valid_after(start + timedelta(days=days)))


def _called(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _constraint(name: x509.GeneralName) -> x509.GeneralName:
    """A subtree that holds this name and, for addresses, nothing else."""
    return x509.IPAddress(ipaddress.ip_network(name.value)) if isinstance(name, x509.IPAddress) else name


def _pem_of_key(key: Key) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def _write(path: Path, content: bytes, mode: int) -> None:
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "wb") as file:
        file.write(content)
        os.fsync(file.fileno())
    partial.replace(path)
