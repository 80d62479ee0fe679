import { describe, expect, it } from "vitest";
import { RF } from "../../words/rescueForces";
import { RD } from "../../words/rescueDispatch";

describe("what no road leads over", () => {
  it("is told at either end, and not where there is none", () => {
    expect(RF.offRoad({ off_road_m: 447.3, off_start_m: null })).toBe("末段约 450 m 路网上没有路，用时未计");
    expect(RF.offRoad({ off_road_m: 1234, off_start_m: 62 })).toBe("起步约 60 m、末段约 1.2 km 路网上没有路，用时未计");
    expect(RF.offRoad({ off_road_m: null, off_start_m: null })).toBe("");
    expect(RF.offRoadShort({ off_road_m: 447.3 })).toBe("末段约 450 m 无路，未计时");
    expect(RF.offRoadShort({})).toBe("");
    expect(RF.offRoad({})).toBe(""); // an order of before it was told
  });
  it("stands in the list one picks a team from", () => {
    expect(RD.assignSaid("例队", "待命", "2 分钟", "", "", "末段约 450 m 无路，未计时")).toBe("例队（待命） 2 分钟 末段约 450 m 无路，未计时");
    expect(RD.assignSaid("例队", "待命", "2 分钟", "", "", "")).toBe("例队（待命） 2 分钟");
  });
});
