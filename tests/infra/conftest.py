"""One packaged artefact for all tests of a session, and the templates it is deployed with."""

from pathlib import Path

import pytest

from infra.package import ROOT, package, package_if_changed
from tests.infra.templates import Template, load


@pytest.fixture(scope="session")
def packaged() -> Path:
    """What AWS would get, as `make lint` has left it; made again only when a source changed."""
    return package_if_changed("prod", ROOT / ".build" / "prod")


@pytest.fixture(scope="session")
def packaged_again(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out: Path = tmp_path_factory.mktemp("again") / "prod"
    package("prod", out)
    return out


@pytest.fixture(scope="session")
def app_template(packaged: Path) -> Template:
    return load(packaged / "sam.yaml")


@pytest.fixture(scope="session")
def data_template() -> Template:
    return load(ROOT / "infra" / "templates" / "data.yaml")


@pytest.fixture(scope="session")
def identity_template() -> Template:
    return load(ROOT / "infra" / "templates" / "identity.yaml")
