"""Packages that were changed on the way are never served: mutated, cut off, swapped, mixed or rolled back."""

import json
import random

import pytest
from scorelet.errors import ScoreletError
from scorelet.manifest import MANIFEST_FILE, MODEL_FILE, SIGNATURE_FILE
from scorelet.package import load_package
from scorelet.registry import Registry
from scorelet.serving import Models
from scorelet.signing import new_key_pair, sign

from tests.fakes.api import WHO
from tests.fakes.package import tiny_package
from tests.fakes.store import MemoryStore
from tests.laws import full_or

PRIVATE, PUBLIC = new_key_pair()


def signed(task="multiclass", name="tiny", version=1):
    files = dict(tiny_package(task, name, version)[0])
    return {**files, SIGNATURE_FILE: sign(PRIVATE, files[MANIFEST_FILE])}


GOOD = signed()
OTHERS = [signed(version=2), signed("binary"), signed("regression"), signed(name="other")]


def mutated(body, chance):
    """A few bytes changed, cut off, doubled, removed or moved."""
    kind, start = chance.choice(["flip", "set", "cut", "double", "remove", "swap"]), chance.randrange(len(body))
    end = min(len(body), start + chance.choice([1, 4, 64]))
    changed = bytearray(body)
    if kind == "flip":
        changed[start] ^= 1 << chance.randrange(8)
    elif kind == "set":
        changed[start:end] = chance.randbytes(end - start)
    elif kind == "cut":
        del changed[start:]
    elif kind == "double":
        changed[end:end] = changed[start:end]
    elif kind == "remove":
        del changed[start:end]
    else:
        changed[start:end] = changed[start:end][::-1]
    return bytes(changed)


def mutant(chance):
    """The files of a package of which at least one is not what was published."""
    name = chance.choice([MANIFEST_FILE, MODEL_FILE, SIGNATURE_FILE])
    if chance.random() < 0.2:
        return {**GOOD, name: chance.choice(OTHERS)[name]}
    if chance.random() < 0.1:
        return {other: body for other, body in GOOD.items() if other != name}
    return {**GOOD, name: mutated(GOOD[name], chance)}


def serve(files, *, digest, public_key):
    """What a registry with these files would load for its alias."""
    store = MemoryStore()
    for name, body in files.items():
        store.put("models", f"models/tiny/1/{name}", body)
    alias = {"version": 1, "digest": digest, **WHO, "history": []}
    store.put("models", "models/tiny/aliases/live.json", json.dumps(alias).encode())
    return Models(store, "models", public_key=public_key).current("tiny", 0)


DIGEST = load_package(GOOD.__getitem__, expected_digest=None, public_key=PUBLIC).digest


@pytest.mark.law
@pytest.mark.parametrize("public_key", [PUBLIC, None], ids=["signed", "digests only"])
def test_no_package_that_was_changed_is_served(law, public_key):
    chance = law.chance()
    assert serve(GOOD, digest=DIGEST, public_key=public_key).digest == DIGEST
    while law.tried < full_or(5000, 250):
        files = mutant(chance)
        checked = {name: body for name, body in files.items() if public_key or name != SIGNATURE_FILE}
        if checked == {name: body for name, body in GOOD.items() if public_key or name != SIGNATURE_FILE}:
            continue  # a change that changes nothing, such as turning a text of one letter round
        with pytest.raises(ScoreletError):
            serve(files, digest=DIGEST, public_key=public_key)
        law.tried += 1


def test_an_old_package_signed_by_the_right_key_is_not_served_in_the_place_of_a_new_one():
    new = OTHERS[0]
    digest = load_package(new.__getitem__, expected_digest=None, public_key=PUBLIC).digest
    with pytest.raises(ScoreletError, match="the registry names"):
        serve(GOOD, digest=digest, public_key=PUBLIC)


def test_a_changed_package_under_a_new_digest_is_not_served_without_the_key():
    """Whoever can write the bucket can write the alias too; the signature is what stops them."""
    manifest = json.loads(GOOD[MANIFEST_FILE])
    manifest["created"] = "2030-01-01T00:00:00Z"
    body = json.dumps(manifest).encode()
    forged = {**GOOD, MANIFEST_FILE: body}
    from_bucket = load_package(forged.__getitem__, expected_digest=None, public_key=None).digest
    with pytest.raises(ScoreletError, match="does not match the public key"):
        serve(forged, digest=from_bucket, public_key=PUBLIC)


def test_a_good_version_goes_on_answering_beside_bad_ones():
    store = MemoryStore()
    registry = Registry(store, "models")
    registry.publish(GOOD)
    registry.promote("tiny", 1, **WHO)
    models = Models(store, "models", public_key=PUBLIC)
    good, chance = models.current("tiny", 0), random.Random(20240501)
    for step in range(1, 30):
        body = mutated(GOOD[MODEL_FILE], chance)
        store.put("models", "models/tiny/2/model.tflite", body)
        store.put("models", f"models/tiny/2/{MANIFEST_FILE}", OTHERS[0][MANIFEST_FILE])
        store.put("models", f"models/tiny/2/{SIGNATURE_FILE}", OTHERS[0][SIGNATURE_FILE])
        if body != GOOD[MODEL_FILE]:
            registry.promote("tiny", 2, **WHO)
            assert models.current("tiny", step * 60) is good
            registry.rollback("tiny", **WHO)
