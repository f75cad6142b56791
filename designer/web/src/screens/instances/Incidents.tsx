// What stopped this case, and the two ways on: try again, or go past it.

import { ExclamationCircleOutlined } from "@ant-design/icons";
import { App, Button, type ButtonProps, Input, Modal, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useMay } from "../../api/session";
import type { Incident } from "../../api/types";
import { type NodeTypes, nodeOf, portsOf } from "../../editor/document";
import { nameOf } from "../../editor/variables";
import { problemText, useErrorText } from "../../ui/errorText";
import { useText } from "../../ui/text";
import { RelativeTime } from "../../ui/time";
import type { InstanceDetail } from "./instance";

interface IncidentsProps {
  instance: InstanceDetail;
  types: NodeTypes;
  onDone: () => void;
  onSelect: (node: string) => void;
}

export function Incidents(props: IncidentsProps) {
  const open = props.instance.incidents.filter((incident) => !incident.resolved_at);
  return open.map((incident) => <Box key={incident.id} incident={incident} {...props} />);
}

function Box({
  incident,
  instance,
  types,
  onDone,
  onSelect,
}: IncidentsProps & { incident: Incident }) {
  const { t } = useTranslation(["instances", "errors"]);
  const { text } = useText();
  const { message } = App.useApp();
  const errorText = useErrorText();
  const may = useMay();
  const [busy, setBusy] = useState(false);
  const [skipping, setSkipping] = useState(false);
  const node = nodeOf(instance.document, incident.node ?? "");
  const retry = async () => {
    setBusy(true);
    try {
      await api.post(`/api/incidents/${incident.id}/retry`, {});
      message.success(t("incident.retried"));
    } catch (error) {
      message.error(errorText(error));
    } finally {
      setBusy(false);
      onDone();
    }
  };
  return (
    <section className="hr-incident" role="alert" data-testid={`incident-${incident.id}`}>
      <ExclamationCircleOutlined aria-hidden />
      <div className="hr-incident-words">
        <strong>
          {node === undefined
            ? t("incident.title")
            : t("incident.title_at", { name: nameOf(node, types, text) })}
        </strong>
        <p>{problemText(t, incident)}</p>
        <p className="hr-muted">
          <RelativeTime at={incident.raised_at} /> · <code>{incident.code}</code>
          {node !== undefined && (
            <Button type="link" size="small" onClick={() => onSelect(node.id)}>
              {t("incident.show")}
            </Button>
          )}
        </p>
      </div>
      {may("instances:operate") && (
        <div className="hr-incident-actions">
          <Button
            type="primary"
            loading={busy}
            onClick={() => void retry()}
            data-testid="btn-incident-retry"
          >
            {t("incident.retry")}
          </Button>
          <Button onClick={() => setSkipping(true)} data-testid="btn-incident-skip">
            {t(fires(incident) ? "incident.fire" : "incident.skip")}
          </Button>
        </div>
      )}
      {skipping && (
        <Skip
          incident={incident}
          ports={(node === undefined ? [] : portsOf(node, types)).map((port) => ({
            value: port.name,
            label: text(port.title) || port.name,
          }))}
          onClose={() => setSkipping(false)}
          onDone={onDone}
        />
      )}
    </section>
  );
}

/** A join or milestone that waits in vain: to skip it is to let it go on all the same. */
function fires({ code }: Incident): boolean {
  return ["join_stuck", "state_never"].includes(code);
}

interface SkipProps {
  incident: Incident;
  ports: { value: string; label: string }[];
  onClose: () => void;
  onDone: () => void;
}

function Skip({ incident, ports, onClose, onDone }: SkipProps) {
  const { t } = useTranslation("instances");
  const errorText = useErrorText();
  const [port, setPort] = useState(ports[0]?.value);
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const skip = async () => {
    setBusy(true);
    try {
      await api.post(`/api/incidents/${incident.id}/skip`, {
        reason: reason.trim(),
        ...(port === undefined ? {} : { port }),
      });
      onDone();
      onClose();
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  return (
    <Modal
      open
      title={t(fires(incident) ? "incident.fire_title" : "incident.skip_title")}
      onCancel={onClose}
      okText={t(fires(incident) ? "incident.fire" : "incident.skip")}
      okButtonProps={
        {
          disabled: reason.trim() === "",
          loading: busy,
          "data-testid": "btn-skip-confirm",
        } as ButtonProps
      }
      onOk={() => void skip()}
    >
      <div className="hr-stack">
        <p>{t(fires(incident) ? "incident.fire_text" : "incident.skip_text")}</p>
        {ports.length > 1 && (
          <Select
            value={port ?? null}
            options={ports}
            onChange={(next) => setPort(next ?? undefined)}
            aria-label={t("incident.port")}
            prefix={t("incident.port")}
            data-testid="skip-port"
          />
        )}
        <Input.TextArea
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          placeholder={t("incident.reason")}
          aria-label={t("incident.reason")}
          autoSize={{ minRows: 2 }}
          maxLength={500}
          data-testid="skip-reason"
        />
        {error !== null && <p className="hr-step-error">{errorText(error)}</p>}
      </div>
    </Modal>
  );
}
