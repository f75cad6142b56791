// What operators do to an instance. Each asks first, in a small form that says what follows; who was overtaken sees how it stands now.

import { App } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, api } from "../../api/client";
import type { JsonObject } from "../../api/types";
import { eventsOf, inReadingOrder, type NodeTypes, nodeOf } from "../../editor/document";
import { nameOf } from "../../editor/variables";
import type { JsonSchema } from "../../schema";
import { FormDialog } from "../../ui/form/FormDialog";
import { useText } from "../../ui/text";
import type { InstanceDetail } from "./instance";

export type Wish =
  | { kind: "suspend" }
  | { kind: "resume" }
  | { kind: "cancel" }
  | { kind: "inject" }
  | { kind: "priority" }
  | { kind: "hold" }
  | { kind: "move"; step: number; node: string }
  | { kind: "rewind"; step: number; node: string };

interface OperateProps {
  wish: Wish;
  instance: InstanceDetail;
  types: NodeTypes;
  onDone: () => void;
  onClose: () => void;
}

export function Operate({ wish, instance, types, onDone, onClose }: OperateProps) {
  const { t } = useTranslation(["instances", "app"]);
  const { text } = useText();
  const { message } = App.useApp();
  const asked = useAsked(wish, instance, types);
  const send = async (value: JsonObject) => {
    try {
      await api.post(`/api/instances/${instance.id}/${wish.kind}`, { ...told(wish), ...value });
      message.success(t(`operate.${wish.kind}_done`));
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 409) throw error;
      const current = error.params["current"] as { status?: string } | undefined;
      message.warning(
        t("operate.overtaken", {
          status: current?.status ? t(`app:status.${current.status}`) : "…",
        }),
      );
    }
    onDone();
    onClose();
  };
  const node = "node" in wish ? nodeOf(instance.document, wish.node) : undefined;
  const name = node === undefined ? "" : nameOf(node, types, text);
  return (
    <FormDialog
      title={t(`operate.${wish.kind}_title`, { name })}
      intro={asked.intro}
      schema={asked.schema}
      start={asked.start}
      submitLabel={t(`operate.${wish.kind}`)}
      danger={wish.kind === "cancel"}
      {...(wish.kind === "cancel" ? { cancelLabel: t("operate.keep") } : {})}
      onSubmit={send}
      onClose={onClose}
    />
  );
}

function told(wish: Wish): JsonObject {
  return wish.kind === "move" || wish.kind === "rewind" ? { step: wish.step } : {};
}

/** Has something been done that can be undone? Then one has to say whether it shall be. */
function undoable(instance: InstanceDetail): boolean {
  const done = new Set(
    instance.steps.filter((step) => step.status === "done").map((step) => step.node),
  );
  return instance.document.nodes.some(
    (node) => done.has(node.id) && eventsOf(node).some((event) => event.kind === "compensation"),
  );
}

interface Asked {
  schema: JsonSchema;
  start: JsonObject;
  intro: ReactNode;
}

function useAsked(wish: Wish, instance: InstanceDetail, types: NodeTypes): Asked {
  const { t } = useTranslation("instances");
  const { text } = useText();
  const reason: JsonSchema = {
    type: "string",
    title: t("operate.reason"),
    maxLength: 2000,
    "x-widget": "textarea",
  };
  const intro = t(`operate.${wish.kind}_text`);
  const form = (
    properties: Record<string, JsonSchema>,
    start: JsonObject = {},
    required: string[] = [],
  ): Asked => ({ schema: { type: "object", properties, required }, start, intro });
  const choice = (name: string, values: string[]): JsonSchema => ({
    type: "string",
    title: t(`operate.${name}`),
    oneOf: values.map((value) => ({ const: value, title: t(`operate.${name}_${value}`) })),
  });
  const node: JsonSchema = {
    type: "string",
    title: t("operate.node"),
    oneOf: inReadingOrder(instance.document, types)
      .filter((each) => !types.get(each.type)?.starts)
      .filter((each) => instance.document.edges.some((edge) => edge.to === each.id))
      .map((each) => ({ const: each.id, title: nameOf(each, types, text) })),
  };
  const change: JsonSchema = {
    type: "object",
    title: t("operate.change"),
    description: t("operate.change_help"),
    "x-advanced": true,
  };
  switch (wish.kind) {
    case "suspend":
      return form({ timers: choice("timers", ["keep", "shift"]), reason }, { timers: "keep" }, [
        "timers",
      ]);
    case "resume":
      return {
        ...form({}),
        intro:
          instance.suspended?.timers === "shift"
            ? t("operate.resume_text_shift")
            : t("operate.resume_text"),
      };
    case "cancel":
      return undoable(instance)
        ? form(
            {
              compensate: {
                type: "boolean",
                title: t("operate.compensate"),
                description: t("operate.compensate_help"),
              },
              reason,
            },
            {},
            ["compensate"],
          )
        : form({ reason });
    case "inject":
      return form({ node, variables: change, reason }, {}, ["node"]);
    case "move":
      return form({ node, reason }, {}, ["node"]);
    case "rewind":
      return form(
        { variables: choice("variables", ["now", "then"]), change, reason },
        { variables: "now" },
        ["variables"],
      );
    case "priority":
      return form(
        {
          priority: {
            type: "integer",
            minimum: 0,
            maximum: 9,
            title: t("operate.priority_field"),
            description: t("operate.priority_help"),
          },
        },
        { priority: instance.priority ?? 0 },
        ["priority"],
      );
    case "hold": {
      const on = !instance.hold;
      return {
        ...form(
          { on: { const: on, type: "boolean" }, reason: { ...reason, minLength: 1 } },
          { on },
          ["reason"],
        ),
        intro: t(on ? "operate.hold_text" : "operate.release_text"),
      };
    }
  }
}
