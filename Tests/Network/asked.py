"""What is wrong with what was asked: `python3 asked.py LOG HOSTS…`, where just HOSTS were to be asked by the proxy."""

import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    notes = [json.loads(line) for line in file]
proxied = {note["host"].split("://")[-1].split("/")[0].split(":")[0] for note in notes if note["kind"] == "proxy"}
wrong = {f"{note['to']} was tried" for note in notes if note["kind"] == "stray" and "127.0.0.1:" not in note["to"]}
wrong |= {f"{host} was asked" for host in proxied.difference(sys.argv[2:])}
wrong |= {f"{host} was not asked" for host in set(sys.argv[2:]) - proxied}
print("\n".join(sorted(wrong)))
