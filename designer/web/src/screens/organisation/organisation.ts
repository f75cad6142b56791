// The organisation as its screens know it.

import { useQuery } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { Page } from "../../api/types";
import type { PersonRef } from "../../directory/who";

export interface Department {
  id: string;
  name: string;
  parent_id: string | null;
  position: number;
  heads: PersonRef[];
  /** Directly in it, and with those below. */
  people: number;
  people_all: number;
}

export interface Post {
  id: string;
  name: string;
  rank?: number | null;
  people: number;
}

export interface Member {
  id: string;
  login: string;
  name: string;
  email?: string | null;
  active: boolean;
  left_at?: string | null;
  departments: { id: string; name: string; main?: boolean }[];
  posts: { id: string; name: string }[];
  supervisor: PersonRef | null;
  roles: string[];
  open_tasks?: number;
  away?: { until: string | null; substitute: PersonRef | null } | null;
}

export interface Substitution {
  id: string;
  person: PersonRef;
  /** Null: away, and nobody acts. */
  substitute: PersonRef | null;
  from: string;
  until: string;
  /** Null: every flow. */
  flows: string[] | null;
  note?: string | null;
  state?: "now" | "coming" | "past";
  may_change?: boolean;
  /** Of one that is over: tasks the substitute has not decided. */
  still_held?: number;
}

export function useDepartments() {
  return useQuery({
    queryKey: ["/api/departments", "tree"],
    queryFn: ({ signal }) => api.get<Page<Department>>("/api/departments", { signal }),
  });
}

export function usePosts() {
  return useQuery({
    queryKey: ["/api/posts", "all"],
    queryFn: ({ signal }) => api.get<Page<Post>>("/api/posts", { signal }),
  });
}
