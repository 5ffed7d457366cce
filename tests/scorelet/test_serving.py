"""Which model answers: within the time to live, never an unverified one, the last good one if the new is refused."""

import dataclasses

import pytest
from scorelet.errors import ModelNotFound, PackageRefused
from scorelet.manifest import MANIFEST_FILE, MODEL_FILE, SIGNATURE_FILE, Golden, Manifest
from scorelet.package import load_package
from scorelet.registry import Registry
from scorelet.serving import Models
from scorelet.signing import new_key_pair, sign

from tests.fakes.package import tiny_package
from tests.fakes.store import MemoryStore

WHO = {"at": "2026-01-01T00:00:00Z", "by": "a test", "why": "to see"}


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def registry(store):
    registry = Registry(store, "models")
    for version in (1, 2):
        registry.publish(tiny_package(version=version)[0])
    registry.promote("tiny", 1, **WHO)
    return registry


@pytest.fixture
def refused():
    return []


@pytest.fixture
def models(store, refused):
    return Models(store, "models", ttl_seconds=30, on_refused=lambda name, version, error: refused.append(version))


def test_a_promotion_is_seen_when_the_time_to_live_has_passed_and_not_before(registry, models):
    assert models.current("tiny", now=100).manifest.version == 1
    registry.promote("tiny", 2, **WHO)
    assert models.current("tiny", now=129.9).manifest.version == 1
    assert models.current("tiny", now=130).manifest.version == 2
    registry.rollback("tiny", **WHO)
    assert models.current("tiny", now=161).manifest.version == 1


def test_a_clock_that_steps_back_reads_the_alias_again_and_does_not_freeze_it(registry, models):
    models.current("tiny", now=1000)
    registry.promote("tiny", 2, **WHO)
    assert models.current("tiny", now=10).manifest.version == 2


def test_a_version_that_is_refused_leaves_the_last_good_one_answering(registry, store, models, refused):
    models.current("tiny", now=0)
    store.put("models", "models/tiny/2/model.tflite", b"not the model that was published")
    registry.promote("tiny", 2, **WHO)
    assert models.current("tiny", now=40).manifest.version == 1
    assert refused == [2]
    registry.rollback("tiny", **WHO)
    assert models.current("tiny", now=80).manifest.version == 1
    assert refused == [2]


def test_a_refused_version_is_tried_again_and_served_once_it_is_whole(registry, store, models):
    models.current("tiny", now=0)
    store.put("models", "models/tiny/2/model.tflite", b"half written")
    registry.promote("tiny", 2, **WHO)
    assert models.current("tiny", now=40).manifest.version == 1
    store.put("models", "models/tiny/2/model.tflite", tiny_package(version=2)[0][MODEL_FILE])
    assert models.current("tiny", now=80).manifest.version == 2


def test_a_sound_package_under_another_name_or_version_is_refused(registry, store, models, refused):
    for name, version in (("tiny", 3), ("other", 1)):
        for file, content in tiny_package(version=1)[0].items():
            store.put("models", f"models/{name}/{version}/{file}", content)
        registry.promote(name, version, **WHO)
        with pytest.raises(PackageRefused, match="says it is 'tiny' version 1"):
            models.current(name, now=0)
    assert refused == [3, 1]


def test_without_a_good_version_there_is_no_answer(store, registry, models, refused):
    store.put("models", "models/tiny/1/model.tflite", b"x")
    with pytest.raises(PackageRefused, match=r"model\.tflite is not the file"):
        models.current("tiny", now=0)
    assert refused == [1]


def test_an_unknown_model_or_version_is_not_found(registry, models):
    with pytest.raises(ModelNotFound):
        models.current("nobody", now=0)
    with pytest.raises(ModelNotFound):
        models.version("tiny", 9)


def test_an_outage_of_the_registry_leaves_the_last_good_one_answering(registry, store, models, refused):
    models.current("tiny", now=0)

    def fail(*args):
        raise OSError("S3 is away")

    store.get_if_changed = fail
    assert models.current("tiny", now=40).manifest.version == 1
    assert refused == [1]


def test_only_so_many_packages_stay_in_memory(store, registry):
    models = Models(store, "models", most_bytes=1)
    models.version("tiny", 1)
    models.version("tiny", 2)
    reads = []
    real = store.get
    store.get = lambda bucket, key, version_id=None: reads.append(key) or real(bucket, key, version_id)
    models.version("tiny", 2)
    assert reads == []
    models.version("tiny", 1)
    assert "models/tiny/1/model.tflite" in reads


class TestSplit:
    """A weighted split is sticky, and a version that is refused leaves its entities to the current one."""

    entities = tuple(f"person-{number}" for number in range(2000))

    def versions(self, models, now=0):
        return {e: models.current("tiny", now, entity=e).manifest.version for e in self.entities}

    def test_each_entity_keeps_its_version_and_the_shares_are_as_wide_as_their_weights(self, registry, store, models):
        registry.split("tiny", 2, 0.2, **WHO)
        found = self.versions(models)
        assert found == self.versions(Models(store, "models"))
        assert 300 < sum(version == 2 for version in found.values()) < 500

    def test_a_share_that_grows_keeps_its_entities(self, registry, models):
        registry.split("tiny", 2, 0.2, **WHO)
        before = self.versions(models)
        registry.split("tiny", 2, 0.5, **WHO)
        after = self.versions(models, now=60)
        assert all(after[e] == 2 for e in self.entities if before[e] == 2)

    def test_without_an_entity_the_current_version_answers(self, registry, models):
        registry.split("tiny", 2, 0.99, **WHO)
        assert models.current("tiny", now=0).manifest.version == 1

    def test_a_share_whose_version_is_refused_falls_back_and_is_looked_at_once_per_look(
        self, registry, store, models, refused
    ):
        store.put("models", "models/tiny/2/model.tflite", b"broken")
        registry.split("tiny", 2, 0.5, **WHO)
        assert set(self.versions(models).values()) == {1}
        assert refused == [2]
        store.put("models", "models/tiny/2/model.tflite", tiny_package(version=2)[0][MODEL_FILE])
        assert set(self.versions(models, now=60).values()) == {1, 2}

    def test_a_shadow_answers_beside_and_a_promotion_ends_it_all(self, registry, models):
        assert models.shadow("tiny") is None
        registry.split("tiny", 2, 0.5, **WHO)
        registry.shadow("tiny", 2, **WHO)
        models.current("tiny", now=0)
        assert models.shadow("tiny").manifest.version == 2
        registry.promote("tiny", 1, **WHO)
        assert set(self.versions(models, now=60).values()) == {1}
        assert models.shadow("tiny") is None


def test_what_was_used_last_stays_and_an_alias_that_lost_its_package_reads_it_again(store, registry):
    for name in ("a", "b"):
        registry.publish(tiny_package(name=name)[0])
        registry.promote(name, 1, **WHO)
    size = Models(store, "models").current("a", 0).size
    models = Models(store, "models", most_bytes=2 * size + 100)
    first, _ = models.current("tiny", 0), models.current("a", 0)
    assert models.current("tiny", 0) is first
    models.current("b", 0)
    assert models.current("tiny", 0) is first
    assert {key[0] for key in models._packages} == {"tiny", "b"}
    assert models.current("a", 0).manifest.name == "a"


def test_the_last_good_one_stays_although_memory_is_short(store, registry, refused):
    registry.publish(tiny_package(name="b")[0])
    registry.promote("b", 1, **WHO)
    models = Models(store, "models", most_bytes=1, on_refused=lambda name, version, error: refused.append(version))
    models.current("tiny", 0)
    store.put("models", "models/tiny/2/model.tflite", b"broken")
    registry.promote("tiny", 2, **WHO)
    assert models.current("tiny", 60).manifest.version == 1
    models.current("b", 60)
    assert models.current("tiny", 120).manifest.version == 1


class TestLoadPackage:
    """Whatever is wrong with a package, it is refused with the reason."""

    files = tiny_package()[0]
    private, public = new_key_pair()

    def load(self, files, digest=None, public_key=None):
        return load_package(files.__getitem__, expected_digest=digest, public_key=public_key)

    def test_a_signed_package_loads_with_the_right_key(self):
        signed = {**self.files, SIGNATURE_FILE: sign(self.private, self.files[MANIFEST_FILE])}
        assert self.load(signed, public_key=self.public).manifest.name == "tiny"

    def test_a_signature_by_another_key_is_refused(self):
        signed = {**self.files, SIGNATURE_FILE: sign(new_key_pair()[0], self.files[MANIFEST_FILE])}
        with pytest.raises(PackageRefused, match="does not match the public key"):
            self.load(signed, public_key=self.public)

    def test_another_manifest_than_the_registry_names_is_refused(self):
        with pytest.raises(PackageRefused, match="the registry names sha256:0"):
            self.load(self.files, digest="sha256:0")

    @pytest.mark.parametrize("position", [0, 100, -1])
    def test_one_flipped_bit_of_the_model_is_refused(self, position):
        body = bytearray(self.files[MODEL_FILE])
        body[position] ^= 1
        with pytest.raises(PackageRefused, match=r"model\.tflite is not the file"):
            self.load({**self.files, MODEL_FILE: bytes(body)})

    def test_a_model_that_answers_otherwise_than_in_training_is_refused(self):
        manifest = Manifest.from_bytes(self.files[MANIFEST_FILE])
        outputs = tuple(tuple(1 - x for x in row) for row in manifest.golden.outputs)
        golden = Golden(manifest.golden.records, outputs, manifest.golden.tolerance)
        wrong = dataclasses.replace(manifest, golden=golden).to_bytes()
        with pytest.raises(PackageRefused, match="golden answers differ by"):
            self.load({**self.files, MANIFEST_FILE: wrong})

    def test_a_package_that_proves_nothing_is_refused(self):
        manifest = Manifest.from_bytes(self.files[MANIFEST_FILE])
        empty = dataclasses.replace(manifest, golden=Golden((), (), 0.0)).to_bytes()
        with pytest.raises(PackageRefused, match="no golden records"):
            self.load({**self.files, MANIFEST_FILE: empty})
