import { describe, expect, it } from "vitest";
import { whereTo } from "./whereTo";
import type { Assignment, Order } from "./types";

describe("where a plan's orders lead", () => {
  const place = (lng: number) => ({ type: "Point", coordinates: [lng, 29] });
  const way = { type: "LineString" as const, coordinates: [[1, 29], [2, 29]] as [number, number][] };
  const order = (id: number, incident: number, team: number | null) => ({ id, incident, team: { id: team, name: null, masked: team === null ? "水利局的队伍" : null } }) as Order;
  const sent = (incident: number, team: number | null, more: object = {}) => ({ incident, team, order: null, route: null, boat_leg: null, ...more }) as Assignment;
  const incidents = [{ id: 1, place: place(2) }, { id: 2, place: place(5) }, { id: 3, place: place(9) }];
  const teams = [{ id: 11, position: [1, 29] as [number, number] }, { id: 12, position: null }];

  it("is incidents, ways and teams of these orders and of no others", () => {
    const orders = [order(7, 1, 11), order(8, 2, 12)];
    const assignments = [sent(1, 11, { route: way, boat_leg: { ...way, travel_s: 1, distance_m: 1 } }), sent(2, 12), sent(3, 13, { route: way, order: 4 })];
    expect(whereTo({ orders, assignments }, incidents, teams).map((g) => [g.type, JSON.stringify(g.coordinates)])).toEqual([
      ["Point", "[2,29]"], ["LineString", "[[1,29],[2,29]]"], ["LineString", "[[1,29],[2,29]]"], ["Point", "[1,29]"], ["Point", "[5,29]"],
    ]);
  });
  it("is the incident alone where the team is not told, and nothing where nothing was ordered", () => {
    expect(whereTo({ orders: [order(7, 3, null)], assignments: [sent(3, null, { route: way })] }, incidents, teams)).toEqual([place(9)]);
    expect(whereTo({ orders: [], assignments: [sent(1, 11, { route: way })] }, incidents, teams)).toEqual([]);
  });
});
