"""Measures the renderer of the carousel and the sizes of its functions. Run it with `scripts/bench carousel`; see
docs/BENCHMARKS.md."""

import argparse
import json
import os
import tempfile
from pathlib import Path

from bench import spread, table
from sandbox import Local, Sandbox
from sizes import zipped

FUNCTION = "carousel-render"
STARTS = 20
TEMPLATES = ("essay", "night", "swiss", "verse", "bento", "bold")
TEXTS = {
    "en": ("Small habits", "Begin with two minutes, and keep the row of days visible."),
    "ru": ("Маленькие привычки", "Начните с двух минут и не прерывайте цепочку дней."),
    "he": ("הרגלים קטנים", "התחילו משתי דקות ושמרו על הרצף."),
    "hi": ("छोटी आदतें", "दो मिनट से शुरू करें और क्रम दिखता रहे।"),
    "ar": ("عادات صغيرة", "ابدأ بدقيقتين وحافظ على السلسلة."),
    "zh": ("小习惯", "从两分钟开始，让进度看得见。"),
}


def sample():
    return json.loads(Path(f"events/carousel/{FUNCTION}.slide.json").read_text())


def slide(language):
    title, body = TEXTS[language]
    return {"kind": "title", "kicker": "", "title": title, "body": body, "source": None, "alt": title}


def drawing(language, template):
    """A job for one slide."""
    event = sample()
    record = event["Records"][0]
    job = json.loads(record["body"])
    page = job["page"] | {"slide": slide(language), "written": [slide(language)], "language": language}
    page["look"] = {"template": template, "format": "portrait"}
    record["body"] = json.dumps(job | {"page": page, "hash": f"{language}{template}".encode().hex().ljust(64, "0")})
    return event


def document(slides):
    """A job for a document of so many slides."""
    event = sample()
    record = event["Records"][0]
    job = json.loads(record["body"])
    pages = [slide(language) for language in (list(TEXTS) * slides)[:slides]]
    look = {"template": "night", "format": "portrait"}
    kept = {name: job[name] for name in ("carousel", "chat", "owner", "revision")}
    record["body"] = json.dumps(kept | {
        "task": "pdf", "slides": pages, "written": pages, "look": look, "language": "en", "title": "Small habits"})
    return event


def cold(local):
    """From the start of a process until its first slide is stored and reported."""
    yield ["first slide", "spawn to ready", "first invocation", "together"]
    for language in ("en", "hi", "zh"):
        ready, first = [], []
        for _ in range(STARTS):
            with Sandbox(local, FUNCTION, local.aws) as sandbox:
                ready.append(sandbox.ready_ms)
                first.append(sandbox.invoke(drawing(language, "night")))
        yield [language, spread(ready), spread(first), spread([sum(pair) for pair in zip(ready, first)])]


def processor_ms(process):
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def warm(local):
    yield ["work", "time", "processor time", "peak memory so far"]
    jobs = [drawing(language, template) for language in TEXTS for template in TEMPLATES]
    with Sandbox(local, FUNCTION, local.aws) as sandbox:
        sandbox.invoke(jobs[0])
        before = processor_ms(sandbox.process)
        times = [sandbox.invoke(job) for job in jobs]
        each = (processor_ms(sandbox.process) - before) / len(jobs)
        memory = lambda: f"{sandbox.memory()[0] / 1e6:.1f} MB"
        yield ["a slide, PNG and JPEG, 6 templates in 6 languages", spread(times), f"{each:.0f} ms", memory()]
        for slides in (7, 15):
            before = processor_ms(sandbox.process)
            took = sandbox.invoke(document(slides))
            yield [f"a document of {slides} slides", f"{took:.0f} ms", f"{processor_ms(sandbox.process) - before:.0f} ms",
                   memory()]


def sizes(binaries):
    yield ["function", "binary", "zip"]
    for source in sorted(Path("functions/carousel/src/bin").glob("*.rs")):
        binary = binaries / source.stem
        yield [source.stem, *(f"{size / 1e6:.2f} MB" for size in (binary.stat().st_size, zipped(binary)))]


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--local", type=Path, default=Path("target/debug/local"))
    options.add_argument("--binaries", type=Path, default=Path("target/release"))
    options = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, Local(options.local, options.binaries, folder) as local:
        local.start(FUNCTION, drawing("en", "essay"))
        table(f"Carousel: a cold start, {STARTS} of each", cold(local))
        table("Carousel: a warm process", warm(local))
    table("Carousel: sizes", sizes(options.binaries))


if __name__ == "__main__":
    main()
