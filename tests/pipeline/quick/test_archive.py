"""Which files a user's path means, and where what is made from them goes."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from threads_or_processes.common.errors import UserError
from threads_or_processes.pipeline.archive import Archive
from threads_or_processes.pipeline.baseline import dataset_at, files_of

from tests.analysis.archives import collect_into
from tests.conftest import ROOT
from tests.factories import make_campaign, make_cell


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    campaign = make_campaign([make_cell("json", "serial", 1, "3.13", blocks=1)])
    return collect_into(tmp_path_factory.mktemp("measured"), campaign)


def config(dataset: object) -> dict[str, Any]:
    default: dict[str, Any] = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    return default | {"dataset": dataset}


def test_a_data_set_is_found_by_itself_its_package_or_its_folder(measured: Path) -> None:
    csv, parquet = measured / "trials.csv.gz", measured / "trials.parquet"
    assert dataset_at(csv) == csv
    assert dataset_at(parquet) == parquet
    assert dataset_at(measured / "repetitions.parquet") == csv
    assert files_of(parquet) == [parquet, measured / "repetitions.parquet"]
    assert files_of(csv) == [csv]
    assert dataset_at(measured / "datapackage.json") == dataset_at(measured) == csv


def test_a_folder_with_parquet_alone_will_do(measured: Path, tmp_path: Path) -> None:
    (tmp_path / "trials.parquet").write_bytes((measured / "trials.parquet").read_bytes())
    assert dataset_at(tmp_path) == tmp_path / "trials.parquet"


@pytest.mark.parametrize("path", ["nowhere", "nowhere/trials.csv.gz", "trials.xlsx"])
def test_what_is_not_there_is_named(tmp_path: Path, path: str) -> None:
    with pytest.raises(UserError, match=f"there is no data set at .*{path}") as caught:
        Archive.of(config(str(tmp_path / path)))
    assert caught.value.where == "config key dataset"


def test_an_archive_has_a_name_and_a_folder_of_its_own(measured: Path) -> None:
    archive = Archive.of(config(str(measured)))
    sha256 = archive.package.csv.sha256
    assert archive.name == f"synthetic-2cpu-00000000-archived-{sha256[:8]}"
    assert archive.results == Path("results") / archive.name
    assert archive.arms == ["3.13"]
    assert Archive.of(config(str(measured / "trials.parquet"))).name == archive.name


def test_a_mistake_in_the_config_is_named_all_the_same(measured: Path) -> None:
    with pytest.raises(UserError, match="unknown config key 'datset'"):
        Archive.of(config(str(measured)) | {"datset": "x"})
    with pytest.raises(UserError, match="it must be the path of"):
        Archive.of(config(7))
