// Which look a person chose for a flow: the free canvas or the vertical one. Remembered on this device.

import { useState } from "react";
import { useSession } from "../../api/session";

export type Look = "canvas" | "vertical";

export function useLook(flow: string): [Look, (look: Look) => void] {
  const person = useSession((state) => state.user?.id ?? "");
  const place = `headrace.look.${person}.${flow}`;
  const [look, setLook] = useState<Look>(() =>
    localStorage.getItem(place) === "vertical" ? "vertical" : "canvas",
  );
  const choose = (next: Look) => {
    localStorage.setItem(place, next);
    setLook(next);
  };
  return [look, choose];
}
