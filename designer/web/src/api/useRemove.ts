// Taking one thing of a list away, or saying that something still uses it.

import { useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { useErrorText } from "../ui/errorText";
import { ApiError, api } from "./client";

/** `list`: the address of the list; `inUse`: what to say when it cannot go. What it gives answers whether the thing is gone. */
export function useRemove(list: string, inUse: string): (id: string) => Promise<boolean> {
  const { message } = App.useApp();
  const textOf = useErrorText();
  const queries = useQueryClient();
  return async (id) => {
    try {
      await api.delete(`${list}/${id}`);
      await queries.invalidateQueries({ queryKey: [list] });
      return true;
    } catch (error) {
      const used = error instanceof ApiError && error.status === 409;
      message.error(used ? inUse : textOf(error));
      return false;
    }
  };
}
