"""Breaks of rendered texts: licenses and README."""

from mutations.mutation import PROJECT, Mutation

RENDERED = "tests/package/test_rendering.py"
LICENSE = "tests/package/test_licenses.py"
IN_FILES = "tests/answers/test_answers_in_files.py"

MUTATIONS = [
    Mutation("license text is another's", f"{PROJECT}/LICENSE",
             "'shared/licenses/' ~ cookiecutter.license ~ '.txt'", "'shared/licenses/MIT.txt'",
             RENDERED),
    Mutation("license missing", f"{PROJECT}/LICENSE",
             "{% include 'shared/licenses/' ~ cookiecutter.license ~ '.txt' -%}\n", "", RENDERED),
    Mutation("author missing in the license", "templates/shared/licenses/MIT.txt",
             "{{ cookiecutter.author_name }}", "the author", RENDERED),
    Mutation("variable shown and not rendered", f"{PROJECT}/README.md",
             "# {{ cookiecutter.package_name }}\n",
             "# {% raw %}{{ cookiecutter.package_name }}{% endraw %}\n", RENDERED),
    Mutation("README names another plugin", f"{PROJECT}/docs/_template/loading.md",
             "This plugin's is `{{ cookiecutter.plugin_name }}`", "This plugin's is `plugin`",
             RENDERED),
    Mutation("README without the description", f"{PROJECT}/README.md",
             "{{ cookiecutter.description | markdown }}", "", RENDERED),
    Mutation("description is Markdown", f"{PROJECT}/README.md",
             "{{ cookiecutter.description | markdown }}", "{{ cookiecutter.description }}",
             RENDERED),
    Mutation("MIT license without the disclaimer of damages", "templates/shared/licenses/MIT.txt",
             "LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,",
             "LIABILITY ARISING FROM,", LICENSE),
    Mutation("BSD license without its third clause", "templates/shared/licenses/BSD-3-Clause.txt",
             "3. Neither the name of the copyright holder nor the names of its\n"
             "   contributors may be used to endorse or promote products derived from\n"
             "   this software without specific prior written permission.\n\n", "", LICENSE),
    Mutation("BSD license grants to nobody", "templates/shared/licenses/BSD-3-Clause.txt",
             "are permitted provided", "are forbidden provided", LICENSE),
    Mutation("the proprietary license is another's", "templates/shared/licenses/Proprietary.txt",
             "{{ cookiecutter.author_name }}", "the author", LICENSE),
    Mutation("proprietary code may be published", "answer_rules.py",
             'return \'["Private :: Do Not Upload"]\'',
             'return \'["Programming Language :: Python :: 3"]\'', f"{IN_FILES} -k classifier"),
]  # fmt: skip
