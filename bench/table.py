"""Figures as text for people."""

from collections.abc import Sequence

from contest import Row
from cost import Costs

__all__ = ["aligned", "contest_table", "cost_table", "memory_line"]


def contest_table(rows: Sequence[Row]) -> str:
    """A line for each contestant."""
    lines = [("", "records/s", "CPU s", "peak MiB", "in flight", "x floor", "x memory")]
    for row in rows:
        ratios = ["" if ratio is None else f"{ratio:.2f}" for ratio in (row.ratio, row.durability)]
        figures = f"{row.records_per_s:,.0f}", f"{row.cpu_s:.2f}", f"{row.peak_mib:.0f}", str(row.in_flight)
        lines.append((row.name, *figures, *ratios))
    return aligned(lines)


def memory_line(peaks: dict[int, float]) -> str:
    """Whether memory grows with the number of records."""
    return "peak memory, 8 pages at once: " + ", ".join(
        f"{peak:.1f} MiB at {users:,} records" for users, peak in peaks.items()
    )


def cost_table(costs: Costs) -> str:
    """A line for each part."""
    expression, loading = costs.expression, costs.loading
    return aligned(
        [
            ("the page's `users` transform, a record", f"{expression['compiled_us']:.2f} us"),
            ("the same by hand in Python (json.dumps)", f"{expression['by_hand_us']:.2f} us"),
            ("time of the first to the second", f"{expression['ratio']:.2f}"),
            (
                f"loading {loading['nodes']} nodes, {loading['expressions']:,} expressions, CPU",
                f"{loading['load_s'] * 1000:.0f} ms",
            ),
            ("the same text, read by PyYAML alone", f"{loading['yaml_s'] * 1000:.0f} ms"),
            ("hops/s, through a chain of modify nodes", f"{costs.hops_per_s:,.0f}"),
            ("tasks/s, in a loop, store in memory", f"{costs.memory_tasks_per_s:,.0f}"),
            ("tasks/s, in a loop, each durable before the next", f"{costs.tasks_per_s:,.0f}"),
            ("tasks/s, 8 at once, durable", f"{costs.few_tasks_per_s:,.0f}"),
            ("tasks/s, 64 at once, durable", f"{costs.wide_tasks_per_s:,.0f}"),
            *(
                (f"tasks/s, that loop in {runs} runs at once, durable", f"{rate:,.0f}")
                for runs, rate in costs.runs_tasks_per_s.items()
            ),
            ("`headrace --help`, CPU", f"{costs.help_s * 1000:.0f} ms"),
            ("`headrace run --once` of two nodes, CPU", f"{costs.run_s * 1000:.0f} ms"),
            ("from a start after kill -9 to the next request", f"{costs.resume_s * 1000:.0f} ms"),
        ]
    )


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Columns as wide as they need to be: the first to the left, figures to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    texts = []
    for first, *others in lines:
        cells = [text.rjust(width) for text, width in zip(others, widths[1:], strict=True)]
        texts.append("  ".join([first.ljust(widths[0]), *cells]).rstrip())
    return "\n".join(texts)
