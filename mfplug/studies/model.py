"""The study file: its keys, their types, its JSON Schema."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictInt

Number = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[StrictInt, Field(ge=1)]
#: N as a key of a mapping: a string once the study went through JSON.
Particles = Annotated[int, Field(ge=1)]
PluginSpec = str | dict[str, Any]


def _named(spec: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(spec.get("name"), str):
        raise ValueError("a plugin with `name`, or a case with `label` and `set`")
    return spec


#: A plugin with its parameters as one value of a sweep.
SweptPlugin = Annotated[
    dict[str, Any],
    AfterValidator(_named),
    Field(json_schema_extra={"required": ["name"]}),
]
Scalar = StrictBool | StrictInt | Number | str

PROFILES = ("smoke", "quick", "paper")


class Strict(BaseModel):
    """A mapping that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PowerLaw(Strict):
    """A number > 0 that depends on N: times * N**exponent, written {times: , N: }."""

    times: Positive
    N: Number


class SystemSpec(Strict):
    """The physical system, see :class:`mfplug.System`."""

    dimension: StrictInt = 1
    potential: PluginSpec = "free"
    initial: PluginSpec = "gaussian"
    external: PluginSpec | None = None
    box: Number | None = None
    beta: Number = 0.0
    mass: Number = 1.0


class Case(Strict):
    """One labelled value of a sweep that sets several keys together.

    ``only`` leaves out combinations: it names, of other swept names, the values with
    which this one stands.
    """

    label: str
    set: dict[str, Any]
    only: dict[str, list[Any]] = {}


class Fit(Strict):
    """A fitted rate: metric against a swept parameter."""

    metric: str
    index: str = ""
    against: str = "N"
    name: str = ""
    time: Literal["last", "all"] | Number = "last"
    model: Literal["power", "log-over-n"] = "power"
    correction: StrictBool | Positive = False
    minimum: Number | None = None
    maximum: Number | None = None
    where: dict[str, Scalar | list[Scalar]] = {}
    predicted: Number | None = None
    predicted_by: dict[str, dict[Number | str, Number]] = {}


class Bound(Strict):
    """A bound or an exact value to put beside a metric's rows.

    ``source`` is the function that computes it (see :mod:`mfplug.studies.bounds`), or
    ``rows:METRIC`` to take the rows of another metric, of the same index, or
    ``rows:METRIC:INDEX``, of a stated one; left out it is the name.
    """

    name: str
    source: str = ""
    metric: str
    index: str | None = None
    where: dict[str, Scalar | list[Scalar]] = {}
    options: dict[str, Any] = {}


class Check(Strict):
    """One condition of a verdict, computed from the tables.

    ``side`` turns rule ``exponent`` into a one-sided one: the exponent lies above (or
    below) the number that the fit predicts, with the certainty of the family.
    """

    rule: Literal["exponent", "below", "above", "agrees"]
    fit: str | None = None
    metric: str | None = None
    index: str | None = None
    bound: str | None = None
    of: Literal["claim", "printed", "corrected"] = "claim"
    where: dict[str, Scalar | list[Scalar]] = {}
    tolerance: Number | None = None
    relative: Number | None = None
    precision: Number | None = None
    side: Literal["above", "below"] | None = None


class Verdict(Strict):
    """A claim and the conditions from which its verdict is computed."""

    claim: str
    statement: str = ""
    checks: list[Check]
    partial: StrictBool = False


class Overrides(BaseModel):
    """What a profile changes: any key of the study but `profiles`."""

    model_config = ConfigDict(extra="allow", frozen=True)


class StudyFile(Strict):
    """A study as it is written in YAML."""

    title: str
    description: str = ""
    claims: list[str] = []
    system: SystemSpec = SystemSpec()
    sweep: dict[str, list[Case | Scalar | SweptPlugin]] = {}
    particles: Count | None = None
    times: list[Number] = [0.0, 1.0]
    replicas: Count | PowerLaw | dict[Particles, Count] = 1
    step: Number = 0.05
    integrator: PluginSpec = "leapfrog"
    forces: str = "auto"
    solver: PluginSpec = "characteristics"
    seed: Annotated[StrictInt, Field(ge=0)] = 0
    metrics: list[PluginSpec]
    fits: list[Fit] = []
    bounds: list[Bound] = []
    verdicts: list[Verdict] = []
    figures: list[dict[str, Any]] = []
    profiles: dict[str, Overrides] = {}


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a study file (draft 2020-12)."""
    schema = StudyFile.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "mfplug study"
    # A profile has the keys of a study, none of them required.
    profile = schema["$defs"]["Overrides"]
    profile["properties"] = {
        k: v for k, v in schema["properties"].items() if k != "profiles"
    }
    profile["additionalProperties"] = False
    return schema
