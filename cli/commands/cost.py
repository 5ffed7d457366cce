"""scorelet cost: dollars for requests, for rows, and for a month in which nothing happens."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from cli.cost import inputs, reckon
from cli.report import Report, describe, table


def add(commands: Any, summary: str) -> None:
    """Describe the command."""
    parser = describe(commands, "cost", run, summary=summary, example="scorelet cost --requests 5 --architecture arm64")
    parser.add_argument("--requests", type=float, default=1.0, help="million requests a month (default: 1)")
    parser.add_argument("--rows", type=float, default=1.0, help="billion rows a month (default: 1)")
    file_rows, row_bytes = reckon.ROWS_A_FILE / 1e6, reckon.ROW_BYTES
    parser.add_argument("--file-rows", type=float, default=file_rows, help="million rows a file (default: %(default)g)")
    parser.add_argument("--row-bytes", type=float, default=row_bytes, help="of one row's text (default: %(default)g)")
    parser.add_argument("--ms", type=float, help="of one request, on one whole processor (default: as measured)")
    parser.add_argument("--rows-per-second", type=float, help="of batch, on one whole processor (default: as measured)")
    parser.add_argument("--architecture", choices=["x86_64", "arm64"], help="default: the template's")
    parser.add_argument("--memory", type=int, metavar="MB", help="of predict (default: the template's)")
    parser.add_argument("--prices", type=Path, default=inputs.PRICES, help="a price table like cli/prices.toml")
    parser.add_argument("--measured", type=Path, default=inputs.MEASURED, help="default: docs/measured.json")
    parser.add_argument("--template", type=Path, default=inputs.TEMPLATE, help="default: template.yaml")


def run(args: argparse.Namespace) -> Report:
    """Reckon, and compare."""
    prices = inputs.read_prices(args.prices)
    measured = inputs.read_measured(args.measured, predict_ms=args.ms, rows_per_second=args.rows_per_second)
    deployed = inputs.read_deployed(args.template, architecture=args.architecture, predict_mb=args.memory)
    items = {
        "a million requests": reckon.per_million_requests(prices, measured, deployed),
        "a billion rows": reckon.per_billion_rows(
            prices, measured, deployed, rows_a_file=args.file_rows * 1e6, row_bytes=args.row_bytes
        ),
        "a month idle": reckon.per_idle_month(prices, measured, deployed),
        "a month in use, on top": reckon.per_month_in_use(prices, requests=args.requests > 0, rows=args.rows > 0),
    }
    totals = {name: sum(parts.values()) for name, parts in items.items()}
    month = totals["a month idle"] + totals["a month in use, on top"]
    month += args.requests * totals["a million requests"] + args.rows * totals["a billion rows"]
    serverless = reckon.sagemaker_serverless(prices, measured, deployed)
    always_on = reckon.always_on_month(prices)
    data = {
        "date": prices["date"],
        "region": prices["region"],
        "unconfirmed": _unconfirmed(prices),
        "items": items,
        "totals": totals,
        "month": month,
        "sagemaker_serverless_million_requests": serverless,
        "always_on_month": always_on,
    }
    parts = [_items(items), _month(args, month), _beside(data, prices), _note(data)]
    return Report(data, "\n\n".join("\n".join(part) for part in parts))


def _items(items: dict[str, reckon.Items]) -> list[str]:
    rows = []
    for name, parts in items.items():
        rows.append([name, f"{sum(parts.values()):9.2f}"])
        rows += [[f"  {part}", f"{dollars:9.2f}"] for part, dollars in parts.items()]
    return table(["", "dollars"], rows).splitlines()


def _month(args: argparse.Namespace, month: float) -> list[str]:
    return [f"A month with {args.requests:g} million requests and {args.rows:g} billion rows: {month:.2f} dollars."]


def _beside(data: dict[str, Any], prices: dict[str, Any]) -> list[str]:
    ours, serverless, always_on = data["totals"], data["sagemaker_serverless_million_requests"], data["always_on_month"]
    idle, million = ours["a month idle"], ours["a million requests"]
    rows = [
        ["scorelet", f"{idle:.2f}", f"{million:.2f}", "with API, logs and drift alarms"],
        ["SageMaker Serverless", "0.00", f"{serverless:.2f}", "inference alone, at predict's own speed"],
        [prices["always_on"]["name"], f"{always_on:.2f}", "0.00", "as far as one instance carries"],
    ]
    even = (always_on - idle) / million
    return [
        *table(["", "idle month", "million requests", ""], rows).splitlines(),
        f"The always-on one is cheaper from {even:.0f} million requests a month on.",
    ]


def _note(data: dict[str, Any]) -> list[str]:
    lines = [
        f"List prices of {data['region']}, {data['date']}, without free tiers and discounts: check cli/prices.toml.",
        "Not counted: storage, data sent out of AWS, messages, cold starts, and log lines that are not the product's.",
    ]
    if data["unconfirmed"]:
        lines.append(f"No source that could be read confirms: {', '.join(data['unconfirmed'])}.")
    return lines


def _unconfirmed(prices: dict[str, Any]) -> list[str]:
    """Prices that the table itself marks, as `table.name`."""
    tables = {name: value for name, value in prices.items() if isinstance(value, dict)}
    return [f"{name}.{price}" for name, table_ in tables.items() for price in table_.get("unconfirmed", [])]
