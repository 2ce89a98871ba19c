"""What it costs to do jobs in the order of a rule, by what the best known orders cost."""

import json
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

INSTANCES = Path(__file__).with_name("jobs.json")


def evaluate(program_path):
    """Metrics of a rule: combined_score is 1 for orders as good as the best that are known."""
    spec = spec_from_file_location("program", program_path)
    program = module_from_spec(spec)
    spec.loader.exec_module(program)
    scores = [
        each["best"] / cost(each["jobs"], program.urgency)
        for each in json.loads(INSTANCES.read_text())
    ]
    return {"combined_score": sum(scores) / len(scores), "worst": min(scores)}


def cost(jobs, urgency):
    """Weighted tardiness of jobs, of which the most urgent that waits is done next."""
    waiting, now, late = [tuple(job) for job in jobs], 0, 0
    while waiting:
        work, weight, due = max(waiting, key=lambda job: urgency(*job, now))
        waiting.remove((work, weight, due))
        now += work
        late += weight * max(0, now - due)
    return late
