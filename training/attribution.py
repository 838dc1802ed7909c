"""Write models/ATTRIBUTION.md from SOURCES.csv: every source training used, with licence and, for CC-BY, every file."""
from collections import defaultdict
from pathlib import Path

from cache import list_photos, shared_root

OUT = Path(__file__).resolve().parents[1] / "models" / "ATTRIBUTION.md"

HEAD = """# Photos the weights were trained on

No photo is part of this project; these are the sources, their licences, and where each licence stands. Thanks to everyone who shared them.
Photos were turned gray, cropped, warped and changed in brightness for training. Rendered frames come from this project's own generator.

| Source | Licence | Stated in | Photos and crops |
|---|---|---|---|
"""


def main() -> None:
    groups = defaultdict(list)
    for photo in list_photos(shared_root()):
        if photo["split"] == "training":
            groups[(photo["source_repo"], photo["licence"], photo["licence_evidence"])].append(photo["path"])
    lines = [f"| {repo} | {licence} | {evidence} | {len(paths)} |" for (repo, licence, evidence), paths in sorted(groups.items())]
    text = HEAD + "\n".join(lines) + "\n\n## Files under CC-BY\n"
    for (repo, licence, _), paths in sorted(groups.items()):
        if licence.upper().startswith("CC-BY"):
            text += f"\n**{repo}** ({licence}): " + ", ".join(f"`{path}`" for path in sorted(set(paths))) + "\n"
    OUT.write_text(text)
    print(f"{OUT.name}: {len(text)} bytes, {len(groups)} sources")


if __name__ == "__main__":
    main()
