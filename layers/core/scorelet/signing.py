"""Signatures of model packages: ECDSA on P-256 with SHA-256, over the exact bytes of manifest.json.

`cryptography` is imported only where a key is in use, since loading it costs a cold start about 20 ms.
"""

from __future__ import annotations

from scorelet.errors import ContractError, PackageRefused


def new_key_pair() -> tuple[bytes, bytes]:
    """A new private and public key, both PEM. Keep the first secret; deploy the second."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private, public


def sign(private_key: bytes, content: bytes) -> bytes:
    """The DER signature of `content`; raises ContractError for a key that is not P-256 in PEM."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        key = serialization.load_pem_private_key(private_key, password=None)
    except (ValueError, TypeError) as error:
        raise ContractError("the signing key is not an unencrypted PEM private key") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise ContractError("the signing key is not an ECDSA key on P-256")
    return key.sign(content, ec.ECDSA(hashes.SHA256()))


def verify(public_key: bytes, content: bytes, signature: bytes) -> None:
    """Return quietly when the signature is right; raises PackageRefused otherwise."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        key = serialization.load_pem_public_key(public_key)
    except ValueError as error:
        raise PackageRefused("the public key is not PEM", remedy="Correct the parameter ModelPublicKey.") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise PackageRefused("the public key is not ECDSA on P-256", remedy="Correct the parameter ModelPublicKey.")
    try:
        key.verify(signature, content, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise PackageRefused("the signature of manifest.json does not match the public key") from error
