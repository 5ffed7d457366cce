"""What the simulation is fed with: the store over TLS is one, and a made-up run is cut and finished for real."""

import pytest
from scorelet.aws_s3 import S3Store
from scorelet.errors import ObjectMissing

from bench.list_server import client, list_server
from bench.scale_rates import fan_in_costs


def test_the_store_in_the_other_process_gives_what_it_was_given_and_what_was_put(tmp_path):
    with list_server({"data/a/one.json": b"0123456789"}, tmp_path) as reached:
        store = S3Store(client(reached))
        assert store.get("data", "a/one.json").body == b"0123456789"
        with store.open_range("data", "a/one.json", 2, 5) as body:
            assert (body.size, body.read(100)) == (10, b"234")
        store.put("data", "a b/two.json", b"x" * 100_000)
        assert store.get("data", "a b/two.json").body == b"x" * 100_000
        assert [store.exists("data", key) for key in ("a b/two.json", "three")] == [True, False]
        with pytest.raises(ObjectMissing):
            store.get("data", "three")


def test_a_run_of_so_many_shards_is_cut_and_finished():
    few, more = fan_in_costs(5), fan_in_costs(60)
    assert more["manifest"] - few["manifest"] > 55 * 200  # two parts each, with key and digest
    assert more["cut"] > few["cut"] > 0
    assert more["finish"] > few["finish"] > 0
