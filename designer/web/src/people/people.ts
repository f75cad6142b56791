// People of the house as screens know them, and whom one chose last.

import { useQuery } from "@tanstack/react-query";
import { api, query } from "../api/client";
import type { Page } from "../api/types";

export interface PersonRef {
  id: string;
  name: string;
}

export interface Colleague extends PersonRef {
  login?: string;
  active?: boolean;
  departments?: { id: string; name: string; main?: boolean }[];
  posts?: { id?: string; name: string }[];
  away?: { until?: string | null; substitute?: PersonRef | null } | null;
}

export interface Department {
  id: string;
  name: string;
  parent_id: string | null;
  people?: number;
  people_all?: number;
}

const RECENT_MAX = 6;
const SHOWN_MAX = 30;
const DEPARTMENTS_MAX = 200;
const FRESH_MS = 60_000;

export function useColleagues(search: string, department: string | null) {
  return useQuery({
    queryKey: ["/api/people", { search, department, state: "active", limit: SHOWN_MAX }],
    queryFn: ({ signal }) =>
      api.get<Page<Colleague>>(
        `/api/people${query({ search, department, state: "active", limit: SHOWN_MAX })}`,
        { signal },
      ),
    staleTime: FRESH_MS,
    enabled: search !== "" || department !== null,
  });
}

export function useDepartments(enabled = true) {
  return useQuery({
    queryKey: ["/api/departments", "all"],
    queryFn: ({ signal }) =>
      api.get<Page<Department>>(`/api/departments${query({ limit: DEPARTMENTS_MAX })}`, { signal }),
    staleTime: FRESH_MS,
    enabled,
  });
}

/** Those just chosen first, each once. */
export function withRecent(before: PersonRef[], chosen: PersonRef[]): PersonRef[] {
  const all = [...chosen, ...before];
  return all
    .filter((person, index) => all.findIndex((other) => other.id === person.id) === index)
    .map(({ id, name }) => ({ id, name }))
    .slice(0, RECENT_MAX);
}

/** Departments right below this one, by their order. */
export function below(departments: Department[], parent: string | null): Department[] {
  const known = new Set(departments.map((each) => each.id));
  const above = (each: Department) =>
    each.parent_id !== null && known.has(each.parent_id) ? each.parent_id : null;
  return departments.filter((each) => above(each) === parent);
}

/** The way from the root to this department. */
export function wayTo(departments: Department[], id: string | null): Department[] {
  const way: Department[] = [];
  let here = departments.find((each) => each.id === id);
  while (here && !way.includes(here)) {
    way.unshift(here);
    const parent: string | null = here.parent_id;
    here = departments.find((each) => each.id === parent);
  }
  return way;
}

const KEY = "headrace.people.recent";

export function recentPeople(owner: string): PersonRef[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(`${KEY}.${owner}`) ?? "[]");
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}

export function keepRecent(owner: string, chosen: PersonRef[]): void {
  const next = withRecent(recentPeople(owner), chosen);
  localStorage.setItem(`${KEY}.${owner}`, JSON.stringify(next));
}
