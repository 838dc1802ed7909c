"""Our network against others: one seeded command, one table.

    python evaluate.py [--town DIR] [--only ours SIFT] [--json FILE]

homography  pairs made of held-out photos (homography.py)
daynight    rendered towns not trained on, day against night and dusk (daynight.py)
retrieval   maps with distractors (retrieval.py)

The rendered towns are made once, in the repository's root, about four minutes of two cores:

    for light in day night dusk; do
      npm run render -- --seed 21 --traverse day-map --every 9 --light $light --traffic $light --size 640x480 --depth --out DIR/21/$light
      npm run render -- --seed 24 --traverse drone --every 7 --light $light --traffic $light --size 640x480 --depth --out DIR/24/$light
    done

Without them daynight is left out. All methods get up to 1000 keypoints and mutual nearest neighbours. The bar:
correct matches of the default network between day and night at least twice those of SIFT in the same run; exit 1 below it.
"""
import argparse
import json
import sys
from pathlib import Path

import cv2

import daynight
import extractors
import homography
import retrieval
from cache import shared_root

MODELS = Path(__file__).resolve().parents[1] / "models"
DEFAULT, BASELINE, NIGHT_FACTOR = "ours (hfnet)", "SIFT", 2.0
SECTIONS = ("homography", "daynight", "retrieval")
SLOW = "ALIKED-t16"  # about 1 s a picture: not asked for the 400 pictures of retrieval


def head(title: str, columns: list[str], width: int = 10) -> None:
    print(f"\n{title}\n{'':28}" + "".join(f"{column:>{width}}" for column in columns), flush=True)


def line(name: str, values: list[float]) -> None:
    cells = (f"{v:10.0f}" if v >= 10 else f"{v:10.3f}" for v in values)
    print(f"{name:28}" + "".join(cells), flush=True)


def homography_section(methods: dict, args: argparse.Namespace) -> dict:
    columns = homography.COLUMNS
    head(f"homography, {args.pairs} pairs of held-out photos", list(columns.values()))
    table = {}
    for name, mean in homography.evaluate(methods, shared_root(), args.pairs, args.seed):
        table[name] = mean
        line(name, [mean[key] for key in columns])
    return table


def daynight_section(methods: dict, args: argparse.Namespace) -> dict:
    if args.town is None:
        print("\ndaynight: left out, no rendered towns (--town DIR; --help says how to make them)")
        return {}
    columns = daynight.COLUMNS
    head(f"daynight, rendered towns {', '.join(sorted(p.name for p in args.town.iterdir() if p.is_dir()))}",
         list(columns.values()))
    table = {}
    for name, lights in daynight.evaluate(methods, args.town):
        table[name] = lights
        for pair, mean in lights.items():
            line(f"{name}, {pair}", [mean[key] for key in columns])
    return table


def retrieval_section(methods: dict, args: argparse.Namespace) -> dict:
    table = {}
    quick = {name: extract for name, extract in methods.items() if name != SLOW}
    for name, groups in retrieval.evaluate(quick, shared_root(), args.town):
        if not table:
            head("retrieval, R@1/5/10 in per cent", [f"{group[:13]} {of['queries']}" for group, of in groups.items()], 18)
        table[name] = groups
        cells = ("/".join(f"{100 * of[str(k)]:.0f}" for k in retrieval.RANKS) for of in groups.values())
        print(f"{name:28}" + "".join(f"{cell:>18}" for cell in cells), flush=True)
    return table


def night_bar(table: dict) -> dict:
    """Correct matches between day and night against the baseline's."""
    if not {DEFAULT, BASELINE} <= table.keys() or "day-night" not in table[DEFAULT]:
        return {}
    factor = table[DEFAULT]["day-night"]["correct"] / max(1, table[BASELINE]["day-night"]["correct"])
    holds = factor >= NIGHT_FACTOR
    print(f"\nday-night correct matches: {factor:.2f} x {BASELINE}'s, bar {NIGHT_FACTOR}: {'held' if holds else 'MISSED'}")
    return {"day_night_factor": factor, "held": holds}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=SECTIONS)
    parser.add_argument("--town", type=Path, help="rendered towns not trained on")
    parser.add_argument("--pairs", type=int, default=30, help="homography pairs")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--models", type=Path, default=MODELS)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="methods whose names begin so (ALIKED-t16 takes 1 s a picture)")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    if args.town is not None and not args.town.is_dir():
        parser.error(f"{args.town} is not there; --help says how to make it")
    methods = extractors.methods(shared_root(), args.models, args.only)
    sections = {"homography": homography_section, "daynight": daynight_section, "retrieval": retrieval_section}
    table = {name: run(methods, args) for name, run in sections.items() if name in args.sections}
    table["bar"] = night_bar(table.get("daynight", {}))
    if args.json:
        args.json.write_text(json.dumps(table, indent=2) + "\n")
    sys.exit(0 if table["bar"].get("held", True) else 1)


if __name__ == "__main__":
    main()
