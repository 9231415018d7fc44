"""What scripts/new-function writes, in a copy of the templates."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from samtranslator.yaml_helper import yaml_parse

from stacks import expand, of_type, templates

STATE = "pub enum Part {\n    Store,\n    Queue,\n    /// Opens the connection.\n    DynamoDbConnection,\n}\n"
RULES = "# Rules\n\n| rule | code | test |\n|---|---|---|\n| One rule | `functions/rooms/src/a.rs`, `a` | `a_does` |\n"


class NewFunction(unittest.TestCase):
    def setUp(self):
        self.root = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        for path in [*templates().values(), Path("scripts/new-function")]:
            copy = self.root / path
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
        for folder in self.root.glob("functions/*"):
            source = folder / "src"
            (source / "bin").mkdir(parents=True)
            (source / "bin" / f"{folder.name}-taken.rs").touch()
            (source / "lib.rs").write_text("pub mod routes;\n")
            (source / "routes.rs").write_text("//! Routes.\n\npub mod aaa;\npub mod zzz;\n")
            (source / "state.rs").write_text(STATE)
            (folder / "Cargo.toml").write_text("[dependencies]\nhttp.workspace = true\n")
            (folder / "RULES.md").write_text(RULES)
        self.before = self.files()

    def files(self):
        return {path.relative_to(self.root).as_posix(): path.read_text()
                for path in self.root.rglob("*") if path.is_file()}

    def run_with(self, *arguments):
        return subprocess.run([sys.executable, self.root / "scripts/new-function", *arguments],
                              capture_output=True, text=True)

    def written(self, *arguments):
        """The files that a run wrote or changed, and what it printed."""
        done = self.run_with(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        after = self.files()
        self.assertLessEqual(self.before.keys(), after.keys())
        return {path: text for path, text in after.items() if self.before.get(path) != text}, done.stdout

    def template(self, service, added):
        """The parsed template, whose other resources are as before and which SAM expands."""
        path = f"functions/{service}/template.yaml"
        before, after = yaml_parse(self.before[path]), yaml_parse((self.root / path).read_text())
        known = {name: after["Resources"].pop(name) for name in added}
        self.assertEqual(after, before)
        after = yaml_parse((self.root / path).read_text())
        self.assertLessEqual(known.keys(), expand(after).get("Resources").keys())
        self.assertFalse([line for line in (self.root / path).read_text().splitlines()
                          if len(line) > 120 and line not in self.before[path]])
        return known

    def assert_is_bound(self, text, names):
        """Every alias is defined before its use, and every anchor once."""
        defined = set()
        for kind, name in re.findall(r"(?:^|[ \[])([&*])([a-z_0-9]+)", text, re.MULTILINE):
            if kind == "&":
                self.assertNotIn(name, defined)
                defined.add(name)
            elif name in names:
                self.assertIn(name, defined)

    def test_routes_get_files_statements_alarm_and_sample(self):
        written, printed = self.written("rooms", "room-report", "--route", "GET /api/chats/{code}/report/",
                                        "--route", "POST /api/reports/", "--description", "Reports a room.")
        self.assertEqual(written.keys(), {
            "functions/rooms/src/routes/room_report.rs", "functions/rooms/src/bin/room-report.rs",
            "functions/rooms/src/routes.rs", "functions/rooms/template.yaml", "functions/rooms/RULES.md",
            "events/rooms/room-report.request.json"})
        for path in written:
            self.assertIn(path, printed)
        self.assertIn("Next:", printed)
        self.assertIn("Add to functions/rooms/Cargo.toml: confab-testkit\n", printed)

        known = self.template("rooms", ["RoomReportFunction", "RoomReportErrorsAlarm"])
        function = known["RoomReportFunction"]["Properties"]
        self.assertEqual(function["CodeUri"], "../../target/lambda/room-report/")
        routes = {(event["Properties"]["Method"], event["Properties"]["Path"]) for event in function["Events"].values()}
        self.assertEqual(routes, {("GET", "/api/chats/{code}/report/"), ("POST", "/api/reports/")})
        [policy] = function["Policies"]
        self.assertEqual([statement["Action"] for statement in policy["Statement"]], ["dynamodb:GetItem"])
        self.assertEqual(known["RoomReportErrorsAlarm"]["Properties"]["MetricName"], "Errors")

        event = json.loads(written["events/rooms/room-report.request.json"])
        self.assertEqual((event["routeKey"], event["rawPath"]),
                         ("GET /api/chats/{code}/report/", "/api/chats/1/report/"))
        module = written["functions/rooms/src/routes/room_report.rs"]
        self.assertEqual(module.splitlines()[0],
                         "//! `GET /api/chats/{code}/report/`, `POST /api/reports/`: reports a room.")
        for route, name in (("GET /api/chats/{code}/report/", "get"), ("POST /api/reports/", "post")):
            self.assertIn(f'.route("{route}", {name})', module)
            self.assertIn(f"async fn {name}(", module)
        self.assertIn("PARTS: &[Part] = &[Part::Store, Part::DynamoDbConnection];", module)
        binary = written["functions/rooms/src/bin/room-report.rs"]
        self.assertIn("use rooms::{State, routes::room_report};", binary)
        self.assertIn('confab_lambda::serve("room-report", state, room_report::routes()).await', binary)
        self.assertLessEqual(len([line for line in binary.splitlines() if line]), 8)
        self.assertEqual(written["functions/rooms/src/routes.rs"],
                         "//! Routes.\n\npub mod aaa;\npub mod room_report;\npub mod zzz;\n")
        row = written["functions/rooms/RULES.md"].splitlines()[-1]
        self.assertEqual(row, "| Reports a room. | `functions/rooms/src/routes/room_report.rs`, `routes` "
                              "| `room_report_sample_calls_its_route` |")
        self.assertIn("fn room_report_sample_calls_its_route()", module)

    def test_workers_get_a_queue_a_dead_letter_queue_and_alarms_in_each_service(self):
        for service in ("studio", "payments", "rooms", "maintenance"):
            with self.subTest(service):
                name = f"{service}-digest"
                written, _ = self.written(service, name, "--worker")
                pascal = f"{service.capitalize()}Digest"
                known = self.template(service, [pascal + part for part in (
                    "Function", "ErrorsAlarm", "FailedAlarm", "Queue", "Dlq", "AgeAlarm", "DlqAlarm")])
                queue, dlq = known[f"{pascal}Queue"]["Properties"], known[f"{pascal}Dlq"]["Properties"]
                self.assertEqual((queue["VisibilityTimeout"], queue["RedrivePolicy"]["maxReceiveCount"]), (60, 60))
                self.assertGreater(queue["MessageRetentionPeriod"], 60 * 60)
                self.assertGreater(dlq["MessageRetentionPeriod"], queue["MessageRetentionPeriod"])
                function = known[f"{pascal}Function"]["Properties"]
                [event] = function["Events"].values()
                self.assertEqual(event["Properties"]["FunctionResponseTypes"], ["ReportBatchItemFailures"])
                self.assertIn("sqs:SendMessage", [each["Action"] for each in function["Policies"][0]["Statement"]])
                [record] = json.loads(written[f"events/{service}/{name}.message.json"])["Records"]
                self.assertTrue(record["eventSourceARN"].endswith(f":confab-{name}"))
                self.assertIn("pub mod workers;", (self.root / f"functions/{service}/src/lib.rs").read_text())
                self.assert_is_bound(written[f"functions/{service}/template.yaml"], {
                    "errors", "failed", "queue", "dead_letter_queue", "age", "dead_letters", "batch_of_10"})
                self.before = self.files()

    def test_services_take_several_new_functions(self):
        self.written("maintenance", "first-sweep", "--worker")
        self.before = self.files()
        self.written("maintenance", "second-sweep", "--worker")
        self.assertEqual(len(self.template("maintenance", ["SecondSweepFunction", "SecondSweepErrorsAlarm",
            "SecondSweepFailedAlarm", "SecondSweepQueue", "SecondSweepDlq", "SecondSweepAgeAlarm",
            "SecondSweepDlqAlarm"])), 7)

    def test_rows_name_the_package_of_their_test_as_the_other_rows_do(self):
        rules = self.root / "functions/rooms/RULES.md"
        rules.write_text(RULES.replace("`a_does`", "`domain: a_does`"))
        self.before = self.files()
        self.written("rooms", "room-digest", "--worker")
        self.assertTrue(rules.read_text().endswith("| `rooms: room_digest_sample_is_a_message_of_its_queue` |\n"))

    def test_services_without_rules_get_none(self):
        (self.root / "functions/rooms/RULES.md").unlink()
        self.before = self.files()
        written, _ = self.written("rooms", "room-report", "--route", "GET /api/reports/")
        self.assertNotIn("functions/rooms/RULES.md", written)

    def test_refused_arguments_write_nothing(self):
        taken = next(event["Properties"] for function in of_type(
            yaml_parse(self.before["functions/payments/template.yaml"]), "AWS::Serverless::Function").values()
            for event in function["Properties"]["Events"].values() if event["Type"] == "HttpApi")
        for arguments, reason in [
            (("nowhere", "new-one", "--worker"), "no service"),
            (("..", "new-one", "--worker"), "no service"),
            (("rooms", "NewOne", "--worker"), "kebab case"),
            (("rooms", "new--one", "--worker"), "kebab case"),
            (("rooms", "studio-taken", "--worker"), "there is a function"),
            (("rooms", "rooms-paid", "--worker"), "resources of the name"),
            (("rooms", "new-one", "--route", "FETCH /api/things/"), "no route"),
            (("rooms", "new-one", "--route", "GET api/things/"), "no route"),
            (("rooms", "new-one", "--route", f"{taken['Method']} {taken['Path']}"), "there is a route"),
            (("rooms", "new-one", "--route", "GET /api/x/", "--route", "GET /api/x/"), "there is a route"),
            (("maintenance", "new-one", "--route", "GET /api/things/"), "no HTTP API"),
            (("rooms", "new-one"), "required"),
        ]:
            with self.subTest(arguments):
                done = self.run_with(*arguments)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(reason, done.stderr)
                self.assertEqual(self.files(), self.before)


if __name__ == "__main__":
    unittest.main()
