// Which form a list of names and values fills: a table, a decision table, another flow's start, this flow's start, or any names.

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api } from "../../api/client";
import { useMay } from "../../api/session";
import type { Flow } from "../../api/types";
import type { JsonSchema } from "../../schema";
import { askedInput, type FlowDocument } from "../document";
import { useForm } from "../form/context";
import { useDecisionColumns, useTableFields } from "../form/tables";
import { useDocument } from "../store";
import { type Named, ofFields, ofSchema, type Target } from "./targets";

/** What the names of a setting are, as its schema says. */
export type Names = "table" | "decision" | "flow" | "input" | "record";

const RARELY_MS = 300_000;

export function useTargets(names: Names | undefined, params: JsonSchema | undefined): Target[] {
  const { settings, words } = useForm();
  const own = useDocument();
  const may = useMay();
  const fields = useTableFields(names === "table" ? settings["table"] : undefined);
  const columns = useDecisionColumns(names === "decision" ? settings["table"] : undefined);
  const flow = names === "flow" && typeof settings["flow"] === "string" ? settings["flow"] : null;
  const { data } = useQuery({
    queryKey: ["/api/flows", flow, "for-mapping"],
    queryFn: () => api.get<Flow>(`/api/flows/${flow}`),
    enabled: flow !== null && may("flows:read"),
    staleTime: RARELY_MS,
    retry: false,
  });
  return useMemo(() => {
    if (params !== undefined) return ofSchema(params, words.text);
    switch (names) {
      case "table":
        return ofFields(fields as Named[], words.text);
      case "decision":
        return ofFields(
          (columns.inputs as Named[]).map((one) => ({ ...one, required: one.optional !== true })),
          words.text,
        );
      case "flow":
        return data === undefined
          ? []
          : ofSchema(askedInput(data.draft.document as FlowDocument), words.text);
      case "input":
        return ofSchema(askedInput(own), words.text);
      default:
        return [];
    }
  }, [params, names, fields, columns, data, own, words]);
}
