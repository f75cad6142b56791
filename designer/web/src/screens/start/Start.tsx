// Start a flow by its form: choose one, fill it in, see that it runs.

import { useParams } from "react-router";
import { FlowChoice } from "./FlowChoice";
import { StartForm } from "./StartForm";

export default function Start() {
  const { key } = useParams();
  return key === undefined ? <FlowChoice /> : <StartForm key={key} flowKey={key} />;
}
