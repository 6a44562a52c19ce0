"""``mfplug studies``: the shipped studies, and the schema of a study file."""

from __future__ import annotations

import argparse
import json


def main(arguments: argparse.Namespace) -> int:
    """List the shipped studies with their titles, or print the schema."""
    from mfplug.studies.load import find, shipped
    from mfplug.studies.yamlfile import read_yaml

    if arguments.schema:
        from mfplug.studies.model import json_schema

        print(json.dumps(json_schema(), indent=2, sort_keys=True))
        return 0
    rows = []
    for name in shipped():
        data = read_yaml(find(name))
        rows.append(
            {
                "name": name,
                "title": data["title"],
                "claims": data.get("claims", []),
                "profiles": sorted(data.get("profiles", {})),
            }
        )
    if arguments.json:
        print(json.dumps(rows, indent=2))
        return 0
    width = max((len(r["name"]) for r in rows), default=0)
    for row in rows:
        print(f"{row['name'].ljust(width)}  {row['title']}")
    return 0
