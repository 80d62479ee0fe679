/** Which address shows which page. Pages beside the map are loaded when they are first opened. */
import { createRouter, createWebHistory, type RouteLocationNormalized, type RouteLocationRaw, type RouteRecordRaw } from "vue-router";
import { countLines, openLines } from "../grading/review";
import { inHash } from "../lists/address";
import { W } from "../words";
import { G } from "../words/grading";
import { O } from "../words/object";
import MapPage from "./MapPage.vue";

/** A place in the bar or in a page's side menu; `roles` are those who find something there, `waiting` is how many things
 * wait to be done there, and `count` asks for it. */
export interface Place { path: string; title: string; roles: readonly string[]; waiting?: () => number | null; waitingWords?: (n: number) => string; count?: () => Promise<void> }

const EVERYONE = ["administrator", "editor", "reader", "auditor"] as const;

export const DATA: readonly Place[] = [
  { path: "/data/import", title: W.pages.import, roles: ["administrator", "editor"] },
  { path: "/data/waiting", title: W.pages.waiting, roles: ["administrator", "editor", "reader"] },
  { path: "/data/review", title: W.pages.review, roles: ["administrator", "editor", "reader"], waiting: () => openLines.value, waitingWords: G.nOpen, count: countLines },
  { path: "/data/jobs", title: W.pages.jobs, roles: ["administrator", "editor"] },
  { path: "/objects/new", title: O.newPlain, roles: ["administrator", "editor"] },
];
export const ADMIN: readonly Place[] = [
  { path: "/admin/accounts", title: W.pages.accounts, roles: ["administrator"] },
  { path: "/admin/classes", title: W.pages.classes, roles: ["administrator"] },
  { path: "/admin/basemaps", title: W.pages.basemaps, roles: ["administrator"] },
  { path: "/admin/audit", title: W.pages.audit, roles: ["auditor"] },
  { path: "/admin/me", title: W.pages.me, roles: EVERYONE },
];

function moveIntoHash(to: RouteLocationNormalized): RouteLocationRaw | boolean {
  const moved = inHash(to);
  if (!moved) return true;
  if (router.currentRoute.value.matched.length) return moved;
  location.replace(router.resolve(moved).href); // the page reads its first address as it comes up
  return false;
}

const routes: RouteRecordRaw[] = [
  { path: "/", component: MapPage },
  { path: "/lists/:name([a-z-]+)?", component: () => import("../lists/ListsPage.vue"), beforeEnter: (to) => moveIntoHash(to) },
  { path: "/objects/new", component: () => import("../register/object/ObjectForm.vue") },
  { path: "/objects/:id(\\d+)/edit", component: () => import("../register/object/ObjectForm.vue") },
  { path: "/objects/:id(\\d+)", component: () => import("../register/object/ObjectPage.vue") },
  { path: "/objects/:id(\\d+)/grade", component: () => import("../grading/GradeSheet.vue") },
  { path: "/admission", component: () => import("../admission/AdmissionPage.vue") },
  { path: "/admission/new", component: () => import("../admission/EnquiryPage.vue") },
  { path: "/admission/holidays", component: () => import("../admission/HolidaysPage.vue") },
  { path: "/admission/rules", component: () => import("../admission/RulesPage.vue") },
  { path: "/admission/templates", component: () => import("../admission/TemplatesPage.vue") },
  { path: "/admission/where", component: () => import("../admission/SuitabilityPage.vue") },
  { path: "/admission/batch", component: () => import("../admission/BatchPage.vue") },
  { path: "/admission/:case(ZR-\\d{4}-\\d+)", component: () => import("../admission/CasePage.vue") },
  { path: "/rescue", component: () => import("../rescue/RescuePage.vue") },
  { path: "/rescue/evac", component: () => import("../rescue/evac/EvacuationsPage.vue") },
  { path: "/rescue/evac/:id(\\d+)/:village(\\d+)", component: () => import("../rescue/evac/VillagePage.vue") },
  { path: "/rescue/team", component: () => import("../rescue/team/TeamsPage.vue") },
  { path: "/rescue/team/:id(\\d+)", component: () => import("../rescue/team/TeamPage.vue") },
  { path: "/reports", component: () => import("../reports/ReportsPage.vue") },
  { path: "/reports/new", component: () => import("../reports/NewSetPage.vue") },
  { path: "/reports/columns", component: () => import("../reports/ColumnsPage.vue") },
  { path: "/reports/template", component: () => import("../reports/TemplatePage.vue") },
  { path: "/reports/:id(rp_[0-9a-f]{32})", component: () => import("../reports/SetPage.vue") },
  { path: "/data/import", component: () => import("../register/import/ImportPage.vue") },
  { path: "/data/waiting", component: () => import("../register/WaitingPage.vue") },
  { path: "/data/review", component: () => import("../grading/ReviewPage.vue") },
  { path: "/data/jobs", component: () => import("../register/JobsPage.vue") },
  { path: "/admin/accounts", component: () => import("../access/AccountsPage.vue") },
  { path: "/admin/classes", component: () => import("../catalogue/ClassesPage.vue") },
  { path: "/admin/basemaps", component: () => import("../basemap/BasemapsPage.vue") },
  { path: "/admin/audit", component: () => import("../access/AuditPage.vue") },
  { path: "/admin/me", component: () => import("../access/MePage.vue") },
  { path: "/help", component: () => import("../help/HelpPage.vue") },
  { path: "/:rest(.*)", redirect: "/" },
];

export const router = createRouter({ history: createWebHistory(), routes });
