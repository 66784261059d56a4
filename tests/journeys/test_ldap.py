"""A directory of invented people, served by OpenLDAP over TLS, as a user imports it; skipped without slapd."""

from __future__ import annotations

import datetime as dt
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.journeys.conftest import Tocsin, tocsin

__all__ = ["tocsin"]

SLAPD = shutil.which("slapd", path="/usr/sbin:/usr/lib/openldap:/usr/bin:/usr/libexec")
SCHEMAS = Path("/etc/ldap/schema")
pytestmark = pytest.mark.skipif(SLAPD is None or not SCHEMAS.is_dir(), reason="needs slapd, with its schemas")
BASE, ADMIN = "dc=tribunal,dc=example", "cn=admin,dc=tribunal,dc=example"
PEOPLE = 1_200  # more than a page, and more than slapd gives at once to who has no name
CONFIGURATION = """\
include {schemas}/core.schema
include {schemas}/cosine.schema
include {schemas}/nis.schema
include {schemas}/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/slapd.pid
TLSCertificateFile {folder}/cert.pem
TLSCertificateKeyFile {folder}/key.pem
database mdb
suffix "{base}"
rootdn "{admin}"
rootpw tulip
directory {folder}/db
"""


def certificate(folder: Path) -> None:
    """One for `localhost`, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def entries() -> Iterator[str]:
    yield f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: Tribunal\ndc: tribunal\n"
    for number in range(PEOPLE):
        yield (
            f"dn: uid=person-{number:04},{BASE}\nobjectClass: inetOrgPerson\ncn: Person Número {number}\nsn: Number\n"
            f"uid: person-{number:04}\nmail: person-{number:04}@tribunal.example\nou: Registry\nuserPassword: tulip\n"
        )
    members = "".join(f"member: uid=person-{number:04},{BASE}\n" for number in range(0, PEOPLE, 100))
    yield f"dn: cn=clerks,{BASE}\nobjectClass: groupOfNames\ncn: clerks\n{members}"


def free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int, int]]:
    """A folder with the server's certificate and an export of it, and its ports for LDAP and LDAPS."""
    folder = tmp_path_factory.mktemp("slapd")
    (folder / "db").mkdir()
    certificate(folder)
    (folder / "slapd.conf").write_text(
        CONFIGURATION.format(schemas=SCHEMAS, folder=folder, base=BASE, admin=ADMIN), encoding="utf-8"
    )
    (folder / "all.ldif").write_text("\n".join(entries()), encoding="utf-8")
    configured = ("-f", str(folder / "slapd.conf"))
    subprocess.run([str(SLAPD), "-T", "add", *configured, "-q", "-l", str(folder / "all.ldif")], check=True)
    subprocess.run([str(SLAPD), "-T", "cat", *configured, "-l", str(folder / "export.ldif")], check=True)
    plain, tls = free_ports()
    addresses = f"ldap://127.0.0.1:{plain} ldaps://127.0.0.1:{tls}"
    with subprocess.Popen([str(SLAPD), *configured, "-h", addresses, "-d", "0"]) as running:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", tls)) == 0:
                    break
            time.sleep(0.05)
        yield folder, plain, tls
        running.terminate()


def files_of(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text(encoding="utf-8") for file in sorted(folder.iterdir())}


def test_it_is_the_estate_that_an_export_gives(tmp_path: Path, tocsin: Tocsin, server: tuple[Path, int, int]) -> None:
    folder, plain, tls = server
    (tmp_path / "password").write_text("tulip\n")
    signed_in = ("--ldap-ca", folder / "cert.pem", "--ldap-bind", ADMIN, "--ldap-password-file", tmp_path / "password")
    for name, url in (("tls", f"ldaps://localhost:{tls}/{BASE}"), ("started", f"ldap://localhost:{plain}")):
        done = tocsin("estate", "import", "--ldap", url, *signed_in, "-o", tmp_path / name, "--yes")
        assert done.code == 0, done.err
        assert f": LDAP: {PEOPLE + 1:,} rows = {PEOPLE + 1:,} taken + 0 not understood" in done.out
        assert "tulip" not in done.out + done.err
    # The organisation itself is an entry of the export, and apart.
    assert tocsin("estate", "import", folder / "export.ldif", "-o", tmp_path / "file", "--yes").code == 0
    assert files_of(tmp_path / "tls") == files_of(tmp_path / "started") == files_of(tmp_path / "file")
    assert not any("tulip" in text for text in files_of(tmp_path / "tls").values())


def test_what_the_server_does_not_give_is_told(tmp_path: Path, tocsin: Tocsin, server: tuple[Path, int, int]) -> None:
    folder, _, tls = server
    asked = ("estate", "import", "--ldap", f"ldaps://localhost:{tls}", "--ldap-ca", folder / "cert.pem")
    done = tocsin(*asked, "-o", tmp_path / "nobody", "--yes")
    assert done.code == 3
    assert "the server stopped after 500 entries, at its size limit" in done.out
    few = tocsin(*asked, "--ldap-filter", "(uid=person-000*)", "-o", tmp_path / "few", "--yes")
    assert few.code == 0, few.err
    assert ": LDAP: 10 rows = 10 taken" in few.out


@pytest.mark.parametrize(
    ("options", "code", "why"),
    [
        (("--ldap", "ldaps://127.0.0.1:{tls}"), 2, "CERTIFICATE_VERIFY_FAILED"),
        (("--ldap", "ldaps://localhost:{tls}/dc=elsewhere"), 2, "has nothing under 'dc=elsewhere'"),
        (("--ldap", "ldaps://localhost:{tls}", "--ldap-filter", "(("), 2, "is no filter"),
        (
            ("--ldap", "ldaps://localhost:{tls}", "--ldap-bind", ADMIN, "--ldap-password-file", "wrong"),
            2,
            "does not let",
        ),
        (("--ldap-bind", ADMIN, "users.csv"), 2, "which directory?"),
        ((), 2, "import what?"),
    ],
)
def test_what_cannot_be_asked_says_what_to_do(
    tmp_path: Path,
    tocsin: Tocsin,
    monkeypatch: pytest.MonkeyPatch,
    server: tuple[Path, int, int],
    options: tuple[str, ...],
    code: int,
    why: str,
) -> None:
    folder, _, tls = server
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wrong").write_text("rose\n")
    trusted = ("--ldap-ca", folder / "cert.pem") if "--ldap" in options else ()
    done = tocsin(
        "estate", "import", *(one.format(tls=tls) for one in options), *trusted, "-o", tmp_path / "o", "--yes"
    )
    assert done.code == code
    assert why in done.err
    assert "hint: " in done.err
    assert not (tmp_path / "o").exists()


def test_a_certificate_nobody_vouches_for_is_refused(
    tmp_path: Path, tocsin: Tocsin, server: tuple[Path, int, int]
) -> None:
    done = tocsin("estate", "import", "--ldap", f"ldaps://localhost:{server[2]}", "-o", tmp_path / "o", "--yes")
    assert done.code != 0
    assert "--ldap-ca FILE" in done.err
