"""Devices that are only keys: they sign as a device does (docs/asyncapi.yaml), and run nothing."""

import base64
import datetime
import hashlib
import json
import struct

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .desk import shard

NAMESPACE = b"flotilla-report"
_RAW = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def _block(data):
    return struct.pack(">I", len(data)) + data


def canonical(value):
    """RFC 8785, for the texts and whole numbers that a message has."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sshsig(key, public, data):
    """An armored SSHSIG over some bytes."""
    head = _block(NAMESPACE) + _block(b"") + _block(b"sha512")
    signature = key.sign(b"SSHSIG" + head + _block(hashlib.sha512(data).digest()))
    blob = (
        b"SSHSIG" + struct.pack(">I", 1) + _block(_block(b"ssh-ed25519") + _block(public)) + head
        + _block(_block(b"ssh-ed25519") + _block(signature)))
    text = base64.b64encode(blob).decode()
    lines = "\n".join(text[at:at + 70] for at in range(0, len(text), 70))
    return f"-----BEGIN SSH SIGNATURE-----\n{lines}\n-----END SSH SIGNATURE-----\n"


class Signer:
    """One device's key and certificate, and where it is with its events."""

    def __init__(self, ident, fleet, authority):
        self.ident = ident
        self.fleet = fleet
        self.topic = f"flotilla/{fleet}/{shard(ident)}/devices/{ident}/events"
        self._key = Ed25519PrivateKey.generate()
        self._public = self._key.public_key().public_bytes(*_RAW)
        certificate = authority.vouch(ident, self._key.public_key())
        self._certificate = base64.b64encode(certificate).decode()
        self._sequence = 0

    def events(self, count, at):
        """The next batch of events: none was ever said before, so none is a duplicate."""
        numbers = range(self._sequence + 1, self._sequence + count + 1)
        self._sequence += count
        payload = canonical({
            "version": 1, "kind": "events", "fleet": self.fleet, "channel": "main",
            "audience": "*", "device": self.ident, "epoch": 1000, "compacted": {},
            "compactedUpto": 0,
            "events": [
                {"sequence": number, "kind": "drift", "generation": 1, "at": at,
                 "detail": "/etc/sysctl.d/60-fleet.conf: other content"} for number in numbers],
        })
        return canonical({
            "version": 1, "payload": payload, "certificate": self._certificate,
            "signature": sshsig(self._key, self._public, payload.encode()),
        }).encode()


class QuickAuthority:
    """Issues devices' certificates with the key of `flotilla ca`, and as it does: thousands of
    program starts would take minutes."""

    def __init__(self, folder, fleet):
        with open(f"{folder}/ca.key", "rb") as file:
            self._key = serialization.load_pem_private_key(file.read(), None)
        with open(f"{folder}/ca.pem", "rb") as file:
            self._issuer = x509.load_pem_x509_certificate(file.read())
        self._fleet = fleet

    def vouch(self, ident, public):
        now = datetime.datetime.utcnow()
        day = datetime.timedelta(days=1)
        name = x509.Name([
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, self._fleet),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "device"),
            x509.NameAttribute(NameOID.COMMON_NAME, ident)])
        usage = dict.fromkeys([
            "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
            "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"], False)
        builder = (
            x509.CertificateBuilder().subject_name(name).issuer_name(self._issuer.subject)
            .public_key(public).serial_number(x509.random_serial_number())
            .not_valid_before(now - day).not_valid_after(now + 800 * day)
            .add_extension(x509.BasicConstraints(False, None), True)
            .add_extension(x509.KeyUsage(digital_signature=True, **usage), True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(
                self._key.public_key()), False))
        return builder.sign(self._key, None).public_bytes(serialization.Encoding.DER)
