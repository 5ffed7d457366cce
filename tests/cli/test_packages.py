"""Packages on disk: proved before they are shown or published, numbered and signed at publish."""

import json
from dataclasses import replace

import pytest
from scorelet.manifest import MANIFEST_FILE, SIGNATURE_FILE, Manifest
from scorelet.package import load_package
from scorelet.signing import new_key_pair

from cli.main import main
from cli.package_folder import files_to_publish
from tests.fakes.package import tiny_package

METRICS: dict[str, dict[str, dict[str, float]]] = {where: {"metrics": {}} for where in ("held_out", "out_of_fold")}


@pytest.fixture
def folder(tmp_path):
    for name, body in tiny_package()[0].items():
        (tmp_path / name).write_bytes(body)
    return tmp_path


def test_publishing_numbers_and_signs_and_leaves_the_folder_as_it_was(folder):
    private, public = new_key_pair()
    before = (folder / MANIFEST_FILE).read_bytes()
    files = files_to_publish(folder, 7, private)
    assert Manifest.from_bytes(files[MANIFEST_FILE]).version == 7
    bodies = {name: body if isinstance(body, bytes) else body.read_bytes() for name, body in files.items()}
    assert load_package(bodies.__getitem__, expected_digest=None, public_key=public).manifest.version == 7
    assert (folder / MANIFEST_FILE).read_bytes() == before
    assert SIGNATURE_FILE in files


def test_the_settings_of_files_are_shown_and_published(tmp_path, capsys):
    files, manifest = tiny_package()
    described = {"quantization": {"scheme": "int8", "parity": []}, "metrics": METRICS}
    manifest = replace(manifest, file_settings={"delimiter": ";", "keep": ["a", "b"]}, **described)
    for name, body in {**files, MANIFEST_FILE: manifest.to_bytes()}.items():
        (tmp_path / name).write_bytes(body)
    assert main(["inspect", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert 'delimiter         ";"' in shown
    assert 'keep              ["a", "b"]' in shown
    published = Manifest.from_bytes(files_to_publish(tmp_path, 7, None)[MANIFEST_FILE])
    assert published.file_settings == {"delimiter": ";", "keep": ["a", "b"]}


def test_a_changed_package_is_neither_shown_nor_published(folder, capsys):
    (folder / "model.tflite").write_bytes(b"something else")
    assert main(["inspect", str(folder), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["code"] == "package_refused"


def test_a_folder_without_a_package_says_what_to_give(tmp_path, capsys):
    assert main(["inspect", str(tmp_path)]) == 1
    assert "Give the folder `scorelet train` printed" in capsys.readouterr().err
