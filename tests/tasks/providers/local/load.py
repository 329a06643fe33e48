"""A second process's load: `python load.py PORT STOP_FILE` asks until the file is there, then prints what it got."""

import http.client
import json
import sys
import threading
from pathlib import Path

port, stop = int(sys.argv[1]), Path(sys.argv[2])
ANSWERS: dict[str, int] = {}
guard = threading.Lock()


def ask(number: int) -> None:
    """One kept-alive client: some of what it asks may not be sent twice, some has a route that comes and goes."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    count = 0
    while not stop.exists():
        count += 1
        method = "POST" if count % 3 == 0 else "GET"
        try:
            connection.request(method, "/new" if count % 2 else "/", body=b"x" if method == "POST" else None)
            answer = connection.getresponse()
            text = answer.read().decode()
            what = "200" if answer.status == 200 else f"{method} {answer.status} {text[:200]}"
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            what = f"{method} {error!r}"
        with guard:
            ANSWERS[what] = ANSWERS.get(what, 0) + 1


threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps(ANSWERS))
