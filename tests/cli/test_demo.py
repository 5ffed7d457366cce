"""The demo is the main job: its story must be true line by line, and it checks each line itself."""

import re

from cli.demo.narrator import Narrator
from cli.demo.story import tell


def test_the_whole_story_is_true(tmp_path, capsys):
    tell(Narrator(), tmp_path)
    told = capsys.readouterr().out
    for chapter in ("Train", "Quantize", "Publish", "Ask", "Drop", "drift", "version 2", "Done"):
        assert chapter.lower() in told.lower()
    for path in re.findall(rf"{tmp_path}\S+", told.split("What it made:")[1]):
        assert (tmp_path / path).is_file()
