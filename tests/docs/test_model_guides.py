"""The guides can be followed: each of their blocks fits, and what comes out is clean."""

import ast
import re
import shutil

import pytest
from shared.edits import GUIDES, apply, edit_of, read_guide, render_guide
from shared.rendering import run

PAGE = """\
cookiecutter . kind=decoder package_name=vllm_my_model

```diff title="vllm_my_model/model.py"
-one
+two
```

## Mistakes, and how they show

### Nothing changed

`test_tokens` fails.

```diff title="vllm_my_model/model.py"
 one
```
"""


@pytest.fixture(scope="module", params=GUIDES, ids=lambda page: page.stem)
def page(request):
    return request.param


@pytest.fixture(scope="module")
def changed(page, tmp_path_factory):
    """The package of a page, with its edits."""
    return render_guide(page, tmp_path_factory.mktemp(page.stem))


def test_there_are_guides():
    assert len(GUIDES) >= 3


def test_what_a_guide_leads_to_is_clean(changed):
    run("ruff", "check", changed)
    run("ruff", "format", "--check", changed)


def test_each_mistake_fits_and_says_which_test_fails(page, changed, tmp_path):
    mistakes = read_guide(page).mistakes
    assert len(mistakes) >= 3
    tests = (changed / "tests" / "test_model.py").read_text()
    for number, (title, mistake) in enumerate(mistakes.items()):
        project = shutil.copytree(changed, tmp_path / str(number) / changed.name)
        apply(mistake.edits, project)
        for edit in mistake.edits:
            file = project / project.name / edit.file
            assert file.exists(), title
            ast.parse(file.read_text())
        if mistake.seen.startswith("test_"):
            assert f"def {mistake.seen}(" in tests, title


def test_the_lines_of_a_guide_are_no_longer_than_those_of_other_pages(page):
    long = [line for line in page.read_text().splitlines() if len(line) > 110]
    assert [line for line in long if not line.startswith("cookiecutter ")] == []


def test_each_language_of_a_block_with_a_title_is_known(page):
    assert set(re.findall(r'^```(\w+) title="', page.read_text(), re.MULTILINE)) <= {
        "diff",
        "python",
    }


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("cookiecutter . ", "render . ", "0 commands that render"),
        ("-one", "one", "and not 'o'"),
        ('model.py"\n-one', 'model.py" linenums="1"\n-one', "has more than a title"),
        ("`test_tokens` fails.", "A test fails.", "lacks a block, or what shows"),
        ('```diff title="vllm_my_model/model.py"\n one\n```', "", "lacks a block"),
    ],
)
def test_a_page_that_nobody_could_follow_is_refused(tmp_path, old, new, said):
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    assert len(read_guide(page).mistakes) == 1
    page.write_text(PAGE.replace(old, new))
    assert page.read_text() != PAGE
    with pytest.raises(ValueError, match=said):
        read_guide(page)


def test_an_edit_that_fits_nowhere_or_twice_is_refused(tmp_path):
    package = tmp_path / "package" / "package"
    package.mkdir(parents=True)
    (package / "model.py").write_text("one\none\n\nthree\n")
    for block, count in {"-one\n": 2, "-two\n": 0}.items():
        with pytest.raises(ValueError, match=f"holds {count} times"):
            apply([edit_of("diff", "model.py", block)], package.parent)
    apply([edit_of("diff", "model.py", "\n-three\n+four\n")], package.parent)
    assert (package / "model.py").read_text() == "one\none\n\nfour\n"
    apply([edit_of("python", "model.py", "five\n")], package.parent)
    assert (package / "model.py").read_text() == "five\n"
