# The jobs, and what the rules ask about them.
import sys

from mfplug.studies import drive, jobs, timelimit

JOBS = jobs.from_config(config, plan_now=workflow.is_main_process)
ALLOWED = timelimit.from_config(config)

# A job is done when its marker is there: the marker's name is a hash of all that the
# result depends on. So the age of a marker means nothing, and inputs are `ancient`.
MARKER = JOBS.path("store/done/{block}.json")
LOG = JOBS.path("logs/{block}.log")


def needs_of(wildcards):
    return [ancient(marker) for marker in JOBS.needs(wildcards.block)]


def plan_of(wildcards):
    return JOBS.path(JOBS[wildcards.block].plan)


def study_of(wildcards):
    return JOBS[wildcards.block].study


def threads_of(wildcards):
    return JOBS[wildcards.block].threads


# A job that failed asks for twice as much the next time, and has twice as long.
def memory_of(wildcards, attempt):
    return JOBS[wildcards.block].memory_mb * 2 ** (attempt - 1)


def runtime_of(wildcards, attempt):
    return ALLOWED.minutes(JOBS[wildcards.block], attempt)


def seconds_of(wildcards, attempt):
    return ALLOWED.seconds(JOBS[wildcards.block], attempt)
