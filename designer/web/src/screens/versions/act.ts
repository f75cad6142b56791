// Something done about versions: tell whether it worked, and look again at all that may have changed.

import { useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { useState } from "react";
import { useErrorText } from "../../ui/errorText";

export function useAct(): {
  busy: boolean;
  act: <T>(what: () => Promise<T>, said?: string) => Promise<T | undefined>;
} {
  const { message } = App.useApp();
  const textOf = useErrorText();
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const act = async <T>(what: () => Promise<T>, said?: string): Promise<T | undefined> => {
    setBusy(true);
    try {
      const answer = await what();
      if (said !== undefined) message.success(said);
      return answer;
    } catch (error) {
      message.error(textOf(error));
      return undefined;
    } finally {
      setBusy(false);
      await queries.invalidateQueries();
    }
  };
  return { busy, act };
}
