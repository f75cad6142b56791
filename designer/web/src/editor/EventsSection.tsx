// "While it waits": the events at the edge of a node, and where each leads.

import { ArrowRightOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { addEvent } from "./commands/addEvent";
import { setEvents } from "./commands/setEvents";
import {
  EVENT_IDS,
  EVENT_KINDS,
  eventsOf,
  type FlowEvent,
  type FlowNode,
  freshEventId,
  nodeOf,
} from "./document";
import { EventList } from "./form/EventList";
import { whyNotEvent } from "./rules";
import type { Words } from "./sentence";
import { useDocument, useEditor } from "./store";
import { nameOf } from "./variables";

export function EventsSection({ node, words }: { node: FlowNode; words: Words }) {
  const { t } = useTranslation("editor");
  const document = useDocument();
  const types = useEditor((state) => state.types);
  const { run } = useEditor.getState();
  const kinds = EVENT_KINDS.filter((kind) => whyNotEvent(node, kind, types) === null);
  const events = eventsOf(node);
  if (kinds.length === 0 && events.length === 0) return null;
  return (
    <details className="hr-events" open={events.length > 0 || undefined} data-testid="events">
      <summary>
        {t("event.title")}
        {events.length > 0 && <span className="hr-e-count">{events.length}</span>}
      </summary>
      <p className="hr-setting-help hr-help-above">{t("event.help")}</p>
      <EventList
        events={events}
        kinds={kinds}
        attached
        path="$events"
        onChange={(next) => run(setEvents, { node: node.id, events: next })}
        onAdd={(kind) =>
          run(addEvent, { node: node.id, id: freshEventId(document, EVENT_IDS[kind]), kind })
        }
        below={(event) => <Leads node={node} event={event} words={words} />}
      />
    </details>
  );
}

function Leads({ node, event, words }: { node: FlowNode; event: FlowEvent; words: Words }) {
  const { t } = useTranslation("editor");
  const document = useDocument();
  const types = useEditor((state) => state.types);
  const readOnly = useEditor((state) => state.readOnly);
  const { openMenu, goTo } = useEditor.getState();
  const edge = document.edges.find((each) => each.from === node.id && each.port === event.id);
  const to = nodeOf(document, edge?.to ?? "");
  const ask = (kind: "after" | "connect") => (click: React.MouseEvent) => {
    const box = click.currentTarget.getBoundingClientRect();
    openMenu({
      wish: { kind, node: node.id, port: event.id },
      at: { x: box.left - 310, y: box.top },
    });
  };
  return (
    <p className="hr-event-leads">
      <ArrowRightOutlined aria-hidden />
      {to !== undefined && (
        <Button type="link" size="small" onClick={() => goTo(to.id)}>
          {nameOf(to, types, words.text)}
        </Button>
      )}
      {to === undefined && (
        <Button
          size="small"
          disabled={readOnly}
          onClick={ask("after")}
          data-testid={`event-${event.id}-next`}
        >
          {t("event.add_next")}
        </Button>
      )}
      <Button
        size="small"
        type={to === undefined ? "default" : "text"}
        disabled={readOnly}
        onClick={ask("connect")}
        data-testid={`event-${event.id}-connect`}
      >
        {t(to === undefined ? "event.connect" : "event.connect_other")}
      </Button>
    </p>
  );
}
