"""Asks each route of docs/rooms.openapi.json once, as people ask it, and expects success.

Writes the description with the room that it made in the place of any room, and prints the session of its host.
"""

import json
import sys
import urllib.error
import urllib.request
from pathlib import Path


class Asker:
    def __init__(self, gateway):
        self.gateway = gateway
        self.asked = set()

    def ask(self, method, route, body=None, token=None, **names):
        """Answers with the body. `route` is a path as it is written down, and `names` are its parameters."""
        headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
        request = urllib.request.Request(
            self.gateway + route.format(**names), None if body is None else json.dumps(body).encode(), headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                content = answer.read()
        except urllib.error.HTTPError as error:
            sys.exit(f"{method} {route}: {error.code} {error.read().decode()}")
        self.asked.add((method.lower(), route))
        return json.loads(content) if content else None


def ask_each(asker):
    """Answers with the host's session and the code of a room with messages in it."""
    ask = asker.ask
    host = ask("POST", "/api/sessions/", {})
    guest = ask("POST", "/api/sessions/", {})
    of_host, of_guest = host["token"], guest["token"]

    def make():
        return ask("POST", "/api/chats/create/", {"name": "Fuzz", "username": "Host"}, of_host)["code"]

    code, closed = make(), make()
    ask("DELETE", "/api/chats/{code}/", token=of_host, code=closed)
    ask("GET", "/api/chats/mine/", token=of_host)
    ask("GET", "/api/chats/{code}/", token=of_host, code=code)
    ask("PATCH", "/api/chats/{code}/", {"description": "A room to ask in"}, of_host, code=code)
    ask("GET", "/api/chats/{code}/join/", token=of_guest, code=code)
    ask("POST", "/api/chats/{code}/join/", {"username": "Guest"}, of_guest, code=code)
    for number in range(1, 4):
        message = {"client_msg_id": f"message-{number}", "text": f"word {number}"}
        seq = ask("POST", "/api/chats/{code}/messages/", message, of_host, code=code)["seq"]
    ask("GET", "/api/chats/{code}/messages/", token=of_host, code=code)
    ask("POST", "/api/chats/{code}/messages/{seq}/reactions/", {"emoji": "\N{THUMBS UP SIGN}", "on": True}, of_host, code=code, seq=seq)
    ask("GET", "/api/chats/{code}/people/", token=of_host, code=code)
    ask("GET", "/api/chats/{code}/offers/", token=of_guest, code=code)
    ask("POST", "/api/chats/{code}/pins/", {"seq": seq, "tier": 100}, of_host, code=code)
    ask("POST", "/api/chats/{code}/tips/", {"amount": 100}, of_guest, code=code)
    ask("GET", "/api/chats/{code}/tips/", token=of_host, code=code)
    ask("POST", "/api/chats/{code}/back-room/", {}, of_host, code=code)
    ask("POST", "/api/ws-ticket", {"code": code}, of_guest)
    ask("DELETE", "/api/chats/{code}/messages/{seq}/", token=of_host, code=code, seq=1)
    ask("POST", "/api/chats/{code}/people/{user}/", {"act": "mute"}, of_host, code=code, user=guest["user_id"])
    ask("DELETE", "/api/chats/{code}/join/", token=of_guest, code=code)
    photo = ask("POST", "/api/photo-analysis/upload/", {"content_type": "image/jpeg", "bytes": 1000}, of_host)
    ask("GET", "/api/photo-analysis/{photo}/", token=of_host, photo=photo["photo_id"])
    return of_host, code


def main():
    gateway, file = sys.argv[1:]
    spec = json.loads(Path("docs/rooms.openapi.json").read_text())
    asker = Asker(gateway)
    token, code = ask_each(asker)
    written = {(method, path) for path, item in spec["paths"].items() for method in item}
    if asker.asked != written:
        sys.exit(f"written down and not asked: {sorted(written - asker.asked)}; the other way round: {sorted(asker.asked - written)}")
    print(f"{len(written)} routes answer", file=sys.stderr)

    # Most of what is asked is of a room that is there. Whoever closes or leaves it ends the test: that is asked of others.
    room = {"type": "string", "enum": [code]}
    known = {"code": room, "seq": {"type": "integer", "enum": [1, 2, 3, 999]}}
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            ends = method == "delete" and path in ("/api/chats/{code}/", "/api/chats/{code}/join/")
            for parameter in operation.get("parameters", []):
                if not ends and parameter["in"] == "path":
                    parameter["schema"] = known.get(parameter["name"], parameter["schema"])
    spec["components"]["schemas"]["TicketWanted"]["properties"]["code"] = room
    Path(file).write_text(json.dumps(spec))
    print(token)


if __name__ == "__main__":
    main()
