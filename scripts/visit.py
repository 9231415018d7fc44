"""A visit to the photo studio through the phone's API of `local`, from the first word to the stars."""

import base64
import time
import urllib.request

PATIENCE = 120  # seconds for any one answer, with others asking at the same time
OPERATOR = {"authorization": "Bearer operator-key"}


class Visit:
    def __init__(self, local, name):
        self.local = local
        self.person = local.ask("/api/phone/people", {"name": name, "channel": "meta"})["id"]

    def sends(self, **message):
        return self.local.ask(f"/api/phone/people/{self.person}/messages", message)

    def hears(self, words):
        """The newest message with these words, which has come or comes."""

        def heard():
            answers = [said for said in self.messages() if said["from"] == "bot" and words in str(said["content"])]
            return answers[-1] if answers else None

        return eventually(heard, f"{self.person} does not hear {words!r}")

    def taps(self, message, title):
        content = message["content"]
        rows = [row for section in content.get("sections", []) for row in section["rows"]]
        choice = next(choice for choice in rows + content.get("buttons", []) if choice["title"] == title)
        kind = "list_reply" if rows else "button_reply"
        self.sends(type=kind, id=choice["id"], title=title, reply_to=message["id"])

    def messages(self):
        return self.local.ask(f"/api/phone/people/{self.person}/messages?after=0")

    def photos(self):
        """What the bot sent without a caption: pictures of packs have one."""
        sent = [said["content"] for said in self.messages() if said["from"] == "bot"]
        return [content for content in sent if content["type"] == "image" and not content["caption"]]

    def whole(self):
        self.sends(type="text", text="hi")
        self.hears("How it works")
        for number in range(10):
            selfie = fetch(f"{self.local.home}/astria/selfies/{number}.jpg?kind=good&person={self.person}&class=woman")
            self.sends(type="image", data=base64.b64encode(selfie).decode(), mime_type="image/jpeg")
        self.taps(self.hears("10 of 10 good photos"), "See the packs")
        self.taps(self.hears("How many photos"), "Lite")
        self.taps(self.hears("City Evening Lite"), "City Evening Lite")
        link = self.hears("/api/payments/pay/")["content"]["url"]
        session = redirected(link).rsplit("/", 1)[1]
        self.local.ask(f"/api/pay/{session}", {"card": "success"})
        eventually(lambda: len(self.photos()) == 4, f"{self.person} has no photos")
        self.taps(self.hears("How do you like them"), "⭐⭐⭐⭐⭐")
        self.hears("good to hear")


def opened(local):
    """A studio with packs, whose photos are made at once."""
    local.ask("/api/astria/settings", {"train_ms": 1_500, "prompt_ms": 300}, "PUT")
    refresh = urllib.request.Request(f"{local.gateway}/update-images", b"{}", OPERATOR)
    urllib.request.urlopen(refresh, timeout=PATIENCE).close()
    progress = urllib.request.Request(f"{local.gateway}/update-images", headers=OPERATOR)
    eventually(lambda: b'"pictures_drawn":12' in fetch(progress), "the packs have no pictures")


def eventually(found, complaint):
    deadline = time.time() + PATIENCE
    while time.time() < deadline:
        if it := found():
            return it
        time.sleep(0.2)
    raise SystemExit(f"bench: {complaint}")


def fetch(address):
    with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
        return answer.read()


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def redirected(address):
    """Where a link leads."""
    try:
        urllib.request.build_opener(Stay).open(address, timeout=PATIENCE)
    except urllib.error.HTTPError as answer:
        return answer.headers["location"]
    raise SystemExit(f"bench: {address} leads nowhere")
