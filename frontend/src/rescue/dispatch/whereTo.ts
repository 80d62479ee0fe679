import type { Geometry } from "../../map/mercator";
import type { Incident, Order, Plan } from "./types";

/** Where a plan's orders lead: their incidents, their ways, and where their teams set out. A team that is not told has neither way nor place here. */
export function whereTo({ orders, assignments }: { orders: readonly Order[]; assignments: Plan["assignments"] }, incidents: readonly Pick<Incident, "id" | "place">[], teams: readonly { id: number; position: [number, number] | null }[]): Geometry[] {
  return orders.flatMap((o) => {
    const a = assignments.find((one) => one.incident === o.incident && (one.order === o.id || (one.team !== null && one.team === o.team.id)));
    const at = teams.find((t) => t.id === o.team.id)?.position;
    return [...incidents.filter((i) => i.id === o.incident).map((i) => i.place), ...[a?.boat_out, a?.route, a?.boat_leg, a?.off_road].flatMap((way) => way ?? []), ...(at ? [{ type: "Point", coordinates: at } as const] : [])];
  });
}
