"""Which functions a release publishes, by SAM's own expansion of what scripts/release.py lays out."""

import shutil
import tempfile
import unittest
from pathlib import Path

from samtranslator.yaml_helper import yaml_parse

import release
from stacks import expand, of_type, templates


class Releases(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.sources = self.folder / "sources"
        for path in templates().values():
            copy = self.sources / path
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
        self.before = self.published()

    def published(self, given=None, binaries=None, unknown=""):
        """The version of each function, by its stack. `binaries` names the code of those that are not `first`."""
        to = self.folder / "release"
        release.lay_out(self.sources / "template.yaml", to, given or {}, unknown)
        found = {}
        for name, path in templates(to / "template.yaml").items():
            template = yaml_parse(path.read_text())
            for function, resource in of_type(template, "AWS::Serverless::Function").items():
                resource["Properties"]["CodeUri"] = f"s3://bucket/{(binaries or {}).get(function, 'first')}"
            found[name] = release.versions(expand(template))
        return found

    def changed(self, after):
        """The functions that would get a version, by stack."""
        return {name: found for name, functions in after.items()
                if (found := {function for function, version in functions.items() if self.before[name][function] != version})}

    def edit(self, file, old, new):
        path = self.sources / file
        text = path.read_text()
        self.assertIn(old, text)
        path.write_text(text.replace(old, new, 1))

    def functions(self, stack):
        return set(self.before[stack])

    def test_nothing_is_published_when_nothing_changed(self):
        self.assertEqual(self.changed(self.published()), {})

    def test_one_changed_binary_publishes_one_function(self):
        after = self.published(binaries={"StudioMakeFunction": "second"})
        self.assertEqual(self.changed(after), {"Studio": {"StudioMakeFunction"}})

    def test_a_parameter_publishes_all_functions_of_the_stacks_that_it_is_passed_to(self):
        after = self.published(given={"TwilioFrom": "whatsapp:+15550783881"})
        self.assertEqual(self.changed(after), {"Studio": self.functions("Studio")})
        after = self.published(given={"SealSecretParam": "/other"})
        self.assertEqual(set(self.changed(after)), {"Studio", "Payments", "Rooms"})
        after = self.published(given={"PaymentsBaseUrl": "https://pay.example.com"})
        self.assertEqual(set(self.changed(after)), {"Studio", "Payments", "Rooms"})
        after = self.published(given={"AlarmEmail": "you@example.com"})
        self.assertEqual(self.changed(after), {})

    def test_a_template_publishes_all_functions_of_its_stack_and_a_comment_publishes_none(self):
        self.edit("functions/payments/template.yaml", "    Timeout: 10", "    Timeout: 11")
        self.assertEqual(self.changed(self.published()), {"Payments": self.functions("Payments")})
        self.edit("functions/payments/template.yaml", "    Timeout: 11", "    # a comment\n    Timeout: 10")
        self.assertEqual(self.changed(self.published()), {})

    def test_answers_that_are_not_known_yet_publish_all_functions(self):
        after = self.published(unknown="1")
        self.assertEqual(self.changed(after), {name: set(found) for name, found in self.before.items() if found})

    def test_a_function_changes_when_its_version_is_not_deployed(self):
        template = expand(yaml_parse((self.sources / "functions/maintenance/template.yaml").read_text()))
        version = release.versions(template)["WeeklyCleanupFunction"]
        self.assertEqual(release.changed(template, {"WeeklyCleanupFunction", version}), [])
        self.assertEqual(release.changed(template, {"WeeklyCleanupFunction", "WeeklyCleanupFunctionVersion1"}),
                         ["WeeklyCleanupFunction"])

    def test_what_was_built_is_proposed(self):
        release.lay_out(self.sources / "template.yaml", self.folder / "release", {"Architecture": "x86_64"})
        template = yaml_parse((self.folder / "release" / "template.yaml").read_text())
        self.assertEqual(template["Parameters"]["Architecture"]["Default"], "x86_64")

    def test_parameters_are_read_as_sam_reads_them(self):
        for written in [["A=1 B='two words'"], ["A=1", 'B="two words"'], ["ParameterKey=A,ParameterValue=1", "B='two words'"]]:
            self.assertEqual(release.overrides(written), {"A": "1", "B": "two words"}, written)
        self.assertEqual(release.overrides('A="1" B="two words"'), {"A": "1", "B": "two words"})
        self.assertEqual(release.overrides(None), {})


if __name__ == "__main__":
    unittest.main()
