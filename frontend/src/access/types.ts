/** What the service says about accounts and the trail; the names are those of the API. */
import type { Account } from "../api/types";

export interface AccountRow extends Account {
  active: boolean; locked: boolean; locked_until: string | null; must_change: "first" | "expired" | null; password_set_at: string; password_expires_at: string | null;
  made_at: string; signed_in_at: string | null; sessions: number; tokens: number;
}
export interface SessionRow { id: number; made_at: string; seen_at: string; expires_at: string; address: string; agent: string; current: boolean }
export interface TokenRow { id: number; name: string; made_at: string; expires_at: string; used_at: string | null; expired: boolean }
export interface Rules { length: number; most: number; kinds: number; long: number; history: number }
export interface PasswordState { rules: Rules; days: number; words: string; set_at: string; expires_at: string | null; must_change: string | null }
export interface Entry {
  id: number; n: number | null; at: string; actor: string; address: string; action: string; kind: string; ref: string; state: number | null; result: string;
  before: Record<string, unknown> | null; after: Record<string, unknown> | null; hash: string | null; previous: string | null;
}
export interface Names { kinds: Record<string, string>; actions: Record<string, string>; results: Record<string, string> }
export interface Trail { items: Entry[]; next: number | null; total?: number; names?: Names; limited?: boolean }
export interface Check {
  holds: boolean; entries: number; head: { n: number | null; hash: string | null }; at: string; broken: { words: string }[]; more: boolean; noted: { n: number; holds: boolean; words: string } | null;
}
