"""The environment is read at once, and everything wrong with it is listed together."""

import pytest
from scorelet.errors import SettingsError
from scorelet.settings import PredictSettings


def test_every_mistake_is_listed_together():
    with pytest.raises(SettingsError) as caught:
        PredictSettings.from_env({"ALIAS_TTL_SECONDS": "soon", "MAX_BODY_BYTES": "1.5"})
    text = str(caught.value)
    assert "MODEL_BUCKET is not set" in text
    assert "ALIAS_TTL_SECONDS is not a number" in text
    assert "MAX_BODY_BYTES is not a whole number" in text


def test_what_is_left_out_has_a_default():
    settings = PredictSettings.from_env({"MODEL_BUCKET": "models", "MODEL_PUBLIC_KEY": ""})
    assert (settings.model_alias, settings.alias_ttl_seconds, settings.public_key) == ("live", 30.0, None)


def test_a_public_key_may_come_on_one_line():
    settings = PredictSettings.from_env({"MODEL_BUCKET": "models", "MODEL_PUBLIC_KEY": "-----BEGIN\\nabc\\nEND-----"})
    assert settings.public_key == b"-----BEGIN\nabc\nEND-----\n"


def test_the_memory_for_models_and_the_time_for_explanations_are_set_from_outside():
    environ = {"MODEL_BUCKET": "models", "MODEL_MEMORY_MB": "64", "EXPLAIN_BUDGET_MS": "500"}
    settings = PredictSettings.from_env(environ)
    assert (settings.model_memory_mb, settings.explain_budget_ms) == (64, 500)
