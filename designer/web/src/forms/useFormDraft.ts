// What is typed into a form but not sent survives a reload, a call and a lost session: kept in this tab as it is typed.

import { useCallback, useState } from "react";
import type { JsonSchema } from "../schema";
import type { JsonObject } from "../ui/form/kinds";
import { asForm, isWritable, type ShownForm } from "./form";

export interface FormDraft {
  value: JsonObject;
  setValue: (value: JsonObject) => void;
  /** It was sent: nothing to keep. */
  forget: () => void;
  /** Something typed earlier was found and put back. */
  restored: boolean;
}

/** `useFormDraft("task.tsk_1", task.form)`: starts with the form's value, and what was typed over it. */
export function useFormDraft(key: string, given: ShownForm | JsonSchema | null): FormDraft {
  const place = `headrace.typed.form.${key}`;
  const [value, change] = useState<JsonObject>(() => started(given, kept(place)));
  const [restored] = useState(() => Object.keys(kept(place)).length > 0);
  const setValue = useCallback(
    (next: JsonObject) => {
      change(next);
      store(place, typedOver(given, next));
    },
    [place, given],
  );
  const forget = useCallback(() => sessionStorage.removeItem(place), [place]);
  return { value, setValue, forget, restored };
}

function started(given: ShownForm | JsonSchema | null, typed: JsonObject): JsonObject {
  if (given === null) return {};
  const form = asForm(given);
  const mine = Object.entries(typed).filter(
    ([name]) => form.schema.properties?.[name] !== undefined && isWritable(form, name),
  );
  return { ...(form.value ?? {}), ...Object.fromEntries(mine) };
}

/** Only what differs from what came: a newer form of the same task keeps its own values elsewhere. */
function typedOver(given: ShownForm | JsonSchema | null, value: JsonObject): JsonObject {
  const before = given === null ? {} : (asForm(given).value ?? {});
  const typed = Object.entries(value).filter(
    ([name, item]) => JSON.stringify(item) !== JSON.stringify(before[name]),
  );
  return Object.fromEntries(typed);
}

function kept(place: string): JsonObject {
  try {
    return JSON.parse(sessionStorage.getItem(place) ?? "{}") ?? {};
  } catch {
    return {};
  }
}

function store(place: string, typed: JsonObject): void {
  try {
    sessionStorage.setItem(place, JSON.stringify(typed));
  } catch {
    // The tab's room is full: what is on the screen still counts.
  }
}
