# The page of all studies in the results folder.


rule report:
    input:
        [ancient(marker) for marker in JOBS.needs(JOBS.page.id)],
    output:
        marker=JOBS.path(JOBS.page.marker),
        # The old page stays until the new one is there.
        page=update(JOBS.path(jobs.PAGE)),
    log:
        JOBS.path(f"logs/{JOBS.page.id}.log"),
    retries: 0
    localrule: True
    threads: 1
    resources:
        mem_mb=JOBS.page.memory_mb,
        seconds=ALLOWED.seconds(JOBS.page),
    params:
        marker=JOBS.page.marker,
        out=lambda wildcards, output: JOBS.path("."),
        python=lambda wildcards, output: sys.executable,
    shell:
        "export MFPLUG_PARENT=$PPID MFPLUG_TIME_LIMIT={resources.seconds};"
        " export NUMBA_NUM_THREADS={threads};"
        " exec {params.python:q} -m mfplug report --out {params.out:q}"
        " --marker {params.marker} > {log:q} 2>&1"
