// The boxes of the inbox, and what of one is looked at: kept in the address, so that it survives a reload and can be sent on.

export const BOXES = ["todo", "done", "started", "cc"] as const;
export type Box = (typeof BOXES)[number];
export type Sort = "due" | "new";

export interface Filters {
  search: string;
  flow: string;
  late: boolean;
  sort: Sort;
}

const NAMES = ["search", "flow", "late", "sort"] as const;

/** `/tasks/done/…` names a box; `/tasks/<id>` is a link to one task, from a message. */
export function placeOf(
  box: string | undefined,
  id: string | undefined,
): { box: Box; id?: string } {
  const known = BOXES.find((name) => name === box);
  if (known !== undefined) return id === undefined ? { box: known } : { box: known, id };
  return box === undefined ? { box: "todo" } : { box: "todo", id: box };
}

export function filtersOf(params: URLSearchParams, box: Box): Filters {
  const sort = params.get("sort");
  return {
    search: params.get("search") ?? "",
    flow: params.get("flow") ?? "",
    late: params.get("late") === "1",
    // What is due first is what one should do first; elsewhere the newest is what one looks for.
    sort: sort === "due" || sort === "new" ? sort : box === "todo" ? "due" : "new",
  };
}

/** The address's part for these filters; what is as usual is left out. */
export function paramsOf(filters: Filters, box: Box): URLSearchParams {
  const usual = filtersOf(new URLSearchParams(), box);
  const params = new URLSearchParams();
  for (const name of NAMES) {
    if (filters[name] !== usual[name]) {
      params.set(name, filters[name] === true ? "1" : String(filters[name]));
    }
  }
  return params;
}

/** How many filters are set, besides the search that is seen anyway. */
export function countOf(filters: Filters, box: Box): number {
  return [...paramsOf(filters, box).keys()].filter((name) => name !== "search").length;
}
