"""Lists that must agree do, imports point one way, documents name what is there."""

import ast
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.support import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
CONDA_NAMES = {"torch": "pytorch"}


def own(requirements: list[str]) -> set[str]:
    """Requirements without those that refer to another extra of ours."""
    return {
        requirement for requirement in requirements if not requirement.startswith(PROJECT["name"])
    }


def test_environment_yml_and_pyproject_agree() -> None:
    entries = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    environment = [e for e in entries if isinstance(e, str)] + [
        p for e in entries if isinstance(e, dict) for p in e["pip"]
    ]
    listed = own(PROJECT["dependencies"]).union(
        *(own(extra) for extra in PROJECT["optional-dependencies"].values())
    )
    for_conda = {
        re.sub(r"^[\w-]+", lambda name: CONDA_NAMES.get(name[0], name[0]), requirement)
        for requirement in listed
    }
    assert for_conda | {f"python{PROJECT['requires-python']}", "pip"} == set(environment)


def test_requirements_txt_is_the_students_extra() -> None:
    listed = own(PROJECT["dependencies"]) | own(PROJECT["optional-dependencies"]["student"])
    pytest_for_students = {
        requirement
        for requirement in PROJECT["optional-dependencies"]["grader"]
        if requirement.startswith("pytest")
    }
    assert set((ROOT / "requirements.txt").read_text().split()) == listed | pytest_for_students


def test_every_requirement_is_pinned_within_its_range() -> None:
    from packaging.requirements import Requirement

    pins = dict(
        line.lower().split("==")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line
    )
    for extra in [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]:
        for requirement in map(Requirement, own(extra)):
            assert requirement.name in pins, requirement
            assert requirement.specifier.contains(pins[requirement.name]), requirement


def imports(path: Path) -> set[str]:
    """The modules that a file imports anywhere, at its top or inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


# the rooms of grader, the lowest first: each may import those before it, and itself
ROOMS = [
    {
        "checked_toml",
        "cores",
        "errors",
        "interrupts",
        "options",
        "reference",
        "results",
        "rubric",
        "rules",
        "sections",
    },
    {"submission", "worker"},
    {"sandbox", "variants"},
    {"oracle", "training"},
    {"checks", "feedback"},
    {"marking", "report"},
    {"handout", "questions"},
    {"doctor", "selftest", "similarity"},
    {"classroom"},
    {"publish", "exam", "lab"},
    {"commands"},
    {"__main__", "conftest"},
]


def floor(room: str) -> int:
    return next(number for number, rooms in enumerate(ROOMS) if room in rooms)


def rooms_imported(path: Path) -> set[str]:
    return {name.split(".")[1] for name in imports(path) if name.startswith("grader.")} - {
        "__version__",
        "GRADER",
        "PROJECT",
        "REFERENCE",
    }


def test_rooms_of_the_grader_import_downwards_only() -> None:
    for path in (ROOT / "grader").rglob("*.py"):
        room = path.relative_to(ROOT / "grader").with_suffix("").parts[0]
        if room in ("__init__", "reference") or "cheats" in path.parts:
            continue
        for other in rooms_imported(path) - {room}:
            below = floor(other) < floor(room) or (floor(room) == 0 and floor(other) == 0)
            assert below, f"{path.relative_to(ROOT)} imports {other}"


BESIDE_THE_SCRIPTS = ["grader/worker/*.py"]
# what can be read and run without torch or scikit-learn
NUMPY_PLAYGROUND = [
    f"playground/{name}.py"
    for name in (
        "__init__", "__main__", "command_line", "configuration", "configuration_files", "csv_files", "datasets", "errors",
        "initializers", "layers", "losses", "network", "optimizers", "extras", "plots", "registry", "schedules", "storage",
        "arguments", "blas", "checkpoints", "image_files", "parser", "saved_networks",
        "training", "tracking/*", "sweeps/*", "notebooks/*", "commands/*", "live/*", "landscape/*",
        "convnets/__init__", "convnets/configuration",
        *(f"experiments/{name}" for name in (
            "__init__", "figures", "registry", "report", "results", "settings", "tables",
            "trials", "phrases",
        )),
    )
]  # fmt: skip


@pytest.mark.parametrize(("files", "forbidden"), [
    (["utils.py"], r"grader|playground|numpy_ann|pytorch_\w+"),
    (["numpy_ann.py", "pytorch_ann.py", "pytorch_cnn.py"], r"grader|playground|tests"),
    (BESIDE_THE_SCRIPTS, r"grader|playground|utils|tests"),
    (["grader/**/*.py"], r"playground|tests|numpy_ann|pytorch_\w+"),
    (["playground/**/*.py"], r"grader|tests|numpy_ann|pytorch_\w+"),
    (["inspection/**/*.py"], r"grader|playground|tests|torch|numpy_ann|pytorch_\w+"),
    (NUMPY_PLAYGROUND, r"torch|torchvision|pandas|scipy|sklearn"),
    (["playground/classifier.py"], r"torch|torchvision|pandas|scipy"),
])  # fmt: skip
def test_imports_between_the_parts_point_one_way(files: list[str], forbidden: str) -> None:
    for pattern in files:
        for path in ROOT.glob(pattern):
            for module in imports(path):
                assert not re.fullmatch(rf"({forbidden})(\..*)?", module), (
                    f"{path} imports {module}"
                )


def test_utils_imports_numpy_alone_at_its_top() -> None:
    tree = ast.parse((ROOT / "utils.py").read_text())
    top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.name for node in top if isinstance(node, ast.Import) for alias in node.names} | {
        node.module or "" for node in top if isinstance(node, ast.ImportFrom)
    }
    import sys

    assert {name.split(".")[0] for name in names} - sys.stdlib_module_names - {"__future__"} == {
        "numpy"
    }


DOCUMENTS = [
    "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "data/README.md", "docs/architecture.md", "docs/instructors.md",
    "docs/lab.md", "docs/security.md", "docs/understanding.md", "tests/fuzz/README.md",
]  # fmt: skip


# a file that a reader is to write
NOT_HERE = {"playground/experiments/your_question.py", "grader/questions/kinds/your_kind.py"}


def anchors(document: Path) -> set[str]:
    """The anchors that GitHub gives a document's headings."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_link_to_files_and_headings_that_are_there(document: str) -> None:
    path = ROOT / document
    text = path.read_text()
    targets = re.findall(r"\]\(([^):#]*)(?:#([^)]*))?\)", text)
    for target, anchor in [*targets, *((name, "") for name in re.findall(r'src="(.*?)"', text))]:
        linked = path.parent / target if target else path
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), f"{target}#{anchor}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_name_files_that_are_there(document: str) -> None:
    named = re.findall(
        r"`((?:grader|tests|docs|playground)/[\w/.]+)`", (ROOT / document).read_text()
    )
    assert {name for name in named if not (ROOT / name).exists()} <= NOT_HERE


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_name_make_targets_that_exist(document: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    code = re.findall(r"`[^`]+`|^```.*?^```", (ROOT / document).read_text(), re.M | re.S)
    named = re.findall(r"\bmake((?: [a-z]+)+)", re.sub(r"#.*", "", "\n".join(code)))
    assert {target for names in named for target in names.split()} <= targets


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_of_the_grader_in_documents_can_be_parsed(document: str) -> None:
    from grader.__main__ import parser_for

    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / document).read_text(), re.M | re.S)
    for line in re.findall(r"(?:^|\s)grader (\w.*)", "\n".join(blocks)):
        arguments = shlex.split(line, comments=True)
        parser_for(arguments).parse_args(arguments)


def test_typed_packages_say_so() -> None:
    package_data = PYPROJECT["tool"]["setuptools"]["package-data"]
    assert package_data.keys() >= {"grader", "playground"}
    for package, files in package_data.items():
        for name in files:
            assert any((ROOT / package).glob(name)), name


def test_uv_installs_what_make_installs() -> None:
    assert PYPROJECT["dependency-groups"] == {"dev": [f"{PROJECT['name']}[dev]"]}


def test_pre_commit_runs_the_pinned_tools_of_make_check() -> None:
    make = re.findall(
        r"^\t\$\(BIN\)/(ruff \w+|mypy)", (ROOT / "Makefile").read_text(), re.MULTILINE
    )
    repos = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repo["repo"] for repo in repos] == ["local"]  # so that no second version is named
    entries = [hook["entry"] for hook in repos[0]["hooks"]]
    assert entries == [f".venv/bin/{command}" for command in make]
    for tool in {command.split()[0] for command in make}:
        assert re.search(rf"^{tool}==", (ROOT / "constraints.txt").read_text(), re.MULTILINE)


def test_workflow_tests_every_python_that_the_project_names() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text())
    named = [name.rpartition(" ")[2] for name in PROJECT["classifiers"] if "Python :: 3." in name]
    assert workflow["jobs"]["linux"]["strategy"]["matrix"]["python"] == named


def test_citation_and_changelog_know_the_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == PROJECT["version"]
    releases = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert releases[:2] == ["Unreleased", PROJECT["version"]]


def test_no_file_names_a_package_registry_or_a_path_of_one_machine() -> None:
    files = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True
    ).stdout.split()
    hosts = "|".join(("py" + "pi", "python" + "hosted", "npm" + "js", "deb." + "debian"))
    for name in files:
        if name.endswith((".py", ".md", ".toml", ".txt", ".yml", ".ini", "Makefile", "run")):
            text = (ROOT / name).read_text(errors="replace")
            assert not re.search(rf"https?://[\w.-]*({hosts})", text), name
            assert not re.search(r"(?<![\w.])/(root|work|home)/", text), name
