"""What the driver is told, in Chinese: by the type of a manoeuvre and the road's name. The engine has no such words."""

from collections.abc import Mapping, Sequence
from typing import Any

# By valhalla's number of a manoeuvre: what is done. Those that only go on along a road are in _ON.
TURNS: dict[int, str] = {
    9: "靠右前行", 10: "右转", 11: "向右后方转", 12: "右侧掉头", 13: "左侧掉头", 14: "向左后方转", 15: "左转",
    16: "靠左前行", 17: "直行上匝道", 18: "右转上匝道", 19: "左转上匝道", 20: "右侧出口驶出", 21: "左侧出口驶出",
    22: "岔路口直行", 23: "岔路口靠右", 24: "岔路口靠左", 25: "并入主路", 27: "驶出环岛", 28: "上渡船", 29: "下渡船",
    37: "向右并入主路", 38: "向左并入主路",
}  # fmt: skip
_START, _END, _ROUND = {1, 2, 3}, {4, 5, 6}, 26
_LEAST_KM = 0.005


def distance(km: float) -> str:
    """As it is said: tens of metres, then tenths of kilometres."""
    if km < 0.995:
        return f"{max(10, round(km * 100) * 10)} m"
    return f"{km:.1f} km"


def instructions(manoeuvres: Sequence[Mapping[str, Any]]) -> list[str]:
    """A sentence a manoeuvre."""
    out = []
    for one in manoeuvres:
        said = sentence(one)
        if said:
            out.append(said)
    return out


def sentence(one: Mapping[str, Any]) -> str:
    """One manoeuvre; empty where there is nothing to say."""
    kind, km = int(one["type"]), float(one.get("length", 0))
    road = "、".join(one.get("street_names") or ())
    far = f"行驶 {distance(km)}" if km >= _LEAST_KM else ""
    if kind in _END:
        return "到达"
    if kind in _START:
        if not far:
            return "出发"
        return f"出发，沿{road}{far}" if road else f"出发，{far}"
    if kind == _ROUND:
        count = one.get("roundabout_exit_count")
        out = f"进入环岛，从第 {count} 个出口驶出" if count else "进入环岛"
        return f"{out}，{far}" if far else out
    turn = TURNS.get(kind)
    if turn is None:  # goes on, or a manoeuvre that a road vehicle does not make
        return f"沿{road}{far}" if road and far else far and f"继续{far}"
    into = f"{turn}进入{road}" if road else turn
    return f"{into}，{far}" if far else into


def off_road(start_m: float | None, end_m: float | None) -> str:
    """What of a way no road leads over; empty where there is nothing of it."""
    told = [f"{what}约 {distance(m / 1000)}" for what, m in (("起步", start_m), ("末段", end_m)) if m is not None]
    return f"{'、'.join(told)} 路网上没有路，用时未计" if told else ""


def to_road(off_m: float) -> str:
    """The first part where the road is some way off."""
    return f"先到路上（约 {distance(off_m / 1000)}，路网上没有路）"


def from_road(off_m: float) -> str:
    """The last part where the road does not lead there."""
    return f"路到此为止，到目的地还有约 {distance(off_m / 1000)}，路网上没有路"


def ashore(boat_m: float) -> str:
    """The first part where one begins in the water."""
    return f"乘舟艇直线行驶 {distance(boat_m / 1000)} 靠岸，换乘车辆"


def across(boat_m: float) -> str:
    """The whole way where it is all on one water."""
    return f"乘舟艇直线行驶 {distance(boat_m / 1000)}，到达"


def afloat(boat_m: float, approach_m: float) -> list[str]:
    """The last part where there is a boat's."""
    out = []
    if approach_m >= 5:
        out.append(f"沿路再行 {distance(approach_m / 1000)} 到水边")
    out.append(f"在水边下水，换乘舟艇直线行驶 {distance(boat_m / 1000)}，到达")
    return out
