import pytest

from app.config import Config, read_config


def test_has_defaults() -> None:
    assert read_config({}) == Config(host="127.0.0.1", port={{polyenv.port}}, log_level="info", workers=2)


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "eighty"), ("PORT", "65536"), ("LOG_LEVEL", "loud")]
)
def test_names_the_variable_that_is_wrong(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=name):
        read_config({name: value})
