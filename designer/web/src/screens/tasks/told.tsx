// What a decision or action has done, told for some seconds; with a way back where there is one.

import { UndoOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import useApp from "antd/es/app/useApp";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { api } from "../../api/client";
import type { JsonObject, Page } from "../../api/types";
import { useErrorText } from "../../ui/errorText";
import { actionOf, type TaskDetail, type TaskItem } from "./task";

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
    say(text, task, back?.allowed ? { action: "take_back" } : null);
  };
}

/** Where the task is now: a decision taken back after the task had ended makes a new visit to its node. */
async function addressNow(task: TaskDetail): Promise<string> {
  const { items } = await api.get<Page<TaskItem>>("/api/tasks?box=todo&sort=new");
  const now = items.find(
    (each) => each.instance_id === task.instance_id && each.node === task.node,
  );
  return now ? `/tasks/todo/${now.id}` : "/tasks/todo";
}

/** Says something was done; `undo` is the action that takes it back. */
export function useSaid() {
  const { t } = useTranslation("tasks");
  const { message } = useApp();
  const textOf = useErrorText();
  const queries = useQueryClient();
  const navigate = useNavigate();
  return (text: string, task: TaskDetail | undefined, undo: Undo | null) => {
    if (undo === null || task === undefined) return void message.success(text);
    const key = `told-${task.id}`;
    const back = async () => {
      message.destroy(key);
      try {
        await api.post(`/api/tasks/${task.id}/actions/${undo.action}`, undo.args ?? {});
        message.success(t("told.undone"));
        navigate(await addressNow(task));
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
