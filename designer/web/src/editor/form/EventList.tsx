// A list of events: what may happen while a node waits (at its edge), or what a node waits for (`receive`).

import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Dropdown, Segmented } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { JsonSchema } from "../../schema";
import type { EventKind, FlowEvent, Settings } from "../document";
import { EventIcon } from "../icons";
import { eventSentence } from "../sentence";
import { testIdOf, useForm } from "./context";

interface EventListProps {
  events: readonly FlowEvent[];
  kinds: readonly EventKind[];
  /** Attached to a node: it may interrupt it or happen beside it. */
  attached?: boolean;
  path: string;
  onChange: (events: FlowEvent[]) => void;
  onAdd: (kind: EventKind) => void;
  /** Below the fields of an event: where it leads. */
  below?: (event: FlowEvent) => ReactNode;
}

export function EventList(props: EventListProps) {
  const { events, kinds, path, onChange, onAdd } = props;
  const { t } = useTranslation("editor");
  const { disabled, words } = useForm();
  const replace = (next: FlowEvent) =>
    onChange(events.map((event) => (event.id === next.id ? next : event)));
  return (
    <div className="hr-items" data-path={path} data-testid={testIdOf(path)}>
      {events.map((event, index) => {
        const sentence = eventSentence(event, words);
        return (
          <section
            key={event.id}
            className="hr-item"
            aria-label={sentence}
            data-path={`${path}/${index}`}
            data-testid={`event-${event.id}`}
          >
            <header>
              <EventIcon kind={event.kind} />
              <span title={sentence}>{sentence}</span>
              <Button
                type="text"
                size="small"
                icon={<DeleteOutlined />}
                disabled={disabled}
                aria-label={`${t("action.remove")}: ${sentence}`}
                data-testid={`event-${event.id}-remove`}
                onClick={() => onChange(events.filter((each) => each.id !== event.id))}
              />
            </header>
            <OneEvent
              event={event}
              attached={props.attached ?? false}
              path={`${path}/${index}`}
              onChange={replace}
            />
            {props.below?.(event)}
          </section>
        );
      })}
      <Dropdown
        trigger={["click"]}
        disabled={disabled || kinds.length === 0}
        menu={{
          items: kinds.map((kind) => ({
            key: kind,
            icon: <EventIcon kind={kind} />,
            label: (
              <span data-testid={`add-event-${kind}`}>
                {t(`event.kind_${kind}`)}
                <small className="hr-event-kind-help">{t(`event.kind_${kind}_help`)}</small>
              </span>
            ),
          })),
          onClick: ({ key }) => onAdd(key as EventKind),
        }}
      >
        <Button
          type="dashed"
          block
          icon={<PlusOutlined />}
          disabled={disabled || kinds.length === 0}
          data-testid="btn-add-event"
        >
          {t("event.add")}
        </Button>
      </Dropdown>
    </div>
  );
}

interface OneEventProps {
  event: FlowEvent;
  attached: boolean;
  path: string;
  onChange: (event: FlowEvent) => void;
}

function OneEvent({ event, attached, path, onChange }: OneEventProps) {
  const { t } = useTranslation("editor");
  const { disabled, Form } = useForm();
  const mayGoOn = attached && ["timer", "message", "signal"].includes(event.kind);
  const when = event.at === undefined ? "after" : "at";
  return (
    <div className="hr-fields">
      <p className="hr-setting-help">{t(`event.kind_${event.kind}_help`)}</p>
      {event.kind === "timer" && (
        <Segmented
          block
          options={(["after", "at"] as const).map((value) => ({
            value,
            label: t(`event.timer_${value}`),
          }))}
          value={when}
          onChange={(next) => {
            const { after: _after, at: _at, ...rest } = event;
            onChange(next === "after" ? { ...rest, after: "PT24H" } : { ...rest, at: "" });
          }}
          disabled={disabled}
          aria-label={t("event.field_when")}
          data-testid={`event-${event.id}-when`}
        />
      )}
      <Form
        schema={schemaOf(event, t)}
        value={event as unknown as Settings}
        onChange={(next) => onChange(kept(event, next))}
        path={path}
      />
      {mayGoOn && (
        <fieldset className="hr-setting" data-path={`${path}/interrupting`}>
          <legend>{t("event.field_interrupting")}</legend>
          <Segmented
            block
            options={[
              { value: true, label: t("event.interrupting") },
              { value: false, label: t("event.beside") },
            ]}
            value={event.interrupting ?? true}
            onChange={(next) => {
              const { interrupting: _, ...rest } = event;
              onChange(next ? rest : { ...rest, interrupting: false });
            }}
            disabled={disabled}
            aria-label={t("event.field_interrupting")}
            data-testid={`event-${event.id}-interrupting`}
          />
          <p className="hr-setting-help">
            {t((event.interrupting ?? true) ? "event.interrupting_help" : "event.beside_help")}
          </p>
        </fieldset>
      )}
      {["message", "signal", "error"].includes(event.kind) && (
        <p className="hr-setting-help">
          {t("event.payload_help")} <code>{event.id}</code>
        </p>
      )}
    </div>
  );
}

/** An expression that was cleared stays an expression; other fields go when they are empty. */
function kept(event: FlowEvent, next: Settings): FlowEvent {
  const at = event.at !== undefined && next["at"] === undefined ? { at: "" } : {};
  return { ...(next as unknown as FlowEvent), ...at };
}

type Translate = ReturnType<typeof useTranslation<"editor">>["t"];

function schemaOf(event: FlowEvent, t: Translate): JsonSchema {
  const title: JsonSchema = {
    type: "object",
    title: t("event.field_title"),
    description: t("event.field_title_help"),
    properties: { zh: { type: "string" }, en: { type: "string" } },
    "x-advanced": true,
  };
  const field = (name: string, schema: JsonSchema): JsonSchema => ({
    title: t(`event.field_${name}` as "event.field_after"),
    description: t(`event.field_${name}_help` as "event.field_after_help"),
    ...schema,
  });
  const own: Record<EventKind, JsonSchema> = {
    timer:
      event.at === undefined
        ? {
            properties: { after: field("after", { type: "string", format: "duration" }) },
            required: ["after"],
          }
        : {
            properties: { at: field("at", { type: "string", format: "expression" }) },
            required: ["at"],
          },
    message: {
      properties: {
        name: field("name", { type: "string", maxLength: 200 }),
        key: field("key", { type: "string", format: "expression" }),
      },
      required: ["name"],
    },
    signal: {
      properties: {
        name: field("name", { type: "string", maxLength: 200 }),
        key: field("key", { type: "string", format: "expression", "x-advanced": true }),
      },
      required: ["name"],
    },
    error: {
      properties: {
        codes: field("codes", { type: "array", items: { type: "string" }, "x-widget": "tags" }),
      },
    },
    compensation: { properties: {} },
  };
  const { properties = {}, ...rest } = own[event.kind];
  return { type: "object", ...rest, properties: { ...properties, title } };
}
