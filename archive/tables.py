"""The tables. Rows are inserted and never changed.

`entries` holds the narrow facts that selection is built from, so that opening a run reads them
alone; what is large or seldom asked for stands in `bodies`, row beside row.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
)

metadata = MetaData()

runs = Table(
    "runs",
    metadata,
    Column("run", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("spec", Text, nullable=False, comment="JSON: what makes the run the run that it is"),
    Column("created_at", Double, nullable=False, comment="seconds since 1970"),
    Column("version", Text, nullable=False, comment="of goexplore"),
)


def _run() -> "Column[int]":
    return Column("run", Integer, ForeignKey("runs.run"), primary_key=True)


def _number(name: str) -> "Column[int]":
    return Column(name, Integer, primary_key=True)


steps = Table(
    "steps",
    metadata,
    _run(),
    _number("number"),
    Column("chosen", Integer, comment="entry set out from; none for the roots"),
    Column("choices", Integer, nullable=False, comment="how many elites could be chosen"),
    Column("probability", Double, nullable=False, comment="of the one that was"),
    Column("granted", Integer, nullable=False, comment="verifications that it might spend"),
    Column("as_of", Integer, nullable=False, comment="newest entry the selection could see"),
    Column("verifications", Integer, nullable=False),
    Column("elapsed", Double, nullable=False, comment="seconds of the run so far"),
    Column("finished_at", Double, nullable=False, comment="seconds since 1970"),
    Column(
        "ahead",
        Integer,
        nullable=False,
        server_default="0",
        comment="steps that had set out from the same elite and were not back",
    ),
    sqlite_with_rowid=False,
)

entries = Table(
    "entries",
    metadata,
    _run(),
    _number("id"),
    Column("step", Integer, nullable=False),
    Column("place", Integer, nullable=False, comment="in its step, from 0"),
    Column("parent", Integer, nullable=False, comment="entry it was made from; 0 for a root"),
    Column("option", Integer, nullable=False, comment="of its parent; -1 for none"),
    Column("cell_key", BigInteger, nullable=False, comment="60-bit digest; -1 for a failure"),
    Column("objective", Double, nullable=False, comment="0 for a failure"),
    Column("status", SmallInteger, nullable=False),
    Column("size", Integer, nullable=False, comment="lines of its tree"),
    Column("options", Integer, nullable=False, comment="open from here; -1 unbounded, 0 terminal"),
    Column("depth", Integer, nullable=False),
    Column(
        "island",
        SmallInteger,
        nullable=False,
        server_default="0",
        comment="that it belongs to; 0 where there are none",
    ),
    Index("entries_by_parent", "run", "parent"),
    sqlite_with_rowid=False,
)

bodies = Table(
    "bodies",
    metadata,
    _run(),
    _number("id"),
    Column("base", Integer, comment="entry that `tree` is a change of; none for a whole tree"),
    Column("hops", SmallInteger, nullable=False, comment="changes up to a whole tree"),
    Column("tree", LargeBinary, nullable=False),
    Column("mutator", Text, nullable=False),
    Column("rationale", Text),
    Column("why", Text, comment="of its admission"),
    Column("cell", Text, comment="none for a failure"),
    Column("observation", Text),
    Column("measures", Text, comment="JSON"),
    Column("options", Text, comment="JSON: [[text, promise], ...]"),
    Column("cause", Text, comment="of a failure"),
    Column("message", Text, comment="of a failure"),
    Column("log", Text, ForeignKey("blobs.digest")),
    Column("snapshot", Text, ForeignKey("blobs.digest")),
    Column("tasks", SmallInteger, nullable=False, comment="rows in task_results"),
    Column("crossed", SmallInteger, nullable=False, comment="rows in other_parents"),
    Column(
        "appraised",
        SmallInteger,
        nullable=False,
        server_default="0",
        comment="rows in appraisals",
    ),
    Column("domain_cell", Text, comment="what its domain said, where the cell is another"),
    Column("interval", Text, comment="of the objective, at 95 %. JSON: [low, high, trials]"),
    Column("first_seen", Double, comment="objective before it was confirmed"),
    sqlite_with_rowid=False,
)
Index(
    "bodies_with_options",
    bodies.c.run,
    bodies.c.id,
    sqlite_where=bodies.c.options.is_not(None),
    postgresql_where=bodies.c.options.is_not(None),
)

other_parents = Table(
    "other_parents",
    metadata,
    _run(),
    _number("child"),
    _number("place"),
    Column("parent", Integer, nullable=False),
    Index("other_parents_by_parent", "run", "parent"),
    sqlite_with_rowid=False,
)

task_results = Table(
    "task_results",
    metadata,
    _run(),
    _number("entry"),
    _number("place"),
    Column("task", Text, nullable=False),
    Column("score", Double, nullable=False),
    sqlite_with_rowid=False,
)

blobs = Table(
    "blobs",
    metadata,
    Column("digest", Text, primary_key=True, comment="SHA-256 of the bytes, hexadecimal"),
    Column("data", LargeBinary, nullable=False, comment="deflated"),
)

events = Table(
    "events",
    metadata,
    _run(),
    _number("number"),
    Column("at", Double, nullable=False, comment="seconds since 1970"),
    Column("kind", Text, nullable=False),
    Column("detail", Text, nullable=False),
    sqlite_with_rowid=False,
)

turns = Table(
    "turns",
    metadata,
    _run(),
    _number("number"),
    Column("chosen", Integer, nullable=False, comment="entry set out from"),
    Column("choices", Integer, nullable=False),
    Column("probability", Double, nullable=False),
    Column("granted", Integer, nullable=False),
    Column("as_of", Integer, nullable=False),
    Column("ahead", Integer, nullable=False, comment="steps that had set out and were not back"),
    sqlite_with_rowid=False,
    comment="steps set out on, recorded before they cost anything",
)

calls = Table(
    "calls",
    metadata,
    _run(),
    Column("key", Text, primary_key=True, comment="SHA-256 of request, model and sample"),
    Column("step", Integer, nullable=False),
    Column("sample", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("request", LargeBinary, nullable=False, comment="JSON, deflated"),
    Column("text", LargeBinary, nullable=False, comment="deflated"),
    Column("finish", Text, nullable=False),
    Column("prompt_tokens", Integer, nullable=False),
    Column("cached_tokens", Integer, nullable=False),
    Column("completion_tokens", Integer, nullable=False),
    Column("dollars", Double, comment="none where the price is not known"),
    Column("seconds", Double, nullable=False),
    Column("at", Double, nullable=False, comment="seconds since 1970"),
    Column("alternatives", Text, comment="JSON: [[token, logprob], ...]"),
    Column("left_out", Text, comment="of the prompt, to fit the window"),
    Index("calls_by_step", "run", "step"),
    sqlite_with_rowid=False,
)

appraisals = Table(
    "appraisals",
    metadata,
    _run(),
    _number("entry"),
    Column("interest", Double, comment="from 0 to 1; none where nobody said"),
    Column("refused", Text, comment="why it should not be kept; empty: it may be"),
    Column("anyway", SmallInteger, nullable=False, comment="1: kept although it was refused"),
    Column("vector", LargeBinary, comment="embedding"),
    sqlite_with_rowid=False,
    comment="what was thought of entries before they were recorded",
)

shortlists = Table(
    "shortlists",
    metadata,
    _run(),
    _number("number"),
    Column("as_of", Integer, nullable=False),
    Column("granted", Integer, nullable=False),
    Column("choices", Integer, nullable=False),
    Column("judge", Text, nullable=False, comment="who is to choose"),
    Column("shown", LargeBinary, nullable=False, comment="JSON, deflated"),
    sqlite_with_rowid=False,
    comment="what a judge is shown before a step, recorded before it costs anything",
)

verdicts = Table(
    "verdicts",
    metadata,
    _run(),
    _number("step"),
    Column("entry", Integer, nullable=False, comment="the step's first"),
    Column("judge", Text, nullable=False, comment="who chose"),
    Column("fell_back", Text, comment="why it was not the one that was to choose"),
    Column("comparisons", Text, comment="JSON: [[first, second, outcome], ...]"),
    Column("retired", Text, comment="JSON: [[entry, better], ...]"),
    sqlite_with_rowid=False,
    comment="what came of a shortlist",
)

forecasts = Table(
    "forecasts",
    metadata,
    _run(),
    _number("step"),
    _number("place"),
    Column("judge", Text, nullable=False),
    Column("entry", Integer, nullable=False),
    Column("chance", Double, nullable=False, comment="that a step from it will be fruitful"),
    Column("pick", SmallInteger, nullable=False, comment="1: the judge would choose it"),
    sqlite_with_rowid=False,
)
