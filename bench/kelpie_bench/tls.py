"""Certificates for both sides of TLS, and where clients look for theirs."""

import dataclasses
import pathlib

from .tools import run

NAMES = {"server": "DNS:localhost,IP:127.0.0.1", "client": "DNS:client.example"}


@dataclasses.dataclass(frozen=True)
class Certificates:
    """An authority, a server's certificate and a client's, under the names that QEMU and libnbd use."""

    server: pathlib.Path
    home: pathlib.Path  # of clients: fio cannot be told another place than $HOME/.pki/libnbd

    @property
    def client(self):
        return self.home / ".pki/libnbd"


def certificates(directory):
    """Those in this directory; made where there are none yet."""
    own = Certificates(directory / "tls/server", directory / "tls/home")
    if not own.client.exists():
        _make(directory / "tls/authority", {"server": own.server, "client": own.client})
    return own


def _make(authority, sides):
    authority.mkdir(parents=True)
    signer, key = authority / "ca-cert.pem", authority / "ca-key.pem"
    _openssl("-x509", "-keyout", key, "-out", signer, "-subj", "/CN=the bench")
    for side, into in sides.items():
        into.mkdir(parents=True)
        (into / "ca-cert.pem").write_bytes(signer.read_bytes())
        _openssl(
            "-x509", "-CA", signer, "-CAkey", key,
            "-keyout", into / f"{side}-key.pem", "-out", into / f"{side}-cert.pem",
            "-subj", f"/CN=the {side}", "-addext", "basicConstraints=CA:FALSE",
            "-addext", f"extendedKeyUsage={side}Auth", "-addext", f"subjectAltName={NAMES[side]}")


def _openssl(*words):
    run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-days", "30", *words)
