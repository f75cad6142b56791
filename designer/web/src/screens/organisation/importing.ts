// A file of people on its way in: read by the server, looked at, applied.

import { upload } from "../../api/client";

export const STATES = ["new", "changed", "left", "same", "error"] as const;
export type RowState = (typeof STATES)[number];

export interface Change {
  field: string;
  before: unknown;
  after: unknown;
}

export interface ImportRow {
  row: number | null;
  state: RowState;
  login: string;
  name: string;
  changes: Change[];
  errors: { field: string; code: string; message: string; params?: Record<string, unknown> }[];
}

export interface Preview {
  id: string;
  total: number;
  counts: Partial<Record<RowState, number>>;
  /** Of those that leave: active people who are not in the file. */
  missing: number;
  /** What is not there yet and would be made. */
  departments: string[];
  posts: string[];
}

export type Applied = Record<"new" | "changed" | "left" | "error", number>;

const CSV = "text/csv";
export const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/** The file as it is, without a form around it. */
export async function sendFile(file: File): Promise<Preview> {
  const kind = /\.xlsx$/i.test(file.name) ? XLSX : CSV;
  return upload<Preview>(
    `/api/organisation/import?name=${encodeURIComponent(file.name)}`,
    new Blob([file], { type: kind }), // browsers differ in what they call these kinds
  );
}

/** What a value says in a cell. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined || value === "") return "";
  if (Array.isArray(value)) return value.map(valueText).join(", ");
  if (typeof value === "object") {
    const named = (value as { name?: unknown }).name;
    return named === undefined ? JSON.stringify(value) : String(named);
  }
  return String(value);
}
