"""A folder served over TLS as S3 serves objects, for reads only: what a cold start fetches, without S3's own time."""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

ADDRESS = "127.0.0.1"


class _Get(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, folder: Path, seen: list[str], *connection: Any) -> None:
        self._folder, self._seen = folder, seen
        super().__init__(*connection)

    def do_GET(self) -> None:
        """One object, or 404."""
        key = unquote(urlsplit(self.path).path).lstrip("/")
        self._seen.append(key)
        file = self._folder / key
        found = file.is_file() and file.is_relative_to(self._folder)
        body = file.read_bytes() if found else b""
        self.send_response(200 if found else 404)
        self.send_header("ETag", f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
        """Nothing."""


@contextmanager
def folder_s3(folder: Path, keys: Path) -> Iterator[tuple[dict[str, str], list[str]]]:
    """The variables that lead a function there, and a list that grows by the key of every GET.

    The first level of `folder` is the bucket. `keys` is where the certificate lies, behind the machine's own bundle:
    a function in AWS reads all of that too.
    """
    seen: list[str] = []
    server = ThreadingHTTPServer((ADDRESS, 0), partial(_Get, folder, seen))
    server.daemon_threads = True
    server.socket = with_certificate(keys).wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        url = f"https://{ADDRESS}:{server.server_port}"
        yield {"AWS_ENDPOINT_URL": url, "SSL_CERT_FILE": str(keys / "bundle.pem")}, seen
    finally:
        server.shutdown()
        server.server_close()


def with_certificate(keys: Path) -> ssl.SSLContext:
    """A server's context with a fresh certificate for this address."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, ADDRESS)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(ADDRESS))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (keys / "server.pem").write_bytes(pem + key.private_bytes(serialization.Encoding.PEM, form, plain))
    usual = ssl.get_default_verify_paths().cafile
    (keys / "bundle.pem").write_bytes((Path(usual).read_bytes() if usual else b"") + b"\n" + pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keys / "server.pem")
    return context
