// What is typed but not sent, kept in this tab: a call, a reload or a lost session must not cost it.

import { useState } from "react";

export function useKept<T>(name: string, start: T): [T, (value: T) => void, () => void] {
  const key = `headrace.typed.${name}`;
  const [value, setValue] = useState<T>(() => read(key) ?? start);
  const change = (next: T) => {
    setValue(next);
    sessionStorage.setItem(key, JSON.stringify(next));
  };
  return [value, change, () => sessionStorage.removeItem(key)];
}

function read<T>(key: string): T | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "null") ?? undefined;
  } catch {
    return undefined;
  }
}
