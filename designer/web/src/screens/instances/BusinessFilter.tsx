// Find instances by their business data: `amount >= 100 and city = Shanghai`, typed, or put together from the fields.

import { FilterOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Input, Popover, Select, Space } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import type { Flow } from "../../api/types";
import { useText } from "../../ui/text";

const OPERATORS = ["=", "!=", ">", ">=", "<", "<=", "^="];

interface BusinessFilterProps {
  /** Its searchable fields are offered. */
  flow: string;
  value: string;
  onChange: (value: string) => void;
}

export function BusinessFilter({ flow, value, onChange }: BusinessFilterProps) {
  const { t } = useTranslation("instances");
  const [open, setOpen] = useState(false);
  return (
    <Popover
      trigger={["click"]}
      open={open}
      onOpenChange={setOpen}
      placement="bottomLeft"
      content={<Editor flow={flow} value={value} onChange={onChange} />}
    >
      <Button
        icon={<FilterOutlined />}
        type={value === "" ? "default" : "primary"}
        ghost={value !== ""}
        className="hr-where"
        data-testid="btn-business-filter"
      >
        {value === "" ? t("where.button") : value}
      </Button>
    </Popover>
  );
}

interface Field {
  name: string;
  title: string;
}

/** Inputs of the flow marked as searchable. */
function useFields(flow: string): Field[] {
  const { text } = useText();
  const { data } = useQuery({
    queryKey: ["flow", flow, "for-filter"],
    queryFn: () => api.get<Flow>(`/api/flows/${flow}`),
    enabled: flow !== "",
    retry: false,
  });
  const properties = (data?.draft.document.input?.properties ?? {}) as Record<
    string,
    { "x-search"?: unknown; "x-title"?: Record<string, string>; title?: string }
  >;
  return Object.entries(properties)
    .filter(([, schema]) => schema["x-search"])
    .map(([name, schema]) => ({ name, title: text(schema["x-title"]) || schema.title || name }));
}

function Editor({ flow, value, onChange }: BusinessFilterProps) {
  const { t } = useTranslation("instances");
  const fields = useFields(flow);
  const [field, setField] = useState("");
  const [operator, setOperator] = useState("=");
  const [operand, setOperand] = useState("");
  const add = () => {
    if (field === "" || operand.trim() === "") return;
    const quoted = /^[^\s"]+$/.test(operand) ? operand : JSON.stringify(operand);
    const condition = `${field} ${operator} ${quoted}`;
    onChange(value.trim() === "" ? condition : `${value.trim()} and ${condition}`);
    setOperand("");
  };
  return (
    <div className="hr-where-editor">
      <Input
        value={value}
        onChange={(event) => onChange(event.target.value)}
        placeholder={'amount >= 100 and city = "Shanghai"'}
        aria-label={t("where.typed")}
        allowClear
        data-testid="business-filter"
      />
      <form
        onSubmit={(event) => {
          event.preventDefault();
          add();
        }}
      >
        <Space.Compact block>
          {fields.length > 0 ? (
            <Select
              value={field || null}
              onChange={(next) => setField(next ?? "")}
              options={fields.map(({ name, title }) => ({ value: name, label: title }))}
              placeholder={t("where.field")}
              aria-label={t("where.field")}
              style={{ minWidth: 120 }}
            />
          ) : (
            <Input
              value={field}
              onChange={(event) => setField(event.target.value.trim())}
              placeholder={t("where.field")}
              aria-label={t("where.field")}
            />
          )}
          <Select
            value={operator}
            onChange={setOperator}
            options={OPERATORS.map((each) => ({
              value: each,
              label: each === "^=" ? t("where.begins") : each,
            }))}
            aria-label={t("where.operator")}
            style={{ minWidth: 76 }}
          />
          <Input
            value={operand}
            onChange={(event) => setOperand(event.target.value)}
            placeholder={t("where.value")}
            aria-label={t("where.value")}
          />
          <Button htmlType="submit">{t("where.add")}</Button>
        </Space.Compact>
      </form>
      <p className="hr-muted hr-small">
        {t(flow !== "" && fields.length === 0 ? "where.no_fields" : "where.help")}
      </p>
    </div>
  );
}
