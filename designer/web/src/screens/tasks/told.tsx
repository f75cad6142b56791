// What a decision or action has done, told for some seconds; with a way back where there is one.

import { UndoOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { api } from "../../api/client";
import type { JsonObject } from "../../api/types";
import { useErrorText } from "../../ui/errorText";
import { actionOf, type TaskDetail } from "./task";

const UNDO_S = 8;

export interface Undo {
  action: string;
  args?: JsonObject;
}

/** `tell("approved", title, task)`: what was decided, and "take back" while the task allows it. */
export function useTold() {
  const { t } = useTranslation("tasks");
  const say = useSaid();
  return (decision: string, title: string, task: TaskDetail | undefined) => {
    const back = task && actionOf(task, "take_back");
    const text = t(`told.${decision}`, { title, defaultValue: t("told.other") });
    say(text, task?.id, back?.allowed ? { action: "take_back" } : null);
  };
}

/** Says something was done; `undo` is the action that takes it back. */
export function useSaid() {
  const { t } = useTranslation("tasks");
  const { message } = App.useApp();
  const textOf = useErrorText();
  const queries = useQueryClient();
  const navigate = useNavigate();
  return (text: string, taskId: string | undefined, undo: Undo | null) => {
    if (undo === null || taskId === undefined) return void message.success(text);
    const key = `told-${taskId}`;
    const back = async () => {
      message.destroy(key);
      try {
        await api.post(`/api/tasks/${taskId}/actions/${undo.action}`, undo.args ?? {});
        message.success(t("told.undone"));
        navigate(`/tasks/todo/${taskId}`);
      } catch (error) {
        message.error(textOf(error));
      } finally {
        void queries.invalidateQueries({ queryKey: ["tasks"] });
      }
    };
    message.open({
      key,
      type: "success",
      duration: UNDO_S,
      content: (
        <span className="hr-told">
          {text}
          <Button
            type="link"
            size="small"
            icon={<UndoOutlined />}
            onClick={() => void back()}
            data-testid="btn-undo"
          >
            {t(undo.action === "take_back" ? "action.take_back.short" : "undo")}
          </Button>
        </span>
      ),
    });
  };
}
