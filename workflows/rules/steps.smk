# The five steps of a study. They differ in their command alone, which is the rule's name.
# Parameters that are functions of `output` are left out of Snakemake's record: the
# block says all that a result depends on, the rest is where it is found.


rule solve:
    input:
        needs_of,
    output:
        MARKER,
    log:
        LOG,
    wildcard_constraints:
        block="solve-[0-9a-f]+",
    threads: threads_of
    resources:
        mem_mb=memory_of,
        runtime=runtime_of,
        seconds=seconds_of,
    params:
        block="{block}",
        step=lambda wildcards: JOBS[wildcards.block].step,
        study=lambda wildcards, output: study_of(wildcards),
        plan=lambda wildcards, output: plan_of(wildcards),
        out=lambda wildcards, output: JOBS.path("."),
        python=lambda wildcards, output: sys.executable,
    shell:
        "export MFPLUG_PARENT=$PPID MFPLUG_TIME_LIMIT={resources.seconds};"
        " export NUMBA_NUM_THREADS={threads};"
        " exec {params.python:q} -m mfplug {params.step} {params.study:q}"
        " --out {params.out:q} --plan {params.plan:q} --block {params.block}"
        " > {log:q} 2>&1"


use rule solve as simulate with:
    wildcard_constraints:
        block="simulate-[0-9a-f]+",


use rule solve as measure with:
    wildcard_constraints:
        block="measure-[0-9a-f]+",


# Seconds of work: these run where the workflow does, on a cluster too, and once.
use rule solve as tabulate with:
    wildcard_constraints:
        block="tabulate-[0-9a-f]+",
    retries: 0
    localrule: True


use rule solve as plot with:
    wildcard_constraints:
        block="plot-[0-9a-f]+",
    retries: 0
    localrule: True
