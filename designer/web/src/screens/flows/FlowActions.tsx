// What can be done with a flow from the list.

import {
  BarChartOutlined,
  BranchesOutlined,
  DeleteOutlined,
  DownloadOutlined,
  EditOutlined,
  EllipsisOutlined,
  HeatMapOutlined,
  PlayCircleOutlined,
} from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { App, Button, Dropdown } from "antd";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { addressOf, api } from "../../api/client";
import { useMay } from "../../api/session";
import type { FlowSummary } from "../../api/types";
import { useErrorText } from "../../ui/errorText";
import { useText } from "../../ui/text";

export function FlowActions({ flow }: { flow: FlowSummary }) {
  const { t, i18n } = useTranslation(["flows", "app"]);
  const { text } = useText();
  const may = useMay();
  const navigate = useNavigate();
  const remove = useRemove(flow);
  const startable =
    may("instances:start") && flow.published_version !== null && flow.starts.includes("start");
  const items = [
    {
      key: "open",
      icon: <EditOutlined />,
      label: t("app:action.open"),
      onClick: () => navigate(`/flows/${flow.key}`),
    },
    ...(startable
      ? [
          {
            key: "start",
            icon: <PlayCircleOutlined />,
            label: t("start.action"),
            onClick: () => navigate(`/start/${flow.key}`),
          },
        ]
      : []),
    {
      key: "versions",
      icon: <BranchesOutlined />,
      label: t("versions"),
      onClick: () => navigate(`/flows/${flow.key}/versions`),
    },
    ...(may("instances:operate") && flow.published_version !== null
      ? [
          {
            key: "board",
            icon: <BarChartOutlined />,
            label: t("board"),
            onClick: () => navigate(`/operations/board?flow=${flow.key}`),
          },
        ]
      : []),
    ...(may("instances:read") && flow.published_version !== null
      ? [
          {
            key: "heat",
            icon: <HeatMapOutlined />,
            label: t("heat"),
            onClick: () => navigate(`/flows/${flow.key}/heat`),
          },
        ]
      : []),
    {
      key: "export",
      icon: <DownloadOutlined />,
      label: t("export"),
      onClick: () => download(`/api/flows/${flow.key}/export`, `${flow.key}.json`),
    },
    {
      key: "bpmn",
      icon: <DownloadOutlined />,
      label: t("export_bpmn"),
      onClick: () =>
        download(
          `/api/flows/${flow.key}/bpmn?language=${i18n.language.startsWith("zh") ? "zh" : "en"}`,
          `${flow.key}.bpmn`,
        ),
    },
    ...(may("flows:write")
      ? [
          {
            key: "delete",
            danger: true,
            icon: <DeleteOutlined />,
            label: t("app:action.delete"),
            onClick: remove,
          },
        ]
      : []),
  ];
  return (
    <Dropdown menu={{ items }} trigger={["click"]}>
      <Button
        type="text"
        icon={<EllipsisOutlined />}
        aria-label={t("actions_of", { name: text(flow.name) })}
        data-testid={`actions-${flow.key}`}
      />
    </Dropdown>
  );
}

function useRemove(flow: FlowSummary) {
  const { t } = useTranslation(["flows", "app"]);
  const { text } = useText();
  const { modal, message } = App.useApp();
  const textOf = useErrorText();
  const queries = useQueryClient();
  const remove = async () => {
    try {
      await api.delete(`/api/flows/${flow.key}`);
      message.success(t("deleted", { name: text(flow.name) }));
      await queries.invalidateQueries({ queryKey: ["/api/flows"] });
    } catch (error) {
      const started = (error as { status?: number }).status === 409;
      modal.error({
        title: t("delete_failed"),
        content: started ? t("delete_started") : textOf(error),
      });
    }
  };
  return () =>
    modal.confirm({
      title: t("delete_title", { name: text(flow.name) }),
      content: t("delete_text"),
      okText: t("app:action.delete"),
      okButtonProps: { danger: true },
      cancelText: t("app:action.cancel"),
      autoFocusButton: "cancel",
      onOk: remove,
    });
}

function download(path: string, name: string): void {
  const link = document.createElement("a");
  link.href = addressOf(path);
  link.download = name;
  link.click();
}
