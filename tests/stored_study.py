"""What the small study leaves in its folder: keys, rows and final files."""

from __future__ import annotations

from dataclasses import asdict

from mfplug.studies import steps
from mfplug.studies.plan import make_plan
from mfplug.studies.storefolder import Store

STEPS = ("solve", "simulate", "measure", "tabulate", "plot")


def key_sets(path, out="unused", profile="quick"):
    """Return the keys of the units of each step, and of the ends."""
    made = make_plan(str(path), profile, out)
    found = {
        s: {u["key"] for b in made["blocks"] if b["step"] == s for u in b["units"]}
        for s in STEPS[:3]
    }
    ends = {b["step"]: b["id"] for b in made["blocks"] if b["step"] in STEPS[3:]}
    return found | ends


def results(out, name="micro"):
    """Return the bytes of all final files but provenance."""
    files = [f for f in (out / name).iterdir() if f.name not in ("provenance.json",)]
    return {f.name: f.read_bytes() for f in files if f.name != "plan.json"}


def rows_of(out):
    store = Store(out)
    keys = sorted(p.stem for p in (out / "store" / "rows").iterdir())
    return {key: [asdict(r) for r in store.load_rows(key)] for key in keys}


def counted(monkeypatch):
    """Count the replicas that are really simulated."""
    done = []
    real = steps.simulate

    def simulate(system, particles, replicas, *args, **named):
        done.append((particles, named["first_replica"], replicas))
        return real(system, particles, replicas, *args, **named)

    monkeypatch.setattr(steps, "simulate", simulate)
    return done
