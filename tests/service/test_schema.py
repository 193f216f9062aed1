"""The service keeps to its own OpenAPI document, whatever is sent: schemathesis with every check on.

``make test`` asks a few of every kind of operation; ``make fuzz`` asks every operation a hundred times more.

One check is told what no schema can say: whether the bytes of a body are a picture, and what a text such as a
range or a list of models means. So a request that fits the schema may get 400, 406, 413, 415 or 422 as well;
and a job, alone in answering 202, takes in whatever bytes it is given and says later what is no picture.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from hypothesis import settings as examples
from schemathesis.checks import CHECKS, load_all_checks

from nearfar import settings
from nearfar.service import create_app
from serving import running

load_all_checks()
IS_LONG = "NEARFAR_LAB_FUZZ" in os.environ
SEEN: Counter[str] = Counter()
"""Requests so far by operation."""
REFUSALS = ["2xx", "3xx", "400", "401", "403", "404", "406", "409", "413", "415", "422", "429", "501", "503"]
ABSENT = ["501", "503"]  # a model whose library or weights are not on the machine
CONFIG = {
    "checks": {
        "positive_data_acceptance": {"expected-statuses": REFUSALS},
        "negative_data_rejection": {"expected-statuses": ["202", "4xx", "5xx"]},
        "not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx", *ABSENT]},
    },
    "operations": [  # a job that was handed in under the same key before is answered with 200
        {
            "include-name": "POST /v1/jobs",
            "checks": {"negative_data_rejection": {"expected-statuses": ["200", "202", "4xx", "5xx"]}},
        }
    ],
}
FEW = r"/v1/depth|/v1/models|/v1/(effects|exports)|/v1/effects/fog|/v1/exports/npy|/v1/jobs.*|/\w+"
DOCUMENT = schemathesis.openapi.from_dict(
    create_app(settings.load({"NEARFAR_ENGINE": "fake"})).openapi(),
    config=schemathesis.Config.from_dict(CONFIG),
)
ASKED = DOCUMENT if IS_LONG else DOCUMENT.include(path_regex=rf"^(?:{FEW})$")


@schemathesis.serializer("application/zip", "application/x-zip-compressed")
def as_it_is(_context, value):
    """The bytes of a body that is no JSON and no form."""
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture(scope="module")
def url():
    """The address of a service that runs."""
    with running(max_pixels=1_000_000) as service:
        yield service.url


@ASKED.parametrize()
@examples(
    max_examples=200 if IS_LONG else 3,
    deadline=None,
    derandomize=not IS_LONG,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_as_documented(case, url) -> None:
    """Status, media type, headers and body stand in the document; the invalid is refused; nothing breaks."""
    SEEN[case.operation.label] += 1
    case.call_and_validate(base_url=url)


def test_every_check_is_on(note_figure) -> None:
    """None is switched off, and those that matter most are among them."""
    names = CHECKS.get_all_names()
    assert {"not_a_server_error", "negative_data_rejection", "unsupported_method"} <= set(names)
    checks = DOCUMENT.config.checks_config_for()
    assert [name for name in names if not checks.get_by_name(name=name).enabled] == []
    if IS_LONG:
        result = f"{SEEN.total():,} over {len(SEEN)} operations"
        note_figure(
            "fuzz", "requests by the API's document, every check on", result, "no 500, nothing undocumented"
        )
