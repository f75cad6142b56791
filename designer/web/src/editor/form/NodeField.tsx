// A node of this flow, or several: chosen from a list, or by pressing them on the canvas.

import { AimOutlined } from "@ant-design/icons";
import { Button, Select } from "antd";
import { useTranslation } from "react-i18next";
import { eventsOf, inReadingOrder } from "../document";
import { useDocument, useEditor } from "../store";
import { nameOf } from "../variables";
import { type FieldProps, testIdOf, useForm } from "./context";

export function NodeField(props: FieldProps) {
  const chosen = typeof props.value === "string" && props.value !== "" ? [props.value] : [];
  return (
    <Nodes {...props} chosen={chosen} many={false} onChosen={(ids) => props.onChange(ids.at(-1))} />
  );
}

export function NodesField(props: FieldProps) {
  const chosen = Array.isArray(props.value) ? props.value.map(String) : [];
  return (
    <Nodes
      {...props}
      chosen={chosen}
      many
      onChosen={(ids) => props.onChange(ids.length === 0 ? undefined : ids)}
    />
  );
}

interface NodesProps extends FieldProps {
  chosen: string[];
  many: boolean;
  onChosen: (ids: string[]) => void;
}

function Nodes({ path, schema, chosen, many, onChosen, label }: NodesProps) {
  const { t } = useTranslation("editor");
  const { disabled, words } = useForm();
  const document = useDocument();
  const types = useEditor((state) => state.types);
  const own = useEditor((state) => state.selection.nodes[0]);
  const picking = useEditor((state) => state.picking?.path === path);
  const fits = (id: string) => {
    const node = document.nodes.find((each) => each.id === id);
    const type = types.get(node?.type ?? "");
    if (node === undefined || type === undefined) return false;
    switch (schema["x-node"] ?? schema.items?.["x-node"]) {
      case "waits":
        return id !== own && (type.waits || type.in_worker);
      case "others":
        return id !== own;
      case "undone":
        return eventsOf(node).some((event) => event.kind === "compensation");
      default:
        return true;
    }
  };
  const options = inReadingOrder(document, types)
    .filter((node) => fits(node.id) || chosen.includes(node.id))
    .map((node) => ({ value: node.id, label: nameOf(node, types, words.text) }));
  const known = new Set(options.map((option) => option.value));
  const lost = chosen
    .filter((id) => !known.has(id))
    .map((id) => ({ value: id, label: t("field.node_gone", { id }) }));
  const pick = () => {
    if (picking || own === undefined) return useEditor.setState({ picking: null });
    useEditor.setState({
      picking: {
        path,
        node: own,
        fits,
        take: (id) => {
          const taken = chosen.includes(id)
            ? chosen.filter((each) => each !== id)
            : [...chosen, id];
          onChosen(many ? taken : [id]);
        },
        many,
      },
    });
  };
  return (
    <div className="hr-node-field">
      <Select
        className="hr-wide"
        {...(many ? { mode: "multiple" as const } : {})}
        showSearch={{ optionFilterProp: "label" }}
        allowClear
        options={[...lost, ...options]}
        value={(many ? chosen : (chosen[0] ?? null)) as string[]}
        onChange={(next: string[] | string | undefined) =>
          onChosen(Array.isArray(next) ? next : next === undefined ? [] : [next])
        }
        disabled={disabled}
        placeholder={t(many ? "field.choose_nodes" : "field.choose_node")}
        notFoundContent={t("field.no_node")}
        data-testid={testIdOf(path)}
        aria-label={label}
      />
      <Button
        icon={<AimOutlined />}
        type={picking ? "primary" : "default"}
        disabled={disabled}
        aria-pressed={picking}
        title={t("field.pick_on_canvas")}
        aria-label={t("field.pick_on_canvas")}
        onClick={pick}
        data-testid={`${testIdOf(path)}.pick`}
      />
    </div>
  );
}
