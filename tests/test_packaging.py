"""What an installed Headrace contains: every package, and every file that is data."""

import json
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
WEB = ROOT / "designer" / "web"
FOLDERS = ("designer", "engine", "flows", "nodes", "templates")
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_the_list_of_packages_is_the_folders_on_disk() -> None:
    listed = SETTINGS["tool"]["setuptools"]["packages"]

    on_disk = sorted(
        "headrace." + ".".join(file.parent.relative_to(ROOT).parts)
        for folder in FOLDERS
        for file in (ROOT / folder).rglob("__init__.py")
        if WEB not in file.parents
    )
    assert listed == on_disk


def test_every_folder_with_python_is_a_package() -> None:
    orphans = [
        str(file.relative_to(ROOT))
        for folder in FOLDERS
        for file in (ROOT / folder).rglob("*.py")
        if WEB not in file.parents and not (file.parent / "__init__.py").exists()
    ]

    assert orphans == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names inside a wheel built from what is here, with nothing left of an earlier build."""
    folder = tmp_path_factory.mktemp("wheel")
    build = ["-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    stale = f"-C--build-option=build --build-base={folder / 'build'}"
    subprocess.run(
        [sys.executable, *build, stale, str(ROOT)], check=True, capture_output=True, cwd=folder
    )
    [archive] = folder.glob("*.whl")
    return set(zipfile.ZipFile(archive).namelist())


def test_the_wheel_carries_all_code_and_data(wheel: set[str]) -> None:
    kinds = (".py", ".json", ".html", ".mako", "py.typed")

    wanted = {
        f"headrace/{file.relative_to(ROOT).as_posix()}"
        for folder in FOLDERS
        for file in (ROOT / folder).rglob("*")
        if file.name.endswith(kinds) and not {"web", "static"} & set(file.relative_to(ROOT).parts)
    }
    assert wanted - wheel == set()


def test_the_wheel_carries_the_built_designer(wheel: set[str]) -> None:
    built = ROOT / "designer" / "static"
    assert (built / "index.html").exists(), (
        "Run `make web` first: a wheel needs the built designer."
    )

    wanted = {
        f"headrace/designer/static/{file.relative_to(built).as_posix()}"
        for file in built.rglob("*")
        if file.is_file() and not file.name.startswith(".")
    }
    assert wanted - wheel == set()


def test_the_wheel_brings_one_name_and_no_sources_of_the_browser_side(wheel: set[str]) -> None:
    tops = {name.split("/")[0] for name in wheel if ".dist-info/" not in name}

    assert tops == {"headrace"}
    assert not [name for name in wheel if "/web/" in name or "node_modules" in name]


@pytest.mark.parametrize("name", sorted(path.name for path in ROOT.glob("requirements*.lock")))
def test_a_python_lock_has_hashes_and_no_address(name: str) -> None:
    lines = (ROOT / name).read_text().splitlines()

    pins = [number for number, line in enumerate(lines) if "==" in line and line[0].isalnum()]
    assert pins
    assert all("--hash=sha256:" in lines[number + 1] for number in pins)
    assert not [line for line in lines if "://" in line or line.startswith("-")]


def test_the_npm_lock_has_hashes_every_platform_and_no_address() -> None:
    text = (WEB / "package-lock.json").read_text()

    assert "://" not in text
    packages = json.loads(text)["packages"]
    del packages[""]
    assert [name for name, package in packages.items() if "integrity" not in package] == []
    names = {name.rpartition("node_modules/")[2] for name in packages}
    optional = {n for package in packages.values() for n in package.get("optionalDependencies", {})}
    assert optional - names == set()


def test_versions_of_the_browser_side_are_exact() -> None:
    package = json.loads((WEB / "package.json").read_text())

    wanted = {**package["dependencies"], **package["devDependencies"]}
    assert [name for name, version in wanted.items() if not version[0].isdigit()] == []
